/** The two engines that carry the lifecycles. A test that holds for both runs with each: `describe.each(CARRIERS)`. */
export const CARRIERS = ["dynamic", "plugin"] as const;

/** One of the two. */
export type Carrier = (typeof CARRIERS)[number];
