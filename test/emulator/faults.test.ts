import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { parseFault } from "../../emulator/faults/kinds.ts";
import { type Emulator, type Fault, faultKinds, startEmulator } from "../../emulator/index.ts";
import { type Ask, asker, fetchToken, start, temporaryFolder, tokenForm, webhookUri } from "./setup.ts";

let emulator: Emulator;
let ask: Ask;

beforeEach(async () => {
  emulator = await startEmulator();
  ask = await asker(emulator);
  return () => emulator.close();
});

const createA = `a: createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } }`;
const createB = createA.replace("a:", "b:").replace('"a"', '"b"');
const create = `mutation Create { ${createA} }`;
const createTwo = `mutation CreateTwo { ${createA} ${createB} }`;
const list = "query List { webhookReceivers { edges { node { name } } } }";

const names = () => emulator.store.listReceivers().map(({ name }) => name);
const faultsOfLog = () => emulator.requests.filter(({ kind }) => kind === "graphql").map(({ fault }) => fault);
const failing = (message: string, ...path: string[]) => expect.objectContaining({ message, path });

/** Sends a request and returns the HTTP response. */
async function post(query: string, signal: AbortSignal | null = null) {
  const headers = {
    Authorization: `Bearer ${await fetchToken(emulator.tokenUrl)}`,
    "Content-Type": "application/json",
  };
  const body = JSON.stringify({ query });
  const response = await fetch(emulator.graphqlUrl, { method: "POST", headers, body, signal });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    retryAfter: response.headers.get("retry-after"),
    body: await response.text(),
  };
}

const noResponse = { status: 0 };

