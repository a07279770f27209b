/** What is left to chance in a run, and what has to hold whatever happens. */
import fc from "fast-check";
import { expect } from "vitest";
import type { Emulator, Store, Subscription } from "../../emulator/index.ts";
import { CANARY } from "../support/support.ts";
import { clear, distance, type Fields, headerOf, type World } from "./desiredState.ts";
import { type Ground, otherUriOf, uriOf } from "./manualEdits.ts";
import { makeOthers } from "./operations.ts";

const PAIRS = ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE", "ISSUES DELETE"];
const VALUES = [`${CANARY}-1`, `${CANARY}-2`];

const fields = fc.record(
  {
    description: fc.constantFrom("", "one", "two"),
    active: fc.boolean(),
    expectedResponseCode: fc.constantFrom(200, 204),
    contentType: fc.constantFrom("application/json", "text/plain"),
    sharedSecret: fc.constantFrom(`${CANARY}-s1`, `${CANARY}-s2`),
  },
  { requiredKeys: [] },
);

const world = (name: string): fc.Arbitrary<World> =>
  fc
    .record({
      fields,
      moved: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
      headers: fc.option(fc.dictionary(fc.constantFrom("X-A", "X-B"), fc.constantFrom(...VALUES), { maxKeys: 2 })),
      pairs: fc.subarray(PAIRS, { minLength: 1, maxLength: 4 }),
      unmanaged: fc.constantFrom("delete" as const, "delete" as const, "report" as const, "ignore" as const),
    })
    .map(({ fields: some, moved, headers, ...rest }) => {
      const given: Fields = { webhookUri: moved ? otherUriOf(name) : uriOf(name), ...some };
      return { name, fields: given, ...(headers && { headers: { ...headers } }), ...rest };
    });

/** What a program declares: a receiver or two, and now and then nothing any more. */
export const worldsArbitrary: fc.Arbitrary<readonly World[]> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(world("erp")) },
  { weight: 4, arbitrary: fc.tuple(world("erp"), world("mes")) },
  { weight: 1, arbitrary: fc.constant([]) },
);

const DEFAULTS = { description: "", contentType: "application/json", expectedResponseCode: 200, active: true };

/**
 * An ION that programs, people and accidents have their way with, and what is known of it without looking: what is
 * declared, and what a field may be that the program leaves out.
 */
export class Model implements Ground {
  readonly store: Store;
  readonly others: string;
  worlds: readonly World[] = [];
  /** The ids that a stack remembers, with the logical names; what it is asked for is what is there at that moment. */
  readonly remembered: () => ReadonlyMap<string, string>;
  readonly #allowed = new Map<string, Set<unknown>>();
  readonly #othersBefore: string;

  constructor({ store, faults, requests }: Emulator, remembered: () => ReadonlyMap<string, string>) {
    faults.clear();
    requests.length = 0;
    clear(store);
    this.store = store;
    this.remembered = remembered;
    this.others = makeOthers(store);
    this.#othersBefore = this.#ofOthers();
  }

  /** Looks, in the middle of a run, whether all is well. */
  look: () => void = () => {};

  managed(id: string) {
    return this.remembered().get(`receiver ${id}`);
  }

  note(webhookUri: string, field: string, value: unknown) {
    const key = keyOf(webhookUri, field);
    this.#allowed.set(key, (this.#allowed.get(key) ?? new Set()).add(value));
  }

  /** Changes the program. */
  declare(worlds: readonly World[]) {
    this.worlds = worlds;
    for (const { fields: given, headers = {} } of worlds) {
      for (const [field, value] of Object.entries({ ...DEFAULTS, ...given })) this.note(given.webhookUri, field, value);
      for (const [field, value] of Object.entries(DEFAULTS)) this.note(given.webhookUri, field, value);
      for (const [key, value] of Object.entries(headers)) {
        this.note(given.webhookUri, "headers", headerOf(key, value));
      }
    }
  }

  /**
   * Holds a run to what it may do, also where it fails or dies in the middle.
   *
   * @param named the extras that an earlier run has named, by the ids of their subscriptions.
   */
  async watch<T>(named: ReadonlySet<string>, run: () => Promise<T>): Promise<T> {
    const before = this.store.state();
    const owned = this.remembered();
    const silenced: string[] = [];
    this.look = () => {
      const live = new Set(this.store.listSubscriptions().map(plain));
      silenced.push(...arriving.filter((pair) => !live.has(pair)));
    };
    const arriving = this.#arriving();
    const outcome = await run();
    this.look();
    const after = this.store.state();
    const gone = <Item extends { readonly id: string }>(items: readonly Item[], now: readonly Item[]) =>
      items.filter(({ id }) => !now.some((other) => other.id === id));

    expect(this.#ofOthers(), "what is others' stays as it is").toBe(this.#othersBefore);

    const lostReceivers = gone(before.receivers, after.receivers);
    const declared = new Set(this.worlds.map(({ name }) => name));
    for (const { id } of lostReceivers) {
      const name = owned.get(`receiver ${id}`);
      expect(name, `receiver ${id} was made by this stack`).toBeDefined();
      expect(declared, `receiver ${id} was deleted, and is not declared`).not.toContain(name);
    }
    const withReceiver = new Set(lostReceivers.map(({ id }) => id));
    for (const { id, receiverId, resource, action } of gone(before.subscriptions, after.subscriptions)) {
      const why = withReceiver.has(receiverId) || owned.has(`subscription ${id}`) || named.has(id);
      expect(why, `subscription ${id} to ${resource} ${action} was ours, or named before it was ended`).toBe(true);
    }

    const urls = (state: typeof before) => counts(state.receivers.map(({ webhookUri }) => webhookUri));
    const pairs = (state: typeof before) => counts(state.subscriptions.map(plain));
    expect(risen(urls(before), urls(after)), "no receiver is made twice").toEqual([]);
    expect(risen(pairs(before), pairs(after)), "no subscription is made twice").toEqual([]);

    expect(silenced, "declared subscriptions are there all the time").toEqual([]);
    return outcome;
  }

  /** What is declared and there: its events go on arriving, whatever else happens. */
  #arriving(): string[] {
    return this.worlds.flatMap(({ fields: given, pairs }) => {
      const receiver = this.store.listReceivers().find(({ webhookUri }) => webhookUri === given.webhookUri);
      const there = receiver ? this.store.listSubscriptions(receiver.id) : [];
      return there.filter(({ resource, action }) => pairs.includes(`${resource} ${action}`)).map(plain);
    });
  }

