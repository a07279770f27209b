import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { faultKinds, readFault } from "../../emulator/faults/faults.ts";
import { type Emulator, type Fault, startEmulator } from "../../emulator/index.ts";
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

/** What a client sees of a request, HTTP and all. */
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

const noAnswer = { status: 0 };

describe("what comes instead of the answer", () => {
  test.each<[Fault, string[], "ok" | "refused"]>([
    [{ kind: "drop-before" }, [], "refused"],
    [{ kind: "drop-after" }, ["a"], "ok"],
  ])("%o ends the connection and leaves %j", async (fault, left, outcome) => {
    emulator.faults.add(fault);
    await expect(ask(create)).rejects.toThrow("fetch failed");
    expect(names()).toEqual(left);
    expect(emulator.requests.at(-1)).toMatchObject({ ...noAnswer, fault: fault.kind, fields: [{ outcome }] });
    expect((await ask(list)).status).toBe(200);
  });

  test.each<[Fault, number, string[]]>([
    [{ kind: "bad-gateway-before" }, 502, []],
    [{ kind: "bad-gateway-after" }, 502, ["a"]],
    [{ kind: "html" }, 200, []],
    [{ kind: "html", done: true }, 200, ["a"]],
  ])("%o answers HTML with %i and leaves %j", async (fault, status, left) => {
    emulator.faults.add(fault);
    const answer = await post(create);
    expect(answer).toMatchObject({ status, type: "text/html" });
    expect(answer.body).toMatch(/^<html>/);
    expect(names()).toEqual(left);
    expect(emulator.requests.at(-1)).toMatchObject({ status, fault: fault.kind });
  });

  test.each<[Fault, string[]]>([
    [{ kind: "hang" }, []],
    [{ kind: "hang", done: true }, ["a"]],
  ])("%o waits until the client gives up and leaves %j", async (fault, left) => {
    emulator.faults.add(fault);
    const client = new AbortController();
    const waiting = expect(post(create, client.signal)).rejects.toThrow("aborted");
    await expect.poll(() => emulator.requests.at(-1)).toMatchObject({ ...noAnswer, fault: "hang" });
    client.abort();
    await waiting;
    expect(names()).toEqual(left);
    expect((await ask(list)).status).toBe(200);
  });

  test("a hang ends when the emulator closes", async () => {
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
  ])("a rate limit of %o says Retry-After %s and does nothing", async (options, retryAfter) => {
    emulator.faults.add({ kind: "rate-limit", ...options });
    expect(await post(create)).toMatchObject({ status: 429, retryAfter, body: '{"message":"Too many requests"}' });
    expect(names()).toEqual([]);
  });

  test.each([
    ["expired-token", "Token is expired"],
    ["revoked-token", "Unable to find appropriate RSA key"],
  ] as const)("%s refuses the token that came for good, and no other one", async (kind, message) => {
    const other = await asker(emulator);
    emulator.faults.add({ kind });
    const refused = { status: 401, body: { message } };
    expect(await ask(create)).toEqual(refused);
    expect(await ask(create)).toEqual(refused);
    expect(names()).toEqual([]);
    expect((await other(create)).status).toBe(200);
    expect((await (await asker(emulator))(create)).status).toBe(200);
    // The second refusal is the token's own doing.
    expect(faultsOfLog()).toEqual([kind, undefined, undefined, undefined]);
  });

  test("the work that is done is in the data file, too", async () => {
    const dataFile = join(temporaryFolder(), "ion.json");
    const kept = await start({ dataFile, faults: [{ kind: "drop-after" }] });
    await expect((await asker(kept))(create)).rejects.toThrow("fetch failed");
    const saved = JSON.parse(readFileSync(dataFile, "utf8"));
    expect(saved.state.receivers).toMatchObject([{ name: "a" }]);
  });
});

