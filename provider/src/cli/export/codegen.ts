/** Text from ION in a program of ours: as literals, and as names. */
import { formatJson } from "../../model/text.ts";
import { wrap } from "../terminal.ts";

/**
 * Text as a TypeScript string literal. Characters that an editor does not show where they are become escapes, so that the
 * literal is safe in a line comment too.
 */
export const literal = (text: string): string => formatJson(text);

/** A literal without its quotes. */
export const unquoted = (text: string): string => literal(text).slice(1, -1);

/**
 * Text as a string literal of Python, Go and YAML. Their escapes name whole characters, but TypeScript's name halves of one. A half
 * alone, which no text of theirs can hold, is replaced.
 */
export const literal32 = (text: string): string =>
  literal(text.toWellFormed()).replace(/\\(ud[89ab]..\\ud[c-f]..|.)/g, (sequence: string, name: string) => {
    if (name.length === 1) return sequence;
    const character: string = JSON.parse(`"${sequence}"`);
    return `\\U${character.codePointAt(0)?.toString(16).padStart(8, "0")}`;
  });

const COLUMNS = 120;

/** Lines of a comment, wrapped. */
export const comment = (lines: readonly string[], prefix: string): string[] =>
  lines.flatMap((line) => wrap(line.split(" "), COLUMNS, prefix, " ").split("\n"));

/** Characters of a text that a name is made of. */
const MAX_LENGTH = 200;

/** Creates short names of letters, digits and hyphens. They are unique, also in {@link camelCase}. */
export class Names {
  readonly #used = new Set<string>();
  /** The next number of each name that was asked for more than once. */
  readonly #next = new Map<string, number>();

  /** @param fallback a name, used if `text` has no letter or digit. */
  create(text: string, fallback: string): string {
    const ascii = text
      .slice(0, MAX_LENGTH)
      .normalize("NFKD")
      .replace(/[\u0300-\u036f]/g, "");
    const plain = ascii
      .toLowerCase()
      .split(/[^a-z0-9]+/)
      .filter(Boolean)
      .join("-")
      .slice(0, 40)
      .replace(/-$/, "");
    const base = /^[a-z]/.test(plain) ? plain : plain ? `${fallback}-${plain}` : fallback;
    let name = base;
    let number = this.#next.get(base) ?? 2;
    for (; this.#used.has(camelCase(name)); number += 1) name = `${base}-${number}`;
    this.#next.set(base, number);
    this.#used.add(camelCase(name));
    return name;
  }
}

/** "erp-parts" as "erpParts". */
export const camelCase = (name: string) => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
