import { describe, expect, it } from "vitest";
import type { Change } from "../../provider/src/model/changes.ts";
import type { Difference } from "../../provider/src/model/difference.ts";
import { NEVER_DELIVERED } from "../../provider/src/model/events.ts";
import {
  describeChange,
  describeDifference,
  describeSharedSecret,
  describeStackDifference,
} from "../../provider/src/model/messages.ts";
import { CANARY } from "../support/support.ts";
import { header, PARTS, RUNS, receiver, subscription } from "./samples.ts";

/** The name of everything, and a value that no message may contain. */
interface Names {
  readonly name: string;
  readonly id: string;
  readonly event: typeof PARTS;
}

const PLAIN: Names = { name: "erp", id: "4", event: PARTS };

/** Names that would forge a line, a colour or a direction. */
const HOSTILE: Names = {
  name: 'e\n"rp\u001b[31m',
  id: "4\u202e",
  event: { resource: "PARTS\r\n", action: "UPDATE\u200b" },
};

/** Every kind of difference. */
function differences({ name, id, event }: Names): Record<string, Difference> {
  const secret = { webhookUri: `https://hooks.example/${CANARY}`, sharedSecret: CANARY };
  const own = receiver({ id, name, ...secret });
  const other = receiver({ id: `${id}5`, name: `${name}-2`, ...secret });
  const one = subscription(id, event);
  const two = subscription(`${id}2`, event);
  const key = `X-${name}`;
  const fields = { name, ...secret };
  const [never] = NEVER_DELIVERED;
  if (!never) throw new Error("The list is empty.");
  const on = { receiver: own } as const;
  return {
    "missing receiver": { kind: "missing", object: "receiver", desired: { fields } },
    "missing receiver with an id": { kind: "missing", object: "receiver", desired: { id, fields } },
    "missing receiver of which only the id is known": {
      kind: "missing",
      object: "receiver",
      desired: { id, fields: {} },
    },
    "missing receiver with one subscription": {
      kind: "missing",
      object: "receiver",
      desired: { id, fields, subscriptions: [PARTS] },
    },
    "missing receiver with subscriptions": {
      kind: "missing",
      object: "receiver",
      desired: { id, fields, subscriptions: [PARTS, RUNS] },
    },
    "missing header": { kind: "missing", object: "header", ...on, name: key, value: CANARY },
    "missing subscription": { kind: "missing", object: "subscription", ...on, desired: event },
    "changed field": {
      kind: "changed",
      object: "receiver",
      ...on,
      field: "description",
      desired: name,
      live: "by hand",
    },
    "changed to empty": {
      kind: "changed",
      object: "receiver",
      ...on,
      field: "description",
      desired: name,
      live: undefined,
    },
    "changed from empty": { kind: "changed", object: "receiver", ...on, field: "description", desired: "", live: name },
    activated: { kind: "changed", object: "receiver", ...on, field: "active", desired: false, live: true },
    inactivated: { kind: "changed", object: "receiver", ...on, field: "active", desired: true, live: false },
    "changed number": {
      kind: "changed",
      object: "receiver",
      ...on,
      field: "expectedResponseCode",
      desired: 200,
      live: 204,
    },
    "changed secret": {
      kind: "changed",
      object: "receiver",
      ...on,
      field: "webhookUri",
      desired: `https://hooks.example/${CANARY}`,
      live: `https://hooks.example/${CANARY}-2`,
    },
    "changed header": {
      kind: "changed",
      object: "header",
      ...on,
      header: header(id, key, `${CANARY}-2`),
      name: key,
      value: CANARY,
    },
    "changed subscription": {
      kind: "changed",
      object: "subscription",
      ...on,
      desired: one,
      live: { ...one, ...RUNS },
      liveReceiver: own,
    },
    "moved subscription": {
      kind: "changed",
      object: "subscription",
      ...on,
      desired: one,
      live: one,
      liveReceiver: other,
    },
    "moved and changed subscription": {
      kind: "changed",
      object: "subscription",
      ...on,
      desired: one,
      live: { ...one, ...RUNS },
      liveReceiver: other,
    },
    "replaced subscription": {
      kind: "changed",
      object: "subscription",
      ...on,
      desired: one,
      live: two,
      liveReceiver: own,
    },
    "unmanaged receiver": { kind: "unmanaged", object: "receiver", ...on },
    "unmanaged header": { kind: "unmanaged", object: "header", ...on, header: header(id, key, CANARY) },
    "unmanaged subscription": { kind: "unmanaged", object: "subscription", ...on, subscription: one },
    "two receivers with one URL": { kind: "duplicate", object: "receiver", receivers: [own, other] },
    "three receivers with one URL": {
      kind: "duplicate",
      object: "receiver",
      receivers: [own, other, { ...own, id: `${id}6` }],
    },
    "duplicate header": { kind: "duplicate", object: "header", ...on, header: header(id, key, CANARY) },
    "duplicate subscription": {
      kind: "duplicate",
      object: "subscription",
      ...on,
      subscriptions: [one, two],
      surplus: [two],
    },
    inactive: { kind: "inactive", object: "receiver", ...on },
    "masked field": { kind: "masked", object: "receiver", ...on, field: "webhookUri" },
    "masked secret": { kind: "masked", object: "receiver", ...on, field: "sharedSecret" },
    "masked header": {
      kind: "masked",
      object: "header",
      ...on,
      header: header(id, key),
      name: key,
      value: CANARY,
    },
    "never delivered": { kind: "neverDelivered", object: "subscription", ...on, event: never },
  };
}

