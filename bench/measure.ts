/** Runs the scenarios under each condition. */
import type { Activity, Delays, RemoteEmulator } from "./emulator.ts";
import type { Scenario } from "./scenarios.ts";
import type { Run } from "./stack.ts";

/** The delays of ION during a measurement. */
export interface Condition extends Delays {
  readonly title: string;
}

/** ION without delay, near, far, and with slow mutations. */
export const CONDITIONS: readonly Condition[] = [
  { title: "0 ms", latencyMs: 0, mutationLatencyMs: 0 },
  { title: "100 ms", latencyMs: 100, mutationLatencyMs: 0 },
  { title: "300 ms", latencyMs: 300, mutationLatencyMs: 0 },
  { title: "50 ms per mutation", latencyMs: 0, mutationLatencyMs: 50 },
];

/** The commands to measure in each scenario. */
export const OPERATIONS = ["up", "preview"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** The time and the requests of one command. */
export interface Sample extends Activity {
  readonly seconds: number;
}

/** All samples of one scenario under one condition. */
export interface Result {
  readonly scenario: Scenario;
  readonly condition: Condition;
  readonly samples: Record<Operation, Sample[]>;
}

/**
 * Runs every scenario under every condition, one round after another, so that a change in the machine's speed affects all
 * of them.
 *
 * @param progress is called before each scenario with its title and the number of runs that are left.
 * @throws Error if a scenario does not create the expected objects.
 */
export async function measure(
  scenarios: readonly Scenario[],
  conditions: readonly Condition[],
  rounds: number,
  emulator: RemoteEmulator,
  progress: (left: number, what: string) => void,
): Promise<Result[]> {
  const subjects = await Promise.all(scenarios.map((scenario) => scenario.prepare(emulator.connection)));
  const results = conditions.flatMap((condition) =>
    scenarios.map((scenario): Result => ({ scenario, condition, samples: { up: [], preview: [] } })),
  );
  let left = rounds * results.length;
  for (let round = 1; round <= rounds; round += 1) {
    for (const { scenario, condition, samples } of results) {
      const subject = subjects[scenarios.indexOf(scenario)];
      if (!subject) throw new Error(`The scenario ${scenario.id} is not prepared.`);
      progress(left, `round ${round} of ${rounds}, ${condition.title}: ${scenario.title}`);
      await subject.wipe();
      await emulator.reset(condition);
      for (const operation of OPERATIONS) {
        samples[operation].push(await sample(() => subject[operation](), emulator, scenario));
      }
      left -= 1;
    }
  }
  return results;
}

async function sample(command: () => Promise<Run>, emulator: RemoteEmulator, scenario: Scenario): Promise<Sample> {
  const { seconds } = await command();
  const activity = await emulator.report();
  const [receivers, subscriptions] = scenario.createsWebhooks ? [1, 34] : [0, 0];
  if (activity.receivers !== receivers || activity.subscriptions !== subscriptions) {
    throw new Error(
      `The scenario ${scenario.id} created ${activity.receivers} receivers and ${activity.subscriptions} subscriptions.`,
    );
  }
  return { seconds, ...activity };
}
