import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/index.ts";
import type { ConnectionSettings } from "../../provider/ion/connectionSettings.ts";
import { IonError } from "../../provider/ion/errors.ts";
import { WebhookApi, type WebhookApiOptions } from "../../provider/ion/webhookApi.ts";

export type Fetch = typeof globalThis.fetch;

/** An emulator on a free port, closed when the test ends. */
export async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  onTestFinished(() => emulator.close());
  return emulator;
}

/** A plain HTTP server on a free port, closed when the test ends; returns its origin. */
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

/** Stack config that names an emulator, in a connection's namespace. */
export const configOf = ({ graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator, namespace = "ion") => ({
  [`${namespace}:endpoint`]: graphqlUrl,
  [`${namespace}:authUrl`]: tokenUrl,
  [`${namespace}:clientId`]: clientId,
  [`${namespace}:clientSecret`]: clientSecret,
});

/** Waits short enough for a test. */
const QUICK = { deadlineMs: 60_000, firstWaitMs: 1 };

/** A fresh process's view of the emulator's ION. */
export const ionOn = (emulator: Emulator, options: WebhookApiOptions = {}) =>
  new WebhookApi(connectionTo(emulator), { retry: QUICK, ...options });

/** A GraphQL request on its way. */
export interface Sent {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly mutation: boolean;
  /** Which one of its kind, mutation or query, from 1 on. */
  readonly number: number;
}

/** A fetch that hands every GraphQL request to `handle`, which may pass it on; tokens go through. */
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

/** What Node's fetch throws where the other side drops the connection. */
export const connectionReset = () =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });

/** Rewrites a JSON answer. */
export async function rewrite(answer: Promise<Response>, change: (text: string) => string): Promise<Response> {
  const { status, headers } = await answer;
  return new Response(change(await (await answer).text()), { status, headers });
}

/** An answer in which no secret is shown: every one is eight stars. */
export const mask = (answer: Promise<Response>) =>
  rewrite(answer, (text) => text.replace(/"(webhookUri|sharedSecret|value)":"[^"]*"/g, '"$1":"********"'));

/** A fetch under which ION shows no secret. */
export const masking = () => intercept((_sent, pass) => mask(pass()));

/** An answer whose lists are the other way round. */
export const reversed = (answer: Promise<Response>) =>
  rewrite(answer, (text) =>
    JSON.stringify(JSON.parse(text, (_key, value: unknown) => (Array.isArray(value) ? value.toReversed() : value))),
  );

/** ION's schema as it is inferred. */
export const SDL = readFileSync(new URL("../../emulator/graphql/schema.graphql", import.meta.url), "utf8");

/** The mutations that reached the emulator: the names of the fields, one list a request. */
export const mutationsIn = ({ requests }: Emulator) =>
  requests
    .filter(({ operation }) => operation?.type === "mutation")
    .map(({ fields }) => fields.map(({ field }) => field));

/** How often something reached the emulator. */
export const countOf = ({ requests }: Emulator, what: "token" | "query") =>
  requests.filter(({ kind, operation }) => (what === "token" ? kind === what : operation?.type === what)).length;

/** The IonError that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<IonError> {
  const outcome: unknown = await promise.then(
    () => new Error("It did not fail."),
    (error: unknown) => error,
  );
  if (outcome instanceof IonError) return outcome;
  throw outcome;
}

/** A promise to be settled by hand. */
export const gate = () => Promise.withResolvers<void>();

/** Lines that no message may hold any of. */
export const CANARY = "canary-7f3a";
