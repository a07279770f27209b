import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery } from "graphql";
import { beforeEach, expect, test } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/index.ts";
import { type Ask, asker, graphqlRequest, webhookUri } from "./setup.ts";

let emulator: Emulator;
let ask: Ask;

beforeEach(async () => {
  emulator = await startEmulator();
  ask = await asker(emulator);
  return () => emulator.close();
});

function createReceivers(count: number): void {
  for (let number = 1; number <= count; number++) {
    emulator.store.createReceiver({ name: `plant ${number}`, webhookUri, active: number % 2 === 0 });
  }
}

const page = `query Page($filters: WebhookReceiversInputFilters, $sort: [WebhookReceiverSortEnum!], $first: Int, $after: String, $last: Int, $before: String) {
  webhookReceivers(filters: $filters, sort: $sort, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } }
    pageInfo { startCursor endCursor hasNextPage hasPreviousPage totalCount count }
  }
}`;

async function ids(variables: object): Promise<string[]> {
  const { body } = await ask(page, variables);
  return body.data?.webhookReceivers.edges.map(({ node }: { node: { id: string } }) => node.id);
}

test("returns an object by its id", async () => {
  createReceivers(1);
  emulator.store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  const { body } = await ask('{ webhookReceiver(id: "1") { name } webhookSubscription(id: 1) { resource action } }');
  expect(body).toEqual({
    data: { webhookReceiver: { name: "plant 1" }, webhookSubscription: { resource: "RUNS", action: "CREATE" } },
  });
});

test.each([
  ["webhookReceiver", "WebhookReceiver"],
  ["webhookSubscription", "WebhookSubscription"],
])("answers %s with null and an error for an unknown id", async (field, type) => {
  const { status, body } = await ask(`{ ${field}(id: "9") { id } }`);
  expect(status).toBe(200);
  expect(body.data).toEqual({ [field]: null });
  expect(body.errors).toMatchObject([{ message: `${type} with id "9" not found.`, path: [field] }]);
});

test("pages forward and backward by cursor", async () => {
  createReceivers(5);
  const { body } = await ask(page, { first: 2 });
  const { edges, pageInfo } = body.data?.webhookReceivers ?? {};
  expect(edges).toEqual([
    { cursor: "YXJyYXljb25uZWN0aW9uOjA=", node: { id: "1" } },
    { cursor: "YXJyYXljb25uZWN0aW9uOjE=", node: { id: "2" } },
  ]);
  expect(pageInfo).toEqual({
    startCursor: edges[0].cursor,
    endCursor: edges[1].cursor,
    hasNextPage: true,
    hasPreviousPage: false,
    totalCount: 5,
    count: 2,
  });
  expect(await ids({ first: 2, after: pageInfo.endCursor })).toEqual(["3", "4"]);
  const end = await ask(page, { first: 2, after: Buffer.from("arrayconnection:3").toString("base64") });
  expect(end.body.data?.webhookReceivers.pageInfo).toMatchObject({
    hasNextPage: false,
    hasPreviousPage: true,
    count: 1,
  });
  expect(await ids({ last: 2 })).toEqual(["4", "5"]);
  const beyond = Buffer.from("arrayconnection:9").toString("base64");
  expect(await ids({ first: 2, after: beyond })).toEqual([]);
  expect(await ids({ last: 1, before: edges[1].cursor })).toEqual(["1"]);
});

test("returns no cursors for an empty list", async () => {
  const { body } = await ask(page);
  expect(body.data?.webhookReceivers).toEqual({
    edges: [],
    pageInfo: {
      startCursor: null,
      endCursor: null,
      hasNextPage: false,
      hasPreviousPage: false,
      totalCount: 0,
      count: 0,
    },
  });
});

test("caps first at 100 and returns everything without first", async () => {
  createReceivers(120);
  const capped = await ask(page, { first: 1000 });
  expect(capped.body.data?.webhookReceivers.pageInfo).toMatchObject({ count: 100, totalCount: 120, hasNextPage: true });
  expect(await ids({})).toHaveLength(120);
  emulator.settings.pageCap = 7;
  expect(await ids({ first: 100 })).toHaveLength(7);
});

test.each([
  [{ first: -1 }, 'Argument "first" must not be negative.'],
  [{ last: -1 }, 'Argument "last" must not be negative.'],
  [{ after: "nonsense" }, 'Argument "after" is not a cursor.'],
])("refuses %o", async (variables, message) => {
  const { body } = await ask(page, variables);
  expect(body.data).toEqual({ webhookReceivers: null });
  expect(body.errors).toMatchObject([{ message }]);
});

