import { describe, expect, it } from "vitest";
import type { IonError } from "../../provider/src/ion/errors.ts";
import { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { describeChange } from "../../provider/src/model/messages.ts";
import {
  CANARY,
  connectionTo,
  type Fetch,
  failureOf,
  intercept,
  ionOn,
  mutationsIn,
  type Sent,
  start,
} from "../support/support.ts";
import { applyCase, EVERY_CHANGE, knownState, liveState, receiverOf, startWithReceiver, URI } from "./everyChange.ts";

/** Subscribes receiver 1 to the updates of several resources at once. */
const subscribe = (api: WebhookApi, ...resources: readonly string[]) =>
  Promise.allSettled(
    resources.map((resource) =>
      api.apply({ kind: "createSubscription", receiverId: "1", event: { resource, action: "UPDATE" } }),
    ),
  );
const subscribeOnce = async (api: WebhookApi, resource = "RUNS", receiverId = "1") =>
  api.apply({ kind: "createSubscription", receiverId, event: { resource, action: "UPDATE" } });

const statusesOf = (outcomes: readonly PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status);
const errorOf = (outcome: PromiseSettledResult<unknown> | undefined) =>
  (outcome as PromiseRejectedResult | undefined)?.reason as IonError;

/** Replaces the answer to the first mutation. */
const onFirstMutation = (handle: (sent: Sent, pass: () => Promise<Response>) => Promise<Response>): Fetch =>
  intercept((sent, pass) => (sent.mutation && sent.number === 1 ? handle(sent, pass) : pass()));

/** The host and the time of a message differ in every run. */
const stable = ({ message }: IonError) =>
  message
    .replace(/127\.0\.0\.1:\d+/g, "HOST")
    .replace(/in \d+ s\./, "in 1 s.")
    .replace(/Tried [234] times/, "Tried N times");

describe("changes that are requested together", () => {
  it("sends changes of every kind in one request, in order", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator);
    const receiver = await receiverOf(api);
    await Promise.all([
      subscribeOnce(api, "PLANS"),
      api.apply({ kind: "createHeader", receiver, key: "X-Line", value: "3" }),
      api.apply({ kind: "createReceiver", fields: { name: "second", webhookUri: `${URI}2` } }),
      subscribeOnce(api, "STEPS"),
    ]);
    expect(mutationsIn(emulator)).toEqual([
      ["createWebhookSubscription", "createWebhookHeader", "createWebhookSubscription", "createWebhookReceiver"],
    ]);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("gives each change of a batch its own outcome", async () => {
    const emulator = await startWithReceiver();
    emulator.settings.deniedPermissions.add("CreateWebhookHeader");
    const api = ionOn(emulator);
    const receiver = await receiverOf(api);
    const outcomes = await Promise.allSettled([
      subscribeOnce(api, "PLANS"),
      subscribeOnce(api, "RUNS", "99"),
      api.apply({ kind: "createHeader", receiver, key: "X-Line", value: CANARY }),
      api.apply({
        kind: "updateReceiver",
        receiver: { ...receiver, _etag: "old" },
        fields: { description: "new", webhookUri: `${URI}/${CANARY}` },
      }),
      api.apply({ kind: "updateReceiver", receiver, fields: { contentType: "" } }),
      subscribeOnce(api, "STEPS"),
    ]);
    expect(statusesOf([...outcomes.slice(0, 1), ...outcomes.slice(5)])).toEqual(["fulfilled", "fulfilled"]);
    const errors = outcomes.slice(1, 5).map(errorOf);
    expect(errors.map(({ kind }) => kind)).toEqual(["notFound", "permission", "conflict", "invalid"]);
    expect(errors.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "ION did not subscribe receiver 99 to RUNS UPDATE: WebhookReceiver with id "99" not found.",
        "ION did not create the header X-Line of the webhook receiver "erp" (id 1): User does not have permission to create this resource. The API key needs the permission CreateWebhookHeader: ask an org admin of ION to create a key that has it.",
        "ION did not update description, webhookUri of the webhook receiver "erp" (id 1): WebhookReceiver 1 was changed by another writer: etag mismatch. Read it again and retry.",
        "ION did not update contentType of the webhook receiver "erp" (id 1): contentType must be a media type, such as application/json.",
      ]
    `);
    expect(mutationsIn(emulator)).toHaveLength(1);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("sends at most 40 changes in a request", async () => {
    const emulator = await startWithReceiver();
    const outcomes = await subscribe(ionOn(emulator), ...Array<string>(245).fill("RUNS"));
    expect(new Set(statusesOf(outcomes))).toEqual(new Set(["fulfilled"]));
    expect(Math.max(...mutationsIn(emulator).map((fields) => fields.length))).toBe(40);
    expect(emulator.store.listSubscriptions()).toHaveLength(2 + 245);
  });
});

describe.each(EVERY_CHANGE)("$kind", (one) => {
  it("changes ION and the snapshot with one mutation", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator);
    await applyCase(one, api);
    expect(one.part(emulator)).toEqual(one.expected);
    expect(mutationsIn(emulator)).toEqual([[one.field]]);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("names the change and what ION said if ION rejects it", async () => {
    const emulator = await startWithReceiver();
    emulator.faults.add({ kind: "partial", message: "No.", on: { field: one.field } });
    const api = ionOn(emulator);
    const { kind, message } = await failureOf(applyCase(one, api));
    expect(kind).toBe("invalid");
    expect(message).toBe(`ION did not ${describeChange(await one.change(api))}: No.`);
  });

  it("names the permission that the API key lacks", async () => {
    const emulator = await startWithReceiver();
    const permission = one.field.charAt(0).toUpperCase() + one.field.slice(1);
    emulator.settings.deniedPermissions.add(permission);
    const { kind, hints } = await failureOf(applyCase(one, ionOn(emulator)));
    expect(kind).toBe("permission");
    expect(hints).toEqual([expect.stringContaining(`the permission ${permission}:`)]);
  });
});

describe("a document that ION refuses as a whole", () => {
  it("halves a refused batch until the refused change is alone, and only that one fails", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator);
    const outcomes = await subscribe(api, "RUNS", "STEPS", "NOPE", "PLANS", "ISSUES", "RECEIPTS", "NEITHER");
    expect(
      statusesOf(outcomes)
        .map(([letter]) => letter)
        .join(""),
    ).toBe("ffrfffr");
    expect([outcomes[2], outcomes[6]].map((outcome) => errorOf(outcome).kind)).toEqual(["invalid", "invalid"]);
    expect([outcomes[2], outcomes[6]].map((outcome) => errorOf(outcome).message)).toMatchInlineSnapshot(`
      [
        "ION did not subscribe receiver 1 to NOPE UPDATE: ResourceEnum has no value NOPE.",
        "ION did not subscribe receiver 1 to NEITHER UPDATE: ResourceEnum has no value NEITHER.",
      ]
    `);
    const resources = emulator.store.listSubscriptions().map(({ resource }) => resource);
    expect(resources.sort()).toEqual(["ISSUES", "PARTS", "PLANS", "RECEIPTS", "RUNS", "RUNS", "STEPS"]);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("halves a batch also if ION's schema lacks a name that one change needs", async () => {
    const emulator = await start({ hide: ["createWebhookHeader"] });
    emulator.store.createReceiver({ name: "erp", webhookUri: URI });
    const api = ionOn(emulator);
    const receiver = await receiverOf(api);
    const [before, header, after] = await Promise.allSettled([
      subscribeOnce(api, "RUNS"),
      api.apply({ kind: "createHeader", receiver, key: "X-Line", value: CANARY }),
      subscribeOnce(api, "STEPS"),
    ]);
    expect(statusesOf([before, after])).toEqual(["fulfilled", "fulfilled"]);
    expect(errorOf(header).kind).toBe("unsupported");
    expect(errorOf(header).message).toMatchInlineSnapshot(
      `"Could not create the header X-Line of the webhook receiver "erp" (id 1). ION's schema has no createWebhookHeader. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs."`,
    );
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
  });

  it.each([
    ["The type WebhookSubscription does not exist.", "invalid", 0],
    ["User does not have permission to create this resource.", "permission", 1],
    ["WebhookReceiver 1 was changed by another writer: etag mismatch.", "conflict", 0],
  ])("classifies a refused document by its message: %s", async (message, kind, hints) => {
    const fetch = onFirstMutation(async () => Response.json({ errors: [{ message }] }, { status: 400 }));
    const failure = await failureOf(subscribeOnce(ionOn(await startWithReceiver(), { fetch })));
    expect(failure.kind).toBe(kind);
    expect(failure.summary).toBe(`ION did not subscribe receiver 1 to RUNS UPDATE: ${message}`);
    expect(failure.hints).toHaveLength(hints);
  });
});

describe("an error of a whole request", () => {
  it.each([
    [403, "permission"],
    [409, "conflict"],
  ])("fails every change of a batch with the error of the request: HTTP %s", async (status, kind) => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, { fetch: onFirstMutation(async () => new Response("", { status })) });
    const errors = (await subscribe(api, "RUNS", "STEPS")).map(errorOf);
    expect(errors.map((error) => error.kind)).toEqual([kind, kind]);
    expect(errors.map(({ summary }) => summary.includes("RUNS UPDATE"))).toEqual([true, false]);
  });

  it("names the change, what happened and what to do if a request fails", async () => {
    const messages = [403, 409].map(async (status) => {
      const fetch = onFirstMutation(async () => new Response("", { status }));
      return stable(await failureOf(subscribeOnce(ionOn(await startWithReceiver(), { fetch }))));
    });
    expect(await Promise.all(messages)).toMatchInlineSnapshot(`
      [
        "ION did not subscribe receiver 1 to RUNS UPDATE: HOST answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead. The API key needs the permission CreateWebhookSubscription: ask an org admin of ION to create a key that has it.",
        "ION did not subscribe receiver 1 to RUNS UPDATE: HTTP 409 Conflict.",
      ]
    `);
  });

  it("reads ION again after a request that failed", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, { fetch: onFirstMutation(async () => new Response("", { status: 403 })) });
    await api.receivers();
    emulator.store.deleteSubscription("1");
    await subscribe(api, "RUNS");
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("says that ION was not changed if nothing was sent", async () => {
    const failure = await failureOf(
      subscribeOnce(ionOn({ ...(await startWithReceiver()), tokenUrl: "https://ion.invalid/token" })),
    );
    expect(failure.kind).toBe("unreachable");
    expect(failure.summary).toBe("Could not subscribe receiver 1 to RUNS UPDATE.");
    expect(failure.detail).toMatch(
      /^Could not reach ION at ion\.invalid: .* Tried 4 times in \d+ s\. ION was not changed\.$/,
    );
  });

  it("says after the configured deadline how often and how long it was tried, and that ION was not changed", async () => {
    const emulator = await startWithReceiver();
    emulator.faults.add({ kind: "rate-limit", on: { type: "mutation" }, times: Number.POSITIVE_INFINITY });
    const failure = await failureOf(subscribeOnce(new WebhookApi({ ...connectionTo(emulator), deadlineMs: 1_200 })));
    expect(failure.kind).toBe("rateLimited");
    // Half a second and its double, with jitter: fewer than the eight attempts of the policy.
    expect(failure.detail).toMatch(/Tried [234] times in \d+ s\./);
    expect(stable(failure)).toMatchInlineSnapshot(
      `"Could not subscribe receiver 1 to RUNS UPDATE. ION at HOST rejected the request because of its rate limit (HTTP 429): Too many requests. Tried N times in 1 s. ION was not changed. Try again in a few minutes."`,
    );
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
  });
});

describe("secrets", () => {
  it("redacts secrets if ION repeats the variables of a refused document", async () => {
    const fetch = onFirstMutation(async ({ variables }) => {
      const message = `Variable "$input0" got invalid value ${JSON.stringify(variables.input0)}`;
      return Response.json({ errors: [{ message }] }, { status: 400 });
    });
    const { message } = await failureOf(
      ionOn(await startWithReceiver(), { fetch }).apply({
        kind: "createReceiver",
        fields: { name: "x", webhookUri: `https://hooks.example/${CANARY}`, sharedSecret: `"${CANARY}"` },
      }),
    );
    expect(message).toContain('invalid value {"name":"x","webhookUri":"[secret]');
    expect(message).not.toContain(CANARY);
  });

  it.each(["createHeader", "updateHeader"])("redacts the value of a header if ION repeats it: %s", async (kind) => {
    const fetch = onFirstMutation(async ({ variables }) =>
      Response.json({ errors: [{ message: JSON.stringify(variables) }] }),
    );
    const api = ionOn(await startWithReceiver(), { fetch });
    const change = await EVERY_CHANGE.find((one) => one.kind === kind)?.change(api);
    if (change?.kind !== "createHeader" && change?.kind !== "updateHeader") throw new Error(`No change ${kind}.`);
    const { message } = await failureOf(api.apply({ ...change, value: CANARY }));
    expect(message).toContain('"value":"[secret]"');
    expect(message).not.toContain(CANARY);
  });

  it("redacts secrets of earlier requests and answers, because a database repeats whole rows", async () => {
    const emulator = await startWithReceiver();
    emulator.store.createReceiver({ name: "read", webhookUri: `${URI}/${CANARY}-read`, sharedSecret: `${CANARY}-key` });
    emulator.store.createHeader({ receiverId: "2", key: "X-Plant", value: `${CANARY}-plant` });
    const api = ionOn(emulator);
    const read = await receiverOf(api, "2");
    const sent = await api.apply({
      kind: "createReceiver",
      fields: { name: "sent", webhookUri: `${URI}/${CANARY}-sent` },
    });
    for (const receiver of [read, sent]) {
      const { webhookUri, sharedSecret, headers } = receiver;
      const message = `Failing row contains (${webhookUri}, ${sharedSecret}, ${headers[0]?.value}).`;
      emulator.faults.add({ kind: "partial", message, on: { field: "updateWebhookReceiver" } });
      const failure = await failureOf(api.apply({ kind: "updateReceiver", receiver, fields: { description: "" } }));
      expect(failure.message).toContain("Failing row contains ([secret], [secret], ");
      expect(failure.message).not.toContain(CANARY);
    }
  });
});

