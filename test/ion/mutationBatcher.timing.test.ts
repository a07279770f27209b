/** When a batch is sent, and in how many requests: with a clock that only the test moves. */
import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ACTIONS, VIOLET_RESOURCES } from "../../provider/src/model/events.ts";
import { intercept, ionOn, start } from "../support/support.ts";

afterEach(() => void vi.useRealTimers());

/** How long ION takes, in milliseconds. */
interface Speed {
  readonly queryMs?: number;
  readonly requestMs?: number;
  readonly mutationMs?: number;
}

/** An API for an ION of some speed, and the sizes of the requests with mutations that were sent to it. */
async function startWithClock(initial: Speed = {}) {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const emulator = await start();
  emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
  const sizes: number[] = [];
  let speed = initial;
  const api = ionOn(emulator, {
    fetch: intercept((sent, pass) => {
      const { queryMs = 0, requestMs = 0, mutationMs = 0 } = speed;
      const mutations = sent.query.match(/createWebhookSubscription\(/g)?.length ?? 0;
      if (sent.mutation) sizes.push(mutations);
      vi.advanceTimersByTime(sent.mutation ? requestMs + mutations * mutationMs : queryMs);
      return pass();
    }),
  });
  await api.receivers();
  const events = VIOLET_RESOURCES.flatMap((resource) => ACTIONS.map((action) => ({ resource, action })));
  const answers: Promise<unknown>[] = [];
  /** Moves the clock, and runs what is due. */
  const pass = async (ms: number) => {
    vi.advanceTimersByTime(ms);
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  };
  const request = (count = 1) => {
    for (const event of events.splice(0, count)) {
      answers.push(api.apply({ kind: "createSubscription", receiverId: "1", event }));
    }
  };
  const answered = () => Promise.all(answers);
  return {
    sizes,
    pass,
    request,
    answered,
    keepBatchOpen: () => api.keepBatchOpen(),
    setSpeed: (next: Speed) => {
      speed = next;
    },
    /** Sends a batch, and waits for its answers. */
    send: async (count: number) => {
      request(count);
      await pass(25);
      await answered();
    },
  };
}

describe("idle time", () => {
  it("sends a single change after 25 ms", async () => {
    const { request, pass, sizes } = await startWithClock();
    request();
    await pass(24);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([1]);
  });

  it.each<[gaps: number[], idle: number]>([
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
  ])("waits for twice the longest of the last gaps between resources: gaps %j, idle time %d ms", async (gaps, idle) => {
    const { request, keepBatchOpen, pass, sizes } = await startWithClock();
    keepBatchOpen();
    for (const gap of gaps.slice(0, -1)) {
      await pass(gap);
      keepBatchOpen();
    }
    await pass(gaps.at(-1) ?? 0);
    request();
    await pass(idle - 1);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([1]);
  });

  it("waits longer with each resource that the engine processes", async () => {
    const { request, keepBatchOpen, pass, sizes } = await startWithClock();
    request();
    await pass(20);
    keepBatchOpen();
    await pass(20);
    request();
    await pass(39);
    expect(sizes).toEqual([]);
    await pass(1);
    expect(sizes).toEqual([2]);
  });

  it("ignores a gap in which the engine waited for an answer", async () => {
    const { request, send, pass, sizes } = await startWithClock();
    await send(1);
    await pass(300);
    request();
    await pass(25);
    expect(sizes).toEqual([1, 1]);
  });

  it("sends 40 changes at once, and starts a new batch with the next ones", async () => {
    const { request, pass, sizes } = await startWithClock();
    request(39);
    await pass(0);
    expect(sizes).toEqual([]);
    request(3);
    await pass(0);
    expect(sizes).toEqual([40]);
    await pass(24);
    expect(sizes).toEqual([40]);
    await pass(1);
    expect(sizes).toEqual([40, 2]);
  });
});

describe("request size", () => {
  it.each<[what: string, speed: Speed, next: number, sizes: number[]]>([
    ["no time", {}, 12, [12]],
    ["19 ms", { mutationMs: 19 }, 12, [12]],
    ["20 ms", { mutationMs: 20 }, 12, [3, 3, 3, 3]],
    ["20 ms, for a number that four does not divide", { mutationMs: 20 }, 9, [3, 3, 3]],
    ["19 ms on top of the round trip", { queryMs: 500, requestMs: 500, mutationMs: 19 }, 12, [12]],
    ["20 ms on top of the round trip", { queryMs: 500, requestMs: 500, mutationMs: 20 }, 12, [3, 3, 3, 3]],
    ["less than the round trip", { queryMs: 500, mutationMs: 1 }, 12, [12]],
    ["2 s, five of which fill ten seconds", { mutationMs: 2000 }, 40, Array<number>(8).fill(5)],
    ["longer than a whole request should", { mutationMs: 20_000 }, 6, Array<number>(6).fill(1)],
  ])(
    "splits a batch if a mutation of the last request took 20 ms or more: %s",
    async (_what, speed, next, expected) => {
      for (const before of [1, 4]) {
        const { send, sizes, setSpeed } = await startWithClock(speed);
        await send(before);
        expect(sizes).toEqual([before]);
        // Concurrent requests would add to each other's time.
        setSpeed({});
        await send(next);
        expect(sizes.slice(1)).toEqual(expected);
        vi.useRealTimers();
      }
    },
  );

  it("sends whole batches again when ION is fast again", async () => {
    const { send, sizes, setSpeed } = await startWithClock({ mutationMs: 100 });
    await send(1);
    setSpeed({});
    await send(8);
    await send(8);
    expect(sizes).toEqual([1, 2, 2, 2, 2, 8]);
  });
});
