/** Measures requests, time, memory and state by the number of subscriptions. */
import type { RemoteEmulator } from "./emulator.ts";
import type { Operation } from "./measure.ts";
import { createStack, type Stack, type StackOptions } from "./stack.ts";
import { measureStateSize, type StateSize } from "./stateSize.ts";

/** The memory budget of Pulumi's dynamic provider process in MB (issue 4). */
export const MEMORY_LIMIT_MB = 150;

/** The memory budget of the plugin's process in MB, and that of one receiver (issue 18). */
export const PLUGIN_MEMORY_LIMIT_MB = { one: 90, many: 150 };

/** Turns off checkpoints: a file backend writes the whole state twice for each resource. */
const NO_CHECKPOINTS = { PULUMI_SKIP_CHECKPOINTS: "true", PULUMI_EXPERIMENTAL: "true" };

/** The largest number of receivers to measure with checkpoints: 100 would take twelve minutes. */
const MAX_CHECKPOINTED = 10;

/** The measurements of one number of receivers with 34 subscriptions each. */
export interface Scaling {
  readonly receivers: number;
  readonly subscriptions: number;
  /** `up` without checkpoints. */
  readonly up: Usage;
  readonly preview: Usage;
  /** `up` with checkpoints, Pulumi's default. Undefined if that takes too long. */
  readonly checkpointed: Usage | undefined;
  /** The same number of no-op dynamic resources: Pulumi's own share. */
  readonly noOp: Readonly<Record<Operation, Usage>>;
  readonly stateSize: StateSize;
  /** The same over the provider plugin. */
  readonly plugin: PluginUsage;
}

/** The resources that `pulumi-ion/native` used, without checkpoints. */
export interface PluginUsage extends Readonly<Record<Operation, Usage>> {
  readonly stateSize: StateSize;
}

/** The resources that one command used. */
export interface Usage {
  readonly requests: number;
  readonly tokens: number;
  readonly seconds: number;
  /** The peak memory of the provider process in MB. Undefined if /proc does not show it. */
  readonly memory: number | undefined;
}

/** Creates and previews receivers with 34 subscriptions each in one stack. */
export async function measureScaling(
  receivers: number,
  emulator: RemoteEmulator,
  progress: (what: string) => void,
): Promise<Scaling> {
  const config = { "bench:receivers": String(receivers) };
  const create = (program: string, env = {}, options: StackOptions = {}) =>
    createStack(program, emulator.connection, { config, env, measureMemory: true, ...options });
  const run = async (stack: Stack, operation: Operation, what: string): Promise<Usage> => {
    progress(`${receivers * 34} ${what}: ${operation}`);
    const { seconds, memory } = await stack[operation]("--parallel", "64");
    const { graphql: requests, tokens } = await emulator.report();
    return { requests, tokens, seconds, memory };
  };
  const reset = () => emulator.reset({ latencyMs: 0, mutationLatencyMs: 0 });

  await reset();
  const stack = await create("many", NO_CHECKPOINTS);
  const up = await run(stack, "up", "subscriptions without checkpoints");
  const preview = await run(stack, "preview", "subscriptions");
  const stateSize = measureStateSize(await stack.state());
  const plugin = await measurePlugin();
  await reset();
  const noOpStack = await create("noOp", NO_CHECKPOINTS);
  const noOpResources = "no-op dynamic resources without checkpoints";
  const noOp = {
    up: await run(noOpStack, "up", noOpResources),
    preview: await run(noOpStack, "preview", noOpResources),
  };
  const checkpointed =
    receivers > MAX_CHECKPOINTED ? undefined : await run(await create("many"), "up", "subscriptions");
  return { receivers, subscriptions: stateSize.subscriptions, up, preview, checkpointed, noOp, stateSize, plugin };

  async function measurePlugin(): Promise<PluginUsage> {
    await reset();
    const stack = await create("manyNative", NO_CHECKPOINTS, { carrier: "native" });
    const what = "subscriptions over the plugin without checkpoints";
    const [up, preview] = [await run(stack, "up", what), await run(stack, "preview", what)];
    return { up, preview, stateSize: measureStateSize(await stack.state()) };
  }
}
