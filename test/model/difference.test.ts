import { describe, expect, it } from "vitest";
import {
  type DesiredReceiver,
  type Difference,
  difference,
  duplicateReceivers,
  findReceiver,
  receiverDifference,
  receiversWithUrl,
  subscriptionsTo,
} from "../../provider/src/model/difference.ts";
import { NEVER_DELIVERED } from "../../provider/src/model/events.ts";
import type { Receiver } from "../../provider/src/model/webhooks.ts";
import { header, liveState, PARTS, RUNS, receiver, subscription, URI } from "./samples.ts";

describe("receiverDifference of fields", () => {
  const changed = (field: string) => `changed ${field}`;
  const masked = (field: string) => `masked ${field}`;
  const summary = (one: Difference) => `${one.kind} ${"field" in one ? one.field : one.object}`;

  it.each<[title: string, desired: DesiredReceiver["fields"], live: Partial<Receiver>, differences: string[]]>([
    ["nothing for an omitted field", {}, { description: "by hand" }, []],
    ["nothing for an undefined field", { description: undefined }, { description: "by hand" }, []],
    ["nothing for an equal field", { name: "erp", active: true }, { active: true }, []],
    ["a name", { name: "mes" }, {}, [changed("name")]],
    ["a flag", { active: true }, { active: false }, [changed("active"), "inactive receiver"]],
    ["a number", { expectedResponseCode: 200 }, { expectedResponseCode: 204 }, [changed("expectedResponseCode")]],
    ["a content type that ION no longer has", { contentType: "text/plain" }, {}, [changed("contentType")]],
    ["a description that ION no longer has", { description: "a" }, {}, [changed("description")]],
    ["nothing for an empty description that ION does not have", { description: "" }, {}, []],
    ["a URL", { webhookUri: `${URI}/x` }, {}, [changed("webhookUri")]],
    ["nothing for another spelling of a URL", { webhookUri: "HTTPS://Hooks.example:443/erp" }, {}, []],
    ["a masked URL", { webhookUri: URI }, { webhookUri: undefined }, [masked("webhookUri")]],
    ["a shared secret", { sharedSecret: "a" }, { sharedSecret: "b" }, [changed("sharedSecret")]],
    ["a masked shared secret", { sharedSecret: "a" }, {}, [masked("sharedSecret")]],
    ["an inactive receiver, also if active is omitted", {}, { active: false }, ["inactive receiver"]],
    ["an inactive receiver that is declared so", { active: false }, { active: false }, ["inactive receiver"]],
    [
      "several fields, in their usual order",
      { active: true, name: "mes", webhookUri: "https://other.example" },
      {},
      [changed("name"), changed("webhookUri"), changed("active")],
    ],
  ])("reports %s", (_title, fields, live, differences) => {
    expect(receiverDifference({ fields }, receiver(live)).map(summary)).toEqual(differences);
  });

  it("names the receiver, the field and both values", () => {
    const live = receiver({ description: "by hand" });
    expect(receiverDifference({ fields: { description: "declared" } }, live)).toEqual([
      {
        kind: "changed",
        object: "receiver",
        receiver: live,
        field: "description",
        desired: "declared",
        live: "by hand",
      },
    ]);
  });
});

describe("receiverDifference of headers", () => {
  const plant = header("1", "X-Plant", "7");
  const line = header("2", "X-Line", "3");
  const again = header("3", "x-plant", "8");
  const unknown = header("4", "X-Plant");

  it.each<
    [
      title: string,
      desired: DesiredReceiver["headers"],
      live: Receiver["headers"],
      differences: (receiver: Receiver) => Difference[],
    ]
  >([
    ["nothing if headers are omitted", undefined, [plant], () => []],
    ["nothing for an equal header", { "X-Plant": "7" }, [plant], () => []],
    ["nothing for an equal header whose name has another case", { "X-PLANT": "7" }, [plant], () => []],
    [
      "a missing header",
      { "X-Plant": "7" },
      [],
      (receiver) => [{ kind: "missing", object: "header", receiver, name: "X-Plant", value: "7" }],
    ],
    [
      "a changed header, under the declared name",
      { "x-plant": "8" },
      [plant],
      (receiver) => [{ kind: "changed", object: "header", receiver, header: plant, name: "x-plant", value: "8" }],
    ],
    [
      "a masked header",
      { "X-Plant": "7" },
      [unknown],
      (receiver) => [{ kind: "masked", object: "header", receiver, header: unknown, name: "X-Plant", value: "7" }],
    ],
    [
      "an unmanaged header",
      { "X-Plant": "7" },
      [plant, line],
      (receiver) => [{ kind: "unmanaged", object: "header", receiver, header: line }],
    ],
    [
      "every header if none is desired",
      {},
      [plant],
      (receiver) => [{ kind: "unmanaged", object: "header", receiver, header: plant }],
    ],
    [
      "a duplicate header: the first one is compared, and the others are duplicates",
      { "X-Plant": "8" },
      [plant, again],
      (receiver) => [
        { kind: "changed", object: "header", receiver, header: plant, name: "X-Plant", value: "8" },
        { kind: "duplicate", object: "header", receiver, header: again },
      ],
    ],
    [
      "duplicates that are not desired, as unmanaged",
      {},
      [plant, again],
      (receiver) => [
        { kind: "unmanaged", object: "header", receiver, header: plant },
        { kind: "unmanaged", object: "header", receiver, header: again },
      ],
    ],
  ])("reports %s", (_title, headers, live, differences) => {
    const one = receiver({ headers: live });
    expect(receiverDifference({ fields: {}, headers }, one)).toEqual(differences(one));
  });
});

