/** Random desired states, and the invariants of every run. */

import { expect } from "vitest";
import type { Emulator, Receiver, Store, Subscription } from "../../emulator/index.ts";
import type { ResourceOptions } from "../support/fakeEngine.ts";
import fc from "../support/fastCheck.ts";
import { CANARY } from "../support/support.ts";
import { clear, type DesiredReceiver, eventOf, type Fields, findDeviations, headerOf, NONE } from "./desiredState.ts";
import { type EditContext, otherUriOf, uriOf } from "./manualEdits.ts";
import { createOthers } from "./operations.ts";

const EVENTS = ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE", "ISSUES DELETE"];
const VALUES = [`${CANARY}-1`, `${CANARY}-2`];

const optionalFields = fc.record(
  {
    description: fc.constantFrom("", "one", "two"),
    active: fc.boolean(),
    expectedResponseCode: fc.constantFrom(200, 204),
    contentType: fc.constantFrom("application/json", "text/plain"),
    sharedSecret: fc.constantFrom(`${CANARY}-s1`, `${CANARY}-s2`),
  },
  { requiredKeys: [] },
);

const desiredReceiver = (name: string): fc.Arbitrary<DesiredReceiver> =>
  fc
    .record({
      fields: optionalFields,
      moved: fc.integer({ min: 0, max: 4 }).map((roll) => roll === 0),
      headers: fc.option(fc.dictionary(fc.constantFrom("X-A", "X-B"), fc.constantFrom(...VALUES), { maxKeys: 2 })),
      events: fc.subarray(EVENTS, { minLength: 1, maxLength: 4 }),
      unmanaged: fc.constantFrom("delete" as const, "delete" as const, "report" as const, "ignore" as const),
    })
    .map(({ fields: optional, moved, headers, ...rest }) => {
      const fields: Fields = { webhookUri: moved ? otherUriOf(name) : uriOf(name), ...optional };
      return { name, fields, ...(headers && { headers: { ...headers } }), ...rest };
    });

const statesOf = (receiver: typeof desiredReceiver): fc.Arbitrary<readonly DesiredReceiver[]> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(receiver("erp")) },
    { weight: 4, arbitrary: fc.tuple(receiver("erp"), receiver("mes")) },
    { weight: 1, arbitrary: fc.constant([]) },
  );

/** One receiver or two, and sometimes none. */
export const desiredStates = statesOf(desiredReceiver);

const resourceOptions: fc.Arbitrary<ResourceOptions> = fc.record(
  {
    ignoreChanges: fc.constantFrom(["*"], ["description", "headers"], ["active"], ["sharedSecret", "contentType"]),
    protect: fc.constant(true),
    retainOnDelete: fc.constant(true),
  },
  { requiredKeys: [] },
);

/** The same, some with Pulumi's resource options. */
export const desiredStatesWithOptions = statesOf((name) =>
  fc
    .tuple(desiredReceiver(name), fc.option(resourceOptions, { nil: undefined, freq: 2 }))
    .map(([desired, options]) => ({ ...desired, ...(options && { options }) })),
);

const DEFAULTS = { description: "", contentType: "application/json", expectedResponseCode: 200, active: true };

/**
 * An emulator that programs, manual edits and faults change, and what must be true of it: the desired state, and the
 * values that omitted fields may have.
 */
export class Model implements EditContext {
  readonly store: Store;
  readonly othersReceiverId: string;
  desired: readonly DesiredReceiver[] = [];
  /** The objects that the stack manages now: resource names by kind and id. */
  readonly managed: () => ReadonlyMap<string, string>;
  readonly #allowed = new Map<string, Set<unknown>>();
  readonly #othersBefore: string;

  constructor({ store, faults, requests }: Emulator, managed: () => ReadonlyMap<string, string>) {
    faults.clear();
    requests.length = 0;
    clear(store);
    this.store = store;
    this.managed = managed;
    this.othersReceiverId = createOthers(store);
    this.#othersBefore = this.#ofOthers();
  }

  /** Checks the invariants in the middle of a run. */
  checkNow: () => void = () => {};

  managedName(id: string) {
    return this.managed().get(`receiver ${id}`);
  }

  allow(webhookUri: string, field: string, value: unknown) {
    const key = keyOf(webhookUri, field);
    this.#allowed.set(key, (this.#allowed.get(key) ?? new Set()).add(value));
  }

