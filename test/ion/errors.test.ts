import { describe, expect, it } from "vitest";
import { describeBug, IonError, isIonError, sentence } from "../../provider/src/ion/errors.ts";
import { CANARY } from "../support/support.ts";

describe("IonError", () => {
  const error = new IonError("permission", "It failed.", { detail: "Why.", hints: ["Do this.", "Do that."] });

  it("joins the parts of an error to one message", () => {
    expect(error.message).toBe("It failed. Why. Do this. Do that.");
    expect(new IonError("notFound", "It failed.").message).toBe("It failed.");
  });

  it("prints an error without a stack", () => {
    expect(error.stack).toBe(error.message);
    expect(String(error)).toBe("pulumi-ion");
  });

  it("escapes what could forge lines or colors, and keeps line breaks of its own", () => {
    const { message } = new IonError("config", "One\nTwo", { detail: "\u001b[31m\r" });
    expect(message).toBe("One\nTwo \\u001b[31m\\u000d");
  });

  it("copies an error with other parts", () => {
    const copy = error.with({ kind: "unknownOutcome", summary: "Other.", hints: [] });
    expect(copy).toMatchObject({ kind: "unknownOutcome", summary: "Other.", detail: "Why.", hints: [] });
    expect(error.with({ detail: undefined }).message).toBe("It failed. Do this. Do that.");
    expect(new IonError("rateLimited", "Wait.", { retryAfter: 7 }).with({ summary: "Later." }).retryAfter).toBe(7);
    expect(error.message).toBe("It failed. Why. Do this. Do that.");
  });

  it("recognizes an IonError of another copy of the package", () => {
    expect(isIonError(error)).toBe(true);
    expect(isIonError(Object.assign(new Error("x"), { name: "IonError" }))).toBe(true);
    expect(isIonError(new Error("x"))).toBe(false);
    expect(isIonError({ name: "IonError" })).toBe(false);
  });
});

it.each([
  ["It will not", "It will not."],
  ["It will not.", "It will not."],
  ["Will it?", "Will it?"],
  ["No!", "No!"],
])("ends %j as a sentence: %j", (text, expected) => {
  expect(sentence(text)).toBe(expected);
});

describe("describeBug", () => {
  const thrown = (stack: string) => Object.assign(new RangeError(CANARY), { stack: `RangeError: ${CANARY}\n${stack}` });

  it("describes a bug by its type and place, and asks for a report", () => {
    expect(describeBug(thrown("    at run (/home/x/dist/ion/client.js:12:3)"))).toMatchInlineSnapshot(
      `"failed unexpectedly (RangeError at client.js:12). Please report this bug."`,
    );
  });

  it.each<[thrown: string, error: unknown, place: string]>([
    [
      "in a function",
      thrown("    at run (/home/x/dist/ion/client.js:12:3)\n    at y.ts:1:1"),
      "RangeError at client.js:12",
    ],
    ["in a module", thrown("    at file:///home/x/logic.mts:7:30"), "RangeError at logic.mts:7"],
    ["in a CommonJS module", thrown("    at x.cjs:7:30"), "RangeError at x.cjs:7"],
    ["in a file that is no script", thrown("    at x.wjs:7:30"), "RangeError"],
    ["in a line that is indented more than a stack's", thrown(`     at ${CANARY}.ts:1:1`), "RangeError"],
    ["in Node alone", thrown("    at new Promise (<anonymous>)"), "RangeError"],
    ["with a message that looks like a place", thrown(`at ${CANARY}.ts:1:1 (of what came)`), "RangeError"],
    ["with a message that continues after a place", thrown(`    at ${CANARY}.ts:1:1 and more`), "RangeError"],
    ["without a stack", Object.assign(new TypeError(CANARY), { stack: undefined }), "TypeError"],
    ["as no error at all", CANARY, "unknown"],
  ])("describes a bug without its message, thrown %s", (_thrown, error, place) => {
    expect(describeBug(error)).toContain(`(${place})`);
    expect(describeBug(error)).not.toContain(CANARY);
  });
});
