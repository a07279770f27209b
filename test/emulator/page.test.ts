import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { PageSnapshot } from "../../emulator/page/pageState.ts";
import { asker, start, temporaryFolder, webhookUri } from "./setup.ts";
import { webhookServer } from "./webhookServer.ts";

/** The token in the page. */
async function pageToken({ url }: Emulator): Promise<string> {
  const html = await (await fetch(url)).text();
  const [, token] = /<meta name="page-token" content="([\w-]+)">/.exec(html) ?? [];
  if (!token) throw new Error("The page has no token.");
  return token;
}

/** Runs an action of the page. */
async function act(emulator: Emulator, name: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${emulator.url}/page/${name}`, {
    method: "POST",
    headers: { "X-Page-Token": await pageToken(emulator), ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Opens the event stream. `next` returns the next event, `text` everything received so far. */
async function open(emulator: Emulator) {
  const aborted = new AbortController();
  onTestFinished(() => aborted.abort());
  const address = `${emulator.url}/page/events?token=${await pageToken(emulator)}`;
  const response = await fetch(address, { signal: aborted.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let read = 0;
  const next = async (): Promise<PageSnapshot> => {
    for (;;) {
      const end = text.indexOf("\n\n", read);
      if (end >= 0) {
        const message = text.slice(read + "data: ".length, end);
        read = end + 2;
        return JSON.parse(message);
      }
      const piece = await reader?.read();
      if (!piece || piece.done) throw new Error("The stream is closed.");
      text += piece.value;
    }
  };
  /** Returns the first snapshot that matches. */
  const until = async (matches: (snapshot: PageSnapshot) => boolean): Promise<PageSnapshot> => {
    let snapshot = await next();
    while (!matches(snapshot)) snapshot = await next();
    return snapshot;
  };
  return { response, next, until, text: () => text };
}

const violet = { name: "Violet", webhookUri, sharedSecret: "planted-secret" };

test("serves a page that loads only its own scripts and styles", async () => {
  const { url } = await start();
  const response = await fetch(url);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const html = await response.text();
  const links = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link ?? "");
  expect(links.filter((link) => link.startsWith("/page/")).length).toBeGreaterThan(2);
  expect(links.filter((link) => !/^(\/page\/[a-z.]+|\/graphql|#[a-z]+)$/.test(link))).toEqual([]);
  for (const link of links.filter((link) => link.startsWith("/page/"))) {
    expect([link, (await fetch(url + link)).status]).toEqual([link, 200]);
  }
});

test.each(["/", "/page/main.js", "/page/page.css", "/page/nothing.js", "/page/events"])(
  "sends security headers with %s",
  async (path) => {
    const { url } = await start();
    const { headers } = await fetch(url + path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy).not.toMatch(/unsafe|data:|\*/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  },
);

test("uses no API that turns strings into markup", () => {
  const folder = resolve("emulator/page/client");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".js"))) {
    const script = readFileSync(resolve(folder, name), "utf8");
    expect([name, script.match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(/)]).toEqual([
      name,
      null,
    ]);
  }
});

test.each([
  "/page/",
  "/page/tsconfig.json",
  "/page/..%2fpackage.json",
  "/page/../package.json",
  "/page/%2e%2e/package.json",
  "/page/constructor",
])("answers %s with status 404", async (path) => {
  const { url } = await start();
  // fetch would normalize the path.
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  let response = "";
  for await (const piece of socket.setEncoding("utf8")) response += piece;
  expect(response).toMatch(/^HTTP\/1\.1 404 /);
});

test.each([
  ["another origin", { Origin: "https://evil.example" }],
  ["another port of this machine", { Origin: "http://127.0.0.1:1" }],
  ["an opaque origin", { Origin: "null" }],
])("refuses requests from %s even with the page's token", async (_from, headers) => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(violet);
  for (const path of ["/", "/page/main.js", `/page/events?token=${await pageToken(emulator)}`]) {
    const response = await fetch(emulator.url + path, { headers });
    expect([path, response.status]).toEqual([path, 403]);
  }
  expect(await act(emulator, "deleteReceiver", { id }, headers)).toMatchObject({ status: 403 });
  expect(emulator.store.listReceivers()).toHaveLength(1);
});

test.each([
  ["no token", undefined],
  ["a wrong token", "x".repeat(32)],
  ["an empty token", ""],
])("with %s no button does anything and no stream opens", async (_case, token) => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(violet);
  const headers = token === undefined ? undefined : { "X-Page-Token": token };
  for (const [name, body] of [
    ["deleteReceiver", { id }],
    ["show", { id, of: "sharedSecret" }],
    ["addFault", { fault: "hang" }],
  ] as const) {
    const response = await fetch(`${emulator.url}/page/${name}`, {
      method: "POST",
      body: JSON.stringify(body),
      ...(headers && { headers }),
    });
    expect([name, response.status, await response.text()]).toEqual([name, 403, expect.not.stringContaining("planted")]);
  }
  const stream = await fetch(`${emulator.url}/page/events${token === undefined ? "" : `?token=${token}`}`);
  expect(stream.status).toBe(403);
  expect(emulator.store.listReceivers()).toHaveLength(1);
  expect(emulator.faults.list()).toEqual([]);
});

test("creates a new page token for each emulator", async () => {
  expect(await pageToken(await start())).not.toBe(await pageToken(await start()));
});

test("serves no page when it listens beyond loopback", async () => {
  const { url } = await start({ host: "0.0.0.0", clientSecret: "planted" });
  for (const path of ["/", "/page/main.js", "/page/events"]) {
    const response = await fetch(url + path);
    expect([path, response.status, await response.text()]).toEqual([
      path,
      403,
      expect.stringContaining("loopback address"),
    ]);
  }
});

test("streams the whole state without secrets after every change", async () => {
  const emulator = await start();
  const { store } = emulator;
  const { id } = store.createReceiver({ ...violet, description: "planted <b>" });
  store.createHeader({ key: "X-Plant", value: "planted-header", receiverId: id });
  const parts = store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  const stream = await open(emulator);
  expect(stream.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const first = await stream.next();
  expect(first).toMatchObject({
    setup: { clientId: "emulator", clientSecret: "emulator-secret", actions: ["CREATE", "UPDATE", "DELETE"] },
    receiverCount: 1,
    subscriptionCount: 1,
    receivers: [
      {
        id,
        name: "Violet",
        description: "planted <b>",
        active: true,
        headers: [{ key: "X-Plant" }],
        subscriptions: [{ id: parts.id, resource: "PARTS", action: "UPDATE" }],
      },
    ],
    recentChanges: { byHand: true, receivers: { [id]: "created" } },
    faults: [],
  });
  expect(first.setup.resources).toContain("PARTS");
  expect(first.setup.guideResources).toHaveLength(17);

  const other = store.createReceiver({ ...violet, name: "Other" });
  expect(await stream.next()).toMatchObject({ receiverCount: 2, receivers: [{ id }, { id: other.id, name: "Other" }] });
  store.deleteSubscription(parts.id);
  expect(await stream.next()).toMatchObject({ subscriptionCount: 0, receivers: [{ id, subscriptions: [] }, {}] });
  store.updateReceiver(id, { sharedSecret: "planted-too" });
  expect((await stream.next()).recentChanges?.receivers[id]).toBe("created");
  emulator.faults.add({ kind: "slow", ms: 1, times: Number.POSITIVE_INFINITY });
  expect((await stream.next()).faults).toMatchObject([{ kind: "slow", times: null, hits: 0 }]);
  store.deleteReceiver(id);
  expect(await stream.next()).toMatchObject({ receivers: [{ id: other.id }], recentChanges: { byHand: true } });
  expect(stream.text().replaceAll("planted <b>", "")).not.toMatch(/planted|violet\.example/);
});

test("sends the 25 oldest receivers and the number of all", async () => {
  const emulator = await start();
  for (let count = 0; count < 30; count++) emulator.store.createReceiver(violet);
  const { receivers, receiverCount } = await (await open(emulator)).next();
  expect([receivers.length, receivers.at(-1)?.id, receiverCount]).toEqual([25, "25", 30]);
});

test("returns single secrets on request", async () => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(violet);
  const header = emulator.store.createHeader({ key: "X-Plant", value: "planted-header", receiverId: id });
  const show = async (body: object) => (await act(emulator, "show", body)).body;
  expect(await show({ id, of: "webhookUri" })).toEqual({ value: webhookUri });
  expect(await show({ id, of: "sharedSecret" })).toEqual({ value: "planted-secret" });
  expect(await show({ id: header.id, of: "header" })).toEqual({ value: "planted-header" });
  expect(await show({ id, of: "name" })).toEqual({ message: "of must be one of webhookUri, sharedSecret, header." });
  expect(await show({ id: "7", of: "header" })).toEqual({ message: 'WebhookHeader with id "7" not found.' });
});

test.each([
  ["chosen", { clientSecret: "planted" }, () => {}],
  ["rotated", {}, (emulator: Emulator) => emulator.rotateKey("planted")],
])("does not send a %s client secret", async (_how, options, prepare) => {
  const emulator = await start(options);
  prepare(emulator);
  const stream = await open(emulator);
  expect((await stream.next()).setup).toMatchObject({ clientSecret: null });
  expect(stream.text()).not.toContain("planted");
});

test("streams requests with field names, and their changes as changes through the API", async () => {
  const emulator = await start();
  emulator.faults.add({ kind: "rate-limit", on: { kind: "token" } });
  const stream = await open(emulator);
  await fetch(emulator.tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: "emulator",
      client_secret: "emulator-secret",
    }),
  });
  const ask = await asker(emulator);
  await ask(`mutation Two {
    a: createWebhookReceiver(input: { name: "Violet", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
    b: createWebhookReceiver(input: { name: "", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }
  }`);
  const { requests, recentChanges } = await stream.until(({ requests }) => requests.total === 3);
  expect(requests.entries).toMatchObject([
    { id: 1, kind: "token", status: 429, fault: "rate-limit", fieldCount: 0 },
    { id: 2, kind: "token", status: 200, fault: null },
    {
      id: 3,
      kind: "graphql",
      type: "mutation",
      operation: "Two",
      fields: [
        { alias: "a", field: "createWebhookReceiver", outcome: "ok" },
        { alias: "b", field: "createWebhookReceiver", outcome: "error" },
      ],
      counts: [{ field: "createWebhookReceiver", count: 2, succeeded: 1 }],
      fieldCount: 2,
      failedCount: 1,
    },
  ]);
  expect(recentChanges).toMatchObject({ byHand: false, receivers: { "1": "created" } });
});

test("does not log the page's own requests", async () => {
  const emulator = await start();
  const stream = await open(emulator);
  await stream.next();
  await act(emulator, "emit", { resource: "PARTS", action: "UPDATE" });
  expect(emulator.requests).toEqual([]);
});

test("changes and saves the state by actions outside the API", async () => {
  const dataFile = resolve(temporaryFolder(), "ion.json");
  const emulator = await start({ dataFile });
  const { store } = emulator;
  const { id } = store.createReceiver(violet);
  const subscription = { receiverId: id, resource: "PARTS", action: "UPDATE" };
  const created = await act(emulator, "subscribe", subscription);
  expect(store.listSubscriptions()).toMatchObject([{ ...created.body, ...subscription }]);
  await act(emulator, "updateReceiver", { id, active: false });
  await act(emulator, "updateReceiver", { id, description: "by hand" });
  expect(store.findReceiver(id)).toMatchObject({ active: false, description: "by hand", name: "Violet" });
  expect(readFileSync(dataFile, "utf8")).toContain("by hand");
  await act(emulator, "unsubscribe", created.body);
  expect(store.listSubscriptions()).toEqual([]);
  await act(emulator, "deleteReceiver", { id });
  expect(store.listReceivers()).toEqual([]);
});

test("reports a change that cannot be saved", async () => {
  const folder = temporaryFolder();
  const emulator = await start({ dataFile: resolve(folder, "ion.json") });
  const { id } = emulator.store.createReceiver(violet);
  rmSync(folder, { recursive: true });
  const answer = await act(emulator, "updateReceiver", { id, active: false });
  expect(answer).toEqual({ status: 500, body: { message: expect.stringMatching(/^Cannot write the data file/) } });
  mkdirSync(folder);
});

test("adds faults in command-line syntax and removes single faults", async () => {
  const emulator = await start();
  const stream = await open(emulator);
  await act(emulator, "addFault", { fault: "bad-gateway-before:type=mutation,times=3" });
  await act(emulator, "addFault", { fault: "bad-gateway-before" });
  const { faults } = await stream.until(({ faults }) => faults.length === 2);
  await act(emulator, "removeFault", { id: faults[0]?.id });
  expect(emulator.faults.list()).toEqual([{ fault: { kind: "bad-gateway-before" }, matched: 0, hits: 0 }]);
});

test.each([
  ["a body that is not JSON", "emit", "{", "The body is not a JSON object."],
  ["a body that is not an object", "emit", "null", "The body is not a JSON object."],
  [
    "an unknown resource of a subscription",
    "subscribe",
    { receiverId: "1", resource: "PART", action: "UPDATE" },
    /^resource must be one of /,
  ],
  ["an unknown resource of an event", "emit", { resource: "PART", action: "UPDATE" }, /"PARTS"/],
  ["an id that is not a string", "unsubscribe", { id: 7 }, "id must be a string."],
  ["an unknown subscription", "unsubscribe", { id: "7" }, 'WebhookSubscription with id "7" not found.'],
  ["a value that breaks a rule", "updateReceiver", { id: "1", active: "no" }, "active must be true or false."],
  ["an unknown fault", "addFault", { fault: "gremlin" }, /^There is no fault "gremlin"/],
])("refuses %s with a message", async (_case, name, body, message) => {
  const emulator = await start();
  emulator.store.createReceiver(violet);
  const before = emulator.store.state();
  const answer = await act(emulator, name, body);
  expect(answer).toEqual({ status: 400, body: { message: expect.stringMatching(message) } });
  expect(emulator.store.state()).toEqual(before);
});

test("refuses a body of more than 64 KB", async () => {
  const emulator = await start();
  expect(await act(emulator, "emit", { resource: "x".repeat(70_000) })).toMatchObject({ status: 413 });
});

test("streams a delivery with each of its attempts", async () => {
  const server = await webhookServer((_arrival, number) => (number === 1 ? 503 : 200));
  const emulator = await start({ delivery: { retryAfterMs: 1 } });
  const { id } = emulator.store.createReceiver({ ...violet, webhookUri: server.uri });
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  const stream = await open(emulator);
  expect(await act(emulator, "emit", { resource: "PARTS", action: "UPDATE" })).toEqual({
    status: 200,
    body: { changes: 1, deliveries: 1, note: null },
  });
  const { deliveries } = await stream.until(({ deliveries }) => deliveries.entries.at(-1)?.state === "delivered");
  expect(deliveries).toMatchObject({
    total: 1,
    entries: [{ receiver: { name: "Violet" }, attempts: [{ status: 503 }, { status: 200 }] }],
  });
  expect(deliveries.entries[0]?.attempts[1]?.headers).toContain("x-ion-signature");
  expect(stream.text()).not.toContain("planted");
});

test("skips events for a client that does not read, and sends the current state when it reads", async () => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(violet);
  const token = await pageToken(emulator);
  const { port } = new URL(emulator.url);
  const socket = connect(Number(port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /page/events?token=${token} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  socket.pause();
  const megabytes = 6;
  const changes = 12;
  for (let count = 0; count < changes; count++) {
    emulator.store.updateReceiver(id, { description: "x".repeat(megabytes << 20) });
    // Longer than the interval between two events.
    await sleep(110);
  }
  emulator.store.updateReceiver(id, { description: "current" });
  let received = 0;
  let tail = "";
  socket.setEncoding("utf8").on("data", (piece: string) => {
    received += piece.length;
    tail = (tail + piece).slice(-2_000);
  });
  socket.resume();
  await expect.poll(() => tail.includes('"description":"current"'), { timeout: 20_000 }).toBe(true);
  // The buffers of the sockets contain some events.
  expect(received).toBeLessThan((changes / 2) * (megabytes << 20));
});

test("streams the newest 200 requests and deliveries", async () => {
  const emulator = await start();
  const { id } = emulator.store.createReceiver(violet);
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  emulator.emit("PARTS", "UPDATE", { count: 3_000 });
  await emulator.settled();
  const ask = await asker(emulator);
  const long = Array.from({ length: 300 }, (_, index) => `${"a".repeat(100)}${index}: __typename`);
  await ask(`{ ${long.join(" ")} }`);
  for (let count = 0; count < 150; count++) {
    await Promise.all(Array.from({ length: 2 }, () => fetch(`${emulator.url}/nothing`)));
  }
  const stream = await open(emulator);
  const { requests, deliveries } = await stream.next();
  expect([requests.total, requests.entries.length, requests.entries.at(-1)?.id]).toEqual([302, 200, 302]);
  expect([deliveries.total, deliveries.entries.length]).toEqual([3_000, 200]);
  expect(deliveries.entries[0]).toMatchObject({ entityId: "2801", state: "dropped" });
});

test("allows at most 20 streams", async () => {
  const emulator = await start();
  const streams = await Promise.all(Array.from({ length: 21 }, () => open(emulator)));
  expect(streams.map(({ response }) => response.status).sort()).toEqual([...Array(20).fill(200), 503]);
});

test("closes the stream with the emulator", async () => {
  const emulator = await start();
  const stream = await open(emulator);
  await stream.next();
  await emulator.close();
  await expect(stream.next()).rejects.toThrow();
});
