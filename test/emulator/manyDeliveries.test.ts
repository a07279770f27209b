import { createHmac, randomInt, timingSafeEqual } from "node:crypto";
import { expect, test } from "vitest";
import { start } from "./setup.ts";
import { createSubscriptions } from "./violetGuide.ts";
import { type Reaction, webhookServer } from "./webhookServer.ts";

const EVENTS = Number(process.env.ION_DELIVERIES ?? 10_000);
const SEED = Number(process.env.ION_SEED ?? randomInt(2 ** 31));
const EXPECTED = 202;
const SECRET = "the key that only ION and the receiver have";
/** The only event of Violet's guide that ION does not send. */
const SILENT = "PURCHASE_ORDER_LINES CREATE";

const subscriptions = [...createSubscriptions.matchAll(/resource: (\w+), action: (\w+)/g)].map(
  ([, resource = "", action = ""]) => ({ resource, action, silent: `${resource} ${action}` === SILENT }),
);
const sent = subscriptions.filter(({ silent }) => !silent);

test.each([
  ["one subscription each", 1],
  ["three subscriptions each, two of them duplicates", 3],
])(
  `delivers ${EVENTS} events (%s) to an unreliable receiver without loss and with valid signatures`,
  async (_what, each) => {
    const random = generator(SEED);
    const events = Math.ceil(EVENTS / each);
    const accepted = new Map<string, number>();
    let wrongSignatures = 0;
    const failures = new Map<Reaction, number>();
    const server = await webhookServer(({ headers, body }) => {
      const signature = createHmac("sha256", SECRET).update(body).digest();
      const claimed = Buffer.from(String(headers["x-ion-signature"]), "hex");
      if (claimed.length !== signature.length || !timingSafeEqual(claimed, signature)) wrongSignatures++;
      const { id } = JSON.parse(String(body)) as { id: string };
      const reaction = react(random());
      if (reaction !== EXPECTED) failures.set(reaction, (failures.get(reaction) ?? 0) + 1);
      // A dropped request was processed, too. Its repetition has the same id.
      if (reaction === EXPECTED || reaction === "drop") accepted.set(id, (accepted.get(id) ?? 0) + 1);
      return reaction;
    });

    const emulator = await start({ delivery: { retryAfterMs: 1, attempts: 30 } });
    const subscribe = (receiverId: string) => {
      for (const { resource, action } of subscriptions)
        emulator.store.createSubscription({ resource, action, receiverId });
    };
    const receiver = { webhookUri: server.uri, sharedSecret: SECRET, expectedResponseCode: EXPECTED };
    const { id } = emulator.store.createReceiver({ name: "Violet", ...receiver });
    subscribe(id);
    if (each === 3) {
      subscribe(id);
      subscribe(emulator.store.createReceiver({ name: "ERP", ...receiver }).id);
    }
    expect(emulator.store.listSubscriptions()).toHaveLength(34 * each);

    const started = performance.now();
    let deliveries = 0;
    for (let event = 0; event < events; event++) {
      const { resource, action } = sent[event % sent.length] ?? { resource: "", action: "" };
      deliveries += emulator.emit(resource, action, { entityId: `${event}` }).deliveries;
      if (event % 10_000 === 9_999) await emulator.settled();
    }
    for (const { resource, action } of subscriptions.filter(({ silent }) => silent)) {
      expect(emulator.emit(resource, action).deliveries).toBe(0);
    }
    await emulator.settled();
    const seconds = (performance.now() - started) / 1000;

    const repeats = [...accepted.values()].reduce((sum, times) => sum + times - 1, 0);
    console.log(
      `seed ${SEED}: ${deliveries} deliveries in ${seconds.toFixed(1)} s, ${server.arrivals.length} arrivals, ` +
        `failures ${JSON.stringify(Object.fromEntries(failures))}, ${repeats} repetitions with the same id`,
    );
    expect(wrongSignatures).toBe(0);
    expect(deliveries).toBe(events * each);
    expect(accepted.size).toBe(events * each);
    expect(emulator.deliveries).toHaveLength(Math.min(10_000, events * each));
    expect(emulator.deliveries.filter(({ state }) => state !== "delivered")).toEqual([]);
    const seen = new Map<string, number>();
    for (const { body } of new Map(server.arrivals.map((arrival) => [String(arrival.body), arrival])).values()) {
      const { entityId } = JSON.parse(String(body)) as { entityId: string };
      seen.set(entityId, (seen.get(entityId) ?? 0) + 1);
    }
    expect(seen.size).toBe(events);
    expect(new Set(seen.values())).toEqual(new Set([each]));
    // The receiver failed in every way.
    expect([...failures.keys()].map(String).sort()).toEqual(["200", "302", "429", "500", "503", "drop"]);
    expect(repeats).toBeGreaterThan(0);
  },
);

/** Answers nine of ten requests as expected. */
function react(chance: number): Reaction {
  const wrong: Reaction[] = ["drop", "drop", 500, 503, 429, 200, 302];
  return chance < 0.1 ? (wrong[Math.floor(chance * 10 * wrong.length)] ?? 500) : EXPECTED;
}

/** Numbers from 0 to 1, determined by the seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
