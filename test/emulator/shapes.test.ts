import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { eventsOf, readShape } from "../../emulator/graphql/schema.ts";
import { type Emulator, startEmulator } from "../../emulator/index.ts";
import { asker, start, webhookUri } from "./setup.ts";

const folder = resolve("test/schemas");
const sdl = (name: string) => readFileSync(join(folder, `${name}.graphql`), "utf8");

/**
 * A document, and its answer: the data, the message of an error, or 400 if it does not fit the schema. In a document,
 * `@receiver1` is the etag of the receiver with the id 1.
 */
type Step = readonly [document: string, answer: object | string | 400];

const conflict = "was changed by another writer: etag mismatch. Read it again and retry.";
const unsubscribe = `mutation { deleteWebhookSubscription(id: "1", etag: @subscription1) { id } }`;

/** Documents in each schema's own shape, and some that it refuses. There is one receiver, with a subscription and a header. */
const steps: Record<string, readonly Step[]> = {
  guide: [
    [
      `mutation { createWebhookHeader(input: { key: "X-Line", value: "2", receiverId: "1" }) { webhookHeader { id } } }`,
      { createWebhookHeader: { webhookHeader: { id: "2" } } },
    ],
    [
      "{ webhookReceivers(first: 5) { edges { cursor node { id headers { key } } } pageInfo { hasNextPage endCursor } } }",
      {
        webhookReceivers: {
          edges: [
            { cursor: "YXJyYXljb25uZWN0aW9uOjA=", node: { id: "1", headers: [{ key: "X-Plant" }, { key: "X-Line" }] } },
          ],
          pageInfo: { hasNextPage: false, endCursor: "YXJyYXljb25uZWN0aW9uOjA=" },
        },
      },
    ],
    [`mutation { deleteWebhookReceiver(id: "1", etag: "x") { id } }`, `WebhookReceiver 1 ${conflict}`],
    [`mutation { deleteWebhookReceiver(id: "1", etag: @receiver1) { id } }`, { deleteWebhookReceiver: { id: "1" } }],
  ],

  updateByArguments: [
    [
      `mutation { updateWebhookReceiver(id: "1", etag: "x", input: { name: "MES" }) { webhookReceiver { name } } }`,
      `WebhookReceiver 1 ${conflict}`,
    ],
    [
      `mutation { updateWebhookReceiver(id: "1", etag: @receiver1, input: { name: "MES" }) { webhookReceiver { name } } }`,
      { updateWebhookReceiver: { webhookReceiver: { name: "MES" } } },
    ],
    [
      `mutation { updateWebhookHeader(id: "1", etag: @header1, input: { value: "8" }) { webhookHeader { key value } } }`,
      { updateWebhookHeader: { webhookHeader: { key: "X-Plant", value: "8" } } },
    ],
    [
      `mutation { updateWebhookSubscription(id: "1", etag: @subscription1, input: { resource: PARTS }) {
        webhookSubscription { resource action }
      } }`,
      { updateWebhookSubscription: { webhookSubscription: { resource: "PARTS", action: "CREATE" } } },
    ],
    [
      `mutation { updateWebhookReceiver(input: { id: "1", etag: @receiver1, name: "x" }) { webhookReceiver { id } } }`,
      400,
    ],
  ],

  deleteByInput: [
    [
      `mutation { deleteWebhookSubscription(input: { id: "1", etag: "x" }) { id } }`,
      `WebhookSubscription 1 ${conflict}`,
    ],
    [
      `mutation {
        deleteWebhookSubscription(input: { id: "1", etag: @subscription1 }) { id }
        deleteWebhookHeader(input: { id: "1", etag: @header1 }) { id }
      }`,
      { deleteWebhookSubscription: { id: "1" }, deleteWebhookHeader: { id: "1" } },
    ],
    [
      `mutation { deleteWebhookReceiver(input: { id: "1", etag: @receiver1 }) { id } }`,
      { deleteWebhookReceiver: { id: "1" } },
    ],
    [unsubscribe, 400],
  ],

  flatArguments: [
    [
      `mutation { createWebhookReceiver(name: "MES", webhookUri: "${webhookUri}", expectedResponseCode: 204) {
        webhookReceiver { id name expectedResponseCode }
      } }`,
      { createWebhookReceiver: { webhookReceiver: { id: "2", name: "MES", expectedResponseCode: 204 } } },
    ],
    [
      `mutation {
        updateWebhookReceiver(id: "2", etag: @receiver2, active: false) { webhookReceiver { name active } }
        createWebhookSubscription(resource: PARTS, action: UPDATE, receiverId: "2") { webhookSubscription { id } }
        addHeaderToWebhookReceiver(webhookReceiverId: "2", headerId: "1") { webhookReceiver { headers { id } } }
      }`,
      {
        updateWebhookReceiver: { webhookReceiver: { name: "MES", active: false } },
        createWebhookSubscription: { webhookSubscription: { id: "2" } },
        addHeaderToWebhookReceiver: { webhookReceiver: { headers: [{ id: "1" }] } },
      },
    ],
    [
      `mutation { createWebhookReceiver(input: { name: "x", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`,
      400,
    ],
  ],

  otherNames: [
    [
      `{ webhookSubscription(id: "1") { etag webhookReceiverId receiver { etag headers { etag } } } }`,
      {
        webhookSubscription: {
          etag: "@subscription1",
          webhookReceiverId: "1",
          receiver: { etag: "@receiver1", headers: [{ etag: "@header1" }] },
        },
      },
    ],
    [
      `mutation {
        createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiver: "1" }) {
          webhookSubscription { webhookReceiverId }
        }
        createWebhookHeader(input: { key: "X-Line", value: "2", webhookReceiver: "1" }) { webhookHeader { id } }
      }`,
      {
        createWebhookSubscription: { webhookSubscription: { webhookReceiverId: "1" } },
        createWebhookHeader: { webhookHeader: { id: "2" } },
      },
    ],
    [
      `mutation { updateWebhookReceiver(input: { webhookReceiverId: "1", _etag: "x" }) { webhookReceiver { id } } }`,
      `WebhookReceiver 1 ${conflict}`,
    ],
    [
      `mutation {
        deleteWebhookSubscription(webhookSubscriptionId: "1", _etag: @subscription1) { id }
        deleteWebhookHeader(webhookHeaderId: "2", _etag: @header2) { id }
      }`,
      { deleteWebhookSubscription: { id: "1" }, deleteWebhookHeader: { id: "2" } },
    ],
    [unsubscribe, 400],
  ],

  headersAttached: [
    [
      `mutation { createWebhookHeader(input: { key: "X-Line", value: "2" }) { webhookHeader { id } } }`,
      { createWebhookHeader: { webhookHeader: { id: "2" } } },
    ],
    [
      `mutation { addHeaderToWebhookReceiver(input: { webhookReceiverId: "1", headerId: "2" }) {
        webhookReceiver { headers { id } }
      } }`,
      { addHeaderToWebhookReceiver: { webhookReceiver: { headers: [{ id: "1" }, { id: "2" }] } } },
    ],
    [
      `mutation { deleteWebhookHeader(id: "1", etag: @header1) { id } }`,
      "WebhookHeader 1 cannot be deleted: WebhookReceiver 1 has it.",
    ],
    [
      `mutation {
        removeHeaderFromWebhookReceiver(input: { webhookReceiverId: "1", headerId: "1" }) {
          webhookReceiver { headers { id } }
        }
        deleteWebhookHeader(id: "1", etag: @header1) { id }
      }`,
      {
        removeHeaderFromWebhookReceiver: { webhookReceiver: { headers: [{ id: "2" }] } },
        deleteWebhookHeader: { id: "1" },
      },
    ],
    [
      `mutation { createWebhookHeader(input: { key: "X", value: "2", receiverId: "1" }) { webhookHeader { id } } }`,
      400,
    ],
  ],

  headersAttachedByArguments: [
    [
      `mutation {
        removeHeaderFromWebhookReceiver(receiverId: "1", headerId: "1") { receiverId headerId }
        addHeaderToWebhookReceiver(headerId: "1", receiverId: "1") { receiverId headerId }
      }`,
      {
        removeHeaderFromWebhookReceiver: { receiverId: "1", headerId: "1" },
        addHeaderToWebhookReceiver: { receiverId: "1", headerId: "1" },
      },
    ],
    [
      `mutation { addHeaderToWebhookReceiver(headerId: "1", receiverId: "1") { headerId } }`,
      "WebhookReceiver 1 already has WebhookHeader 1.",
    ],
    [`mutation { addHeaderToWebhookReceiver(input: { webhookReceiverId: "1", headerId: "1" }) { headerId } }`, 400],
  ],

  headersAttachedByOtherNames: [
    [
      `mutation {
        removeHeaderFromWebhookReceiver(input: { webhookHeader: "1", endpointId: "1" }) { webhookHeader { key } }
        addHeaderToWebhookReceiver(input: { endpointId: "1", webhookHeader: "1" }) { webhookHeader { key } }
      }`,
      {
        removeHeaderFromWebhookReceiver: { webhookHeader: { key: "X-Plant" } },
        addHeaderToWebhookReceiver: { webhookHeader: { key: "X-Plant" } },
      },
    ],
    [`mutation { addHeaderToWebhookReceiver(input: { webhookReceiverId: "1", headerId: "1" }) { __typename } }`, 400],
  ],

  headersOfReceiver: [
    [
      `mutation { createWebhookHeader(input: { key: "X-Line", value: "2", receiverId: "1" }) { webhookHeader { id } } }`,
      { createWebhookHeader: { webhookHeader: { id: "2" } } },
    ],
    [`mutation { deleteWebhookHeader(id: "1", etag: @header1) { id } }`, { deleteWebhookHeader: { id: "1" } }],
    [`{ webhookReceiver(id: "1") { headers { key } } }`, { webhookReceiver: { headers: [{ key: "X-Line" }] } }],
    [`mutation { createWebhookHeader(input: { key: "X", value: "2" }) { webhookHeader { id } } }`, 400],
  ],

  headersInReceiver: [
    [
      `mutation { createWebhookReceiver(input: {
        name: "MES", webhookUri: "${webhookUri}", headers: [{ key: "A", value: "1" }, { key: "B", value: "2" }]
      }) { webhookReceiver { id headers { id key value } } } }`,
      {
        createWebhookReceiver: {
          webhookReceiver: {
            id: "2",
            headers: [
              { id: "2", key: "A", value: "1" },
              { id: "3", key: "B", value: "2" },
            ],
          },
        },
      },
    ],
    [
      `mutation { updateWebhookReceiver(input: {
        id: "2", etag: @receiver2, headers: [{ key: "B", value: "2" }, { key: "A", value: "3" }]
      }) { webhookReceiver { headers { id key value } } } }`,
      {
        updateWebhookReceiver: {
          webhookReceiver: {
            headers: [
              { id: "3", key: "B", value: "2" },
              { id: "4", key: "A", value: "3" },
            ],
          },
        },
      },
    ],
    [
      `mutation { updateWebhookReceiver(input: { id: "2", etag: @receiver2, name: "x", headers: [{ key: "", value: "1" }] }) {
        webhookReceiver { id }
      } }`,
      "key must be an HTTP header name.",
    ],
    [`{ webhookReceiver(id: "2") { name } }`, { webhookReceiver: { name: "MES" } }],
    [
      `mutation { updateWebhookReceiver(input: { id: "2", etag: @receiver2, active: false }) {
        webhookReceiver { name headers { id } }
      } }`,
      { updateWebhookReceiver: { webhookReceiver: { name: "MES", headers: [{ id: "3" }, { id: "4" }] } } },
    ],
    [
      `mutation { updateWebhookReceiver(input: { id: "2", etag: @receiver2, headers: [] }) {
        webhookReceiver { headers { id } }
      } }`,
      { updateWebhookReceiver: { webhookReceiver: { headers: [] } } },
    ],
    [`mutation { createWebhookHeader(input: { key: "X", value: "2" }) { webhookHeader { id } } }`, 400],
  ],

  plainList: [
    [
      "{ webhookReceivers { id subscriptions { id } } webhookSubscriptions { resource receiver { name } } }",
      {
        webhookReceivers: [{ id: "1", subscriptions: [{ id: "1" }] }],
        webhookSubscriptions: [{ resource: "RUNS", receiver: { name: "ERP" } }],
      },
    ],
    ["{ webhookReceivers(first: 1) { id } }", 400],
    ["{ webhookReceivers { edges { node { id } } } }", 400],
  ],

  limitOffset: [
    [
      `mutation { createWebhookReceiver(input: { name: "MES", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`,
      { createWebhookReceiver: { webhookReceiver: { id: "2" } } },
    ],
    [
      `{
        first: webhookReceivers(limit: 1) { id }
        second: webhookReceivers(limit: 1, offset: 1) { id }
        third: webhookReceivers(limit: 1, offset: 2) { id }
        rest: webhookReceivers(offset: 1) { id }
        all: webhookReceivers { id }
      }`,
      { first: [{ id: "1" }], second: [{ id: "2" }], third: [], rest: [{ id: "2" }], all: [{ id: "1" }, { id: "2" }] },
    ],
    ["{ webhookReceivers(limit: -1) { id } }", 'Argument "limit" must not be negative.'],
    ["{ webhookReceivers(offset: -1) { id } }", 'Argument "offset" must not be negative.'],
    ["{ webhookReceivers(first: 1) { id } }", 400],
  ],

  nodesList: [
    [
      "{ webhookReceivers(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } }",
      {
        webhookReceivers: {
          nodes: [{ id: "1" }],
          pageInfo: { hasNextPage: false, endCursor: "YXJyYXljb25uZWN0aW9uOjA=" },
        },
      },
    ],
    [
      `{ webhookReceivers(first: 1, after: "YXJyYXljb25uZWN0aW9uOjA=") { nodes { id } } }`,
      { webhookReceivers: { nodes: [] } },
    ],
    ["{ webhookReceivers { edges { node { id } } } }", 400],
  ],

  noList: [
    [
      `{ webhookReceiver(id: "1") { name subscriptions { id } } webhookSubscription(id: "1") { receiverId } }`,
      { webhookReceiver: { name: "ERP", subscriptions: [{ id: "1" }] }, webhookSubscription: { receiverId: "1" } },
    ],
    [`{ webhookReceiver(id: "9") { name } }`, 'WebhookReceiver with id "9" not found.'],
    ["{ webhookReceivers { __typename } }", 400],
    ["{ webhookSubscriptions { __typename } }", 400],
  ],

  onlySubscriptions: [
    [
      "{ webhookSubscriptions { edges { node { resource receiver { id name headers { key } } } } } }",
      {
        webhookSubscriptions: {
          edges: [{ node: { resource: "RUNS", receiver: { id: "1", name: "ERP", headers: [{ key: "X-Plant" }] } } }],
        },
      },
    ],
    ["{ webhookReceivers { __typename } }", 400],
    [`{ webhookReceiver(id: "1") { __typename } }`, 400],
    [`{ webhookSubscription(id: "1") { __typename } }`, 400],
  ],

  noPageInfo: [
    [
      "{ webhookReceivers(first: 1) { edges { node { id } cursor } } }",
      { webhookReceivers: { edges: [{ node: { id: "1" }, cursor: "YXJyYXljb25uZWN0aW9uOjA=" }] } },
    ],
    [
      `{ webhookReceivers(first: 1, after: "YXJyYXljb25uZWN0aW9uOjA=") { edges { node { id } } } }`,
      { webhookReceivers: { edges: [] } },
    ],
    ["{ webhookReceivers { pageInfo { hasNextPage } } }", 400],
  ],

  intIds: [
    [
      "{ webhookReceiver(id: 1) { id subscriptions { id receiverId } headers { id } } }",
      { webhookReceiver: { id: 1, subscriptions: [{ id: 1, receiverId: 1 }], headers: [{ id: 1 }] } },
    ],
    [
      `mutation {
        createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: 1 }) { webhookSubscription { id } }
        removeHeaderFromWebhookReceiver(input: { webhookReceiverId: 1, headerId: 1 }) { webhookReceiver { id } }
        deleteWebhookSubscription(id: 1, etag: @subscription1) { id }
      }`,
      {
        createWebhookSubscription: { webhookSubscription: { id: 2 } },
        removeHeaderFromWebhookReceiver: { webhookReceiver: { id: 1 } },
        deleteWebhookSubscription: { id: 1 },
      },
    ],
    [
      "mutation { createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: 9 }) { __typename } }",
      'WebhookReceiver with id "9" not found.',
    ],
    [`{ webhookReceiver(id: "1") { id } }`, 400],
  ],

  strings: [
    [
      `mutation {
        createWebhookReceiver(input: { name: "MES", webhookUri: "${webhookUri}", expectedResponseCode: "204" }) {
          webhookReceiver { expectedResponseCode }
        }
        createWebhookSubscription(input: { resource: "PARTS", action: "UPDATE", receiverId: "2" }) {
          webhookSubscription { resource action }
        }
      }`,
      {
        createWebhookReceiver: { webhookReceiver: { expectedResponseCode: "204" } },
        createWebhookSubscription: { webhookSubscription: { resource: "PARTS", action: "UPDATE" } },
      },
    ],
    [
      `mutation { updateWebhookReceiver(input: { id: "2", etag: @receiver2, expectedResponseCode: "OK" }) { __typename } }`,
      "expectedResponseCode must be an HTTP status from 100 to 599.",
    ],
    [
      `mutation { createWebhookSubscription(input: { resource: "WALRUS", action: "UPDATE", receiverId: "1" }) { __typename } }`,
      "ION has no such resource.",
    ],
    [
      `mutation { updateWebhookSubscription(input: { id: "1", etag: @subscription1, action: "WALRUS" }) { __typename } }`,
      "ION has no such action.",
    ],
    [`{ webhookReceiver(id: "1") { active } }`, 400],
    [
      `mutation { createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: "1" }) { __typename } }`,
      400,
    ],
  ],

  errorPayloads: [
    [
      `mutation {
        refused: createWebhookReceiver(input: { name: "", webhookUri: "${webhookUri}" }) {
          webhookReceiver { id } errors { field message }
        }
        stale: deleteWebhookHeader(id: "1", etag: "x") { id errors { message } }
        deleted: deleteWebhookHeader(id: "1", etag: @header1) { id errors { message } }
      }`,
      {
        refused: { webhookReceiver: null, errors: [{ field: null, message: "name must not be empty." }] },
        stale: { id: null, errors: [{ message: `WebhookHeader 1 ${conflict}` }] },
        deleted: { id: "1", errors: null },
      },
    ],
  ],

  stringErrors: [
    [
      `mutation {
        refused: deleteWebhookHeader(id: "1", etag: "x") { success errors }
        deleted: deleteWebhookHeader(id: "1", etag: @header1) { success errors }
      }`,
      {
        refused: { success: false, errors: [`WebhookHeader 1 ${conflict}`] },
        deleted: { success: true, errors: null },
      },
    ],
  ],

  objectPayloads: [
    [
      `mutation {
        createWebhookReceiver(input: { name: "MES", webhookUri: "${webhookUri}" }) { id name }
        createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: "2" }) { id receiver { name } }
        addHeaderToWebhookReceiver(input: { webhookReceiverId: "2", headerId: "1" }) { headers { key } }
        deleteWebhookSubscription(id: "1", etag: @subscription1)
      }`,
      {
        createWebhookReceiver: { id: "2", name: "MES" },
        createWebhookSubscription: { id: "2", receiver: { name: "MES" } },
        addHeaderToWebhookReceiver: { headers: [{ key: "X-Plant" }] },
        deleteWebhookSubscription: true,
      },
    ],
    [`mutation { deleteWebhookHeader(id: "1", etag: "x") }`, `WebhookHeader 1 ${conflict}`],
    [unsubscribe, 400],
  ],

  onlyGuide: [
    [
      `mutation {
        createWebhookReceiver(input: { name: "MES", webhookUri: "${webhookUri}" }) {
          webhookReceiver { id subscriptions { id } headers { id } }
        }
        createWebhookSubscription(input: { resource: PARTS, action: UPDATE, receiverId: "2" }) {
          webhookSubscription { id receiver { name } }
        }
      }`,
      {
        createWebhookReceiver: { webhookReceiver: { id: "2", subscriptions: [], headers: [] } },
        createWebhookSubscription: { webhookSubscription: { id: "2", receiver: { name: "MES" } } },
      },
    ],
    ["{ version }", { version: null }],
    ["{ webhookReceivers { __typename } }", 400],
    [unsubscribe, 400],
  ],
};

