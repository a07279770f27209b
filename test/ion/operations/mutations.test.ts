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
import {
  aliasOf,
  compose as composeFields,
  type Mutation,
  mutationFor,
} from "../../../provider/src/ion/operations/mutations.ts";
import { describeParseError, secretsIn } from "../../../provider/src/ion/operations/objects.ts";
import { receiverPage, START, SUBSCRIPTION_ENUMS, USUAL_LIST } from "../../../provider/src/ion/operations/queries.ts";
import { LiveShapes } from "../../../provider/src/ion/schema/liveShapes.ts";
import { USUAL_SHAPES } from "../../../provider/src/ion/schema/shapes.ts";
import type { Change } from "../../../provider/src/model/changes.ts";
import type { ReceiverFields } from "../../../provider/src/model/webhooks.ts";
import { header, receiver, subscription } from "../../model/samples.ts";
import { CANARY, SDL } from "../../support/support.ts";

const schema = buildSchema(SDL);
const compose = (mutations: readonly Mutation<unknown>[]) => composeFields(mutations.map(USUAL_SHAPES.rootField));

const HOSTILE = `${CANARY}") { id } x: deleteWebhookReceiver(id: "1" # {{}} $input0 \n é 🙂`;
const ALL_FIELDS: ReceiverFields = {
  name: HOSTILE,
  webhookUri: HOSTILE,
  description: HOSTILE,
  contentType: HOSTILE,
  expectedResponseCode: 204,
  active: false,
  sharedSecret: HOSTILE,
};

const erp = receiver({ id: HOSTILE, _etag: HOSTILE });
const plant = { ...header(HOSTILE, HOSTILE, HOSTILE), _etag: HOSTILE };

/** Kinds that have no usual shape: they are sent only where ION's schema asks for them. */
type Unusual = "createUnattachedHeader" | "attachHeader" | "detachHeader" | "setHeaders";

/** Every other kind of change, with everything that it can contain, and ION's name for it. */
const CHANGES: {
  readonly [Kind in Exclude<Change["kind"], Unusual>]: readonly [field: string, Extract<Change, { kind: Kind }>];
} = {
  createReceiver: ["createWebhookReceiver", { kind: "createReceiver", fields: ALL_FIELDS }],
  updateReceiver: ["updateWebhookReceiver", { kind: "updateReceiver", receiver: erp, fields: ALL_FIELDS }],
  deleteReceiver: ["deleteWebhookReceiver", { kind: "deleteReceiver", receiver: erp }],
  createSubscription: [
    "createWebhookSubscription",
    { kind: "createSubscription", receiverId: HOSTILE, event: { resource: "PARTS", action: "CREATE" } },
  ],
  deleteSubscription: [
    "deleteWebhookSubscription",
    { kind: "deleteSubscription", receiverId: HOSTILE, subscription: { ...subscription(HOSTILE), _etag: HOSTILE } },
  ],
  createHeader: ["createWebhookHeader", { kind: "createHeader", receiver: erp, key: HOSTILE, value: HOSTILE }],
  updateHeader: ["updateWebhookHeader", { kind: "updateHeader", receiver: erp, header: plant, value: HOSTILE }],
  deleteHeader: ["deleteWebhookHeader", { kind: "deleteHeader", receiver: erp, header: plant }],
};
const NAMED = Object.values<readonly [string, Change]>(CHANGES);
const MUTATIONS = NAMED.map(([, change]) => mutationFor(change));

/** Why ION's schema rejects an operation. */
function problemsOf(document: string, variables: Record<string, unknown>): string[] {
  const parsed = parse(document);
  const [operation] = parsed.definitions as OperationDefinitionNode[];
  const problems: readonly GraphQLError[] = validate(schema, parsed);
  const { errors = [] } = getVariableValues(schema, operation?.variableDefinitions ?? [], variables);
  return [...problems, ...errors].map(({ message }) => message);
}

