import { expect, it } from "vitest";
import { escapeLines, escapeText, formatReceiver, listSome, pluralize } from "../../provider/model/text.ts";

it.each<[what: string, text: string, escaped: string]>([
  ["a terminal's escape sequence", "\u001b[31mred", "\\u001b[31mred"],
  ["a line break", "one\r\ntwo", "one\\u000d\\u000atwo"],
  ["a tab", "\t", "\\u0009"],
  ["a null character", "\0", "\\u0000"],
  ["a C1 control character", "\u009b", "\\u009b"],
  ["a line and a paragraph separator", "\u2028\u2029", "\\u2028\\u2029"],
  ["a change of the writing direction", "\u202eexe", "\\u202eexe"],
  ["invisible spaces", "\u200b\u2060\ufeff", "\\u200b\\u2060\\ufeff"],
  ["blank letters", "\u115f\u1160\u2800\u3164\uffa0", "\\u115f\\u1160\\u2800\\u3164\\uffa0"],
  ["invisible tags", "\u{e0041}", "\\ue0041"],
  ["half a character", "\ud83d!", "\\ud83d!"],
])("escapes %s", (_what, text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

it.each(["", "plain text", "Überdruck 🙂 日本語 é", `"quotes" and \\u0041 {}`])("leaves %j as it is", (text) => {
  expect(escapeText(text)).toBe(text);
});

it("keeps line breaks and tabs of text with several lines, and escapes everything else", () => {
  expect(escapeLines("one\n\ttwo\r\u001b\n\nthree")).toBe("one\n\ttwo\\u000d\\u001b\n\nthree");
});

it("formats a receiver as its name and id, and escapes both", () => {
  expect(formatReceiver({ name: "erp", id: "4" })).toBe('"erp" (id 4)');
  expect(formatReceiver({ name: "e\nrp", id: "\u001b4" })).toBe('"e\\u000arp" (id \\u001b4)');
});

it.each([
  [0, "0 receivers"],
  [1, "1 receiver"],
  [2, "2 receivers"],
])("counts %i as %s", (count, text) => {
  expect(pluralize(count, "receiver")).toBe(text);
});

it.each([
  [[], 2, ""],
  [["a"], 2, "a"],
  [["a", "b"], 2, "a, b"],
  [["a", "b", "c"], 2, "a, b and 1 more"],
  [["a", "b", "c"], 1, "a and 2 more"],
])("lists at most the first items of %j: %i", (items, most, text) => {
  expect(listSome(items, most)).toBe(text);
});
