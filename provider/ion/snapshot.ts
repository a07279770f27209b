import type { z } from "zod";
import { formatReceiver } from "../model/text.ts";
import type { Receiver, Receivers } from "../model/webhooks.ts";
import { IonError, type IonErrorKind, isIonError, SEE_FIRST_ERROR, sentence } from "./errors.ts";
import type { IonClient } from "./http/client.ts";
import { type RetryOptions, withRetry } from "./http/retry.ts";
import {
  describeParseError,
  LIST,
  PAGE_SIZE,
  secretsIn,
  WEBHOOK_RECEIVERS,
  webhookReceiversAnswer,
} from "./operations.ts";
import { kindOf } from "./problems.ts";
import { RUN_DOCTOR } from "./schema/schemaAdapter.ts";

type Edit = (receivers: Map<string, Receiver>) => void;

interface PendingRead {
  readonly receivers: Promise<Receivers>;
  /** What was written in the meantime: the answer may be older. */
  readonly edits: Edit[];
}

/** Older than this, a person may have changed something in ION, as while `pulumi up` waits for a "yes". */
const MAX_AGE_MS = 60_000;

/** How long a failed read is cached, so that 36 resources do not each retry it. */
const FAILURE_MS = 10_000;

/** Pages of a list at most: 100,000 receivers. More is an endless list. */
const MAX_PAGES = 1000;

/** How often a read of several pages starts again because the list changed. */
const MAX_RESTARTS = 5;

const CONTACT_ION = "Contact First Resonance.";

/** Kinds of failures whose message is ION's alone, and does not say what was asked. */
const WITHOUT_CONTEXT: readonly IonErrorKind[] = ["permission", "conflict", "refused"];

/** One read of the whole webhook configuration, shared by everything in a run. What this process writes is added to it. */
export class Snapshot {
  #current: { readonly receivers: Map<string, Receiver>; readonly readAt: number } | undefined;
  #pending: PendingRead | undefined;
  #failed: { readonly error: unknown; readonly at: number } | undefined;
  /** Milliseconds of the fastest page: the round trip to ION. */
  roundTripMs = Number.POSITIVE_INFINITY;
  readonly #client: IonClient;
  readonly #retry: RetryOptions;
  readonly #now: () => number;

  constructor(client: IonClient, retry: RetryOptions, now: () => number) {
    this.#client = client;
    this.#retry = retry;
    this.#now = now;
  }