describe("faults that replace the response", () => {
  test.each<[Fault, string[], "ok" | "refused"]>([
    [{ kind: "drop-before" }, [], "refused"],
    [{ kind: "drop-after" }, ["a"], "ok"],
  ])("closes the connection for %o and keeps %j", async (fault, kept, outcome) => {
    emulator.faults.add(fault);
    await expect(ask(create)).rejects.toThrow("fetch failed");
    expect(names()).toEqual(kept);
    expect(emulator.requests.at(-1)).toMatchObject({ ...noResponse, fault: fault.kind, fields: [{ outcome }] });
    expect((await ask(list)).status).toBe(200);
  });

  test.each<[Fault, number, string[]]>([
    [{ kind: "bad-gateway-before" }, 502, []],
    [{ kind: "bad-gateway-after" }, 502, ["a"]],
    [{ kind: "html" }, 200, []],
    [{ kind: "html", done: true }, 200, ["a"]],
  ])("responds with HTML for %o with status %i and keeps %j", async (fault, status, kept) => {
    emulator.faults.add(fault);
    const answer = await post(create);
    expect(answer).toMatchObject({ status, type: "text/html" });
    expect(answer.body).toMatch(/^<html>/);
    expect(names()).toEqual(kept);
    expect(emulator.requests.at(-1)).toMatchObject({ status, fault: fault.kind });
  });

  test.each<[Fault, string[]]>([
    [{ kind: "hang" }, []],
    [{ kind: "hang", done: true }, ["a"]],
  ])("does not respond for %o and keeps %j", async (fault, kept) => {
    emulator.faults.add(fault);
    const client = new AbortController();
    const waiting = expect(post(create, client.signal)).rejects.toThrow("aborted");
    await expect.poll(() => emulator.requests.at(-1)).toMatchObject({ ...noResponse, fault: "hang" });
    client.abort();
    await waiting;
    expect(names()).toEqual(kept);
    expect((await ask(list)).status).toBe(200);
  });

  test("responds 200 with an error of code THROTTLED, and processes nothing", async () => {
    emulator.faults.add({ kind: "throttled" });
    expect(await ask(create)).toMatchObject({
      status: 200,
      body: { errors: [{ message: "Throttled", extensions: { code: "THROTTLED" } }] },
    });
    expect(names()).toEqual([]);
  });

  test.each([
    [{}, undefined],
    [{ error: true }, [{ message: "Not authorized to read subscriptions", path: expect.arrayContaining(["node"]) }]],
  ])("answers null for a list that the key may not read, with %o", async (options, errors) => {
    await ask(create);
    emulator.faults.add({ kind: "null-list", on: { type: "query" }, ...options });
    const { body } = await ask("{ webhookReceivers { edges { node { id subscriptions { id } } } } }");
    expect(body).toEqual({
      data: { webhookReceivers: { edges: [{ node: { id: "1", subscriptions: null } }] } },
      ...(errors && { errors }),
    });
  });

  test.each([
    [{}, ["a", "webhookReceiver", "sharedSecret"]],
    [{ path: false }, undefined],
  ])("keeps a change whose answer is an error below it, with %o", async (options, path) => {
    emulator.faults.add({ kind: "nested-error", ...options });
    const { body } = await ask(create);
    expect(body).toEqual({ data: { a: null }, errors: [{ message: "Internal server error", ...(path && { path }) }] });
    expect(names()).toEqual(["a"]);
  });

  test("labels its JSON as HTML", async () => {
    emulator.faults.add({ kind: "content-type" });
    expect(await post(create)).toMatchObject({
      status: 200,
      type: "text/html",
      body: expect.stringMatching(/^{"data"/),
    });
    expect(names()).toEqual(["a"]);
  });

  test("closes hanging requests when the emulator closes", async () => {
    emulator.faults.add({ kind: "hang" });
    const waiting = expect(ask(create)).rejects.toThrow("fetch failed");
    await expect.poll(() => emulator.requests.at(-1)?.fault).toBe("hang");
    await emulator.close();
    await waiting;
  });

  test.each([
    [{}, null],
    [{ retryAfter: 7 }, "7"],
    [{ retryAfter: 0 }, "0"],
  ])("responds to a rate limit of %o with Retry-After %s", async (options, retryAfter) => {
    emulator.faults.add({ kind: "rate-limit", ...options });
    expect(await post(create)).toMatchObject({ status: 429, retryAfter, body: '{"message":"Too many requests"}' });
    expect(names()).toEqual([]);
  });

  test.each([
    ["expired-token", "Token is expired"],
    ["revoked-token", "Unable to find appropriate RSA key"],
  ] as const)("refuses only the request's token from now on for %s", async (kind, message) => {
    const other = await asker(emulator);
    emulator.faults.add({ kind });
    const refused = { status: 401, body: { message } };
    expect(await ask(create)).toEqual(refused);
    expect(await ask(create)).toEqual(refused);
    expect(names()).toEqual([]);
    expect((await other(create)).status).toBe(200);
    expect((await (await asker(emulator))(create)).status).toBe(200);
    // The second refusal is due to the token, not to the fault.
    expect(faultsOfLog()).toEqual([kind, undefined, undefined, undefined]);
  });

  test("saves the changes of a lost response to the data file", async () => {
    const dataFile = join(temporaryFolder(), "ion.json");
    const emulator = await start({ dataFile, faults: [{ kind: "drop-after" }] });
    await expect((await asker(emulator))(create)).rejects.toThrow("fetch failed");
    const saved = JSON.parse(readFileSync(dataFile, "utf8"));
    expect(saved.state.receivers).toMatchObject([{ name: "a" }]);
  });
});

describe("faults of root fields", () => {
  test.each<[string, Fault]>([
    ["index", { kind: "partial", fields: [1] }],
    ["alias", { kind: "partial", fields: ["b"] }],
  ])("fails only the field selected by %s", async (_by, fault) => {
    emulator.faults.add(fault);
    const { status, body } = await ask(createTwo);
    expect(status).toBe(200);
    expect(body.data).toEqual({ a: { webhookReceiver: { id: "1" } }, b: null });
    expect(body.errors).toEqual([failing("Internal server error", "b")]);
    expect(names()).toEqual(["a"]);
    expect(emulator.requests.at(-1)).toMatchObject({
      fault: "partial",
      fields: [{ outcome: "ok" }, { outcome: "error" }],
    });
  });

  test("fails the field in on.field with a custom message", async () => {
    const other = 'c: createWebhookHeader(input: { key: "k", value: "v" }) { webhookHeader { id } }';
    emulator.faults.add({ kind: "partial", on: { field: "createWebhookHeader" }, message: "No." });
    const { body } = await ask(`mutation { ${createA} ${other} }`);
    expect(body).toMatchObject({ data: { a: expect.anything(), c: null }, errors: [failing("No.", "c")] });
    expect(emulator.store.listHeaders()).toEqual([]);
  });

  test("fails all fields by default, including those of queries", async () => {
    emulator.faults.add({ kind: "partial" });
    const { body } = await ask("{ webhookReceivers { pageInfo { count } } all: webhookSubscriptions { __typename } }");
    expect(body.data).toEqual({ webhookReceivers: null, all: null });
    expect(body.errors).toHaveLength(2);
  });

  test("waits for a document that contains the field", async () => {
    emulator.faults.add({ kind: "partial", fields: ["b"] });
    await ask(create);
    await ask("{ __typename }");
    expect(emulator.faults.list()).toMatchObject([{ matched: 0, hits: 0 }]);
    expect((await ask(createTwo)).body.data).toMatchObject({ b: null });
  });

  test.each(["Receiver", "Header", "Subscription"] as const)(
    "simulates a concurrent change of a %s before its update and its deletion",
    async (type) => {
      const { store } = emulator;
      const receiver = store.createReceiver({ name: "a", webhookUri });
      const created = {
        Receiver: receiver,
        Header: store.createHeader({ key: "k", value: "v" }),
        Subscription: store.createSubscription({ resource: "PARTS", action: "CREATE", receiverId: receiver.id }),
      }[type];
      const find = () => store[`find${type}`](created.id);
      emulator.faults.add({ kind: "stale-etag", times: 2 });
      const update = `mutation { updateWebhook${type}(input: { id: "${created.id}", etag: "${created._etag}" }) { __typename } }`;
      expect((await ask(update)).body).toMatchObject({
        data: { [`updateWebhook${type}`]: null },
        errors: [{ message: expect.stringContaining("etag mismatch") }],
      });
      const touched = find();
      expect(touched).toEqual({ ...created, _etag: touched?._etag });
      expect(touched?._etag).not.toBe(created._etag);

      const remove = () =>
        ask(`mutation { deleteWebhook${type}(id: "${created.id}", etag: "${find()?._etag}") { id } }`).then(
          ({ body }) => body.errors,
        );
      expect(await remove()).toMatchObject([{ message: expect.stringContaining("etag mismatch") }]);
      expect(find()).toBeDefined();
      expect(await remove()).toBeUndefined();
      expect(find()).toBeUndefined();
    },
  );

  test("makes the given changes in the selected objects only", async () => {
    const [one, two] = ["a", "b"].map((name) => emulator.store.createReceiver({ name, webhookUri }));
    emulator.faults.add({ kind: "stale-etag", fields: ["two"], changes: { description: "by hand" } });
    const update = (item: typeof one) =>
      `updateWebhookReceiver(input: { id: "${item?.id}", etag: "${item?._etag}", active: false }) { __typename }`;
    const { body } = await ask(`mutation { one: ${update(one)} two: ${update(two)} }`);
    expect(body.errors).toEqual([failing(expect.stringContaining("etag mismatch"), "two")]);
    expect(emulator.store.listReceivers()).toMatchObject([
      { active: false, description: null },
      { active: true, description: "by hand" },
    ]);
  });

  test("does not apply stale-etag to creates and queries", async () => {
    emulator.faults.add({ kind: "stale-etag" });
    expect((await ask(create)).body.errors).toBeUndefined();
    await ask(list);
    expect(emulator.faults.list()).toMatchObject([{ matched: 0, hits: 0 }]);
  });

  test.each([
    ["createWebhookReceiver", `{ name: "a", webhookUri: "${webhookUri}" }`, "webhook_receiver"],
    ["createWebhookHeader", '{ key: "k", value: "v" }', "webhook_header"],
    ["createWebhookSubscription", '{ receiverId: "1", resource: PARTS, action: CREATE }', "webhook_subscription"],
  ])("refuses %s with a unique constraint error", async (field, input, table) => {
    emulator.store.createReceiver({ name: "there", webhookUri });
    const before = emulator.store.state();
    emulator.faults.add({ kind: "unique-constraint" });
    const { status, body } = await ask(`mutation { ${field}(input: ${input}) { __typename } }`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      data: { [field]: null },
      errors: [failing(`duplicate key value violates unique constraint "uq_${table}"`, field)],
    });
    expect(emulator.store.state()).toEqual(before);
  });

  test("counts fields in fragments in document order", async () => {
    emulator.faults.add({ kind: "unique-constraint", fields: [1] });
    const { body } = await ask(
      `mutation { ...first ... on Mutation { ${createB} } } fragment first on Mutation { ${createA} }`,
    );
    expect(body.data).toMatchObject({ a: expect.anything(), b: null });
  });
});