describe("ION's inferred schema", () => {
  it.each([
    ["the list of receivers", USUAL_LIST.document, USUAL_LIST.variables(START)],
    ["its next page", USUAL_LIST.document, USUAL_LIST.variables({ after: "x", repeatsLast: true })],
    ["the query for the names of subscriptions", SUBSCRIPTION_ENUMS, {}],
  ])("accepts %s in ION's inferred schema", (_what, document, variables) => {
    expect(problemsOf(document, variables)).toEqual([]);
  });

  it.each(NAMED)("composes %s alone under its own name, valid in ION's inferred schema", (field, change) => {
    const { document, variables } = compose([mutationFor(change)]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(document).toMatch(new RegExp(`^mutation ${field}\\(`, "i"));
  });

  it("writes every operation as the inferred schema has it", () => {
    const live = new LiveShapes(schema);
    for (const mutation of MUTATIONS) expect(live.rootField(mutation)).toEqual(USUAL_SHAPES.rootField(mutation));
    expect(live.receivers().document).toBe(USUAL_LIST.document);
  });

  it("composes all mutations in one batch, valid in ION's inferred schema", () => {
    const { document, variables } = compose([...MUTATIONS, ...MUTATIONS, ...MUTATIONS, ...MUTATIONS, ...MUTATIONS]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(document).toMatch(/^mutation Webhooks\(/);
  });

  it.each(Object.keys(ALL_FIELDS))("composes an update without %s, valid in ION's inferred schema", (field) => {
    const { [field as keyof ReceiverFields]: _omitted, ...fields } = ALL_FIELDS;
    const { document, variables } = compose([mutationFor({ kind: "updateReceiver", receiver: erp, fields })]);
    expect(problemsOf(document, variables)).toEqual([]);
  });

  it("composes a receiver with only the fields of Violet's guide", () => {
    const { document, variables } = compose([
      mutationFor({ kind: "createReceiver", fields: { name: "a", webhookUri: "b" } }),
    ]);
    expect(problemsOf(document, variables)).toEqual([]);
    expect(variables).toEqual({ input0: { name: "a", webhookUri: "b" } });
  });
});

describe("compose", () => {
  it("runs mutations in order, each under an alias of its own", () => {
    const [operation] = parse(compose(MUTATIONS).document).definitions as OperationDefinitionNode[];
    const fields = operation?.selectionSet.selections.map((field) =>
      field.kind === Kind.FIELD ? [field.alias?.value, field.name.value] : [],
    );
    expect(fields).toEqual(NAMED.map(([field], index) => [aliasOf(index), field]));
  });

  it("puts values only into variables", () => {
    const { document, variables } = compose(MUTATIONS);
    expect(document).not.toContain(CANARY);
    expect(JSON.stringify(variables)).toContain(CANARY);
    const kinds: string[] = [];
    visit(parse(document), { Argument: ({ value }) => void kinds.push(value.kind) });
    expect(new Set(kinds)).toEqual(new Set([Kind.VARIABLE]));
  });

  it("does not send an etag that ION does not show", () => {
    const { document, variables } = compose([mutationFor({ kind: "deleteReceiver", receiver: receiver() })]);
    expect(document).not.toContain("etag");
    expect(variables).toEqual({ id0: "1" });
  });
});

describe("the secrets of an operation", () => {
  it.each(["webhookUri", "sharedSecret"] as const)("lists a receiver's %s as a secret", (field) => {
    const fields = { [field]: `https://hooks.example/${CANARY}` };
    expect(mutationFor({ kind: "createReceiver", fields }).secrets).toContain(fields[field]);
    expect(mutationFor({ kind: "updateReceiver", receiver: erp, fields }).secrets).toContain(fields[field]);
  });

  it("lists the path of a webhookUri as a secret, because ION may repeat it alone", () => {
    const { secrets } = mutationFor({
      kind: "createReceiver",
      fields: { webhookUri: `https://hooks.example/${CANARY}/x` },
    });
    expect(secrets).toContain(`/${CANARY}/x`);
  });

  it("lists the value of a header as a secret", () => {
    expect(mutationFor(CHANGES.createHeader[1]).secrets).toEqual([HOSTILE]);
    expect(mutationFor(CHANGES.updateHeader[1]).secrets).toEqual([HOSTILE]);
  });

  it("lists every secret that a receiver in ION has", () => {
    const secrets = secretsIn(
      receiver({
        webhookUri: `https://hooks.example/${CANARY}-uri`,
        sharedSecret: `${CANARY}-key`,
        headers: [header("1", "X-A", `${CANARY}-value`), header("2", "X-B")],
      }),
    );
    expect(secrets).toEqual(expect.arrayContaining([`/${CANARY}-uri`, `${CANARY}-key`, `${CANARY}-value`]));
    expect(secrets).not.toContain(undefined);
  });
});

describe("the list of receivers", () => {
  const node = { id: "1", name: "a", _etag: "e", subscriptions: [], headers: [] };
  const parseNode = (parts: object) =>
    receiverPage.parse({ edges: [{ node: { ...node, ...parts } }], pageInfo: { hasNextPage: false } }).edges[0]?.node;

  it.each([
    ["an id that is a number", { id: 7 }, { id: "7" }],
    ["an etag that is a number", { _etag: 7 }, { _etag: "7" }],
    [
      "masked secrets",
      { sharedSecret: "********", webhookUri: "••••" },
      { sharedSecret: undefined, webhookUri: undefined },
    ],
    ["a secret that contains stars", { sharedSecret: "*a*" }, { sharedSecret: "*a*" }],
    ["null for a string", { description: null }, { description: undefined }],
    ["an empty string", { description: "" }, { description: "" }],
    ["a status as a string", { expectedResponseCode: "204" }, { expectedResponseCode: 204 }],
    ["null for a status", { expectedResponseCode: null }, { expectedResponseCode: undefined }],
    ["null for active", { active: null }, { active: undefined }],
    [
      "a masked header",
      { headers: [{ id: 1, key: "X-A", value: "***" }] },
      { headers: [{ id: "1", key: "X-A", value: undefined }] },
    ],
  ])("parses a receiver with %s", (_what, parts, expected) => {
    expect(parseNode(parts)).toMatchObject(expected);
  });

  it("distinguishes null from a field that ION's schema does not have", () => {
    expect(Object.keys(parseNode({}) ?? {})).toEqual(["id", "_etag", "name", "subscriptions", "headers"]);
    expect(parseNode({ active: null })).toHaveProperty("active", undefined);
  });

  it.each(["subscriptions", "headers"])("rejects null for %s: only [] means that there are none", (list) => {
    expect(() => parseNode({ [list]: null })).toThrow();
    expect(() => parseNode({ [list]: undefined })).toThrow();
    expect(parseNode({ [list]: [] })).toHaveProperty(list, []);
  });
});

describe("the answer to a mutation", () => {
  const before = receiver({ subscriptions: [subscription("1")], headers: [header("1", "X-A", "1")] });
  const { answer } = mutationFor({ kind: "updateReceiver", receiver: before, fields: { name: "a" } });
  const updated = (lists: object) => answer.parse({ webhookReceiver: { id: "1", name: "a", ...lists } });

  it.each([
    ["null", { subscriptions: null, headers: null }],
    ["no lists", {}],
  ])("keeps the known lists if the answer to a mutation has %s in their place", (_what, lists) => {
    const { subscriptions, headers } = before;
    expect(updated(lists)).toMatchObject({ name: "a", subscriptions, headers });
  });

  it("replaces the known lists if the answer to a mutation has others", () => {
    expect(updated({ subscriptions: [], headers: [] })).toMatchObject({ subscriptions: [], headers: [] });
  });

  it("assumes empty lists if the answer to a creation has null in their place", () => {
    const created = mutationFor({ kind: "createReceiver", fields: { name: "a" } }).answer;
    const lists = { subscriptions: null, headers: null };
    expect(created.parse({ webhookReceiver: { id: "1", name: "a", ...lists } })).toMatchObject({
      subscriptions: [],
      headers: [],
    });
  });
});

describe("describeParseError", () => {
  it("describes at most three fields and their types, never a value", () => {
    const answer = { id: CANARY, name: [CANARY], active: CANARY, expectedResponseCode: CANARY, headers: CANARY };
    const parsed = mutationFor({ kind: "createReceiver", fields: {} }).answer.safeParse({ webhookReceiver: answer });
    const description = describeParseError(parsed.error as z.ZodError);
    expect(description).toMatchInlineSnapshot(
      `"name: Invalid input: expected string, received array; expectedResponseCode: Invalid string: must match pattern /^\\d{1,5}$/; active: Invalid input: expected boolean, received string"`,
    );
    expect(description).not.toContain(CANARY);
  });

  it("describes an answer whose whole form is wrong", () => {
    expect(describeParseError(z.string().safeParse(1).error as z.ZodError)).toMatchInlineSnapshot(
      `"the answer: Invalid input: expected string, received number"`,
    );
  });
});
