import { describe, expect, it } from "vitest";
import { escapeLines, escapeText, formatReceiver, listSome, pluralize } from "../../provider/model/text.ts";

describe("escapeText", () => {
  it.each([
    ["keeps ordinary characters", "Violet's, 7 ü 漢 🏭", "Violet's, 7 ü 漢 🏭"],
    ["escapes what moves the cursor", "\u001b[2J\b\r\u007f\u009b", "\\u001b[2J\\u0008\\u000d\\u007f\\u009b"],
    ["escapes what starts a line", "a\nb\u2028c\u2029d\u0085", "a\\u000ab\\u2028c\\u2029d\\u0085"],
    [
      "escapes what turns the writing direction",
      "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
      "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069",
    ],
    ["escapes what cannot be seen", "\u0000\u200b\u2060\ufeff", "\\u0000\\u200b\\u2060\\ufeff"],
  ])("%s", (_title, text, escaped) => {
    expect(escapeText(text)).toBe(escaped);
  });
});

it("escapeLines keeps line breaks and tabs", () => {
  expect(escapeLines("a\n\tb\u001b")).toBe("a\n\tb\\u001b");
});

it("formatReceiver escapes names and ids", () => {
  expect(formatReceiver({ name: "a\nb", id: "\u202e7" })).toBe('"a\\u000ab" (id \\u202e7)');
});

it.each([
  [0, "0 events"],
  [1, "1 event"],
  [2, "2 events"],
])("pluralize counts %i", (count, text) => {
  expect(pluralize(count, "event")).toBe(text);
});

it("listSome says how many more there are", () => {
  expect(listSome(["a", "b"], 2)).toBe("a, b");
  expect(listSome(["a", "b", "c", "d"], 2)).toBe("a, b and 2 more");
});
