import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { GraphQLSchema } from "graphql";
import { Deliveries } from "./deliveries/deliveries.ts";
import type { Delivery, DeliveryOptions, Emission, EmitOptions } from "./deliveries/delivery.ts";
import { Faults } from "./faults/faults.ts";
import type { Fault } from "./faults/kinds.ts";
import { createGraphQLHandler } from "./graphql/handler.ts";
import { buildSchema, type Settings } from "./graphql/resolvers.ts";
import { checkEnumValue, eventsOf, readShape } from "./graphql/schema.ts";
import { type Authorization, Tokens } from "./http/auth.ts";
import { isLoopback } from "./http/loopback.ts";
import type { LoggedRequest } from "./http/requestLog.ts";
import { Page } from "./page/page.ts";
import { createHttpServer, type TokenPath } from "./server.ts";
import { DataFile } from "./store/dataFile.ts";
import { Store } from "./store/store.ts";

/** Options of an emulator. */
export interface EmulatorOptions {
  /**
   * The address to listen on. If it is not a loopback address, `clientSecret` is required, Host is not checked, GraphiQL
   * gets no token, and there is no web page.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /** The port to listen on; 0 selects a free port. @default 0 */
  readonly port?: number;
  /** A file that keeps the state across restarts; created if it does not exist. @default none: in memory only */
  readonly dataFile?: string;
  /** @default "emulator" */
  readonly clientId?: string;
  /** @default "emulator-secret" */
  readonly clientSecret?: string;
  /** Lifetime of a token in seconds. @default 300 */
  readonly tokenLifetimeSeconds?: number;
  /**
   * Where the token endpoint is: at `/realms/…`, at `/auth/realms/…`, or at both. The other path answers 404 with an HTML
   * page.
   * @default "both"
   */
  readonly tokenPath?: TokenPath;
  /**
   * What the `Authorization` header must be: `Bearer <token>`, or with "bare" the token alone. Everything else is answered
   * with 401.
   * @default "bearer"
   */
  readonly authorization?: Authorization;
  /** Maximum number of objects in a page. It caps `first` and `last`. @default 100 */
  readonly pageCap?: number;
  /** Milliseconds by which every HTTP response is delayed, including tokens. @default 0 */
  readonly latencyMs?: number;
  /** Milliseconds that each mutation field takes. The fields of a document run one after another. @default 0 */
  readonly mutationLatencyMs?: number;
  /** Faults that are active from the start. @default none */
  readonly faults?: readonly Fault[];
  /**
   * The SDL of the webhook part of ION's schema. The emulator serves what it declares, with the same behavior.
   * @default the shape of Violet's guide, with inferred names
   */
  readonly schema?: string;
  /**
   * Names to leave out of the schema, to simulate an ION environment whose names differ from the inferred ones: a root
   * field (`webhookReceivers`), a field, input field or enum value (`WebhookReceiver._etag`), an argument
   * (`webhookReceivers.filters`) or a type (`CreateWebhookSubscriptionInput`, which is renamed).
   * @default none
   */
  readonly hide?: readonly string[];
  /** How events are delivered. */
  readonly delivery?: DeliveryOptions;
  /** The clock for the expiry of tokens, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Called with each request just before the response. */
  readonly onRequest?: (request: LoggedRequest) => void;
  /** Called when a delivery starts, after each attempt, and when it is dropped or fails. */
  readonly onDelivery?: (delivery: Delivery) => void;
}

/** A running emulator. */
export interface Emulator {
  /** The origin, for example `http://127.0.0.1:8787`. On loopback also the address of the web page. */
  readonly url: string;
  readonly graphqlUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The webhook configuration. Changes here bypass the API, like changes by hand in ION. */
  readonly store: Store;
  /** Settings that can be changed while the emulator runs. */
  readonly settings: Settings;
  /** Simulated failures. */
  readonly faults: FaultControl;
  /** The newest 10,000 requests, oldest first. Set its length to 0 to clear it. */
  readonly requests: LoggedRequest[];
  /**
   * The newest 10,000 started deliveries, oldest first. The objects are updated with each attempt. Set the length of the
   * array to 0 to clear it.
   */
  readonly deliveries: Delivery[];
  /** Number of deliveries that are waiting, including those that have not started. */
  readonly pendingDeliveries: number;
  /**
   * Simulates changes of objects in ION, for example `emit("PARTS", "UPDATE")`. Returns at once; the deliveries follow.
   * @throws {StoreError} if ION has no such resource or action, `count` is not a whole number of at least 1, or 100,000
   *   emissions are waiting for delivery.
   */
  emit(resource: string, action: string, options?: EmitOptions): Emission;
  /**
   * Calls `listener` when a delivery starts, after each attempt, and when it is dropped or fails. It must not throw.
   * @returns a function that removes the listener.
   */
  onDelivery(listener: (delivery: Delivery) => void): () => void;
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>;
  /** Revokes every token issued so far. */
  revokeTokens(): void;
  /** Changes the secret of the API key and revokes every token issued so far. */
  rotateKey(clientSecret: string): void;
  /** Stops the emulator at once: closes all connections, drops pending deliveries and saves the data file. */
  close(): Promise<void>;
}

