import { describe, expect, it } from "vitest";
import {
  escapeText,
  formatReceiver,
  pluralize,
  type Terminal,
  withSlowNotice,
  wrap,
} from "../../provider/cli/terminal.ts";

describe("a list", () => {
  it.each([
    ["fits to the last character", ["aaa", "bbb"], 8, "", "aaa, bbb"],
    ["breaks one before that", ["aaa", "bbb"], 7, "", "aaa,\nbbb"],
    ["counts the comma that is left at the end of a line", ["aaa", "bbb", "c"], 9, "", "aaa, bbb,\nc"],
    ["counts no space there", ["aaa", "bbb", "c"], 8, "", "aaa,\nbbb, c"],
    ["is indented on each line", ["aaa", "bbb"], 8, "  ", "  aaa,\n  bbb"],
    ["counts the indent", ["aaa", "bbb"], 10, "  ", "  aaa, bbb"],
    ["keeps a long word whole, alone on its line", ["a", "bbbbbbbbb", "c"], 5, "  ", "  a,\n  bbbbbbbbb,\n  c"],
    ["begins with a long word in its first line", ["bbbbbbbbb", "c"], 5, "  ", "  bbbbbbbbb,\n  c"],
    ["of nothing is nothing", [], 5, "  ", ""],
  ])("%s", (_what, words, columns, indent, text) => {
    expect(wrap(words, columns, indent)).toBe(text);
  });

  it("needs no indent, and may have another separator", () => {
    expect(wrap(["aa", "bb", "cc"], 6)).toBe("aa,\nbb, cc");
    expect(wrap(["aa", "bb", "cc"], 5, "", " ")).toBe("aa bb\ncc");
  });
});

describe("a text of somebody else's", () => {
  it.each([
    ["plain", "Violet's, 7 ü 漢 🏭", "Violet's, 7 ü 漢 🏭"],
    ["that moves the cursor", "\u001b[2J\b\r\u007f\u009b", "\\u001b[2J\\u0008\\u000d\\u007f\\u009b"],
    ["that begins a line", "a\nb\u2028c\u2029d\u0085", "a\\u000ab\\u2028c\\u2029d\\u0085"],
    [
      "that turns the writing",
      "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
      "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069",
    ],
    ["that is not to be seen", "\u0000\u200b\u2060\ufeff", "\\u0000\\u200b\\u2060\\ufeff"],
  ])("%s is shown so that it does nothing", (_what, text, safe) => {
    expect(escapeText(text)).toBe(safe);
  });

  it("is shown so as a name and as an id", () => {
    expect(formatReceiver("a\nb", "\u202e7")).toBe('"a\\u000ab" (id \\u202e7)');
  });
});

it.each([
  [0, "0 pairs"],
  [1, "1 pair"],
  [2, "2 pairs"],
])("%i is said with its noun", (number, words) => {
  expect(pluralize(number, "pair")).toBe(words);
});

it("a failure that comes at once is told of by itself alone", async () => {
  const err: string[] = [];
  const terminal = { err: (text: string) => void err.push(text) } as Terminal;
  await expect(withSlowNotice(Promise.reject(new Error("no")), terminal, 0)).rejects.toThrow("no");
  // Timers that are due go off in their order.
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(err).toEqual([]);
});
