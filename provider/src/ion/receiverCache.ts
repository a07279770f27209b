import type { Receiver, Receivers } from "../model/webhooks.ts";
import { isIonError } from "./errors.ts";
import { ListDenied, type ReceiverReader } from "./receiverReader.ts";
import { Snapshot } from "./snapshot.ts";

const READS_ONE_BY_ONE =
  "This API key cannot list ION's webhook receivers, so pulumi-ion reads those of this stack one by one. It cannot find " +
  "duplicates of them, receivers that no program manages, or existing receivers to import.";

/** What ION has, read once and shared by everything in a run: all receivers, or those that are asked for if there is no list. */
export class ReceiverCache {
  readonly #reader: ReceiverReader;
  readonly #warn: (message: string) => void;
  readonly #all: Snapshot;
  /** The receivers with `#ids`, if there is no list. */
  readonly #some: Snapshot;
  readonly #ids = new Set<string>();
  /** Why there is no list, in full, before anybody has seen it. */
  #hiddenFailure: unknown;
  #isWarned = false;

  constructor(reader: ReceiverReader, now: () => number, warn: (message: string) => void) {
    this.#reader = reader;
    this.#warn = warn;
    this.#all = new Snapshot(() => reader.readAll(), now);
    this.#some = new Snapshot(() => this.#readSome(), now);
  }

  /** Milliseconds of a round trip to ION. */
  get roundTripMs(): number {
    return this.#reader.roundTripMs;
  }

  /** All receivers. @throws IonError "unsupported" or "permission" if there is no list that the key can read */
  async all(): Promise<Receivers> {
    try {
      return await this.#all.get();
    } catch (error) {
      const first = this.#hiddenFailure;
      this.#hiddenFailure = undefined;
      throw first ?? error;
    }
  }

  /** All receivers, or at least those with these ids if there is no list. */
  async atLeast(ids: readonly string[]): Promise<{ readonly receivers: Receivers; readonly isComplete: boolean }> {
    try {
      return { receivers: await this.#all.get(), isComplete: true };
    } catch (error) {
      const isUnlisted = error instanceof ListDenied || (isIonError(error) && error.kind === "unsupported");
      if (!isUnlisted || !(await this.#reader.canReadSome())) throw error;
      this.#hiddenFailure ??= error;
    }
    if (!this.#isWarned) this.#warn(READS_ONE_BY_ONE);
    this.#isWarned = true;
    if (ids.some((id) => !this.#ids.has(id))) {
      for (const id of ids) this.#ids.add(id);
      this.#some.invalidate();
    }
    const receivers = await this.#some.get();
    for (const id of ids) if (!receivers.has(id)) await this.#reader.requireProof(id);
    return { receivers, isComplete: false };
  }

  /** Adds the effect of a write. */
  edit(edit: (receivers: Map<string, Receiver>) => void): void {
    this.#all.edit(edit);
    this.#some.edit(edit);
  }

  /** Adds a receiver that was created: ION may have no way to show one without subscriptions. */
  add(receiver: Receiver): void {
    if (this.#ids.size === 0) this.#some.set(new Map());
    this.#ids.add(receiver.id);
    this.edit((receivers) => receivers.set(receiver.id, receiver));
  }

  /** Makes the next access read ION again. A read in progress may be too old. */
  invalidate(): void {
    this.#all.invalidate();
    this.#some.invalidate();
  }

  async #readSome(): Promise<Map<string, Receiver>> {
    // The engine handles resources at the same time: their receivers are read in one request.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#reader.readSome([...this.#ids]);
  }
}
