import { describe, expect, it } from "vitest";
import { fromWire, toWire } from "../../../provider/src/engine/plugin/wire.ts";
import { UNKNOWN } from "../../../provider/src/lifecycle/resourceHandler.ts";
import fc from "../../support/fastCheck.ts";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const secret = (value: unknown) => ({ [SIGNATURE]: SECRET, value });
const output = (rest: object) => ({ [SIGNATURE]: OUTPUT, ...rest });

const sent = (properties: Record<string, unknown>) => fromWire(toWire(properties));

describe("properties from the engine", () => {
  it.each<[string, unknown, unknown, "whole" | "entries" | undefined]>([
    ["a plain value", 7, 7, undefined],
    ["a secret", secret("x"), "x", "whole"],
    ["a secret in a map", { a: secret("x"), b: "y" }, { a: "x", b: "y" }, "entries"],
    ["a secret in a list", [secret("x")], ["x"], "entries"],
    ["an unknown number", "3eeb2bf0-c639-47a8-9e75-3b44932eb421", UNKNOWN, undefined],
    ["an unknown map", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", UNKNOWN, undefined],
    ["an unknown entry of a map", { a: UNKNOWN }, { a: UNKNOWN }, undefined],
    ["an output", output({ value: "x", secret: false }), "x", undefined],
    ["a secret output", output({ value: "x", secret: true }), "x", "whole"],
    ["an unknown output", output({ secret: false }), UNKNOWN, undefined],
    ["a secret unknown output", output({ secret: true }), UNKNOWN, "whole"],
  ])("reads %s", (_title, value, expected, mark) => {
    const { values, secrets } = sent({ it: value });
    expect(values).toEqual({ it: expected });
    expect(secrets.get("it")).toBe(mark);
  });

  it("leaves out a property without a value", () => {
    expect(sent({ a: null, b: secret(null), c: "" }).values).toEqual({ c: "" });
  });
});

describe("properties to the engine", () => {
  it("marks a secret as a whole or entry by entry, and drops undefined", () => {
    const headers = { a: "1", b: UNKNOWN };
    const struct = toWire(
      { uri: "x", headers, unknown: UNKNOWN, omitted: undefined },
      new Map([
        ["uri", "whole"],
        ["headers", "entries"],
        ["unknown", "whole"],
      ]),
    );
    expect(struct.toJavaScript()).toEqual({
      uri: secret("x"),
      headers: { a: secret("1"), b: UNKNOWN },
      unknown: UNKNOWN,
    });
  });

  it("come back as they were sent", () => {
    const value = fc.jsonValue().filter((one) => one !== null && !/__proto__|-0/.test(JSON.stringify(one)));
    const marks = fc.constantFrom("whole" as const, undefined);
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((name) => name !== "__proto__"),
          fc.tuple(value, marks),
        ),
        (properties) => {
          const values = Object.fromEntries(Object.entries(properties).map(([name, [one]]) => [name, one]));
          const secrets = new Map(
            Object.entries(properties).flatMap(([name, [, mark]]) => (mark ? [[name, mark] as const] : [])),
          );
          const received = fromWire(toWire(values, secrets));
          expect(received.values).toEqual(values);
          expect(received.secrets).toEqual(secrets);
        },
      ),
    );
  });
});
