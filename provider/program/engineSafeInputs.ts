import { UNKNOWN } from "../lifecycle/resourceHandler.ts";
import { programError } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

/**
 * Lets inputs through as they are. Pulumi's engine would leave a text out that is its own sign for "not known yet",
 * take an object for one of its own that has its key for them, and mend half a character; `__proto__` never reaches it.
 *
 * @param name of the resource.
 * @throws RunError that names the property, never its value.
 */
export function exact<Args extends object>(name: string, args: Args): Args {
  const inputs = Object.entries(args).map(([property, value]: [string, unknown]) => {
    const looked = (now: unknown) => {
      const reason = changedByPulumi(now);
      if (reason) throw programError(`${property} of "${name}" cannot be sent through Pulumi: it ${reason}.`);
      return now;
    };
    looked(value);
    // What is an Output, or has one in it, is looked at when it is known, and stays the secret that it may be.
    if (pulumi.Output.isInstance(value)) return [property, value.apply(looked)];
    return [property, value === null || typeof value !== "object" ? value : pulumi.output(value).apply(looked)];
  });
  return Object.fromEntries(inputs) as Args;
}

/** Says what of a value Pulumi would change, if anything, to follow "it …". */
export function changedByPulumi(value: unknown): string | undefined {
  if (value === UNKNOWN) return "is Pulumi's own sign for what is not known yet";
  if (typeof value === "string") return value.isWellFormed() ? undefined : "has half a character in it";
  if (value === null || typeof value !== "object") return undefined;
  if (pulumi.Output.isInstance(value) || pulumi.Resource.isInstance(value)) return undefined;
  const key = [pulumi.specialSigKey, "__proto__"].find((name) => Object.hasOwn(value, name));
  if (key) return `has ${key} as a name`;
  const reasons = Object.entries(value).flat().map(changedByPulumi);
  return reasons.find((reason) => reason !== undefined);
}