test("processes a slow request before its response", async () => {
  emulator.faults.add({ kind: "slow", ms: 60_000 });
  const client = new AbortController();
  const waiting = expect(post(create, client.signal)).rejects.toThrow("aborted");
  await expect.poll(names).toEqual(["a"]);
  client.abort();
  await waiting;
  emulator.faults.add({ kind: "slow", ms: 1 });
  expect((await ask(create)).body.errors).toBeUndefined();
  expect(emulator.requests.at(-1)).toMatchObject({ status: 200, fault: "slow" });
});

describe("token requests", () => {
  const tokenOf = () => fetch(emulator.tokenUrl, { method: "POST", body: tokenForm() });

  test.each<[Fault, number]>([
    [{ kind: "bad-gateway-before", on: { kind: "token" } }, 502],
    [{ kind: "bad-gateway-after", on: { kind: "token" } }, 502],
    [{ kind: "rate-limit", on: { kind: "token" } }, 429],
    [{ kind: "html", on: { kind: "token" } }, 200],
    [{ kind: "html", done: true, on: { kind: "token" } }, 200],
    [{ kind: "slow", ms: 1, on: { kind: "token" } }, 200],
  ])("answers one token request for %o with status %i", async (fault, status) => {
    emulator.faults.add(fault);
    expect((await ask(list)).status).toBe(200);
    const first = await tokenOf();
    expect(first.status).toBe(status);
    expect(await first.text()).toMatch(fault.kind === "slow" ? /"access_token"/ : /^<html>|Too many/);
    expect(emulator.requests.at(-1)).toMatchObject({ kind: "token", status, fault: fault.kind });
    expect(await (await tokenOf()).json()).toHaveProperty("access_token");
  });

  test.each(["drop-before", "drop-after", "hang"] as const)("issues no token for %s", async (kind) => {
    emulator.faults.add({ kind, on: { kind: "token" } });
    const client = new AbortController();
    const waiting = fetch(emulator.tokenUrl, { method: "POST", body: tokenForm(), signal: client.signal });
    const failed = expect(waiting).rejects.toThrow(kind === "hang" ? "aborted" : "fetch failed");
    await expect.poll(() => emulator.requests.at(-1)).toMatchObject({ kind: "token", ...noResponse, fault: kind });
    if (kind === "hang") client.abort();
    await failed;
  });
});