/** Adds, removes and lists simulated failures. */
export type FaultControl = Pick<Faults, "add" | "remove" | "clear" | "list">;

const MAX_REQUESTS = 10_000;
const DEFAULT_SECRET = "emulator-secret";

/**
 * Starts a local ION.
 * @throws {DataFileError} if the data file cannot be used.
 * @throws {TypeError} if a fault, the schema, a name to hide or a number in `delivery` is invalid, or if other machines can
 *   reach it with the default secret.
 * @throws {NodeJS.ErrnoException} if it cannot listen, for example EADDRINUSE.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = "127.0.0.1", port = 0, clientId = "emulator", clientSecret = DEFAULT_SECRET } = options;
  const loopback = isLoopback(host);
  if (!loopback && clientSecret === DEFAULT_SECRET) {
    throw new TypeError(
      `other machines can reach ${host}, and the default API key is public. Set another one: ION_EMULATOR_CLIENT_SECRET or ` +
        "--client-secret (clientSecret).",
    );
  }
  const dataFile = options.dataFile === undefined ? undefined : new DataFile(options.dataFile);
  const store = dataFile?.store ?? new Store();
  const settings: Settings = {
    latencyMs: options.latencyMs ?? 0,
    mutationLatencyMs: options.mutationLatencyMs ?? 0,
    pageCap: options.pageCap ?? 100,
    deniedPermissions: new Set(),
  };
  const closing = new AbortController();
  const wait = async (ms: number) => {
    closing.signal.throwIfAborted();
    if (ms > 0) await sleep(ms, undefined, { signal: closing.signal });
  };
  const requests: LoggedRequest[] = [];
  const tokens = new Tokens(options.now ?? Date.now, options.authorization ?? "bearer");
  const apiKey = { clientId, clientSecret };
  const tokenPath = options.tokenPath ?? "both";

  const shape = readShape(options.schema, options.hide ?? []);
  const events = eventsOf(shape);
  store.standaloneHeaders = shape.takes("createWebhookHeader", "receiver") === false;
  const deliveries = new Deliveries(store, options.delivery ?? {});
  if (options.onDelivery) deliveries.onDelivery(options.onDelivery);
  const schema = buildSchema(shape, store, settings, wait, deliveries);
  const faults = new Faults(store, tokens, rootFields(schema));
  for (const fault of options.faults ?? []) faults.add(fault);

  const emit: Emulator["emit"] = (resource, action, emitOptions) => {
    checkEnumValue(schema, events.resourceType, resource);
    checkEnumValue(schema, events.actionType, action);
    return deliveries.emit(resource, action, emitOptions);
  };
  const persist = () => dataFile?.save();
  const page = new Page({
    store,
    faults,
    deliveries,
    emit,
    apiKey,
    defaultSecret: DEFAULT_SECRET,
    resources: events.resources,
    guideResources: events.guideResources,
    actions: events.actions,
    loopback,
    persist,
  });
  const server = createHttpServer({
    graphql: createGraphQLHandler(schema),
    page,
    tokens,
    apiKey,
    tokenPath,
    faults,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 300,
    loopback,
    persist,
    delay: (moreMs) => wait(settings.latencyMs + moreMs),
    log: (request) => {
      if (requests.push(request) > MAX_REQUESTS) requests.shift();
      page.logRequest(request);
      options.onRequest?.(request);
    },
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");

  const url = `http://${connectableHost(host)}:${address.port}`;
  return {
    url,
    graphqlUrl: `${url}/graphql`,
    tokenUrl: `${url}${tokenPath === "both" ? "/realms" : tokenPath}/api-keys/protocol/openid-connect/token`,
    clientId,
    clientSecret,
    store,
    settings,
    faults,
    requests,
    deliveries: deliveries.newest,
    get pendingDeliveries() {
      return deliveries.pending;
    },
    emit,
    onDelivery: (listener) => deliveries.onDelivery(listener),
    settled: () => deliveries.settled(),
    revokeTokens: () => tokens.revokeAll(),
    rotateKey: (secret) => {
      apiKey.clientSecret = secret;
      tokens.revokeAll();
    },
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      await deliveries.close();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      dataFile?.save();
    },
  };
}

function rootFields(schema: GraphQLSchema): Set<string> {
  return new Set(
    [schema.getQueryType(), schema.getMutationType()].flatMap((type) => Object.keys(type?.getFields() ?? {})),
  );
}

function connectableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
