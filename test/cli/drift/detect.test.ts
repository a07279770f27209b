import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { type Finding, findDrift } from "../../../provider/src/cli/drift/detect.ts";
import { type Declarations, requireSameEnvironment } from "../../../provider/src/cli/stackState.ts";
import { failureOf, ionOn, masking, start } from "../../support/support.ts";
import { declare } from "../declare.ts";

const VIOLET = {
  name: "Violet",
  webhookUri: "https://violet.example/canary-url",
  description: "by code",
  sharedSecret: "canary-secret",
  headers: { "X-Plant": "canary-header" },
};
const ERP = { name: "ERP", webhookUri: "https://erp.example/canary" };
const EVENTS = ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE"];
const receiverId = "1";

/** What a user does in ION to a receiver (id 1) with the subscriptions 1 to 3. */
const CHANGES: Readonly<Record<string, (store: Emulator["store"]) => void>> = {
  nothing: () => {},
  "deletes the receiver": (store) => store.deleteReceiver(receiverId),
  "deactivates the receiver": (store) => store.updateReceiver(receiverId, { active: false }),
  "changes declared fields": (store) => store.updateReceiver(receiverId, { description: "by\nhand", name: "Mine" }),
  "changes omitted fields": (store) => {
    store.updateReceiver(receiverId, { expectedResponseCode: 204, contentType: "text/plain" });
  },
  "empties the description": (store) => store.updateReceiver(receiverId, { description: "" }),
  "sets the description to null": (store) => store.updateReceiver(receiverId, { description: null }),
  "changes secrets": (store) => {
    store.updateReceiver(receiverId, { webhookUri: "https://b.example/canary", sharedSecret: "canary-b" });
  },
  "changes a header": (store) => store.updateHeader("1", { value: "canary-b" }),
  "deletes a header": (store) => store.deleteHeader("1"),
  "creates headers": (store) => {
    store.createHeader({ receiverId, key: "X-Mine", value: "canary" });
    store.createHeader({ receiverId, key: "x-plant", value: "canary" });
  },
  "deletes a subscription": (store) => store.deleteSubscription("2"),
  "deletes a subscription and creates it again": (store) => {
    store.deleteSubscription("2");
    store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
  },
  "changes the event of a subscription": (store) => store.updateSubscription("3", { resource: "ISSUES" }),
  "moves a subscription to another receiver": (store) => {
    store.createReceiver({ name: "Other", webhookUri: "https://other.example/canary" });
    store.updateSubscription("3", { receiverId: "2" });
  },
  "creates a subscription": (store) => store.createSubscription({ receiverId, resource: "ISSUES", action: "CREATE" }),
  "creates a duplicate subscription": (store) => {
    store.createSubscription({ receiverId, resource: "RUNS", action: "UPDATE" });
  },
  "subscribes to an event that ION never delivers": (store) => {
    store.createSubscription({ receiverId, resource: "PURCHASE_ORDER_LINES", action: "CREATE" });
  },
  "creates another receiver": (store) => {
    store.createReceiver({ name: "Other \u001b[2J", webhookUri: "https://other.example/canary" });
  },
  "creates a receiver with the same URL": (store) => {
    store.createReceiver({ name: "Again", webhookUri: "https://VIOLET.example:443/canary-url" });
  },
  "creates two other receivers with one URL": (store) => {
    for (const name of ["A", "B"]) store.createReceiver({ name, webhookUri: "https://other.example/canary" });
  },
};

const linesOf = (findings: readonly Finding[]) =>
  findings.map(({ kind, drift, message }) => `${drift ? "drift" : "note"} ${kind}: ${message}`);

async function detect(emulator: Emulator, declarations: Declarations, options: Parameters<typeof ionOn>[1] = {}) {
  const findings = findDrift(await ionOn(emulator, options).receivers(), declarations);
  expect(JSON.stringify(findings)).not.toContain("canary");
  return findings;
}

