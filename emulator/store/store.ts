import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { StoreError, validate } from "./validation.ts";

/** An endpoint that ION posts events to. */
export interface Receiver {
  readonly id: string;
  /** Changes when the receiver changes, or when a header is added to it or removed from it. */
  readonly _etag: string;
  readonly name: string;
  readonly description: string | null;
  readonly webhookUri: string;
  readonly contentType: string;
  readonly expectedResponseCode: number;
  readonly active: boolean;
  readonly sharedSecret: string;
  /** The ids of the headers that ION sends to it, in the order in which they were added. */
  readonly headerIds: readonly string[];
}

/** An HTTP header that ION sends with each delivery to the receivers that have it. */
export interface Header {
  readonly id: string;
  readonly _etag: string;
  readonly key: string;
  readonly value: string;
}

/** One event (a resource and an action) that a receiver is notified of. */
export interface Subscription {
  readonly id: string;
  readonly _etag: string;
  /** A value of `ResourceEnum`. */
  readonly resource: string;
  /** CREATE, UPDATE or DELETE. */
  readonly action: string;
  readonly receiverId: string;
}

/** An object of the webhook configuration. */
export type Item = Receiver | Header | Subscription;

/** The type of an object of the webhook configuration. */
export type ItemType = "receiver" | "header" | "subscription";

/** The properties of a new receiver. Both null and undefined select the default. */
export interface ReceiverInput {
  readonly name: string;
  readonly webhookUri: string;
  /** @default null */
  readonly description?: string | null | undefined;
  /** @default "application/json" */
  readonly contentType?: string | null | undefined;
  /** @default 200 */
  readonly expectedResponseCode?: number | null | undefined;
  /** @default true */
  readonly active?: boolean | null | undefined;
  /** @default a generated secret */
  readonly sharedSecret?: string | null | undefined;
  /** Its headers, which are created with it. @default none */
  readonly headers?: readonly HeaderInput[] | null | undefined;
}

/** The properties of a new header. */
export interface HeaderInput {
  readonly key: string;
  readonly value: string;
  /** The receiver to add the header to. @default none */
  readonly receiverId?: string | null | undefined;
}

/** The properties of a new subscription. */
export interface SubscriptionInput {
  readonly resource: string;
  readonly action: string;
  readonly receiverId: string;
}

/** The properties to change. A property that is omitted or undefined keeps its value. */
export type Changes<Item> = {
  readonly [Property in Exclude<keyof Item, "id" | "_etag" | "headerIds">]?: Item[Property] | undefined;
};

/** A change of one object. `before` is undefined if it was created, `after` if it was deleted. */
export interface StoreChange {
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  /** Whether the change was made outside the API. */
  readonly byHand: boolean;
}

/** The content of a store as plain data. */
export interface StoreState {
  /** The last id of each type. Ids are never used twice. */
  readonly lastIds: { readonly receiver: number; readonly header: number; readonly subscription: number };
  readonly receivers: readonly Receiver[];
  readonly headers: readonly Header[];
  readonly subscriptions: readonly Subscription[];
}

/**
 * The webhook configuration of an ION environment, with ION's rules.
 *
 * A write with an etag is refused if the object has another etag. A write without an etag always succeeds, like a
 * change by hand in ION. Returned objects are immutable snapshots.
 */
export class Store {
  /**
   * Whether headers are objects of their own: deleting a receiver keeps them, and a header that a receiver has cannot be
   * deleted.
   * @default false
   */
  standaloneHeaders = false;
  /** Increases with every change. */
  revision = 0;
  readonly #events = new EventEmitter<{ change: [StoreChange] }>().setMaxListeners(0);
  #byHand = true;
  #lastIds: { receiver: number; header: number; subscription: number };
  #receivers: Map<string, Receiver>;
  #headers: Map<string, Header>;
  #subscriptions: Map<string, Subscription>;

