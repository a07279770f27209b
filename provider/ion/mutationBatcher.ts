import DataLoader from "dataloader";
import pLimit from "p-limit";
import { IonError, type IonErrorKind, isIonError } from "./errors.ts";
import { permissionFor } from "./facts.ts";
import { type Answer, type IonClient, type Operation, problemWith } from "./http/client.ts";
import { type RetryOptions, withRetry } from "./http/retry.ts";
import { aliasOf, compose, describeParseError, type Mutation } from "./operations.ts";
import type { Receivers, Snapshot } from "./snapshot.ts";

/** A mutation with what it takes to know its fate. */
export interface Write<T> {
  readonly mutation: Mutation<T>;
  /** What it does, to follow "ION did not …". */
  readonly about: string;
  /** Its answer, where ION shows that it happened already; asked only after an answer was lost. */
  readonly landed: (now: Receivers) => { readonly answer: T } | undefined;
}

/** Mutations a request at most: at half a second each, still far from the 30 s that ION gives a request. */
const CEILING = 40;

/** Requests with mutations at once. */
const CONCURRENT = 4;

/** Milliseconds a mutation from which ION counts as slow: then a batch is shared out over requests that run at once. */
const SLOW_MS = 30;

/** Mutations a request from which its time tells something: a short pause of this machine is not ION's. */
const TELLING = 4;

/** What a request of mutations is to stay under, as far as earlier ones tell. */
const REQUEST_MS = 10_000;

/** Milliseconds without a stir after which a stream of writes has paused: Pulumi takes 5 to 20 between two resources. */
const PAUSE_MS = 25;

/** The same where the machine is busy with other things and the last gaps were longer. */
const LONGEST_PAUSE_MS = 500;

/** How many gaps between stirs tell how long the next one may be. */
const GAPS = 8;

/** Collects the writes that arrive together, sends them as aliases of one document, and gives each its own outcome. */
export class Writes {
  readonly #client: IonClient;
  readonly #snapshot: Snapshot;
  readonly #retry: RetryOptions;
  readonly #limit = pLimit(CONCURRENT);
  readonly #loader: DataLoader<Write<unknown>, unknown>;
  #waiting: (() => void)[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When something stirred last; undefined after an answer, since then the engine may have waited for that. */
  #stirredAt: number | undefined;
  /** Milliseconds between the last stirs. */
  #gaps: number[] = [];
  /** What a mutation took last, beyond the way to ION and back. */
  #msPerMutation = 0;