it("reports every change with one line per fact, and no secret", async () => {
  const reports = Object.entries(CHANGES).map(async ([what, change]) => {
    const emulator = await start();
    const declarations = await declare(emulator, [{ inputs: VIOLET, events: EVENTS }]);
    change(emulator.store);
    return [`${what}:`, ...linesOf(await detect(emulator, declarations)).map((line) => `  ${line}`)].join("\n");
  });
  expect((await Promise.all(reports)).join("\n")).toMatchInlineSnapshot(`
    "nothing:
    deletes the receiver:
      drift missing: Receiver "Violet" (id 1) does not exist in ION: its URL gets no events. Its 3 subscriptions are missing too.
    deactivates the receiver:
      drift changed: Receiver "Violet" (id 1): active is false in ION and true in the stack. ION sends it no events.
    changes declared fields:
      drift changed: Receiver "Mine" (id 1): name is "Mine" in ION and "Violet" in the stack.
      drift changed: Receiver "Mine" (id 1): description is "by\\nhand" in ION and "by code" in the stack.
    changes omitted fields:
      drift changed: Receiver "Violet" (id 1): contentType is "text/plain" in ION and "application/json" in the stack.
      drift changed: Receiver "Violet" (id 1): expectedResponseCode is 204 in ION and 200 in the stack.
    empties the description:
      drift changed: Receiver "Violet" (id 1): description is empty in ION and "by code" in the stack.
    sets the description to null:
      drift changed: Receiver "Violet" (id 1): description is empty in ION and "by code" in the stack.
    changes secrets:
      drift changed: Receiver "Violet" (id 1): webhookUri was changed in ION.
      drift changed: Receiver "Violet" (id 1): sharedSecret was changed in ION.
    changes a header:
      drift changed: Receiver "Violet" (id 1): the value of header X-Plant was changed in ION.
    deletes a header:
      drift missing: Receiver "Violet" (id 1) does not send the header X-Plant.
    creates headers:
      drift unmanaged: Receiver "Violet" (id 1) sends the header X-Mine, which your program does not declare.
      drift duplicate: Receiver "Violet" (id 1) sends the header x-plant more than once.
    deletes a subscription:
      drift missing: Receiver "Violet" (id 1) is not subscribed to PARTS UPDATE: these events do not arrive.
    deletes a subscription and creates it again:
      drift changed: Receiver "Violet" (id 1) is subscribed to PARTS UPDATE under another id (4, not 2): the next \`pulumi up\` adopts it.
    changes the event of a subscription:
      drift changed: Receiver "Violet" (id 1): subscription RUNS UPDATE (id 3) was changed to ISSUES UPDATE in ION.
    moves a subscription to another receiver:
      drift changed: Receiver "Violet" (id 1): subscription RUNS UPDATE (id 3) was moved to receiver "Other" (id 2) in ION.
      note unmanaged: Receiver "Other" (id 2) is not managed by this stack.
    creates a subscription:
      drift unmanaged: Receiver "Violet" (id 1) is subscribed to ISSUES CREATE (id 4), which your program does not declare.
    creates a duplicate subscription:
      drift duplicate: Receiver "Violet" (id 1) has 2 subscriptions to RUNS UPDATE (ids 3, 4): each event is delivered twice.
    subscribes to an event that ION never delivers:
      drift unmanaged: Receiver "Violet" (id 1) is subscribed to PURCHASE_ORDER_LINES CREATE (id 4), which your program does not declare.
      note neverDelivered: Receiver "Violet" (id 1) is subscribed to PURCHASE_ORDER_LINES CREATE, but ION sends no event when a purchase order line is created (Violet's guide, known limitation 1). Violet gets new lines with its next scheduled fetch.
    creates another receiver:
      note unmanaged: Receiver "Other \\u001b[2J" (id 2) is not managed by this stack.
    creates a receiver with the same URL:
      note unmanaged: Receiver "Again" (id 2) is not managed by this stack.
      drift duplicate: Receivers "Violet" (id 1) and "Again" (id 2) have the same URL: events that more than one of them is subscribed to are delivered more than once.
    creates two other receivers with one URL:
      note unmanaged: Receiver "A" (id 2) is not managed by this stack.
      note unmanaged: Receiver "B" (id 3) is not managed by this stack.
      note duplicate: Receivers "A" (id 2) and "B" (id 3) have the same URL: events that more than one of them is subscribed to are delivered more than once."
  `);
});