  /** Changes the program. */
  declare(desired: readonly DesiredReceiver[]) {
    this.desired = desired;
    for (const { fields, headers = {} } of desired) {
      for (const [field, value] of Object.entries({ ...DEFAULTS, ...fields }))
        this.allow(fields.webhookUri, field, value);
      for (const [field, value] of Object.entries(DEFAULTS)) this.allow(fields.webhookUri, field, value);
      for (const [key, value] of Object.entries(headers)) {
        this.allow(fields.webhookUri, "headers", headerOf(key, value));
      }
    }
  }

  /**
   * Executes a run and checks the invariants, also if the run fails or crashes.
   *
   * @param reported ids of the unmanaged subscriptions that an earlier run has reported.
   * @param replaced names of the resources that `--replace` names.
   */
  async watch<T>(
    reported: ReadonlySet<string>,
    run: () => Promise<T>,
    replaced: ReadonlySet<string> = new Set(),
  ): Promise<T> {
    this.#allowIgnored();
    const before = this.store.state();
    const managed = this.managed();
    const silenced: string[] = [];
    this.checkNow = () => {
      const live = new Set(this.store.listSubscriptions().map(describe));
      silenced.push(...active.filter((subscription) => !live.has(subscription)));
    };
    const active = this.#activeSubscriptions();
    const outcome = await run();
    this.checkNow();
    this.#allowIgnored();
    const after = this.store.state();
    const deleted = <Item extends { readonly id: string }>(items: readonly Item[], now: readonly Item[]) =>
      items.filter(({ id }) => !now.some((other) => other.id === id));

    expect(this.#ofOthers(), "the objects of others are unchanged").toBe(this.#othersBefore);

    const deletedReceivers = deleted(before.receivers, after.receivers);
    const declared = new Set(this.desired.map(({ name }) => name));
    for (const { id } of deletedReceivers) {
      const name = managed.get(`receiver ${id}`);
      expect(name, `the deleted receiver ${id} was managed by this stack`).toBeDefined();
      const isReplaced = replaced.has(name ?? "");
      expect(isReplaced || !declared.has(name ?? ""), `the deleted receiver ${id} is not declared`).toBe(true);
    }
    const deletedReceiverIds = new Set(deletedReceivers.map(({ id }) => id));
    for (const { id, receiverId, resource, action } of deleted(before.subscriptions, after.subscriptions)) {
      const allowed = deletedReceiverIds.has(receiverId) || managed.has(`subscription ${id}`) || reported.has(id);
      expect(allowed, `the deleted subscription ${id} to ${resource} ${action} was managed or reported`).toBe(true);
    }

    const urls = (state: typeof before) => counts(state.receivers.map(({ webhookUri }) => webhookUri));
    const subscriptions = (state: typeof before) => counts(state.subscriptions.map(describe));
    expect(increased(urls(before), urls(after)), "no receiver is created twice").toEqual([]);
    expect(increased(subscriptions(before), subscriptions(after)), "no subscription is created twice").toEqual([]);

    expect(silenced, "declared subscriptions exist at every moment").toEqual([]);
    return outcome;
  }

  /** The declared subscriptions that exist: their events must keep arriving, whatever else happens. */
  #activeSubscriptions(): string[] {
    return this.desired.filter(isComparable).flatMap(({ fields, events }) => {
      const live = this.#liveReceiver(fields);
      const subscriptions = live ? this.store.listSubscriptions(live.id) : [];
      return subscriptions.filter((subscription) => events.includes(eventOf(subscription))).map(describe);
    });
  }

