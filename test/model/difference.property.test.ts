import { expect, it } from "vitest";
import { applyChange, type Change, changesFor, type ResultOf } from "../../provider/src/model/changes.ts";
import {
  type DesiredReceiver,
  type Difference,
  difference,
  findReceiver,
} from "../../provider/src/model/difference.ts";
import type { Receiver, Receivers } from "../../provider/src/model/webhooks.ts";
import fc from "../support/fastCheck.ts";

/** Few values, so that equal ones are common. */
const uri = fc.constantFrom(
  ...["https://a.example/1", "HTTPS://A.example/1", "https://b.example/", "https://c.example/"],
);
const text = fc.constantFrom("", "a", "b");
const headerName = fc.constantFrom("X-A", "x-a", "X-B", "__proto__", "constructor");
const event = fc.record({
  resource: fc.constantFrom("PARTS", "RUNS", "PURCHASE_ORDER_LINES"),
  action: fc.constantFrom("CREATE", "UPDATE"),
});
/** A value, or undefined: ION masks it or does not have it, or the program omits it. */
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** What ION may have: masked values, duplicate headers, duplicate subscriptions, and several receivers with one URL. */
const liveState: fc.Arbitrary<Receivers> = fc
  .array(
    fc.record({
      name: text,
      webhookUri: optional(uri),
      sharedSecret: optional(text),
      description: optional(text),
      contentType: optional(text),
      active: optional(fc.boolean()),
      headers: fc.array(fc.record({ key: headerName, value: optional(text) }), { maxLength: 4 }),
      subscriptions: fc.array(event, { maxLength: 5 }),
    }),
    { maxLength: 4 },
  )
  .map((receivers) => {
    const nextId = ids();
    const withId = <T extends object>(one: T) => ({ ...one, id: nextId() });
    const live = receivers.map((one): Receiver => {
      return withId({ ...one, headers: one.headers.map(withId), subscriptions: one.subscriptions.map(withId) });
    });
    return new Map(live.reverse().map((one) => [one.id, one]));
  });

const desiredContents = {
  name: text,
  sharedSecret: optional(text),
  description: optional(text),
  contentType: optional(text),
  active: optional(fc.boolean()),
  headers: optional(
    fc
      .uniqueArray(fc.tuple(headerName, text), { selector: ([name]) => name.toLowerCase(), maxLength: 3 })
      .map((entries) => Object.fromEntries(entries)),
  ),
  subscriptions: optional(
    fc.uniqueArray(event, { selector: ({ resource, action }) => `${resource} ${action}`, maxLength: 4 }),
  ),
};

/** What a program may declare: by id only receivers that ION has, each receiver once, and no URL twice. */
const desiredIn = (live: Receivers): fc.Arbitrary<DesiredReceiver[]> => {
  const asDesired = <
    T extends { headers?: DesiredReceiver["headers"]; subscriptions?: DesiredReceiver["subscriptions"] },
  >({
    headers,
    subscriptions,
    ...fields
  }: T) => ({ fields, headers, subscriptions });
  const byUrl = fc.record({ ...desiredContents, webhookUri: uri }).map(asDesired);
  const byId = [...live.keys()].map((id) =>
    fc.record({ ...desiredContents, webhookUri: optional(uri) }).map((contents) => ({ id, ...asDesired(contents) })),
  );
  return fc.array(fc.oneof(byUrl, ...byId), { maxLength: 3 }).filter((desired) => {
    const urls = desired.flatMap(({ fields }) => fields.webhookUri?.toLowerCase() ?? []);
    const found = desired.flatMap((one) => findReceiver(one, live)?.id ?? []);
    return new Set(urls).size === urls.length && new Set(found).size === found.length;
  });
};

const states = liveState.chain((live) => desiredIn(live).map((desired) => ({ live, desired })));

function ids(from = 8) {
  let last = from;
  return () => String(last++);
}

/** What ION answers to a change: what it masked before stays masked. */
function answerTo(change: Change, live: Receivers, nextId: () => string): ResultOf<Change> {
  switch (change.kind) {
    case "createReceiver":
      return { name: "", ...change.fields, id: nextId(), headers: [], subscriptions: [] };
    case "updateReceiver": {
      const receiver = live.get(change.receiver.id) as Receiver;
      const masked = { ...(receiver.sharedSecret === undefined && { sharedSecret: undefined }) };
      return { ...receiver, ...change.fields, ...masked };
    }
    case "createSubscription":
      return { id: nextId() };
    case "createHeader":
      return { id: nextId(), key: change.key, value: change.value };
    case "updateHeader":
      return { ...change.header, value: change.header.value === undefined ? undefined : change.value };
    default:
      return undefined;
  }
}

/** Whether changes remove such a difference: all that are about desired receivers and can be compared. */
const isRemovable = ({ kind, object }: Difference) =>
  kind === "missing" || kind === "changed" || ((kind === "unmanaged" || kind === "duplicate") && object !== "receiver");

it("removes every removable difference within two rounds, and changes no receiver that is not desired", () => {
  fc.assert(
    fc.property(states, ({ live, desired }) => {
      const receivers = new Map(live);
      const nextId = ids(100);
      const isDesired = new Set(desired.flatMap((one) => findReceiver(one, live)?.id ?? []));
      let rounds = 0;
      for (let all = difference(desired, receivers); all.some(isRemovable); all = difference(desired, receivers)) {
        rounds += 1;
        expect(rounds, JSON.stringify(all.filter(isRemovable))).toBeLessThanOrEqual(2);
        for (const change of changesFor(all)) applyChange(receivers, change, answerTo(change, receivers, nextId));
      }
      for (const [id, before] of live) if (!isDesired.has(id)) expect(receivers.get(id)).toBe(before);
      const created = [...receivers.keys()].filter((id) => !live.has(id));
      expect(created).toHaveLength(desired.filter((one) => findReceiver(one, live) === undefined).length);
    }),
    { numRuns: 1_000 },
  );
});

it("finds no removable difference between a state and itself", () => {
  fc.assert(
    fc.property(liveState, (any) => {
      const live = new Map([...any].map(([id, receiver]) => [id, withoutDuplicates(receiver)]));
      const desired = [...live.values()].map(({ id, headers, subscriptions, ...fields }): DesiredReceiver => {
        return {
          id,
          fields,
          headers: Object.fromEntries(headers.map(({ key, value = "masked" }) => [key, value])),
          subscriptions,
        };
      });
      const differences = difference(desired, live);
      expect(differences.filter(isRemovable)).toEqual([]);
      expect(changesFor(differences).filter(({ kind }) => kind !== "updateHeader")).toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

function withoutDuplicates(receiver: Receiver): Receiver {
  const firstOf = <T>(items: readonly T[], key: (item: T) => string) => [
    ...new Map(items.toReversed().map((item) => [key(item), item])).values(),
  ];
  return {
    ...receiver,
    headers: firstOf(receiver.headers, ({ key }) => key.toLowerCase()),
    subscriptions: firstOf(receiver.subscriptions, ({ resource, action }) => `${resource} ${action}`),
  };
}