test.each([
  [{ name: { eq: "plant 2" } }, ["2"]],
  [{ name: { neq: "plant 2" } }, ["1", "3", "4"]],
  [{ id: { in: ["1", "4"] } }, ["1", "4"]],
  [{ active: { eq: true } }, ["2", "4"]],
  [{ active: { eq: true }, id: { neq: "4" } }, ["2"]],
  [{ description: { eq: null } }, ["1", "2", "3", "4"]],
  [{ id: { in: [] } }, []],
  [{ name: null }, ["1", "2", "3", "4"]],
])("filters receivers by %o", async (filters, expected) => {
  createReceivers(4);
  expect(await ids({ filters })).toEqual(expected);
});

test.each([
  [["ID_DESC"], ["10", "9", "2", "1"]],
  [["NAME_DESC"], ["10", "9", "2", "1"]],
  [
    ["NAME_ASC", "ID_DESC"],
    ["1", "2", "9", "10"],
  ],
  [[], ["1", "2", "9", "10"]],
])("sorts receivers by %o", async (sort, expected) => {
  createReceivers(10);
  expect(await ids({ sort, filters: { id: { in: ["10", "1", "9", "2"] } } })).toEqual(expected);
});

test("filters and sorts subscriptions", async () => {
  createReceivers(2);
  for (const receiverId of ["1", "2"]) {
    for (const resource of ["RUNS", "PARTS"]) {
      for (const action of ["CREATE", "UPDATE"]) emulator.store.createSubscription({ receiverId, resource, action });
    }
  }
  const query = `query Some($filters: WebhookSubscriptionsInputFilters) {
    webhookSubscriptions(filters: $filters, sort: [RESOURCE_ASC, ACTION_DESC], first: 50) { edges { node { id } } }
  }`;
  const some = async (filters: object) => {
    const { body } = await ask(query, { filters });
    return body.data?.webhookSubscriptions.edges.map(({ node }: { node: { id: string } }) => node.id);
  };
  expect(await some({ receiverId: { eq: "2" } })).toEqual(["8", "7", "6", "5"]);
  expect(await some({ resource: { in: ["PARTS"] }, action: { eq: "CREATE" } })).toEqual(["3", "7"]);
});

test("refuses a query without its permission", async () => {
  createReceivers(1);
  emulator.settings.deniedPermissions.add("ReadWebhookReceivers");
  const query = `{
    list: webhookReceivers { edges { node { id } } }
    webhookReceiver(id: "1") { id }
    webhookSubscriptions { edges { node { id } } }
  }`;
  const { status, body } = await ask(query);
  expect(status).toBe(200);
  expect(body.data).toEqual({ list: null, webhookReceiver: { id: "1" }, webhookSubscriptions: { edges: [] } });
  expect(body.errors).toMatchObject([
    { message: "User does not have permission to read this resource.", path: ["list"] },
  ]);
  emulator.settings.deniedPermissions.clear();
  expect((await ask(query)).body.errors).toBeUndefined();
});

test("returns receivers with their subscriptions and headers in one query", async () => {
  createReceivers(1);
  emulator.store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  emulator.store.createHeader({ receiverId: "1", key: "X", value: "1" });
  const client = await graphqlRequest(emulator);
  const snapshot = await client.request(
    "{ webhookReceivers(first: 100) { edges { node { id subscriptions { resource } headers { key value } } } } }",
  );
  expect(snapshot).toEqual({
    webhookReceivers: {
      edges: [{ node: { id: "1", subscriptions: [{ resource: "RUNS" }], headers: [{ key: "X", value: "1" }] } }],
    },
  });
});

test("supports introspection of the whole schema", async () => {
  const { body } = await ask('{ __type(name: "ResourceEnum") { enumValues { name } } }');
  const names = body.data?.__type.enumValues.map(({ name }: { name: string }) => name);
  expect(names).toContain("ABOM_INSTALLATIONS");
  expect(names.length).toBeGreaterThan(17);
  const whole = await ask(getIntrospectionQuery());
  const schema = buildClientSchema(whole.body.data as unknown as IntrospectionQuery);
  expect(schema.getType("WebhookSubscriptionActionsEnum")?.toString()).toBe("WebhookSubscriptionActionsEnum");
});
