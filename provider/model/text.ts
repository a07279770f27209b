/** How text that does not come from us is printed. */

/** Characters that move the cursor, start a line, turn the writing direction, or cannot be seen. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]/gu;

const escaped = (character: string) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;

/** One line of text that is safe to print: unsafe characters are written as escapes such as \u001b. */
export const escapeText = (text: string): string => text.replace(UNSAFE, escaped);

/** The same for text of several lines: line breaks and tabs stay. */
export const escapeLines = (text: string): string => text.replace(/[^\n\t]+/g, escapeText);

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
