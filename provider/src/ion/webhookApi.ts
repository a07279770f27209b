import { applyChange, type Change, type ResultOf } from "../model/changes.ts";
import type { Receiver, Receivers } from "../model/webhooks.ts";
import { type ConnectionSettings, environmentOf } from "./connectionSettings.ts";
import { IonError, isIonError } from "./errors.ts";
import { HeaderChanges } from "./headers.ts";
import { IonClient } from "./http/client.ts";
import { RETRY_DEFAULTS, type RetryOptions, withRetry } from "./http/retry.ts";
import { REQUEST_TIMEOUT_MS, safeFetch, transport } from "./http/transport.ts";
import { MutationBatcher } from "./mutationBatcher.ts";
import { declaredSecrets, secretsIn } from "./operations/objects.ts";
import { SUBSCRIPTION_ENUMS, subscriptionEnumsAnswer } from "./operations/queries.ts";
import { ReceiverCache } from "./receiverCache.ts";
import { ReceiverReader } from "./receiverReader.ts";
import { USUAL_SHAPES } from "./schema/shapes.ts";

/** What tests set; a user's run takes the defaults. */
export interface WebhookApiOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
  readonly retry?: Partial<RetryOptions>;
  /** Milliseconds for one request. @default 35000 */
  readonly timeoutMs?: number;
  /** Gets warnings about ION's schema. @default ignored */
  readonly warn?: (message: string) => void;
}

/** The names that ION's schema accepts for a subscription. */
export interface SubscriptionNames {
  readonly resource: readonly string[];
  readonly action: readonly string[];
}

/**
 * ION's webhooks: what exists, and single changes to it. Reads share one snapshot, changes are sent together. It decides
 * nothing: what should exist is up to the lifecycle. Every method throws an IonError and nothing else.
 */
export class WebhookApi {
  /** The ION environment, for resources to record. */
  readonly environment: string;
  readonly #formerEnvironment: string | undefined;
  readonly #client: IonClient;
  readonly #receivers: ReceiverCache;
  readonly #batcher: MutationBatcher;
  readonly #headers: HeaderChanges;
  readonly #retry: RetryOptions;
  #names: Promise<SubscriptionNames> | undefined;

  constructor(settings: ConnectionSettings, options: WebhookApiOptions = {}) {
    const now = options.now ?? Date.now;
    // One request may not take longer than all attempts together.
    const timeoutMs = Math.min(REQUEST_TIMEOUT_MS, settings.deadlineMs ?? REQUEST_TIMEOUT_MS);
    const send = transport(options.fetch ?? safeFetch, options.timeoutMs ?? timeoutMs);
    this.environment = environmentOf(settings.endpoint);
    this.#formerEnvironment = settings.formerEndpoint && environmentOf(settings.formerEndpoint);
    const { deadlineMs = RETRY_DEFAULTS.deadlineMs } = settings;
    this.#retry = { ...RETRY_DEFAULTS, deadlineMs, ...options.retry };
    const warn = options.warn ?? (() => {});
    this.#client = new IonClient(settings, send, now, warn);
    this.#receivers = new ReceiverCache(new ReceiverReader(this.#client, this.#retry), now, warn);
    this.#batcher = new MutationBatcher(this.#client, this.#receivers, this.#retry);
    const { schema } = this.#client;
    this.#headers = new HeaderChanges({
      send: (change) => this.#send(change),
      shape: () => schema.known.headers,
      readShape: async () => (await schema.read()).headers,
      known: (id) => this.receiversWith(id),
      read: (id) => this.reread(id),
    });
  }

  /** Whether an environment that a resource recorded is this one, under its current or its former name. */
  isEnvironment(environment: string): boolean {
    return environment === this.environment || environment === this.#formerEnvironment;
  }

  /** All receivers with their subscriptions and headers. @throws IonError also if there is no list that the key can read */
  receivers(): Promise<Receivers> {
    return this.#receivers.all();
  }

  /** All receivers, or at least this one if there is no list that the key can read. */
  receiversWith(id: string): Promise<{ readonly receivers: Receivers; readonly isComplete: boolean }> {
    return this.#receivers.atLeast([id]);
  }

  /** One receiver as the snapshot has it. */
  async knownReceiver(id: string): Promise<Receiver | undefined> {
    return (await this.receiversWith(id)).receivers.get(id);
  }

  /** One receiver. If it is not known, ION is read again. */
  async receiver(id: string): Promise<Receiver | undefined> {
    return (await this.knownReceiver(id)) ?? this.reread(id);
  }

  /** One receiver as ION has it now. */
  async reread(id: string): Promise<Receiver | undefined> {
    this.invalidate();
    return this.knownReceiver(id);
  }

  /** Whether ION's schema shows that a header belongs to one receiver, and so is deleted with it. */
  get headersBelongToReceivers(): boolean {
    const shapes = this.#client.schema.known;
    return shapes !== USUAL_SHAPES && shapes.headers !== "attached";
  }

  /** Keeps the secrets in inputs or state out of all messages: ION may repeat them before it has shown them. */
  hideSecretsIn(fields: Readonly<Record<string, unknown>>): void {
    this.#client.hide(declaredSecrets(fields));
  }

  /** Makes the next read ask ION again. */
  invalidate(): void {
    this.#receivers.invalidate();
  }

  /** Keeps the current batch of changes open for a moment: the engine is still processing resources. */
  keepBatchOpen(): void {
    this.#batcher.keepOpen();
  }

  /** Applies one change, and adds its effect to what is known. */
  async apply<Of extends Change>(change: Of): Promise<ResultOf<Of>> {
    return (await this.#headers.apply(change)) as ResultOf<Of>;
  }

  async #send<Of extends Change>(change: Of): Promise<ResultOf<Of>> {
    const before = change.kind === "createReceiver" ? await this.#receiverIds() : new Set<string>();
    const result = await this.#batcher.run(change, before);
    if (change.kind === "createReceiver" || change.kind === "updateReceiver") {
      this.#client.hide(secretsIn(result as Receiver));
    }
    if (change.kind === "createReceiver") this.#receivers.add(result as Receiver);
    else this.#receivers.edit((receivers) => applyChange(receivers, change, result));
    return result;
  }

  /** The names that ION accepts, from its live schema; read once. */
  subscriptionNames(): Promise<SubscriptionNames> {
    this.#names ??= withRetry("query", () => this.#readNames(), this.#retry);
    return this.#names;
  }

  /** The ids of all receivers; none if ION's schema has no list. */
  async #receiverIds(): Promise<ReadonlySet<string>> {
    try {
      return new Set((await this.receivers()).keys());
    } catch (error) {
      if (isIonError(error) && error.kind === "unsupported") return new Set();
      throw error;
    }
  }

  async #readNames(): Promise<SubscriptionNames> {
    const answer = await this.#client.execute(() => ({ document: SUBSCRIPTION_ENUMS }));
    const parsed = subscriptionEnumsAnswer.safeParse(answer.data);
    const names = (field: string) => {
      const type = parsed.data?.__type.inputFields.find(({ name }) => name === field)?.type;
      return (type?.enumValues ?? type?.ofType?.enumValues ?? []).map(({ name }) => name);
    };
    const shapes = parsed.success ? undefined : await this.#client.schema.read();
    const { resource, action } = shapes?.eventNames() ?? { resource: names("resource"), action: names("action") };
    if (resource.length === 0 || action.length === 0) {
      throw new IonError(
        "unexpectedAnswer",
        "ION's schema does not list the resources and actions of webhook subscriptions.",
      );
    }
    return { resource, action };
  }
}