/** Every kind of change. */
function changes({ name, id, event }: Names): Record<string, Change> {
  const secret = { webhookUri: `https://hooks.example/${CANARY}`, sharedSecret: CANARY };
  const own = receiver({ id, name, ...secret });
  const one = header(id, `X-${name}`, CANARY);
  return {
    createReceiver: { kind: "createReceiver", fields: { name, ...secret } },
    updateReceiver: { kind: "updateReceiver", receiver: own, fields: { name, ...secret } },
    deleteReceiver: { kind: "deleteReceiver", receiver: own },
    createSubscription: { kind: "createSubscription", receiverId: id, event },
    deleteSubscription: { kind: "deleteSubscription", receiverId: id, subscription: subscription(id, event) },
    createHeader: { kind: "createHeader", receiver: own, key: `X-${name}`, value: CANARY },
    updateHeader: { kind: "updateHeader", receiver: own, header: one, value: CANARY },
    deleteHeader: { kind: "deleteHeader", receiver: own, header: one },
    setHeaders: { kind: "setHeaders", receiver: own, headers: [{ ...one, value: CANARY }] },
    createUnattachedHeader: { kind: "createUnattachedHeader", receiver: own, key: `X-${name}`, value: CANARY },
    attachHeader: { kind: "attachHeader", receiver: own, header: one },
    detachHeader: { kind: "detachHeader", receiver: own, header: one },
  };
}

const mapValues = <From, To>(record: Record<string, From>, map: (value: From) => To) =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

