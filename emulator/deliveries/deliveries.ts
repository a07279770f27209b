import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import pRetry, { AbortError } from "p-retry";
import { isLoopback } from "../http/loopback.ts";
import type { Receiver, Store } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { Delivery, DeliveryAttempt, DeliveryOptions, Emission, EmitOptions } from "./delivery.ts";
import { DeliveryQueue, type WithConnection } from "./deliveryQueue.ts";
import { type Change, eventBody, isSilent, signatureOf } from "./event.ts";
import { HttpSender } from "./httpSender.ts";

const MAX_KEPT = 10_000;
const MAX_BODY_KEPT = 1_000;
const MAX_WAIT_MS = 60_000;
const MAX_RETRY_MS = 600_000;

type MutableDelivery = { -readonly [Key in keyof Delivery]: Delivery[Key] } & { readonly attempts: DeliveryAttempt[] };

/** The receiver did not respond with `expectedResponseCode`. */
class FailedAttempt extends Error {}

/** No further attempt makes sense. The message becomes the delivery's note. */
class Dropped extends Error {}

/**
 * Delivers events: one for each change and matching subscription of an active receiver, repeated until the receiver
 * responds with `expectedResponseCode`. Memory is bounded for any number of changes.
 */
export class Deliveries {
  /** The newest 10,000 started deliveries, oldest first. The objects are updated with each attempt. */
  readonly newest: Delivery[] = [];
  /** How many deliveries have started. */
  started = 0;
  readonly #store: Store;
  readonly #options: Required<DeliveryOptions>;
  readonly #sender: HttpSender;
  readonly #queue = new DeliveryQueue();
  readonly #events = new EventEmitter<{ progress: [Delivery] }>().setMaxListeners(0);
  readonly #closing = new AbortController();
  #entities = 0;

  /** @throws {TypeError} if a number is invalid. */
  constructor(store: Store, options: DeliveryOptions) {
    this.#store = store;
    this.#options = { anywhere: false, attempts: 10, retryAfterMs: 1_000, timeoutMs: 10_000, ...options };
    for (const name of ["attempts", "retryAfterMs", "timeoutMs"] as const) {
      if (!isCount(this.#options[name])) throw new TypeError(`delivery.${name} must be a whole number of at least 1.`);
    }
    this.#sender = new HttpSender(this.#options.timeoutMs);
  }

  /** Number of deliveries that are waiting, whether they have started or not. */
  get pending(): number {
    return this.#queue.pending;
  }

  /**
   * Calls `listener` when a delivery starts, after each attempt, and when it is dropped or fails.
   * @returns a function that removes the listener.
   */
  onDelivery(listener: (delivery: Delivery) => void): () => void {
    this.#events.on("progress", listener);
    return () => void this.#events.off("progress", listener);
  }

  /**
   * Simulates changes. Returns at once; the deliveries follow.
   * @throws {StoreError} if `count` is not a whole number of at least 1, or too many deliveries are waiting.
   */
  emit(resource: string, action: string, options: EmitOptions = {}): Emission {
    const { count = 1, entityId, changedFields } = options;
    if (!isCount(count)) throw new StoreError("count must be a whole number of at least 1.");
    const subscribed = this.#store
      .listSubscriptions()
      .filter((subscription) => subscription.resource === resource && subscription.action === action)
      .flatMap((subscription) => {
        const receiver = this.#store.findReceiver(subscription.receiverId);
        return receiver ? [{ subscription, receiver }] : [];
      });
    const matching = subscribed.filter(({ receiver }) => receiver.active && !isSilent(resource, action));
    if (!this.#queue.hasRoomFor(matching.length)) {
      throw new StoreError("Nothing was emitted: too many events are waiting for delivery. Try again later.");
    }

    const at = new Date().toISOString();
    const first = this.#entities + 1;
    this.#entities += count;
    for (const { subscription, receiver } of matching) {
      this.#queue.add(receiver.id, {
        count,
        run: (index, withConnection) => {
          const change = {
            resource,
            action,
            entityId: entityId ?? String(first + index),
            at,
            changedFields: changedFields ?? { _updated: at },
          };
          return this.#deliver(change, subscription.id, receiver, withConnection);
        },
      });
    }
    const note =
      matching.length > 0
        ? this.#restriction(matching.map(({ receiver }) => receiver))
        : whyNoDelivery(`${resource} ${action}`, isSilent(resource, action), subscribed.length > 0);
    const sent = matching.filter(({ receiver }) => this.#isAllowed(new URL(receiver.webhookUri)));
    return { changes: count, deliveries: count * sent.length, note };
  }

  /** Resolves when no delivery is pending. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** Drops all pending deliveries and closes all connections. */
  async close(): Promise<void> {
    this.#closing.abort(new Dropped("The emulator was closed."));
    this.#queue.clear();
    this.#sender.close();
    await this.settled();
  }

  /** Why some of these receivers get no events, or null. */
  #restriction(receivers: readonly Receiver[]): string | null {
    const urls = receivers.map(({ webhookUri }) => new URL(webhookUri)).filter((url) => !this.#isAllowed(url));
    return urls.length === 0 ? null : notSent([...new Set(urls.map(({ host }) => host))]);
  }

  #isAllowed({ hostname }: URL): boolean {
    return this.#options.anywhere || isLoopback(hostname);
  }

