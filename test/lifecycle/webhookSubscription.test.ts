import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { IonError } from "../../provider/ion/errors.ts";
import { ACTIONS, VIOLET_RESOURCES } from "../../provider/ion/facts.ts";
import { UNKNOWN, type UncheckedInputs } from "../../provider/lifecycle/resourceHandler.ts";
import { webhookSubscription } from "../../provider/lifecycle/webhookSubscription.ts";
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
} from "../support/support.ts";

const { check, create, delete: remove, diff, identities, read, update } = webhookSubscription;

const PAIR = { receiverId: "1", resource: "PARTS", action: "UPDATE" };
const STATE = { ...PAIR, ionEndpoint: "loopback" };

async function withReceivers(count: number): Promise<Emulator> {
  const emulator = await start();
  for (let number = 1; number <= count; number += 1) {
    emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
  }
  return emulator;
}

/** A subscription that is there. */
async function subscribed() {
  const emulator = await withReceivers(2);
  const { id } = emulator.store.createSubscription(PAIR);
  return { emulator, id };
}

describe("check", () => {
  const failuresOf = async (emulator: Emulator, news: UncheckedInputs) => {
    const { inputs, failures } = await check(ionOn(emulator), news, {});
    expect(inputs).toBe(news);
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  };

  it("lets every documented pair through without a request", async () => {
    const emulator = await start();
    const pairs = VIOLET_RESOURCES.flatMap((resource) =>
      ACTIONS.map((action) => ({ receiverId: "1", resource, action })),
    );
    const failures = await Promise.all(pairs.map((pair) => failuresOf(emulator, pair)));
    expect(failures.flat()).toEqual([]);
    expect(emulator.requests).toEqual([]);
  });

  it.each(["receiverId", "resource", "action"])("lets an unknown %s through without a request", async (property) => {
    const emulator = await start();
    expect(await failuresOf(emulator, { ...PAIR, [property]: UNKNOWN })).toEqual([]);
    expect(emulator.requests).toEqual([]);
  });

  it("asks ION about names that are new to the package, once for all", async () => {
    const emulator = await start();
    const ion = ionOn(emulator);
    const outcomes = await Promise.all(
      ["USERS", "COMMENTS", "PART", "QUITE_ANOTHER_THING"].map((resource) => check(ion, { ...PAIR, resource }, {})),
    );
    expect(outcomes.map(({ failures }) => failures)).toEqual([
      [],
      [],
      [{ property: "resource", reason: "ION knows no resource of that name. Did you mean PARTS?" }],
      [{ property: "resource", reason: "ION knows no resource of that name" }],
    ]);
    expect(countOf(emulator, "query")).toBe(1);
  });

  const named = "has to be one of ION's names, such as PARTS or UPDATE";
  it.each<[string, UncheckedInputs, string[]]>([
    ["no receiverId", { resource: "PARTS", action: "UPDATE" }, ["receiverId: has to be the id of a webhook receiver"]],
    ["a number for receiverId", { ...PAIR, receiverId: 1 }, ["receiverId: has to be the id of a webhook receiver"]],
    ["an empty receiverId", { ...PAIR, receiverId: "" }, ["receiverId: cannot be empty"]],
    ["no resource and no action", { receiverId: "1" }, ["resource: is missing", "action: is missing"]],
    ["a resource in small letters", { ...PAIR, resource: "parts" }, [`resource: ${named}. Did you mean PARTS?`]],
    [
      "a resource in another way of writing",
      { ...PAIR, resource: "purchaseOrderLine" },
      [`resource: ${named}. Did you mean PURCHASE_ORDER_LINES?`],
    ],
    [
      "a resource in small letters that is new to the package",
      { ...PAIR, resource: "quite another-thing" },
      [`resource: ${named}. Did you mean QUITE_ANOTHER_THING?`],
    ],
    ["an action in small letters", { ...PAIR, action: "updaet" }, [`action: ${named}. Did you mean UPDATE?`]],
    ["an empty resource", { ...PAIR, resource: "" }, [`resource: ${named}`]],
    ["GraphQL for a resource", { ...PAIR, resource: 'PARTS") { id }' }, [`resource: ${named}`]],
    ["an action with a line break", { ...PAIR, action: "UPDATE\n" }, [`action: ${named}. Did you mean UPDATE?`]],
    [
      "half of a name",
      { ...PAIR, resource: "ITEMS" },
      ["resource: ION knows no resource of that name. Did you mean PLAN_ITEMS or RECEIPT_ITEMS?"],
    ],
    [
      "an unknown action",
      { ...PAIR, action: "UPDAET" },
      ["action: ION knows no action of that name. Did you mean UPDATE?"],
    ],
    [
      "two unknown names",
      { ...PAIR, resource: "RUN", action: "DELET" },
      [
        "resource: ION knows no resource of that name. Did you mean RUNS?",
        "action: ION knows no action of that name. Did you mean DELETE?",
      ],
    ],
  ])("refuses %s", async (_what, news, failures) => {
    expect(await failuresOf(await start(), news)).toEqual(failures);
  });

  it("names a property that is not there", async () => {
    expect(await failuresOf(await start(), { ...PAIR, receiver: "1" })).toEqual([
      expect.stringMatching(/^inputs: .*"receiver"/),
    ]);
  });

  it("asks ION once for 34 misspelt names, also where it does not answer", async () => {
    for (const answers of [true, false]) {
      const emulator = await start();
      const asked = intercept((_sent, pass) =>
        answers ? pass() : pass().then(() => new Response("", { status: 403 })),
      );
      const ion = ionOn(emulator, { fetch: asked });
      const misspelt = VIOLET_RESOURCES.flatMap((resource) =>
        ["CREAT", "UPDAT"].map((action) => ({ ...PAIR, resource: `${resource}X`, action })),
      );
      const checked = await Promise.all(misspelt.map((news) => check(ion, news, {})));
      expect(checked.flatMap(({ failures }) => failures)).toHaveLength(answers ? 68 : 0);
      expect(countOf(emulator, "query")).toBe(1);
    }
  });

  it("lets a new name through where ION does not show its schema, and says so: ION decides when it is made", async () => {
    const told: string[] = [];
    const ion = ionOn(await start(), {
      fetch: intercept(async () => new Response("", { status: 403 })),
      warn: (words) => told.push(words),
    });
    for (const action of ["CREATE", "UPDATE"]) {
      expect((await check(ion, { ...PAIR, resource: "NEW_THINGS", action }, {})).failures).toEqual([]);
    }
    expect(told).toEqual([
      expect.stringMatching(
        /^It was not checked whether ION knows the resource NEW_THINGS, because its schema could not be read: .* HTTP 403 /,
      ),
    ]);
  });
});