function seed({ store }: Emulator): void {
  store.createReceiver({ name: "ERP", webhookUri });
  store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  store.createHeader({ receiverId: "1", key: "X-Plant", value: "7" });
}

/** The etags of all objects by what stands for them in a document. */
function etagsOf({ store }: Emulator): Record<string, string> {
  const { receivers, subscriptions, headers } = store.state();
  return Object.fromEntries([
    ...receivers.map(({ id, _etag }) => [`@receiver${id}`, _etag]),
    ...subscriptions.map(({ id, _etag }) => [`@subscription${id}`, _etag]),
    ...headers.map(({ id, _etag }) => [`@header${id}`, _etag]),
  ]);
}

test("has documents for every schema", () => {
  const schemas = readdirSync(folder).filter((file) => file.endsWith(".graphql"));
  const files = schemas.map((file) => file.replace(".graphql", ""));
  expect(Object.keys(steps).sort()).toEqual(files.sort());
});

test.each(Object.entries(steps))("serves the shape of %s", async (name, documents) => {
  const emulator = await start({ schema: sdl(name) });
  seed(emulator);
  const ask = await asker(emulator);
  for (const [document, answer] of documents) {
    const etags = etagsOf(emulator);
    const { status, body } = await ask(document.replaceAll(/@\w+/g, (etag) => JSON.stringify(etags[etag])));
    const withEtags = (data: object): object =>
      JSON.parse(JSON.stringify(data), (_key, value) => etags[value] ?? value);
    const messages = body.errors?.map(({ message }) => message);
    if (answer === 400) expect([document, status]).toEqual([document, 400]);
    else if (typeof answer === "string") expect([document, messages]).toEqual([document, [answer]]);
    else expect([document, body]).toEqual([document, { data: withEtags(answer) }]);
  }
});

