import { expect, it } from "vitest";
import {
  escapeLine,
  escapeLines,
  escapeMessage,
  escapeText,
  formatJson,
  formatReceiver,
  isPrintable,
  listSome,
  pluralize,
} from "../../provider/src/model/text.ts";

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
  ["invisible tags", "\u{e0041}", "\\udb40\\udc41"],
  ["half a character", "\ud83d!", "\\ud83d!"],
])("escapes %s", (_what, text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
});

it.each(["", "plain text", "Überdruck 🙂 日本語 é", `"quotes" and \\u0041 {}`])("leaves %j as it is", (text) => {
  expect(escapeText(text)).toBe(text);
});

it("keeps line breaks of text with several lines, and escapes everything else", () => {
  expect(escapeLines("one\n\ttwo\r\u001b\n\nthree")).toBe("one\n\\u0009two\\u000d\\u001b\n\nthree");
});

it.each<[text: string, escaped: string]>([
  ["::error::x", "\\u003a:error::x"],
  ["a ::set-output name=a::b", "a \\u003a:set-output name=a::b"],
  ["\u00a0::x", "\u00a0\\u003a:x"],
  ["##[add-mask]x", "#\\u0023[add-mask]x"],
  ["a##vso[task.setvariable]b", "a#\\u0023vso[task.setvariable]b"],
])("escapes the mark of a command to a CI runner in %j", (text, escaped) => {
  expect(escapeText(text)).toBe(escaped);
  expect(escapeLines(`one\n${text}`)).toBe(`one\n${escaped}`);
});

it.each(["urn:pulumi:test::project", "std::string", "a: b", "## heading", "#[x]", "[##]"])(
  "leaves %j, which is no command",
  (text) => {
    expect(escapeText(text)).toBe(text);
  },
);

it.each([
  ["x".repeat(500), "x".repeat(500)],
  ["x".repeat(501), `${"x".repeat(500)}…`],
  [`${"x".repeat(499)}🙂`, `${"x".repeat(499)}…`],
  [`🙂${"x".repeat(499)}`, `🙂${"x".repeat(498)}…`],
])("cuts a long text, and no character in half", (text, cut) => {
  expect(escapeText(text)).toBe(cut);
  expect(escapeLine(text)).toBe(text);
});

it("writes a message of several lines as one", () => {
  expect(escapeMessage(" \n one ")).toBe("one");
  expect(escapeMessage("one\r\n\ttwo\n::error::three\u2028four")).toBe("one two \\u003a:error::three four");
  expect(escapeMessage(`${" ".repeat(10_000)}${"x".repeat(10_000)}`)).toHaveLength(501);
});

it.each([
  "a\n::b\u001b\u009b\u202e\u{e0041}\u2028\ud83d##[x] ::y\\\u2066\\n::z",
  { "::k\u0085": ["::v"], d: undefined, n: null },
])("writes JSON that is safe to print and means the same", (value) => {
  for (const indent of [undefined, 2]) {
    const json = formatJson(value, indent);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    expect(json.replaceAll("\n", "")).toBe(escapeLine(json.replaceAll("\n", "")));
    expect(json).not.toMatch(/[^\n -~]|##\[|\s::/);
  }
});

it.each<[value: unknown, printable: boolean]>([
  ["one\n\ttwo", true],
  ["one\u001b", false],
  ["\u001b\ntwo", false],
  [7, true],
  [null, true],
  [undefined, true],
  [{ a: ["b", { c: null }] }, true],
  [{ a: ["b", { c: "\u202e" }] }, false],
  [{ "\u202e": "a" }, false],
  [["\u001b", "a"], false],
])("says whether all text in %j is safe to print: %s", (value, printable) => {
  expect(isPrintable(value)).toBe(printable);
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
