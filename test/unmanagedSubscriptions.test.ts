import { describe, expect, it } from "vitest";
import type { Emulator } from "../emulator/index.ts";
import { type Declared, Stack } from "./driver.ts";
import { ionOn, start } from "./support.ts";
import { programOf, type World } from "./world.ts";

const WORLD = {
  name: "erp",
  fields: { webhookUri: "https://hooks.example/1" },
  pairs: ["PARTS UPDATE", "RUNS UPDATE"],
  unmanaged: "remove",
} satisfies World;

/** A stack that is up, and what adds subscriptions by hand. */
async function upWith(world: World = WORLD) {
  const emulator = await start();
  const stack = new Stack();
  const run = { emulator, stack, told: [] as string[] };
  expect((await up(run, programOf([world]))).errors).toEqual([]);
  return run;
}

interface Run {
  readonly emulator: Emulator;
  readonly stack: Stack;
  readonly told: string[];
}

const up = ({ emulator, stack, told }: Run, program: readonly Declared[] = programOf([WORLD])) =>
  stack.up(program, ionOn(emulator, { tell: (words) => told.push(words) }));

const allowing = (allowRemovals: number) =>
  programOf([WORLD]).map((one) =>
    one.kind === "unmanaged" ? { ...one, inputs: { ...one.inputs, allowRemovals } } : one,
  );

const addExtras = ({ emulator: { store } }: Run, count: number) =>
  Array.from({ length: count }, (_, at) =>
    store.createSubscription({
      receiverId: "1",
      resource: "ISSUES",
      action: ["CREATE", "UPDATE", "DELETE"][at % 3] ?? "",
    }),
  );

const pairsIn = ({ emulator: { store } }: Run) =>
  store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);

describe("extras of a receiver", () => {
  it("are named by the run that meets them, and ended by the next", async () => {
    const run = await upWith();
    addExtras(run, 2);
    await up(run);
    expect(run.told).toEqual([expect.stringContaining("nobody declared: ISSUES CREATE (id 3), ISSUES UPDATE (id 4)")]);
    expect(pairsIn(run)).toHaveLength(4);
    await up(run);
    expect(pairsIn(run)).toEqual(WORLD.pairs);
  });

  it.each([
    [20, undefined],
    [21, "21 of the 23 subscriptions of webhook receiver 1 are not declared, and would be ended"],
  ])("are ended at once up to 20: %s of them", async (count, refusal) => {
    const run = await upWith();
    addExtras(run, count);
    await up(run);
    const { errors } = await up(run);
    expect(errors).toEqual(refusal ? [expect.stringContaining(refusal)] : []);
    expect(pairsIn(run)).toHaveLength(refusal ? 23 : 2);
  });

  it.each([
    [20, false],
    [21, true],
    [30, true],
  ])("are ended beyond that where allowRemovals is no less: %s for 21", async (allowed, ended) => {
    const run = await upWith();
    addExtras(run, 21);
    await up(run);
    const { errors } = await up(run, allowing(allowed));
    expect(errors.length === 0).toBe(ended);
    expect(errors.join()).toMatch(ended ? /^$/ : /allowRemovals: 21/);
    expect(pairsIn(run)).toHaveLength(ended ? 2 : 23);
  });

  it("are not ended where they are every one there is, unless allowRemovals says so", async () => {
    for (const allowed of [undefined, 1]) {
      const run = await upWith();
      const { store } = run.emulator;
      addExtras(run, 1);
      await up(run);
      for (const { id, resource } of store.listSubscriptions()) if (resource !== "ISSUES") store.deleteSubscription(id);
      const { errors } = await up(run, allowed === undefined ? programOf([WORLD]) : allowing(allowed));
      const refused = "1 of the 1 subscriptions of webhook receiver 1 are not declared";
      expect(errors).toEqual(allowed === undefined ? [expect.stringContaining(refused)] : []);
      expect(errors.join()).toMatch(allowed === undefined ? /every one there is.*allowRemovals: 1/ : /^$/);
      // What is declared is made again in any case, and with it the extra is not every one any more.
      expect(pairsIn(run).sort()).toEqual([...(allowed === undefined ? ["ISSUES CREATE"] : []), ...WORLD.pairs].sort());
      expect((await up(run)).errors).toEqual([]);
      expect(pairsIn(run).sort()).toEqual([...WORLD.pairs].sort());
    }
  });

  it("that somebody ended, changed or put in order meanwhile are not what was named: nothing else is ended", async () => {
    const run = await upWith();
    const { store } = run.emulator;
    const [ended, changed, moved] = addExtras(run, 3);
    await up(run);
    store.createReceiver({ name: "other", webhookUri: "https://other.example/" });
    store.deleteSubscription(ended?.id ?? "");
    store.updateSubscription(changed?.id ?? "", { resource: "STEPS" });
    store.updateSubscription(moved?.id ?? "", { receiverId: "2" });
    await up(run);
    expect(pairsIn(run).sort()).toEqual([...WORLD.pairs, "STEPS UPDATE", "ISSUES DELETE"].sort());
  });

  it("under report are named each time, and stay", async () => {
    const world: World = { ...WORLD, unmanaged: "report" };
    const run = await upWith(world);
    addExtras(run, 1);
    for (const _time of [1, 2, 3]) {
      run.told.length = 0;
      expect((await up(run, programOf([world]))).steps).toEqual([]);
      expect(run.told).toEqual([expect.stringContaining("ISSUES CREATE (id 3). They stay.")]);
    }
    expect(pairsIn(run)).toHaveLength(3);
  });
});