test.each([
  ["guide", []],
  ["headersAttached", ["1"]],
  ["headersOfReceiver", []],
])("deletes a receiver in %s and keeps the headers %j", async (name, kept) => {
  const emulator = await start({ schema: sdl(name) });
  seed(emulator);
  const ask = await asker(emulator);
  await ask(`mutation { deleteWebhookReceiver(id: "1", etag: "${etagsOf(emulator)["@receiver1"]}") { id } }`);
  expect(emulator.store.listReceivers()).toEqual([]);
  expect(emulator.store.listHeaders().map(({ id }) => id)).toEqual(kept);
});

test("puts a missing permission into the errors of the payload, and other failures next to the data", async () => {
  const emulator = await start({ schema: sdl("errorPayloads") });
  const ask = await asker(emulator);
  const create = `mutation { it: createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) {
    webhookReceiver { id } errors { message }
  } }`;
  emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
  expect((await ask(create)).body).toEqual({
    data: {
      it: { webhookReceiver: null, errors: [{ message: "User does not have permission to create this resource." }] },
    },
  });
  expect(emulator.requests.at(-1)?.fields).toEqual([{ alias: "it", field: "createWebhookReceiver", outcome: "error" }]);
  emulator.settings.deniedPermissions.clear();
  emulator.faults.add({ kind: "partial" });
  expect((await ask(create)).body).toMatchObject({
    data: { it: null },
    errors: [{ message: "Internal server error" }],
  });
  expect((await ask(create)).body).toEqual({ data: { it: { webhookReceiver: { id: "1" }, errors: null } } });
});

