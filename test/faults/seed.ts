import { createHash } from "node:crypto";

/** FAULT_SEED repeats a run of the fault tests. */
export const SEED = process.env.FAULT_SEED ?? String(Date.now());

/** Numbers from 0 to 1 that the seed and some words always give. */
export const chanceOf = (...where: readonly (string | number)[]) => {
  return (...words: readonly (string | number)[]): number =>
    createHash("sha256")
      .update([SEED, ...where, ...words].join())
      .digest()
      .readUInt32BE() /
    2 ** 32;
};
