import { createHmac } from "node:crypto";
import dns from "node:dns";
import { createServer } from "node:http";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Delivery, Emulator, EmulatorOptions, ReceiverInput } from "../../emulator/index.ts";
import { asker, start, webhookUri } from "./setup.ts";
import { type Reaction, webhookServer } from "./webhookServer.ts";

const quick = { retryAfterMs: 1 };
/** Long enough for a busy machine. */
const patient = { timeout: 60_000 };

/** Starts an emulator with one receiver that is subscribed to these events. */
async function subscribed(
  receiver: Partial<ReceiverInput> & { readonly webhookUri: string },
  events: readonly string[] = ["PARTS UPDATE"],
  options: EmulatorOptions = {},
): Promise<{ readonly emulator: Emulator; readonly id: string }> {
  const emulator = await start({ ...options, delivery: { ...quick, ...options.delivery } });
  const { id } = emulator.store.createReceiver({ name: "ERP", ...receiver });
  for (const event of events) subscribe(emulator, id, event);
  return { emulator, id };
}

function subscribe({ store }: Emulator, receiverId: string, event: string): string {
  const [resource = "", action = ""] = event.split(" ");
  return store.createSubscription({ resource, action, receiverId }).id;
}

const only = ({ deliveries: [delivery, ...more] }: Emulator): Delivery => {
  expect(more).toEqual([]);
  if (!delivery) throw new Error("Nothing was delivered.");
  return delivery;
};

const statuses = ({ attempts }: Delivery) => attempts.map(({ status }) => status);

test.each([
  ["the event", ["PARTS UPDATE"], true, "PARTS UPDATE", 1, null],
  [
    "another action",
    ["PARTS CREATE", "PARTS DELETE"],
    true,
    "PARTS UPDATE",
    0,
    "No receiver is subscribed to PARTS UPDATE.",
  ],
  ["another resource", ["RUNS UPDATE"], true, "PARTS UPDATE", 0, "No receiver is subscribed to PARTS UPDATE."],
  ["nothing", [], true, "PARTS DELETE", 0, "No receiver is subscribed to PARTS DELETE."],
  ["the event twice", ["PARTS UPDATE", "RUNS UPDATE", "PARTS UPDATE"], true, "PARTS UPDATE", 2, null],
  [
    "an event that ION does not send",
    ["PURCHASE_ORDER_LINES CREATE"],
    true,
    "PURCHASE_ORDER_LINES CREATE",
    0,
    "ION does not send PURCHASE_ORDER_LINES CREATE events.",
  ],
  ["a similar event", ["PURCHASE_ORDER_LINES UPDATE"], true, "PURCHASE_ORDER_LINES UPDATE", 1, null],
  ["a similar event", ["PURCHASE_ORDERS CREATE"], true, "PURCHASE_ORDERS CREATE", 1, null],
  [
    "the event while inactive",
    ["PARTS UPDATE"],
    false,
    "PARTS UPDATE",
    0,
    "All receivers subscribed to PARTS UPDATE are inactive.",
  ],
])("delivers to a receiver subscribed to %s (%j, active: %s) for %s %i times", async (...row) => {
  const [, events, active, event, count, note] = row;
  const server = await webhookServer();
  const { emulator } = await subscribed({ webhookUri: server.uri, active }, events);
  const [resource = "", action = ""] = event.split(" ");
  expect(emulator.emit(resource, action)).toEqual({ changes: 1, deliveries: count, note });
  await emulator.settled();
  expect(server.arrivals).toHaveLength(count);
  expect(emulator.deliveries.map(({ state }) => state)).toEqual(Array(count).fill("delivered"));
});

test("posts the event as JSON, signed with sharedSecret", async () => {
  const server = await webhookServer();
  const { emulator, id } = await subscribed({ webhookUri: server.uri, sharedSecret: "Schlüssel" });
  emulator.emit("PARTS", "UPDATE", { entityId: "17", changedFields: { description: "größer" } });
  await emulator.settled();
  const [arrival] = server.arrivals;
  const delivery = only(emulator);
  expect(arrival).toMatchObject({ method: "POST", path: "/hooks/planted" });
  expect(JSON.parse(String(arrival?.body))).toEqual({
    id: delivery.id,
    resource: "PARTS",
    action: "UPDATE",
    entityId: "17",
    timestamp: delivery.at,
    changedFields: { description: "größer" },
  });
  expect(arrival?.headers).toMatchObject({
    "content-type": "application/json",
    "content-length": String(arrival?.body.length),
    "x-ion-signature": createHmac("sha256", "Schlüssel")
      .update(arrival?.body ?? "")
      .digest("hex"),
  });
  expect(delivery).toEqual({
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    at: expect.stringMatching(/^\d{4}-.*Z$/),
    resource: "PARTS",
    action: "UPDATE",
    entityId: "17",
    subscriptionId: "1",
    receiver: { id, name: "ERP", host: server.host },
    body: String(arrival?.body),
    state: "delivered",
    note: null,
    attempts: [
      {
        number: 1,
        at: expect.stringMatching(/Z$/),
        status: 200,
        headers: expect.arrayContaining(["Content-Type", "x-ion-signature"]),
        reason: null,
        milliseconds: expect.any(Number),
      },
    ],
  });
});

