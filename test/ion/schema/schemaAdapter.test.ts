import * as graphql from "graphql";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import type { Operation } from "../../../provider/ion/http/client.ts";
import * as operations from "../../../provider/ion/operations.ts";
import { compose } from "../../../provider/ion/operations.ts";
import { fit } from "../../../provider/ion/schema/schemaAdapter.ts";
import type { WebhookApi } from "../../../provider/ion/webhookApi.ts";
import { webhookReceiver } from "../../../provider/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../../provider/lifecycle/webhookSubscription.ts";
import {
  CANARY,
  connectionReset,
  countOf,
  type Fetch,
  failureOf,
  intercept,
  mutationsIn,
  SDL,
  start,
} from "../../support/support.ts";
import { DOCTOR, etag, furnish, meet } from "./hidden.ts";

const NO_LIST = `Could not look at ION's webhooks: this ION's schema has no webhookReceivers. ${DOCTOR}`;

/** Subscribes to one resource after another, all at once. */
const subscribe = (ion: WebhookApi, resources: readonly string[]) =>
  Promise.allSettled(
    resources.map((resource) => webhookSubscription.create(ion, { receiverId: "1", resource, action: "UPDATE" })),
  );
const statuses = (outcomes: readonly PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status);

describe("the schema", () => {
  it("is not asked for while ION takes what it is sent", async () => {
    const emulator = await start();
    const { id } = furnish(emulator);
    await meet(emulator).ion.createSubscription(id, "ISSUES", "CREATE");
    expect(countOf(emulator, "query")).toBe(0);
  });

  it("is asked for once, and then known: what it lacks is not sent again", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput", "WebhookReceiver._etag"] });
    furnish(emulator);
    const { ion } = meet(emulator);
    await subscribe(ion, ["ISSUES", "PARTS", "RUNS", "PLANS"]);
    ion.invalidate();
    await subscribe(ion, ["STEPS", "SUPPLIERS"]);
    // The list refused, the schema, the list twice; the batches in the schema's own names.
    expect(countOf(emulator, "query")).toBe(4);
    expect(mutationsIn(emulator).map((fields) => fields.length)).toEqual([4, 2]);
  });

  it("tells which of many it is that ION has no name for, and the others are made together", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://erp.example" });
    const { ion } = meet(emulator);
    const outcomes = await subscribe(ion, ["ISSUES", "RUNS", "PARTS", "PLANS", "STEPS"]);
    expect(statuses(outcomes)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason.message).toBe(
      "ION did not subscribe receiver 1 to RUNS UPDATE: RUNS is not in its ResourceEnum. This ION has no resource RUNS. Did you mean RUN_STEPS?",
    );
    expect(mutationsIn(emulator).flat()).toHaveLength(5 + 4);
  });

  it("tells what can be subscribed to where the name of the input's type is another", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput"] });
    const names = await meet(emulator).ion.subscriptionNames();
    expect(names.resource).toContain("RUN_STEPS");
    expect(names.action).toEqual(["CREATE", "UPDATE", "DELETE"]);
  });

  it("may be kept secret: then a refusal is told in ION's own words, and asked about once", async () => {
    const emulator = await start({ hide: ["deleteWebhookSubscription"] });
    const { id, subscription } = furnish(emulator);
    let asked = 0;
    const fetch = intercept(({ query }, pass) => {
      if (!query.includes("__schema")) return pass();
      asked += 1;
      return Promise.resolve(Response.json({ errors: [{ message: "Introspection is off." }] }, { status: 400 }));
    });
    const { ion } = meet(emulator, fetch);
    for (let time = 1; time <= 2; time += 1) {
      const failure = await failureOf(webhookSubscription.delete(ion, subscription.id, subscription.state, false));
      expect(failure.kind).toBe("invalid");
      expect(failure.message).toMatch(
        /^ION did not end the subscription .* Cannot query field "deleteWebhookSubscription"/,
      );
    }
    expect(asked).toBe(1);
    expect(id).toBe("1");
  });
});

