import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { GraphQLSchema } from "graphql";
import {
  Deliveries,
  type Delivery,
  type DeliveryOptions,
  type Emission,
  type EmitOptions,
} from "./deliveries/deliveries.ts";
import { type Fault, Faults } from "./faults/faults.ts";
import { createGraphQL } from "./graphql/handler.ts";
import { buildSchema, type Settings } from "./graphql/resolvers.ts";
import { checkEnumValue, enumValues, shownName } from "./graphql/schema.ts";
import { Tokens } from "./http/auth.ts";
import { isLoopback } from "./http/loopback.ts";
import type { LoggedRequest } from "./http/requestLog.ts";
import { Page } from "./page/page.ts";
import { createHttpServer } from "./server.ts";
import { DataFile } from "./store/dataFile.ts";
import { Store } from "./store/store.ts";

/** How an emulator is set up. */
export interface EmulatorOptions {
  /**
   * The address to listen on. Beyond loopback, Host is not checked, GraphiQL gets no token, and there is no page.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /** The port to listen on; 0 picks a free one. @default 0 */
  readonly port?: number;
  /** A file that keeps the state across restarts; it is made if it is not there. @default none, all is in memory */
  readonly dataFile?: string;
  /** @default "emulator" */
  readonly clientId?: string;
  /** @default "emulator-secret" */
  readonly clientSecret?: string;
  /** How long a token is good for, in seconds. @default 300 */
  readonly tokenLifetimeSeconds?: number;
  /** The most objects a page holds, whatever `first` says. @default 100 */
  readonly pageCap?: number;
  /** Milliseconds by which every HTTP answer, tokens too, comes later. @default 0 */
  readonly latencyMs?: number;
  /** Milliseconds that each mutation field takes, one after the other. @default 0 */
  readonly mutationLatencyMs?: number;
  /** What goes wrong from the start. @default nothing */
  readonly faults?: readonly Fault[];
  /**
   * Names that the schema lacks, as an ION would whose names are other than inferred: a root field
   * (`webhookReceivers`), a field, input field or enum value (`WebhookReceiver._etag`), an argument
   * (`webhookReceivers.filters`) or a type (`CreateWebhookSubscriptionInput`, which then has another name).
   * @default none
   */
  readonly hide?: readonly string[];
  /** How events are delivered. */
  readonly delivery?: DeliveryOptions;
  /** The clock that tokens expire by, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Called with each request just before it is answered. */
  readonly onRequest?: (request: LoggedRequest) => void;
  /** Called with each delivery when it is begun, attempted or ended. */
  readonly onDelivery?: (delivery: Delivery) => void;
}

/** A running emulator. */
export interface Emulator {
  /** The origin, such as `http://127.0.0.1:8787`, and on loopback the address of the page. */
  readonly url: string;
  readonly graphqlUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The state, to be read and changed behind the API's back. */
  readonly store: Store;
  /** What may be changed while it runs. */
  readonly settings: Settings;
  /** What goes wrong. */
  readonly faults: FaultControl;
  /** The newest 10,000 requests, oldest first; setting its length to 0 forgets them. */
  readonly requests: LoggedRequest[];
  /**
   * The newest 10,000 deliveries, oldest first; setting its length to 0 forgets them. They are live: attempts are added
   * and states change.
   */
  readonly deliveries: Delivery[];
  /** How many deliveries are neither delivered, failed nor dropped yet, those that are still to be begun included. */
  readonly pendingDeliveries: number;
  /**
   * Commits changes to objects of ION, such as `emit("PARTS", "UPDATE")`. It returns at once, the deliveries follow.
   * @throws {StoreError} if ION has no such resource or action, `count` is not a whole number from 1 on, or 100,000
   * emissions are waiting for their receivers already.
   */
  emit(resource: string, action: string, options?: EmitOptions): Emission;
  /**
   * Calls `listener` with each delivery when it is begun, attempted or ended; it must not throw.
   * @returns what stops that.
   */
  onDelivery(listener: (delivery: Delivery) => void): () => void;
  /** Resolves when no delivery is pending. */
  settled(): Promise<void>;
  /** Makes every token given out so far worthless. */
  revokeTokens(): void;
  /** Gives the API key another secret, as a new key in ION would have, and makes the tokens of the old one worthless. */
  rotateKey(clientSecret: string): void;
  /** Ends every connection at once, drops what waits for delivery, saves the state where there is a data file, and frees the port. */
  close(): Promise<void>;
}

/** Makes an emulator misbehave. */
export type FaultControl = Pick<Faults, "add" | "remove" | "clear" | "list">;

const mostRequests = 10_000;
const openSecret = "emulator-secret";

/**
 * Starts a local ION.
 * @throws {DataFileError} if the data file cannot be used.
 * @throws {TypeError} if a fault is none, a name to hide is not there, or a number of `delivery` cannot be used.
 * @throws {NodeJS.ErrnoException} if it cannot listen, such as EADDRINUSE.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = "127.0.0.1", port = 0, clientId = "emulator", clientSecret = openSecret } = options;
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
  const tokens = new Tokens(options.now ?? Date.now);
  const apiKey = { clientId, clientSecret };

  const { hide = [] } = options;
  const deliveries = new Deliveries(store, options.delivery ?? {});
  if (options.onDelivery) deliveries.onDelivery(options.onDelivery);
  const schema = buildSchema(store, settings, wait, hide, deliveries);
  const faults = new Faults(store, tokens, rootFields(schema));
  for (const fault of options.faults ?? []) faults.add(fault);

  const resourceEnum = shownName("ResourceEnum", hide);
  const actionEnum = shownName("WebhookSubscriptionActionsEnum", hide);
  const emit: Emulator["emit"] = (resource, action, emitOptions) => {
    checkEnumValue(schema, resourceEnum, resource);
    checkEnumValue(schema, actionEnum, action);
    return deliveries.emit(resource, action, emitOptions);
  };
  const settle = () => dataFile?.save();
  const loopback = isLoopback(host);
  const page = new Page({
    store,
    faults,
    deliveries,
    emit,
    apiKey,
    openSecret,
    resources: enumValues(schema, resourceEnum),
    actions: enumValues(schema, actionEnum),
    loopback,
    settle,
  });
  const server = createHttpServer({
    graphql: createGraphQL(schema),
    page,
    tokens,
    apiKey,
    faults,
    tokenLifetimeSeconds: options.tokenLifetimeSeconds ?? 300,
    loopback,
    settle,
    delay: (moreMs) => wait(settings.latencyMs + moreMs),
    log: (request) => {
      if (requests.push(request) > mostRequests) requests.shift();
      page.requested(request);
      options.onRequest?.(request);
    },
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");

  const url = `http://${reachable(host)}:${address.port}`;
  return {
    url,
    graphqlUrl: `${url}/graphql`,
    tokenUrl: `${url}/realms/api-keys/protocol/openid-connect/token`,
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
    revokeTokens: () => tokens.revoke(),
    rotateKey: (secret) => {
      apiKey.clientSecret = secret;
      tokens.revoke();
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

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