describe("receiverDifference of subscriptions", () => {
  const older = subscription("9");
  const younger = subscription("10");
  const other = subscription("11", RUNS);

  it.each<
    [
      title: string,
      desired: DesiredReceiver["subscriptions"],
      live: Receiver["subscriptions"],
      differences: (receiver: Receiver) => Difference[],
    ]
  >([
    ["nothing if subscriptions are omitted", undefined, [older], () => []],
    ["nothing for an equal event", [PARTS], [older], () => []],
    ["nothing for equal ids in another order", [older, other], [other, older], () => []],
    [
      "a missing and an unmanaged subscription",
      [PARTS],
      [other],
      (receiver) => [
        { kind: "missing", object: "subscription", receiver, desired: PARTS },
        { kind: "unmanaged", object: "subscription", receiver, subscription: other },
      ],
    ],
    [
      "another action as another event",
      [{ ...PARTS, action: "DELETE" }],
      [older],
      (receiver) => [
        { kind: "missing", object: "subscription", receiver, desired: { ...PARTS, action: "DELETE" } },
        { kind: "unmanaged", object: "subscription", receiver, subscription: older },
      ],
    ],
    [
      "a subscription that was changed to another event",
      [older],
      [{ ...older, ...RUNS }],
      (receiver) => [
        {
          kind: "changed",
          object: "subscription",
          receiver,
          desired: older,
          live: { ...older, ...RUNS },
          liveReceiver: receiver,
        },
      ],
    ],
    [
      "a subscription that was replaced: its event exists under another id",
      [older],
      [younger],
      (receiver) => [
        {
          kind: "changed",
          object: "subscription",
          receiver,
          desired: older,
          live: younger,
          liveReceiver: receiver,
        },
      ],
    ],
    [
      "every subscription if none is desired",
      [],
      [older],
      (receiver) => [{ kind: "unmanaged", object: "subscription", receiver, subscription: older }],
    ],
    [
      "duplicates, except the oldest as surplus (ids are numbers)",
      [PARTS],
      [younger, older],
      (receiver) => [
        {
          kind: "duplicate",
          object: "subscription",
          receiver,
          subscriptions: [older, younger],
          surplus: [younger],
        },
      ],
    ],
    [
      "duplicates, except the one with the desired id as surplus",
      [younger],
      [older, younger],
      (receiver) => [
        {
          kind: "duplicate",
          object: "subscription",
          receiver,
          subscriptions: [older, younger],
          surplus: [older],
        },
      ],
    ],
    [
      "duplicates of an event that is not desired, all as surplus",
      [],
      [older, younger],
      (receiver) => [
        {
          kind: "duplicate",
          object: "subscription",
          receiver,
          subscriptions: [older, younger],
          surplus: [older, younger],
        },
      ],
    ],
    [
      "duplicates that are both desired by id, none as surplus",
      [older, younger],
      [older, younger],
      (receiver) => [
        { kind: "duplicate", object: "subscription", receiver, subscriptions: [older, younger], surplus: [] },
      ],
    ],
  ])("reports %s", (_title, subscriptions, live, differences) => {
    const one = receiver({ subscriptions: live });
    expect(receiverDifference({ fields: {}, subscriptions }, one)).toEqual(differences(one));
  });

  it("finds a subscription that moved to another receiver", () => {
    const own = receiver();
    const another = receiver({ id: "2", subscriptions: [older] });
    expect(receiverDifference({ fields: {}, subscriptions: [older] }, own, liveState(own, another))).toEqual([
      { kind: "changed", object: "subscription", receiver: own, desired: older, live: older, liveReceiver: another },
    ]);
  });

  it("reports a subscription that moved as missing if it knows only one receiver", () => {
    const own = receiver();
    expect(receiverDifference({ fields: {}, subscriptions: [older] }, own)).toEqual([
      { kind: "missing", object: "subscription", receiver: own, desired: older },
    ]);
  });

  it("ignores another receiver's subscription to the same event", () => {
    const own = receiver();
    const another = receiver({ id: "2", subscriptions: [older] });
    expect(receiverDifference({ fields: {}, subscriptions: [PARTS] }, own, liveState(own, another))).toEqual([
      { kind: "missing", object: "subscription", receiver: own, desired: PARTS },
    ]);
  });

  it("reports a subscription to an event that ION never sends, also if it is not desired", () => {
    const [event] = NEVER_DELIVERED;
    if (!event) throw new Error("The list is empty.");
    const one = receiver({ subscriptions: [subscription("9", event)] });
    expect(receiverDifference({ fields: {}, subscriptions: [event] }, one)).toEqual([
      { kind: "neverDelivered", object: "subscription", receiver: one, event },
    ]);
    expect(receiverDifference({ fields: {}, subscriptions: [] }, one).map(({ kind }) => kind)).toEqual([
      "unmanaged",
      "neverDelivered",
    ]);
  });
});

