import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { GUIDE_EVENTS } from "../../../provider/src/model/events.ts";
import { start } from "../../support/support.ts";
import { eventFrom } from "../declare.ts";
import { cli, envOf } from "../run.ts";

/** Creates Violet's receiver with the whole guide, except some events. */
function createViolet({ store }: Emulator, except: readonly string[] = []) {
  const { id } = store.createReceiver({
    name: "Violet",
    webhookUri: "https://violet.example/canary",
    sharedSecret: "canary",
  });
  for (const { resource, action } of GUIDE_EVENTS) {
    if (!except.includes(`${resource} ${action}`)) store.createSubscription({ receiverId: id, resource, action });
  }
  return id;
}

async function statusOf(emulator: Emulator, place: Parameters<typeof cli>[1] = {}) {
  const { code, out, err } = await cli(["status"], { env: envOf(emulator), ...place });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).not.toContain("canary");
  expect(out).not.toMatch(/\n\n\n|\n$/);
  return out.replace(/:\d+ /, ":<port> ");
}

/** What is printed above the table. */
const problemsIn = (out: string) => out.slice(0, out.indexOf("\n\n"));
/** What is printed below the receivers. */
const notesIn = (out: string) => out.slice(out.lastIndexOf("\n\n") + 2);

describe("what is wrong comes first", () => {
  it("if ION has no receiver", async () => {
    const out = await statusOf(await start(), { colors: true });
    expect(problemsIn(out)).toMatchInlineSnapshot(`
      "<bold>ION at 127.0.0.1:<port> (environment variables): 0 receivers</bold>
      <red>!!</red>  No receiver is subscribed to any of the 34 events of Violet's guide."
    `);
  });

  it("if the whole guide is subscribed to", async () => {
    const emulator = await start();
    createViolet(emulator);
    const out = await statusOf(emulator, { colors: true });
    expect(problemsIn(out)).toMatchInlineSnapshot(`
      "<bold>ION at 127.0.0.1:<port> (environment variables): 1 receiver</bold>
      <green>ok</green>  A receiver is subscribed to each of the 34 events of Violet's guide."
    `);
    expect(out).toContain("\nPARTS                 <green>CREATE</green> <green>UPDATE</green>\n");
  });

  it("if events of the guide are missing", async () => {
    const emulator = await start();
    createViolet(emulator, ["PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"]);
    const out = await statusOf(emulator);
    expect(problemsIn(out)).toMatchInlineSnapshot(`
      "ION at 127.0.0.1:<port> (environment variables): 1 receiver
      !!  No receiver is subscribed to 3 of the 34 events of Violet's guide:
          PARTS UPDATE, RUNS CREATE+UPDATE"
    `);
    expect(out).toContain("\nPARTS                 CREATE -\n");
  });

  it("if receivers are inactive, and events are delivered twice", async () => {
    const emulator = await start();
    const { store } = emulator;
    const id = createViolet(emulator, ["PARTS UPDATE"]);
    store.createReceiver({ name: "Idle", webhookUri: "https://VIOLET.example/canary", active: false });
    store.createSubscription({ receiverId: "2", resource: "PARTS", action: "UPDATE" });
    store.createReceiver({ name: "Own", webhookUri: "https://own.example/canary" });
    store.createSubscription({ receiverId: id, resource: "RUNS", action: "UPDATE" });
    const out = await statusOf(emulator, { columns: 70 });
    expect(problemsIn(out)).toMatchInlineSnapshot(`
      "ION at 127.0.0.1:<port> (environment variables): 3 receivers
      !!  Receiver "Violet" (id 1) has 2 subscriptions to RUNS UPDATE (ids
          27, 35): each event is delivered twice.
      !!  Receivers "Violet" (id 1) and "Idle" (id 2) have the same URL:
          events that more than one of them is subscribed to are delivered
          more than once.
      !!  Only inactive receivers are subscribed to 1 of the 34 events of
          Violet's guide, so these are not delivered:
          PARTS UPDATE"
    `);
    expect(notesIn(out)).toMatchInlineSnapshot(`
      " i  Receiver "Violet" (id 1) is subscribed to PURCHASE_ORDER_LINES
          CREATE, but ION sends no event when a purchase order line is
          created (Violet's guide, known limitation 1). Violet gets new
          lines with its next scheduled fetch.
       i  Receiver "Idle" (id 2) is inactive: ION sends it no events.
       i  No DELETE subscriptions (Violet's guide has none): Violet is not
          notified of deletions.
       i  Available but unused: 35 events beyond Violet's guide:
          ABOM_INSTALLATIONS DELETE, FILE_ATTACHMENTS DELETE, ISSUES DELETE,
          ORGANIZATIONS DELETE, PARTS DELETE, PLAN_INPUTS DELETE,
          PLAN_ITEMS DELETE, PLANS DELETE, PROCEDURES DELETE,
          PURCHASE_ORDER_LINES DELETE, PURCHASE_ORDERS DELETE,
          RECEIPTS DELETE, RECEIPT_ITEMS DELETE, RUNS DELETE,
          RUN_STEPS DELETE, STEPS DELETE, SUPPLIERS DELETE,
          COMMENTS CREATE+UPDATE+DELETE, LABELS CREATE+UPDATE+DELETE,
          LOCATIONS CREATE+UPDATE+DELETE, MBOMS CREATE+UPDATE+DELETE,
          PARTS_INVENTORIES CREATE+UPDATE+DELETE, USERS CREATE+UPDATE+DELETE"
    `);
    expect(out).toContain('Receiver "Own" (id 3): active; no subscriptions;');
  });
});

