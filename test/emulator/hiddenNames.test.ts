import { expect, test } from "vitest";
import { startEmulator } from "../../emulator/index.ts";
import { asker, start, webhookUri } from "./setup.ts";
import { createReceiver, createSubscriptions } from "./violetGuide.ts";

const input = `{ name: "a", webhookUri: "${webhookUri}" }`;

test.each([
  ["webhookReceivers", "{ webhookReceivers { __typename } }"],
  ["Query.webhookReceivers", "{ webhookReceivers { __typename } }"],
  ["deleteWebhookHeader", 'mutation { deleteWebhookHeader(id: "1", etag: "x") { id } }'],
  ["WebhookReceiver._etag", "{ webhookReceivers { edges { node { _etag } } } }"],
  ["PageInfo.totalCount", "{ webhookReceivers { pageInfo { totalCount } } }"],
  ["webhookReceivers.filters", '{ webhookReceivers(filters: { id: { eq: "1" } }) { __typename } }'],
  ["Query.webhookReceivers.first", "{ webhookReceivers(first: 1) { __typename } }"],
  [
    "CreateWebhookReceiverInput.active",
    'mutation { createWebhookReceiver(input: { name: "a", webhookUri: "https://a.example", active: true }) { __typename } }',
  ],
  [
    "ResourceEnum.RUNS",
    'mutation { createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { __typename } }',
  ],
  [
    "CreateWebhookReceiverInput",
    "mutation ($input: CreateWebhookReceiverInput!) { createWebhookReceiver(input: $input) { __typename } }",
  ],
  ["WebhookReceiver", "{ webhookReceivers { edges { node { ... on WebhookReceiver { id } } } } }"],
])("refuses a document that uses the hidden name %s", async (name, query) => {
  const variables = { input: { name: "a", webhookUri } };
  const visible = await (await asker(await start()))(query, variables);
  expect(visible.status).toBe(200);
  const hidden = await (await asker(await start({ hide: [name] })))(query, variables);
  expect(hidden.status).toBe(400);
  expect(hidden.body.data).toBeUndefined();
});

test("leaves hidden names out of introspection and renames hidden types", async () => {
  const ask = await asker(await start({ hide: ["webhookReceivers", "CreateWebhookSubscriptionInput"] }));
  const { body } = await ask(`{
    __schema { queryType { fields { name } } }
    __type(name: "CreateWebhookSubscriptionInput") { name }
    other: __type(name: "OtherCreateWebhookSubscriptionInput") { inputFields { name } }
  }`);
  expect(body.data).toEqual({
    __schema: {
      queryType: {
        fields: ["webhookReceiver", "webhookSubscription", "webhookSubscriptions"].map((name) => ({ name })),
      },
    },
    __type: null,
    other: { inputFields: ["resource", "action", "receiverId"].map((name) => ({ name })) },
  });
});

test("keeps the other names working, including renamed types", async () => {
  const emulator = await start({
    hide: ["webhookReceivers", "WebhookReceiver", "WebhookReceiver._etag", "ResourceEnum"],
  });
  const ask = await asker(emulator);
  await ask(`mutation { createWebhookReceiver(input: ${input}) { webhookReceiver { id } } }`);
  await ask(
    'mutation { createWebhookSubscription(input: { receiverId: "1", resource: RUNS, action: CREATE }) { __typename } }',
  );
  const { body } = await ask('{ webhookReceiver(id: "1") { name subscriptions { resource } headers { id } } }');
  expect(body).toEqual({
    data: { webhookReceiver: { name: "a", subscriptions: [{ resource: "RUNS" }], headers: [] } },
  });
});

test("runs the guide's documents on a schema that has nothing else", async () => {
  const emulator = await start({
    hide: [
      "webhookReceivers",
      "webhookSubscription",
      "webhookSubscriptions",
      "updateWebhookReceiver",
      "deleteWebhookReceiver",
      "updateWebhookSubscription",
      "deleteWebhookSubscription",
    ],
  });
  // The guide's receiver has the id 2.
  emulator.store.createReceiver({ name: "ERP", webhookUri: "https://erp.example" });
  const ask = await asker(emulator);
  expect((await ask(createReceiver, { input: { name: "Violet", webhookUri } })).body.errors).toBeUndefined();
  expect((await ask(createSubscriptions)).body.errors).toBeUndefined();
  expect(emulator.store.listSubscriptions()).toHaveLength(34);
});

test.each([
  ["walrus", 'Cannot hide "walrus": the schema has no such name.'],
  ["WebhookReceiver.walrus", 'Cannot hide "WebhookReceiver.walrus": the schema has no such name.'],
  ["webhookReceivers.walrus", 'Cannot hide "webhookReceivers.walrus": the schema has no such name.'],
  ["Query", 'Cannot hide "Query": the schema has no such name.'],
  ["DeleteWebhookReceiver.id", 'Cannot hide "DeleteWebhookReceiver.id": DeleteWebhookReceiver would be empty.'],
])("refuses to hide %s", async (name, message) => {
  await expect(startEmulator({ hide: [name] })).rejects.toThrow(message);
});