describe("difference", () => {
  const erp = receiver();
  const mes = receiver({ id: "2", name: "mes", webhookUri: "https://hooks.example/mes" });

  it("reports nothing if all receivers are as desired", () => {
    expect(difference([{ fields: { webhookUri: URI } }, { id: "2", fields: {} }], liveState(erp, mes))).toEqual([]);
  });

  it("finds a receiver by its id, whatever its URL is", () => {
    const desired = [{ id: "2", fields: { webhookUri: URI } }];
    expect(difference(desired, liveState(erp, mes))).toEqual([
      {
        kind: "changed",
        object: "receiver",
        receiver: mes,
        field: "webhookUri",
        desired: URI,
        live: mes.webhookUri,
      },
      { kind: "unmanaged", object: "receiver", receiver: erp },
    ]);
  });

  it("reports a missing receiver as one difference", () => {
    const byUrl = { fields: { webhookUri: URI }, headers: { "X-A": "1" }, subscriptions: [PARTS] };
    const byId = { id: "7", fields: { webhookUri: mes.webhookUri } };
    expect(difference([byUrl, byId], liveState())).toEqual([
      { kind: "missing", object: "receiver", desired: byUrl },
      { kind: "missing", object: "receiver", desired: byId },
    ]);
  });

  it("reports unmanaged receivers, oldest first, without their contents", () => {
    const ninth = receiver({ id: "9", webhookUri: `${URI}/9`, subscriptions: [subscription("1")], active: false });
    const tenth = receiver({ id: "10", webhookUri: undefined });
    expect(difference([], liveState(tenth, ninth))).toEqual([
      { kind: "unmanaged", object: "receiver", receiver: ninth },
      { kind: "unmanaged", object: "receiver", receiver: tenth },
      { kind: "masked", object: "receiver", receiver: tenth, field: "webhookUri" },
    ]);
  });

  it("reports receivers with the same URL as duplicates, oldest first, however it is spelled", () => {
    const again = receiver({ id: "3", webhookUri: "HTTPS://Hooks.Example/erp" });
    expect(difference([{ fields: { webhookUri: URI } }], liveState(again, mes, erp))).toEqual([
      { kind: "unmanaged", object: "receiver", receiver: mes },
      { kind: "unmanaged", object: "receiver", receiver: again },
      { kind: "duplicate", object: "receiver", receivers: [erp, again] },
    ]);
  });

  it("never treats receivers with a masked URL as duplicates", () => {
    const masked = [receiver({ webhookUri: undefined }), receiver({ id: "2", webhookUri: undefined })];
    expect(duplicateReceivers(masked)).toEqual([]);
    expect(receiversWithUrl(undefined, liveState(...masked))).toEqual([]);
    expect(findReceiver({ fields: {} }, liveState(...masked))).toBeUndefined();
  });

  it("reports a subscription that moved at its old and at its new receiver", () => {
    const moved = subscription("9");
    const live = liveState(erp, { ...mes, subscriptions: [moved] });
    const desired = [
      { id: "1", fields: {}, subscriptions: [moved] },
      { id: "2", fields: {}, subscriptions: [] },
    ];
    expect(difference(desired, live)).toEqual([
      {
        kind: "changed",
        object: "subscription",
        receiver: erp,
        desired: moved,
        live: moved,
        liveReceiver: live.get("2"),
      },
      { kind: "unmanaged", object: "subscription", receiver: live.get("2"), subscription: moved },
    ]);
  });
});

it("finds the oldest receiver with a URL, by number and not by text", () => {
  const [ninth, tenth] = [receiver({ id: "9" }), receiver({ id: "10" })];
  expect(findReceiver({ fields: { webhookUri: URI } }, liveState(tenth, ninth))).toBe(ninth);
});

it("lists all subscriptions to an event, oldest first", () => {
  const [ninth, tenth] = [subscription("9"), subscription("10")];
  const one = receiver({ subscriptions: [tenth, subscription("2", RUNS), ninth] });
  expect(subscriptionsTo(PARTS, one)).toEqual([ninth, tenth]);
});
