import { describe, expect, it } from "vitest";
import type { Emulator, Fault } from "../../emulator/index.ts";
import { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { PartialStateError, type Warnings } from "../../provider/src/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/src/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/src/lifecycle/webhookSubscription.ts";
import { leaksIn } from "../support/leaks.ts";
import { connectionTo, ionOn, start } from "../support/support.ts";

/** The secrets in inputs, in ION and in settings, before and after an update. */
const SECRETS = {
  "the URL": "https://user:canary-pass@hooks.example/canary/url-1?key=a%20b",
  "the URL's path": "/canary/url-1?key=a%20b",
  "the shared secret": 'canary shared "2" /é🙂 and long enough to be cut in the middle of it, as Python does it',
  "the header": "canary-header-3\\x",
  "the next URL": "https://hooks.example/canary-next-url-4",
  "the next shared secret": "canary-next-shared-5",
  "the next header": "canary-next-header-6",
  "the header added in ION": "canary-added-7",
  "the client secret": "canary-client-8",
} as const;

const DECLARED = {
  name: "erp",
  webhookUri: SECRETS["the URL"],
  sharedSecret: SECRETS["the shared secret"],
  headers: { "X-Key": SECRETS["the header"] },
};
const NEXT = {
  name: "erp",
  webhookUri: SECRETS["the next URL"],
  sharedSecret: SECRETS["the next shared secret"],
  headers: { "X-Key": SECRETS["the next header"], "X-New": SECRETS["the next header"] },
};
const SUBSCRIPTION = { receiverId: "1", resource: "PARTS", action: "CREATE" };

/** An error message in which ION repeats secrets: as they are, escaped, and truncated as Python's GraphQL library does. */
const repeating = (...names: (keyof typeof SECRETS)[]) =>
  names
    .map((name) => SECRETS[name])
    .flatMap((secret) => [secret, JSON.stringify(secret), encodeURIComponent(secret), truncated(secret)])
    .join(" Key (x)=(");
const truncated = (secret: string) => (secret.length < 40 ? "" : `'${secret.slice(0, 20)}...${secret.slice(-20)}'`);

const always = { times: Number.POSITIVE_INFINITY };
const storedSecrets = repeating("the URL", "the URL's path", "the shared secret", "the header");
const sentSecrets = repeating("the URL", "the header", "the next URL", "the next shared secret");

const FAULTS: Readonly<Record<string, Fault | undefined>> = {
  "no fault": undefined,
  "stored secrets repeated by a query": {
    kind: "partial",
    on: { type: "query" },
    message: storedSecrets,
    ...always,
  },
  "stored secrets repeated by a mutation": {
    kind: "partial",
    on: { type: "mutation" },
    message: storedSecrets,
    ...always,
  },
  "sent secrets repeated by a create": {
    kind: "unique-constraint",
    on: { field: "createWebhookReceiver" },
    message: sentSecrets,
  },
  "sent secrets repeated by an update": {
    kind: "partial",
    on: { field: "updateWebhookReceiver" },
    message: sentSecrets,
  },
  "a header value repeated": {
    kind: "partial",
    on: { field: "createWebhookHeader" },
    message: repeating("the next header"),
  },
  "a stale etag": { kind: "stale-etag", on: { type: "mutation" }, ...always },
  "a connection lost before each request": { kind: "drop-before", ...always },
  "a connection lost after each request": { kind: "drop-after", ...always },
  "a response to a mutation lost": { kind: "drop-after", on: { type: "mutation" } },
  "502": { kind: "bad-gateway-after", ...always },
  "429": { kind: "rate-limit", retryAfter: 0, ...always },
  "401": { kind: "expired-token", ...always },
  "HTML instead of JSON": { kind: "html", done: true, ...always },
  "no response": { kind: "hang", ...always },
  "no token": { kind: "bad-gateway-before", on: { kind: "token" }, ...always },
};

type State = Parameters<typeof webhookReceiver.read>[2];
/** Returns what a user sees besides errors and API warnings. */
type Operation = (ion: WebhookApi, emulator: Emulator, state: State) => Promise<readonly string[]>;

const warningsOf = async (...results: readonly Promise<Warnings>[]) =>
  (await Promise.all(results)).flatMap(({ warnings = [] }) => warnings);

/** Operations on receiver 1, which is as declared at the start. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "creates a receiver": (ion) => warningsOf(webhookReceiver.create(ion, { ...NEXT, name: "new" })),
  "imports a receiver": (ion) => warningsOf(webhookReceiver.create(ion, { ...NEXT, importId: "1" })),
  "finds the URL under another name": (ion) => warningsOf(webhookReceiver.create(ion, { ...DECLARED, name: "other" })),
  "finds the URL twice": (ion, { store }) => {
    store.createReceiver({ name: "duplicate", webhookUri: SECRETS["the URL"] });
    ion.invalidate();
    return warningsOf(webhookReceiver.create(ion, DECLARED));
  },
  "reads a receiver that drifted": async (ion, { store }, state) => {
    const [webhookUri, sharedSecret] = [SECRETS["the next URL"], SECRETS["the next shared secret"]];
    store.updateReceiver("1", { webhookUri, sharedSecret });
    store.createHeader({ receiverId: "1", key: "X-Added", value: SECRETS["the header added in ION"] });
    store.createReceiver({ name: "duplicate", webhookUri });
    ion.invalidate();
    const { found, warnings = [] } = await webhookReceiver.read(ion, "1", state);
    return [...warnings, ...(found?.state.driftedSecrets ?? [])];
  },
  "updates every field": (ion, _emulator, state) => warningsOf(webhookReceiver.update(ion, "1", state, NEXT)),
  "updates headers": (ion, _emulator, state) => {
    const headers = { "X-New": SECRETS["the next header"] };
    return warningsOf(webhookReceiver.update(ion, "1", state, { ...DECLARED, headers }));
  },
  "updates a deleted receiver": (ion, { store }, state) => {
    store.deleteReceiver("1");
    return warningsOf(webhookReceiver.update(ion, "1", state, NEXT));
  },
  "deletes a receiver": async (ion, _emulator, state) => {
    await webhookReceiver.delete(ion, "1", state, false);
    return [];
  },
  "creates and deletes a subscription": async (ion) => {
    const { id, state, warnings = [] } = await webhookSubscription.create(ion, SUBSCRIPTION);
    const read = await warningsOf(webhookSubscription.read(ion, id, state));
    await webhookSubscription.delete(ion, id, state, false);
    return [...warnings, ...read];
  },
  "deletes unmanaged subscriptions": async (ion) => {
    const inputs = { receiverId: "1", unmanaged: "delete", declared: [], maxDeletions: 9 } as const;
    const { id, state, warnings = [] } = await unmanagedSubscriptions.create(ion, inputs);
    const read = await warningsOf(unmanagedSubscriptions.read(ion, id, state));
    return [...warnings, ...read, ...(await warningsOf(unmanagedSubscriptions.update(ion, id, state, inputs)))];
  },
};

/** All text of an error: message, stack, reasons and every other property. Pulumi encrypts the state of a PartialStateError. */
function textOf(error: unknown): string {
  if (error instanceof PartialStateError) return [error.message, error.stack, ...error.reasons].join("\n");
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [String(error), ...own, error.cause === undefined ? "" : textOf(error.cause)].join("\n");
}

/** Runs an operation with a fault in every request after ION's first response. Returns all that a user or a log may see. */
async function outputOf(run: Operation, fault?: Fault): Promise<{ output: string; tokens: string[] }> {
  const emulator = await start({ clientSecret: SECRETS["the client secret"] });
  const { headers, ...fields } = DECLARED;
  const { id } = emulator.store.createReceiver(fields);
  emulator.store.createHeader({ receiverId: id, key: "X-Key", value: headers["X-Key"] });
  emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "CREATE" });
  const lines: string[] = [];
  const tokens: string[] = [];
  const isHanging = fault?.kind === "hang";
  // The deadline is also the timeout of a single request.
  const ion = new WebhookApi(isHanging ? { ...connectionTo(emulator), deadlineMs: 60 } : connectionTo(emulator), {
    warn: (message) => lines.push(message),
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const token = /"access_token":"([^"]+)"/.exec(await response.clone().text())?.[1];
      if (token) tokens.push(token);
      return response;
    },
    retry: { firstWaitMs: 1, ...(!isHanging && { deadlineMs: 100 }) },
  });
  const { state } = await webhookReceiver.create(ionOn(emulator), DECLARED);
  if (!isHanging) await ion.receivers();
  if (fault) emulator.faults.add(fault);
  if (fault?.on?.kind === "token") emulator.revokeTokens();
  lines.push(...(await run(ion, emulator, state).catch((error: unknown) => [textOf(error)])));
  // The emulator's log must not contain secrets either.
  return {
    output: `${lines.join("\n")}\n${JSON.stringify([emulator.requests, emulator.faults.list().length])}`,
    tokens,
  };
}