  /** Expects that every declared subscription exists, as after every run that succeeds. */
  expectSubscribed() {
    for (const { name, fields, events } of this.desired.filter(isComparable)) {
      const live = this.store.listSubscriptions(this.#liveReceiver(fields)?.id ?? "").map(eventOf);
      expect(
        events.filter((event) => !live.includes(event)),
        `missing subscriptions of ${name}`,
      ).toEqual([]);
    }
  }

  /** The unmanaged objects that no run may change. */
  unmanaged() {
    const managed = this.managed();
    const urls = new Set(this.desired.map(({ fields }) => fields.webhookUri));
    const keepsUnmanaged = (name: string | undefined, url: string) =>
      this.desired.some(
        (desired) =>
          desired.unmanaged !== "delete" && (name ? desired.name === name : desired.fields.webhookUri === url),
      );
    const receivers = this.store
      .listReceivers()
      .filter(({ id, webhookUri }) => !managed.has(`receiver ${id}`) && !urls.has(webhookUri));
    const subscriptions = this.store
      .listReceivers()
      .filter(({ id, webhookUri }) => keepsUnmanaged(managed.get(`receiver ${id}`), webhookUri))
      .flatMap(({ id }) => this.store.listSubscriptions(id))
      .filter(({ id }) => !managed.has(`subscription ${id}`));
    return { receivers, subscriptions };
  }

  /** Expects that ION contains exactly the desired state and the unmanaged objects that were there before the run. */
  expectConverged(before: ReturnType<Model["unmanaged"]>) {
    const managed = this.managed();
    const idsOf = (items: readonly { readonly id: string }[]) => new Set(items.map(({ id }) => id));
    // A run may adopt an unmanaged subscription.
    const unmanaged = before.subscriptions.filter(({ id }) => !managed.has(`subscription ${id}`));
    const desired = this.desired.filter(isComparable);
    const ignored = this.desired.filter((one) => !isComparable(one)).flatMap((one) => this.#receiversOf(one));
    const found = findDeviations(this.store, desired, {
      receivers: idsOf([...before.receivers, ...ignored, { id: this.othersReceiverId }]),
      subscriptions: idsOf(unmanaged),
    });
    expect(found, JSON.stringify(found)).toEqual(NONE);
    const live = idsOf(this.store.listSubscriptions());
    expect(
      unmanaged.filter(({ id }) => !live.has(id)).map(describe),
      'unmanaged subscriptions that were deleted without unmanaged: "delete"',
    ).toEqual([]);
    for (const { fields, headers, options } of desired) {
      const receiver = this.#liveReceiver(fields);
      if (options?.ignoreChanges) continue;
      for (const field of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
        const allowed = [...(this.#allowed.get(keyOf(fields.webhookUri, field)) ?? [])];
        expect(allowed, `the omitted field ${field}`).toContain(receiver?.[field] ?? "");
      }
      if (headers || !receiver) continue;
      const allowed = this.#allowed.get(keyOf(fields.webhookUri, "headers"));
      const unexpected = this.store
        .listHeaders(receiver.id)
        .map(({ key, value }) => headerOf(key, value))
        .filter((header) => !allowed?.has(header));
      expect(unexpected, "omitted headers").toEqual([]);
    }
  }

  /** Whatever a receiver has in ION while its changes are ignored, it may keep. */
  #allowIgnored() {
    for (const desired of this.desired.filter(({ options }) => options?.ignoreChanges)) {
      const { webhookUri } = desired.fields;
      for (const receiver of this.#receiversOf(desired)) {
        for (const field of Object.keys(DEFAULTS)) this.allow(webhookUri, field, receiver[field as "active"] ?? "");
        for (const { key, value } of this.store.listHeaders(receiver.id)) {
          this.allow(webhookUri, "headers", headerOf(key, value));
        }
      }
    }
  }

  /** The receivers in ION that a declared one manages or would adopt. */
  #receiversOf({ name, fields }: DesiredReceiver): Receiver[] {
    return this.store
      .listReceivers()
      .filter(({ id, webhookUri }) => this.managedName(id) === name || webhookUri === fields.webhookUri);
  }

  #liveReceiver(fields: Fields) {
    return this.store.listReceivers().find(({ webhookUri }) => webhookUri === fields.webhookUri);
  }

  #ofOthers(): string {
    const { receivers, headers, subscriptions } = this.store.state();
    const receiver = receivers.find(({ id }) => id === this.othersReceiverId);
    // Edits may move other subscriptions here.
    const first = subscriptions.filter(({ receiverId }) => receiverId === this.othersReceiverId).slice(0, 2);
    return JSON.stringify([receiver, headers.filter(({ id }) => receiver?.headerIds.includes(id)), first]);
  }
}

/** Whether ION must become as declared: not if every change of it is ignored. */
const isComparable = ({ options }: DesiredReceiver) => options?.ignoreChanges?.includes("*") !== true;

/** The key of an allowed value. It stays the same when the receiver moves to its other URL. */
const keyOf = (webhookUri: string, field: string) => `${webhookUri.replace(/\/moved$/, "")} ${field}`;

const describe = (subscription: Subscription) => `${subscription.receiverId} ${eventOf(subscription)}`;

function counts(items: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const item of items) found.set(item, (found.get(item) ?? 0) + 1);
  return found;
}

/** The items that exist more often than before, and more than once. */
const increased = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
  [...after].filter(([item, count]) => count > Math.max(1, before.get(item) ?? 0)).map(([item]) => item);
