import type { Tokens } from "../http/auth.ts";
import { type Ending, htmlPage, json } from "../http/reply.ts";
import type { LoggedRequest } from "../http/requestLog.ts";
import { Listeners } from "../listeners.ts";
import type { Changes, Header, Receiver, Store, Subscription } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import { check, count, flag, map, names, type Options, readOptions, split, text } from "./options.ts";

/** Which requests a fault is meant for; what is left out does not matter. */
export interface FaultTarget {
  /** @default "graphql" */
  readonly kind?: "token" | "graphql";
  readonly type?: "query" | "mutation";
  /** A root field that the document has, by the field's own name. */
  readonly field?: string;
  /** The name of the document's operation. */
  readonly operation?: string;
}

/** Where and how often a fault of any kind hits. */
export interface FaultAim {
  /** @default every GraphQL request */
  readonly on?: FaultTarget;
  /** How many matching requests pass before it, those that another fault hits included. @default 0 */
  readonly after?: number;
  /** How many matching requests it hits; Infinity never ends. @default 1 */
  readonly times?: number;
}

interface ChosenFields {
  /** The root fields, by index, alias or own name. @default all that the kind can hit and `on.field` names */
  readonly fields?: readonly (number | string)[];
}

interface Refusal extends ChosenFields {
  /** The error's text. */
  readonly message?: string;
}

/** A kind of fault: what it does at each of the points where the layers ask. */
interface Row<Own> {
  /** What it does, for `--help`. */
  readonly summary: string;
  /** What it takes beside where and how often. */
  readonly options?: Options;
  /** Whether it can be meant for token requests, too. */
  readonly token?: true;
  /** Before the work: what comes instead of it, if anything. */
  readonly before?: (fault: Own, endToken: (reason: string) => void) => Ending | undefined;
  /** Which root fields it can hit, and what happens to each just before it runs; a StoreError is how it ends. */
  readonly field?: readonly [can: RegExp, run: (fault: Own, call: FieldCall, store: Store) => void];
  /** After the work, when it is kept: what comes instead of the answer, if anything. */
  readonly after?: (fault: Own) => Ending | undefined;
  /** How many milliseconds later the answer comes. */
  readonly delay?: (fault: Own) => number;
}

/** A root field about to run. */
interface FieldCall {
  readonly field: string;
  readonly args: { readonly id?: string; readonly input?: { readonly id?: string } };
}

const chosen = { fields: names };
const refusal = { fields: names, message: text };
const badGateway = htmlPage(502, "502 Bad Gateway");
const maintenance = htmlPage(200, "Scheduled maintenance");

const kinds = {
  "drop-before": row({
    summary: "the connection ends without an answer; nothing is done",
    token: true,
    before: () => "drop",
  }),
  "drop-after": row({
    summary: "the connection ends without an answer; the work is done and kept",
    token: true,
    after: () => "drop",
  }),
  "bad-gateway-before": row({
    summary: "502 with an HTML body; nothing is done",
    token: true,
    before: () => badGateway,
  }),
  "bad-gateway-after": row({
    summary: "502 with an HTML body; the work is done and kept",
    token: true,
    after: () => badGateway,
  }),
  "rate-limit": row<{
    /** Seconds to wait, as the Retry-After header. @default no such header */
    readonly retryAfter?: number;
  }>({
    summary: "429, with Retry-After if retryAfter gives its seconds; nothing is done",
    options: { retryAfter: count },
    token: true,
    before: ({ retryAfter }) =>
      json(429, { message: "Too many requests" }, retryAfter === undefined ? {} : { "Retry-After": `${retryAfter}` }),
  }),
  "expired-token": row({
    summary: "401 as for an expired token, and the token that came is refused from now on; nothing is done",
    before: (_fault, endToken) => refuseToken("Token is expired", endToken),
  }),
  "revoked-token": row({
    summary: "401 as for a revoked token, and the token that came is refused from now on; nothing is done",
    before: (_fault, endToken) => refuseToken("Unable to find appropriate RSA key", endToken),
  }),
  hang: row<{
    /** Whether the work is done and kept. @default false */
    readonly done?: boolean;
  }>({
    summary: "no answer until the client gives up; the work is done and kept with done=true only",
    options: { done: flag },
    token: true,
    before: ({ done }) => (done ? undefined : "hang"),
    after: ({ done }) => (done ? "hang" : undefined),
  }),
  html: row<{
    /** Whether the work is done and kept. @default false */
    readonly done?: boolean;
  }>({
    summary: "200 with an HTML page instead of JSON; the work is done and kept with done=true only",
    options: { done: flag },
    token: true,
    before: ({ done }) => (done ? undefined : maintenance),
    after: ({ done }) => (done ? maintenance : undefined),
  }),
  partial: row<Refusal>({
    summary: "the root fields named in fields, or all, answer null with an error and do nothing; the others work",
    options: refusal,
    field: [
      /^(?!__)/,
      ({ message = "Internal server error" }) => {
        throw new StoreError(message);
      },
    ],
  }),
  "stale-etag": row<
    ChosenFields & {
      /** What the other writer changes of the object. @default only its etag */
      readonly changes?: Changes<Receiver> | Changes<Header> | Changes<Subscription>;
    }
  >({
    summary: "another writer changes the object just before an update or a deletion of it, which conflicts then",
    options: { ...chosen, changes: map },
    field: [/^(update|delete)/, ({ changes }, call, store) => touch(store, call, changes)],
  }),
  "unique-constraint": row<Refusal>({
    summary: "a create fails as if its object were in the database already; nothing is made",
    options: refusal,
    field: [
      /^create/,
      ({ message }, { field }) => {
        const table = snakeCase(field).replace("create_", "");
        throw new StoreError(message ?? `duplicate key value violates unique constraint "uq_${table}"`);
      },
    ],
  }),
  slow: row<{
    /** Milliseconds by which the answer comes later; the work is not delayed. */
    readonly ms: number;
  }>({
    summary: "the answer comes ms milliseconds later; the work is done and kept before",
    options: { ms: { ...count, required: true } },
    token: true,
    delay: ({ ms }) => ms,
  }),
};