test.each([
  ["the receiver's headers", [["X-Plant", "7"]], { "x-plant": "7" }],
  [
    "several headers of one name",
    [
      ["X-Plant", "7"],
      ["x-plant", "8"],
    ],
    { "x-plant": "7, 8" },
  ],
  [
    "a header value beyond ASCII in UTF-8",
    [["X-Plant", "Köln"]],
    { "x-plant": Buffer.from("Köln").toString("latin1") },
  ],
  ["contentType rather than a header of that name", [["content-type", "a/b"]], { "content-type": "application/json" }],
  [
    "the real signature rather than a header of that name",
    [["X-Ion-Signature", "0"]],
    { "x-ion-signature": expect.stringMatching(/^[\da-f]{64}$/) },
  ],
  [
    "no connection headers of the receiver",
    [
      ["Content-Length", "1"],
      ["Transfer-Encoding", "chunked"],
    ],
    {},
  ],
])("sends %s", async (_what, headers, expected) => {
  const server = await webhookServer();
  const { emulator, id } = await subscribed({ webhookUri: server.uri });
  for (const [key = "", value = ""] of headers) emulator.store.createHeader({ key, value, receiverId: id });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(server.arrivals).toMatchObject([{ headers: expected }]);
  expect(server.arrivals[0]?.headers).not.toHaveProperty("transfer-encoding");
  expect(only(emulator).state).toBe("delivered");
});

test("sends the receiver's contentType with a JSON body", async () => {
  const server = await webhookServer();
  const contentType = "application/vnd.violet+json; charset=utf-8";
  const { emulator } = await subscribed({ webhookUri: server.uri, contentType });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(server.arrivals).toMatchObject([{ headers: { "content-type": contentType } }]);
  expect(JSON.parse(String(server.arrivals[0]?.body))).toMatchObject({ resource: "PARTS" });
});

test.each<[string, number, Reaction[], (number | null)[]]>([
  ["the expected code", 200, [200], [200]],
  ["an error before it", 200, [500, 200], [500, 200]],
  ["another success", 200, [201, 204, 200], [201, 204, 200]],
  ["200 instead of the expected 202", 202, [200, 202], [200, 202]],
  ["200 instead of the expected 500", 500, [200, 500], [200, 500]],
  ["an expected redirect", 302, [302], [302]],
  ["an unexpected redirect", 200, [302, 200], [302, 200]],
  ["dropped connections", 200, ["drop", "drop", 200], [null, null, 200]],
  ["the rate limit", 200, [429, 429, 429, 200], [429, 429, 429, 200]],
])("repeats a delivery after %s until the response is %i", async (_what, expectedResponseCode, reactions, expected) => {
  const server = await webhookServer((_arrival, number) => reactions[number - 1] ?? 418, { Location: "/elsewhere" });
  const { emulator } = await subscribed({ webhookUri: server.uri, expectedResponseCode });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  const delivery = only(emulator);
  expect(statuses(delivery)).toEqual(expected);
  expect(delivery.attempts.map(({ number }) => number)).toEqual(expected.map((_status, index) => index + 1));
  expect(delivery.attempts.map(({ reason }) => reason === null)).toEqual(
    expected.map((_status, index) => index === expected.length - 1),
  );
  expect(delivery).toMatchObject({ state: "delivered", note: null });
  // All attempts have the same event, and redirects are not followed.
  expect(new Set(server.arrivals.map(({ body }) => String(body))).size).toBe(1);
  expect(new Set(server.arrivals.map(({ path }) => path))).toEqual(new Set(["/hooks/planted"]));
});

test("fails with a note after the last attempt", async () => {
  const server = await webhookServer(() => 503);
  const { emulator } = await subscribed({ webhookUri: server.uri }, undefined, { delivery: { attempts: 3 } });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  const delivery = only(emulator);
  expect(delivery).toMatchObject({ state: "failed", note: "Given up after attempt 3." });
  expect(delivery.attempts.map(({ reason }) => reason)).toEqual(Array(3).fill("expected 200"));
});