describe("single root fields", () => {
  test.each<[string, Fault]>([
    ["index", { kind: "partial", fields: [1] }],
    ["alias", { kind: "partial", fields: ["b"] }],
  ])("the field chosen by %s answers null with an error and does nothing, the others work", async (_by, fault) => {
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

  test("partial takes the field that on.field names, and may say something else", async () => {
    const other = 'c: createWebhookHeader(input: { key: "k", value: "v" }) { webhookHeader { id } }';
    emulator.faults.add({ kind: "partial", on: { field: "createWebhookHeader" }, message: "No." });
    const { body } = await ask(`mutation { ${createA} ${other} }`);
    expect(body).toMatchObject({ data: { a: expect.anything(), c: null }, errors: [failing("No.", "c")] });
    expect(emulator.store.listHeaders()).toEqual([]);
  });

  test("partial takes all fields if nothing chooses, those of a query too", async () => {
    emulator.faults.add({ kind: "partial" });
    const { body } = await ask("{ webhookReceivers { pageInfo { count } } all: webhookSubscriptions { __typename } }");
    expect(body.data).toEqual({ webhookReceivers: null, all: null });
    expect(body.errors).toHaveLength(2);
  });

  test("partial waits for a document that has the field", async () => {
    emulator.faults.add({ kind: "partial", fields: ["b"] });
    await ask(create);
    await ask("{ __typename }");
    expect(emulator.faults.list()).toMatchObject([{ matched: 0, hits: 0 }]);
    expect((await ask(createTwo)).body.data).toMatchObject({ b: null });
  });

  test.each(["Receiver", "Header", "Subscription"] as const)(
    "another writer is at the %s just before its update, and before its deletion",
    async (type) => {
      const { store } = emulator;
      const receiver = store.createReceiver({ name: "a", webhookUri });
      const made = {
        Receiver: receiver,
        Header: store.createHeader({ key: "k", value: "v" }),
        Subscription: store.createSubscription({ resource: "PARTS", action: "CREATE", receiverId: receiver.id }),
      }[type];
      const find = () => store[`find${type}`](made.id);
      emulator.faults.add({ kind: "stale-etag", times: 2 });
      const update = `mutation { updateWebhook${type}(input: { id: "${made.id}", etag: "${made._etag}" }) { __typename } }`;
      expect((await ask(update)).body).toMatchObject({
        data: { [`updateWebhook${type}`]: null },
        errors: [{ message: expect.stringContaining("etag mismatch") }],
      });
      const touched = find();
      expect(touched).toEqual({ ...made, _etag: touched?._etag });
      expect(touched?._etag).not.toBe(made._etag);

      const remove = () =>
        ask(`mutation { deleteWebhook${type}(id: "${made.id}", etag: "${find()?._etag}") { id } }`).then(
          ({ body }) => body.errors,
        );
      expect(await remove()).toMatchObject([{ message: expect.stringContaining("etag mismatch") }]);
      expect(find()).toBeDefined();
      expect(await remove()).toBeUndefined();
      expect(find()).toBeUndefined();
    },
  );

  test("the other writer may change the object, and only those chosen", async () => {
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

  test("stale-etag leaves creates and queries alone", async () => {
    emulator.faults.add({ kind: "stale-etag" });
    expect((await ask(create)).body.errors).toBeUndefined();
    await ask(list);
    expect(emulator.faults.list()).toMatchObject([{ matched: 0, hits: 0 }]);
  });

  test.each([
    ["createWebhookReceiver", `{ name: "a", webhookUri: "${webhookUri}" }`, "webhook_receiver"],
    ["createWebhookHeader", '{ key: "k", value: "v" }', "webhook_header"],
    ["createWebhookSubscription", '{ receiverId: "1", resource: PARTS, action: CREATE }', "webhook_subscription"],
  ])("a unique constraint refuses %s and nothing is made", async (field, input, table) => {
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

  test("fields inside fragments are counted in the order of the document", async () => {
    emulator.faults.add({ kind: "unique-constraint", fields: [1] });
    const { body } = await ask(
      `mutation { ...first ... on Mutation { ${createB} } } fragment first on Mutation { ${createA} }`,
    );
    expect(body.data).toMatchObject({ a: expect.anything(), b: null });
  });
});

test("a slow answer is complete, and the work is done before it comes", async () => {
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
  ])("%o is answered with %i, once", async (fault, status) => {
    emulator.faults.add(fault);
    expect((await ask(list)).status).toBe(200);
    const first = await tokenOf();
    expect(first.status).toBe(status);
    expect(await first.text()).toMatch(fault.kind === "slow" ? /"access_token"/ : /^<html>|Too many/);
    expect(emulator.requests.at(-1)).toMatchObject({ kind: "token", status, fault: fault.kind });
    expect(await (await tokenOf()).json()).toHaveProperty("access_token");
  });

  test.each(["drop-before", "drop-after", "hang"] as const)("%s gives no token", async (kind) => {
    emulator.faults.add({ kind, on: { kind: "token" } });
    const client = new AbortController();
    const waiting = fetch(emulator.tokenUrl, { method: "POST", body: tokenForm(), signal: client.signal });
    const ended = expect(waiting).rejects.toThrow(kind === "hang" ? "aborted" : "fetch failed");
    await expect.poll(() => emulator.requests.at(-1)).toMatchObject({ kind: "token", ...noAnswer, fault: kind });
    if (kind === "hang") client.abort();
    await ended;
  });
});

describe("counting", () => {
  test("after lets requests pass, times is how many it hits, and then all is well", async () => {
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

  test("Infinity ends with clear only", async () => {
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
  ])("on %o hits the requests that fit", async (on, expected) => {
    emulator.faults.add({ kind: "rate-limit", on });
    const statuses: number[] = [];
    for (const query of [list, create, "query Other { webhookSubscriptions { __typename } }", createTwo]) {
      statuses.push((await ask(query)).status);
    }
    expect(statuses).toEqual(expected);
  });

  test("what is refused anyway meets no fault", async () => {
    emulator.faults.add({ kind: "drop-before" });
    expect((await ask("{ walrus }")).status).toBe(400);
    expect((await ask("{")).status).toBe(400);
    const stranger = await asker(emulator, "no.such.token");
    expect((await stranger(list)).status).toBe(401);
    expect(emulator.faults.list()).toMatchObject([{ matched: 0 }]);
  });
});

describe("several faults at once", () => {
  test("those that replace the answer come one after the other, in the order they were added", async () => {
    for (const kind of ["bad-gateway-before", "rate-limit", "bad-gateway-after"] as const)
      emulator.faults.add({ kind });
    const statuses: number[] = [];
    for (let request = 0; request < 4; request++) statuses.push((await ask(list).catch(() => noAnswer)).status);
    expect(faultsOfLog()).toEqual(["bad-gateway-before", "rate-limit", "bad-gateway-after", undefined]);
    // An HTML body is none that `ask` can read.
    expect(statuses).toEqual([0, 429, 0, 200]);
  });

  test("a request can be partly done, slow, and lost", async () => {
    emulator.faults.add({ kind: "slow", ms: 1 });
    emulator.faults.add({ kind: "drop-after" });
    emulator.faults.add({ kind: "partial", fields: ["a"] });
    await expect(ask(createTwo)).rejects.toThrow("fetch failed");
    expect(names()).toEqual(["b"]);
    expect(faultsOfLog()).toEqual(["slow, drop-after, partial"]);
  });

  test("a fault of single fields waits while the document is not worked on", async () => {
    emulator.faults.add({ kind: "unique-constraint" });
    emulator.faults.add({ kind: "rate-limit" });
    expect((await ask(create)).status).toBe(429);
    expect((await ask(create)).body.data).toEqual({ a: null });
    expect(faultsOfLog()).toEqual(["rate-limit", "unique-constraint"]);
  });

  test("a root field meets one fault at a time", async () => {
    emulator.faults.add({ kind: "unique-constraint", fields: ["a"] });
    emulator.faults.add({ kind: "partial", fields: ["b"] });
    emulator.faults.add({ kind: "partial", fields: ["a"], message: "later" });
    const messages = async () => (await ask(createTwo)).body.errors?.map(({ message }) => message);
    expect(await messages()).toEqual([expect.stringContaining("duplicate key"), "Internal server error"]);
    expect(await messages()).toEqual(["later"]);
    expect(faultsOfLog()).toEqual(["unique-constraint, partial", "partial"]);
  });

  test("requests that come together are counted apart", async () => {
    emulator.faults.add({ kind: "rate-limit", times: 3 });
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await ask(list)).status));
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  });
});

describe("a fault that is none", () => {
  test.each<[object, string]>([
    [{ kind: "drop" }, 'There is no fault "drop". The kinds are: drop-before, drop-after, '],
    [{ kind: "toString" }, 'There is no fault "toString".'],
    [{ kind: "slow" }, "slow: ms is missing; it must be a whole number."],
    [{ kind: "slow", ms: -1 }, "slow: ms must be a whole number."],
    [{ kind: "drop-after", after: 0.5 }, "drop-after: after must be a whole number."],
    [{ kind: "drop-after", times: 0 }, "drop-after: times must be a whole number from 1, or Infinity."],
    [
      { kind: "drop-after", retryAfter: 1 },
      'drop-after: there is no option "retryAfter". The options are: after, times.',
    ],
    [{ kind: "hang", done: "yes" }, "hang: done must be true or false."],
    [{ kind: "partial", fields: [] }, "partial: fields must be root fields by index, alias or name"],
    [{ kind: "stale-etag", changes: "x" }, "stale-etag: changes must be an object, and comes from a program only."],
    [{ kind: "html", on: { type: "subscription" } }, "html: type must be query or mutation."],
    [{ kind: "html", on: { alias: "a" } }, 'html: there is no option "alias".'],
    [{ kind: "html", on: { field: "createWebhook" } }, 'html: the schema has no root field "createWebhook".'],
    [{ kind: "unique-constraint", on: { field: "deleteWebhookHeader" } }, "it cannot hit deleteWebhookHeader."],
    [{ kind: "expired-token", on: { kind: "token" } }, "expired-token: it cannot be meant for token requests."],
    [{ kind: "html", on: { kind: "token", type: "query" } }, "a token request has no type, field or operation."],
  ])("%j is refused", async (fault, message) => {
    expect(() => emulator.faults.add(fault as Fault)).toThrow(message);
    expect(emulator.faults.list()).toEqual([]);
    await expect(startEmulator({ faults: [fault as Fault] })).rejects.toThrow(message);
  });
});

describe("on a command line", () => {
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
  ])("%s is read", (line, fault) => {
    expect(readFault(line)).toEqual(fault);
  });

  test.each([
    ["drop", 'There is no fault "drop". The kinds are: drop-before,'],
    ["rate-limit:retry=2", "The options are: kind, type, field, operation, after, times, retryAfter."],
    ["rate-limit:retryAfter=", "rate-limit: retryAfter must be a whole number."],
    ["rate-limit:times=x", "rate-limit: times must be a whole number from 1, or Infinity."],
    ["hang:done", "hang: done must be true or false."],
    ["drop-after:operation=", "drop-after: operation must be text."],
    ["drop-after:kind=page", "drop-after: kind must be token or graphql."],
    ["stale-etag:changes=x", "stale-etag: changes must be an object, and comes from a program only."],
  ])("%s is refused", (line, message) => {
    expect(() => readFault(line)).toThrow(message);
  });

  test("the README's table has every kind", () => {
    const readme = readFileSync("emulator/README.md", "utf8");
    const inTable = [...readme.matchAll(/^\| `([a-z][a-z-]+)` /gm)].map(([, kind]) => kind);
    expect(inTable).toEqual(faultKinds.map(({ kind }) => kind));
  });
});