describe("after, times and on", () => {
  test("skips requests with after and stops after times", async () => {
    emulator.faults.add({ kind: "rate-limit", after: 1, times: 2 });
    const statuses: number[] = [];
    for (let request = 0; request < 4; request++) statuses.push((await ask(list)).status);
    expect(statuses).toEqual([200, 429, 429, 200]);
    expect(faultsOfLog()).toEqual([undefined, "rate-limit", "rate-limit", undefined]);
    expect(emulator.requests.at(-1)).not.toHaveProperty("fault");
    expect(emulator.faults.list()).toEqual([
      { fault: { kind: "rate-limit", after: 1, times: 2 }, matched: 4, hits: 2 },
    ]);
  });

  test("affects all requests with Infinity until clear", async () => {
    emulator.faults.add({ kind: "rate-limit", times: Number.POSITIVE_INFINITY });
    for (let request = 0; request < 3; request++) expect((await ask(list)).status).toBe(429);
    emulator.faults.clear();
    expect(emulator.faults.list()).toEqual([]);
    expect((await ask(list)).status).toBe(200);
  });

  test.each<[NonNullable<Fault["on"]>, number[]]>([
    [{}, [429, 200, 200, 200]],
    [{ kind: "graphql" }, [429, 200, 200, 200]],
    [{ type: "mutation" }, [200, 429, 200, 200]],
    [{ type: "query", operation: "Other" }, [200, 200, 429, 200]],
    [{ field: "webhookSubscriptions" }, [200, 200, 429, 200]],
    [{ operation: "CreateTwo", field: "createWebhookReceiver" }, [200, 200, 200, 429]],
    [{ operation: "CreateTwo", type: "query" }, [200, 200, 200, 200]],
  ])("affects only requests that match %o", async (on, expected) => {
    emulator.faults.add({ kind: "rate-limit", on });
    const statuses: number[] = [];
    for (const query of [list, create, "query Other { webhookSubscriptions { __typename } }", createTwo]) {
      statuses.push((await ask(query)).status);
    }
    expect(statuses).toEqual(expected);
  });

  test("does not affect requests that are refused anyway", async () => {
    emulator.faults.add({ kind: "drop-before" });
    expect((await ask("{ walrus }")).status).toBe(400);
    expect((await ask("{")).status).toBe(400);
    const stranger = await asker(emulator, { authorization: "Bearer no.such.token" });
    expect((await stranger(list)).status).toBe(401);
    expect(emulator.faults.list()).toMatchObject([{ matched: 0 }]);
  });
});