  /** All receivers, read if they are unknown or too old. A read that fails or is incomplete is never kept. */
  async get(): Promise<Receivers> {
    if (this.#current && this.#now() - this.#current.readAt < MAX_AGE_MS) return this.#current.receivers;
    if (this.#failed && this.#now() - this.#failed.at < FAILURE_MS) throwAgain(this.#failed.error);
    return this.#pending ? this.#pending.receivers.catch(throwAgain) : this.#start().receivers;
  }

  /** Adds the effect of a write. */
  edit(edit: Edit): void {
    if (this.#current) {
      // A copy: whoever holds the receivers of before keeps them as they were.
      const receivers = new Map(this.#current.receivers);
      edit(receivers);
      this.#current = { ...this.#current, receivers };
    }
    this.#pending?.edits.push(edit);
  }

  /** Makes the next access read ION again. A read in progress may be too old. */
  invalidate(): void {
    this.#current = undefined;
    this.#pending = undefined;
    this.#failed = undefined;
  }

  #start(): PendingRead {
    const edits: Edit[] = [];
    const pending: PendingRead = { edits, receivers: this.#read(edits, () => this.#pending === pending) };
    const finish = () => {
      const isCurrent = this.#pending === pending;
      if (isCurrent) this.#pending = undefined;
      return isCurrent;
    };
    pending.receivers.then(finish, (error: unknown) => {
      if (finish()) this.#failed = { error, at: this.#now() };
    });
    this.#pending = pending;
    return pending;
  }

  async #read(edits: readonly Edit[], isWanted: () => boolean): Promise<Receivers> {
    const readAt = this.#now();
    let receivers: Map<string, Receiver> | undefined;
    for (let attempt = 1; receivers === undefined; attempt += 1) {
      if (attempt > MAX_RESTARTS) {
        throw new IonError("unexpectedAnswer", "ION's list of webhook receivers keeps changing while it is read.", {
          hints: ["Try again later."],
        });
      }
      receivers = await this.#readPages();
    }
    for (const edit of edits) edit(receivers);
    if (isWanted()) this.#current = { receivers, readAt };
    return receivers;
  }

  /**
   * Reads page by page, each starting at the last receiver of the page before. Cursors may be positions (graphene's are): if
   * that receiver does not come first, one was deleted in the meantime, another may be missing, and the read is discarded.
   */
  async #readPages(): Promise<Map<string, Receiver> | undefined> {
    const receivers = new Map<string, Receiver>();
    const started = performance.now();
    const cursors = new Set<string | undefined>();
    for (let after: string | undefined, last: string | undefined, more = true; more; ) {
      const seconds = (performance.now() - started) / 1000;
      if (cursors.has(after) || cursors.size >= MAX_PAGES) {
        throw new IonError(
          "unexpectedAnswer",
          "ION's list of webhook receivers does not end: its pages repeat, or are too many.",
          { hints: [CONTACT_ION] },
        );
      }
      if (seconds * 1000 > this.#retry.deadlineMs) {
        throw new IonError("unreachable", `Reading ION's webhook receivers took more than ${Math.round(seconds)} s.`, {
          hints: ["Set ion:deadline to allow more time."],
        });
      }
      cursors.add(after);
      const { edges, pageInfo } = await withRetry("query", () => this.#readPage(after), this.#retry);
      if (last !== undefined && edges[0]?.node.id !== last) return undefined;
      for (const { node } of edges) receivers.set(node.id, node);
      // If ION does not say, the next page shows it: one that holds only the last receiver again is the end.
      more = pageInfo?.hasNextPage ?? edges.length > 1;
      const next = edges.at(-2)?.cursor ?? undefined;
      if (more && next === undefined && pageInfo?.hasNextPage === undefined) {
        throw new IonError(
          "unsupported",
          "Could not read ION's webhooks: its schema has neither hasNextPage nor cursors, so its list may be incomplete.",
          { hints: [RUN_DOCTOR] },
        );
      }
      if (more && (next === undefined || next === after)) {
        throw new IonError(
          "unexpectedAnswer",
          "ION's list of webhook receivers has a next page but no cursor for it.",
          {
            hints: [CONTACT_ION],
          },
        );
      }
      after = next;
      last = edges.at(-1)?.node.id;
    }
    return receivers;
  }

  async #readPage(after: string | undefined) {
    const started = performance.now();
    const variables = { first: PAGE_SIZE, ...(after === undefined ? {} : { after }) };
    const answer = await this.#client.execute({ document: WEBHOOK_RECEIVERS, variables }).catch(addContext);
    this.roundTripMs = Math.min(this.roundTripMs, performance.now() - started);
    const [problem] = answer.problems;
    if (problem) {
      const kind = kindOf(problem);
      const isTransient = kind === "rateLimited" || kind === "unknownOutcome";
      const isPermission = kind === "permission" || kind === "notFound" || kind === "invalid";
      throw notReadable(
        isTransient ? kind : "permission",
        problem.message,
        isPermission ? (problem.path ?? []) : undefined,
      );
    }
    const parsed = webhookReceiversAnswer.safeParse(answer.data);
    if (!parsed.success) throw nullList(answer.data, parsed.error) ?? unexpectedForm(parsed.error);
    for (const { node } of parsed.data.webhookReceivers.edges) this.#client.hide(secretsIn(node));
    return parsed.data.webhookReceivers;
  }
}

function unexpectedForm(error: z.ZodError): IonError {
  const form = describeParseError(error);
  return new IonError("unexpectedAnswer", `ION's list of webhook receivers does not have the expected form: ${form}.`, {
    hints: [RUN_DOCTOR],
  });
}

/**
 * GraphQL servers answer null for what a key may not read. That is no proof that there is nothing, and to take it for that
 * would create everything a second time.
 */
function nullList(data: unknown, error: z.ZodError): IonError | undefined {
  const valueAt = (path: readonly PropertyKey[]) =>
    path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], data);
  const fieldOf = (path: readonly PropertyKey[]) => String(path.findLast((key) => typeof key === "string"));
  const issue = error.issues.find(({ path }) => valueAt(path) === null && Object.hasOwn(READS, fieldOf(path)));
  if (!issue) return undefined;
  const { path } = issue;
  const node = valueAt(path.slice(0, path.indexOf("node") + 1)) as { readonly id?: unknown; readonly name?: unknown };
  const { id, name } = node ?? {};
  const of = typeof name === "string" ? ` of receiver ${formatReceiver({ id: String(id), name })}` : "";
  return new IonError("permission", `ION answered null for ${fieldOf(path)}${of}.`, {
    detail: NO_PROOF,
    hints: [readHint(path)],
  });
}

const NO_PROOF = "That does not mean that none exist.";

/** What a key must be able to read for each field of the list. */
const READS: Readonly<Record<string, string>> = {
  webhookReceivers: "webhook receivers",
  edges: "webhook receivers",
  node: "webhook receivers",
  pageInfo: "webhook receivers",
  subscriptions: "webhook subscriptions",
  headers: "webhook headers",
};

/** The permission that a key needs for a place in the list. */
function readHint(path: readonly PropertyKey[]): string {
  const field = path.findLast((key) => Object.hasOwn(READS, key)) ?? LIST;
  return `The API key needs permission to read ${READS[String(field)]}.`;
}

/** Says which request failed. */
function addContext(error: unknown): never {
  if (!isIonError(error)) throw error;
  if (error.kind === "unsupported") {
    throw error.with({ summary: `Could not read ION's webhooks: ${error.summary}` });
  }
  throw WITHOUT_CONTEXT.includes(error.kind)
    ? notReadable(error.kind, error.message, error.kind === "permission" ? [] : undefined)
    : error;
}

/** @param path the place in the list that needs a permission, if that is the reason. */
function notReadable(kind: IonErrorKind, message: string, path?: readonly string[]): IonError {
  return new IonError(kind, `ION did not return its webhook receivers: ${sentence(message)}`, {
    detail: NO_PROOF,
    hints: path ? [readHint(path)] : [],
  });
}

/** The same failure for the next resource: Pulumi shows the error of each, and one in full is enough. */
function throwAgain(error: unknown): never {
  if (!isIonError(error) || error.message === error.summary) throw error;
  throw new IonError(error.kind, error.summary, { hints: [SEE_FIRST_ERROR] });
}