describe("a subscription is the same by", () => {
  it.each([
    ["the three together", PAIR, ["1 PARTS UPDATE"]],
    ["nothing before its receiver is known", { ...PAIR, receiverId: UNKNOWN }, []],
    ["nothing before its action is known", { ...PAIR, action: UNKNOWN }, []],
  ])("%s", (_what, inputs, expected) => {
    expect(identities(inputs)).toEqual(expected);
  });
});

describe("diff", () => {
  it.each<[string, Partial<typeof PAIR>, string[]]>([
    ["nothing", {}, []],
    ["the receiver", { receiverId: "2" }, ["receiverId"]],
    ["the resource", { resource: "RUNS" }, ["resource"]],
    ["the action", { action: "CREATE" }, ["action"]],
    ["everything", { receiverId: "2", resource: "RUNS", action: "CREATE" }, ["receiverId", "resource", "action"]],
    ["a receiver that is not known yet", { receiverId: UNKNOWN }, ["receiverId"]],
  ])("of %s takes a new subscription for what differs", (_what, change, replaces) => {
    expect(diff("1", STATE, { ...PAIR, ...change })).toEqual({ changes: replaces.length > 0, replaces });
  });

  it("never leads to an update in place", async () => {
    const emulator = await start();
    expect(await update(ionOn(emulator), "1", STATE, PAIR)).toBe(STATE);
    expect(emulator.requests).toEqual([]);
  });
});