  constructor(state?: StoreState) {
    this.#lastIds = { receiver: 0, header: 0, subscription: 0, ...state?.lastIds };
    this.#receivers = new Map(state?.receivers.map((receiver) => [receiver.id, receiver]));
    this.#headers = new Map(state?.headers.map((header) => [header.id, header]));
    this.#subscriptions = new Map(state?.subscriptions.map((subscription) => [subscription.id, subscription]));
  }

  /**
   * Calls `listener` after every change.
   * @returns a function that removes the listener.
   */
  watch(listener: (change: StoreChange) => void): () => void {
    this.#events.on("change", listener);
    return () => void this.#events.off("change", listener);
  }

  /** Runs an API request. All changes outside of `asApi` count as manual. */
  asApi<Result>(run: () => Result): Result {
    this.#byHand = false;
    try {
      return run();
    } finally {
      this.#byHand = true;
    }
  }

  /** The current content. */
  state(): StoreState {
    return {
      lastIds: { ...this.#lastIds },
      receivers: this.listReceivers(),
      headers: this.listHeaders(),
      subscriptions: this.listSubscriptions(),
    };
  }

  /** All receivers, oldest first. */
  listReceivers(): Receiver[] {
    return [...this.#receivers.values()];
  }

  /** The receiver with this id, or undefined. */
  findReceiver(id: string): Receiver | undefined {
    return this.#receivers.get(id);
  }

  /** @throws {StoreError} if a value breaks a rule. */
  createReceiver(input: ReceiverInput): Receiver {
    const properties = {
      name: input.name,
      webhookUri: input.webhookUri,
      description: input.description ?? null,
      contentType: input.contentType ?? "application/json",
      expectedResponseCode: input.expectedResponseCode ?? 200,
      active: input.active ?? true,
      sharedSecret: input.sharedSecret ?? randomBytes(24).toString("base64url"),
    };
    validate(properties);
    validateHeaders(input.headers);
    const id = String(++this.#lastIds.receiver);
    const receiver = this.#put(this.#receivers, { id, _etag: newEtag(), ...properties, headerIds: [] });
    return input.headers ? this.#replaceHeaders(receiver, input.headers) : receiver;
  }

  /**
   * With `headers`, the receiver has these headers and no other.
   * @throws {StoreError} if the receiver does not exist, its etag differs, or a value breaks a rule.
   */
  updateReceiver(
    id: string,
    changes: Changes<Receiver> & { readonly headers?: ReceiverInput["headers"] },
    etag?: string,
  ): Receiver {
    const current = expect(this.#receivers, "WebhookReceiver", id, etag);
    validateHeaders(changes.headers);
    const receiver = this.#change(this.#receivers, current, pick(changes, receiverProperties));
    return changes.headers ? this.#replaceHeaders(receiver, changes.headers) : receiver;
  }

  /**
   * Deletes the receiver, its subscriptions, and its headers that no other receiver has, unless headers are standalone.
   * @throws {StoreError} if the receiver does not exist, or its etag differs.
   */
  deleteReceiver(id: string, etag?: string): Receiver {
    const receiver = expect(this.#receivers, "WebhookReceiver", id, etag);
    this.#remove(this.#receivers, id);
    for (const subscription of this.listSubscriptions(id)) this.#remove(this.#subscriptions, subscription.id);
    if (!this.standaloneHeaders) this.#removeUnusedHeaders(receiver.headerIds);
    return receiver;
  }

  /** All headers, oldest first; with `receiverId`, those of that receiver. */
  listHeaders(receiverId?: string): Header[] {
    if (receiverId === undefined) return [...this.#headers.values()];
    const headerIds = this.#receivers.get(receiverId)?.headerIds ?? [];
    return headerIds.flatMap((id) => this.#headers.get(id) ?? []);
  }

  /** The header with this id, or undefined. */
  findHeader(id: string): Header | undefined {
    return this.#headers.get(id);
  }

  /** @throws {StoreError} if a value breaks a rule, or the receiver does not exist. */
  createHeader(input: HeaderInput): Header {
    const { key, value, receiverId } = input;
    validate({ key, value });
    if (receiverId != null) expect(this.#receivers, "WebhookReceiver", receiverId);
    const id = String(++this.#lastIds.header);
    const header = this.#put(this.#headers, { id, _etag: newEtag(), key, value });
    if (receiverId != null) this.addHeader(receiverId, id);
    return header;
  }

  /** @throws {StoreError} if the header does not exist, its etag differs, or a value breaks a rule. */
  updateHeader(id: string, changes: Changes<Header>, etag?: string): Header {
    const current = expect(this.#headers, "WebhookHeader", id, etag);
    return this.#change(this.#headers, current, pick(changes, headerProperties));
  }

  /**
   * Deletes the header and removes it from every receiver.
   * @throws {StoreError} if the header does not exist, its etag differs, or headers are standalone and a receiver has it.
   */
  deleteHeader(id: string, etag?: string): Header {
    const header = expect(this.#headers, "WebhookHeader", id, etag);
    for (const receiver of this.listReceivers()) {
      if (!receiver.headerIds.includes(id)) continue;
      if (this.standaloneHeaders) {
        throw new StoreError(`WebhookHeader ${id} cannot be deleted: WebhookReceiver ${receiver.id} has it.`);
      }
      this.removeHeader(receiver.id, id);
    }
    this.#remove(this.#headers, id);
    return header;
  }

  /**
   * Adds the header to the receiver.
   * @param etag - the receiver's
   * @throws {StoreError} if the receiver or the header does not exist, the etag differs, or the receiver already has the
   *   header.
   */
  addHeader(receiverId: string, headerId: string, etag?: string): Receiver {
    const receiver = expect(this.#receivers, "WebhookReceiver", receiverId, etag);
    expect(this.#headers, "WebhookHeader", headerId);
    if (receiver.headerIds.includes(headerId)) {
      throw new StoreError(`WebhookReceiver ${receiverId} already has WebhookHeader ${headerId}.`);
    }
    return this.#change(this.#receivers, receiver, { headerIds: [...receiver.headerIds, headerId] });
  }

  /**
   * Removes the header from the receiver. The header itself is kept.
   * @param etag - the receiver's
   * @throws {StoreError} if the receiver does not exist, its etag differs, or it does not have the header.
   */
  removeHeader(receiverId: string, headerId: string, etag?: string): Receiver {
    const receiver = expect(this.#receivers, "WebhookReceiver", receiverId, etag);
    if (!receiver.headerIds.includes(headerId)) {
      throw new StoreError(`WebhookReceiver ${receiverId} does not have WebhookHeader ${headerId}.`);
    }
    return this.#change(this.#receivers, receiver, { headerIds: receiver.headerIds.filter((id) => id !== headerId) });
  }

  /** All subscriptions, oldest first; with `receiverId`, those of that receiver. */
  listSubscriptions(receiverId?: string): Subscription[] {
    const all = [...this.#subscriptions.values()];
    return receiverId === undefined ? all : all.filter((subscription) => subscription.receiverId === receiverId);
  }

  /** The subscription with this id, or undefined. */
  findSubscription(id: string): Subscription | undefined {
    return this.#subscriptions.get(id);
  }

  /**
   * Creates a subscription. Like ION, it accepts duplicates.
   * @throws {StoreError} if a value breaks a rule, or the receiver does not exist.
   */
  createSubscription(input: SubscriptionInput): Subscription {
    const { resource, action, receiverId } = input;
    validate({ resource, action, receiverId });
    expect(this.#receivers, "WebhookReceiver", receiverId);
    const id = String(++this.#lastIds.subscription);
    return this.#put(this.#subscriptions, { id, _etag: newEtag(), resource, action, receiverId });
  }

  /** @throws {StoreError} if the subscription or receiver does not exist, its etag differs, or a value is null. */
  updateSubscription(id: string, changes: Changes<Subscription>, etag?: string): Subscription {
    const current = expect(this.#subscriptions, "WebhookSubscription", id, etag);
    const picked = pick(changes, subscriptionProperties);
    if (picked.receiverId !== undefined) expect(this.#receivers, "WebhookReceiver", picked.receiverId);
    return this.#change(this.#subscriptions, current, picked);
  }

  /** @throws {StoreError} if the subscription does not exist, or its etag differs. */
  deleteSubscription(id: string, etag?: string): Subscription {
    const subscription = expect(this.#subscriptions, "WebhookSubscription", id, etag);
    this.#remove(this.#subscriptions, id);
    return subscription;
  }

  #replaceHeaders(receiver: Receiver, headers: readonly HeaderInput[]): Receiver {
    const current = this.listHeaders(receiver.id);
    const headerIds = headers.map((header) => {
      const kept = current.findIndex(({ key, value }) => key === header.key && value === header.value);
      const [same] = kept < 0 ? [] : current.splice(kept, 1);
      return (same ?? this.createHeader({ key: header.key, value: header.value })).id;
    });
    const changed = this.#change(this.#receivers, receiver, { headerIds });
    this.#removeUnusedHeaders(current.map(({ id }) => id));
    return changed;
  }

  #removeUnusedHeaders(ids: readonly string[]): void {
    const used = new Set(this.listReceivers().flatMap(({ headerIds }) => headerIds));
    for (const id of ids) {
      if (!used.has(id)) this.#remove(this.#headers, id);
    }
  }

  #put<Type extends Item>(items: Map<string, Type>, item: Type): Type {
    this.revision++;
    const before = items.get(item.id);
    items.set(item.id, Object.freeze(item));
    this.#events.emit("change", { before, after: item, byHand: this.#byHand });
    return item;
  }

  #change<Type extends Item>(items: Map<string, Type>, current: Type, changes: Partial<Type>): Type {
    validate(changes);
    return this.#put(items, { ...current, ...changes, _etag: newEtag() });
  }

  #remove<Type extends Item>(items: Map<string, Type>, id: string): void {
    this.revision++;
    const before = items.get(id);
    items.delete(id);
    this.#events.emit("change", { before, after: undefined, byHand: this.#byHand });
  }
}

const receiverProperties = [
  "name",
  "webhookUri",
  "description",
  "contentType",
  "expectedResponseCode",
  "active",
  "sharedSecret",
] as const;
const headerProperties = ["key", "value"] as const;
const subscriptionProperties = ["resource", "action", "receiverId"] as const;

/** Checks all headers before any is created. */
function validateHeaders(headers: ReceiverInput["headers"]): void {
  for (const header of headers ?? []) validate({ key: header?.key, value: header?.value });
}

function newEtag(): string {
  return randomBytes(12).toString("hex");
}

/** Drops everything else: GraphQL inputs also contain the id and the etag. */
function pick<Item>(changes: Changes<Item>, properties: readonly (keyof Changes<Item>)[]): Partial<Item> {
  const changed = properties.filter((property) => changes[property] !== undefined);
  return Object.fromEntries(changed.map((property) => [property, changes[property]])) as Partial<Item>;
}

function expect<Item extends { readonly _etag: string }>(
  items: ReadonlyMap<string, Item>,
  type: string,
  id: string,
  etag?: string,
): Item {
  const item = items.get(id);
  if (!item) throw notFound(type, id);
  if (etag !== undefined && etag !== item._etag) {
    throw new StoreError(`${type} ${id} was changed by another writer: etag mismatch. Read it again and retry.`);
  }
  return item;
}

/** The error for an id that does not exist. */
export function notFound(type: string, id: string): StoreError {
  return new StoreError(`${type} with id ${JSON.stringify(id)} not found.`);
}
