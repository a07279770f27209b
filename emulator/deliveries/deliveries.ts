import { randomUUID } from "node:crypto";
import pRetry, { AbortError } from "p-retry";
import { isLoopback } from "../http/loopback.ts";
import { Listeners } from "../listeners.ts";
import type { Receiver, Store } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import { Lanes, type Slot } from "./deliveryQueue.ts";
import { type Change, eventBody, isSilent, signatureOf } from "./event.ts";
import { Poster } from "./httpSender.ts";

/**
 * Where a delivery stands: attempts are still to come ("waiting"), one was answered with `expectedResponseCode`
 * ("delivered"), the last one was not ("failed"), or it is not sent for a reason that `note` gives ("dropped").
 */
export type DeliveryState = "waiting" | "delivered" | "failed" | "dropped";

/** One attempt at a delivery. */
export interface DeliveryAttempt {
  /** 1 for the first one. */
  readonly number: number;
  /** When it began, in ISO 8601. */
  readonly at: string;
  /** The HTTP status of the answer; null if none came. */
  readonly status: number | null;
  /** The names of the headers that were sent, not their values; `x-ion-signature` is the proof of who sent it. */
  readonly headers: readonly string[];
  /** Why it does not count as arrived, in words; null if it does. */
  readonly reason: string | null;
  /** How long it took. */
  readonly milliseconds: number;
}

/** One event for one subscription. It is plain data without any secret: no path of a URL, no header, no key. */
export interface Delivery {
  /** The event's id, which is in the body, and the same in every attempt. */
  readonly id: string;
  /** When the change was committed, in ISO 8601. */
  readonly at: string;
  readonly resource: string;
  readonly action: string;
  /** The id of the object that changed. */
  readonly entityId: string;
  readonly subscriptionId: string;
  /** The receiver as it was at the last attempt; of its `webhookUri` only the host, with the port if it has one. */
  readonly receiver: { readonly id: string; readonly name: string; readonly host: string };
  /** The body that is sent, cut off after 1,000 characters. */
  readonly body: string;
  readonly state: DeliveryState;
  /** Why it is "failed" or "dropped", as a sentence; null otherwise. */
  readonly note: string | null;
  /** Oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
}

/** What `emit` may be told of a change. */
export interface EmitOptions {
  /** How many such changes there are. @default 1 */
  readonly count?: number;
  /** The id of the object that changes. @default a new object with every change */
  readonly entityId?: string;
  /** The fields that change, with their new values. @default `{ "_updated": … }`, the time of the change */
  readonly changedFields?: Readonly<Record<string, unknown>>;
}

/** What comes of changes. */
export interface Emission {
  /** How many changes there were. */
  readonly changes: number;
  /** How many deliveries they make: one for each change and each subscription that matches it. */
  readonly deliveries: number;
  /** What keeps them, or some of them, from being sent, as a sentence; null if nothing does. */
  readonly note: string | null;
}

/** How deliveries are made. ION's own numbers are not public: all of these are INFERRED. */
export interface DeliveryOptions {
  /** Whether they may leave this machine. @default false, to loopback hosts only */
  readonly anywhere?: boolean;
  /** How often each is attempted before it is given up. @default 10 */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; each further wait is twice as long, up to a minute. @default 1000 */
  readonly retryAfterMs?: number;
  /** Milliseconds that an answer may take. @default 10_000 */
  readonly timeoutMs?: number;
}

const mostKept = 10_000;
const longestBody = 1_000;
const longestWaitMs = 60_000;
const longestRetryMs = 600_000;

type Open = { -readonly [Key in keyof Delivery]: Delivery[Key] } & { readonly attempts: DeliveryAttempt[] };

/** The attempt was not answered as expected. */
class Unexpected extends Error {}

/** There is nothing left to attempt; the message is the note. */
class Dropped extends Error {}

/**
 * Makes deliveries: one for each change and matching subscription of an active receiver, attempted until it is
 * answered with `expectedResponseCode`. Memory is bounded, however many changes there are.
 */
export class Deliveries {
  /** The newest 10,000 that were begun, oldest first. They are live: attempts are added and states change. */
  readonly newest: Delivery[] = [];
  readonly #store: Store;
  readonly #options: Required<DeliveryOptions>;
  readonly #poster: Poster;
  readonly #lanes = new Lanes();
  readonly #listeners = new Listeners<Delivery>();
  readonly #closing = new AbortController();
  #entities = 0;