describe("notes come last", () => {
  it("and list events beyond the guide that are available", async () => {
    const emulator = await start();
    createViolet(emulator);
    expect(notesIn(await statusOf(emulator, { colors: true }))).toMatchInlineSnapshot(`
      "<yellow> i</yellow>  Receiver "Violet" (id 1) is subscribed to PURCHASE_ORDER_LINES CREATE, but ION sends no event
          when a purchase order line is created (Violet's guide, known limitation 1). Violet gets new
          lines with its next scheduled fetch.
      <yellow> i</yellow>  No DELETE subscriptions (Violet's guide has none): Violet is not notified of deletions.
      <yellow> i</yellow>  Available but unused: 35 events beyond Violet's guide:
          ABOM_INSTALLATIONS DELETE, FILE_ATTACHMENTS DELETE, ISSUES DELETE, ORGANIZATIONS DELETE,
          PARTS DELETE, PLAN_INPUTS DELETE, PLAN_ITEMS DELETE, PLANS DELETE, PROCEDURES DELETE,
          PURCHASE_ORDER_LINES DELETE, PURCHASE_ORDERS DELETE, RECEIPTS DELETE, RECEIPT_ITEMS DELETE,
          RUNS DELETE, RUN_STEPS DELETE, STEPS DELETE, SUPPLIERS DELETE, COMMENTS CREATE+UPDATE+DELETE,
          LABELS CREATE+UPDATE+DELETE, LOCATIONS CREATE+UPDATE+DELETE, MBOMS CREATE+UPDATE+DELETE,
          PARTS_INVENTORIES CREATE+UPDATE+DELETE, USERS CREATE+UPDATE+DELETE"
    `);
  });

  it("and do not, if all of them are used", async () => {
    const emulator = await start();
    const id = createViolet(emulator);
    const { out } = await cli(["status", "--json"], { env: envOf(emulator) });
    for (const { resource, action } of JSON.parse(out).coverage.unused) {
      emulator.store.createSubscription({ receiverId: id, resource, action });
    }
    expect(notesIn(await statusOf(emulator, { columns: 2000 }))).toMatchInlineSnapshot(`
      " i  Receiver "Violet" (id 1) is subscribed to PURCHASE_ORDER_LINES CREATE, but ION sends no event when a purchase order line is created (Violet's guide, known limitation 1). Violet gets new lines with its next scheduled fetch.
       i  DELETE subscriptions (Violet's guide has none): ABOM_INSTALLATIONS, FILE_ATTACHMENTS, ISSUES, ORGANIZATIONS, PARTS, PLAN_INPUTS, PLAN_ITEMS, PLANS, PROCEDURES, PURCHASE_ORDER_LINES, PURCHASE_ORDERS, RECEIPTS, RECEIPT_ITEMS, RUNS, RUN_STEPS, STEPS, SUPPLIERS, COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS."
    `);
  });

  it("and say if ION does not list its events", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput", "createWebhookSubscription"] });
    createViolet(emulator);
    expect(
      notesIn(await statusOf(emulator))
        .split("\n")
        .at(-1),
    ).toMatchInlineSnapshot(
      `" i  ION's schema does not list which other events are available, or lists too many to show."`,
    );
  });
});

