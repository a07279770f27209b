import { createHash } from "node:crypto";

/** The fault tests' random choices. Fixed, so that a commit that passes once passes again; FAULT_SEED tries other ones. */
export const SEED = process.env.FAULT_SEED ?? "1";

/** Returns a function from keys to pseudorandom numbers between 0 and 1, always the same for the seed and the scope. */
export const chanceOf = (...scope: readonly (string | number)[]) => {
  return (...keys: readonly (string | number)[]): number =>
    createHash("sha256")
      .update([SEED, ...scope, ...keys].join())
      .digest()
      .readUInt32BE() /
    2 ** 32;
};