test.each<[string, Reaction | "closed", string]>([
  ["does not respond", "hang", "no response within 0.05 s"],
  ["closes the connection", "drop", "the connection was closed without a response"],
  ["does not exist", "closed", "the connection was refused"],
])("records the reason if a receiver %s", async (_what, reaction, reason) => {
  const server = await webhookServer(() => (reaction === "closed" ? 200 : reaction));
  if (reaction === "closed") server.close();
  const delivery = { attempts: 1, ...(reaction === "hang" && { timeoutMs: 50 }) };
  const { emulator } = await subscribed({ webhookUri: server.uri }, undefined, { delivery });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(only(emulator).attempts).toMatchObject([{ number: 1, status: null, reason }]);
});

test("accepts a response whose body never ends and closes its connection", async () => {
  const closed = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    response.writeHead(200).write("and so on");
    response.on("close", closed.resolve);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { emulator } = await subscribed({ webhookUri: `http://127.0.0.1:${port}` }, undefined, {
    delivery: { timeoutMs: 300 },
  });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(only(emulator).state).toBe("delivered");
  await closed.promise;
  server.close();
});

test.each([
  ["deleted", "The receiver was deleted.", ({ store }: Emulator, id: string) => store.deleteReceiver(id)],
  [
    "deactivated",
    "The receiver is inactive.",
    ({ store }: Emulator, id: string) => store.updateReceiver(id, { active: false }),
  ],
])("drops waiting deliveries when the receiver is %s", async (_what, note, change) => {
  const server = await webhookServer(() => {
    change(emulator, id);
    return 500;
  });
  const { emulator, id } = await subscribed({ webhookUri: server.uri });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(server.arrivals).toHaveLength(1);
  expect(only(emulator)).toMatchObject({ state: "dropped", note, attempts: [{ status: 500 }] });
});

test("delivers earlier events after their subscription is deleted", async () => {
  const server = await webhookServer((_arrival, number) => {
    if (number === 1) emulator.store.deleteSubscription("1");
    return number === 1 ? 500 : 200;
  });
  const { emulator } = await subscribed({ webhookUri: server.uri });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(statuses(only(emulator))).toEqual([500, 200]);
  expect(emulator.emit("PARTS", "UPDATE").deliveries).toBe(0);
});

test("uses the current receiver for the next attempt", async () => {
  const [wrong, right] = [await webhookServer(() => 404), await webhookServer()];
  const { emulator, id } = await subscribed({ webhookUri: wrong.uri });
  emulator.onDelivery(({ attempts }) => {
    if (attempts.length > 0) emulator.store.updateReceiver(id, { webhookUri: right.uri, sharedSecret: "new" });
  });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  const [arrival] = right.arrivals;
  const signature = createHmac("sha256", "new").update(arrival?.body ?? "");
  expect(arrival?.headers["x-ion-signature"]).toBe(signature.digest("hex"));
  expect(only(emulator)).toMatchObject({ state: "delivered", receiver: { host: right.host } });
});

test("does not delay other receivers when one does not respond", async () => {
  const [dead, live] = [await webhookServer(() => "hang"), await webhookServer()];
  const { emulator } = await subscribed({ webhookUri: dead.uri }, undefined, { delivery: { timeoutMs: 600_000 } });
  const { id } = emulator.store.createReceiver({ name: "MES", webhookUri: live.uri });
  subscribe(emulator, id, "PARTS UPDATE");
  emulator.emit("PARTS", "UPDATE", { count: 500 });
  await expect.poll(() => emulator.pendingDeliveries, patient).toBe(500);
  expect(live.arrivals).toHaveLength(500);
  expect(dead.arrivals.length).toBeLessThanOrEqual(16);
});

test("sends one change to all subscriptions as separate events", async () => {
  const server = await webhookServer();
  const { emulator } = await subscribed({ webhookUri: server.uri }, ["PARTS UPDATE", "PARTS UPDATE"]);
  expect(emulator.emit("PARTS", "UPDATE", { count: 2 })).toMatchObject({ changes: 2, deliveries: 4 });
  await emulator.settled();
  const events = server.arrivals.map(({ body }) => JSON.parse(String(body)));
  expect(new Set(events.map(({ id }) => id)).size).toBe(4);
  expect(events.map(({ entityId }) => entityId).sort()).toEqual(["1", "1", "2", "2"]);
  expect(new Set(events.map(({ timestamp }) => timestamp)).size).toBe(1);
});

