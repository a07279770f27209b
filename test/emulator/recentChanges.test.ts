import { expect, test } from "vitest";
import { Store } from "../../emulator/index.ts";
import { RecentChanges } from "../../emulator/page/recentChanges.ts";
import { webhookUri } from "./setup.ts";

/** A store with a receiver and its PARTS UPDATE subscription, without recent changes. */
function watchedStore() {
  const store = new Store();
  store.createReceiver({ name: "Violet", webhookUri });
  store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
  const recentChanges = new RecentChanges(store);
  let now = 0;
  store.watch((change) => recentChanges.add(change, now));
  return {
    store,
    summary: () => recentChanges.summarize(),
    wait: (ms: number) => {
      now += ms;
    },
  };
}

const runs = { receiverId: "1", resource: "RUNS", action: "CREATE" };

test("has no summary before the first change", () => {
  expect(watchedStore().summary()).toBeUndefined();
});

test.each<[string, (store: Store) => void, object]>([
  [
    "marks a new subscription as created",
    (store) => store.createSubscription(runs),
    { cells: { "1 RUNS CREATE": "created" } },
  ],
  [
    "marks a deleted subscription as deleted",
    (store) => store.deleteSubscription("1"),
    { cells: { "1 PARTS UPDATE": "deleted" } },
  ],
  [
    "marks a recreated subscription as changed",
    (store) => {
      store.deleteSubscription("1");
      store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
    },
    { cells: { "1 PARTS UPDATE": "changed" }, subscriptions: { created: 0, changed: 1, deleted: 0 } },
  ],
  [
    "ignores a subscription that was created and deleted",
    (store) => store.deleteSubscription(store.createSubscription(runs).id),
    { cells: {}, receivers: {}, subscriptions: { created: 0, changed: 0, deleted: 0 } },
  ],
  [
    "counts a duplicate as created and marks its cell as changed",
    (store) => store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" }),
    { cells: { "1 PARTS UPDATE": "changed" }, subscriptions: { created: 1, changed: 0, deleted: 0 } },
  ],
  [
    "ignores duplicates that were created and deleted",
    (store) => {
      const duplicates = [store.createSubscription(runs), store.createSubscription(runs)];
      for (const { id } of duplicates) store.deleteSubscription(id);
    },
    { cells: {}, subscriptions: { created: 0, changed: 0, deleted: 0 } },
  ],
  [
    "marks both cells of a subscription whose action changes",
    (store) => store.updateSubscription("1", { action: "DELETE" }),
    { cells: { "1 PARTS UPDATE": "deleted", "1 PARTS DELETE": "created" } },
  ],
  [
    "lists the changed properties of a receiver",
    (store) => store.updateReceiver("1", { active: false, sharedSecret: "planted", name: "Violet" }),
    { receivers: { "1": "changed" }, properties: { "1": ["active", "sharedSecret"] } },
  ],
  [
    "lists no properties of a new receiver",
    (store) => store.updateReceiver(store.createReceiver({ name: "New", webhookUri }).id, { active: false }),
    { receivers: { "2": "created" }, properties: {} },
  ],
  [
    "marks a receiver as changed with its headers",
    (store) =>
      store.updateHeader(store.createHeader({ key: "X-Plant", value: "7", receiverId: "1" }).id, { value: "8" }),
    { receivers: { "1": "changed" }, properties: { "1": ["headers"] } },
  ],
  [
    "marks a deleted receiver and its subscriptions as deleted",
    (store) => store.deleteReceiver("1"),
    { receivers: { "1": "deleted" }, cells: { "1 PARTS UPDATE": "deleted" } },
  ],
])("%s", (_title, change, expected) => {
  const { store, summary } = watchedStore();
  change(store);
  expect({ ...summary() }).toEqual(expect.objectContaining(expected));
  expect(JSON.stringify(summary())).not.toContain("planted");
});

test("combines changes with less than 5 s between them", () => {
  const { store, summary, wait } = watchedStore();
  store.createSubscription(runs);
  wait(4_000);
  store.deleteSubscription("1");
  expect(summary()).toMatchObject({ at: 4_000, cells: { "1 RUNS CREATE": "created", "1 PARTS UPDATE": "deleted" } });
  wait(6_000);
  store.createSubscription({ ...runs, action: "DELETE" });
  expect(summary()?.cells).toEqual({ "1 RUNS DELETE": "created" });
});

test("separates changes through the API from changes by hand", () => {
  const { store, summary } = watchedStore();
  store.deleteSubscription("1");
  expect(summary()).toMatchObject({ byHand: true });
  store.asApi(() => store.createSubscription(runs));
  expect(summary()).toMatchObject({ byHand: false, cells: { "1 RUNS CREATE": "created" } });
  expect(() => store.asApi(() => store.deleteSubscription("7"))).toThrow("not found");
  store.deleteSubscription("2");
  expect(summary()).toMatchObject({ byHand: true, cells: { "1 RUNS CREATE": "deleted" } });
});

test("marks at most 2,000 cells", () => {
  const { store, summary } = watchedStore();
  for (let count = 0; count < 3_000; count++) store.createSubscription({ ...runs, resource: `R${count}` });
  expect(Object.keys(summary()?.cells ?? {})).toHaveLength(2_000);
});