describe("describeDifference", () => {
  it("says what differs, on which object", () => {
    expect(mapValues(differences(PLAIN), describeDifference)).toMatchInlineSnapshot(`
      {
        "activated": "Receiver "erp" (id 4): active is true in ION and false in the stack.",
        "changed field": "Receiver "erp" (id 4): description is "by hand" in ION and "erp" in the stack.",
        "changed from empty": "Receiver "erp" (id 4): description is "erp" in ION and empty in the stack.",
        "changed header": "Receiver "erp" (id 4): the value of header X-erp was changed in ION.",
        "changed number": "Receiver "erp" (id 4): expectedResponseCode is 204 in ION and 200 in the stack.",
        "changed secret": "Receiver "erp" (id 4): webhookUri was changed in ION.",
        "changed subscription": "Receiver "erp" (id 4): subscription PARTS UPDATE (id 4) was changed to RUNS CREATE in ION.",
        "changed to empty": "Receiver "erp" (id 4): description is empty in ION and "erp" in the stack.",
        "duplicate header": "Receiver "erp" (id 4) sends the header X-erp more than once.",
        "duplicate subscription": "Receiver "erp" (id 4) has 2 subscriptions to PARTS UPDATE (ids 4, 42): each event is delivered twice.",
        "inactivated": "Receiver "erp" (id 4): active is false in ION and true in the stack. ION sends it no events.",
        "inactive": "Receiver "erp" (id 4) is inactive: ION sends it no events.",
        "masked field": "Receiver "erp" (id 4): ION does not show this API key the webhookUri, so changes to it, and other receivers with the same URL, cannot be detected.",
        "masked header": "Receiver "erp" (id 4): ION does not show this API key the value of header X-erp, so changes to it cannot be detected.",
        "masked secret": "Receiver "erp" (id 4): ION does not show this API key the sharedSecret, so changes to it cannot be detected.",
        "missing header": "Receiver "erp" (id 4) does not send the header X-erp.",
        "missing receiver": "Receiver "erp" does not exist in ION: its URL gets no events.",
        "missing receiver of which only the id is known": "Receiver with id 4 does not exist in ION: its URL gets no events.",
        "missing receiver with an id": "Receiver "erp" (id 4) does not exist in ION: its URL gets no events.",
        "missing receiver with one subscription": "Receiver "erp" (id 4) does not exist in ION: its URL gets no events. Its 1 subscription is missing too.",
        "missing receiver with subscriptions": "Receiver "erp" (id 4) does not exist in ION: its URL gets no events. Its 2 subscriptions are missing too.",
        "missing subscription": "Receiver "erp" (id 4) is not subscribed to PARTS UPDATE: these events do not arrive.",
        "moved and changed subscription": "Receiver "erp" (id 4): subscription PARTS UPDATE (id 4) was changed to RUNS CREATE and moved to receiver "erp-2" (id 45) in ION.",
        "moved subscription": "Receiver "erp" (id 4): subscription PARTS UPDATE (id 4) was moved to receiver "erp-2" (id 45) in ION.",
        "never delivered": "Receiver "erp" (id 4) is subscribed to PURCHASE_ORDER_LINES CREATE, but ION sends no event when a purchase order line is created (Violet's guide, known limitation 1). Violet gets new lines with its next scheduled fetch.",
        "replaced subscription": "Receiver "erp" (id 4) is subscribed to PARTS UPDATE under another id (42, not 4): the next \`pulumi up\` adopts it.",
        "three receivers with one URL": "Receivers "erp" (id 4), "erp-2" (id 45) and "erp" (id 46) have the same URL: events that more than one of them is subscribed to are delivered more than once.",
        "two receivers with one URL": "Receivers "erp" (id 4) and "erp-2" (id 45) have the same URL: events that more than one of them is subscribed to are delivered more than once.",
        "unmanaged header": "Receiver "erp" (id 4) sends the header X-erp, which your program does not declare.",
        "unmanaged receiver": "Receiver "erp" (id 4) is not managed by this stack.",
        "unmanaged subscription": "Receiver "erp" (id 4) is subscribed to PARTS UPDATE (id 4), which your program does not declare.",
      }
    `);
  });

  it("escapes every name that comes from outside, and shows no secret", () => {
    for (const [kind, text] of Object.entries(mapValues(differences(HOSTILE), describeDifference))) {
      expect(text, kind).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(text, kind).not.toContain(CANARY);
    }
    expect(describeDifference(differences(HOSTILE).inactive as Difference)).toBe(
      'Receiver "e\\u000a"rp\\u001b[31m" (id 4\\u202e) is inactive: ION sends it no events.',
    );
  });
});