it("reports a change of an omitted field that had no value", async () => {
  const emulator = await start();
  const declarations = await declare(emulator, [{ inputs: ERP, events: [] }]);
  emulator.store.updateReceiver(receiverId, { description: "by hand" });
  expect(linesOf(await detect(emulator, declarations))).toMatchInlineSnapshot(`
    [
      "drift changed: Receiver "ERP" (id 1): description is "by hand" in ION and empty in the stack.",
    ]
  `);
});

it("reports a receiver that is declared inactive, but not as drift", async () => {
  const emulator = await start();
  const declarations = await declare(emulator, [{ inputs: { ...VIOLET, active: false }, events: [] }]);
  expect(linesOf(await detect(emulator, declarations))).toMatchInlineSnapshot(`
    [
      "note inactive: Receiver "Violet" (id 1) is inactive: ION sends it no events.",
    ]
  `);
});

it("reports unmanaged subscriptions as drift only if the program has a policy for them", async () => {
  const emulator = await start();
  const declarations = await declare(emulator, [{ inputs: VIOLET, events: EVENTS, unmanaged: "ignore" }]);
  emulator.store.createSubscription({ receiverId, resource: "ISSUES", action: "CREATE" });
  const findings = await detect(emulator, declarations);
  expect(findings).toMatchObject([{ kind: "unmanaged", drift: false, object: "subscription", ids: ["4"] }]);
});

it("accepts a new shared secret that the program does not declare", async () => {
  const emulator = await start();
  const declarations = await declare(emulator, [{ inputs: ERP, events: [] }]);
  emulator.store.updateReceiver(receiverId, { sharedSecret: "canary-rotated" });
  expect(await detect(emulator, declarations)).toEqual([]);
});

describe("if ION masks secrets", () => {
  it("does not report them as changed, but says that they cannot be checked", async () => {
    const emulator = await start();
    const declarations = await declare(emulator, [{ inputs: VIOLET, events: EVENTS }]);
    emulator.store.updateReceiver(receiverId, { webhookUri: "https://b.example/canary" });
    expect(linesOf(await detect(emulator, declarations, { fetch: masking() }))).toMatchInlineSnapshot(`
      [
        "note masked: Receiver "Violet" (id 1): ION does not show this API key the webhookUri, so changes to it, and other receivers with the same URL, cannot be detected.",
        "note masked: Receiver "Violet" (id 1): ION does not show this API key the sharedSecret, so changes to it cannot be detected.",
        "note masked: Receiver "Violet" (id 1): ION does not show this API key the value of header X-Plant, so changes to it cannot be detected.",
      ]
    `);
  });

  it("takes no receiver for a duplicate of another", async () => {
    const emulator = await start();
    const declarations = await declare(emulator, [{ inputs: ERP, events: [] }]);
    for (const name of ["A", "B"]) {
      emulator.store.createReceiver({ name, webhookUri: "https://b.example/canary", sharedSecret: "canary" });
    }
    const findings = await detect(emulator, declarations, { fetch: masking() });
    expect(findings.map(({ kind, ids, fields }) => [kind, ids, fields])).toEqual([
      ["masked", ["1"], ["webhookUri"]],
      ["unmanaged", ["2"], undefined],
      ["masked", ["2"], ["webhookUri"]],
      ["unmanaged", ["3"], undefined],
      ["masked", ["3"], ["webhookUri"]],
    ]);
  });
});

