import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { UNKNOWN, type UncheckedInputs } from "../../provider/src/lifecycle/resourceHandler.ts";
import { webhookSubscription } from "../../provider/src/lifecycle/webhookSubscription.ts";
import { ACTIONS, GUIDE_EVENTS, VIOLET_RESOURCES } from "../../provider/src/model/events.ts";
import {
  connectionReset,
  countOf,
  failureOf,
  intercept,
  ionOn,
  mutationsIn,
  reversed,
  rewrite,
  start,
  withoutPort,
} from "../support/support.ts";
import { casesByFailure } from "./failures.ts";

const { check, create, delete: deleteSubscription, diff, identities, read, update } = webhookSubscription;

const INPUTS = { receiverId: "1", resource: "PARTS", action: "UPDATE" };
const STATE = { ...INPUTS, ionEndpoint: "https://api.example/graphql" };
const stateIn = ({ graphqlUrl }: Emulator) => ({ ...INPUTS, ionEndpoint: graphqlUrl });

/** An emulator with receivers and no subscriptions. */
async function withReceivers(count: number): Promise<Emulator> {
  const emulator = await start();
  for (let number = 1; number <= count; number += 1) {
    emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
  }
  return emulator;
}

/** An emulator with two receivers, the first of which has the subscription. */
async function withSubscription() {
  const emulator = await withReceivers(2);
  const { id } = emulator.store.createSubscription(INPUTS);
  return { emulator, id };
}

const forbidden = async () => new Response("", { status: 403 });