  /** After a run that went well, whatever is declared sends events. */
  expectArriving() {
    for (const { name, fields: given, pairs } of this.worlds) {
      const live = this.store.listReceivers().find(({ webhookUri }) => webhookUri === given.webhookUri);
      const there = this.store.listSubscriptions(live?.id ?? "").map(({ resource, action }) => `${resource} ${action}`);
      expect(
        pairs.filter((pair) => !there.includes(pair)),
        `declared pairs that are not there, of ${name}`,
      ).toEqual([]);
    }
  }

  /** What has to be left as it is by a run that settles everything. */
  strangers() {
    const owned = this.remembered();
    const urls = new Set(this.worlds.map(({ fields: given }) => given.webhookUri));
    const leaving = (name: string | undefined, url: string) =>
      this.worlds.some(
        (one) => one.unmanaged !== "delete" && (name ? one.name === name : one.fields.webhookUri === url),
      );
    const receivers = this.store
      .listReceivers()
      .filter(({ id, webhookUri }) => !owned.has(`receiver ${id}`) && !urls.has(webhookUri));
    const subscriptions = this.store.listReceivers().flatMap(({ id, webhookUri }) => {
      const name = owned.get(`receiver ${id}`);
      return leaving(name, webhookUri)
        ? this.store.listSubscriptions(id).filter((one) => !owned.has(`subscription ${one.id}`))
        : [];
    });
    return { receivers, subscriptions };
  }

  /** Holds ION to exactly what is declared, and what was there before and is nobody's to end. */
  expectSettled(before: ReturnType<Model["strangers"]>) {
    const owned = this.remembered();
    const idsOf = (items: readonly { readonly id: string }[]) => new Set(items.map(({ id }) => id));
    const mine = (one: Subscription) => owned.has(`subscription ${one.id}`);
    const left = before.subscriptions.filter((one) => !mine(one));
    const found = distance(this.store, this.worlds, {
      receivers: idsOf([...before.receivers, { id: this.others }]),
      subscriptions: idsOf(left),
    });
    expect(found, JSON.stringify(found)).toEqual({ duplicates: [], lost: [], other: [] });
    const there = idsOf(this.store.listSubscriptions());
    expect(
      left.filter(({ id }) => !there.has(id)).map(plain),
      "what nobody declared stays where it is not to be removed",
    ).toEqual([]);
    for (const { fields: given, headers } of this.worlds) {
      const live = this.store.listReceivers().find(({ webhookUri }) => webhookUri === given.webhookUri);
      for (const field of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
        const allowed = [...(this.#allowed.get(keyOf(given.webhookUri, field)) ?? [])];
        expect(allowed, `${field} that the program leaves out`).toContain(live?.[field] ?? "");
      }
      if (headers) continue;
      const allowed = [...(this.#allowed.get(keyOf(given.webhookUri, "headers")) ?? [])];
      const others = this.store
        .listHeaders(live?.id)
        .map(({ key, value }) => headerOf(key, value))
        .filter((one) => !allowed.includes(one));
      if (live) expect(others, "headers that the program leaves out").toEqual([]);
    }
  }

  #ofOthers(): string {
    const { receivers, headers, subscriptions } = this.store.state();
    const own = receivers.find(({ id }) => id === this.others);
    const first = subscriptions.filter(({ receiverId }) => receiverId === this.others).slice(0, 2);
    return JSON.stringify([own, headers.filter(({ id }) => own?.headerIds.includes(id)), first]);
  }
}

/** What a receiver may be goes with it where it moves. */
const keyOf = (webhookUri: string, field: string) => `${webhookUri.replace(/\/moved$/, "")} ${field}`;

const plain = ({ receiverId, resource, action }: Subscription) => `${receiverId} ${resource} ${action}`;

function counts(items: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}

/** What there is more of than before, and more than one. */
const risen = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
  [...after].filter(([item, times]) => times > Math.max(1, before.get(item) ?? 0)).map(([item]) => item);