describe("create", () => {
  it("makes the subscription, and nothing else", async () => {
    const emulator = await withReceivers(1);
    expect(await create(ionOn(emulator), PAIR)).toEqual({ id: "1", state: STATE });
    expect(emulator.store.listSubscriptions()).toMatchObject([PAIR]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookSubscription"]]);
  });

  it("takes over the exact twin, and no other", async () => {
    const emulator = await withReceivers(2);
    for (const near of [{ receiverId: "2" }, { resource: "RUNS" }, { action: "CREATE" }, {}]) {
      emulator.store.createSubscription({ ...PAIR, ...near });
    }
    expect(await create(ionOn(emulator), PAIR)).toEqual({ id: "4", state: STATE });
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("takes over the oldest of several, in whatever order ION shows them", async () => {
    const { emulator, id } = await subscribed();
    for (let twins = 1; twins < 12; twins += 1) emulator.store.createSubscription(PAIR);
    for (const fetch of [globalThis.fetch, intercept((_sent, pass) => reversed(pass()))]) {
      expect(await create(ionOn(emulator, { fetch }), PAIR)).toEqual({ id, state: STATE });
    }
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("of all of Violet's pairs takes one query and one request", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator);
    const pairs = VIOLET_RESOURCES.flatMap((resource) =>
      ["CREATE", "UPDATE"].map((action) => ({ ...PAIR, resource, action })),
    );
    const outcomes = await Promise.all(pairs.map((pair) => create(ion, pair)));
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(34);
    expect([countOf(emulator, "query"), mutationsIn(emulator).map((fields) => fields.length)]).toEqual([1, [34]]);
    await Promise.all(pairs.map((pair) => create(ionOn(emulator), pair)));
    expect(emulator.store.listSubscriptions()).toHaveLength(34);
  });

  it("on a receiver that is not there says so, and sends nothing", async () => {
    const emulator = await withReceivers(1);
    const { kind, message } = await failureOf(create(ionOn(emulator), { ...PAIR, receiverId: "7" }));
    expect([kind, mutationsIn(emulator)]).toEqual(["gone", []]);
    expect(message).toBe(
      "There is no webhook receiver with id 7 in the ION at loopback, so it cannot be subscribed to PARTS UPDATE.",
    );
  });

  it("whose answer was lost is not made twice", async () => {
    const emulator = await withReceivers(1);
    const lost = intercept(async ({ mutation, number }, pass) => {
      const answer = await pass();
      if (mutation && number === 1) throw connectionReset();
      return answer;
    });
    expect(await create(ionOn(emulator, { fetch: lost }), PAIR)).toEqual({ id: "1", state: STATE });
    expect(emulator.store.listSubscriptions()).toHaveLength(1);
  });

  it("of a known name that this ION lacks says which it has", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "r1", webhookUri: "https://hooks.example/1" });
    const newer = intercept(({ query }, pass) =>
      query.includes("__type")
        ? rewrite(pass(), (text) => text.replace('"RUN_STEPS"', '"RUN"},{"name":"RUN_STEPS"'))
        : pass(),
    );
    const ion = ionOn(emulator, { fetch: newer });
    const outcomes = await Promise.all([
      failureOf(create(ion, { ...PAIR, resource: "RUNS" })),
      failureOf(create(ion, { ...PAIR, resource: "RUNS", action: "CREATE" })),
      create(ion, PAIR),
    ]);
    for (const { kind, message } of outcomes.slice(0, 2) as IonError[]) {
      expect(kind).toBe("invalid");
      expect(message).toMatch(
        /^ION did not subscribe receiver 1 to RUNS .* This ION has no resource RUNS\. Did you mean RUN\?$/,
      );
    }
    expect(outcomes[2]).toMatchObject({ state: STATE });
    expect(emulator.requests.filter(({ operation }) => operation?.name === "SubscriptionEnums")).toHaveLength(1);
  });

  it("of a known name that this ION lacks says what ION said where its schema is not to be had", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    emulator.store.createReceiver({ name: "r1", webhookUri: "https://hooks.example/1" });
    const shy = intercept(({ query }, pass) =>
      query.includes("__type") ? Promise.resolve(new Response("", { status: 403 })) : pass(),
    );
    const { message } = await failureOf(create(ionOn(emulator, { fetch: shy }), { ...PAIR, resource: "RUNS" }));
    expect(message).toMatch(/^ION did not subscribe receiver 1 to RUNS UPDATE: .*RUNS/);
    expect(message).not.toContain("This ION has no");
  });

  it("that ION refuses names the pair and the permission", async () => {
    const emulator = await withReceivers(1);
    emulator.settings.deniedPermissions.add("CreateWebhookSubscription");
    const { kind, message } = await failureOf(create(ionOn(emulator), PAIR));
    expect(kind).toBe("permission");
    expect(message).toMatch(
      /^ION did not subscribe receiver 1 to PARTS UPDATE: .* permission CreateWebhookSubscription:/,
    );
  });
});