describe("describeStackDifference", () => {
  const between = (one: Difference) => describeStackDifference(one, "dev", "prod") ?? "";

  it("says in which stack something is, or that both differ, and nothing about ids and secrets", () => {
    const texts = Object.entries(mapValues(differences(PLAIN), between)).filter(([, text]) => text !== "");
    expect(Object.fromEntries(texts)).toMatchInlineSnapshot(`
      {
        "activated": "Receiver "4": active is false in dev and true in prod.",
        "changed field": "Receiver "4": description is "erp" in dev and "by hand" in prod.",
        "changed from empty": "Receiver "4": description is empty in dev and "erp" in prod.",
        "changed number": "Receiver "4": expectedResponseCode is 200 in dev and 204 in prod.",
        "changed to empty": "Receiver "4": description is "erp" in dev and empty in prod.",
        "inactivated": "Receiver "4": active is true in dev and false in prod.",
        "missing header": "Receiver "4": header X-erp is in dev but not in prod.",
        "missing receiver": "Receiver "" is in dev but not in prod.",
        "missing receiver of which only the id is known": "Receiver "4" is in dev but not in prod.",
        "missing receiver with an id": "Receiver "4" is in dev but not in prod.",
        "missing receiver with one subscription": "Receiver "4" is in dev but not in prod.",
        "missing receiver with subscriptions": "Receiver "4" is in dev but not in prod.",
        "missing subscription": "Receiver "4": subscription PARTS UPDATE is in dev but not in prod.",
        "unmanaged header": "Receiver "4": header X-erp is in prod but not in dev.",
        "unmanaged receiver": "Receiver "4" is in prod but not in dev.",
        "unmanaged subscription": "Receiver "4": subscription PARTS UPDATE is in prod but not in dev.",
      }
    `);
  });

  it("escapes every name that comes from outside, and shows no secret", () => {
    for (const [kind, text] of Object.entries(mapValues(differences(HOSTILE), between))) {
      expect(text, kind).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(text, kind).not.toContain(CANARY);
    }
  });

  it("says if two stacks share a secret", () => {
    expect(describeSharedSecret("sharedSecret", "e\nrp", "dev", "prod")).toMatchInlineSnapshot(
      `"Receiver "e\\u000arp" has the same sharedSecret in dev and prod. Environments usually have different ones."`,
    );
  });
});

describe("describeChange", () => {
  it("says what a change does, on which object", () => {
    expect(mapValues(changes(PLAIN), describeChange)).toMatchInlineSnapshot(`
      {
        "attachHeader": "add the header X-erp to the webhook receiver "erp" (id 4)",
        "createHeader": "create the header X-erp of the webhook receiver "erp" (id 4)",
        "createReceiver": "create the webhook receiver "erp"",
        "createSubscription": "subscribe receiver 4 to PARTS UPDATE",
        "createUnattachedHeader": "create the header X-erp for the webhook receiver "erp" (id 4)",
        "deleteHeader": "delete the header X-erp of the webhook receiver "erp" (id 4)",
        "deleteReceiver": "delete the webhook receiver "erp" (id 4)",
        "deleteSubscription": "delete the subscription PARTS UPDATE (id 4) of receiver 4",
        "detachHeader": "remove the header X-erp from the webhook receiver "erp" (id 4)",
        "setHeaders": "change the headers of the webhook receiver "erp" (id 4)",
        "updateHeader": "update the header X-erp of the webhook receiver "erp" (id 4)",
        "updateReceiver": "update name, webhookUri, sharedSecret of the webhook receiver "erp" (id 4)",
      }
    `);
  });

  it("escapes every name that comes from outside, and shows no secret", () => {
    for (const [kind, text] of Object.entries(mapValues(changes(HOSTILE), describeChange))) {
      expect(text, kind).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(text, kind).not.toContain(CANARY);
    }
  });
});

it("names at most 20 of many receivers with one URL", () => {
  const receivers = Array.from({ length: 22 }, (_, at) => receiver({ id: `${at + 1}`, name: "erp" }));
  const message = describeDifference({ kind: "duplicate", object: "receiver", receivers });
  expect(message).toContain('"erp" (id 20) and 2 more have the same URL');
  expect(message).not.toContain("(id 21)");
});