it("a schema that could not be asked for at the time is asked for again", async () => {
  const emulator = await start({ hide: ["deleteWebhookSubscription"] });
  const { subscription } = furnish(emulator);
  let asked = 0;
  const fetch = intercept(({ query }, pass) => {
    if (query.includes("__schema") && ++asked === 1) return Promise.reject(connectionReset());
    return pass();
  });
  const { ion } = meet(emulator, fetch);
  const attempt = () => failureOf(webhookSubscription.delete(ion, subscription.id, subscription.state, false));
  expect((await attempt()).message).toContain('Cannot query field "deleteWebhookSubscription"');
  expect((await attempt()).message).toContain("This ION's schema has no deleteWebhookSubscription.");
  await attempt();
  expect(asked).toBe(2);
});

describe("a document is fitted to a schema in which", () => {
  const list = { document: operations.WEBHOOK_RECEIVERS, variables: { first: 100 } };
  const guide = compose([operations.createWebhookReceiver({ name: "a", webhookUri: "b" })]);
  const subscribe = compose([
    operations.createWebhookSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" }),
  ]);
  const remove = (etag?: string) => compose([operations.deleteWebhookReceiver("1", etag)]);
  const update = (etag?: string) => compose([operations.updateWebhookReceiver("1", etag, { active: true })]);
  const needs = (field: string, name: string) =>
    `${field} needs ${name} in this ION, and pulumi-ion has none to give. ${DOCTOR}`;
  const etagOf = (field: string) => `${etag(field)} ${DOCTOR}`;

  it.each<[string, change: [string, string], Operation, string | { document?: string; variables?: object }]>([
    ["nothing differs", ["", ""], list, {}],
    ["a nullable argument is not", ["first: Int\n", "first: Int!\n"], list, {}],
    ["an argument is of another type", ["first: Int\n", "first: Float\n"], list, { document: "$first: Float," }],
    [
      "an optional argument is needed",
      ["after: String\n", "after: String!\n"],
      list,
      needs("webhookReceivers", "after"),
    ],
    [
      "a field of an input is needed",
      ["name: String!\n  webhookUri", "plant: ID!\n  name: String!\n  webhookUri"],
      guide,
      needs("createWebhookReceiver", "plant"),
    ],
    [
      "a needed field of an input has a default",
      ["name: String!\n  webhookUri", "plant: ID! = 1\n  name: String!\n  webhookUri"],
      guide,
      {},
    ],
    [
      "an argument of a mutation is needed",
      ["Input!): CreateWebhookReceiver\n", "Input!, plant: ID!): CreateWebhookReceiver\n"],
      guide,
      needs("createWebhookReceiver", "plant"),
    ],
    ["the etag is needed, and none is known", ["", ""], remove(), etagOf("deleteWebhookReceiver")],
    ["the etag is not needed, and none is known", ["id: ID!, etag: String!", "id: ID!, etag: String"], remove(), {}],
    [
      "the etag of an input is not needed, and none is known",
      ["id: ID!\n  etag: String!", "id: ID!\n  etag: String"],
      update(),
      {},
    ],
    ["the etag of an input is needed, and none is known", ["", ""], update(), etagOf("updateWebhookReceiver")],
    [
      "there is no etag to give",
      ["id: ID!\n  etag: String!", "id: ID!"],
      update("x"),
      { variables: { input0: { id: "1", active: true } } },
    ],
    ["a name is in the singular", ["  RUNS\n", "  RUN\n"], subscribe, "RUNS is not in its ResourceEnum."],
    [
      "a list of pages is no longer told",
      ["pageInfo: PageInfo!", "pages: Int!"],
      list,
      { document: "webhookReceivers(first: $first, after: $after) {\n    edges {" },
    ],
    [
      "only names that are left out are asked for",
      ["hasNextPage: Boolean!", "more: Boolean!"],
      list,
      { document: "pageInfo {\n      __typename\n    }" },
    ],
  ])("%s", async (_what, [from, to], operation, expected) => {
    expect(SDL).toContain(from);
    const schema = buildSchema(from === "" ? SDL : SDL.replaceAll(from, to));
    const attempt = () => fit(graphql, schema, operation);
    if (typeof expected === "string") return expect(attempt).toThrow(expected);
    const { fitted } = attempt();
    if (Object.keys(expected).length === 0) return expect(fitted).toBeUndefined();
    if (expected.document) expect(fitted?.document).toContain(expected.document);
    if (expected.variables) expect(fitted?.variables).toEqual(expected.variables);
    expect(validate(schema, parse(fitted?.document ?? ""))).toEqual([]);
  });
});