type Kinds = typeof kinds;

/** A way to misbehave. */
export type FaultKind = keyof Kinds;

/** One thing that goes wrong, where, and how often. */
export type Fault = {
  [Kind in FaultKind]: { readonly kind: Kind } & FaultAim & (Kinds[Kind] extends Row<infer Own> ? Own : never);
}[FaultKind];

/** A fault and what has become of it. */
export interface FaultStatus {
  readonly fault: Fault;
  /** How many requests it was meant for so far, those that it let pass included. */
  readonly matched: number;
  /** How many requests it hit. */
  readonly hits: number;
}

/** Every kind with what it does and the options of its own that a command line can give. */
export const faultKinds = Object.entries(kinds).map(([kind, { summary, options = {} }]: [string, Row<never>]) => ({
  kind,
  summary,
  options: Object.keys(options).filter((name) => !options[name]?.programOnly),
}));

/**
 * Reads a fault as a command line has it: `<kind>[:key=value,…]`, the keys of `on` among the others.
 * @throws {TypeError} that says what is wrong and what would be right.
 */
export function readFault(line: string): Fault {
  const [kind, assignments] = split(line, ":");
  const fault = { kind, ...readOptions(kind, assignments, rowOf(kind).options ?? {}) };
  checkFault(fault);
  return fault;
}

function checkFault(fault: { readonly kind: string }): asserts fault is Fault {
  const { options = {}, token = false } = rowOf(fault.kind);
  check(fault.kind, fault, options, token);
}

function rowOf(kind: string): Row<never> {
  if (Object.hasOwn(kinds, kind)) return kinds[kind as FaultKind];
  throw new TypeError(`There is no fault ${JSON.stringify(kind)}. The kinds are: ${Object.keys(kinds).join(", ")}.`);
}

interface Armed {
  readonly fault: Fault;
  readonly row: Row<never>;
  matched: number;
  hits: number;
}

/** The faults of an emulator. */
export class Faults {
  readonly #store: Store;
  readonly #tokens: Tokens;
  readonly #rootFields: ReadonlySet<string>;
  readonly #listeners = new Listeners<void>();
  #armed: Armed[] = [];

  constructor(store: Store, tokens: Tokens, rootFields: ReadonlySet<string>) {
    this.#store = store;
    this.#tokens = tokens;
    this.#rootFields = rootFields;
  }

  /**
   * Makes the emulator misbehave from the next request on.
   *
   * Where several faults are meant for one request, at most one of those that replace the answer hits it, the one
   * added first, and each root field meets at most one; the others wait for the next request.
   * @throws {TypeError} that says what is wrong, such as a kind that does not exist.
   */
  add(fault: Fault): void {
    checkFault(fault);
    const row = rowOf(fault.kind);
    const field = fault.on?.field;
    if (field !== undefined && !this.#rootFields.has(field)) {
      throw new TypeError(`${fault.kind}: the schema has no root field ${JSON.stringify(field)}.`);
    }
    if (field !== undefined && row.field?.[0].test(field) === false) {
      throw new TypeError(`${fault.kind}: it cannot hit ${field}.`);
    }
    this.#armed.push({ fault, row, matched: 0, hits: 0 });
    this.#listeners.tell();
  }