describe("check", () => {
  const failuresOf = async (emulator: Emulator, news: UncheckedInputs) => {
    const { inputs, failures } = await check(ionOn(emulator), news, {});
    expect(inputs).toBe(news);
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  };

  it("accepts every documented event, and asks ION once if the receiver exists", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator);
    const events = VIOLET_RESOURCES.flatMap((resource) =>
      ACTIONS.map((action) => ({ receiverId: "1", resource, action })),
    );
    const results = await Promise.all(events.map((news) => check(ion, news, {})));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(emulator.requests.map(({ kind }) => kind)).toEqual(["token", "graphql"]);
  });

  it("asks nothing about a subscription that the stack already has", async () => {
    const emulator = await start();
    expect(await check(ionOn(emulator), INPUTS, INPUTS)).toEqual({ inputs: INPUTS, failures: [] });
    expect(emulator.requests).toEqual([]);
  });

  it("fails if the receiver does not exist, as create would", async () => {
    const emulator = await withReceivers(1);
    const error = await failureOf(check(ionOn(emulator), { ...INPUTS, receiverId: "7" }, {}));
    expect(error.message).toBe((await failureOf(create(ionOn(emulator), { ...INPUTS, receiverId: "7" }))).message);
  });

  it("accepts a new subscription with one warning while ION cannot be reached", async () => {
    const refused = async () => {
      throw connectionReset();
    };
    const ion = ionOn(await start(), { fetch: refused, retry: { firstWaitMs: 1 } });
    const results = [];
    for (const action of ACTIONS) results.push(await check(ion, { ...INPUTS, action }, {}));
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    expect(results.flatMap((one) => one.warnings ?? [])).toEqual([
      expect.stringMatching(/^Could not check what ION already has: .*answered\. Tried 4 times/),
    ]);
  });

  it.each(["receiverId", "resource", "action"])("accepts an unknown %s without a request", async (property) => {
    const emulator = await start();
    expect(await failuresOf(emulator, { ...INPUTS, [property]: UNKNOWN })).toEqual([]);
    expect(emulator.requests).toEqual([]);
  });

  it("looks up names that the package does not know in ION's schema, once for all of them", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator);
    const resources = ["USERS", "COMMENTS", "PART", "QUITE_ANOTHER_THING"];
    const results = await Promise.all(resources.map((resource) => check(ion, { ...INPUTS, resource }, {})));
    expect(results.map(({ failures }) => failures.map(({ property }) => property))).toEqual([
      [],
      [],
      ["resource"],
      ["resource"],
    ]);
    // The other query is for the receiver.
    expect(countOf(emulator, "query")).toBe(2);
  });

  it("does not look up a name again that is unchanged since the last run", async () => {
    const emulator = await start();
    const olds = { ...INPUTS, resource: "NO_LONGER_IN_ION" };
    expect((await check(ionOn(emulator), { ...olds, action: "CREATE" }, olds)).failures).toEqual([]);
    expect(emulator.requests).toEqual([]);
  });

  it("rejects invalid names, and suggests the names that they may mean", async () => {
    const emulator = await start();
    const invalid: Readonly<Record<string, UncheckedInputs>> = {
      "no receiverId": { resource: "PARTS", action: "UPDATE" },
      "a number as receiverId": { ...INPUTS, receiverId: 1 },
      "an empty receiverId": { ...INPUTS, receiverId: "" },
      "no resource and no action": { receiverId: "1" },
      "a resource in lower case": { ...INPUTS, resource: "parts" },
      "a resource in camel case and in the singular": { ...INPUTS, resource: "purchaseOrderLine" },
      "a resource with a space that the package does not know": { ...INPUTS, resource: "quite another-thing" },
      "a misspelled action in lower case": { ...INPUTS, action: "updaet" },
      "an empty resource": { ...INPUTS, resource: "" },
      "GraphQL as resource": { ...INPUTS, resource: 'PARTS") { id }' },
      "an action with a line break": { ...INPUTS, action: "UPDATE\n" },
      "a part of a name": { ...INPUTS, resource: "ITEMS" },
      "an unknown resource that is similar to none": { ...INPUTS, resource: "QUITE_ANOTHER_THING" },
      "a misspelled action": { ...INPUTS, action: "UPDAET" },
      "two misspelled names": { ...INPUTS, resource: "RUN", action: "DELET" },
      "an unknown property": { ...INPUTS, receiver: "1" },
    };
    const failures = await casesByFailure(invalid, (news) => failuresOf(emulator, news));
    // "no resource and no action" and "two misspelled names" have two failures each.
    expect(Object.values(failures).flat()).toHaveLength(Object.keys(invalid).length + 2);
    expect(failures).toMatchInlineSnapshot(`
      {
        "action: is not one of ION's actions. Did you mean DELETE?": [
          "two misspelled names",
        ],
        "action: is not one of ION's actions. Did you mean UPDATE?": [
          "a misspelled action",
        ],
        "action: must be one of ION's actions, such as UPDATE.": [
          "no resource and no action",
        ],
        "action: must be one of ION's actions, such as UPDATE. Did you mean UPDATE?": [
          "a misspelled action in lower case",
          "an action with a line break",
        ],
        "inputs: no such property: "receiver". Check the spelling, or remove it.": [
          "an unknown property",
        ],
        "receiverId: has no value. If this run is partial (--target, --exclude), add the webhook receiver to it, or run \`pulumi up\` for the whole stack": [
          "no receiverId",
        ],
        "receiverId: must be the id of a webhook receiver": [
          "a number as receiverId",
        ],
        "receiverId: must not be empty": [
          "an empty receiverId",
        ],
        "resource: is not one of ION's resources.": [
          "an unknown resource that is similar to none",
        ],
        "resource: is not one of ION's resources. Did you mean PLAN_ITEMS or RECEIPT_ITEMS?": [
          "a part of a name",
        ],
        "resource: is not one of ION's resources. Did you mean RUNS?": [
          "two misspelled names",
        ],
        "resource: must be one of ION's resources, such as PARTS.": [
          "no resource and no action",
          "an empty resource",
          "GraphQL as resource",
        ],
        "resource: must be one of ION's resources, such as PARTS. Did you mean PARTS?": [
          "a resource in lower case",
        ],
        "resource: must be one of ION's resources, such as PARTS. Did you mean PURCHASE_ORDER_LINES?": [
          "a resource in camel case and in the singular",
        ],
        "resource: must be one of ION's resources, such as PARTS. Did you mean QUITE_ANOTHER_THING?": [
          "a resource with a space that the package does not know",
        ],
      }
    `);
  });

  it.each<[string, boolean, number]>([
    ["answers", true, 68],
    ["does not answer", false, 0],
  ])("asks ION once about 34 misspelled events if it %s", async (_what, isAnswering, failureCount) => {
    const emulator = await withReceivers(1);
    const isNames = ({ query }: { readonly query: string }) => query.includes("__type");
    const fetch = intercept((sent, pass) => (isAnswering || !isNames(sent) ? pass() : pass().then(forbidden)));
    const ion = ionOn(emulator, { fetch });
    const misspelled = VIOLET_RESOURCES.flatMap((resource) =>
      ["CREAT", "UPDAT"].map((action) => ({ ...INPUTS, resource: `${resource}X`, action })),
    );
    const results = await Promise.all(misspelled.map((news) => check(ion, news, {})));
    expect(results.flatMap(({ failures }) => failures)).toHaveLength(failureCount);
    expect(emulator.requests.filter(({ fields }) => fields.some(({ field }) => field === "__type"))).toHaveLength(1);
  });

  it("accepts an unknown name with a warning if ION's schema cannot be read", async () => {
    const names = intercept((sent, pass) => (sent.query.includes("__type") ? forbidden() : pass()));
    const ion = ionOn(await withReceivers(1), { fetch: names });
    const results = await Promise.all(
      ["CREATE", "UPDATE"].map((action) => check(ion, { ...INPUTS, resource: "NEW_THINGS", action }, {})),
    );
    expect(results.flatMap(({ failures }) => failures)).toEqual([]);
    const warnings = new Set(results.flatMap((one) => one.warnings));
    expect([...warnings].map((warning) => warning?.replace(/127\.0\.0\.1:\d+/, "<host>"))).toMatchInlineSnapshot(`
      [
        "Could not check whether ION has the resource NEW_THINGS, because its schema could not be read. <host> answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead.",
      ]
    `);
  });
});

