import { describe, expect, it } from "vitest";
import { alreadyPrinted, IonError } from "../../provider/src/ion/errors.ts";
import { ifReadable, lookAhead, PartialStateError } from "../../provider/src/lifecycle/resourceHandler.ts";

it("a PartialStateError has each reason on a line of its own", () => {
  expect(new PartialStateError("1", {}, ["One.", "Two."]).message).toBe("One.\nTwo.");
});

describe("lookAhead", () => {
  it("returns what was seen, with its warnings", async () => {
    expect(await lookAhead(async () => ({}))).toEqual({ seen: {}, warnings: [] });
    const seen = { warnings: ["Look here."] };
    expect(await lookAhead(async () => seen)).toEqual({ seen, warnings: ["Look here."] });
  });

  it.each(["unreachable", "rateLimited", "unknownOutcome"] as const)(
    "only warns about a failure that may pass: %s",
    async (kind) => {
      const error = new IonError(kind, "No answer.");
      const warnings = ["Could not check what ION already has: No answer."];
      expect(await lookAhead(() => Promise.reject(error))).toEqual({ warnings });
      expect(await lookAhead(() => Promise.reject(alreadyPrinted(error)))).toEqual({ warnings: [] });
    },
  );

  it.each([new IonError("auth", "A wrong key."), new TypeError("a bug")])(
    "throws any other error: %s",
    async (error) => {
      await expect(lookAhead(() => Promise.reject(error))).rejects.toBe(error);
    },
  );
});

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
