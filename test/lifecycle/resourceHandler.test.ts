import { describe, expect, it } from "vitest";
import { IonError } from "../../provider/src/ion/errors.ts";
import { ifReadable } from "../../provider/src/lifecycle/resourceHandler.ts";

describe("ifReadable", () => {
  it("returns the value without a warning", async () => {
    expect(await ifReadable("Nothing is checked.", async () => 1)).toEqual({ value: 1, warnings: [] });
  });

  it("returns a warning with the consequence if ION's schema lacks a name", async () => {
    const read = async () => {
      throw new IonError("unsupported", "ION's schema has no list.");
    };
    expect(await ifReadable("Nothing is checked.", read)).toEqual({
      warnings: ["ION's schema has no list. Nothing is checked."],
    });
  });

  it.each([new IonError("permission", "The key may not read."), new TypeError("a bug")])(
    "throws any other error: %s",
    async (error) => {
      await expect(ifReadable("Nothing is checked.", () => Promise.reject(error))).rejects.toBe(error);
    },
  );
});