describe("identities", () => {
  it.each([
    ["receiver, resource and action together", INPUTS, ["1 PARTS UPDATE"]],
    ["nothing until its receiver is known", { ...INPUTS, receiverId: UNKNOWN }, []],
    ["nothing until its action is known", { ...INPUTS, action: UNKNOWN }, []],
  ])("identifies a subscription by %s", (_what, inputs, expected) => {
    expect(identities(inputs)).toEqual(expected);
  });
});

describe("diff", () => {
  it.each<[string, Partial<typeof INPUTS>, string[]]>([
    ["no change", {}, []],
    ["another receiver", { receiverId: "2" }, ["receiverId"]],
    ["another resource", { resource: "RUNS" }, ["resource"]],
    ["another action", { action: "CREATE" }, ["action"]],
    ["three changes", { receiverId: "2", resource: "RUNS", action: "CREATE" }, ["receiverId", "resource", "action"]],
    ["a receiver that is unknown", { receiverId: UNKNOWN }, ["receiverId"]],
  ])("replaces the subscription for every changed property: %s", (_what, change, replaces) => {
    expect(diff("1", STATE, { ...INPUTS, ...change })).toEqual({ changes: replaces.length > 0, replaces });
  });
});

describe("update", () => {
  it("changes nothing and sends nothing", async () => {
    const emulator = await start();
    expect(await update(ionOn(emulator), "1", STATE, INPUTS)).toEqual({ state: STATE });
    expect(emulator.requests).toEqual([]);
  });
});