describe("for subscriptions to a receiver that the stack does not declare", () => {
  async function subscribed(emulator: Emulator): Promise<Declarations> {
    const own = await declare(emulator, [{ inputs: ERP, events: [] }]);
    const other = await declare(emulator, [{ inputs: VIOLET, events: ["PARTS UPDATE"], unmanaged: "ignore" }]);
    return { ...own, subscriptions: other.subscriptions };
  }

  it("reports nothing if they exist, and others as good to know", async () => {
    const emulator = await start();
    const declarations = await subscribed(emulator);
    expect(await detect(emulator, declarations)).toEqual([]);
    emulator.store.createSubscription({ receiverId: "2", resource: "RUNS", action: "UPDATE" });
    expect(await detect(emulator, declarations)).toMatchObject([{ kind: "unmanaged", drift: false, receiverId: "2" }]);
  });

  it("reports the receiver if it is missing", async () => {
    const emulator = await start();
    const declarations = await subscribed(emulator);
    emulator.store.deleteReceiver("2");
    expect(linesOf(await detect(emulator, declarations))).toMatchInlineSnapshot(`
      [
        "drift missing: Receiver with id 2 does not exist in ION: its URL gets no events. Its 1 subscription is missing too.",
      ]
    `);
  });
});

it("names the objects, fields and resources of findings for machines", async () => {
  const emulator = await start();
  const declarations = await declare(emulator, [
    { inputs: VIOLET, events: ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE", "ISSUES UPDATE"] },
  ]);
  const { store } = emulator;
  store.updateReceiver(receiverId, { name: "Mine", sharedSecret: "canary-b" });
  store.updateHeader("1", { value: "canary-b" });
  store.deleteSubscription("1");
  store.deleteSubscription("2");
  store.updateSubscription("3", { resource: "PLANS", action: "DELETE" });
  store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
  store.createSubscription({ receiverId, resource: "ISSUES", action: "UPDATE" });
  store.createSubscription({ receiverId, resource: "USERS", action: "CREATE" });
  store.createReceiver({ name: "Again", webhookUri: VIOLET.webhookUri });
  const findings = await detect(emulator, declarations);
  const lines = findings.map(({ message: _message, urn, ...rest }) => {
    return JSON.stringify({ ...rest, urn: urn?.split("::").at(-1) });
  });
  expect(lines).toMatchInlineSnapshot(`
    [
      "{"kind":"changed","drift":true,"object":"receiver","ids":["1"],"receiverId":"1","fields":["name"],"urn":"Violet"}",
      "{"kind":"changed","drift":true,"object":"receiver","ids":["1"],"receiverId":"1","fields":["sharedSecret"],"urn":"Violet"}",
      "{"kind":"changed","drift":true,"object":"header","ids":["1"],"receiverId":"1","fields":["X-Plant"],"urn":"Violet"}",
      "{"kind":"missing","drift":true,"object":"subscription","ids":["1"],"receiverId":"1","resource":"PARTS","action":"CREATE","urn":"Violet-PARTS-CREATE"}",
      "{"kind":"changed","drift":true,"object":"subscription","ids":["2"],"receiverId":"1","resource":"PARTS","action":"UPDATE","fields":["id"],"urn":"Violet-PARTS-UPDATE"}",
      "{"kind":"changed","drift":true,"object":"subscription","ids":["3"],"receiverId":"1","resource":"RUNS","action":"UPDATE","fields":["resource","action"],"urn":"Violet-RUNS-UPDATE"}",
      "{"kind":"duplicate","drift":true,"object":"subscription","ids":["4","6"],"receiverId":"1","resource":"ISSUES","action":"UPDATE","urn":"Violet-ISSUES-UPDATE"}",
      "{"kind":"unmanaged","drift":true,"object":"subscription","ids":["7"],"receiverId":"1","resource":"USERS","action":"CREATE"}",
      "{"kind":"unmanaged","drift":false,"object":"receiver","ids":["2"],"receiverId":"2"}",
      "{"kind":"duplicate","drift":true,"object":"receiver","ids":["1","2"],"urn":"Violet"}",
    ]
  `);
});

it("refuses to compare with another ION environment", async () => {
  const emulator = await start();
  const { receivers, ...rest } = await declare(emulator, [{ inputs: VIOLET, events: EVENTS }]);
  const moved = receivers.map((one) => {
    return { ...one, state: { ...one.state, ionEndpoint: "https://api.ion-gov.com/graphql" } };
  });
  const check = async () => requireSameEnvironment(ionOn(emulator), { ...rest, receivers: moved });
  expect((await failureOf(check())).kind).toBe("elsewhere");
});
