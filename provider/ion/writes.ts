import DataLoader from "dataloader";
import pLimit from "p-limit";
import { type Answer, type IonClient, problemWith } from "./client.ts";
import { IonError, isIonError } from "./errors.ts";
import { permissionFor } from "./facts.ts";
import { aliasOf, compose, type Mutation, misfit } from "./operations.ts";
import { type RetryOptions, withRetry } from "./retry.ts";
import type { Receivers, Snapshot } from "./snapshot.ts";

/** A mutation with what it takes to know its fate. */
export interface Write<T> {
  readonly mutation: Mutation<T>;
  /** What it does, to follow "ION did not …". */
  readonly about: string;
  /** Its answer, where ION shows that it happened already; asked only after an answer was lost. */
  readonly landed: (now: Receivers) => { readonly answer: T } | undefined;
}

/** Mutations a request: at half a second each, still far from the 30 s that ION gives a request. */
const CEILING = 40;

/** Requests with mutations at once. */
const CONCURRENT = 4;

/** Milliseconds without a new write after which a batch leaves. Pulumi registers a resource every 10 ms or so. */
const PAUSE_MS = 25;

/** Collects the writes that arrive together, sends them as aliases of one document, and gives each its own outcome. */
export class Writes {
  readonly #client: IonClient;
  readonly #snapshot: Snapshot;
  readonly #retry: RetryOptions;
  readonly #limit = pLimit(CONCURRENT);
  readonly #loader: DataLoader<Write<unknown>, unknown>;
  #leave: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(client: IonClient, snapshot: Snapshot, retry: RetryOptions) {
    this.#client = client;
    this.#snapshot = snapshot;
    this.#retry = retry;
    this.#loader = new DataLoader((writes) => this.#send(writes), {
      cache: false,
      maxBatchSize: CEILING,
      batchScheduleFn: (leave) => this.#leave.push(leave),
    });
  }

  /** Sends one write, with others that arrive about now. */
  async run<T>(write: Write<T>): Promise<T> {
    const answer = this.#loader.load(write as Write<unknown>);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const leave of this.#leave.splice(0)) leave();
    }, PAUSE_MS);
    return (await answer) as T;
  }

  async #send(writes: readonly Write<unknown>[]): Promise<unknown[]> {
    const outcomes = new Map<Write<unknown>, unknown>();
    const open = () => writes.filter((write) => !outcomes.has(write));
    try {
      await withRetry(
        "write",
        async (next) => {
          if (next === "look") await this.#look(open(), outcomes);
          if (open().length > 0) await this.#try(open(), outcomes);
        },
        this.#retry,
      );
    } catch (error) {
      if (!isIonError(error)) throw error;
      this.#snapshot.forget();
      const left = open();
      if (error.kind === "refused" && left.length > 1) {
        // ION ran nothing of it: halve until what it refuses stands alone.
        const middle = left.length >> 1;
        const halves = [left.slice(0, middle), left.slice(middle)];
        const answers = await Promise.all(halves.map((half) => this.#send(half)));
        halves.flat().forEach((write, index) => {
          outcomes.set(write, answers.flat()[index]);
        });
      } else {
        for (const write of left) outcomes.set(write, failed(write, error));
      }
    }
    return writes.map((write) => outcomes.get(write));
  }

  /** Gives an outcome to each write that ION shows as done. */
  async #look(writes: readonly Write<unknown>[], outcomes: Map<Write<unknown>, unknown>) {
    this.#snapshot.forget();
    const now = await this.#snapshot.get();
    for (const write of writes) {
      const landed = write.landed(now);
      if (landed) outcomes.set(write, landed.answer);
    }
  }

  async #try(writes: readonly Write<unknown>[], outcomes: Map<Write<unknown>, unknown>) {
    const mutations = writes.map((write) => write.mutation);
    const secrets = mutations.flatMap((mutation) => mutation.secrets);
    const answer = await this.#limit(() => this.#client.execute({ ...compose(mutations), secrets }));
    let lost: IonError | undefined;
    writes.forEach((write, index) => {
      const outcome = outcomeOf(write, answer, aliasOf(index));
      if (isIonError(outcome) && outcome.kind === "unexpectedAnswer") lost = outcome;
      else outcomes.set(write, outcome);
    });
    if (lost) throw lost;
  }
}

function outcomeOf(write: Write<unknown>, answer: Answer, alias: string): unknown {
  const { mutation, about } = write;
  const problem = answer.problems.find((found) => found.alias === alias);
  if (problem) return problemWith(about, permissionFor(mutation.field), problem.message);
  const parsed = mutation.answer.safeParse(answer.data[alias]);
  if (parsed.success) return parsed.data;
  return new IonError(
    "unexpectedAnswer",
    `ION's answer to ${mutation.field} is not as expected. ${misfit(parsed.error)}.`,
  );
}

/** What a failure of the whole request means for one of its writes. */
function failed(write: Write<unknown>, error: IonError): IonError {
  if (error.kind === "refused" || error.kind === "permission" || error.kind === "conflict") {
    return problemWith(write.about, permissionFor(write.mutation.field), error.message);
  }
  const state =
    error.kind === "unknownOutcome" || error.kind === "unexpectedAnswer"
      ? "It may or may not have happened: the next `pulumi up` looks before it does anything."
      : "";
  return new IonError(error.kind, `Could not ${write.about}. ${error.message} ${state}`.trim());
}
