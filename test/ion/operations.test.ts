import {
  buildSchema,
  type GraphQLError,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  parse,
  validate,
  visit,
} from "graphql";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import * as operations from "../../provider/ion/operations.ts";
import { CANARY, SDL } from "../support/support.ts";

const { compose } = operations;
const schema = buildSchema(SDL);

const HOSTILE = `${CANARY}") { id } x: deleteWebhookReceiver(id: "1" # {{}} $input0 \n é 🙂`;
const receiver: operations.ReceiverInput = {
  name: HOSTILE,
  webhookUri: HOSTILE,
  description: HOSTILE,
  contentType: HOSTILE,
  expectedResponseCode: 204,
  active: false,
  sharedSecret: HOSTILE,
};

/** Every mutation that the package can send, with all that it can carry. */
const MUTATIONS: Record<string, operations.Mutation<unknown>> = {
  createWebhookReceiver: operations.createWebhookReceiver(receiver),
  updateWebhookReceiver: operations.updateWebhookReceiver(HOSTILE, HOSTILE, receiver),
  deleteWebhookReceiver: operations.deleteWebhookReceiver(HOSTILE, HOSTILE),
  createWebhookSubscription: operations.createWebhookSubscription({
    receiverId: HOSTILE,
    resource: "PARTS",
    action: "CREATE",
  }),
  deleteWebhookSubscription: operations.deleteWebhookSubscription(HOSTILE, HOSTILE),
  createWebhookHeader: operations.createWebhookHeader({ receiverId: HOSTILE, key: HOSTILE, value: HOSTILE }),
  updateWebhookHeader: operations.updateWebhookHeader(HOSTILE, HOSTILE, HOSTILE),
  deleteWebhookHeader: operations.deleteWebhookHeader(HOSTILE, HOSTILE),
};
const all = Object.values(MUTATIONS);

function problemsOf(document: string, variables: Record<string, unknown>): string[] {
  const parsed = parse(document);
  const [operation] = parsed.definitions as OperationDefinitionNode[];
  const problems: readonly GraphQLError[] = validate(schema, parsed);
  const { errors = [] } = getVariableValues(schema, operation?.variableDefinitions ?? [], variables);
  return [...problems, ...errors].map(({ message }) => message);
}

it("the table has every mutation of the package", () => {
  const made = Object.keys(operations).filter((name) => /^(create|update|delete|add|remove)/.test(name));
  expect(Object.keys(MUTATIONS).sort()).toEqual(made.sort());
});