test("simulates an etag conflict in every shape", async () => {
  const emulator = await start({ schema: sdl("otherNames") });
  seed(emulator);
  const ask = await asker(emulator);
  emulator.faults.add({ kind: "stale-etag" });
  const remove = () =>
    ask(
      `mutation { deleteWebhookReceiver(webhookReceiverId: "1", _etag: "${etagsOf(emulator)["@receiver1"]}") { id } }`,
    );
  expect((await remove()).body.errors).toMatchObject([{ message: `WebhookReceiver 1 ${conflict}` }]);
  expect((await remove()).body.errors).toBeUndefined();
});

test("emits events whose names are strings, and refuses unknown ones", async () => {
  const emulator = await start({ schema: sdl("strings") });
  seed(emulator);
  // Events are sent to this machine only.
  emulator.store.updateReceiver("1", { webhookUri: "http://127.0.0.1:9/" });
  const ask = await asker(emulator);
  const { body } = await ask("mutation { emulatorEmit(resource: RUNS, action: CREATE) { deliveries } }");
  expect(body).toEqual({ data: { emulatorEmit: { deliveries: 1 } } });
  expect(emulator.emit("RUNS", "CREATE").deliveries).toBe(1);
  expect(() => emulator.emit("WALRUS", "CREATE")).toThrow('Value "WALRUS" does not exist');
});

