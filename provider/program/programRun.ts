import * as pulumi from "./pulumi.ts";

/**
 * An error of the program's, for the person at the terminal. Pulumi prints a RunError without its stack, but not where
 * it comes out of an input: there it is to have none.
 */
export function programError(message: string): pulumi.RunError {
  return Object.assign(new pulumi.RunError(message), { stack: message });
}

const noStack = {};

/** Makes a thing of which each run of a program has one: a process may run several programs, and a program several times. */
export function oncePerProgram<T>(make: () => T): () => T {
  const made = new WeakMap<object, T>();
  return () => {
    const run = pulumi.getStackResource() ?? noStack;
    const own = made.get(run) ?? make();
    made.set(run, own);
    return own;
  };
}

/** Look-ups that the program may be waiting for. */
const pending = oncePerProgram(() => new Set<Promise<unknown>>());

/** Lets {@link programFinished} wait for a promise that the program waits for. */
export async function track<T>(promise: Promise<T>): Promise<T> {
  const waitedFor = pending();
  waitedFor.add(promise);
  try {
    return await promise;
  } finally {
    waitedFor.delete(promise);
  }
}

/** Settles when the program has run to its end, or waits for something that is not ours. */
export async function programFinished(): Promise<void> {
  const waitedFor = pending();
  do {
    await Promise.allSettled(waitedFor);
    await new Promise<void>((resolve) => setImmediate(resolve));
  } while (waitedFor.size > 0);
}
