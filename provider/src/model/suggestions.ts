/** Finds what a misspelled name of ION's may have meant. */
import leven from "leven";

/** More would be a list, not a hint. */
const MAX_SUGGESTIONS = 3;

/** Characters of a name that is worth comparing. */
const MAX_LENGTH = 100;

/** A name as ION spells its own: `purchaseOrders`, `purchase orders` and `purchase-orders` are PURCHASE_ORDERS. */
export function toConstantCase(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])(?=[A-Z])/g, "$1_")
    .replace(/[\s_-]+/g, "_")
    .toUpperCase();
}

/** The known names that are similar: its singular or plural, else those with all of its words or few other letters. */
export function similarNames(name: string, known: readonly string[]): string[] {
  const spelled = toConstantCase(name);
  const others = known.filter((other) => other !== name && other.length <= MAX_LENGTH);
  const sameWord = others.filter((other) => singular(other) === singular(spelled));
  if (sameWord.length > 0) return sameWord;
  const maxDistance = Math.min(4, Math.max(1, Math.floor(spelled.length / 3)));
  const near = others
    .map((other) => ({ other, distance: distanceBetween(spelled, other) }))
    .filter(({ distance }) => distance <= maxDistance)
    .sort((one, next) => one.distance - next.distance);
  const words = singular(spelled).split("_");
  const containing = others.filter((other) => words.every((word) => singular(other).split("_").includes(word)));
  return [...new Set([...containing, ...near.map(({ other }) => other)])].slice(0, MAX_SUGGESTIONS);
}

/** A question that suggests names, as a list of one sentence; empty if there is no name. */
export function didYouMean(names: readonly string[]): string[] {
  const last = names.at(-1);
  if (last === undefined) return [];
  return [`Did you mean ${[names.slice(0, -1).join(", "), last].filter(Boolean).join(" or ")}?`];
}

/** A name with each word in the singular. */
const singular = (name: string) =>
  name
    .split("_")
    .map((word) => word.replace(/IES$/, "Y").replace(/(?<=S|X|Z|CH|SH)ES$|(?<!S)S$/, ""))
    .join("_");

/** How many letters differ. Letters in another order count as one. */
function distanceBetween(one: string, other: string): number {
  const letters = (name: string) => [...name].sort().join("");
  return letters(one) === letters(other) ? 1 : leven(one, other);
}
