import { appliedResult, type Change, type ResultOf } from "../model/changes.ts";
import { describeChange } from "../model/messages.ts";
import { IonError, type IonErrorKind, isIonError, sentence } from "./errors.ts";
import { permissionFor } from "./facts.ts";
import type { IonClient } from "./http/client.ts";
import type { Answer, Operation } from "./http/operation.ts";
import { type RetryOptions, withRetry } from "./http/retry.ts";
import { aliasOf, compose, type Mutation, mutationFor } from "./operations/mutations.ts";
import { describeParseError } from "./operations/objects.ts";
import { kindOf, rejection } from "./problems.ts";
import type { ReceiverCache } from "./receiverCache.ts";
import type { Shapes } from "./schema/shapes.ts";

/** Mutations per request at most: at half a second each, still far from the 30 s that ION allows a request. */
const MAX_BATCH = 40;

/** Requests that a batch is split over if ION is slow. */
const SPLIT = 4;

/** Milliseconds per mutation from which ION counts as slow: then a batch is split over concurrent requests. */
const SLOW_MS = 20;

/** Milliseconds that one request of mutations should not exceed. */
const REQUEST_BUDGET_MS = 10_000;

/** Milliseconds without activity after which a batch is sent. Pulumi takes 5 to 20 ms between two resources. */
const MIN_IDLE_MS = 25;

/** The same on a busy machine, where the last gaps between resources were longer. */
const MAX_IDLE_MS = 500;

/** How many gaps are remembered. */
const GAP_WINDOW = 8;

type Outcome = { readonly result: ResultOf<Change> } | { readonly error: IonError };

/** A change that waits for its outcome. */
interface Pending {
  readonly change: Change;
  readonly mutation: Mutation<ResultOf<Change>>;
  /** The ids of the receivers that existed when the change was requested. */
  readonly before: ReadonlySet<string>;
  readonly settle: (outcome: Outcome) => void;
}

/** Collects mutations that are requested together, sends them as aliases of one document, and gives each its own outcome. */
export class MutationBatcher {
  readonly #client: IonClient;
  readonly #receivers: ReceiverCache;
  readonly #retry: RetryOptions;
  #batch: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** When the engine was last active; undefined after an answer, because the engine may have waited for it. */
  #activeAt: number | undefined;
  /** Milliseconds between the last activities. */
  #gaps: number[] = [];
  /** What a mutation of the last request took, without the round trip. */
  #msPerMutation = 0;

  constructor(client: IonClient, receivers: ReceiverCache, retry: RetryOptions) {
    this.#client = client;
    this.#receivers = receivers;
    this.#retry = retry;
  }