test("serves other names of types, nested input and lists with filters", async () => {
  const emulator = await start({
    schema: `
      schema { query: RootQuery, mutation: Mutations }
      type RootQuery {
        webhookReceivers(where: Where, pagination: Pagination, webhookReceiverId: ID): [Hook!]
        webhookSubscriptions(receiver: Int, action: Action): [Event!]!
        webhookHeader(id: Int!): Pair
        webhookHeaders: Pairs
      }
      type Mutations {
        updateWebhookSubscription(change: Change!): EventResult
        unrelated: String
      }
      type Hook { id: ID! name: String! webhookUri: String! events(first: Int): Events }
      type Event { id: ID! resource: Resource! action: Action! hook: Hook }
      type Events { results: [Event!]! totalCount: Int }
      type Pair { id: ID! key: String! value: String! hooks: [Hook!]! receiverId: ID }
      type Pairs { edges: [PairEdge!]! hasNextPage: Boolean endCursor: String }
      type PairEdge { node: Pair }
      type EventResult { ok: Boolean! others: [Event!] errors: [String!]! result: Event webhookSubscriptionId: ID clientMutationId: String }
      input Where { name: Text, expectedResponseCode: Text }
      input Text { eq: String }
      input Pagination { limit: Int offset: Int }
      input Change { webhookSubscription: Reference!, data: Data! }
      input Reference { id: ID! }
      input Data { resource: Resource receiver: Reference }
      enum Resource { RUNS PARTS }
      enum Action { CREATE UPDATE }`,
  });
  seed(emulator);
  emulator.store.createReceiver({ name: "MES", webhookUri });
  emulator.store.createSubscription({ receiverId: "2", resource: "PARTS", action: "UPDATE" });
  const ask = await asker(emulator);
  const read = await ask(`{
    named: webhookReceivers(where: { name: { eq: "MES" }, expectedResponseCode: { eq: "200" } }) { id events(first: 5) { results { resource } totalCount } }
    byId: webhookReceivers(webhookReceiverId: "2") { name }
    page: webhookReceivers(pagination: { limit: 1 }) { id }
    webhookSubscriptions(receiver: 2) { id hook { name } }
    created: webhookSubscriptions(action: CREATE) { id }
    webhookHeader(id: 1) { key hooks { id } receiverId }
    webhookHeaders { edges { node { value } } hasNextPage endCursor }
  }`);
  expect(read.body).toEqual({
    data: {
      named: [{ id: "2", events: { results: [{ resource: "PARTS" }], totalCount: 1 } }],
      byId: [{ name: "MES" }],
      page: [{ id: "1" }],
      webhookSubscriptions: [{ id: "2", hook: { name: "MES" } }],
      created: [{ id: "1" }],
      webhookHeader: { key: "X-Plant", hooks: [{ id: "1" }], receiverId: "1" },
      webhookHeaders: {
        edges: [{ node: { value: "7" } }],
        hasNextPage: false,
        endCursor: "YXJyYXljb25uZWN0aW9uOjA=",
      },
    },
  });
  const changed = await ask(`mutation {
    updateWebhookSubscription(change: {
      webhookSubscription: { id: "2" }, data: { resource: RUNS, receiver: { id: "1" } }
    }) { ok others { id } errors result { resource hook { id } } webhookSubscriptionId clientMutationId }
  }`);
  expect(changed.body).toEqual({
    data: {
      updateWebhookSubscription: {
        ok: true,
        others: null,
        errors: [],
        result: { resource: "RUNS", hook: { id: "1" } },
        webhookSubscriptionId: "2",
        clientMutationId: null,
      },
    },
  });
  expect((await ask("mutation { emulatorEmit(resource: RUNS, action: CREATE) { deliveries } }")).status).toBe(200);
});

