import { expect, it } from "vitest";
import { describeBug } from "../../provider/ion/errors.ts";
import { CANARY } from "../support/support.ts";

const thrown = (stack: string) => Object.assign(new RangeError(CANARY), { stack: `RangeError: ${CANARY}\n${stack}` });

it.each<[string, unknown, string]>([
  [
    "what is thrown from a function",
    thrown("    at run (/home/x/dist/ion/client.js:12:3)\n    at y.ts:1:1"),
    "RangeError at client.js:12",
  ],
  ["what is thrown from a module", thrown("    at file:///home/x/logic.mts:7:30"), "RangeError at logic.mts:7"],
  ["what is thrown from a CommonJS module", thrown("    at x.cjs:7:30"), "RangeError at x.cjs:7"],
  ["what is thrown from a file that is no script", thrown("    at x.wjs:7:30"), "RangeError"],
  ["a place further in than a stack's", thrown(`     at ${CANARY}.ts:1:1`), "RangeError"],
  ["what is thrown from Node alone", thrown("    at new Promise (<anonymous>)"), "RangeError"],
  ["a place that only a message names", thrown(`at ${CANARY}.ts:1:1 (of what came)`), "RangeError"],
  ["a message that goes on after a place", thrown(`    at ${CANARY}.ts:1:1 and more`), "RangeError"],
  ["what has no stack", Object.assign(new TypeError(CANARY), { stack: undefined }), "TypeError"],
  ["what is no error", CANARY, "unknown"],
])("a bug is told by its kind and place, never by its words: %s", (_what, error, words) => {
  expect(describeBug(error)).toBe(`failed in a way that it should not (${words}). Please report this.`);
});