  /**
   * Applies one change, together with others that are requested at about the same time.
   *
   * @throws IonError
   */
  async run<Of extends Change>(change: Of, before: ReadonlySet<string>): Promise<ResultOf<Of>> {
    const mutation = mutationFor<Change>(change);
    // Before it is sent: the answer to another request may repeat it.
    this.#client.hide(mutation.secrets);
    const outcome = await new Promise<Outcome>((settle) => {
      this.#batch.push({ change, mutation, before, settle });
      this.keepOpen();
      if (this.#batch.length >= MAX_BATCH) this.#flush();
    });
    if ("error" in outcome) throw outcome.error;
    return outcome.result as ResultOf<Of>;
  }

  /** Keeps the batch open while the engine is still processing resources. */
  keepOpen(): void {
    const now = performance.now();
    const gap = now - (this.#activeAt ?? Number.NEGATIVE_INFINITY);
    if (gap < MAX_IDLE_MS) this.#gaps = [...this.#gaps, gap].slice(-GAP_WINDOW);
    this.#activeAt = now;
    clearTimeout(this.#timer);
    if (this.#batch.length === 0) return;
    const idle = Math.min(MAX_IDLE_MS, Math.max(MIN_IDLE_MS, 2 * Math.max(0, ...this.#gaps)));
    // If this process was suspended, calls may be waiting that Node handles only after its timers.
    const timer = setTimeout(() => setImmediate(() => this.#timer === timer && this.#flush()), idle);
    this.#timer = timer;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    const batch = this.#batch;
    this.#batch = [];
    const size = this.#requestSize(batch.length);
    for (let at = 0; at < batch.length; at += size) void this.#sendAll(batch.slice(at, at + size));
  }

  /** How many mutations go into one request: all of a batch, or a share of it if ION is slow. */
  #requestSize(batch: number): number {
    const withinBudget = Math.max(1, Math.floor(REQUEST_BUDGET_MS / Math.max(this.#msPerMutation, 1)));
    const share = this.#msPerMutation < SLOW_MS ? batch : Math.ceil(batch / SPLIT);
    return Math.min(MAX_BATCH, withinBudget, share);
  }

  /** Settles everything it is given. */
  async #sendAll(batch: readonly Pending[]): Promise<void> {
    const outcomes = new Map<Pending, Outcome>();
    try {
      await this.#sendUntilSettled(batch, outcomes);
    } catch (error) {
      // A bug of ours: every change of the batch fails with it, and engine/shared/lifecycles.ts describes it.
      const failure = error as IonError;
      for (const pending of batch) if (!outcomes.has(pending)) outcomes.set(pending, { error: failure });
    }
    for (const [pending, outcome] of outcomes) pending.settle(outcome);
  }

  async #sendUntilSettled(batch: readonly Pending[], outcomes: Map<Pending, Outcome>): Promise<void> {
    const open = () => batch.filter((pending) => !outcomes.has(pending));
    let verifying = false;
    try {
      await withRetry(
        "mutation",
        async (action) => {
          verifying = action === "verify";
          if (verifying) await this.#verify(open(), outcomes);
          verifying = false;
          if (open().length > 0) await this.#execute(open(), outcomes);
        },
        this.#retry,
      );
    } catch (failure) {
      if (!isIonError(failure)) throw failure;
      // What prevents a verification says nothing about the mutation before it.
      const error = verifying ? failure.with({ kind: "unknownOutcome" }) : failure;
      const unverifiable = verifying && failure.kind === "unsupported";
      this.#receivers.invalidate();
      const left = open();
      if ((error.kind === "refused" || error.kind === "unsupported") && left.length > 1) {
        // ION ran none of it: halve the batch until what it refuses stands alone.
        const middle = left.length >> 1;
        await Promise.all(
          [left.slice(0, middle), left.slice(middle)].map((half) => this.#sendUntilSettled(half, outcomes)),
        );
        return;
      }
      for (const pending of left) outcomes.set(pending, { error: failureOf(pending, error, unverifiable) });
    }
  }

  /** Settles each change that ION shows as applied. */
  async #verify(batch: readonly Pending[], outcomes: Map<Pending, Outcome>): Promise<void> {
    this.#receivers.invalidate();
    const ids = batch.map(({ change }) => receiverOf(change));
    const isAny = ids.includes(undefined);
    const live = isAny
      ? await this.#receivers.all()
      : (await this.#receivers.atLeast(ids.filter((id) => id !== undefined))).receivers;
    for (const pending of batch) {
      const applied = appliedResult(pending.change, live, pending.before);
      if (applied) outcomes.set(pending, applied);
    }
  }

  /** Sends changes in one request, and settles each that ION answered. @throws IonError for those that are still open */
  async #execute(batch: readonly Pending[], outcomes: Map<Pending, Outcome>): Promise<void> {
    const mutations = batch.map(({ mutation }) => mutation);
    const secrets = mutations.flatMap((mutation) => mutation.secrets);
    const answer = await this.#measure(
      (shapes) => ({ ...compose(mutations.map((mutation) => shapes.rootField(mutation))), secrets }),
      mutations.length,
    );
    const open: IonError[] = [];
    batch.forEach((pending, index) => {
      const outcome = outcomeOf(pending, answer, aliasOf(index));
      if ("error" in outcome && OPEN.has(outcome.error.kind)) open.push(outcome.error);
      else outcomes.set(pending, outcome);
    });
    // The answer may have had errors that the usual document does not ask for.
    if (open.some(({ kind }) => kind === "unexpectedAnswer")) await this.#client.schema.read();
    const unknown = open.find(({ kind }) => kind !== "rateLimited") ?? open[0];
    if (unknown) throw unknown;
  }

  /** Runs a document, and learns what a mutation takes on top of a round trip. */
  async #measure(build: (shapes: Shapes) => Operation, mutations: number): Promise<Answer> {
    const started = performance.now();
    const answer = await this.#client.execute(build);
    this.#msPerMutation = Math.max(0, (performance.now() - started - this.#receivers.roundTripMs) / mutations);
    this.#activeAt = undefined;
    return answer;
  }
}

/** The receiver that shows whether a change was applied; undefined if it can be any one. */
const receiverOf = (change: Change): string | undefined => {
  if (change.kind === "createReceiver") return undefined;
  return "receiver" in change ? change.receiver.id : change.receiverId;
};

/** Kinds of failures after which a single change of a batch is verified or sent again. */
const OPEN: ReadonlySet<IonErrorKind> = new Set(["unknownOutcome", "unexpectedAnswer", "rateLimited"]);

/** Kinds that ION decides before it runs anything, so that an error without a path is a rejection. */
const DECIDED_FIRST: ReadonlySet<IonErrorKind> = new Set(["permission", "conflict", "rateLimited"]);

/**
 * The outcome of one change in an answer. Only an error of the mutation's own field is a rejection: an error below it, or
 * without a path, may have occurred after ION applied the change.
 */
function outcomeOf({ change, mutation }: Pending, answer: Answer, alias: string): Outcome {
  const own = answer.problems.filter(({ path }) => path === undefined || path[0] === alias);
  const parsed = mutation.answer.safeParse(answer.data[alias]);
  // A payload may list errors of its own next to what looks like a confirmation.
  if (parsed.success && !own.some(({ path }) => path?.length === 1)) return { result: parsed.data };
  const [problem] = own.sort((one, other) => (one.path?.length ?? 99) - (other.path?.length ?? 99));
  if (!problem) {
    return {
      error: new IonError(
        "unexpectedAnswer",
        `ION's answer to ${mutation.field} does not have the expected form: ${parsed.error ? describeParseError(parsed.error) : ""}.`,
      ),
    };
  }
  const kind = kindOf(problem);
  const { path } = problem;
  const isRejected = path === undefined ? DECIDED_FIRST.has(kind) : path.length === 1 && kind !== "unknownOutcome";
  if (isRejected) {
    return { error: rejection(describeChange(change), permissionFor(mutation.field), problem.message, kind) };
  }
  return { error: new IonError("unknownOutcome", `ION answered with an error: ${sentence(problem.message)}`) };
}

const NOT_VERIFIED = "It is unknown whether ION applied it.";

/** What the failure of a whole request means for one of its changes; `unverifiable` if nothing can show whether it was applied. */
function failureOf({ change, mutation }: Pending, error: IonError, unverifiable: boolean): IonError {
  const action = describeChange(change);
  const permission = permissionFor(mutation.field);
  if (error.kind === "permission" || error.kind === "conflict") {
    return rejection(action, permission, error.message, error.kind);
  }
  if (error.kind === "refused") {
    const kind = kindOf({ code: undefined, message: error.message });
    // "does not exist" is about a name in the document here, not about an object.
    return rejection(action, permission, error.message, kind === "notFound" ? "invalid" : kind);
  }
  const summary = `Could not ${action}.`;
  if (unverifiable) {
    return new IonError("unknownOutcome", summary, {
      detail: [NOT_VERIFIED, error.summary, error.detail].filter(Boolean).join(" "),
      hints: [
        "Before you run `pulumi up` again, check in ION whether it was applied: if it was, `pulumi up` would apply it a second time.",
        ...error.hints,
      ],
    });
  }
  const state: Partial<Record<IonErrorKind, string>> = {
    unknownOutcome: `${NOT_VERIFIED} The next \`pulumi up\` checks before it changes anything.`,
    unexpectedAnswer: `${NOT_VERIFIED} The next \`pulumi up\` checks before it changes anything.`,
    unreachable: "ION was not changed.",
    rateLimited: "ION was not changed.",
  };
  const detail = [error.summary, error.detail, state[error.kind]].filter(Boolean).join(" ");
  return new IonError(error.kind, summary, { detail, hints: error.hints });
}
