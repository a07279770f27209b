import { helpFor } from "../ion/help.ts";
import { appendHelp } from "../model/troubleshooting.ts";
import * as pulumi from "./pulumi.ts";

/**
 * An error for the person at the terminal. Pulumi prints a RunError without its stack, except if it comes out of an input, so
 * it gets none.
 */
export function programError(message: string): pulumi.RunError {
  const text = appendHelp(message, helpFor(message));
  return Object.assign(new pulumi.RunError(text), { stack: text });
}

/** Declares many resources. The SDK captures a stack for each property, to report leaked promises: 0.1 s for 34 resources. */
export function withoutStackTraces<T>(declare: () => T): T {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
    return declare();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const noEngine = {};

/** Changes with the shape of what copies of this package share. */
const SHARED_FORMAT = 1;
const FORMAT = Symbol.for("pulumi-ion.sharedFormat");

/** Whether the program runs in a stack. Unit tests with Pulumi's mocks may declare resources without one. */
export const isStackRun = (): boolean => pulumi.getStackResource() !== undefined;

/**
 * A value that exists once for each run of a program: a run in a stack, or everything after a call of `setMocks`. A process may
 * run several programs, and may have several copies of this package, because a library can bring its own: they share the value
 * by its name.
 */
export function oncePerProgram<T>(name: string, create: () => T): () => T {
  const key = Symbol.for(`pulumi-ion.${name}`);
  return () => {
    const shared = globalThis as { [FORMAT]?: number; [key]?: WeakMap<object, T> };
    shared[FORMAT] ??= SHARED_FORMAT;
    if (shared[FORMAT] !== SHARED_FORMAT) throw programError(TWO_VERSIONS);
    shared[key] ??= new WeakMap<object, T>();
    const run = pulumi.getStackResource() ?? pulumi.getMonitor() ?? noEngine;
    const value = shared[key].get(run) ?? create();
    shared[key].set(run, value);
    return value;
  };
}

const TWO_VERSIONS =
  "This program loads two versions of pulumi-ion that do not work together. Run `npm ls pulumi-ion` (or `pnpm why pulumi-ion`), and " +
  "make every package of the program depend on the same version.";

/** Look-ups that the program may be waiting for. */
const pending = oncePerProgram("pending", () => new Set<Promise<unknown>>());

/** Lets {@link programFinished} wait for a promise that the program waits for. */
export async function track<T>(promise: Promise<T>): Promise<T> {
  const tracked = pending();
  tracked.add(promise);
  try {
    return await promise;
  } finally {
    tracked.delete(promise);
  }
}

/** Resolves when the program has run to its end, or waits for something that is not ours. */
export async function programFinished(): Promise<void> {
  const tracked = pending();
  do {
    await Promise.allSettled(tracked);
    await new Promise<void>((resolve) => setImmediate(resolve));
  } while (tracked.size > 0);
}