  /** @throws {TypeError} if a number is none that can be used. */
  constructor(store: Store, options: DeliveryOptions) {
    this.#store = store;
    this.#options = { anywhere: false, attempts: 10, retryAfterMs: 1_000, timeoutMs: 10_000, ...options };
    for (const name of ["attempts", "retryAfterMs", "timeoutMs"] as const) {
      if (!isCount(this.#options[name])) throw new TypeError(`delivery.${name} must be a whole number from 1 on.`);
    }
    this.#poster = new Poster(this.#options.timeoutMs);
  }

  /** Deliveries that are neither delivered, failed nor dropped yet, begun or not. */
  get pending(): number {
    return this.#lanes.pending;
  }

  /** Calls `listener` with each delivery that is begun, attempted or ended; returns what stops that. */
  onDelivery(listener: (delivery: Delivery) => void): () => void {
    return this.#listeners.add(listener);
  }

  /**
   * Commits changes. It returns at once; the deliveries follow.
   * @throws {StoreError} if `count` is not a whole number from 1 on, or too much is waiting already.
   */
  emit(resource: string, action: string, options: EmitOptions = {}): Emission {
    const { count = 1, entityId, changedFields } = options;
    if (!isCount(count)) throw new StoreError("count must be a whole number from 1 on.");
    const subscribed = this.#store
      .listSubscriptions()
      .filter((subscription) => subscription.resource === resource && subscription.action === action)
      .flatMap((subscription) => {
        const receiver = this.#store.findReceiver(subscription.receiverId);
        return receiver ? [{ subscription, receiver }] : [];
      });
    const matching = subscribed.filter(({ receiver }) => receiver.active && !isSilent(resource, action));
    if (!this.#lanes.hasRoomFor(matching.length)) {
      throw new StoreError("Too much is waiting for its receivers already. Nothing was emitted.");
    }

    const at = new Date().toISOString();
    const first = this.#entities + 1;
    this.#entities += count;
    for (const { subscription, receiver } of matching) {
      this.#lanes.add(receiver.id, {
        count,
        run: (index, slot) => {
          const change = {
            resource,
            action,
            entityId: entityId ?? String(first + index),
            at,
            changedFields: changedFields ?? { _updated: at },
          };
          return this.#deliver(change, subscription.id, receiver, slot);
        },
      });
    }
    const note =
      matching.length > 0
        ? this.#obstacle(matching.map(({ receiver }) => receiver))
        : whyNone(`${resource} ${action}`, isSilent(resource, action), subscribed.length > 0);
    return { changes: count, deliveries: count * matching.length, note };
  }

  /** Resolves when no delivery is pending. */
  settled(): Promise<void> {
    return this.#lanes.settled();
  }

  /** Drops what is pending and ends every connection. */
  async close(): Promise<void> {
    this.#closing.abort(new Dropped("The emulator was closed."));
    this.#lanes.clear();
    this.#poster.close();
    await this.settled();
  }

  #obstacle(receivers: readonly Receiver[]): string | null {
    const urls = receivers.map(({ webhookUri }) => new URL(webhookUri)).filter((url) => !this.#mayLeaveFor(url));
    return urls.length === 0 ? null : notSent([...new Set(urls.map(({ host }) => host))]);
  }

  #mayLeaveFor({ hostname }: URL): boolean {
    return this.#options.anywhere || isLoopback(hostname);
  }

  async #deliver(change: Change, subscriptionId: string, receiver: Receiver, slot: Slot): Promise<void> {
    const id = randomUUID();
    const body = eventBody(id, change);
    const { at, resource, action, entityId } = change;
    const delivery: Open = {
      id,
      at,
      resource,
      action,
      entityId,
      subscriptionId,
      receiver: shown(receiver),
      body: body.slice(0, longestBody),
      state: "waiting",
      note: null,
      attempts: [],
    };
    if (this.newest.push(delivery) > mostKept) this.newest.shift();
    this.#listeners.tell(delivery);
    try {
      await pRetry((number) => slot(() => this.#attempt(delivery, body, number)), {
        retries: this.#options.attempts - 1,
        minTimeout: this.#options.retryAfterMs,
        maxTimeout: longestWaitMs,
        maxRetryTime: longestRetryMs,
        signal: this.#closing.signal,
      });
    } catch (error) {
      if (error instanceof Unexpected) delivery.state = "failed";
      else if (error instanceof Dropped) delivery.state = "dropped";
      else throw error;
      delivery.note = error.message;
      this.#listeners.tell(delivery);
    }
  }

  async #attempt(delivery: Open, body: string, number: number): Promise<void> {
    this.#closing.signal.throwIfAborted();
    // As it is now: what was changed in the meantime is meant for the next attempt, too.
    const receiver = this.#store.findReceiver(delivery.receiver.id);
    if (!receiver) throw dropped("The receiver was deleted.");
    delivery.receiver = shown(receiver);
    if (!receiver.active) throw dropped("The receiver is inactive now.");
    const url = new URL(receiver.webhookUri);
    if (!this.#mayLeaveFor(url)) throw dropped(notSent([url.host]));

    const at = new Date().toISOString();
    const started = performance.now();
    const message = {
      headers: this.#store.listHeaders(receiver.id),
      ownHeaders: {
        "Content-Type": receiver.contentType,
        "x-ion-signature": signatureOf(body, receiver.sharedSecret),
      },
      body,
    };
    const answer = await this.#poster.post(url, message, this.#closing.signal);
    const reason =
      answer.status === null
        ? answer.reason
        : answer.status === receiver.expectedResponseCode
          ? null
          : `${receiver.expectedResponseCode} was expected`;
    const milliseconds = performance.now() - started;
    delivery.attempts.push({ number, at, status: answer.status, headers: answer.headers, reason, milliseconds });
    if (reason === null) delivery.state = "delivered";
    this.#listeners.tell(delivery);
    if (reason !== null) throw new Unexpected(`Given up: attempt ${number} was the last one.`);
  }
}

function whyNone(pair: string, silent: boolean, subscribed: boolean): string {
  if (silent) return `ION makes no event of ${pair}.`;
  return subscribed ? "Every receiver that is subscribed to it is inactive." : `Nobody is subscribed to ${pair}.`;
}

function shown({ id, name, webhookUri }: Receiver): Delivery["receiver"] {
  return { id, name, host: new URL(webhookUri).host };
}

function dropped(note: string): AbortError {
  return new AbortError(new Dropped(note));
}

function notSent(hosts: readonly string[]): string {
  return `Not sent to ${hosts.join(", ")}: without --deliver-anywhere (delivery.anywhere), nothing leaves this machine.`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
