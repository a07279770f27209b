import type { Receiver, Receivers } from "../model/webhooks.ts";
import { alreadyPrinted, isIonError } from "./errors.ts";
import { ListDenied } from "./receiverReader.ts";

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

/** One read of the webhook configuration, shared by everything in a run. What this process writes is added to it. */
export class Snapshot {
  #current: { readonly receivers: Map<string, Receiver>; readonly readAt: number } | undefined;
  #pending: PendingRead | undefined;
  #failed: { readonly error: unknown; readonly at: number } | undefined;
  readonly #read: () => Promise<Map<string, Receiver>>;
  readonly #now: () => number;

  constructor(read: () => Promise<Map<string, Receiver>>, now: () => number) {
    this.#read = read;
    this.#now = now;
  }

  /** All receivers, read if they are unknown or too old. A read that fails or is incomplete is never kept. */
  async get(): Promise<Receivers> {
    if (this.#current && this.#now() - this.#current.readAt < MAX_AGE_MS) return this.#current.receivers;
    if (this.#failed && this.#now() - this.#failed.at < FAILURE_MS) throwAgain(this.#failed.error);
    return this.#pending ? this.#pending.receivers.catch(throwAgain) : this.#start().receivers;
  }

  /** Keeps what was read otherwise. */
  set(receivers: Map<string, Receiver>): void {
    this.#current = { receivers, readAt: this.#now() };
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
    const pending: PendingRead = { edits, receivers: this.#readWith(edits, () => this.#pending === pending) };
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

  async #readWith(edits: readonly Edit[], isWanted: () => boolean): Promise<Receivers> {
    const readAt = this.#now();
    const receivers = await this.#read();
    for (const edit of edits) edit(receivers);
    if (isWanted()) this.#current = { receivers, readAt };
    return receivers;
  }
}

/** The same failure for the next resource: Pulumi shows the error of each, and one in full is enough. */
function throwAgain(error: unknown): never {
  if (!isIonError(error) || error.message === error.summary) throw error;
  const again = alreadyPrinted(error);
  throw error instanceof ListDenied ? new ListDenied(again) : again;
}
