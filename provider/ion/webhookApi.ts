import { differing } from "../model/difference.ts";
import { sameUrl } from "../model/url.ts";
import { type ConnectionSettings, environmentOf } from "./connectionSettings.ts";
import { escapeControlCharacters, IonError, isIonError } from "./errors.ts";
import { IonClient } from "./http/client.ts";
import { RETRY_DEFAULTS, type RetryOptions, withRetry } from "./http/retry.ts";
import { REQUEST_TIMEOUT_MS, transport } from "./http/transport.ts";
import { Writes } from "./mutationBatcher.ts";
import type { Header, Receiver, ReceiverInput, Subscription } from "./operations.ts";
import * as operations from "./operations.ts";
import { namesInInput } from "./schema/schemaAdapter.ts";
import { type Receivers, Snapshot } from "./snapshot.ts";

/** What tests set; a user's run takes the defaults. */
export interface WebhookApiOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
  readonly retry?: Partial<RetryOptions>;
  /** Milliseconds for one request. @default 35000 */
  readonly timeoutMs?: number;
  /** Where words for the person at the terminal go that are no error. @default nowhere */
  readonly warn?: (words: string) => void;
}

/** The names that ION's schema accepts for a subscription's resource and action today. */
export interface SubscriptionNames {
  readonly resource: readonly string[];
  readonly action: readonly string[];
}

/**
 * ION's webhooks: what there is, and each single change to it. Reads share one snapshot, writes leave together.
 * Every method throws an IonError and nothing else. It decides nothing: what should be is the resources' matter.
 */
export class WebhookApi {
  /** The place that this ION lives at, for resources to remember. */
  readonly environment: string;
  readonly #formerPlace: string | undefined;
  readonly #tell: (words: string) => void;
  readonly #told = new Set<string>();
  readonly #client: IonClient;
  readonly #snapshot: Snapshot;
  readonly #writes: Writes;
  readonly #retry: RetryOptions;
  #names: Promise<SubscriptionNames> | undefined;

  constructor(connection: ConnectionSettings, options: WebhookApiOptions = {}) {
    const now = options.now ?? Date.now;
    // One request has no longer than all tries together.
    const timeoutMs = Math.min(REQUEST_TIMEOUT_MS, connection.deadlineMs ?? REQUEST_TIMEOUT_MS);
    const send = transport(options.fetch ?? globalThis.fetch, options.timeoutMs ?? timeoutMs);
    this.environment = environmentOf(connection.endpoint, connection.name);
    this.#formerPlace = connection.formerEndpoint && environmentOf(connection.formerEndpoint, connection.name);
    this.#tell = options.warn ?? (() => {});
    const { deadlineMs = RETRY_DEFAULTS.deadlineMs } = connection;
    this.#retry = { ...RETRY_DEFAULTS, deadlineMs, ...options.retry };
    this.#client = new IonClient(connection, send, now, (words) => this.warn(words));
    this.#snapshot = new Snapshot(this.#client, this.#retry, now);
    this.#writes = new Writes(this.#client, this.#snapshot, this.#retry);
  }

  /** Whether a place that a resource remembers is this ION, under this name or its former one. */
  isEnvironment(place: string): boolean {
    return place === this.environment || place === this.#formerPlace;
  }

