import { buildSchema, type GraphQLInputType } from "graphql";
import { describe, expect, it } from "vitest";
import { mutationFor } from "../../../provider/src/ion/operations/mutations.ts";
import { convert, isNameOf, Placement } from "../../../provider/src/ion/schema/placement.ts";
import type { Change } from "../../../provider/src/model/changes.ts";
import { header, receiver } from "../../model/samples.ts";

it.each<[boolean, name: string, usual: string, object?: Parameters<typeof isNameOf>[2]]>([
  [true, "receiverId", "receiverId"],
  [true, "Receiver_ID", "receiverId"],
  [true, "webhookReceiver", "receiverId"],
  [true, "_etag", "etag"],
  [true, "url", "webhookUri"],
  [true, "uri", "webhookUri"],
  [true, "headerName", "key"],
  [true, "webhookReceiverId", "id", "webhookReceiver"],
  [true, "receiverId", "id", "webhookReceiver"],
  [true, "receiver", "webhookReceiver"],
  [true, "headerId", "id", "webhookHeader"],
  [false, "receiverId", "id"],
  [false, "headerId", "id", "webhookReceiver"],
  [false, "receiverIds", "receiverId"],
  [false, "hook", "webhookReceiver"],
  [false, "receiver", "contentType"],
])("says %s whether %s means the same as %s (%s)", (isSame, name, usual, object) => {
  expect(isNameOf(name, usual, object)).toBe(isSame);
});

describe("Placement", () => {
  /** The arguments of a mutation that a schema has in this form. */
  function argumentsOf(change: Change, args: string, types = "") {
    const mutation = mutationFor(change);
    const schema = buildSchema(`type Query { a: Int } type Mutation { field(${args}): Int } ${types}`);
    const field = schema.getMutationType()?.getFields().field;
    const placed = new Placement(mutation).arguments(field?.args ?? []);
    return Object.fromEntries(Object.entries(placed).map(([name, { type, value }]) => [`${name}: ${type}`, value]));
  }
  const create: Change = { kind: "createReceiver", fields: { name: "a", webhookUri: "b" } };
  const attach: Change = { kind: "attachHeader", receiver: receiver({ id: "4" }), header: header("5", "X-A") };
  const remove: Change = { kind: "deleteReceiver", receiver: receiver({ id: "4", _etag: "e" }) };

  it.each<[string, Change, string, string, object]>([
    ["arguments", create, "name: String!, webhookUri: String", "", { "name: String!": "a", "webhookUri: String": "b" }],
    ["arguments of other names", create, "name: String, url: String", "", { "name: String": "a", "url: String": "b" }],
    [
      "an input",
      create,
      "input: In!",
      "input In { name: String webhookUri: String }",
      { "input: In!": { name: "a", webhookUri: "b" } },
    ],
    [
      "an argument and an input",
      create,
      "name: String, input: In",
      "input In { name: String webhookUri: String }",
      { "name: String": "a", "input: In": { name: "a", webhookUri: "b" } },
    ],
    [
      "no optional input that takes nothing",
      remove,
      "id: ID, etag: String, more: In",
      "input In { x: Int }",
      { "id: ID": "4", "etag: String": "e" },
    ],
    [
      "a required input that takes nothing",
      remove,
      "id: ID, more: In!",
      "input In { x: Int }",
      { "id: ID": "4", "more: In!": {} },
    ],
    ["no etag where there is no place for it", remove, "id: ID", "", { "id: ID": "4" }],
    [
      "two ids by their names",
      attach,
      "receiverId: ID, headerId: ID",
      "",
      { "receiverId: ID": "4", "headerId: ID": "5" },
    ],
    [
      "the other one of two ids",
      attach,
      "endpointId: ID, headerId: ID",
      "",
      { "endpointId: ID": "4", "headerId: ID": "5" },
    ],
    [
      "the other one of two ids, and no etag",
      attach,
      "_etag: ID, header: ID!, hookID: ID, plantName: ID",
      "",
      { "header: ID!": "5", "hookID: ID": "4" },
    ],
    [
      "the id of a receiver, if there is another one",
      attach,
      "plantId: ID, receiver: ID, headerId: ID",
      "",
      { "receiver: ID": "4", "headerId: ID": "5" },
    ],
  ])("puts values into %s", (_what, change, args, types, expected) => {
    expect(argumentsOf(change, args, types)).toEqual(expected);
  });

  it.each([
    ["ION's schema has no createWebhookReceiver.webhookUri.", create, "name: String", ""],
    ["ION's schema has no In.webhookUri.", create, "input: In, x: Int", "input In { name: String }"],
    ["ION's schema has no In.webhookUri.", create, "x: Int, input: In!", "input In { name: String }"],
    [
      "createWebhookReceiver requires plant, which pulumi-ion does not send.",
      create,
      "name: String, webhookUri: String, plant: ID!",
      "",
    ],
    ["ION's schema has no addHeaderToWebhookReceiver.receiverId.", attach, "headerId: ID, plant: ID", ""],
  ])("fails: %s", (message, change, args, types) => {
    expect(() => argumentsOf(change, args, types)).toThrow(message);
  });

  it("fills inputs of inputs, as deep as five", () => {
    const nested = (depth: number) =>
      Array.from({ length: depth }, (_, at) => `input I${at} { in: I${at + 1}! }`).join(" ") +
      ` input I${depth} { name: String webhookUri: String }`;
    expect(JSON.stringify(argumentsOf(create, "in: I0!", nested(4)))).toContain('{"name":"a","webhookUri":"b"}');
    expect(() => argumentsOf(create, "in: I0!", nested(5))).toThrow("createWebhookReceiver requires in");
  });
});

describe("convert", () => {
  const types = buildSchema(`
    enum Event { PARTS RUNS }
    input Args { _id: Int, event: Event, names: [String!] }
    type Query { a(args: Args, id: ID, int: Int, text: String, event: Event): Int }
  `);
  const typeNamed = (name: string) => types.getType(name) as GraphQLInputType;

  it.each<[type: string, value: unknown, converted: unknown]>([
    ["Int", "12", 12],
    ["Int", "-12", -12],
    ["Int", "12a", "12a"],
    ["Int", "a12", "a12"],
    ["Int", "", ""],
    ["Int", 12, 12],
    ["String", 12, "12"],
    ["String", "12", "12"],
    ["ID", 12, 12],
    ["Event", "PARTS", "PARTS"],
    ["Event", 7, 7],
    ["Args", { id: "1", event: "RUNS", names: [1, "b"] }, { _id: 1, event: "RUNS", names: ["1", "b"] }],
    ["Args", null, null],
  ])("sends to %s for %o: %o", (type, value, converted) => {
    expect(convert(typeNamed(type), value)).toEqual(converted);
  });

  it("refuses a value that an enum does not have, and a name that an input does not have", () => {
    expect(() => convert(typeNamed("Event"), "PLANS")).toThrow("Event has no value PLANS.");
    expect(() => convert(typeNamed("Args"), { url: "x" })).toThrow("ION's schema has no Args.url.");
  });
});