test("deletes the headers that an update of a receiver leaves out", async () => {
  const emulator = await start({ schema: sdl("headersInReceiver") });
  seed(emulator);
  const { store } = emulator;
  store.createReceiver({ name: "MES", webhookUri });
  store.addHeader("2", store.createHeader({ receiverId: "1", key: "X-Shared", value: "1" }).id);
  const { body } = await (await asker(emulator))(`mutation {
    updateWebhookReceiver(input: { id: "1", etag: "${etagsOf(emulator)["@receiver1"]}", headers: [{ key: "A", value: "1" }] }) {
      webhookReceiver { headers { key } }
    }
  }`);
  expect(body.data?.updateWebhookReceiver.webhookReceiver).toEqual({ headers: [{ key: "A" }] });
  expect(store.listHeaders().map(({ key }) => key)).toEqual(["X-Shared", "A"]);
});

test("knows which of a schema's events are in Violet's guide", () => {
  const shape = readShape(sdl("strings"), []);
  expect(eventsOf(shape)).toMatchObject({ resourceType: "EmulatorResource", actions: ["CREATE", "UPDATE", "DELETE"] });
  expect(eventsOf(shape).resources).toContain("USERS");
  expect(eventsOf(shape).guideResources).toHaveLength(17);
  expect(eventsOf(readShape(sdl("guide"), ["ResourceEnum.RUNS"])).guideResources).toHaveLength(16);
});

