import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputFailures, withoutKeys } from "../../provider/src/lifecycle/inputs.ts";
import { UNKNOWN } from "../../provider/src/lifecycle/resourceHandler.ts";

describe("inputFailures", () => {
  const schema = z.strictObject({
    name: z.string("must be a string"),
    headers: z.record(z.string().regex(/^\w+$/, "is not a name"), z.string("must be a string")).optional(),
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string[]]>([
    ["nothing for valid inputs", { name: "erp" }, {}, []],
    ["an invalid value", { name: 7 }, {}, ["name must be a string"]],
    ["a value inside a property", { name: "erp", headers: { a: 7 } }, {}, ["headers.a must be a string"]],
    ["an invalid key by its own reason", { name: "erp", headers: { "a b": "" } }, {}, ["headers.a b is not a name"]],
    [
      "an unknown property",
      { name: "erp", nam: 1 },
      {},
      ['inputs no such property: "nam". Check the spelling, or remove it.'],
    ],
    [
      "several unknown properties at once",
      { name: "erp", nam: 1, url: 2 },
      {},
      ['inputs no such property: "nam", "url". Check the spelling, or remove it.'],
    ],
    ["nothing for unknown values", { name: UNKNOWN, headers: { a: UNKNOWN } }, {}, []],
    ["nothing for an invalid value that is unchanged", { name: 7 }, { name: 7 }, []],
    ["nothing for an equal object", { name: "erp", headers: { "a b": 7 } }, { headers: { "a b": 7 } }, []],
    ["an invalid value that replaces another one", { name: 7 }, { name: 8 }, ["name must be a string"]],
    [
      "an object of which only a part is unchanged",
      { name: "erp", headers: { a: 7, b: "1" } },
      { headers: { a: 7 } },
      ["headers.a must be a string"],
    ],
    ["a missing value that was missing before", {}, {}, ["name must be a string"]],
  ])("reports %s", (_what, news, olds, expected) => {
    expect(inputFailures(schema, news, olds).map(({ property, reason }) => `${property} ${reason}`)).toEqual(expected);
  });
});

it("withoutKeys drops only the named keys", () => {
  expect(withoutKeys({ name: "erp", pinned: {}, reported: [] }, ["pinned", "deleting"])).toEqual({
    name: "erp",
    reported: [],
  });
});
