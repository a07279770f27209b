/** How requests, time, memory and state grow with the number of subscriptions. */
import type { RemoteEmulator } from "./emulator.ts";
import { makeStack } from "./stack.ts";
import { type State, weigh } from "./state.ts";

/** What Pulumi's dynamic provider process may hold, in MB (issue 4). */
export const MEMORY_LIMIT_MB = 150;

/** Violet's receivers, 34 subscriptions each, made and previewed once. */
export interface Growth {
  readonly receivers: number;
  readonly subscriptions: number;
  readonly up: Spent;
  readonly preview: Spent;
  readonly state: State;
  /** The same number of dynamic resources that do nothing: Pulumi's own share. */
  readonly idle: Record<"up" | "preview", Pick<Spent, "seconds" | "memory">>;
}

/** What one command took. */
export interface Spent {
  readonly requests: number;
  readonly tokens: number;
  readonly seconds: number;
  /** MB that the provider process held at most; undefined where /proc does not tell. */
  readonly memory: number | undefined;
}

const WIDE = ["--parallel", "64"];

/** Makes and previews `receivers` receivers with 34 subscriptions each, in one stack. */
export async function grow(
  receivers: number,
  emulator: RemoteEmulator,
  progress: (what: string) => void,
): Promise<Growth> {
  const config = { "bench:receivers": String(receivers) };
  const [stack, idle] = await Promise.all(
    ["many", "idle"].map((program) => makeStack(program, emulator.address, { config, watch: true })),
  );
  if (!stack || !idle) throw new Error("There is no stack.");
  await emulator.reset({ latencyMs: 0, mutationLatencyMs: 0 });
  const spend = async (of: typeof stack, operation: "up" | "preview", what: string): Promise<Spent> => {
    progress(`${receivers * 34} ${what}: ${operation}`);
    const { seconds, memory } = await of[operation](...WIDE);
    const { graphql: requests, tokens } = await emulator.tally();
    return { requests, tokens, seconds, memory };
  };
  const up = await spend(stack, "up", "subscriptions");
  const preview = await spend(stack, "preview", "subscriptions");
  const state = weigh(await stack.exported());
  const doNothing = "dynamic resources that do nothing";
  const own = { up: await spend(idle, "up", doNothing), preview: await spend(idle, "preview", doNothing) };
  return { receivers, subscriptions: state.subscriptions, up, preview, state, idle: own };
}