describe("the table", () => {
  it("escapes names", async () => {
    const emulator = await start();
    const name = "\u001b[2Jx\r\n::error::y\u202e";
    emulator.store.createReceiver({ name, webhookUri: "https://x.example" });
    const out = await statusOf(emulator);
    expect(out).toContain('Receiver "\\u001b[2Jx\\u000d\\u000a\\u003a:error::y\\u202e" (id 1)');
    expect(out).not.toMatch(/^::/m);
  });

  it.each([
    [37, /^RUNS/m, false],
    [60, /^RUNS +CREATE UPDATE +DELETE +DELETE$/m, true],
    [200, /^RUNS +CREATE UPDATE +DELETE +DELETE +DELETE$/m, true],
  ])("fits a terminal of %i columns", async (columns, row, isTable) => {
    const emulator = await start();
    createViolet(emulator);
    for (const name of ["A", "Bee", "Another"]) {
      const { id } = emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
      emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "DELETE" });
    }
    const out = await statusOf(emulator, { columns });
    if (isTable) expect(out).toMatch(row);
    else expect(out).toContain("Violet (id 1)\n  ABOM_INSTALLATIONS\n    CREATE UPDATE\n");
    const table = out.split("\n\n").filter((part) => part.startsWith("Resource"));
    for (const line of table.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    for (const name of ["A (id 2)", "Bee (id 3)", "Another (id 4)"]) expect(out).toContain(name);
  });

  it("is split if the terminal is narrow", async () => {
    const emulator = await start();
    const { store } = emulator;
    const receivers = [
      ["Violet", ["PARTS DELETE", "PARTS UPDATE", "RUNS CREATE", "LABELS UPDATE"]],
      ["None", []],
      ["Four and twenty letters ", ["USERS DELETE"]],
      ["Four and twenty letters +", ["RUNS UPDATE", "RUNS UPDATE"]],
    ] as const;
    for (const [name, events] of receivers) {
      const { id } = store.createReceiver({ name, webhookUri: `https://example.com/canary/${name.length}` });
      for (const event of events) store.createSubscription({ receiverId: id, ...eventFrom(event) });
    }
    const out = await statusOf(emulator, { columns: 60 });
    expect(out.slice(out.indexOf("\n\n"), out.indexOf("\nReceiver"))).toMatchInlineSnapshot(`
      "

      Resource              Violet (id 1)         None (id 2)
      ABOM_INSTALLATIONS    -      -      -
      FILE_ATTACHMENTS      -      -      -
      ISSUES                -      -      -
      ORGANIZATIONS         -      -      -
      PARTS                 -      UPDATE DELETE
      PLAN_INPUTS           -      -      -
      PLAN_ITEMS            -      -      -
      PLANS                 -      -      -
      PROCEDURES            -      -      -
      PURCHASE_ORDER_LINES  -      -      -
      PURCHASE_ORDERS       -      -      -
      RECEIPTS              -      -      -
      RECEIPT_ITEMS         -      -      -
      RUNS                  CREATE -      -
      RUN_STEPS             -      -      -
      STEPS                 -      -      -
      SUPPLIERS             -      -      -
      LABELS                -      UPDATE -
      USERS                 -      -      -

      Resource              Four and twenty letters  (id 3)
      ABOM_INSTALLATIONS    -
      FILE_ATTACHMENTS      -
      ISSUES                -
      ORGANIZATIONS         -
      PARTS                 -
      PLAN_INPUTS           -
      PLAN_ITEMS            -
      PLANS                 -
      PROCEDURES            -
      PURCHASE_ORDER_LINES  -
      PURCHASE_ORDERS       -
      RECEIPTS              -
      RECEIPT_ITEMS         -
      RUNS                  -
      RUN_STEPS             -
      STEPS                 -
      SUPPLIERS             -
      LABELS                -
      USERS                 DELETE

      Resource              Four and twenty letters… (id 4)
      ABOM_INSTALLATIONS    -
      FILE_ATTACHMENTS      -
      ISSUES                -
      ORGANIZATIONS         -
      PARTS                 -
      PLAN_INPUTS           -
      PLAN_ITEMS            -
      PLANS                 -
      PROCEDURES            -
      PURCHASE_ORDER_LINES  -
      PURCHASE_ORDERS       -
      RECEIPTS              -
      RECEIPT_ITEMS         -
      RUNS                  2xUPDATE
      RUN_STEPS             -
      STEPS                 -
      SUPPLIERS             -
      LABELS                -
      USERS                 -
      2xACTION  duplicate: each event is delivered more than once
      "
    `);
  });

  it.each([
    [42, 1],
    [41, 2],
    [32, 2],
    [31, 0],
  ])("of a terminal with %i columns has %i parts for two receivers", async (columns, tables) => {
    const emulator = await start();
    for (const name of ["A", "B"]) {
      const { id } = emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
      emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "DELETE" });
    }
    const out = await statusOf(emulator, { columns });
    expect(out.match(/^Resource/gm) ?? []).toHaveLength(tables);
    expect(out.match(/^ {2}RUNS\n {4}DELETE$/gm) ?? []).toHaveLength(tables === 0 ? 2 : 0);
  });
});

