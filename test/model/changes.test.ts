import { describe, expect, it } from "vitest";
import {
  appliedResult,
  applyChange,
  type Change,
  changesFor,
  type ResultOf,
  surplusSubscriptions,
} from "../../provider/src/model/changes.ts";
import type { Difference } from "../../provider/src/model/difference.ts";
import { NEVER_DELIVERED } from "../../provider/src/model/events.ts";
import type { Receiver } from "../../provider/src/model/webhooks.ts";
import { header, liveState, PARTS, RUNS, receiver, subscription, URI } from "./samples.ts";

const plant = header("1", "X-Plant", "7");
const line = header("2", "X-Line", "3");
const parts = subscription("1");
const runs = subscription("2", RUNS);
const erp = receiver({ _etag: "e1", headers: [plant, line], subscriptions: [parts, runs] });
const mes = receiver({ id: "2", name: "mes", webhookUri: "https://hooks.example/mes" });

describe("changesFor", () => {
  const onErp = { receiver: erp };
  const [event] = NEVER_DELIVERED;
  if (!event) throw new Error("The list is empty.");

  it.each<[title: string, difference: Difference, changes: Change[]]>([
    [
      "creates a missing receiver with the fields that are given",
      {
        kind: "missing",
        object: "receiver",
        desired: { fields: { name: "new", webhookUri: URI, description: undefined }, headers: { "X-A": "1" } },
      },
      [{ kind: "createReceiver", fields: { name: "new", webhookUri: URI } }],
    ],
    [
      "creates a missing header",
      { kind: "missing", object: "header", ...onErp, name: "X-A", value: "1" },
      [{ kind: "createHeader", receiver: erp, key: "X-A", value: "1" }],
    ],
    [
      "creates a missing subscription",
      { kind: "missing", object: "subscription", ...onErp, desired: PARTS },
      [{ kind: "createSubscription", receiverId: "1", event: PARTS }],
    ],
    [
      "updates a changed field",
      { kind: "changed", object: "receiver", ...onErp, field: "active", desired: true, live: false },
      [{ kind: "updateReceiver", receiver: erp, fields: { active: true } }],
    ],
    [
      "updates a changed header",
      { kind: "changed", object: "header", ...onErp, header: plant, name: "x-plant", value: "8" },
      [{ kind: "updateHeader", receiver: erp, header: plant, value: "8" }],
    ],
    [
      "leaves a changed subscription to the lifecycle, which replaces it",
      { kind: "changed", object: "subscription", ...onErp, desired: parts, live: parts, liveReceiver: mes },
      [],
    ],
    ["never deletes an unmanaged receiver", { kind: "unmanaged", object: "receiver", ...onErp }, []],
    [
      "deletes an unmanaged header",
      { kind: "unmanaged", object: "header", ...onErp, header: plant },
      [{ kind: "deleteHeader", receiver: erp, header: plant }],
    ],
    [
      "deletes an unmanaged subscription",
      { kind: "unmanaged", object: "subscription", ...onErp, subscription: parts },
      [{ kind: "deleteSubscription", receiverId: "1", subscription: parts }],
    ],
    ["never deletes a duplicate receiver", { kind: "duplicate", object: "receiver", receivers: [erp, mes] }, []],
    [
      "deletes a duplicate header",
      { kind: "duplicate", object: "header", ...onErp, header: line },
      [{ kind: "deleteHeader", receiver: erp, header: line }],
    ],
    [
      "deletes the surplus of duplicate subscriptions",
      {
        kind: "duplicate",
        object: "subscription",
        ...onErp,
        subscriptions: [parts, subscription("8"), subscription("9")],
        surplus: [subscription("8"), subscription("9")],
      },
      [
        { kind: "deleteSubscription", receiverId: "1", subscription: subscription("8") },
        { kind: "deleteSubscription", receiverId: "1", subscription: subscription("9") },
      ],
    ],
    ["never writes a masked field", { kind: "masked", object: "receiver", ...onErp, field: "sharedSecret" }, []],
    [
      "writes a masked header again",
      { kind: "masked", object: "header", ...onErp, header: plant, name: "X-Plant", value: "7" },
      [{ kind: "updateHeader", receiver: erp, header: plant, value: "7" }],
    ],
    ["leaves an inactive receiver as it is", { kind: "inactive", object: "receiver", ...onErp }, []],
    [
      "leaves a subscription to an event that ION never sends as it is",
      { kind: "neverDelivered", object: "subscription", ...onErp, event },
      [],
    ],
  ])("%s", (_title, difference, changes) => {
    expect(changesFor([difference])).toEqual(changes);
  });

  it("updates all changed fields of a receiver at once, before its other changes", () => {
    const field = (field: "name" | "description", desired: string, receiver = erp): Difference => {
      return { kind: "changed", object: "receiver", receiver, field, desired, live: "" };
    };
    const differences: Difference[] = [
      { kind: "missing", object: "header", ...onErp, name: "X-A", value: "1" },
      field("name", "a"),
      field("name", "b", mes),
      field("description", "c"),
    ];
    expect(changesFor(differences)).toEqual([
      { kind: "updateReceiver", receiver: erp, fields: { name: "a", description: "c" } },
      { kind: "updateReceiver", receiver: mes, fields: { name: "b" } },
      { kind: "createHeader", receiver: erp, key: "X-A", value: "1" },
    ]);
  });

  it("keeps the order of all other changes", () => {
    const differences: Difference[] = [
      { kind: "unmanaged", object: "header", ...onErp, header: line },
      { kind: "missing", object: "subscription", ...onErp, desired: RUNS },
      { kind: "unmanaged", object: "subscription", ...onErp, subscription: parts },
    ];
    expect(changesFor(differences).map(({ kind }) => kind)).toEqual([
      "deleteHeader",
      "createSubscription",
      "deleteSubscription",
    ]);
  });
});

