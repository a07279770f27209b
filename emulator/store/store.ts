import { randomBytes } from "node:crypto";
import { Listeners } from "../listeners.ts";
import { StoreError, validate } from "./validation.ts";

/** A registered endpoint that ION posts events to. */
export interface Receiver {
  readonly id: string;
  /** Changes whenever the receiver changes, or gains or loses a header. */
  readonly _etag: string;
  readonly name: string;
  readonly description: string | null;
  readonly webhookUri: string;
  readonly contentType: string;
  readonly expectedResponseCode: number;
  readonly active: boolean;
  readonly sharedSecret: string;
  /** The ids of the headers it sends along, in the order they were added. */
  readonly headerIds: readonly string[];
}

/** An HTTP header that ION sends along with each delivery to the receivers that have it. */
export interface Header {
  readonly id: string;
  readonly _etag: string;
  readonly key: string;
  readonly value: string;
}

/** One pair of resource and action that a receiver is told about. */
export interface Subscription {
  readonly id: string;
  readonly _etag: string;
  /** A value of `ResourceEnum`. */
  readonly resource: string;
  /** CREATE, UPDATE or DELETE. */
  readonly action: string;
  readonly receiverId: string;
}

/** What a receiver is made of; null and undefined both ask for the default. */
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
  /** @default a generated one */
  readonly sharedSecret?: string | null | undefined;
}

/** What a header is made of. */
export interface HeaderInput {
  readonly key: string;
  readonly value: string;
  /** The receiver that gets the header at once. @default none */
  readonly receiverId?: string | null | undefined;
}

/** What a subscription is made of. */
export interface SubscriptionInput {
  readonly resource: string;
  readonly action: string;
  readonly receiverId: string;
}

/** What changes of an object; a property that is left out or undefined stays as it is. */
export type Changes<Item> = {
  readonly [Property in Exclude<keyof Item, "id" | "_etag" | "headerIds">]?: Item[Property] | undefined;
};

/** One change of one object: what it was and what it is, undefined where it was not, or is not, there. */
export interface StoreChange {
  readonly before: Receiver | Header | Subscription | undefined;
  readonly after: Receiver | Header | Subscription | undefined;
  /** Whether it was made behind the API's back. */
  readonly byHand: boolean;
}

/** All that a store knows, as plain data. */
export interface StoreState {
  /** The last id given out, by type: ids are never given out twice. */
  readonly lastIds: { readonly receiver: number; readonly header: number; readonly subscription: number };
  readonly receivers: readonly Receiver[];
  readonly headers: readonly Header[];
  readonly subscriptions: readonly Subscription[];
}

/**
 * The state of an ION environment's webhooks, and the rules that hold for it.
 *
 * Every write that names an etag is refused when the object has another one by now; a write that names none always
 * goes through, as if it had been made by hand in ION. Every object handed out is a snapshot.
 */
export class Store {
  /** Grows with every change. */
  revision = 0;
  readonly #listeners = new Listeners<StoreChange>();
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