test.each([
  "https://violet.example:8443/hooks/planted",
  "https://127.0.0.1.violet.example/hooks/planted",
  "https://localhost.violet.example/hooks/planted",
  "https://10.0.0.1/hooks/planted",
  "https://0.0.0.0/hooks/planted",
])("sends nothing to %s and gives the reason", async (uri) => {
  const { emulator } = await subscribed({ webhookUri: uri });
  const { host } = new URL(uri);
  const note = `Not sent to ${host}: only loopback hosts get events. To change this, set --deliver-anywhere (delivery.anywhere).`;
  expect(emulator.emit("PARTS", "UPDATE")).toEqual({ changes: 1, deliveries: 0, note });
  await emulator.settled();
  expect(only(emulator)).toMatchObject({ state: "dropped", note, attempts: [], receiver: { host } });
});

test("sends to other machines with delivery.anywhere", async () => {
  const delivery = { anywhere: true, attempts: 1 };
  const { emulator } = await subscribed({ webhookUri: "https://nowhere.invalid/hooks" }, undefined, { delivery });
  expect(emulator.emit("PARTS", "UPDATE").note).toBeNull();
  await emulator.settled();
  expect(only(emulator)).toMatchObject({ state: "failed", attempts: [{ status: null }] });
});

test.each(["localhost", "deeper.localhost"])("resolves %s without DNS", async (name) => {
  const lookup = vi.spyOn(dns, "lookup");
  onTestFinished(() => lookup.mockRestore());
  const server = await webhookServer();
  const { emulator } = await subscribed({ webhookUri: server.uri.replace("127.0.0.1", name) });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(server.arrivals).toHaveLength(1);
  expect(lookup.mock.calls.filter(([host]) => host === name)).toEqual([]);
});

test("drops all deliveries at once when the emulator closes", async () => {
  const hanging = await webhookServer(() => "hang");
  const { emulator } = await subscribed({ webhookUri: hanging.uri }, ["PARTS UPDATE"], {
    delivery: { retryAfterMs: 60_000 },
  });
  const failing = await webhookServer(() => 500);
  const { id } = emulator.store.createReceiver({ name: "MES", webhookUri: failing.uri });
  subscribe(emulator, id, "RUNS UPDATE");
  emulator.emit("PARTS", "UPDATE", { count: 1_000_000 });
  emulator.emit("RUNS", "UPDATE", { count: 3 });
  await expect.poll(() => hanging.arrivals.length > 0 && failing.arrivals.length === 3, patient).toBe(true);
  await emulator.close();
  expect(emulator.pendingDeliveries).toBe(0);
  expect(emulator.deliveries.length).toBeGreaterThan(3);
  expect(new Set(emulator.deliveries.map(({ state, note }) => `${state}: ${note}`))).toEqual(
    new Set(["dropped: The emulator was closed."]),
  );
  // Only sent requests are attempts.
  const toHanging = emulator.deliveries.filter(({ resource }) => resource === "PARTS");
  expect(toHanging.length).toBeGreaterThan(16);
  expect(toHanging.flatMap(({ attempts }) => attempts).length).toBeLessThanOrEqual(16);
  emulator.emit("PARTS", "UPDATE", { entityId: "later" });
  await emulator.settled();
  expect(emulator.deliveries.at(-1)).toMatchObject({ entityId: "later", state: "dropped", attempts: [] });
});

test("notifies listeners of start, attempts and end until they are removed", async () => {
  const server = await webhookServer((_arrival, number) => (number === 1 ? 500 : 200));
  const progress: string[] = [];
  const note = ({ state, attempts }: Delivery) => progress.push(`${state} ${attempts.length}`);
  const { emulator, id } = await subscribed({ webhookUri: server.uri }, undefined, { onDelivery: note });
  const stop = emulator.onDelivery(note);
  stop();
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  emulator.store.updateReceiver(id, { webhookUri });
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  expect(progress).toEqual(["waiting 0", "waiting 1", "delivered 2", "waiting 0", "dropped 0"]);
});

