/** When writes leave, and in how many requests: with a clock that moves only where a test says so. */
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { VIOLET_RESOURCES } from "../../provider/ion/facts.ts";
import { intercept, ionOn, start } from "../support/support.ts";

afterEach(() => void vi.useRealTimers());

/** ION at some milliseconds a query and a mutation, and the sizes of the requests that were sent to it. */
async function watched({ queryMs = 0, mutationMs = 0, requestMs = 0 } = {}) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const emulator = await start();
  emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
  const sizes: number[] = [];
  const settings = { mutationMs };
  const ion = ionOn(emulator, {
    fetch: intercept((sent, pass) => {
      const mutations = sent.query.match(/createWebhookSubscription\(/g)?.length ?? 0;
      if (sent.mutation) sizes.push(mutations);
      vi.advanceTimersByTime(sent.mutation ? requestMs + mutations * settings.mutationMs : queryMs);
      return pass();
    }),
  });
  await ion.receivers();
  const pairs = VIOLET_RESOURCES.flatMap((resource) =>
    ["CREATE", "UPDATE", "DELETE"].map((action) => [resource, action] as const),
  );
  const answers: Promise<unknown>[] = [];
  return {
    sizes,
    settings,
    stir: () => ion.stir(),
    write: (count = 1) => {
      for (const [resource, action] of pairs.splice(0, count))
        answers.push(ion.createSubscription("1", resource, action));
    },
    answered: () => Promise.all(answers),
    /** Lets time go by, and what is due happen. */
    pass: async (ms: number) => {
      vi.advanceTimersByTime(ms);
      for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    },
  };
}

describe("a write waits for company", () => {
  it("for 25 ms where it is alone", async () => {
    const { write, pass, sizes } = await watched();
    write();
    await pass(24);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([1]);
  });

  it.each<[gaps: number[], pause: number]>([
    [[10], 25],
    [[13], 26],
    [[20], 40],
    [[20, 5], 40],
    [[5, 20, 5], 40],
    [[200], 400],
    [[300], 500],
    [[499], 500],
    [[500], 25],
    [[3000], 25],
    [[100, ...Array<number>(7).fill(5)], 200],
    [[100, ...Array<number>(8).fill(5)], 25],
  ])("after gaps of %j ms between resources, for %d ms", async (gaps, pause) => {
    const { write, stir, pass, sizes } = await watched();
    stir();
    for (const gap of gaps.slice(0, -1)) {
      await pass(gap);
      stir();
    }
    await pass(gaps.at(-1) ?? 0);
    write();
    await pass(pause - 1);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([1]);
  });

  it("anew with each resource that the engine gets to", async () => {
    const { write, stir, pass, sizes } = await watched();
    write();
    await pass(20);
    stir();
    await pass(20);
    write();
    await pass(39);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([2]);
  });

  it("and time in which the engine had to wait for an answer says nothing", async () => {
    const { write, answered, pass, sizes } = await watched();
    write();
    await pass(25);
    await answered();
    await pass(300);
    write();
    await pass(25);
    expect(sizes).toEqual([1, 1]);
  });

  it("until 40 are there, which leave at once, and those after them begin anew", async () => {
    const { write, pass, sizes } = await watched();
    write(39);
    await pass(0);
    expect(sizes).toEqual([]);
    write(3);
    await pass(0);
    expect(sizes).toEqual([40]);
    await pass(24);
    expect(sizes).toEqual([40]);
    await pass(1);
    expect(sizes).toEqual([40, 2]);
  });
});

describe("a batch is one request, or shared out over four where ION takes 30 ms a mutation and more", () => {
  it.each<[what: string, ion: Parameters<typeof watched>[0], first: number, then: number, sizes: number[]]>([
    ["30 ms each", { mutationMs: 30 }, 4, 12, [3, 3, 3, 3]],
    ["30 ms each, of a number that four do not divide", { mutationMs: 30 }, 4, 9, [3, 3, 3]],
    ["29 ms each", { mutationMs: 29 }, 4, 12, [12]],
    ["no time", {}, 4, 12, [12]],
    ["30 ms each beyond the way there", { queryMs: 500, requestMs: 500, mutationMs: 30 }, 4, 12, [3, 3, 3, 3]],
    ["29 ms each beyond the way there", { queryMs: 500, requestMs: 500, mutationMs: 29 }, 4, 12, [12]],
    ["less than the way there", { queryMs: 500, mutationMs: 1 }, 4, 12, [12]],
    ["long for so few that they tell nothing", { mutationMs: 1000 }, 3, 12, [12]],
    ["2 s each, of which ten seconds hold five", { mutationMs: 2000 }, 4, 40, Array<number>(8).fill(5)],
    ["longer each than a request is to take", { mutationMs: 20_000 }, 4, 6, Array<number>(6).fill(1)],
  ])("it takes %s", async (_what, ion, first, then, expected) => {
    const { write, answered, pass, sizes, settings } = await watched(ion);
    write(first);
    await pass(25);
    await answered();
    expect(sizes).toEqual([first]);
    // What comes of the second batch is its sizes alone: one request's time would be part of another's.
    settings.mutationMs = 0;
    write(then);
    await pass(25);
    await answered();
    expect(sizes.slice(1)).toEqual(expected);
  });
});
