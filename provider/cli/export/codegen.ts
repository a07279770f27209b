/** Text from ION in a program of ours: as literals, and as names. */
import { formatJson } from "../../model/text.ts";

/**
 * Text as a TypeScript string literal. Characters that an editor does not show where they are become escapes, so that the
 * literal is safe in a line comment too.
 */
export const literal = (text: string): string => formatJson(text);

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
