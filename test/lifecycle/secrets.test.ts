import { describe, expect, it } from "vitest";
import type { Emulator, Fault } from "../../emulator/index.ts";
import { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { PartialStateError } from "../../provider/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/lifecycle/webhookSubscription.ts";
import { leaksIn } from "../support/leaks.ts";
import { connectionTo, ionOn, start } from "../support/support.ts";

/** What is planted, before and after an update. */
const PLANTED = {
  "the URL": "https://user:canary-pass@hooks.example/canary/url-1?key=a%20b",
  "the URL's path": "/canary/url-1?key=a%20b",
  "the shared secret": 'canary shared "2" /é🙂 and long enough to be cut in the middle of it, as Python does it',
  "the header": "canary-header-3\\x",
  "the next URL": "https://hooks.example/canary-next-url-4",
  "the next shared secret": "canary-next-shared-5",
  "the next header": "canary-next-header-6",
  "the header added outside": "canary-added-7",
  "the client secret": "canary-client-8",
} as const;

const DECLARED = {
  name: "erp",
  webhookUri: PLANTED["the URL"],
  sharedSecret: PLANTED["the shared secret"],
  headers: { "X-Key": PLANTED["the header"] },
};
const NEXT = {
  name: "erp",
  webhookUri: PLANTED["the next URL"],
  sharedSecret: PLANTED["the next shared secret"],
  headers: { "X-Key": PLANTED["the next header"], "X-New": PLANTED["the next header"] },
};
const PAIR = { receiverId: "1", resource: "PARTS", action: "CREATE" };

/** What ION could make of values in an error: whole, escaped, and cut as Python's GraphQL cuts long ones. */
const repeated = (...planted: (keyof typeof PLANTED)[]) =>
  planted
    .map((what) => PLANTED[what])
    .flatMap((secret) => [secret, JSON.stringify(secret), encodeURIComponent(secret), cut(secret)])
    .join(" Key (x)=(");
const cut = (secret: string) => (secret.length < 40 ? "" : `'${secret.slice(0, 20)}...${secret.slice(-20)}'`);

const always = { times: Number.POSITIVE_INFINITY };
const shown = repeated("the URL", "the URL's path", "the shared secret", "the header");
const sent = repeated("the URL", "the header", "the next URL", "the next shared secret");

/** What goes wrong, in whatever is asked of ION. */
const FAULTS: Readonly<Record<string, Fault | undefined>> = {
  "nothing wrong": undefined,
  "what ION showed, repeated by a query": { kind: "partial", on: { type: "query" }, message: shown, ...always },
  "what ION showed, repeated by a write": { kind: "partial", on: { type: "mutation" }, message: shown, ...always },
  "what was sent, repeated by a create": {
    kind: "unique-constraint",
    on: { field: "createWebhookReceiver" },
    message: sent,
  },
  "what was sent, repeated by an update": {
    kind: "partial",
    on: { field: "updateWebhookReceiver" },
    message: sent,
  },
  "a header's value, repeated": {
    kind: "partial",
    on: { field: "createWebhookHeader" },
    message: repeated("the next header"),
  },
  "an etag that is stale": { kind: "stale-etag", on: { type: "mutation" }, ...always },
  "the connection lost before": { kind: "drop-before", ...always },
  "the connection lost after": { kind: "drop-after", ...always },
  "the answer to one write lost": { kind: "drop-after", on: { type: "mutation" } },
  "502": { kind: "bad-gateway-after", ...always },
  "429": { kind: "rate-limit", retryAfter: 0, ...always },
  "401": { kind: "expired-token", ...always },
  "a page instead of an answer": { kind: "html", done: true, ...always },
  "no answer": { kind: "hang", ...always },
  "no token": { kind: "bad-gateway-before", on: { kind: "token" }, ...always },
};

type State = Parameters<typeof webhookReceiver.read>[2];
type Step = (ion: WebhookApi, emulator: Emulator, state: State) => Promise<unknown>;

const receiverState = async (emulator: Emulator) => (await webhookReceiver.create(ionOn(emulator), DECLARED)).state;

/** What is done with a receiver "1" that is as declared, unless it says otherwise. */
const OPERATIONS: Readonly<Record<string, Step>> = {
  "makes a receiver": (ion) => webhookReceiver.create(ion, { ...NEXT, name: "new" }),
  "takes one over": (ion) => webhookReceiver.create(ion, { ...NEXT, importId: "1" }),
  "meets the URL under another name": (ion) => webhookReceiver.create(ion, { ...DECLARED, name: "other" }),
  "meets the URL twice": (ion, { store }) => {
    store.createReceiver({ name: "twin", webhookUri: PLANTED["the URL"] });
    ion.invalidate();
    return webhookReceiver.create(ion, DECLARED);
  },
  "reads what was changed outside": async (ion, { store }, state) => {
    const [webhookUri, sharedSecret] = [PLANTED["the next URL"], PLANTED["the next shared secret"]];
    store.updateReceiver("1", { webhookUri, sharedSecret });
    store.createHeader({ receiverId: "1", key: "X-Added", value: PLANTED["the header added outside"] });
    ion.invalidate();
    const found = await webhookReceiver.read(ion, "1", state);
    for (const words of found?.state.driftedSecrets ?? []) ion.warn(words);
  },
  "updates everything": (ion, _emulator, state) => webhookReceiver.update(ion, "1", state, NEXT),
  "updates headers": (ion, _emulator, state) =>
    webhookReceiver.update(ion, "1", state, { ...DECLARED, headers: { "X-New": PLANTED["the next header"] } }),
  "updates what is gone": (ion, { store }, state) => {
    store.deleteReceiver("1");
    return webhookReceiver.update(ion, "1", state, NEXT);
  },
  "deletes a receiver": (ion, _emulator, state) => webhookReceiver.delete(ion, "1", state, false),
  "subscribes and ends it": async (ion) => {
    const { id, state } = await webhookSubscription.create(ion, PAIR);
    await webhookSubscription.read(ion, id, state);
    await webhookSubscription.delete(ion, id, state, false);
  },
  "ends what nobody declared": async (ion) => {
    const look = { receiverId: "1", unmanaged: "delete", declared: [], maxDeletions: 9 } as const;
    const { id, state } = await unmanagedSubscriptions.create(ion, look);
    await unmanagedSubscriptions.read(ion, id, state);
    await unmanagedSubscriptions.update(ion, id, state, look);
  },
};

/** Every word of what was thrown: message, stack, reasons and whatever else hangs on it, but for the state that is sealed later. */
function wordsOf(error: unknown): string {
  if (error instanceof PartialStateError) return [error.message, error.stack, ...error.reasons].join("\n");
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).map((name) => String(Reflect.get(error, name)));
  return [String(error), ...own, error.cause === undefined ? "" : wordsOf(error.cause)].join("\n");
}

