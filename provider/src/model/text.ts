/** How text that does not come from us is printed. */

/**
 * What a terminal or a log may act on, or does not show: control characters, line breaks, changes of the writing direction,
 * invisible characters, and the marks of commands to CI runners (`::` as the start of a word, `##[`, `##vso[`).
 */
const UNSAFE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]|(?<!\S):(?=:)|(?<=#)#(?=\w{0,20}\[)/gu;

/** UTF-16 units as JSON, JavaScript and Bash escape them. */
const escaped = (unsafe: string) =>
  Array.from(unsafe.split(""), (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");

/** Characters of a text from outside that are printed. */
const MAX_LENGTH = 500;

/**
 * Text that does not come from us (ION, its token endpoint, config, files) as part of a line: unsafe characters are written as
 * escapes such as \u001b, and a long text is cut.
 */
export const escapeText = (text: string): string => escapeLine(shorten(text, MAX_LENGTH));

/** The first characters of a longer text and an ellipsis. Cuts no character in half. */
export const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…` : text;

/** A finished line: nothing is cut. */
export const escapeLine = (line: string): string => line.replace(UNSAFE, escaped);

/** Finished text of several lines: line breaks stay, and nothing is cut. */
export const escapeLines = (text: string): string => text.replace(/[^\n]+/g, escapeLine);

/** A message from outside: runs of spaces and line breaks become one space. */
export const escapeMessage = (text: string): string => escapeText(text.replace(/\s+/g, " ").trim());

/** A value as JSON that is safe to print, and still means exactly this value. */
export const formatJson = (value: unknown, indent?: number): string =>
  escapeLines(JSON.stringify(value, undefined, indent));

/** Whether all text in a value is safe to print as it is. Line breaks and tabs are: Pulumi indents what follows them. */
export function isPrintable(value: unknown): boolean {
  if (typeof value === "string") return value.split(/[\n\t]/).every((line) => escapeLine(line) === line);
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).every(([key, inner]) => isPrintable(key) && isPrintable(inner));
}

/** A receiver as people find it in ION: `"erp" (id 4)`. */
export const formatReceiver = ({ name, id }: { readonly name: string; readonly id: string }): string =>
  `"${escapeText(name)}" (id ${escapeText(id)})`;

/** "1 receiver", "3 receivers". */
export const pluralize = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A name with a capital letter. */
export const capitalize = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** The first items of a list and how many more there are. */
export function listSome(items: readonly string[], most: number): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(", ")} and ${more} more` : items.join(", ");
}

/** Why properties that do not exist are refused. */
export function describeUnknown(names: readonly string[]): string {
  const quoted = names.map((name) => `"${escapeText(name)}"`);
  return `no such property: ${quoted.join(", ")}. Check the spelling, or remove it.`;
}