describe.each(Object.entries(FAULTS))("with %s", (_what, fault) => {
  it.each(Object.entries(OPERATIONS))("no output contains a secret when a user %s", async (_operation, run) => {
    const { output, tokens } = await outputOf(run, fault);
    const whole = SECRETS["the shared secret"];
    const parts = { "a secret's start": whole.slice(0, 20), "a secret's end": whole.slice(-20) };
    const tokensByName = Object.fromEntries(tokens.map((token, at) => [`token ${at}`, token]));
    expect(leaksIn(output, { ...SECRETS, ...parts, ...tokensByName })).toEqual([]);
  });
});

it.each([
  ["stored secrets repeated by a query", "reads a receiver that drifted"],
  ["stored secrets repeated by a mutation", "deletes a receiver"],
  ["sent secrets repeated by a create", "creates a receiver"],
  ["sent secrets repeated by an update", "updates every field"],
  ["a header value repeated", "updates headers"],
])("with %s, the error has [secret] in place of values when a user %s", async (fault, operation) => {
  const run = OPERATIONS[operation];
  if (!run) throw new Error("There is no such operation.");
  expect((await outputOf(run, FAULTS[fault])).output).toContain("[secret]");
});

it.each([
  ["reads a receiver that drifted", ["have the same URL", "webhookUri", "sharedSecret", "header X-Added was added"]],
  ["deletes unmanaged subscriptions", ["has subscriptions that are not in your program", "Deleted subscriptions"]],
])("without a fault, the output explains what happened when a user %s", async (operation, expected) => {
  const run = OPERATIONS[operation];
  if (!run) throw new Error("There is no such operation.");
  const { output } = await outputOf(run);
  for (const part of expected) expect(output).toContain(part);
});