test("creates nothing if a header in a receiver's input is refused", async () => {
  const schema = sdl("headersInReceiver").replace("value: String!\n}\n\ninput", "value: String\n}\n\ninput");
  const emulator = await start({ schema });
  const ask = await asker(emulator);
  const input = `{ name: "a", webhookUri: "${webhookUri}", headers: [{ key: "A", value: "1" }, { key: "B" }] }`;
  const { body } = await ask(`mutation { createWebhookReceiver(input: ${input}) { webhookReceiver { id } } }`);
  expect(body.errors).toMatchObject([{ message: expect.stringContaining("value must be a string") }]);
  expect(emulator.store.state()).toEqual({
    lastIds: { receiver: 0, header: 0, subscription: 0 },
    receivers: [],
    headers: [],
    subscriptions: [],
  });
});

test.each([
  ["(header: ID!, id: ID!)", '(header: "1", id: "1")'],
  ["(id: ID!, receiver: ID!)", '(id: "1", receiver: "1")'],
  ["(clientMutationId: String, hook: ID!, headerId: ID!)", '(clientMutationId: "9", hook: "1", headerId: "1")'],
  ["(headerId: ID!, receiver: Reference!)", '(headerId: "1", receiver: { id: "1" })'],
])("detaches a header with the arguments %s", async (declared, args) => {
  const schema = sdl("headersAttachedByArguments").replaceAll("(receiverId: ID!, headerId: ID!)", declared);
  const emulator = await start({ schema: `${schema} input Reference { id: ID! }` });
  seed(emulator);
  const { body } = await (await asker(emulator))(
    `mutation { removeHeaderFromWebhookReceiver${args} { receiverId headerId } }`,
  );
  expect(body).toEqual({ data: { removeHeaderFromWebhookReceiver: { receiverId: "1", headerId: "1" } } });
  expect(emulator.store.findReceiver("1")?.headerIds).toEqual([]);
});