  /** Says something to the person at the terminal, once. Never a secret. */
  warn(words: string): void {
    if (!this.#told.has(words)) this.#tell(escapeControlCharacters(words));
    this.#told.add(words);
  }

  /** All receivers, with their subscriptions and headers. */
  receivers(): Promise<Receivers> {
    return this.#snapshot.get();
  }

  /**
   * What `look` finds; undefined, after saying why and `without`, where this ION's schema has no way to show it. Whatever
   * else keeps a look from being taken is thrown: only a schema that lacks the name lets a create go on without.
   */
  async ifReadable<T>(without: string, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!isIonError(error) || error.kind !== "unsupported") throw error;
      this.warn(`${error.message} ${without}`);
      return undefined;
    }
  }

  /** One receiver, looked for once more where an earlier look did not show it. */
  async receiver(id: string): Promise<Receiver | undefined> {
    const known = (await this.receivers()).get(id);
    if (known) return known;
    this.invalidate();
    return (await this.receivers()).get(id);
  }

  /** Makes the next look read ION again. */
  invalidate(): void {
    this.#snapshot.invalidate();
  }

  /** Says that more is on its way: what waits to be sent goes on waiting for company, for a moment. */
  stir(): void {
    this.#writes.stir();
  }

  /** The names that ION accepts, off its live schema; read once. */
  subscriptionNames(): Promise<SubscriptionNames> {
    this.#names ??= withRetry("query", () => this.#readNames(), this.#retry);
    return this.#names;
  }

  /** Makes a receiver. Only what `value` holds is sent. */
  async createReceiver(value: Partial<ReceiverInput>): Promise<Receiver> {
    const without = `The webhook receiver "${value.name}" is made without a look whether ION has it already.`;
    const before = new Set((await this.ifReadable(without, () => this.receivers()))?.keys());
    const made = await this.#writes.run({
      mutation: operations.createWebhookReceiver(value),
      about: `create the webhook receiver "${value.name}"`,
      landed: (now) => {
        const twin = [...now.values()].find(
          ({ id, name, webhookUri = value.webhookUri }) =>
            !before.has(id) && name === value.name && sameUrl(webhookUri, value.webhookUri),
        );
        return twin && { answer: twin };
      },
    });
    return this.#received(made);
  }

  /** Sets fields of a receiver. Only what `changes` holds is sent. */
  async updateReceiver(receiver: Receiver, changes: Partial<ReceiverInput>): Promise<Receiver> {
    const made = await this.#writes.run({
      mutation: operations.updateWebhookReceiver(receiver.id, etagOf(receiver), changes),
      about: `update ${Object.keys(changes).join(", ")} of the webhook receiver "${receiver.name}" (id ${receiver.id})`,
      landed: (now) => {
        const live = now.get(receiver.id);
        // Of what ION masks it cannot be told, so it is set again.
        const masked = (["webhookUri", "sharedSecret"] as const).some(
          (key) => key in changes && live?.[key] === undefined,
        );
        return live && !masked && differing(changes, live).length === 0 ? { answer: live } : undefined;
      },
    });
    return this.#received(made);
  }

  #received(made: Receiver): Receiver {
    this.#client.hide(operations.secretsIn(made));
    this.#snapshot.apply((receivers) => receivers.set(made.id, made));
    return made;
  }

  /** Deletes a receiver, and with it its subscriptions. */
  async deleteReceiver(receiver: Receiver): Promise<void> {
    await this.#writes.run({
      mutation: operations.deleteWebhookReceiver(receiver.id, etagOf(receiver)),
      about: `delete the webhook receiver "${receiver.name}" (id ${receiver.id})`,
      landed: (now) => (now.has(receiver.id) ? undefined : { answer: undefined }),
    });
    this.#snapshot.apply((receivers) => receivers.delete(receiver.id));
  }

  /** Subscribes a receiver to one action on one resource. */
  async createSubscription(receiverId: string, resource: string, action: string): Promise<Subscription> {
    const made = await this.#writes.run({
      mutation: operations.createWebhookSubscription({ resource, action, receiverId }),
      about: `subscribe receiver ${receiverId} to ${resource} ${action}`,
      landed: (now) => {
        const twin = now
          .get(receiverId)
          ?.subscriptions.find((found) => found.resource === resource && found.action === action);
        return twin && { answer: twin };
      },
    });
    const subscription = { ...made, resource, action };
    this.#snapshot.apply((receivers) => {
      const receiver = receivers.get(receiverId);
      if (receiver) {
        const others = receiver.subscriptions.filter(({ id }) => id !== made.id);
        receivers.set(receiverId, { ...receiver, subscriptions: [...others, subscription] });
      }
    });
    return subscription;
  }

  /** Ends a subscription. */
  async deleteSubscription(receiverId: string, subscription: Subscription): Promise<void> {
    const { id, resource, action } = subscription;
    await this.#writes.run({
      mutation: operations.deleteWebhookSubscription(id, etagOf(subscription)),
      about: `end the subscription of receiver ${receiverId} to ${resource} ${action} (id ${id})`,
      landed: (now) => {
        const there = now.get(receiverId)?.subscriptions.some((found) => found.id === id);
        return there ? undefined : { answer: undefined };
      },
    });
    this.#snapshot.apply((receivers) => {
      const receiver = receivers.get(receiverId);
      if (receiver) {
        const subscriptions = receiver.subscriptions.filter((found) => found.id !== id);
        receivers.set(receiverId, { ...receiver, subscriptions });
      }
    });
  }

  /** Gives a receiver one more header. */
  async createHeader(receiver: Receiver, key: string, value: string): Promise<void> {
    const made = await this.#writes.run({
      mutation: operations.createWebhookHeader({ receiverId: receiver.id, key, value }),
      about: `add the header ${key} to the webhook receiver "${receiver.name}" (id ${receiver.id})`,
      landed: (now) => headerIn(now, receiver.id, (found) => found.key === key && (found.value ?? value) === value),
    });
    // A look or a read that was under way may have put it in already.
    this.#setHeaders(receiver.id, (headers) => [...headers.filter(({ id }) => id !== made.id), made]);
  }

  /** Sets a header's value. */
  async updateHeader(receiver: Receiver, header: Header, value: string): Promise<void> {
    const made = await this.#writes.run({
      mutation: operations.updateWebhookHeader(header.id, etagOf(header), value),
      about: `change the header ${header.key} of the webhook receiver "${receiver.name}" (id ${receiver.id})`,
      landed: (now) => headerIn(now, receiver.id, (found) => found.id === header.id && found.value === value),
    });
    this.#setHeaders(receiver.id, (headers) => headers.map((found) => (found.id === header.id ? made : found)));
  }

  /** Takes a header off a receiver. */
  async deleteHeader(receiver: Receiver, header: Header): Promise<void> {
    await this.#writes.run({
      mutation: operations.deleteWebhookHeader(header.id, etagOf(header)),
      about: `remove the header ${header.key} from the webhook receiver "${receiver.name}" (id ${receiver.id})`,
      landed: (now) =>
        headerIn(now, receiver.id, (found) => found.id === header.id) ? undefined : { answer: undefined },
    });
    this.#setHeaders(receiver.id, (headers) => headers.filter((found) => found.id !== header.id));
  }

  #setHeaders(receiverId: string, change: (headers: Header[]) => Header[]) {
    this.#snapshot.apply((receivers) => {
      const receiver = receivers.get(receiverId);
      if (receiver) receivers.set(receiverId, { ...receiver, headers: change(receiver.headers) });
    });
  }

  async #readNames(): Promise<SubscriptionNames> {
    const answer = await this.#client.execute({ document: operations.SUBSCRIPTION_ENUMS });
    const parsed = operations.subscriptionEnumsAnswer.safeParse(answer.data);
    const names = (field: string) => {
      const type = parsed.data?.__type.inputFields.find((found) => found.name === field)?.type;
      return (type?.enumValues ?? type?.ofType?.enumValues ?? []).map((value) => value.name);
    };
    let found: SubscriptionNames = { resource: names("resource"), action: names("action") };
    const schema = parsed.success ? undefined : await this.#client.schema.read();
    if (schema) {
      const { resource = [], action = [] } = namesInInput(schema, operations.CREATE_SUBSCRIPTION);
      found = { resource, action };
    }
    if (found.resource.length === 0 || found.action.length === 0) {
      throw new IonError("unexpectedAnswer", "ION's schema does not show what a webhook subscription may name.");
    }
    return found;
  }
}

/** The etag last read; ION sends one with every object. */
const etagOf = (object: { readonly _etag?: string | null | undefined }) => object._etag ?? undefined;

function headerIn(now: Receivers, receiverId: string, is: (header: Header) => boolean) {
  const header = now.get(receiverId)?.headers.find(is);
  return header && { answer: header };
}