it("lists unmanaged and surplus subscriptions, and no header or receiver", () => {
  const onErp = { receiver: erp };
  const differences: Difference[] = [
    { kind: "unmanaged", object: "receiver", ...onErp },
    { kind: "unmanaged", object: "header", ...onErp, header: plant },
    { kind: "duplicate", object: "header", ...onErp, header: line },
    { kind: "unmanaged", object: "subscription", ...onErp, subscription: runs },
    { kind: "missing", object: "subscription", ...onErp, desired: RUNS },
    {
      kind: "duplicate",
      object: "subscription",
      ...onErp,
      subscriptions: [parts, subscription("9")],
      surplus: [subscription("9")],
    },
  ];
  expect(surplusSubscriptions(differences)).toEqual([runs, subscription("9")]);
});

describe("appliedResult", () => {
  const BEFORE = new Set(["1"]);
  const createMes: Change = { kind: "createReceiver", fields: { name: "mes", webhookUri: mes.webhookUri ?? "" } };
  const updateErp: Change = { kind: "updateReceiver", receiver: erp, fields: { description: "new", active: false } };
  const deleteErp: Change = { kind: "deleteReceiver", receiver: erp };
  const createRuns: Change = { kind: "createSubscription", receiverId: "1", event: RUNS };
  const deleteRuns: Change = { kind: "deleteSubscription", receiverId: "1", subscription: runs };
  const createLine: Change = { kind: "createHeader", receiver: erp, key: "X-Line", value: "3" };
  const updateLine: Change = { kind: "updateHeader", receiver: erp, header: line, value: "4" };
  const deleteLine: Change = { kind: "deleteHeader", receiver: erp, header: line };
  const newHeaders = [
    { id: "8", key: "X-Plant", value: "8" },
    { id: "9", key: "X-New", value: "1" },
  ];
  const setHeaders: Change = { kind: "setHeaders", receiver: erp, headers: newHeaders };
  const attachLine: Change = { kind: "attachHeader", receiver: receiver(), header: line };
  const detachLine: Change = { kind: "detachHeader", receiver: erp, header: line };
  const updated = { ...erp, description: "new", active: false };
  const newLine = { ...line, value: "4" };

  it.each<[title: string, change: Change, live: Receiver[], result: ResultOf<Change>]>([
    ["a receiver with its name and URL", createMes, [erp, mes], mes],
    [
      "a receiver whose URL ION spells in another way",
      createMes,
      [{ ...mes, webhookUri: "HTTPS://HOOKS.example/mes" }],
      { ...mes, webhookUri: "HTTPS://HOOKS.example/mes" },
    ],
    [
      "a receiver with its name, if ION masks the URL",
      createMes,
      [{ ...mes, webhookUri: undefined }],
      { ...mes, webhookUri: undefined },
    ],
    ["an updated receiver, although it is inactive", updateErp, [updated], updated],
    [
      "an updated receiver with other changes",
      updateErp,
      [{ ...updated, name: "by hand" }],
      { ...updated, name: "by hand" },
    ],
    ["a deleted receiver", deleteErp, [mes], undefined],
    ["a subscription to its event", createRuns, [erp], runs],
    [
      "the oldest of several subscriptions to its event",
      createRuns,
      [{ ...erp, subscriptions: [subscription("10", RUNS), subscription("9", RUNS)] }],
      subscription("9", RUNS),
    ],
    ["a deleted subscription", deleteRuns, [{ ...erp, subscriptions: [parts] }], undefined],
    [
      "a deleted subscription whose event has another one",
      deleteRuns,
      [{ ...erp, subscriptions: [subscription("3", RUNS)] }],
      undefined,
    ],
    ["a deleted subscription of a receiver that does not exist any more", deleteRuns, [mes], undefined],
    ["a header with its name and value", createLine, [erp], line],
    [
      "a header with its name, if ION masks the value",
      createLine,
      [{ ...erp, headers: [header("2", "X-Line")] }],
      header("2", "X-Line"),
    ],
    ["an updated header", updateLine, [{ ...erp, headers: [plant, newLine] }], newLine],
    ["a deleted header", deleteLine, [{ ...erp, headers: [plant] }], undefined],
    [
      "a deleted header whose name another one has",
      deleteLine,
      [{ ...erp, headers: [header("3", "X-Line", "3")] }],
      undefined,
    ],
    ["a deleted header of a receiver that does not exist any more", deleteLine, [mes], undefined],
    [
      "a receiver with the headers that were set",
      setHeaders,
      [receiver({ headers: newHeaders })],
      receiver({ headers: newHeaders }),
    ],
    ["a header that was added to its receiver", attachLine, [erp], undefined],
    ["a header that was removed from its receiver", detachLine, [{ ...erp, headers: [plant] }], undefined],
  ])("finds %s", (_title, change, live, result) => {
    expect(appliedResult(change, liveState(...live), BEFORE)).toEqual({ result });
  });

  it.each<[title: string, change: Change, live: Receiver[]]>([
    ["a receiver that existed before", createMes, [{ ...mes, id: "1" }]],
    ["a receiver with another name", createMes, [{ ...mes, name: "other" }]],
    ["a receiver with another URL", createMes, [{ ...mes, webhookUri: URI }]],
    ["a receiver with another name and a masked URL", createMes, [{ ...mes, name: "other", webhookUri: undefined }]],
    ["a receiver with only some fields updated", updateErp, [{ ...updated, description: "" }]],
    ["another receiver with all fields as updated", updateErp, [erp, { ...updated, id: "2" }]],
    ["a receiver that was deleted in the meantime as updated", updateErp, [mes]],
    [
      "a receiver whose updated field ION masks",
      { kind: "updateReceiver", receiver: erp, fields: { sharedSecret: "new" } },
      [erp],
    ],
    ["a receiver that still exists as deleted", deleteErp, [{ ...erp, name: "by hand" }]],
    ["another receiver's subscription", createRuns, [receiver(), { ...mes, subscriptions: [runs] }]],
    [
      "a subscription to another resource or another action",
      createRuns,
      [receiver({ subscriptions: [subscription("3", { ...RUNS, resource: "PLANS" }), subscription("4", PARTS)] })],
    ],
    ["a subscription that still exists as deleted", deleteRuns, [erp]],
    [
      "a subscription that was changed to another event as deleted",
      deleteRuns,
      [receiver({ subscriptions: [{ ...runs, ...PARTS }] })],
    ],
    [
      "a subscription that moved to another receiver as deleted",
      deleteRuns,
      [receiver(), { ...mes, subscriptions: [runs] }],
    ],
    ["a header with another value", createLine, [receiver({ headers: [header("3", "X-Line", "4")] })]],
    ["a header with another name", createLine, [receiver({ headers: [header("3", "X-Lines", "3")] })]],
    ["another receiver's header", createLine, [receiver(), { ...mes, headers: [line] }]],
    ["a header with its old value", updateLine, [erp]],
    ["another header with the new value", updateLine, [{ ...erp, headers: [line, header("3", "X-Line", "4")] }]],
    ["a header whose new value ION masks", updateLine, [{ ...erp, headers: [header("2", "X-Line")] }]],
    ["a header that still exists as deleted", deleteLine, [{ ...erp, headers: [newLine] }]],
    ["a receiver that has only some of the headers that were set", setHeaders, [receiver({ headers: [plant] })]],
    ["a receiver that has other headers than those that were set", setHeaders, [erp]],
    [
      "a header that no receiver has yet: ION does not show it",
      { kind: "createUnattachedHeader", receiver: erp, key: "X-Line", value: "3" },
      [erp],
    ],
    ["a header with another id as added", attachLine, [receiver({ headers: [{ ...line, id: "3" }] })]],
    ["a header that its receiver still has as removed", detachLine, [erp]],
  ])("does not accept %s", (_title, change, live) => {
    expect(appliedResult(change, liveState(...live), BEFORE)).toBeUndefined();
  });
});

