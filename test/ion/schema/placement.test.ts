import { buildSchema, type GraphQLInputType } from "graphql";
import { describe, expect, it } from "vitest";
import { convert } from "../../../provider/src/ion/schema/placement.ts";

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