describe("without a way to look", () => {
  const hide = ["webhookReceivers"];

  it.each([
    [
      "a receiver",
      (ion: WebhookApi) => webhookReceiver.create(ion, { name: "a", webhookUri: `https://a.example/${CANARY}` }),
    ],
    [
      "a subscription",
      (ion: WebhookApi) => webhookSubscription.create(ion, { receiverId: "1", resource: "RUNS", action: "UPDATE" }),
    ],
  ])("a create of %s whose answer got lost is not sent again, and said to be uncertain", async (_what, create) => {
    const emulator = await start({ hide });
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://erp.example" });
    const fetch = intercept(async ({ mutation }, pass) => {
      const answer = await pass();
      if (mutation) throw connectionReset();
      return answer;
    });
    const { message, kind } = await failureOf(create(meet(emulator, fetch).ion));
    expect(kind).toBe("unknownOutcome");
    expect(message).toMatch(
      /^ION's answer got lost: could not tell whether it did .*\. It may or may not have happened, and nothing can show it: .*no webhookReceivers.* Look in ION yourself before the next `pulumi up`, which would do it a second time\.$/,
    );
    expect(mutationsIn(emulator)).toHaveLength(1);
    expect(message).not.toContain(CANARY);
  });

  it.each<[string, Fetch]>([
    ["a network failure", intercept(({ mutation }, pass) => (mutation ? pass() : Promise.reject(connectionReset())))],
    [
      "a refusal by permission",
      intercept(({ mutation }, pass) =>
        mutation
          ? pass()
          : Promise.resolve(
              Response.json({
                data: { webhookReceivers: null },
                errors: [{ message: "No permission", path: ["webhookReceivers"] }],
              }),
            ),
      ),
    ],
    [
      "a refusal in words like a schema's",
      intercept(({ query }, pass) =>
        query.includes("hasNextPage }") || query.includes("hasNextPage\n")
          ? Promise.resolve(
              Response.json(
                { errors: [{ message: 'Cannot query field "webhookReceivers" on type "Query".' }] },
                { status: 400 },
              ),
            )
          : pass(),
      ),
    ],
  ])("for another reason than the schema's, %s, nothing is made", async (_what, fetch) => {
    const emulator = await start();
    const { subscription } = furnish(emulator);
    const { ion } = meet(emulator, fetch);
    await failureOf(webhookReceiver.create(ion, { name: "a", webhookUri: "https://a.example" }));
    await failureOf(webhookSubscription.create(ion, { ...subscription.inputs, resource: "ISSUES" }));
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("an adopted receiver is not taken over", async () => {
    const emulator = await start({ hide });
    const failure = failureOf(webhookReceiver.create(meet(emulator).ion, { name: "a", importId: "7" }));
    expect((await failure).message).toBe(NO_LIST);
  });

  it("a list of several receivers proves nothing where it tells neither its end nor the way on", async () => {
    const emulator = await start({ hide: ["PageInfo.hasNextPage", "WebhookReceiverEdge.cursor"] });
    const one = furnish(emulator);
    expect(await webhookReceiver.read(meet(emulator).ion, one.id, one.state)).toBeDefined();
    furnish(emulator);
    const failure = await failureOf(webhookReceiver.read(meet(emulator).ion, one.id, one.state));
    expect([failure.kind, failure.message]).toEqual([
      "unsupported",
      `Could not look at ION's webhooks: this ION's schema tells neither whether its list of receivers goes on nor how. ${DOCTOR}`,
    ]);
  });

  it("a list that does not tell its end is read until nothing more comes", async () => {
    const emulator = await start({ hide: ["PageInfo.hasNextPage"] });
    for (let number = 1; number <= 201; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://r.example/${number}` });
    }
    expect((await meet(emulator).ion.receivers()).size).toBe(201);
  });
});
