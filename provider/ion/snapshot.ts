import { IonError, type IonErrorKind, isIonError, kindOf } from "./errors.ts";
import type { IonClient } from "./http/client.ts";
import { type RetryOptions, withRetry } from "./http/retry.ts";
import {
  describeParseError,
  PAGE_SIZE,
  type Receiver,
  secretsIn,
  WEBHOOK_RECEIVERS,
  webhookReceiversAnswer,
} from "./operations.ts";
import { DOCTOR } from "./schema/schemaAdapter.ts";

/** Receivers by id, each with its subscriptions and headers: the whole webhook configuration of one ION environment. */
export type Receivers = ReadonlyMap<string, Receiver>;

type Change = (receivers: Map<string, Receiver>) => void;

interface Read {
  readonly receivers: Promise<Receivers>;
  readonly meanwhile: Change[];
}

/** Old enough that a person may have changed something in ION's UI, as while `pulumi up` waits for a "yes". */
const MAX_AGE_MS = 60_000;

/** How long a read that failed speaks for those that would follow it: 36 resources need not wait for 36 times as many tries. */
const FAILED_MS = 10_000;

/** How often a read over several pages begins anew because the list changed under it. */
const ALL_PAGES_TRIES = 5;

const CANNOT_LOOK = "Could not look at ION's webhooks:";

/** Kinds of failures whose words are ION's alone, and do not tell what was asked. */
const BARE: readonly IonErrorKind[] = ["permission", "conflict", "refused"];

/** Says what it was that failed. */
function sayWhatFor(error: unknown): never {
  if (!isIonError(error)) throw error;
  const { kind, message } = error;
  if (kind === "unsupported") {
    throw new IonError(kind, `${CANNOT_LOOK} ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
  }
  throw BARE.includes(kind) ? notShown(kind, message) : error;
}

function notShown(kind: IonErrorKind, words: string): IonError {
  return new IonError(
    kind,
    `ION did not show its webhook receivers: ${words.replace(/\.?$/, ".")} Nothing is concluded from that.` +
      (kind === "permission" ? " The API key needs to be able to read webhook receivers." : ""),
  );
}

/** The same failure for one more who asked: Pulumi shows the error of each resource, and one in full is enough. */
function again(error: unknown): never {
  if (!isIonError(error)) throw error;
  const [first = ""] = /^.+?(?:[.](?=\s|$)|$)/m.exec(error.message) ?? [];
  if (first === error.message) throw error;
  throw new IonError(error.kind, `${first} The error of another resource tells the rest.`);
}

/** One read of everything, shared by all who look during a run; what this process writes is put in as it is answered. */
export class Snapshot {
  #known: { readonly receivers: Map<string, Receiver>; readonly takenAt: number } | undefined;
  /** The read under way, and what was written meanwhile: the read's answer may be from before. */
  #pending: Read | undefined;
  #failed: { readonly error: unknown; readonly at: number } | undefined;
  /** Milliseconds that the shortest page took: the way to ION and back. A write is held against it to tell a slow ION. */
  roundTripMs = Number.POSITIVE_INFINITY;
  readonly #client: IonClient;
  readonly #retry: RetryOptions;
  readonly #now: () => number;

  constructor(client: IonClient, retry: RetryOptions, now: () => number) {
    this.#client = client;
    this.#retry = retry;
    this.#now = now;
  }

  /** Everything, read now where it is not known or too old. A read that fails or is cut short is never kept. */
  async get(): Promise<Receivers> {
    if (this.#known && this.#now() - this.#known.takenAt < MAX_AGE_MS) return this.#known.receivers;
    if (this.#failed && this.#now() - this.#failed.at < FAILED_MS) again(this.#failed.error);
    return this.#pending ? this.#pending.receivers.catch(again) : this.#begin().receivers;
  }

  /** Puts in what a write was answered. */
  apply(change: Change): void {
    if (this.#known) change(this.#known.receivers);
    this.#pending?.meanwhile.push(change);
  }

  /** Makes the next look read again: something is not as it was thought to be. A read under way may be from before. */
  invalidate(): void {
    this.#known = undefined;
    this.#pending = undefined;
    this.#failed = undefined;
  }

  #begin(): Read {
    const meanwhile: Change[] = [];
    const pending: Read = { meanwhile, receivers: this.#read(meanwhile, () => this.#pending === pending) };
    const done = () => {
      if (this.#pending !== pending) return false;
      this.#pending = undefined;
      return true;
    };
    pending.receivers.then(done, (error: unknown) => {
      if (done()) this.#failed = { error, at: this.#now() };
    });
    this.#pending = pending;
    return pending;
  }

  async #read(meanwhile: readonly Change[], wanted: () => boolean): Promise<Receivers> {
    const takenAt = this.#now();
    let receivers: Map<string, Receiver> | undefined;
    for (let tries = 1; receivers === undefined; tries += 1) {
      if (tries > ALL_PAGES_TRIES) {
        throw new IonError(
          "unexpectedAnswer",
          "ION's list of webhook receivers changes while it is read: try again later.",
        );
      }
      receivers = await this.#allPages();
    }
    for (const change of meanwhile) change(receivers);
    if (wanted()) this.#known = { receivers, takenAt };
    return receivers;
  }

  /**
   * Reads page by page, each from the last receiver of the one before on. Cursors may count (graphene's do): where that
   * receiver does not come first, one was deleted meanwhile, another may have slipped through, and the read is void.
   */
  async #allPages(): Promise<Map<string, Receiver> | undefined> {
    const receivers = new Map<string, Receiver>();
    for (let after: string | undefined, last: string | undefined, more = true; more; ) {
      const { edges, pageInfo } = await withRetry("query", () => this.#page(after), this.#retry);
      if (last !== undefined && edges[0]?.node.id !== last) return undefined;
      for (const { node } of edges) receivers.set(node.id, node);
      // Where ION does not say, the page after shows it: one that holds nothing but the last receiver again is the end.
      more = pageInfo?.hasNextPage ?? edges.length > 1;
      const next = edges.at(-2)?.cursor ?? undefined;
      if (more && next === undefined && pageInfo?.hasNextPage === undefined) {
        throw new IonError(
          "unsupported",
          `${CANNOT_LOOK} this ION's schema tells neither whether its list of receivers goes on nor how. ${DOCTOR}`,
        );
      }
      if (more && (next === undefined || next === after)) {
        throw new IonError("unexpectedAnswer", "ION's list of webhook receivers has a next page and no way to it.");
      }
      after = next;
      last = edges.at(-1)?.node.id;
    }
    return receivers;
  }

  async #page(after: string | undefined) {
    const started = performance.now();
    const variables = { first: PAGE_SIZE, ...(after === undefined ? {} : { after }) };
    const answer = await this.#client.execute({ document: WEBHOOK_RECEIVERS, variables }).catch(sayWhatFor);
    this.roundTripMs = Math.min(this.roundTripMs, performance.now() - started);
    const [problem] = answer.problems;
    if (problem) {
      throw notShown(kindOf(problem.message) === "rateLimited" ? "rateLimited" : "permission", problem.message);
    }
    const parsed = webhookReceiversAnswer.safeParse(answer.data);
    if (!parsed.success) {
      throw new IonError(
        "unexpectedAnswer",
        `ION's list of webhook receivers is not as expected. ${describeParseError(parsed.error)}.`,
      );
    }
    for (const { node } of parsed.data.webhookReceivers.edges) this.#client.hide(secretsIn(node));
    return parsed.data.webhookReceivers;
  }
}
