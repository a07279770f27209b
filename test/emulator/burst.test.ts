import { expect, test } from "vitest";
import { Store } from "../../emulator/index.ts";
import { Burst } from "../../emulator/page/recentChanges.ts";
import { webhookUri } from "./setup.ts";

/** A store with Violet and its PARTS UPDATE, from before the burst. */
function watched() {
  const store = new Store();
  store.createReceiver({ name: "Violet", webhookUri });
  store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
  const burst = new Burst(store);
  let now = 0;
  store.watch((change) => burst.add(change, now));
  return {
    store,
    shown: () => burst.shown(),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const runs = { receiverId: "1", resource: "RUNS", action: "CREATE" };

test("nothing is marked before the first change", () => {
  expect(watched().shown()).toBeUndefined();
});

test.each<[string, (store: Store) => void, object]>([
  ["a new subscription is added", (store) => store.createSubscription(runs), { cells: { "1 RUNS CREATE": "added" } }],
  ["a deleted one is removed", (store) => store.deleteSubscription("1"), { cells: { "1 PARTS UPDATE": "removed" } }],
  [
    "a deleted one that is made again has changed",
    (store) => {
      store.deleteSubscription("1");
      store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
    },
    { cells: { "1 PARTS UPDATE": "changed" }, subscriptions: { added: 0, changed: 1, removed: 0 } },
  ],
  [
    "one that comes and goes leaves no mark",
    (store) => store.deleteSubscription(store.createSubscription(runs).id),
    { cells: {}, receivers: {}, subscriptions: { added: 0, changed: 0, removed: 0 } },
  ],
  [
    "a twin is one more subscription, in a cell that has changed",
    (store) => store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" }),
    { cells: { "1 PARTS UPDATE": "changed" }, subscriptions: { added: 1, changed: 0, removed: 0 } },
  ],
  [
    "twins that come and go leave no mark",
    (store) => {
      const twins = [store.createSubscription(runs), store.createSubscription(runs)];
      for (const { id } of twins) store.deleteSubscription(id);
    },
    { cells: {}, subscriptions: { added: 0, changed: 0, removed: 0 } },
  ],
  [
    "one that becomes another is removed there and added here",
    (store) => store.updateSubscription("1", { action: "DELETE" }),
    { cells: { "1 PARTS UPDATE": "removed", "1 PARTS DELETE": "added" } },
  ],
  [
    "a receiver's changed properties are named",
    (store) => store.updateReceiver("1", { active: false, sharedSecret: "planted", name: "Violet" }),
    { receivers: { "1": "changed" }, properties: { "1": ["active", "sharedSecret"] } },
  ],
  [
    "those of a new one are not",
    (store) => store.updateReceiver(store.createReceiver({ name: "New", webhookUri }).id, { active: false }),
    { receivers: { "2": "added" }, properties: {} },
  ],
  [
    "a header is part of its receiver",
    (store) =>
      store.updateHeader(store.createHeader({ key: "X-Plant", value: "7", receiverId: "1" }).id, { value: "8" }),
    { receivers: { "1": "changed" }, properties: { "1": ["headers"] } },
  ],
  [
    "a deleted receiver is removed with its subscriptions",
    (store) => store.deleteReceiver("1"),
    { receivers: { "1": "removed" }, cells: { "1 PARTS UPDATE": "removed" } },
  ],
])("%s", (_title, change, expected) => {
  const { store, shown } = watched();
  change(store);
  // Marks have to be these and no others.
  expect({ ...shown() }).toEqual(expect.objectContaining(expected));
  expect(JSON.stringify(shown())).not.toContain("planted");
});

test("changes with less than 5 s between them are one burst, and its last one says when", () => {
  const { store, shown, wait } = watched();
  store.createSubscription(runs);
  wait(4_000);
  store.deleteSubscription("1");
  expect(shown()).toMatchObject({ at: 4_000, cells: { "1 RUNS CREATE": "added", "1 PARTS UPDATE": "removed" } });
  wait(6_000);
  store.createSubscription({ ...runs, action: "DELETE" });
  expect(shown()?.cells).toEqual({ "1 RUNS DELETE": "added" });
});

test("what comes through the API is another burst than what is done by hand", () => {
  const { store, shown } = watched();
  store.deleteSubscription("1");
  expect(shown()).toMatchObject({ byHand: true });
  store.asApi(() => store.createSubscription(runs));
  expect(shown()).toMatchObject({ byHand: false, cells: { "1 RUNS CREATE": "added" } });
  expect(() => store.asApi(() => store.deleteSubscription("7"))).toThrow("not found");
  store.deleteSubscription("2");
  expect(shown()).toMatchObject({ byHand: true, cells: { "1 RUNS CREATE": "removed" } });
});

test("a burst without end marks 2,000 cells at most", () => {
  const { store, shown } = watched();
  for (let count = 0; count < 3_000; count++) store.createSubscription({ ...runs, resource: `R${count}` });
  expect(Object.keys(shown()?.cells ?? {})).toHaveLength(2_000);
});