describe("applyChange", () => {
  const created = receiver({ id: "3", name: "new" });
  const { headers, subscriptions } = erp;
  const OLD = { headers: [plant], subscriptions: [parts] };

  it.each<[title: string, change: Change, result: ResultOf<Change>, after: Receiver[]]>([
    ["adds a created receiver", { kind: "createReceiver", fields: {} }, created, [erp, mes, created]],
    [
      "replaces an updated receiver",
      { kind: "updateReceiver", receiver: erp, fields: { name: "a" } },
      { ...erp, name: "a" },
      [{ ...erp, name: "a" }, mes],
    ],
    [
      "keeps the current lists if the answer repeats those from before",
      { kind: "updateReceiver", receiver: { ...erp, ...OLD }, fields: {} },
      { ...erp, name: "a", ...OLD },
      [{ ...erp, name: "a" }, mes],
    ],
    [
      "has the lists of the answer if they are new",
      { kind: "updateReceiver", receiver: erp, fields: {} },
      { ...erp, subscriptions: [runs], headers: [line] },
      [{ ...erp, subscriptions: [runs], headers: [line] }, mes],
    ],
    [
      "has the lists of the answer if the receiver was not known",
      { kind: "updateReceiver", receiver: { ...erp, id: "9", ...OLD }, fields: {} },
      { ...erp, id: "9", ...OLD },
      [erp, mes, { ...erp, id: "9", ...OLD }],
    ],
    ["removes a deleted receiver", { kind: "deleteReceiver", receiver: erp }, undefined, [mes]],
    [
      "adds a created subscription with its event",
      { kind: "createSubscription", receiverId: "2", event: PARTS },
      { id: "3", _etag: "e3" },
      [erp, { ...mes, subscriptions: [{ id: "3", _etag: "e3", ...PARTS }] }],
    ],
    [
      "adds a subscription only once",
      { kind: "createSubscription", receiverId: "1", event: RUNS },
      { id: "2" },
      [erp, mes],
    ],
    [
      "removes a deleted subscription",
      { kind: "deleteSubscription", receiverId: "1", subscription: parts },
      undefined,
      [{ ...erp, subscriptions: [runs] }, mes],
    ],
    [
      "adds a created header",
      { kind: "createHeader", receiver: mes, key: "X-A", value: "1" },
      header("3", "X-A", "1"),
      [erp, { ...mes, headers: [header("3", "X-A", "1")] }],
    ],
    ["adds a header only once", { kind: "createHeader", receiver: erp, key: "X-Line", value: "3" }, line, [erp, mes]],
    [
      "replaces an updated header in its place",
      { kind: "updateHeader", receiver: erp, header: plant, value: "8" },
      { ...plant, value: "8" },
      [{ ...erp, headers: [{ ...plant, value: "8" }, line] }, mes],
    ],
    [
      "removes a deleted header",
      { kind: "deleteHeader", receiver: erp, header: line },
      undefined,
      [{ ...erp, headers: [plant] }, mes],
    ],
    [
      "replaces a receiver whose headers were set",
      { kind: "setHeaders", receiver: erp, headers: [{ key: "X-Line", value: "3" }] },
      { ...erp, headers: [line] },
      [{ ...erp, headers: [line] }, mes],
    ],
    [
      "changes nothing for a header that no receiver has yet",
      { kind: "createUnattachedHeader", receiver: mes, key: "X-A", value: "1" },
      header("3", "X-A", "1"),
      [erp, mes],
    ],
    [
      "adds a header that was attached, once",
      { kind: "attachHeader", receiver: erp, header: plant },
      undefined,
      [{ ...erp, headers: [line, plant] }, mes],
    ],
    [
      "removes a header that was detached",
      { kind: "detachHeader", receiver: erp, header: line },
      undefined,
      [{ ...erp, headers: [plant] }, mes],
    ],
  ])("%s", (_title, change, result, after) => {
    const receivers = new Map(liveState(erp, mes));
    applyChange(receivers, change, result);
    expect([...receivers.values()]).toEqual(after);
    // Whoever has the receivers of before still sees them as they were.
    expect([erp.headers, erp.subscriptions]).toEqual([headers, subscriptions]);
    expect(mes).toMatchObject({ headers: [], subscriptions: [] });
  });

  it.each<[title: string, change: Change, result: ResultOf<Change>]>([
    ["a subscription", { kind: "createSubscription", receiverId: "7", event: PARTS }, { id: "3" }],
    ["a header", { kind: "createHeader", receiver: created, key: "X-A", value: "1" }, header("3", "X-A", "1")],
    ["a deletion", { kind: "deleteSubscription", receiverId: "7", subscription: parts }, undefined],
  ])("ignores %s of a receiver that does not exist", (_title, change, result) => {
    const receivers = new Map(liveState(erp));
    applyChange(receivers, change, result);
    expect([...receivers.values()]).toEqual([erp]);
  });
});
