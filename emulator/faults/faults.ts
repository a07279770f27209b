import { EventEmitter } from "node:events";
import type { Tokens } from "../http/auth.ts";
import type { Answer } from "../http/reply.ts";
import type { LoggedRequest } from "../http/requestLog.ts";
import type { Store } from "../store/store.ts";
import { checkFault, definitionOf, type Fault, type FieldCall, type KindDefinition } from "./kinds.ts";

/** A fault and how often it was used. */
export interface FaultStatus {
  readonly fault: Fault;
  /** How many requests matched so far, including those that `after` let pass. */
  readonly matched: number;
  /** How many requests it affected. */
  readonly hits: number;
}

interface ActiveFault {
  readonly fault: Fault;
  readonly definition: KindDefinition<never>;
  matched: number;
  hits: number;
}

/** The faults of an emulator. */
export class Faults {
  readonly #store: Store;
  readonly #tokens: Tokens;
  readonly #rootFields: ReadonlySet<string>;
  readonly #events = new EventEmitter<{ change: [] }>().setMaxListeners(0);
  #active: ActiveFault[] = [];

  constructor(store: Store, tokens: Tokens, rootFields: ReadonlySet<string>) {
    this.#store = store;
    this.#tokens = tokens;
    this.#rootFields = rootFields;
  }

  /**
   * Adds a fault, which takes effect with the next request.
   *
   * If several faults match a request, only the first one that replaces the answer affects it, and each root field is
   * affected by one fault at most. The others wait for the next request.
   * @throws {TypeError} if the kind or an option is unknown or invalid.
   */
  add(fault: Fault): void {
    checkFault(fault);
    const definition = definitionOf(fault.kind);
    const field = fault.on?.field;
    if (field !== undefined && !this.#rootFields.has(field)) {
      throw new TypeError(`${fault.kind}: the schema has no root field ${JSON.stringify(field)}.`);
    }
    if (field !== undefined && definition.field?.[0].test(field) === false) {
      throw new TypeError(`${fault.kind}: cannot affect ${field}.`);
    }
    this.#active.push({ fault, definition, matched: 0, hits: 0 });
    this.#events.emit("change");
  }

  /** Removes a fault. It must be the same object that was added. */
  remove(fault: Fault): void {
    this.#active = this.#active.filter((active) => active.fault !== fault);
    this.#events.emit("change");
  }

  /** Removes every fault. */
  clear(): void {
    this.#active = [];
    this.#events.emit("change");
  }

  /**
   * Calls `listener` when faults are added or removed.
   * @returns a function that removes the listener.
   */
  watch(listener: () => void): () => void {
    this.#events.on("change", listener);
    return () => void this.#events.off("change", listener);
  }

  /** Every fault since the last `clear()`, in the order in which they were added. Used-up faults are included. */
  list(): FaultStatus[] {
    return this.#active.map(({ fault, matched, hits }) => ({ fault, matched, hits }));
  }

  /** The faults of one request, to be consulted at each stage. */
  forRequest(entry: LoggedRequest, authorization: string | undefined): RequestFaults {
    const revokeToken = (refusal: string) => this.#tokens.revoke(authorization, refusal);
    return new RequestFaults(entry, () => this.#due(entry), revokeToken, this.#store);
  }

  #due(entry: LoggedRequest): ActiveFault[] {
    return this.#active.filter((active) => {
      if (!matches(active, entry)) return false;
      const { after = 0, times = 1 } = active.fault;
      return ++active.matched > after && active.hits < times;
    });
  }
}

/** What the faults do to one request. */
export class RequestFaults {
  readonly #entry: LoggedRequest;
  readonly #due: () => readonly ActiveFault[];
  readonly #revokeToken: (refusal: string) => void;
  readonly #store: Store;
  readonly #faultOfField = new Map<string, ActiveFault>();
  #replacement: Answer | undefined;
  #rewriting: ActiveFault | undefined;
  /** Milliseconds by which the answer is delayed. */
  delayMs = 0;

  constructor(
    entry: LoggedRequest,
    due: () => readonly ActiveFault[],
    revokeToken: (refusal: string) => void,
    store: Store,
  ) {
    this.#entry = entry;
    this.#due = due;
    this.#revokeToken = revokeToken;
    this.#store = store;
  }

  /** Before the request is processed, once its operation is known: the answer that replaces processing, if any. */
  beforeProcessing(): Answer | undefined {
    const due = this.#due();
    const replacing = due.find(({ definition }) => definition.before || definition.after);
    this.#rewriting = replacing ? undefined : due.find(({ definition }) => definition.rewrite);
    const early = replacing?.definition.before?.(replacing.fault as never, this.#revokeToken);
    this.#replacement = early ?? replacing?.definition.after?.(replacing.fault as never);
    const affecting = due.filter((active) => {
      if (active.definition.field) return early === undefined && this.#claimFields(active);
      this.delayMs += active.definition.delay?.(active.fault as never) ?? 0;
      return active === replacing || active === this.#rewriting || active.definition.delay !== undefined;
    });
    for (const active of affecting) active.hits++;
    if (affecting.length > 0) this.#entry.fault = affecting.map(({ fault }) => fault.kind).join(", ");
    return early;
  }

  /**
   * Just before a root field runs.
   * @throws {StoreError} if the field must fail with this error.
   */
  beforeField(alias: string, call: FieldCall): void {
    const active = this.#faultOfField.get(alias);
    active?.definition.field?.[1](active.fault as never, call, this.#store);
  }

  /** After the changes are saved: the answer to send. */
  answer(reply: Answer): Answer {
    if (this.#replacement) return this.#replacement;
    const { definition, fault } = this.#rewriting ?? {};
    return definition?.rewrite && typeof reply !== "string" ? definition.rewrite(fault as never, reply) : reply;
  }

  #claimFields(active: ActiveFault): boolean {
    const free = affectedFields(active, this.#entry).filter((alias) => !this.#faultOfField.has(alias));
    for (const alias of free) this.#faultOfField.set(alias, active);
    return free.length > 0;
  }
}

function matches(active: ActiveFault, entry: LoggedRequest): boolean {
  const { kind = "graphql", type, field, operation } = active.fault.on ?? {};
  return (
    kind === entry.kind &&
    (type === undefined || type === entry.operation?.type) &&
    (operation === undefined || operation === entry.operation?.name) &&
    (field === undefined || entry.fields.some((root) => root.field === field)) &&
    (active.definition.field === undefined || affectedFields(active, entry).length > 0)
  );
}

/** The aliases of the root fields that a fault affects. */
function affectedFields({ fault, definition }: ActiveFault, entry: LoggedRequest): string[] {
  const selected = "fields" in fault ? fault.fields : undefined;
  return entry.fields
    .filter(
      ({ alias, field }, index) =>
        definition.field?.[0].test(field) &&
        (fault.on?.field === undefined || fault.on.field === field) &&
        (selected === undefined || [index, alias, field].some((name) => selected.includes(name))),
    )
    .map(({ alias }) => alias);
}