  async #deliver(
    change: Change,
    subscriptionId: string,
    receiver: Receiver,
    withConnection: WithConnection,
  ): Promise<void> {
    const id = randomUUID();
    const body = eventBody(id, change);
    const { at, resource, action, entityId } = change;
    const delivery: MutableDelivery = {
      id,
      at,
      resource,
      action,
      entityId,
      subscriptionId,
      receiver: summaryOf(receiver),
      body: body.slice(0, MAX_BODY_KEPT),
      state: "waiting",
      note: null,
      attempts: [],
    };
    this.started++;
    if (this.newest.push(delivery) > MAX_KEPT) this.newest.shift();
    this.#events.emit("progress", delivery);
    try {
      await pRetry((number) => withConnection(() => this.#attempt(delivery, body, number)), {
        retries: this.#options.attempts - 1,
        minTimeout: this.#options.retryAfterMs,
        maxTimeout: MAX_WAIT_MS,
        maxRetryTime: MAX_RETRY_MS,
        signal: this.#closing.signal,
      });
    } catch (error) {
      if (error instanceof FailedAttempt) delivery.state = "failed";
      else if (error instanceof Dropped) delivery.state = "dropped";
      else throw error;
      delivery.note = error.message;
      this.#events.emit("progress", delivery);
    }
  }

  async #attempt(delivery: MutableDelivery, body: string, number: number): Promise<void> {
    this.#closing.signal.throwIfAborted();
    // The current receiver: changes apply to the next attempt.
    const receiver = this.#store.findReceiver(delivery.receiver.id);
    if (!receiver) throw dropped("The receiver was deleted.");
    delivery.receiver = summaryOf(receiver);
    if (!receiver.active) throw dropped("The receiver is inactive.");
    const url = new URL(receiver.webhookUri);
    if (!this.#isAllowed(url)) throw dropped(notSent([url.host]));

    const at = new Date().toISOString();
    const started = performance.now();
    const message = {
      headers: this.#store.listHeaders(receiver.id),
      ionHeaders: {
        "Content-Type": receiver.contentType,
        "x-ion-signature": signatureOf(body, receiver.sharedSecret),
      },
      body,
    };
    const response = await this.#sender.post(url, message, this.#closing.signal);
    const reason =
      response.status === null
        ? response.reason
        : response.status === receiver.expectedResponseCode
          ? null
          : `expected ${receiver.expectedResponseCode}`;
    const milliseconds = performance.now() - started;
    delivery.attempts.push({ number, at, status: response.status, headers: response.headers, reason, milliseconds });
    if (reason === null) delivery.state = "delivered";
    this.#events.emit("progress", delivery);
    if (reason !== null) throw new FailedAttempt(`Given up after attempt ${number}.`);
  }
}

function whyNoDelivery(event: string, silent: boolean, subscribed: boolean): string {
  if (silent) return `ION does not send ${event} events.`;
  return subscribed ? `All receivers subscribed to ${event} are inactive.` : `No receiver is subscribed to ${event}.`;
}

function summaryOf({ id, name, webhookUri }: Receiver): Delivery["receiver"] {
  return { id, name, host: new URL(webhookUri).host };
}

function dropped(note: string): AbortError {
  return new AbortError(new Dropped(note));
}

function notSent(hosts: readonly string[]): string {
  return `Not sent to ${hosts.join(", ")}: only loopback hosts get events. To change this, set --deliver-anywhere (delivery.anywhere).`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