  /** Calls `listener` with every change, just after it; returns what stops that. */
  watch(listener: (change: StoreChange) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Runs what the API was asked for; changes outside of it count as made by hand. */
  asApi<Result>(run: () => Result): Result {
    this.#byHand = false;
    try {
      return run();
    } finally {
      this.#byHand = true;
    }
  }

  /** The whole state, as it is now. */
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
    const id = String(++this.#lastIds.receiver);
    return this.#put(this.#receivers, { id, _etag: newEtag(), ...properties, headerIds: [] });
  }

  /** @throws {StoreError} if there is no such receiver, its etag is another one, or a value breaks a rule. */
  updateReceiver(id: string, changes: Changes<Receiver>, etag?: string): Receiver {
    const current = expect(this.#receivers, "WebhookReceiver", id, etag);
    return this.#change(this.#receivers, current, pick(changes, receiverProperties));
  }

  /**
   * Ends the receiver, its subscriptions, and those of its headers that no other receiver has.
   * @throws {StoreError} if there is no such receiver, or its etag is another one.
   */
  deleteReceiver(id: string, etag?: string): void {
    const receiver = expect(this.#receivers, "WebhookReceiver", id, etag);
    this.#remove(this.#receivers, id);
    for (const subscription of this.listSubscriptions(id)) this.#remove(this.#subscriptions, subscription.id);
    const stillUsed = new Set(this.listReceivers().flatMap((other) => other.headerIds));
    for (const headerId of receiver.headerIds) {
      if (!stillUsed.has(headerId)) this.#remove(this.#headers, headerId);
    }
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

  /** @throws {StoreError} if a value breaks a rule, or there is no such receiver. */
  createHeader(input: HeaderInput): Header {
    const { key, value, receiverId } = input;
    validate({ key, value });
    if (receiverId != null) expect(this.#receivers, "WebhookReceiver", receiverId);
    const id = String(++this.#lastIds.header);
    const header = this.#put(this.#headers, { id, _etag: newEtag(), key, value });
    if (receiverId != null) this.addHeader(receiverId, id);
    return header;
  }

  /** @throws {StoreError} if there is no such header, its etag is another one, or a value breaks a rule. */
  updateHeader(id: string, changes: Changes<Header>, etag?: string): Header {
    const current = expect(this.#headers, "WebhookHeader", id, etag);
    return this.#change(this.#headers, current, pick(changes, headerProperties));
  }

  /**
   * Ends the header, on every receiver that has it.
   * @throws {StoreError} if there is no such header, or its etag is another one.
   */
  deleteHeader(id: string, etag?: string): void {
    expect(this.#headers, "WebhookHeader", id, etag);
    for (const receiver of this.listReceivers()) {
      if (receiver.headerIds.includes(id)) this.removeHeader(receiver.id, id);
    }
    this.#remove(this.#headers, id);
  }

  /** @throws {StoreError} if there is no such receiver or header, or the receiver has it already. */
  addHeader(receiverId: string, headerId: string): Receiver {
    const receiver = expect(this.#receivers, "WebhookReceiver", receiverId);
    expect(this.#headers, "WebhookHeader", headerId);
    if (receiver.headerIds.includes(headerId)) {
      throw new StoreError(`WebhookReceiver ${receiverId} has WebhookHeader ${headerId} already.`);
    }
    return this.#change(this.#receivers, receiver, { headerIds: [...receiver.headerIds, headerId] });
  }

  /**
   * Takes the header off the receiver; the header itself stays.
   * @throws {StoreError} if there is no such receiver, or it does not have the header.
   */
  removeHeader(receiverId: string, headerId: string): Receiver {
    const receiver = expect(this.#receivers, "WebhookReceiver", receiverId);
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
   * Makes a subscription, also where a twin of it exists.
   * @throws {StoreError} if there is no such receiver.
   */
  createSubscription(input: SubscriptionInput): Subscription {
    const { resource, action, receiverId } = input;
    expect(this.#receivers, "WebhookReceiver", receiverId);
    const id = String(++this.#lastIds.subscription);
    return this.#put(this.#subscriptions, { id, _etag: newEtag(), resource, action, receiverId });
  }

  /** @throws {StoreError} if there is no such subscription or receiver, its etag is another one, or a value is null. */
  updateSubscription(id: string, changes: Changes<Subscription>, etag?: string): Subscription {
    const current = expect(this.#subscriptions, "WebhookSubscription", id, etag);
    const picked = pick(changes, subscriptionProperties);
    if (picked.receiverId !== undefined) expect(this.#receivers, "WebhookReceiver", picked.receiverId);
    return this.#change(this.#subscriptions, current, picked);
  }

  /** @throws {StoreError} if there is no such subscription, or its etag is another one. */
  deleteSubscription(id: string, etag?: string): void {
    expect(this.#subscriptions, "WebhookSubscription", id, etag);
    this.#remove(this.#subscriptions, id);
  }

  #put<Item extends Receiver | Header | Subscription>(items: Map<string, Item>, item: Item): Item {
    this.revision++;
    const before = items.get(item.id);
    items.set(item.id, Object.freeze(item));
    this.#listeners.tell({ before, after: item, byHand: this.#byHand });
    return item;
  }

  #change<Item extends Receiver | Header | Subscription>(
    items: Map<string, Item>,
    current: Item,
    changes: Partial<Item>,
  ): Item {
    validate(changes);
    return this.#put(items, { ...current, ...changes, _etag: newEtag() });
  }

  #remove<Item extends Receiver | Header | Subscription>(items: Map<string, Item>, id: string): void {
    this.revision++;
    const before = items.get(id);
    items.delete(id);
    this.#listeners.tell({ before, after: undefined, byHand: this.#byHand });
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

function newEtag(): string {
  return randomBytes(12).toString("hex");
}

/** Only what is given of the properties named: GraphQL hands on the id and the etag, too. */
function pick<Item>(changes: Changes<Item>, properties: readonly (keyof Changes<Item>)[]): Partial<Item> {
  const given = properties.filter((property) => changes[property] !== undefined);
  return Object.fromEntries(given.map((property) => [property, changes[property]])) as Partial<Item>;
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

/** The refusal of an id that is not there. */
export function notFound(type: string, id: string): StoreError {
  return new StoreError(`${type} with id ${JSON.stringify(id)} not found.`);
}