test("checks the receiver's etag when a header is attached, if the schema takes one", async () => {
  const schema = sdl("headersAttachedByArguments").replaceAll("headerId: ID!)", "headerId: ID!, etag: String)");
  const emulator = await start({ schema });
  seed(emulator);
  const ask = await asker(emulator);
  const detach = (etag: string | undefined) =>
    ask(
      `mutation ($etag: String) {
        removeHeaderFromWebhookReceiver(receiverId: "1", headerId: "1", etag: $etag) { headerId }
      }`,
      { etag },
    );
  expect((await detach("x")).body.errors).toMatchObject([{ message: `WebhookReceiver 1 ${conflict}` }]);
  expect((await detach(etagsOf(emulator)["@receiver1"])).body.errors).toBeUndefined();
});

test("accepts interfaces, scalars, directives, unions and recursive inputs", async () => {
  const plainList = sdl("plainList").replace("HeaderInput {", "HeaderInput {\n  parent: CreateWebhookHeaderInput");
  const schema = `${plainList.replace("type WebhookReceiver {", "type WebhookReceiver implements Node {\n  created: DateTime")}
    interface Node { id: ID! }
    scalar DateTime
    directive @known on FIELD_DEFINITION
    union Thing = WebhookReceiver | WebhookSubscription
    extend type Query { node(id: ID!): Node thing: Thing @known me: User }
    type User { name: String! }`;
  const emulator = await start({ schema });
  seed(emulator);
  const { body } = await (await asker(emulator))(
    "{ webhookReceivers { id created } me { name } thing { __typename } }",
  );
  expect(body).toEqual({ data: { webhookReceivers: [{ id: "1", created: null }], me: null, thing: null } });
});

test("hides names of a schema", async () => {
  const ask = await asker(await start({ schema: sdl("plainList"), hide: ["webhookReceivers", "ResourceEnum.RUNS"] }));
  expect((await ask("{ webhookReceivers { id } }")).status).toBe(400);
  const { body } = await ask(`{ webhookSubscriptions { id } __type(name: "ResourceEnum") { enumValues { name } } }`);
  expect(body.data?.webhookSubscriptions).toEqual([]);
  expect(body.data?.__type.enumValues).not.toContainEqual({ name: "RUNS" });
  await expect(startEmulator({ schema: sdl("plainList"), hide: ["PageInfo"] })).rejects.toThrow(
    'Cannot hide "PageInfo"',
  );
});

test.each([
  ["a syntax error", "type Query {", "The schema is invalid: Syntax Error: Expected Name, found <EOF>."],
  [
    "an unknown type",
    "type Query { a: Walrus } type Mutation { b: ID }",
    'The schema is invalid: Unknown type "Walrus".',
  ],
  ["no mutations", "type Query { a: ID }", "The schema is invalid: it has no mutations."],
])("refuses a schema with %s", async (_case, schema, message) => {
  await expect(startEmulator({ schema })).rejects.toThrow(message);
});
