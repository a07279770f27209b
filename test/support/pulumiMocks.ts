import * as pulumi from "@pulumi/pulumi";
import { onTestFinished, vi } from "vitest";

/** What a program under Pulumi's own mocks registered, in the order it did. */
export interface Registered {
  readonly name: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * Runs a program to its end without an engine, as Pulumi's own unit tests do: resources are registered and come back
 * as they were declared, with their names for ids. Fails as the program fails.
 */
export async function runProgram<T>(
  config: Readonly<Record<string, string>>,
  program: () => T | Promise<T>,
): Promise<{ result: T; registered: Registered[] }> {
  const registered: Registered[] = [];
  await pulumi.runtime.setMocks({
    newResource: ({ name, type, inputs }) => {
      registered.push({ name, type, inputs });
      return { id: name, state: inputs };
    },
    call: ({ inputs }) => inputs,
  });
  pulumi.runtime.setAllConfig({ ...config });
  const outcome: { value?: T; errors: unknown[] } = { errors: [] };
  // What fails in an input, Pulumi's own runner hears of in this way, too.
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => outcome.errors.push(error));
  try {
    await pulumi.runtime.runInPulumiStack(async () => {
      // Left to Pulumi, it would be an unhandled rejection as well.
      try {
        outcome.value = await program();
      } catch (error) {
        outcome.errors.push(error);
      }
    });
    await pulumi.runtime.disconnect();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  }
  if (outcome.errors.length > 0) throw outcome.errors[0];
  return { result: outcome.value as T, registered };
}

/** What an output comes to. */
export const settled = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => void output.apply((value) => resolve(value)));

/** Keeps warnings of Pulumi's off the terminal until the test is over, and tells them. */
export function quiet() {
  const told = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => told.mockRestore());
  return told;
}