describe("several faults at once", () => {
  test("applies response faults one per request in order", async () => {
    for (const kind of ["bad-gateway-before", "rate-limit", "bad-gateway-after"] as const)
      emulator.faults.add({ kind });
    const statuses: number[] = [];
    for (let request = 0; request < 4; request++) statuses.push((await ask(list).catch(() => noResponse)).status);
    expect(faultsOfLog()).toEqual(["bad-gateway-before", "rate-limit", "bad-gateway-after", undefined]);
    // `ask` cannot read an HTML body.
    expect(statuses).toEqual([0, 429, 0, 200]);
  });

  test("combines partial, slow and drop-after in one request", async () => {
    emulator.faults.add({ kind: "slow", ms: 1 });
    emulator.faults.add({ kind: "drop-after" });
    emulator.faults.add({ kind: "partial", fields: ["a"] });
    await expect(ask(createTwo)).rejects.toThrow("fetch failed");
    expect(names()).toEqual(["b"]);
    expect(faultsOfLog()).toEqual(["slow, drop-after, partial"]);
  });

  test("keeps field faults for a document that is processed", async () => {
    emulator.faults.add({ kind: "unique-constraint" });
    emulator.faults.add({ kind: "rate-limit" });
    expect((await ask(create)).status).toBe(429);
    expect((await ask(create)).body.data).toEqual({ a: null });
    expect(faultsOfLog()).toEqual(["rate-limit", "unique-constraint"]);
  });

  test("applies one fault at a time to a root field", async () => {
    emulator.faults.add({ kind: "unique-constraint", fields: ["a"] });
    emulator.faults.add({ kind: "partial", fields: ["b"] });
    emulator.faults.add({ kind: "partial", fields: ["a"], message: "later" });
    const messages = async () => (await ask(createTwo)).body.errors?.map(({ message }) => message);
    expect(await messages()).toEqual([expect.stringContaining("duplicate key"), "Internal server error"]);
    expect(await messages()).toEqual(["later"]);
    expect(faultsOfLog()).toEqual(["unique-constraint, partial", "partial"]);
  });

  test("counts concurrent requests separately", async () => {
    emulator.faults.add({ kind: "rate-limit", times: 3 });
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask(list)).status));
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  });
});