it("prints one JSON object with --json", async () => {
  const emulator = await start();
  createViolet(emulator, ["PARTS UPDATE"]);
  const { out } = await cli(["status", "--json"], { env: envOf(emulator) });
  const { environment, receivers, findings, coverage } = JSON.parse(out);
  expect(environment).toBe(emulator.graphqlUrl);
  expect(receivers).toMatchObject([{ id: "1", name: "Violet", exists: true, active: true, headers: [] }]);
  expect(receivers[0].events).toHaveLength(33);
  expect(findings).toMatchObject([
    { kind: "neverDelivered", drift: false, resource: "PURCHASE_ORDER_LINES", action: "CREATE" },
  ]);
  expect(coverage).toMatchObject({
    guideMissing: [{ resource: "PARTS", action: "UPDATE" }],
    guideInactive: [],
    unused: expect.any(Array),
    deletions: [],
  });
  expect(out).not.toContain("canary");
});

it.each([
  ["a wrong API key", { ION_CLIENT_SECRET: "canary-wrong" }, /client/i],
  ["an invalid endpoint", { ION_API_URI: "canary, no URL" }, /ION_API_URI is not a URL/],
  ["no settings", { ION_API_URI: "", ION_CLIENT_ID: "" }, /ION_API_URI[\s\S]*ION_CLIENT_ID/],
])("exits with 1 for %s, without a secret", async (_what, env, text) => {
  const emulator = await start();
  const ran = await cli(["status", "--json"], { env: { ...envOf(emulator), ...env } });
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(text);
  expect(JSON.parse(ran.out)).toMatchObject({
    error: { kind: expect.any(String), message: expect.stringMatching(text) },
  });
  expect(ran.out + ran.err).not.toMatch(/canary|emulator-secret|\n\s+at /);
});
