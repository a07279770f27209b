import * as pulumi from "@pulumi/pulumi";
import { onTestFinished, vi } from "vitest";

/** A resource that a program registered with Pulumi's mocks. */
export interface Registered {
  readonly name: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The names of the resources that it depends on. */
  readonly dependencies: readonly string[];
}

/**
 * Runs a program without an engine, as Pulumi's own unit tests do. Each resource returns its inputs, with its name as id. In
 * a preview, no resource exists yet, and ids are unknown.
 * @throws the program's first error.
 */
export async function runProgram<T>(
  config: Readonly<Record<string, string>>,
  program: () => T | Promise<T>,
  { preview = false } = {},
): Promise<{ result: T; registered: Registered[] }> {
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ name, inputs }) => ({ id: preview ? undefined : name, state: inputs }),
    call: ({ inputs }) => inputs,
  };
  await pulumi.runtime.setMocks(mocks, undefined, undefined, preview);
  const monitor = pulumi.runtime.getMonitor() as NonNullable<ReturnType<typeof pulumi.runtime.getMonitor>>;
  const registrations = vi.spyOn(monitor, "registerResource").mock.calls;
  pulumi.runtime.setAllConfig({ ...config });
  const outcome: { value?: T; errors: unknown[] } = { errors: [] };
  // Errors in inputs are unhandled rejections in Pulumi's own runner, too.
  const otherListeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", (error) => outcome.errors.push(error));
  try {
    await pulumi.runtime.runInPulumiStack(async () => {
      // Otherwise it would become an unhandled rejection.
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
    for (const listener of otherListeners) process.on("unhandledRejection", listener);
  }
  if (outcome.errors.length > 0) throw outcome.errors[0];
  const registered = registrations.map(([request]) => {
    const inputs = request.getObject();
    return {
      name: request.getName(),
      type: request.getType(),
      inputs: inputs ? pulumi.runtime.deserializeProperties(inputs) : {},
      dependencies: request.getDependenciesList().map((urn) => urn.split("::").at(-1) ?? ""),
    };
  });
  return { result: outcome.value as T, registered };
}

/** The value of an output. */
export const settled = <T>(output: pulumi.Output<T>) =>
  new Promise<T>((resolve) => void output.apply((value) => resolve(value)));

/** Silences Pulumi's warnings until the end of the test, and returns the spy that received them. */
export function quiet() {
  const warnings = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warnings.mockRestore());
  return warnings;
}
