/** Finds what a misspelt name of ION's may have been meant to be. */
import leven from "leven";

/** More would be a list, not a hint. */
const MOST = 3;

/** A name as ION writes its own: `purchaseOrders`, `purchase orders` and `purchase-orders` are PURCHASE_ORDERS. */
export function toConstantCase(name: string): string {
  return name
    .trim()
    .replace(/([a-z0-9])(?=[A-Z])/g, "$1_")
    .replace(/[\s_-]+/g, "_")
    .toUpperCase();
}

/** The known names that come near one: singular or plural of it, else those with all of its words or few other letters. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const wanted = toConstantCase(name);
  const others = known.filter((other) => other !== name);
  const same = others.filter((other) => singular(other) === singular(wanted));
  if (same.length > 0) return same;
  const limit = Math.min(4, Math.max(1, Math.floor(wanted.length / 3)));
  const near = others
    .map((other) => ({ other, steps: stepsBetween(wanted, other) }))
    .filter(({ steps }) => steps <= limit)
    .sort((one, next) => one.steps - next.steps);
  const words = singular(wanted).split("_");
  const within = others.filter((other) => words.every((word) => singular(other).split("_").includes(word)));
  return [...new Set([...within, ...near.map(({ other }) => other)])].slice(0, MOST);
}

/** Asks, after a sentence, whether one of these was meant; nothing where there is none. */
export function didYouMean(names: readonly string[]): string {
  const last = names.at(-1);
  if (last === undefined) return "";
  return `. Did you mean ${[names.slice(0, -1).join(", "), last].filter((part) => part !== "").join(" or ")}?`;
}

/** Each word without what makes it a plural. */
const singular = (name: string) =>
  name
    .split("_")
    .map((word) => word.replace(/IES$/, "Y").replace(/(?<=S|X|Z|CH|SH)ES$|(?<!S)S$/, ""))
    .join("_");

/** How many letters differ; letters in another order are one slip. */
function stepsBetween(one: string, other: string): number {
  const letters = (name: string) => [...name].sort().join("");
  return letters(one) === letters(other) ? 1 : leven(one, other);
}