describe("create", () => {
  it("creates the subscription and nothing else", async () => {
    const emulator = await withReceivers(1);
    expect(await create(ionOn(emulator), INPUTS)).toEqual({ id: "1", state: stateIn(emulator), warnings: [] });
    expect(emulator.store.listSubscriptions()).toMatchObject([INPUTS]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookSubscription"]]);
  });

  it("adopts an exact duplicate and no similar subscription", async () => {
    const emulator = await withReceivers(2);
    for (const change of [{ receiverId: "2" }, { resource: "RUNS" }, { action: "CREATE" }, {}]) {
      emulator.store.createSubscription({ ...INPUTS, ...change });
    }
    expect(await create(ionOn(emulator), INPUTS)).toEqual({ id: "4", state: stateIn(emulator), warnings: [] });
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("adopts the oldest of several duplicates, in whatever order ION lists them", async () => {
    const { emulator, id } = await withSubscription();
    for (let duplicates = 1; duplicates < 12; duplicates += 1) emulator.store.createSubscription(INPUTS);
    for (const fetch of [globalThis.fetch, intercept((_sent, pass) => reversed(pass()))]) {
      expect(await create(ionOn(emulator, { fetch }), INPUTS)).toMatchObject({ id, state: stateIn(emulator) });
    }
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("creates all events of Violet's guide with one query and one request", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator);
    const all = GUIDE_EVENTS.map((event) => ({ ...INPUTS, ...event }));
    const created = await Promise.all(all.map((inputs) => create(ion, inputs)));
    expect(new Set(created.map(({ id }) => id)).size).toBe(34);
    expect([countOf(emulator, "query"), mutationsIn(emulator).map((fields) => fields.length)]).toEqual([1, [34]]);
    await Promise.all(all.map((inputs) => create(ionOn(emulator), inputs)));
    expect(emulator.store.listSubscriptions()).toHaveLength(34);
  });

  it("fails and sends nothing if the receiver does not exist", async () => {
    const emulator = await withReceivers(1);
    const { kind, message } = await failureOf(create(ionOn(emulator), { ...INPUTS, receiverId: "7" }));
    expect([kind, mutationsIn(emulator)]).toEqual(["notFound", []]);
    expect(withoutPort(message)).toMatchInlineSnapshot(
      `"The webhook receiver with id 7 does not exist in ION at http://<host>/graphql, so it cannot be subscribed to PARTS UPDATE. If it was deleted in ION and this stack declares it, run \`pulumi refresh\` and then \`pulumi up\`. Otherwise, correct receiverId."`,
    );
  });

  it("does not create a subscription twice after a lost response", async () => {
    const emulator = await withReceivers(1);
    const fetch = intercept(async ({ mutation, number }, pass) => {
      const response = await pass();
      if (mutation && number === 1) throw connectionReset();
      return response;
    });
    expect(await create(ionOn(emulator, { fetch }), INPUTS)).toMatchObject({ id: "1", state: stateIn(emulator) });
    expect(emulator.store.listSubscriptions()).toHaveLength(1);
  });

  it("warns if ION's schema shows no receivers, and creates the subscription", async () => {
    const emulator = await start({ hide: ["webhookReceivers", "webhookReceiver", "webhookSubscriptions"] });
    emulator.store.createReceiver({ name: "r1", webhookUri: "https://hooks.example/1" });
    const { id, warnings = [] } = await create(ionOn(emulator), INPUTS);
    expect([id, warnings.length]).toEqual(["1", 1]);
    expect(warnings[0]?.split(". ").at(-1)).toMatchInlineSnapshot(
      `"Subscriptions of webhook receiver 1 are created without checking whether ION already has them."`,
    );
  });

  it("suggests a name that ION has if it lacks one that the package knows", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "r1", webhookUri: "https://hooks.example/1" });
    const fetch = intercept(({ query }, pass) =>
      query.includes("__type")
        ? rewrite(pass(), (text) => text.replace('"RUN_STEPS"', '"RUN"},{"name":"RUN_STEPS"'))
        : pass(),
    );
    const ion = ionOn(emulator, { fetch });
    const [update, second, parts] = await Promise.all([
      failureOf(create(ion, { ...INPUTS, resource: "RUNS" })),
      failureOf(create(ion, { ...INPUTS, resource: "RUNS", action: "CREATE" })),
      create(ion, INPUTS),
    ]);
    expect([update.kind, second.kind]).toEqual(["invalid", "invalid"]);
    expect(update.hints).toEqual(second.hints);
    expect(update.message).toMatchInlineSnapshot(
      `"ION did not subscribe receiver 1 to RUNS UPDATE: ResourceEnum has no value RUNS. ION has no resource RUNS. Did you mean RUN?"`,
    );
    expect(parts).toMatchObject({ state: stateIn(emulator) });
    expect(emulator.requests.filter(({ operation }) => operation?.name === "SubscriptionEnums")).toHaveLength(1);
  });

  it("suggests no name if ION's schema cannot be read", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "r1", webhookUri: "https://hooks.example/1" });
    const fetch = intercept(({ query }, pass) => (query.includes("__type") ? forbidden() : pass()));
    const { summary, hints } = await failureOf(create(ionOn(emulator, { fetch }), { ...INPUTS, resource: "RUNS" }));
    expect(summary).toMatch(/^ION did not subscribe receiver 1 to RUNS UPDATE: .*RUNS/);
    expect(hints).toEqual([]);
  });

  it("names the event and the permission if ION rejects the subscription", async () => {
    const emulator = await withReceivers(1);
    emulator.settings.deniedPermissions.add("CreateWebhookSubscription");
    const { kind, message } = await failureOf(create(ionOn(emulator), INPUTS));
    expect(kind).toBe("permission");
    expect(message).toMatch(/^ION did not subscribe receiver 1 to PARTS UPDATE: .*CreateWebhookSubscription/);
  });
});

