/** Somebody else's words in a program of ours: as literals that hold exactly them, and as names. */

/**
 * A text as a TypeScript string literal. What an editor would not show, or would show elsewhere than it stands, is written
 * as an escape, so that it may stand in a line comment too.
 */
export function literal(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Makes short names of letters, digits and hyphens, each once, also as {@link camel} writes them. */
export class Names {
  readonly #taken = new Set<string>();

  /** @param fallback where nothing of `text` is left: has to be a name already. */
  take(text: string, fallback: string): string {
    const ascii = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "");
    const plain = ascii
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 40)
      .replace(/-+$/, "");
    const wanted = /^[a-z]/.test(plain) ? plain : plain ? `${fallback}-${plain}` : fallback;
    let name = wanted;
    for (let number = 2; this.#taken.has(camel(name)); number += 1) name = `${wanted}-${number}`;
    this.#taken.add(camel(name));
    return name;
  }
}

/** "erp-parts" as "erpParts". */
export const camel = (name: string) => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
