import { beforeEach, describe, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/index.ts";
import { type Ask, asker, webhookUri } from "./setup.ts";

let emulator: Emulator;
let ask: Ask;

beforeEach(async () => {
  emulator = await startEmulator();
  ask = await asker(emulator);
  return () => emulator.close();
});

const receiverFields =
  "id _etag name description webhookUri contentType expectedResponseCode active sharedSecret headers { id key value }";

const create = `mutation Create($input: CreateWebhookReceiverInput!) {
  createWebhookReceiver(input: $input) { webhookReceiver { ${receiverFields} } }
}`;
const update = `mutation Update($input: UpdateWebhookReceiverInput!) {
  updateWebhookReceiver(input: $input) { webhookReceiver { ${receiverFields} } }
}`;

const everything = {
  name: 'Violet 🟣 "quoted"\n{ name }',
  webhookUri,
  description: "created by hand",
  contentType: "application/vnd.violet+json; charset=utf-8",
  expectedResponseCode: 204,
  active: false,
  sharedSecret: "shh",
};

describe("receivers", () => {
  test("stores and returns every field unchanged", async () => {
    const { body } = await ask(create, { input: everything });
    expect(body.data?.createWebhookReceiver.webhookReceiver).toEqual({
      id: "1",
      _etag: expect.any(String),
      ...everything,
      headers: [],
    });
    expect(emulator.store.findReceiver("1")).toMatchObject(everything);
  });

  test("uses ION's defaults for omitted and null fields", async () => {
    const { body } = await ask(create, { input: { name: "a", webhookUri, active: null, sharedSecret: null } });
    expect(body.data?.createWebhookReceiver.webhookReceiver).toMatchObject({
      description: null,
      contentType: "application/json",
      expectedResponseCode: 200,
      active: true,
      sharedSecret: expect.stringMatching(/^.{32}$/),
    });
  });

  test.each(Object.entries({ ...everything, name: "other", webhookUri: "https://other.example" }))(
    "updates only %s and the etag",
    async (property, value) => {
      const before = emulator.store.createReceiver({ name: "a", webhookUri });
      const { body } = await ask(update, { input: { id: before.id, etag: before._etag, [property]: value } });
      expect(body.errors).toBeUndefined();
      const after = emulator.store.findReceiver(before.id);
      expect(after).toEqual({ ...before, [property]: value, _etag: after?._etag });
      expect(after?._etag).not.toBe(before._etag);
    },
  );

  test("clears the description with null", async () => {
    const { id, _etag: etag } = emulator.store.createReceiver({ name: "a", webhookUri, description: "b" });
    await ask(update, { input: { id, etag, description: null } });
    expect(emulator.store.findReceiver(id)?.description).toBeNull();
  });

  test("deletes a receiver with its subscriptions and headers only", async () => {
    const { store } = emulator;
    const [deleted, kept] = [
      store.createReceiver({ name: "a", webhookUri }),
      store.createReceiver({ name: "b", webhookUri }),
    ];
    for (const receiverId of [deleted.id, kept.id]) {
      store.createSubscription({ receiverId, resource: "PARTS", action: "CREATE" });
      store.createHeader({ receiverId, key: "X-Of", value: receiverId });
    }
    const shared = store.createHeader({ receiverId: deleted.id, key: "X-Shared", value: "1" });
    store.addHeader(kept.id, shared.id);

    const etag = store.findReceiver(deleted.id)?._etag;
    const { body } = await ask(`mutation { deleteWebhookReceiver(id: "${deleted.id}", etag: "${etag}") { id } }`);
    expect(body).toEqual({ data: { deleteWebhookReceiver: { id: deleted.id } } });
    expect(store.listReceivers()).toMatchObject([{ id: kept.id }]);
    expect(store.listSubscriptions()).toMatchObject([{ receiverId: kept.id }]);
    expect(store.listHeaders()).toMatchObject([{ value: kept.id }, { id: shared.id }]);
  });

  test("never reuses an id", async () => {
    const { store } = emulator;
    store.deleteReceiver(store.createReceiver({ name: "a", webhookUri }).id);
    expect(store.createReceiver({ name: "a", webhookUri }).id).toBe("2");
  });
});

describe("subscriptions", () => {
  const subscribe = `mutation Subscribe($input: CreateWebhookSubscriptionInput!) {
    createWebhookSubscription(input: $input) {
      webhookSubscription { id _etag resource action receiverId receiver { name } }
    }
  }`;

  test("links a subscription and its receiver", async () => {
    const receiver = emulator.store.createReceiver({ name: "a", webhookUri });
    const input = { resource: "RUNS", action: "DELETE", receiverId: receiver.id };
    const { body } = await ask(subscribe, { input });
    expect(body.data?.createWebhookSubscription.webhookSubscription).toEqual({
      id: "1",
      _etag: expect.any(String),
      ...input,
      receiver: { name: "a" },
    });
    const read = await ask('{ webhookReceiver(id: "1") { subscriptions { id resource action } } }');
    expect(read.body.data?.webhookReceiver.subscriptions).toEqual([{ id: "1", resource: "RUNS", action: "DELETE" }]);
  });

  test("allows duplicates, like ION", async () => {
    emulator.store.createReceiver({ name: "a", webhookUri });
    const input = { resource: "RUNS", action: "CREATE", receiverId: "1" };
    await ask(subscribe, { input });
    await ask(subscribe, { input });
    expect(emulator.store.listSubscriptions()).toMatchObject([input, input]);
  });

  test("changes and deletes a subscription with its etag", async () => {
    const { store } = emulator;
    const [first, second] = [
      store.createReceiver({ name: "a", webhookUri }),
      store.createReceiver({ name: "b", webhookUri }),
    ];
    const created = store.createSubscription({ resource: "RUNS", action: "CREATE", receiverId: first.id });
    const changed = await ask(
      `mutation Change($input: UpdateWebhookSubscriptionInput!) {
        updateWebhookSubscription(input: $input) { webhookSubscription { id _etag resource action receiverId } }
      }`,
      { input: { id: created.id, etag: created._etag, resource: "PARTS", action: "UPDATE", receiverId: second.id } },
    );
    const subscription = changed.body.data?.updateWebhookSubscription.webhookSubscription;
    expect(subscription).toEqual({
      id: created.id,
      _etag: expect.any(String),
      resource: "PARTS",
      action: "UPDATE",
      receiverId: second.id,
    });
    const deleted = await ask(
      "mutation Delete($id: ID!, $etag: String!) { deleteWebhookSubscription(id: $id, etag: $etag) { id } }",
      { id: created.id, etag: subscription._etag },
    );
    expect(deleted.body).toEqual({ data: { deleteWebhookSubscription: { id: created.id } } });
    expect(store.listSubscriptions()).toEqual([]);
  });
});

describe("headers", () => {
  test("adds a new header to its receiver and changes the receiver's etag", async () => {
    const receiver = emulator.store.createReceiver({ name: "a", webhookUri });
    const { body } = await ask(
      `mutation Make($input: CreateWebhookHeaderInput!) {
        createWebhookHeader(input: $input) { webhookHeader { id _etag key value } }
      }`,
      { input: { key: "X-Plant", value: "7", receiverId: receiver.id } },
    );
    const header = { id: "1", key: "X-Plant", value: "7" };
    expect(body.data?.createWebhookHeader.webhookHeader).toEqual({ ...header, _etag: expect.any(String) });
    const read = await ask('{ webhookReceiver(id: "1") { _etag headers { id key value } } }');
    expect(read.body.data?.webhookReceiver.headers).toEqual([header]);
    expect(read.body.data?.webhookReceiver._etag).not.toBe(receiver._etag);
  });

  test("adds, changes, removes and deletes a header", async () => {
    const { store } = emulator;
    const receiver = store.createReceiver({ name: "a", webhookUri });
    const header = store.createHeader({ key: "X-Plant", value: "7" });
    const ids = { webhookReceiverId: receiver.id, headerId: header.id };

    const added = await ask(
      `mutation Add($input: AddHeaderToWebhookReceiverInput!) {
        addHeaderToWebhookReceiver(input: $input) { webhookReceiver { _etag headers { id } } }
      }`,
      { input: ids },
    );
    const withHeader = added.body.data?.addHeaderToWebhookReceiver.webhookReceiver;
    expect(withHeader.headers).toEqual([{ id: header.id }]);
    expect(withHeader._etag).not.toBe(receiver._etag);

    const changed = await ask(
      `mutation Change($input: UpdateWebhookHeaderInput!) {
        updateWebhookHeader(input: $input) { webhookHeader { _etag key value } }
      }`,
      { input: { id: header.id, etag: header._etag, value: "8" } },
    );
    const changedHeader = changed.body.data?.updateWebhookHeader.webhookHeader;
    expect(changedHeader).toMatchObject({ key: "X-Plant", value: "8" });
    expect(changedHeader._etag).not.toBe(header._etag);

    const removed = await ask(
      `mutation Remove($input: RemoveHeaderFromWebhookReceiverInput!) {
        removeHeaderFromWebhookReceiver(input: $input) { webhookReceiver { _etag headers { id } } }
      }`,
      { input: ids },
    );
    const without = removed.body.data?.removeHeaderFromWebhookReceiver.webhookReceiver;
    expect(without.headers).toEqual([]);
    expect(without._etag).not.toBe(withHeader._etag);
    expect(store.findHeader(header.id)).toBeDefined();

    const deleted = await ask(`mutation { deleteWebhookHeader(id: "1", etag: "${changedHeader._etag}") { id } }`);
    expect(deleted.body).toEqual({ data: { deleteWebhookHeader: { id: "1" } } });
    expect(store.listHeaders()).toEqual([]);
  });

  test("removes a deleted header from every receiver", () => {
    const { store } = emulator;
    const receivers = [
      store.createReceiver({ name: "a", webhookUri }),
      store.createReceiver({ name: "b", webhookUri }),
    ];
    const header = store.createHeader({ key: "X", value: "1" });
    for (const { id } of receivers) store.addHeader(id, header.id);
    store.deleteHeader(header.id);
    expect(store.listReceivers().map(({ headerIds }) => headerIds)).toEqual([[], []]);
  });

  test("refuses to add a header twice or to remove it twice", () => {
    const { store } = emulator;
    const { id } = store.createReceiver({ name: "a", webhookUri });
    const header = store.createHeader({ key: "X", value: "1", receiverId: id });
    expect(() => store.addHeader(id, header.id)).toThrow("WebhookReceiver 1 already has WebhookHeader 1.");
    store.removeHeader(id, header.id);
    expect(() => store.removeHeader(id, header.id)).toThrow("WebhookReceiver 1 does not have WebhookHeader 1.");
  });
});

describe("refusals", () => {
  test.each([
    ["updateWebhookReceiver", 'input: { id: "1", etag: "stale", name: "b" }', "webhookReceiver { id }"],
    ["deleteWebhookReceiver", 'id: "1", etag: "stale"', "id"],
    ["updateWebhookSubscription", 'input: { id: "1", etag: "stale", resource: RUNS }', "webhookSubscription { id }"],
    ["deleteWebhookSubscription", 'id: "1", etag: "stale"', "id"],
    ["updateWebhookHeader", 'input: { id: "1", etag: "stale", value: "2" }', "webhookHeader { id }"],
    ["deleteWebhookHeader", 'id: "1", etag: "stale"', "id"],
  ])("refuses %s with a stale etag", async (mutation, input, fields) => {
    const { store } = emulator;
    store.createReceiver({ name: "a", webhookUri });
    store.createSubscription({ resource: "PARTS", action: "CREATE", receiverId: "1" });
    store.createHeader({ key: "X", value: "1", receiverId: "1" });
    const before = store.state();
    const { status, body } = await ask(`mutation { ${mutation}(${input}) { ${fields} } }`);
    expect(status).toBe(200);
    expect(body.data).toEqual({ [mutation]: null });
    expect(body.errors).toMatchObject([{ message: expect.stringContaining("etag mismatch"), path: [mutation] }]);
    expect(store.state()).toEqual(before);
  });

  test.each([
    ['updateWebhookReceiver(input: { id: "9", etag: "x" }) { webhookReceiver { id } }', "WebhookReceiver"],
    ['deleteWebhookReceiver(id: "9", etag: "x") { id }', "WebhookReceiver"],
    [
      'createWebhookSubscription(input: { receiverId: "9", resource: RUNS, action: CREATE }) { webhookSubscription { id } }',
      "WebhookReceiver",
    ],
    ['updateWebhookSubscription(input: { id: "9", etag: "x" }) { webhookSubscription { id } }', "WebhookSubscription"],
    ['deleteWebhookSubscription(id: "9", etag: "x") { id }', "WebhookSubscription"],
    [
      'createWebhookHeader(input: { key: "X", value: "1", receiverId: "9" }) { webhookHeader { id } }',
      "WebhookReceiver",
    ],
    ['updateWebhookHeader(input: { id: "9", etag: "x" }) { webhookHeader { id } }', "WebhookHeader"],
    ['deleteWebhookHeader(id: "9", etag: "x") { id }', "WebhookHeader"],
    [
      'addHeaderToWebhookReceiver(input: { webhookReceiverId: "9", headerId: "1" }) { webhookReceiver { id } }',
      "WebhookReceiver",
    ],
    [
      'removeHeaderFromWebhookReceiver(input: { webhookReceiverId: "9", headerId: "1" }) { webhookReceiver { id } }',
      "WebhookReceiver",
    ],
  ])("refuses an unknown id: %s", async (mutation, type) => {
    const { status, body } = await ask(`mutation { ${mutation} }`);
    expect(status).toBe(200);
    expect(body.errors).toMatchObject([{ message: `${type} with id "9" not found.` }]);
    expect(emulator.store.listHeaders()).toEqual([]);
  });

  const valid = { name: "a", webhookUri };
  test.each([
    ["an empty name", { ...valid, name: " " }, "name must not be empty."],
    ["a relative webhookUri", { ...valid, webhookUri: "hooks/1" }, "webhookUri must be an https URL"],
    ["an http webhookUri", { ...valid, webhookUri: "http://violet.example" }, "webhookUri must be an https URL"],
    [
      "a host that only looks like loopback",
      { ...valid, webhookUri: "http://127.0.0.1.example" },
      "webhookUri must be",
    ],
    ["another scheme", { ...valid, webhookUri: "ftp://violet.example" }, "webhookUri must be an https URL"],
    ["a line break in the webhookUri", { ...valid, webhookUri: "https://violet\n.example" }, "webhookUri must be"],
    ["a code of 99", { ...valid, expectedResponseCode: 99 }, "expectedResponseCode must be"],
    ["a code of 600", { ...valid, expectedResponseCode: 600 }, "expectedResponseCode must be"],
    ["a contentType without a slash", { ...valid, contentType: "json" }, "contentType must be a media type"],
    ["a line break in the contentType", { ...valid, contentType: "a/b;\r\nX: 1" }, "contentType must be a media type"],
    ["an empty sharedSecret", { ...valid, sharedSecret: "" }, "sharedSecret must not be empty."],
  ])("refuses %s in a create and an update", async (_case, input, message) => {
    const created = await ask(create, { input });
    expect(created.status).toBe(200);
    expect(created.body.errors).toMatchObject([{ message: expect.stringContaining(message) }]);
    expect(emulator.store.listReceivers()).toEqual([]);

    const { id, _etag: etag } = emulator.store.createReceiver(valid);
    const changed = await ask(update, { input: { id, etag, ...input } });
    expect(changed.body.errors).toMatchObject([{ message: expect.stringContaining(message) }]);
    expect(emulator.store.findReceiver(id)).toMatchObject({ ...valid, _etag: etag });
  });

  test.each(["http://127.0.0.1:9000/hook", "http://localhost/", "http://[::1]:1/", "https://violet.example"])(
    "accepts %s as webhookUri",
    async (uri) => {
      const { body } = await ask(create, { input: { ...valid, webhookUri: uri } });
      expect(body.data?.createWebhookReceiver.webhookReceiver.webhookUri).toBe(uri);
    },
  );

  test.each([
    ["a line break in a header's key", { key: "X\r\nY", value: "1" }, "key must be an HTTP header name."],
    ["a space in a header's key", { key: "X Y", value: "1" }, "key must be an HTTP header name."],
    ["an empty key", { key: "", value: "1" }, "key must be an HTTP header name."],
    [
      "a line break in a header's value",
      { key: "X", value: "1\r\nY: 2" },
      "value must be a string without line breaks",
    ],
  ])("refuses %s", async (_case, input, message) => {
    const { body } = await ask(
      "mutation Make($input: CreateWebhookHeaderInput!) { createWebhookHeader(input: $input) { webhookHeader { id } } }",
      { input },
    );
    expect(body.errors).toMatchObject([{ message: expect.stringContaining(message) }]);
    expect(emulator.store.listHeaders()).toEqual([]);
  });

  test.each(["name", "webhookUri", "contentType", "expectedResponseCode", "active", "sharedSecret"])(
    "refuses to update %s to null",
    async (property) => {
      const { id, _etag: etag } = emulator.store.createReceiver(valid);
      const { body } = await ask(update, { input: { id, etag, [property]: null } });
      expect(body.errors).toMatchObject([{ message: expect.stringContaining(`${property} must`) }]);
    },
  );

  test.each([
    ["an unknown field in variables", create, { input: { ...valid, url: "x" } }, '"url" is not defined by type'],
    ["a missing field in variables", create, { input: { name: "a" } }, '"webhookUri" of required type'],
    [
      "an unknown enum value among good ones",
      `mutation {
        good: createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { webhookSubscription { id } }
        bad: createWebhookSubscription(input: { receiverId: "1", resource: WALRUS, action: CREATE }) { webhookSubscription { id } }
      }`,
      {},
      'Value "WALRUS" does not exist in "ResourceEnum" enum.',
    ],
    ["an unknown field", "{ webhookReceivers { nodes } }", {}, 'Cannot query field "nodes"'],
    ["broken syntax", "{", {}, "Syntax Error"],
  ])("refuses the whole document for %s", async (_case, query, variables, message) => {
    emulator.store.createReceiver(valid);
    const before = emulator.store.state();
    const { status, body } = await ask(query, variables);
    expect(status).toBe(400);
    expect(body.errors?.[0]?.message).toContain(message);
    expect(Object.keys(body)).toEqual(["errors"]);
    expect(emulator.store.state()).toEqual(before);
  });

  test("refuses only the mutations without permission", async () => {
    emulator.settings.deniedPermissions.add("CreateWebhookReceiver").add("AddHeaderToWebhookReceiver");
    emulator.store.createReceiver(valid);
    const { status, body } = await ask(`mutation {
      receiver: createWebhookReceiver(input: { name: "b", webhookUri: "https://b.example" }) { webhookReceiver { id } }
      header: createWebhookHeader(input: { key: "X", value: "1" }) { webhookHeader { id } }
      add: addHeaderToWebhookReceiver(input: { webhookReceiverId: "1", headerId: "1" }) { webhookReceiver { id } }
    }`);
    expect(status).toBe(200);
    expect(body.data).toEqual({ receiver: null, header: { webhookHeader: { id: "1" } }, add: null });
    expect(body.errors?.map(({ message }) => message)).toEqual([
      "User does not have permission to create this resource.",
      "User does not have permission to update this resource.",
    ]);
  });
});

describe("aliases", () => {
  test("runs aliases in order and reports each outcome", async () => {
    emulator.store.createReceiver({ name: "a", webhookUri });
    const subscribe = (receiverId: string, resource: string) =>
      `createWebhookSubscription(input: { receiverId: "${receiverId}", resource: ${resource}, action: CREATE }) { webhookSubscription { id } }`;
    const { status, body } = await ask(`mutation Batch {
      one: ${subscribe("1", "RUNS")}
      two: ${subscribe("9", "PARTS")}
      three: ${subscribe("1", "STEPS")}
    }`);
    expect(status).toBe(200);
    expect(body.data).toEqual({
      one: { webhookSubscription: { id: "1" } },
      two: null,
      three: { webhookSubscription: { id: "2" } },
    });
    expect(body.errors).toEqual([
      { message: 'WebhookReceiver with id "9" not found.', locations: [{ line: 3, column: 7 }], path: ["two"] },
    ]);
    expect(emulator.store.listSubscriptions().map(({ resource }) => resource)).toEqual(["RUNS", "STEPS"]);
    expect(emulator.requests.at(-1)).toMatchObject({
      operation: { type: "mutation", name: "Batch" },
      fields: [
        { alias: "one", field: "createWebhookSubscription", outcome: "ok" },
        { alias: "two", field: "createWebhookSubscription", outcome: "error" },
        { alias: "three", field: "createWebhookSubscription", outcome: "ok" },
      ],
    });
  });

  test("shows the result of an earlier alias to a later one", async () => {
    const { body } = await ask(`mutation {
      receiver: createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { subscriptions { id } } }
      subscription: createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) {
        webhookSubscription { receiver { subscriptions { id } } }
      }
    }`);
    expect(body.data).toEqual({
      receiver: { webhookReceiver: { subscriptions: [] } },
      subscription: { webhookSubscription: { receiver: { subscriptions: [{ id: "1" }] } } },
    });
  });

  test("applies the mutation latency to each alias in turn", async () => {
    emulator.settings.mutationLatencyMs = 20;
    emulator.store.createReceiver({ name: "a", webhookUri });
    const aliases = Array.from(
      { length: 5 },
      (_, index) =>
        `s${index}: createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { webhookSubscription { id } }`,
    );
    const { body } = await ask(`mutation { ${aliases.join(" ")} }`);
    expect(body.data?.s4.webhookSubscription.id).toBe("5");
    expect(emulator.requests.at(-1)?.milliseconds).toBeGreaterThan(95);
  });
});