describe("read", () => {
  it.each<[string, (store: Emulator["store"]) => void, object]>([
    ["of what nobody touched is as it was", () => {}, {}],
    ["shows another resource", (store) => store.updateSubscription("1", { resource: "RUNS" }), { resource: "RUNS" }],
    ["shows another action", (store) => store.updateSubscription("1", { action: "DELETE" }), { action: "DELETE" }],
    [
      "finds it on another receiver",
      (store) => store.updateSubscription("1", { receiverId: "2" }),
      { receiverId: "2" },
    ],
  ])("%s", async (_what, edit, changed) => {
    const { emulator, id } = await subscribed();
    edit(emulator.store);
    const found = await read(ionOn(emulator), id, STATE);
    expect(found).toEqual({ inputs: { ...PAIR, ...changed }, state: { ...STATE, ...changed } });
    expect(found && diff(id, found.state, PAIR).replaces).toEqual(Object.keys(changed));
  });

  it.each<[string, (store: Emulator["store"]) => void]>([
    ["deleted", (store) => store.deleteSubscription("1")],
    ["deleted with its receiver", (store) => store.deleteReceiver("1")],
  ])("of what was %s gives nothing", async (_what, edit) => {
    const { emulator, id } = await subscribed();
    edit(emulator.store);
    expect(await read(ionOn(emulator), id, STATE)).toBeUndefined();
  });

  it("of one that is there twice says so, in words", async () => {
    const { emulator, id } = await subscribed();
    const told: string[] = [];
    await read(ionOn(emulator, { warn: (words) => told.push(words) }), id, STATE);
    expect(told).toEqual([]);
    emulator.store.createSubscription({ ...PAIR, action: "CREATE" });
    emulator.store.createSubscription(PAIR);
    await read(ionOn(emulator, { warn: (words) => told.push(words) }), id, STATE);
    expect(told).toEqual([
      "Webhook receiver 1 is subscribed to PARTS UPDATE 2 times (ids 1, 3): each such event arrives 2 times.",
    ]);
  });

  it("of a deleted one that has a twin by now gives nothing: the twin is for create to take over", async () => {
    const { emulator, id } = await subscribed();
    emulator.store.deleteSubscription(id);
    emulator.store.createSubscription(PAIR);
    expect(await read(ionOn(emulator), id, STATE)).toBeUndefined();
    expect((await create(ionOn(emulator), PAIR)).id).toBe("2");
  });

  it("that fails proves nothing", async () => {
    const { emulator, id } = await subscribed();
    const ion = ionOn(emulator, { fetch: intercept(async () => new Response("", { status: 403 })) });
    expect((await failureOf(read(ion, id, STATE))).kind).toBe("permission");
  });
});

describe("delete", () => {
  it("ends the subscription, and is content when it is gone already", async () => {
    const { emulator, id } = await subscribed();
    const bystander = emulator.store.createSubscription({ ...PAIR, receiverId: "2" });
    await remove(ionOn(emulator), id, STATE, false);
    await remove(ionOn(emulator), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([bystander]);
    expect(mutationsIn(emulator)).toEqual([["deleteWebhookSubscription"]]);
  });

  it.each<[string, (store: Emulator["store"]) => void]>([
    ["goes", (store) => store.deleteSubscription("1")],
    ["goes with its receiver", (store) => store.deleteReceiver("1")],
    ["is changed", (store) => store.updateSubscription("1", { action: "DELETE" })],
  ])("is content when it %s while it is looked at", async (_what, edit) => {
    const { emulator, id } = await subscribed();
    const raced = intercept((sent, pass) => {
      if (sent.mutation && sent.number === 1) edit(emulator.store);
      return pass();
    });
    await remove(ionOn(emulator, { fetch: raced }), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([]);
  });

  it("that loses the race twice says who should look at what", async () => {
    const { emulator, id } = await subscribed();
    const raced = intercept((sent, pass) => {
      if (sent.mutation) emulator.store.updateSubscription(id, { action: "DELETE" });
      return pass();
    });
    const { kind, message } = await failureOf(remove(ionOn(emulator, { fetch: raced }), id, STATE, false));
    expect([kind, emulator.store.listSubscriptions().length]).toEqual(["conflict", 1]);
    expect(message).toMatch(/end the subscription of receiver 1 to PARTS DELETE \(id 1\).*find out who works on/);
  });

  it("finds it on another receiver", async () => {
    const { emulator, id } = await subscribed();
    emulator.store.updateSubscription(id, { receiverId: "2" });
    await remove(ionOn(emulator), id, STATE, false);
    expect(emulator.store.listSubscriptions()).toEqual([]);
  });

  it("leaves one that is declared under another name, unless ION has it twice", async () => {
    const { emulator, id } = await subscribed();
    emulator.store.createSubscription({ ...PAIR, resource: "RUNS" });
    await remove(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
    emulator.store.createSubscription(PAIR);
    await remove(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions().map((left) => left.id)).toEqual(["2", "3"]);
  });

  it("of one that was changed by hand, and whose pair another resource declares and holds, ends it", async () => {
    const { emulator, id } = await subscribed();
    emulator.store.updateSubscription(id, { resource: "RUNS" });
    emulator.store.createSubscription(PAIR);
    await remove(ionOn(emulator), id, STATE, true);
    expect(emulator.store.listSubscriptions()).toMatchObject([PAIR]);
  });
});