describe("invalid faults", () => {
  test.each<[object, string]>([
    [{ kind: "drop" }, 'There is no fault "drop". The kinds are: drop-before, drop-after, '],
    [{ kind: "toString" }, 'There is no fault "toString".'],
    [{ kind: "slow" }, "slow: ms is missing; it must be a whole number."],
    [{ kind: "slow", ms: -1 }, "slow: ms must be a whole number."],
    [{ kind: "drop-after", after: 0.5 }, "drop-after: after must be a whole number."],
    [{ kind: "drop-after", times: 0 }, "drop-after: times must be a whole number of at least 1, or Infinity."],
    [
      { kind: "drop-after", retryAfter: 1 },
      'drop-after: there is no option "retryAfter". The options are: after, times.',
    ],
    [{ kind: "hang", done: "yes" }, "hang: done must be true or false."],
    [{ kind: "partial", fields: [] }, "partial: fields must be root fields by index, alias or name"],
    [{ kind: "stale-etag", changes: "x" }, "stale-etag: changes must be an object, and can be set by a program only."],
    [{ kind: "html", on: { type: "subscription" } }, "html: type must be query or mutation."],
    [{ kind: "html", on: { alias: "a" } }, 'html: there is no option "alias".'],
    [{ kind: "html", on: { field: "createWebhook" } }, 'html: the schema has no root field "createWebhook".'],
    [
      { kind: "unique-constraint", on: { field: "deleteWebhookHeader" } },
      "unique-constraint: cannot affect deleteWebhookHeader.",
    ],
    [{ kind: "expired-token", on: { kind: "token" } }, "expired-token: cannot affect token requests."],
    [{ kind: "html", on: { kind: "token", type: "query" } }, "html: token requests have no type, field or operation."],
  ])("refuses %j", async (fault, message) => {
    expect(() => emulator.faults.add(fault as Fault)).toThrow(message);
    expect(emulator.faults.list()).toEqual([]);
    await expect(startEmulator({ faults: [fault as Fault] })).rejects.toThrow(message);
  });
});

describe("faults of the command line", () => {
  test.each<[string, Fault]>([
    ["drop-before", { kind: "drop-before" }],
    ["drop-after:field=createWebhookReceiver", { kind: "drop-after", on: { field: "createWebhookReceiver" } }],
    [
      "rate-limit:retryAfter=2,kind=token,after=1,times=Infinity",
      {
        kind: "rate-limit",
        retryAfter: 2,
        on: { kind: "token" },
        after: 1,
        times: Number.POSITIVE_INFINITY,
      },
    ],
    [
      "hang:done=true,type=query,operation=List",
      { kind: "hang", done: true, on: { type: "query", operation: "List" } },
    ],
    ["partial:fields=0+b,message=a=b:c", { kind: "partial", fields: [0, "b"], message: "a=b:c" }],
  ])("parses %s", (argument, fault) => {
    expect(parseFault(argument)).toEqual(fault);
  });

  test.each([
    ["drop", 'There is no fault "drop". The kinds are: drop-before,'],
    ["rate-limit:retry=2", "The options are: kind, type, field, operation, after, times, retryAfter."],
    ["rate-limit:retryAfter=", "rate-limit: retryAfter must be a whole number."],
    ["rate-limit:times=x", "rate-limit: times must be a whole number of at least 1, or Infinity."],
    ["hang:done", "hang: done must be true or false."],
    ["drop-after:operation=", "drop-after: operation must be a non-empty string."],
    ["drop-after:kind=page", "drop-after: kind must be token or graphql."],
    ["stale-etag:changes=x", "stale-etag: changes must be an object, and can be set by a program only."],
  ])("refuses %s", (argument, message) => {
    expect(() => parseFault(argument)).toThrow(message);
  });

  test("documents every kind in the README", () => {
    const readme = readFileSync("emulator/README.md", "utf8");
    const inTable = [...readme.matchAll(/^\| `([a-z][a-z-]+)` /gm)].map(([, kind]) => kind);
    expect(inTable).toEqual(faultKinds.map(({ kind }) => kind));
  });
});
