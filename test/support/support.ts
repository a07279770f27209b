import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/index.ts";
import type { ConnectionSettings } from "../../provider/src/ion/connectionSettings.ts";
import { IonError } from "../../provider/src/ion/errors.ts";
import { WebhookApi, type WebhookApiOptions } from "../../provider/src/ion/webhookApi.ts";

export type Fetch = typeof globalThis.fetch;

/** Starts an emulator on a free port, and closes it at the end of the test. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** Starts an HTTP server on a free port, and closes it at the end of the test. Returns its origin. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const connectionTo = ({ graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator): ConnectionSettings => ({
  endpoint: graphqlUrl,
  authUrl: tokenUrl,
  clientId,
  clientSecret,
});

/** The stack config of a connection to an emulator. */
export const configOf = ({ graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator, namespace = "ion") => ({
  [`${namespace}:endpoint`]: graphqlUrl,
  [`${namespace}:authUrl`]: tokenUrl,
  [`${namespace}:clientId`]: clientId,
  [`${namespace}:clientSecret`]: clientSecret,
});

/** Retries without long waits. */
const QUICK = { deadlineMs: 60_000, firstWaitMs: 1 };

/** A WebhookApi on an emulator, with empty caches like a new process. */
export const ionOn = (emulator: Emulator, options: WebhookApiOptions = {}) =>
  new WebhookApi(connectionTo(emulator), { retry: QUICK, ...options });

/** A GraphQL request that is being sent. */
export interface Sent {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly mutation: boolean;
  /** Its number among the mutations or among the queries, starting at 1. */
  readonly number: number;
}

/** A fetch that passes every GraphQL request to `handle`, which may send it. Token requests are sent unchanged. */
export function intercept(handle: (sent: Sent, pass: () => Promise<Response>) => Promise<Response>): Fetch {
  const counts = { mutation: 0, query: 0 };
  return (input, init) => {
    const pass = () => fetch(input, init);
    const body = String(init?.body ?? "");
    if (!body.startsWith("{")) return pass();
    const { query, variables } = JSON.parse(body) as Pick<Sent, "query" | "variables">;
    const mutation = query.startsWith("mutation");
    counts[mutation ? "mutation" : "query"] += 1;
    return handle({ query, variables, mutation, number: counts[mutation ? "mutation" : "query"] }, pass);
  };
}

/** The error of Node's fetch when the server drops the connection. */
export const connectionReset = () =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });

/** Changes the body of a response. */
export async function rewrite(pending: Promise<Response>, change: (body: string) => string): Promise<Response> {
  const response = await pending;
  const { status, headers } = response;
  return new Response(change(await response.text()), { status, headers });
}

/** Replaces every secret in a response with eight asterisks. */
export const mask = (response: Promise<Response>) =>
  rewrite(response, (body) => body.replace(/"(webhookUri|sharedSecret|value)":"[^"]*"/g, '"$1":"********"'));

/** A fetch that masks secrets, as if ION never returned them. */
export const masking = () => intercept((_sent, pass) => mask(pass()));

/** Reverses all lists in a response. */
export const reversed = (response: Promise<Response>) =>
  rewrite(response, (body) =>
    JSON.stringify(JSON.parse(body, (_key, value: unknown) => (Array.isArray(value) ? value.toReversed() : value))),
  );

/** ION's inferred schema. */
export const SDL = readFileSync(new URL("../../emulator/graphql/schema.graphql", import.meta.url), "utf8");

/** A shape of ION's schema from test/schemas, by its name. */
export const schemaOf = (name: string) => readFileSync(new URL(`../schemas/${name}.graphql`, import.meta.url), "utf8");

/** The mutations that the emulator received: a list of field names for each request. */
export const mutationsIn = ({ requests }: Emulator) =>
  requests
    .filter(({ operation }) => operation?.type === "mutation")
    .map(({ fields }) => fields.map(({ field }) => field));

/** The number of token requests or queries that the emulator received. */
export const countOf = ({ requests }: Emulator, type: "token" | "query") =>
  requests.filter(({ kind, operation }) => (type === "token" ? kind === type : operation?.type === type)).length;

/** The IonError that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<IonError> {
  const outcome: unknown = await promise.then(
    () => new Error("The promise did not reject."),
    (error: unknown) => error,
  );
  if (outcome instanceof IonError) return outcome;
  throw outcome;
}

/** A text without the port of an emulator, which differs from run to run. */
export const withoutPort = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, "<host>");

/** A promise that the test resolves. */
export const gate = () => Promise.withResolvers<void>();

/** A marker in test secrets. No output may contain it. */
export const CANARY = "canary-7f3a";
