/** How requests, time, memory and state grow with the number of subscriptions. */
import type { RemoteEmulator } from "./emulator.ts";
import type { Operation } from "./measure.ts";
import { makeStack, type Stack } from "./stack.ts";
import { type State, weigh } from "./state.ts";

/** What Pulumi's dynamic provider process may hold, in MB (issue 4). */
export const MEMORY_LIMIT_MB = 150;

/** A file backend writes all of the state twice for each resource; Pulumi lets that be switched off. */
const UNSAVED = { PULUMI_SKIP_CHECKPOINTS: "true", PULUMI_EXPERIMENTAL: "true" };

/** Receivers up to which `up` is measured with the state written around each resource: 100 would take twelve minutes. */
const MOST_CHECKPOINTED = 10;

/** Violet's receivers, 34 subscriptions each, made and previewed once. */
export interface Growth {
  readonly receivers: number;
  readonly subscriptions: number;
  /** `up` with the state written only at its end. */
  readonly up: Spent;
  readonly preview: Spent;
  /** `up` as Pulumi does it by default, with the state written around each resource; undefined where that takes too long. */
  readonly checkpointed: Spent | undefined;
  /** As many dynamic resources that do nothing: Pulumi's own share. */
  readonly idle: Readonly<Record<Operation, Spent>>;
  readonly state: State;
}

/** What one command took. */
export interface Spent {
  readonly requests: number;
  readonly tokens: number;
  readonly seconds: number;
  /** MB that the provider process held at most; undefined where /proc does not tell. */
  readonly memory: number | undefined;
}

/** Makes and previews receivers with 34 subscriptions each, in one stack. */
export async function grow(
  receivers: number,
  emulator: RemoteEmulator,
  progress: (what: string) => void,
): Promise<Growth> {
  const config = { "bench:receivers": String(receivers) };
  const make = (program: string, env = {}) =>
    makeStack(program, emulator.address, { config, env, watch: true, fastStart: true });
  const spend = async (stack: Stack, operation: Operation, what: string): Promise<Spent> => {
    progress(`${receivers * 34} ${what}: ${operation}`);
    const { seconds, memory } = await stack[operation]("--parallel", "64");
    const { graphql: requests, tokens } = await emulator.tally();
    return { requests, tokens, seconds, memory };
  };
  const empty = () => emulator.reset({ latencyMs: 0, mutationLatencyMs: 0 });

  await empty();
  const own = await make("many", UNSAVED);
  const up = await spend(own, "up", "subscriptions, state written at the end");
  const preview = await spend(own, "preview", "subscriptions");
  const state = weigh(await own.exported());
  await empty();
  const nothing = await make("idle", UNSAVED);
  const doNothing = "dynamic resources that do nothing, state written at the end";
  const idle = { up: await spend(nothing, "up", doNothing), preview: await spend(nothing, "preview", doNothing) };
  const checkpointed =
    receivers > MOST_CHECKPOINTED ? undefined : await spend(await make("many"), "up", "subscriptions");
  return { receivers, subscriptions: state.subscriptions, up, preview, checkpointed, idle, state };
}
