import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../provider/lifecycle/resourceHandler.ts";
import { changedByPulumi, exact } from "../../provider/program/engineSafeInputs.ts";
import { CANARY } from "../support/support.ts";

/** What an input comes to, once it is known. */
const settled = (input: unknown) => new Promise((resolve) => pulumi.output(input as string).apply(resolve));

describe("an input", () => {
  it.each<[string, unknown]>([
    ["a text", "erp"],
    ["an empty text", ""],
    ["a number", 204],
    ["false", false],
    ["null", null],
    ["a record", { "X-A": "1", constructor: "2" }],
    ["an Output", pulumi.output({ "X-A": "1" })],
    ["a promise", Promise.resolve("1")],
    ["a text with Pulumi's signs in it", `x ${UNKNOWN} ${pulumi.runtime.specialSigKey}`],
    ["a text that is Pulumi's key for its own objects", pulumi.runtime.specialSigKey],
    ["emoji, quotes, braces and line breaks", "🙂 \"'`{}$(x)\r\n\0"],
  ])("that is %s stays so", async (_what, value) => {
    expect(await settled(exact("erp", { value }).value)).toEqual(await settled(value));
  });

  it.each(["__pulumiOutput", "__pulumiResource"])("that is Pulumi's own is not looked into: %s", (mark) => {
    expect(changedByPulumi({ [mark]: true, inside: UNKNOWN })).toBeUndefined();
  });

  it("that is left out stays so", () => {
    expect(exact("erp", { description: undefined })).toEqual({ description: undefined });
  });

  it("that is a secret stays one", async () => {
    const { value } = exact("erp", { value: pulumi.secret("x") }) as { value: pulumi.Output<string> };
    expect(await pulumi.isSecret(value)).toBe(true);
  });

  const half = `${CANARY}\ud800`;
  const signed = { [pulumi.runtime.specialSigKey]: CANARY };
  it.each<[string, unknown, string]>([
    ["is Pulumi's sign for unknown", UNKNOWN, "is Pulumi's own sign for what is not known yet"],
    ["has it as a header", { "X-A": "1", "X-B": UNKNOWN }, "is Pulumi's own sign for what is not known yet"],
    ["has half a character", half, "has half a character in it"],
    ["has half a character in a header", { "X-A": half }, "has half a character in it"],
    ["has half a character in a header's name", { [half]: "1" }, "has half a character in it"],
    ["has Pulumi's key as a name", signed, `has ${pulumi.runtime.specialSigKey} as a name`],
    ["has it further down", { a: [signed] }, `has ${pulumi.runtime.specialSigKey} as a name`],
    ["has __proto__ as a name", JSON.parse(`{ "__proto__": "${CANARY}" }`), "has __proto__ as a name"],
  ])("that %s is refused by its name, without its value", (_what, value, reason) => {
    expect(changedByPulumi(value)).toBe(reason);
    const words = `headers of "erp" cannot be sent through Pulumi: it ${reason}.`;
    expect(() => exact("erp", { name: "x", headers: value })).toThrow(new pulumi.RunError(words));
  });
});