/** Runs an operation on a receiver as declared, with a fault in all that follows ION's first answer; returns all that was said. */
async function wordsWith(fault: Fault | undefined, run: Step): Promise<{ said: string; tokens: string[] }> {
  const emulator = await start({ clientSecret: PLANTED["the client secret"] });
  const { headers, ...fields } = DECLARED;
  const { id } = emulator.store.createReceiver(fields);
  emulator.store.createHeader({ receiverId: id, key: "X-Key", value: headers["X-Key"] });
  emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "CREATE" });
  const said: string[] = [];
  const tokens: string[] = [];
  const hangs = fault?.kind === "hang";
  // With stack config's ion:deadline, which one request keeps to, too.
  const ion = new WebhookApi(hangs ? { ...connectionTo(emulator), deadlineMs: 60 } : connectionTo(emulator), {
    warn: (words) => said.push(words),
    fetch: async (input, init) => {
      const answer = await fetch(input, init);
      const token = /"access_token":"([^"]+)"/.exec(await answer.clone().text())?.[1];
      if (token) tokens.push(token);
      return answer;
    },
    retry: { firstWaitMs: 1, ...(!hangs && { deadlineMs: 100 }) },
  });
  const state = await receiverState(emulator);
  if (!hangs) await ion.receivers();
  if (fault) emulator.faults.add(fault);
  if (fault?.on?.kind === "token") emulator.revokeTokens();
  await run(ion, emulator, state).catch((error: unknown) => said.push(wordsOf(error)));
  // The emulator's own log is something that people keep, too.
  return { said: `${said.join("\n")}\n${JSON.stringify([emulator.requests, emulator.faults.list().length])}`, tokens };
}

describe.each(Object.entries(FAULTS))("with %s, no secret is in what is said where one", (_what, fault) => {
  it.each(Object.entries(OPERATIONS))("%s", async (_operation, run) => {
    const { said, tokens } = await wordsWith(fault, run);
    const whole = PLANTED["the shared secret"];
    const parts = { "a secret's beginning": whole.slice(0, 20), "a secret's end": whole.slice(-20) };
    const secrets = { ...PLANTED, ...parts, ...Object.fromEntries(tokens.map((token, at) => [`token ${at}`, token])) };
    expect(leaksIn(said, secrets)).toEqual([]);
  });
});

it.each([
  ["what ION showed, repeated by a query", "reads what was changed outside"],
  ["what ION showed, repeated by a write", "deletes a receiver"],
  ["what was sent, repeated by a create", "makes a receiver"],
  ["what was sent, repeated by an update", "updates everything"],
  ["a header's value, repeated", "updates headers"],
])("with %s, one who %s is told so, with [secret] in place of values", async (fault, operation) => {
  const run = OPERATIONS[operation];
  if (!run) throw new Error("There is no such operation.");
  expect((await wordsWith(FAULTS[fault], run)).said).toContain("[secret]");
});