describe("import", () => {
  it.each(["2", "1/PARTS/UPDATE"])("finds the subscription by %s", async (name) => {
    const { emulator } = await withSubscription();
    emulator.store.createSubscription({ ...INPUTS, receiverId: "2" });
    const isById = !name.includes("/");
    const inputs = { ...INPUTS, receiverId: isById ? "2" : "1" };
    expect(await webhookSubscription.import(ionOn(emulator), name)).toEqual({
      id: isById ? "2" : "1",
      inputs,
      state: { ...inputs, ionEndpoint: emulator.graphqlUrl },
    });
  });

  it("finds the oldest of several by their event", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.createSubscription(INPUTS);
    const fetch = intercept((_sent, pass) => reversed(pass()));
    expect((await webhookSubscription.import(ionOn(emulator, { fetch }), "1/PARTS/UPDATE")).id).toBe(id);
  });

  it("fails for any other name, and says how to name one", async () => {
    const { emulator } = await withSubscription();
    const messageFor = async (name: string) => {
      const { kind, message } = await failureOf(webhookSubscription.import(ionOn(emulator), name));
      expect(kind).toBe("notFound");
      return withoutPort(message).replace(` ${name} `, " NAME ");
    };
    const message = await messageFor("7");
    expect(message).toMatchInlineSnapshot(
      `"The webhook subscription NAME does not exist in ION at http://<host>/graphql. Name it by its receiver's id, resource and action, such as 2/PARTS/UPDATE, or by its own id. \`npx --no-install pulumi-ion status\` lists all of them."`,
    );
    for (const name of [
      "1/PARTS",
      "1/PARTS/UPDATE/1",
      "2/PARTS/UPDATE",
      "7/PARTS/UPDATE",
      "1/PARTS/CREATE",
      "/PARTS/UPDATE",
    ]) {
      expect(await messageFor(name)).toBe(message);
    }
  });
});