  constructor(client: IonClient, snapshot: Snapshot, retry: RetryOptions) {
    this.#client = client;
    this.#snapshot = snapshot;
    this.#retry = retry;
    this.#loader = new DataLoader((writes) => this.#share(writes), {
      cache: false,
      batchScheduleFn: (leave) => this.#waiting.push(leave),
    });
  }

  /** Sends one write, with others that arrive about now. */
  async run<T>(write: Write<T>): Promise<T> {
    const answer = this.#loader.load(write as Write<unknown>);
    this.#count += 1;
    this.stir();
    if (this.#count >= CEILING) this.#leave();
    return (await answer) as T;
  }

  /** Says that the engine is at work on further resources: what waits goes on waiting for their writes. */
  stir(): void {
    const now = performance.now();
    const gap = now - (this.#stirredAt ?? Number.NEGATIVE_INFINITY);
    if (gap < LONGEST_PAUSE_MS) this.#gaps = [...this.#gaps, gap].slice(-GAPS);
    this.#stirredAt = now;
    clearTimeout(this.#timer);
    if (this.#count === 0) return;
    const pause = Math.min(LONGEST_PAUSE_MS, Math.max(PAUSE_MS, 2 * Math.max(0, ...this.#gaps)));
    // Where this process got no time, calls may have come in that Node looks at only after its timers.
    const timer = setTimeout(() => setImmediate(() => this.#timer === timer && this.#leave()), pause);
    this.#timer = timer;
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#count = 0;
    for (const leave of this.#waiting.splice(0)) leave();
  }

  /** Sends a batch in as few requests as can be, or, where ION is slow, in as many as may run at once. */
  async #share(writes: readonly Write<unknown>[]): Promise<unknown[]> {
    const safe = Math.max(1, Math.min(CEILING, Math.floor(REQUEST_MS / Math.max(this.#msPerMutation, 1))));
    const fair = this.#msPerMutation < SLOW_MS ? safe : Math.ceil(writes.length / CONCURRENT);
    const size = Math.min(safe, fair);
    const parts = Array.from({ length: Math.ceil(writes.length / size) }, (_, at) =>
      writes.slice(at * size, (at + 1) * size),
    );
    return (await Promise.all(parts.map((part) => this.#send(part)))).flat();
  }

  async #send(writes: readonly Write<unknown>[]): Promise<unknown[]> {
    const outcomes = new Map<Write<unknown>, unknown>();
    const open = () => writes.filter((write) => !outcomes.has(write));
    let looking = false;
    try {
      await withRetry(
        "write",
        async (next) => {
          looking = next === "look";
          if (looking) await this.#look(open(), outcomes);
          looking = false;
          if (open().length > 0) await this.#try(open(), outcomes);
        },
        this.#retry,
      );
    } catch (failure) {
      if (!isIonError(failure)) throw failure;
      // What keeps a look from being taken says nothing of the write before it.
      const error = looking ? new IonError("unknownOutcome", failure.message) : failure;
      const blind = looking && failure.kind === "unsupported";
      this.#snapshot.invalidate();
      const left = open();
      if ((error.kind === "refused" || error.kind === "unsupported") && left.length > 1) {
        // ION ran nothing of it: halve until what it refuses stands alone.
        const middle = left.length >> 1;
        const halves = [left.slice(0, middle), left.slice(middle)];
        const settled = (await Promise.all(halves.map((half) => this.#send(half)))).flat();
        left.forEach((write, index) => {
          outcomes.set(write, settled[index]);
        });
      } else {
        for (const write of left) outcomes.set(write, failed(write, error, blind));
      }
    }
    return writes.map((write) => outcomes.get(write));
  }

  /** Gives an outcome to each write that ION shows as done. */
  async #look(writes: readonly Write<unknown>[], outcomes: Map<Write<unknown>, unknown>) {
    this.#snapshot.invalidate();
    const now = await this.#snapshot.get();
    for (const write of writes) {
      const landed = write.landed(now);
      if (landed) outcomes.set(write, landed.answer);
    }
  }

  async #try(writes: readonly Write<unknown>[], outcomes: Map<Write<unknown>, unknown>) {
    const mutations = writes.map((write) => write.mutation);
    const secrets = mutations.flatMap((mutation) => mutation.secrets);
    const answer = await this.#limit(() => this.#timed({ ...compose(mutations), secrets }, mutations.length));
    let lost: IonError | undefined;
    writes.forEach((write, index) => {
      const outcome = outcomeOf(write, answer, aliasOf(index));
      if (isIonError(outcome) && outcome.kind === "unexpectedAnswer") lost = outcome;
      else outcomes.set(write, outcome);
    });
    if (lost) throw lost;
  }

  /** Runs a document, and learns from it what a mutation takes beyond what a query takes. */
  async #timed(operation: Operation, mutations: number): Promise<Answer> {
    const started = performance.now();
    const answer = await this.#client.execute(operation);
    const beyond = performance.now() - started - this.#snapshot.roundTripMs;
    this.#stirredAt = undefined;
    if (mutations >= TELLING) this.#msPerMutation = Math.max(0, beyond / mutations);
    return answer;
  }
}

function outcomeOf(write: Write<unknown>, answer: Answer, alias: string): unknown {
  const { mutation, about } = write;
  const nothing = answer.data[alias] === null || answer.data[alias] === undefined;
  const problem = answer.problems.find(
    (found) => found.alias === (nothing && found.alias === undefined ? undefined : alias),
  );
  if (problem) return problemWith(about, permissionFor(mutation.field), problem.message);
  const parsed = mutation.answer.safeParse(answer.data[alias]);
  if (parsed.success) return parsed.data;
  return new IonError(
    "unexpectedAnswer",
    `ION's answer to ${mutation.field} is not as expected. ${describeParseError(parsed.error)}.`,
  );
}

const PERHAPS = "It may or may not have happened: the next `pulumi up` looks before it does anything.";

/** What a failure of the whole request means for one of its writes; `blind` where nothing can show what became of it. */
function failed(write: Write<unknown>, error: IonError, blind: boolean): IonError {
  const permission = permissionFor(write.mutation.field);
  if (error.kind === "permission" || error.kind === "conflict") {
    return problemWith(write.about, permission, error.message, error.kind);
  }
  if (error.kind === "refused") {
    const refusal = problemWith(write.about, permission, error.message);
    // What "does not exist" for a document is a name in the schema, and no object.
    return refusal.kind === "gone" ? problemWith(write.about, permission, error.message, "invalid") : refusal;
  }
  if (blind) {
    return new IonError(
      "unknownOutcome",
      `ION's answer got lost: could not tell whether it did ${write.about}. It may or may not have happened, and nothing can ` +
        `show it: ${error.message} Look in ION yourself before the next \`pulumi up\`, which would do it a second time.`,
    );
  }
  const states: Partial<Record<IonErrorKind, string>> = {
    unknownOutcome: PERHAPS,
    unexpectedAnswer: PERHAPS,
    unreachable: "It did not happen.",
    rateLimited: "It did not happen.",
  };
  const state = states[error.kind] ?? "";
  return new IonError(error.kind, `Could not ${write.about}. ${error.message} ${state}`.trim());
}
