/** Runs rows side by side under each condition. */
import type { RemoteEmulator, Slowness, Tally } from "./emulator.ts";
import type { Row } from "./rows.ts";
import type { Run } from "./stack.ts";

/** How slow ION is while something is measured. */
export interface Condition extends Slowness {
  readonly title: string;
}

/** ION at once, near, far, and slow at writing. */
export const CONDITIONS: readonly Condition[] = [
  { title: "0 ms", latencyMs: 0, mutationLatencyMs: 0 },
  { title: "100 ms", latencyMs: 100, mutationLatencyMs: 0 },
  { title: "300 ms", latencyMs: 300, mutationLatencyMs: 0 },
  { title: "50 ms a mutation", latencyMs: 0, mutationLatencyMs: 50 },
];

/** What is measured of each row. */
export const OPERATIONS = ["up", "preview"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** One command: how long it took, and what it asked of ION. */
export interface Sample extends Tally {
  readonly seconds: number;
}

/** All samples of one row under one condition. */
export interface Result {
  readonly row: Row;
  readonly condition: Condition;
  readonly samples: Record<Operation, Sample[]>;
}

/**
 * Runs every row under every condition, round by round, so that a drift of the machine hits all alike.
 *
 * @param progress is told, before each command, which it is and how many rounds of a row are left.
 * @throws Error where a row did not make what it was to make.
 */
export async function measure(
  rows: readonly Row[],
  conditions: readonly Condition[],
  rounds: number,
  emulator: RemoteEmulator,
  progress: (left: number, what: string) => void,
): Promise<Result[]> {
  const subjects = await Promise.all(rows.map((row) => row.prepare(emulator.address)));
  const results = conditions.flatMap((condition) =>
    rows.map((row): Result => ({ row, condition, samples: { up: [], preview: [] } })),
  );
  let left = rounds * results.length;
  for (let round = 1; round <= rounds; round += 1) {
    for (const { row, condition, samples } of results) {
      const subject = subjects[rows.indexOf(row)];
      if (!subject) throw new Error(`Nothing was prepared for ${row.id}.`);
      progress(left, `round ${round} of ${rounds}, ${condition.title}: ${row.title}`);
      await subject.wipe();
      await emulator.reset(condition);
      for (const operation of OPERATIONS) {
        samples[operation].push(await sample(() => subject[operation](), emulator, row));
      }
      left -= 1;
    }
  }
  return results;
}

async function sample(command: () => Promise<Run>, emulator: RemoteEmulator, row: Row): Promise<Sample> {
  const { seconds } = await command();
  const tally = await emulator.tally();
  const [receivers, subscriptions] = row.makes ? [1, 34] : [0, 0];
  if (tally.receivers !== receivers || tally.subscriptions !== subscriptions) {
    throw new Error(`${row.id} made ${tally.receivers} receivers and ${tally.subscriptions} subscriptions.`);
  }
  return { seconds, ...tally };
}