  /** Forgets one fault: the very object that was added. */
  remove(fault: Fault): void {
    this.#armed = this.#armed.filter((armed) => armed.fault !== fault);
    this.#listeners.tell();
  }

  /** Forgets every fault: from the next request on all is well. */
  clear(): void {
    this.#armed = [];
    this.#listeners.tell();
  }

  /** Calls `listener` when faults come or go; returns what stops that. */
  watch(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Every fault since the last `clear()`, over or not, in the order they were added. */
  list(): FaultStatus[] {
    return this.#armed.map(({ fault, matched, hits }) => ({ fault, matched, hits }));
  }

  /** What the faults make of a request, which is to be asked at each point of its way. */
  meet(entry: LoggedRequest, authorization: string | undefined): Encounter {
    const endToken = (reason: string) => this.#tokens.end(authorization, reason);
    return new Encounter(entry, () => this.#due(entry), endToken, this.#store);
  }

  #due(entry: LoggedRequest): Armed[] {
    return this.#armed.filter((armed) => {
      if (!isMeantFor(armed, entry)) return false;
      const { after = 0, times = 1 } = armed.fault;
      return ++armed.matched > after && armed.hits < times;
    });
  }
}

/** One request on its way past the faults. */
export class Encounter {
  readonly #entry: LoggedRequest;
  readonly #due: () => readonly Armed[];
  readonly #endToken: (reason: string) => void;
  readonly #store: Store;
  readonly #fields = new Map<string, Armed>();
  #instead: Ending | undefined;
  /** How many milliseconds later the answer comes. */
  delayMs = 0;

  constructor(entry: LoggedRequest, due: () => readonly Armed[], endToken: (reason: string) => void, store: Store) {
    this.#entry = entry;
    this.#due = due;
    this.#endToken = endToken;
    this.#store = store;
  }

  /** Before the work, when it is known what the request asks for: how it ends instead of being worked on, if so. */
  begin(): Ending | undefined {
    const due = this.#due();
    const replacing = due.find(({ row }) => row.before || row.after);
    const stop = replacing?.row.before?.(replacing.fault as never, this.#endToken);
    this.#instead = stop ?? replacing?.row.after?.(replacing.fault as never);
    const hit = due.filter((armed) => {
      if (armed.row.field) return stop === undefined && this.#claim(armed);
      this.delayMs += armed.row.delay?.(armed.fault as never) ?? 0;
      return armed === replacing || armed.row.delay !== undefined;
    });
    for (const armed of hit) armed.hits++;
    if (hit.length > 0) this.#entry.fault = hit.map(({ fault }) => fault.kind).join(", ");
    return stop;
  }

  /**
   * Just before a root field runs.
   * @throws {StoreError} as which the field is to end instead.
   */
  field(alias: string, call: FieldCall): void {
    const armed = this.#fields.get(alias);
    armed?.row.field?.[1](armed.fault as never, call, this.#store);
  }

  /** After the work, when it is kept: how the request ends. */
  end(reply: Ending): Ending {
    return this.#instead ?? reply;
  }

  #claim(armed: Armed): boolean {
    const free = targets(armed, this.#entry).filter((alias) => !this.#fields.has(alias));
    for (const alias of free) this.#fields.set(alias, armed);
    return free.length > 0;
  }
}

function isMeantFor(armed: Armed, entry: LoggedRequest): boolean {
  const { kind = "graphql", type, field, operation } = armed.fault.on ?? {};
  return (
    kind === entry.kind &&
    (type === undefined || type === entry.operation?.type) &&
    (operation === undefined || operation === entry.operation?.name) &&
    (field === undefined || entry.fields.some((root) => root.field === field)) &&
    (armed.row.field === undefined || targets(armed, entry).length > 0)
  );
}

/** The aliases of the root fields that a fault is for. */
function targets({ fault, row }: Armed, entry: LoggedRequest): string[] {
  const wanted = "fields" in fault ? fault.fields : undefined;
  return entry.fields
    .filter(
      ({ alias, field }, index) =>
        row.field?.[0].test(field) &&
        (fault.on?.field === undefined || fault.on.field === field) &&
        (wanted === undefined || [index, alias, field].some((name) => wanted.includes(name))),
    )
    .map(({ alias }) => alias);
}

function row<Own extends object = Record<never, never>>(row: Row<Own>): Row<Own> {
  return row;
}

function refuseToken(message: string, endToken: (reason: string) => void): Ending {
  endToken(message);
  return json(401, { message });
}

function touch(store: Store, { field, args }: FieldCall, changes: object = {}): void {
  const id = args.input?.id ?? args.id ?? "";
  if (field.endsWith("Receiver")) store.updateReceiver(id, changes);
  else if (field.endsWith("Header")) store.updateHeader(id, changes);
  else store.updateSubscription(id, changes);
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