describe("ION's schema accepts", () => {
  it.each([
    ["the list of receivers", operations.WEBHOOK_RECEIVERS, { first: 100 }],
    ["its next page", operations.WEBHOOK_RECEIVERS, { first: 100, after: "x" }],
    ["the question for names", operations.SUBSCRIPTION_ENUMS, {}],
  ])("%s", (_what, document, variables) => {
    expect(problemsOf(document, variables)).toEqual([]);
  });

  it.each(Object.entries(MUTATIONS))("%s alone, under its own name", (name, mutation) => {
    const { document, variables } = compose([mutation]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(document).toMatch(new RegExp(`^mutation ${name}\\(`, "i"));
  });

  it("all of them in one batch, each as often as it may be", () => {
    const { document, variables } = compose([...all, ...all, ...all, ...all, ...all]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(document).toMatch(/^mutation Webhooks\(/);
  });

  it.each(Object.keys(receiver))("a receiver with no %s in the input that updates it", (field) => {
    const { [field as keyof typeof receiver]: _left, ...changes } = receiver;
    const { document, variables } = compose([operations.updateWebhookReceiver("1", "e", changes)]);
    expect(problemsOf(document, variables)).toEqual([]);
  });

  it("a receiver with nothing but what Violet's guide gives", () => {
    const { document, variables } = compose([operations.createWebhookReceiver({ name: "a", webhookUri: "b" })]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(variables).toEqual({ input0: { name: "a", webhookUri: "b" } });
  });
});

it("a batch runs its mutations in order, each under an alias of its own", () => {
  const [operation] = parse(compose(all).document).definitions as OperationDefinitionNode[];
  const fields = operation?.selectionSet.selections.map((field) =>
    field.kind === Kind.FIELD ? [field.alias?.value, field.name.value] : [],
  );
  expect(fields).toEqual(Object.keys(MUTATIONS).map((name, index) => [operations.aliasOf(index), name]));
});

it("values are only ever in variables", () => {
  const { document, variables } = compose(all);
  expect(document).not.toContain(CANARY);
  expect(JSON.stringify(variables)).toContain(CANARY);
  const values: string[] = [];
  visit(parse(document), { Argument: ({ value }) => void values.push(value.kind) });
  expect(new Set(values)).toEqual(new Set([Kind.VARIABLE]));
});

it.each(["webhookUri", "sharedSecret"] as const)("a receiver's %s is marked as a secret", (field) => {
  const value = { [field]: `https://hooks.example/${CANARY}` };
  expect(operations.createWebhookReceiver(value).secrets).toContain(value[field]);
  expect(operations.updateWebhookReceiver("1", "e", value).secrets).toContain(value[field]);
});

it("the secret path of a webhookUri is one too, since ION may repeat it alone", () => {
  const { secrets } = operations.createWebhookReceiver({ webhookUri: `https://hooks.example/${CANARY}/x` });
  expect(secrets).toContain(`/${CANARY}/x`);
});

it("a header's value is marked as a secret", () => {
  expect(MUTATIONS.createWebhookHeader?.secrets).toEqual([HOSTILE]);
  expect(MUTATIONS.updateWebhookHeader?.secrets).toEqual([HOSTILE]);
});

describe("an answer", () => {
  const node = { id: "1", name: "a", _etag: "e" };
  const parseNode = (extra: object) =>
    operations.webhookReceiversAnswer.parse({
      webhookReceivers: { edges: [{ node: { ...node, ...extra } }], pageInfo: { hasNextPage: false } },
    }).webhookReceivers.edges[0]?.node;

  it.each([
    ["an id that is a number", { id: 7 }, { id: "7" }],
    ["null for its lists", { subscriptions: null, headers: null }, { subscriptions: [], headers: [] }],
    [
      "a masked secret",
      { sharedSecret: "********", webhookUri: "••••" },
      { sharedSecret: undefined, webhookUri: undefined },
    ],
    ["a secret with stars in it", { sharedSecret: "*a*" }, { sharedSecret: "*a*" }],
    ["null for a text", { description: null }, { description: undefined }],
    ["an empty text", { description: "" }, { description: "" }],
    ["a status as text", { expectedResponseCode: "204" }, { expectedResponseCode: 204 }],
    ["null for a status", { expectedResponseCode: null }, { expectedResponseCode: undefined }],
    ["null for active", { active: null }, { active: undefined }],
    [
      "a masked header",
      { headers: [{ id: 1, key: "X-A", value: "***" }] },
      { headers: [{ id: "1", key: "X-A", value: undefined }] },
    ],
  ])("may have %s", (_what, extra, expected) => {
    expect(parseNode(extra)).toMatchObject(expected);
  });

  it("tells null from what ION's schema has no field for: only null is in it", () => {
    expect(Object.keys(parseNode({}) ?? {})).toEqual(["id", "_etag", "name", "subscriptions", "headers"]);
    expect(parseNode({ active: null })).toHaveProperty("active", undefined);
  });

  it("that does not fit is told by field and type, at most three, never by value", () => {
    const answer = { id: CANARY, name: [CANARY], active: CANARY, expectedResponseCode: CANARY, headers: CANARY };
    const parsed = operations.createWebhookReceiver({}).answer.safeParse({ webhookReceiver: answer });
    const words = operations.describeParseError(parsed.error as z.ZodError);
    expect(words.split("; ")).toHaveLength(3);
    expect(words).toMatch(/^webhookReceiver\.name: .*expected string/);
    expect(words).not.toContain(CANARY);
    expect(operations.describeParseError(z.string().safeParse(1).error as z.ZodError)).toMatch(/^the answer: /);
  });
});