test("records deliveries without secrets", async () => {
  const server = await webhookServer((_arrival, number) => (number === 1 ? 500 : 200));
  const webhookUri = server.uri.replace("//", "//planted:planted@");
  const { emulator, id } = await subscribed({ webhookUri, sharedSecret: "planted" }, undefined, {
    delivery: { attempts: 2 },
  });
  emulator.store.createHeader({ key: "X-Key", value: "planted", receiverId: id });
  const { id: odd } = emulator.store.createReceiver({ name: "Odd", webhookUri: server.uri });
  emulator.store.createHeader({ key: "X-Key", value: "planted\u0001", receiverId: odd });
  subscribe(emulator, odd, "RUNS UPDATE");
  emulator.emit("PARTS", "UPDATE");
  await emulator.settled();
  emulator.store.updateReceiver(id, { webhookUri: "https://planted:planted@violet.example/planted?planted" });
  expect(JSON.stringify(emulator.emit("PARTS", "UPDATE"))).not.toContain("planted");
  emulator.emit("RUNS", "UPDATE");
  await emulator.settled();
  expect(emulator.deliveries).toHaveLength(3);
  expect(emulator.deliveries.at(-1)?.attempts[0]?.reason).toBe("a header contains a character that HTTP forbids");
  expect(JSON.stringify(emulator.deliveries)).not.toContain("planted");
});

test("sends a long body completely and records its start", async () => {
  const server = await webhookServer();
  const { emulator } = await subscribed({ webhookUri: server.uri });
  emulator.emit("PARTS", "UPDATE", { changedFields: { description: "x".repeat(5_000) } });
  await emulator.settled();
  expect(server.arrivals[0]?.body.length).toBeGreaterThan(5_000);
  expect(only(emulator).body).toBe(String(server.arrivals[0]?.body).slice(0, 1_000));
});

test.each([
  ["PARTZ", "UPDATE", 1, 'Value "PARTZ" does not exist in "ResourceEnum" enum. Did you mean the enum value "PARTS"'],
  ["PARTS", "UPDATED", 1, 'Value "UPDATED" does not exist in "WebhookSubscriptionActionsEnum" enum.'],
  ["PARTS", "UPDATE", 0, "count must be a whole number of at least 1."],
  ["PARTS", "UPDATE", 1.5, "count must be a whole number of at least 1."],
])("refuses to emit %s %s × %d", async (resource, action, count, message) => {
  const emulator = await start();
  expect(() => emulator.emit(resource, action, { count })).toThrow(message);
});

test.each(["attempts", "retryAfterMs", "timeoutMs"])("refuses 0 for delivery.%s", async (name) => {
  await expect(start({ delivery: { [name]: 0 } })).rejects.toThrow(
    `delivery.${name} must be a whole number of at least 1.`,
  );
});

test("refuses emissions while too many are waiting", async () => {
  const server = await webhookServer(() => "hang");
  const { emulator } = await subscribed({ webhookUri: server.uri }, ["PARTS UPDATE", "PARTS UPDATE"]);
  for (let emission = 0; emission < 50_000; emission++) emulator.emit("PARTS", "UPDATE");
  expect(emulator.pendingDeliveries).toBe(100_000);
  expect(() => emulator.emit("PARTS", "UPDATE")).toThrow(
    "Nothing was emitted: too many events are waiting for delivery. Try again later.",
  );
  expect(emulator.pendingDeliveries).toBe(100_000);
});

test("emits events with the emulatorEmit mutation", async () => {
  const server = await webhookServer();
  const { emulator } = await subscribed({ webhookUri: server.uri });
  const ask = await asker(emulator);
  const { body } = await ask(`mutation {
    emulatorEmit(resource: PARTS, action: UPDATE, count: 3, entityId: "17") { changes deliveries note }
    none: emulatorEmit(resource: RUNS, action: CREATE) { changes deliveries note }
    bad: emulatorEmit(resource: RUNS, action: CREATE, count: 0) { changes }
  }`);
  expect(body.data).toEqual({
    emulatorEmit: { changes: 3, deliveries: 3, note: null },
    none: { changes: 1, deliveries: 0, note: "No receiver is subscribed to RUNS CREATE." },
    bad: null,
  });
  expect(body.errors).toMatchObject([{ path: ["bad"], message: "count must be a whole number of at least 1." }]);
  await emulator.settled();
  expect(server.arrivals.map(({ body }) => JSON.parse(String(body)).entityId)).toEqual(["17", "17", "17"]);
});

test("marks its own additions to the schema and renames their hidden types", async () => {
  const ask = await asker(await start({ hide: ["ResourceEnum"] }));
  const { body } = await ask(`{
    __schema { mutationType { fields { name description args { type { ofType { name } } } } } }
  }`);
  const fields: { name: string; description: string; args: object[] }[] = body.data?.__schema.mutationType.fields;
  const own = fields.filter(({ description }) => description.startsWith("EMULATOR: not ION's."));
  expect(own.map(({ name }) => name)).toEqual(["emulatorEmit"]);
  expect(own[0]?.args[0]).toEqual({ type: { ofType: { name: "OtherResourceEnum" } } });
});
