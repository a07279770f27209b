import { expect, it } from "vitest";
import { printable } from "../../emulator/cli/output.ts";

it.each([
  ["a line break", "a\n::error::b", String.raw`a\u{a}::error::b`],
  ["the mark of a command at the start", "::error::b", String.raw`:\:error::b`],
  ["the mark of a command after a space", "a ##[error]", String.raw`a #\#[error]`],
  ["an escape sequence", "\u001b[31m\u009b", String.raw`\u{1b}[31m\u{9b}`],
  ["another writing direction", "\u202eabc", String.raw`\u{202e}abc`],
  ["nothing special", "Violet é 🙂: a::b", "Violet é 🙂: a::b"],
])("prints text from outside as text: %s", (_what, text, expected) => {
  expect(printable(text)).toBe(expected);
});