it("sends hostile values exactly as they are", async () => {
  const emulator = await start();
  const name = `${CANARY}") { id } x: deleteWebhookReceiver(id: "1" # {{}} $input0 \n é 🙂 ${"x".repeat(10_000)}`;
  const api = ionOn(emulator);
  const fields = { name, description: name, sharedSecret: name };
  const receiver = await api.apply({ kind: "createReceiver", fields: { ...fields, webhookUri: URI } });
  await api.apply({ kind: "createHeader", receiver, key: "X-Odd", value: name.replace("\n", "") });
  expect(emulator.store.findReceiver("1")).toMatchObject(fields);
  expect(emulator.store.listHeaders("1")).toMatchObject([{ value: name.replace("\n", "") }]);
  expect(await knownState(api)).toEqual(await liveState(emulator));
});

describe("errors next to an answer", () => {
  const field = { message: "No.", path: ["m0"], extensions: { code: "BAD_USER_INPUT" } };
  const below = { message: "Its receiver is not visible.", path: ["m0", "webhookSubscription", "receiver"] };

  it.each<[what: string, errors: readonly object[], expected: string]>([
    ["of the field itself rejects the change, whatever follows", [field, below], "invalid"],
    ["of the field itself rejects the change, whatever comes first", [below, field], "invalid"],
  ])("an error %s", async (_what, errors, expected) => {
    const emulator = await startWithReceiver();
    const fetch = onFirstMutation(async () => Response.json({ data: { m0: null }, errors }));
    const error = await failureOf(subscribeOnce(ionOn(emulator, { fetch })));
    expect([error.kind, error.message]).toEqual([expected, expect.stringContaining("No.")]);
  });

  it("an error of the field itself counts more than what looks like a confirmation", async () => {
    const emulator = await startWithReceiver();
    const fetch = onFirstMutation(async (_sent, pass) => {
      const { data } = (await (await pass()).json()) as { data: object };
      return Response.json({ data, errors: [field] });
    });
    expect((await failureOf(subscribeOnce(ionOn(emulator, { fetch })))).kind).toBe("invalid");
  });
});