describe("read", () => {
  it.each<[string, (store: Emulator["store"]) => void, object]>([
    ["an unchanged subscription", () => {}, {}],
    ["another resource", (store) => store.updateSubscription("1", { resource: "RUNS" }), { resource: "RUNS" }],
    ["another action", (store) => store.updateSubscription("1", { action: "DELETE" }), { action: "DELETE" }],
    ["another receiver", (store) => store.updateSubscription("1", { receiverId: "2" }), { receiverId: "2" }],
  ])("finds the subscription by its id and returns what ION has: %s", async (_what, edit, change) => {
    const { emulator, id } = await withSubscription();
    edit(emulator.store);
    const { found, warnings } = await read(ionOn(emulator), id, STATE);
    expect(warnings).toEqual([]);
    expect(found).toEqual({ inputs: { ...INPUTS, ...change }, state: { ...stateIn(emulator), ...change } });
    expect(found && diff(id, found.state, INPUTS).replaces).toEqual(Object.keys(change));
  });

  it.each<[string, (store: Emulator["store"]) => void]>([
    ["was deleted", (store) => store.deleteSubscription("1")],
    ["was deleted with its receiver", (store) => store.deleteReceiver("1")],
  ])("returns nothing for a subscription that %s", async (_what, edit) => {
    const { emulator, id } = await withSubscription();
    edit(emulator.store);
    expect(await read(ionOn(emulator), id, STATE)).toEqual({});
  });

  it("warns about a duplicate", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.createSubscription({ ...INPUTS, action: "CREATE" });
    emulator.store.createSubscription({ ...INPUTS, action: "CREATE" });
    expect((await read(ionOn(emulator), id, STATE)).warnings).toEqual([]);
    emulator.store.createSubscription(INPUTS);
    expect((await read(ionOn(emulator), id, STATE)).warnings).toMatchInlineSnapshot(`
      [
        "Receiver "r1" (id 1) has 2 subscriptions to PARTS UPDATE (ids 1, 4): each event is delivered twice.",
      ]
    `);
  });

  it("returns nothing for a deleted subscription that has a duplicate, and create adopts the duplicate", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.deleteSubscription(id);
    emulator.store.createSubscription(INPUTS);
    expect(await read(ionOn(emulator), id, STATE)).toEqual({});
    expect((await create(ionOn(emulator), INPUTS)).id).toBe("2");
  });

  it("throws if ION cannot be read, because that does not prove a deletion", async () => {
    const { emulator, id } = await withSubscription();
    const ion = ionOn(emulator, { fetch: intercept(forbidden) });
    expect((await failureOf(read(ion, id, STATE))).kind).toBe("permission");
  });
});

describe("delete", () => {
  it("deletes the subscription, and succeeds again without a request", async () => {
    const { emulator, id } = await withSubscription();
    const other = emulator.store.createSubscription({ ...INPUTS, receiverId: "2" });
    await deleteSubscription(ionOn(emulator), id, STATE, false);
    await deleteSubscription(ionOn(emulator), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([other]);
    expect(mutationsIn(emulator)).toEqual([["deleteWebhookSubscription"]]);
  });

  it.each<[string, (store: Emulator["store"]) => void]>([
    ["deletes it", (store) => store.deleteSubscription("1")],
    ["deletes its receiver", (store) => store.deleteReceiver("1")],
    ["changes it", (store) => store.updateSubscription("1", { action: "DELETE" })],
  ])("succeeds if somebody else %s at the same time", async (_what, edit) => {
    const { emulator, id } = await withSubscription();
    const fetch = intercept((sent, pass) => {
      if (sent.mutation && sent.number === 1) edit(emulator.store);
      return pass();
    });
    await deleteSubscription(ionOn(emulator, { fetch }), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([]);
  });

  it("says what to find out after a second conflict", async () => {
    const { emulator, id } = await withSubscription();
    const fetch = intercept((sent, pass) => {
      if (sent.mutation) emulator.store.updateSubscription(id, { action: "DELETE" });
      return pass();
    });
    const error = await failureOf(deleteSubscription(ionOn(emulator, { fetch }), id, STATE, false));
    expect([error.kind, emulator.store.listSubscriptions().length]).toEqual(["conflict", 1]);
    expect(error.summary).toContain("delete the subscription PARTS DELETE (id 1) of receiver 1");
    expect(error.hints).toEqual([expect.stringContaining("Find out who else changes ION's webhooks")]);
  });

  it("deletes a subscription that was moved to another receiver", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.updateSubscription(id, { receiverId: "2" });
    await deleteSubscription(ionOn(emulator), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([]);
  });

  it("keeps a subscription that is declared under another name, unless ION has a duplicate", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.createSubscription({ ...INPUTS, resource: "RUNS" });
    await deleteSubscription(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
    emulator.store.createSubscription(INPUTS);
    await deleteSubscription(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions().map((left) => left.id)).toEqual(["2", "3"]);
  });

  it("deletes a subscription that was changed in ION if another one has its declared event", async () => {
    const { emulator, id } = await withSubscription();
    emulator.store.updateSubscription(id, { resource: "RUNS" });
    emulator.store.createSubscription(INPUTS);
    await deleteSubscription(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions()).toMatchObject([INPUTS]);
  });
});
