import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { GUIDE } from "../../../provider/cli/status/coverage.ts";
import { type Terminal, withSlowNotice } from "../../../provider/cli/terminal.ts";
import { start } from "../../support/support.ts";
import { cli, envOf } from "../run.ts";

/** Violet's receiver with the whole guide, but for what is left out. */
function violet({ store }: Emulator, leftOut: readonly string[] = []) {
  const { id } = store.createReceiver({
    name: "Violet",
    webhookUri: "https://violet.example/canary",
    sharedSecret: "canary",
  });
  for (const { resource, action } of GUIDE) {
    if (!leftOut.includes(`${resource} ${action}`)) store.createSubscription({ receiverId: id, resource, action });
  }
  return id;
}

async function statusOf(emulator: Emulator, place: Parameters<typeof cli>[1] = {}) {
  const { code, out, err } = await cli(["status"], { env: envOf(emulator), ...place });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).not.toContain("canary");
  expect(out).not.toMatch(/\n\n\n|\n$/);
  return out;
}

describe("status", () => {
  it("says that the whole guide is subscribed, what of it never arrives, and that nothing tells of deletions", async () => {
    const emulator = await start();
    violet(emulator);
    const out = await statusOf(emulator);
    expect(out).toMatch(/^ION at 127\.0\.0\.1:\d+ \(from environment variables\): 1 receiver\n/);
    expect(out).toContain("\nPARTS                 CREATE UPDATE\n");
    expect(out).toContain("ok  All 34 pairs of Violet's guide are subscribed.");
    expect(out).toContain("PURCHASE_ORDER_LINES CREATE is subscribed and never arrives:");
    expect(out).toContain("Nobody is told of deletions. No pair of Violet's guide is a DELETE");
    expect(out).not.toContain("!!");
  });

  it("names what of the guide nobody is subscribed to, and what is on offer beyond it", async () => {
    const emulator = await start();
    violet(emulator, ["PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"]);
    const out = await statusOf(emulator);
    expect(out).toContain("\nPARTS                 CREATE -\n");
    expect(out).toContain(
      "!!  Violet's guide lists 34 pairs, and nobody is subscribed to 3 of them:\n    PARTS UPDATE, RUNS CREATE+UPDATE\n",
    );
    expect(out).toMatch(
      / i {2}Beyond Violet's guide, ION offers \d+ pairs that nobody takes:\n {4}DELETE of\n {6}ABOM_INSTALLATIONS, /,
    );
  });

  it("tells what arrives twice or not at all", async () => {
    const emulator = await start();
    const { store } = emulator;
    const id = violet(emulator);
    store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    store.createReceiver({ name: "Again", webhookUri: "https://violet.example/canary" });
    const twice = await statusOf(emulator);
    expect(twice).toContain("2xUPDATE");
    expect(twice).toContain("2xACTION  there more than once: each event arrives as often");
    expect(twice).toContain('!!  "Violet" (id 1) and "Again" (id 2) have one URL');
    expect(twice).toContain('"Again" (id 2): active; subscribed to nothing;');
    store.updateReceiver(id, { active: false });
    const idle = await statusOf(emulator);
    expect(idle).toContain('"Violet" (id 1): inactive: ION sends it nothing;');
    expect(idle).toContain("!!  Of Violet's guide, only inactive receivers are subscribed to 34 pairs:");
    expect(idle).not.toContain("ok  All");
  });

  it("is not taken in by names", async () => {
    const emulator = await start();
    const name = "\u001b[2Jx\r\n::error::y\u202e";
    emulator.store.createReceiver({ name, webhookUri: "https://x.example" });
    const out = await statusOf(emulator);
    expect(out).toContain('"\\u001b[2Jx\\u000d\\u000a::error::y\\u202e" (id 1)');
    expect(out).not.toMatch(/^::/m);
  });

  it.each([
    [34, /^RUNS/m, false],
    [60, /^RUNS +CREATE UPDATE +DELETE +DELETE$/m, true],
    [200, /^RUNS +CREATE UPDATE +DELETE +DELETE +DELETE$/m, true],
  ])("is readable in a terminal of %i columns", async (columns, row, isTable) => {
    const emulator = await start();
    violet(emulator);
    for (const name of ["A", "Bee", "Another"]) {
      const { id } = emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
      emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "DELETE" });
    }
    const out = await statusOf(emulator, { columns });
    if (isTable) expect(out).toMatch(row);
    else expect(out).toContain("Violet (1)\n  ABOM_INSTALLATIONS\n    CREATE UPDATE\n");
    const table = out.split("\n\n").filter((part) => part.startsWith("Resource"));
    for (const line of table.join("\n").split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    for (const name of ["A (2)", "Bee (3)", "Another (4)"]) expect(out).toContain(name);
  });

  it("is one table after the other where the terminal is narrow", async () => {
    const emulator = await start();
    const { store } = emulator;
    const taken = [
      ["Violet", ["PARTS DELETE", "PARTS UPDATE", "RUNS CREATE", "LABELS UPDATE"]],
      ["Nobody", []],
      ["Four and twenty letters ", ["USERS DELETE"]],
      ["Four and twenty letters +", ["RUNS UPDATE", "RUNS UPDATE"]],
    ] as const;
    for (const [name, pairs] of taken) {
      const { id } = store.createReceiver({ name, webhookUri: `https://example.com/canary/${name.length}` });
      for (const pair of pairs) {
        const [resource = "", action = ""] = pair.split(" ");
        store.createSubscription({ receiverId: id, resource, action });
      }
    }
    const out = await statusOf(emulator, { columns: 60 });
    expect(out.slice(out.indexOf("\n"), out.indexOf('"Violet"'))).toMatchInlineSnapshot(`
      "

      Resource              Violet (1)            Nobody (2)
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

      Resource              Four and twenty letters  (3)
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

      Resource              Four and twenty letters… (4)
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
      2xACTION  there more than once: each event arrives as often

      "
    `);
  });

  it.each([
    [38, 1],
    [37, 2],
    [30, 2],
    [29, 0],
  ])("has in a terminal of %i columns %i tables of two receivers", async (columns, tables) => {
    const emulator = await start();
    for (const name of ["A", "B"]) {
      const { id } = emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
      emulator.store.createSubscription({ receiverId: id, resource: "RUNS", action: "DELETE" });
    }
    const out = await statusOf(emulator, { columns });
    expect(out.match(/^Resource/gm) ?? []).toHaveLength(tables);
    expect(out.match(/^ {2}RUNS\n {4}DELETE$/gm) ?? []).toHaveLength(tables === 0 ? 2 : 0);
  });

  it("marks what counts in colour, where there is colour", async () => {
    const emulator = await start();
    const id = violet(emulator);
    emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    const out = await statusOf(emulator, { colours: true });
    expect(out).toContain("<green>CREATE</green>");
    expect(out).toContain("<red>2xUPDATE</red>");
  });

  it("is one JSON object for a machine", async () => {
    const emulator = await start();
    violet(emulator, ["PARTS UPDATE"]);
    const { out } = await cli(["status", "--json"], { env: envOf(emulator) });
    const { ion, receivers, verdict } = JSON.parse(out);
    expect(ion).toBe("loopback");
    expect(receivers).toMatchObject([{ id: "1", name: "Violet", exists: true, active: true, headers: [] }]);
    expect(receivers[0].pairs).toHaveLength(33);
    expect(verdict).toMatchObject({
      guideMissing: [{ resource: "PARTS", action: "UPDATE" }],
      guideInactive: [],
      neverDelivered: [{ resource: "PURCHASE_ORDER_LINES", action: "CREATE" }],
      oneUrl: [],
      deletions: [],
    });
    expect(out).not.toContain("canary");
  });

  it("does without what ION offers, where that is not shown", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput", "createWebhookSubscription"] });
    violet(emulator);
    expect(await statusOf(emulator)).toContain("ION does not show what else it offers.");
  });
});

/** What status makes of what there is, below the receivers. */
const judged = (out: string) => out.slice(out.lastIndexOf("\n\n") + 2);

describe("what to make of what there is", () => {
  it("is that nothing is taken, where ION has no receiver", async () => {
    const out = await statusOf(await start({ hide: ["createWebhookSubscription"] }), { colours: true });
    expect(out.replace(/:\d+/, ":<port>")).toMatchInlineSnapshot(`
      "<bold>ION at 127.0.0.1:<port> (from environment variables): 0 receivers</bold>

      <red>!!</red>  Nobody is subscribed to any of the 34 pairs of Violet's guide.
      <yellow> i</yellow>  Nobody is told of deletions. No pair of Violet's guide is a DELETE: what is deleted in ION, Violet is not told.
      <yellow> i</yellow>  Beyond Violet's guide, ION offers 35 pairs that nobody takes:
          DELETE of
            ABOM_INSTALLATIONS, FILE_ATTACHMENTS, ISSUES, ORGANIZATIONS, PARTS, PLAN_INPUTS, PLAN_ITEMS,
            PLANS, PROCEDURES, PURCHASE_ORDER_LINES, PURCHASE_ORDERS, RECEIPTS, RECEIPT_ITEMS, RUNS,
            RUN_STEPS, STEPS, SUPPLIERS
          CREATE, UPDATE, DELETE of
            COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS"
    `);
  });

  it("is that all is well, where everything on offer is taken", async () => {
    const emulator = await start();
    const id = violet(emulator);
    const { out } = await cli(["status", "--json"], { env: envOf(emulator) });
    for (const { resource, action } of JSON.parse(out).verdict.untaken) {
      emulator.store.createSubscription({ receiverId: id, resource, action });
    }
    expect(judged(await statusOf(emulator, { colours: true }))).toMatchInlineSnapshot(`
      "<green>ok</green>  All 34 pairs of Violet's guide are subscribed.
      <yellow> i</yellow>  PURCHASE_ORDER_LINES CREATE is subscribed and never arrives:
          ION sends no event when a purchase order line is created (Violet's guide, known limitation 1);
          new lines reach Violet with its next scheduled fetch.
      <yellow> i</yellow>  No pair of Violet's guide is a DELETE. Here, deletions are told of: ABOM_INSTALLATIONS, FILE_ATTACHMENTS, ISSUES, ORGANIZATIONS, PARTS, PLAN_INPUTS, PLAN_ITEMS, PLANS, PROCEDURES, PURCHASE_ORDER_LINES, PURCHASE_ORDERS, RECEIPTS, RECEIPT_ITEMS, RUNS, RUN_STEPS, STEPS, SUPPLIERS, COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS."
    `);
  });

  it("is what only inactive receivers have, what arrives twice, and who has one URL", async () => {
    const emulator = await start();
    const { store } = emulator;
    const id = violet(emulator, ["PARTS UPDATE"]);
    store.createReceiver({ name: "Idle", webhookUri: "https://VIOLET.example/canary", active: false });
    store.createSubscription({ receiverId: "2", resource: "PARTS", action: "UPDATE" });
    store.createReceiver({ name: "Own", webhookUri: "https://own.example/canary" });
    store.createSubscription({ receiverId: id, resource: "RUNS", action: "UPDATE" });
    expect(judged(await statusOf(emulator, { columns: 70 }))).toMatchInlineSnapshot(`
      "!!  Of Violet's guide, only inactive receivers are subscribed to 1 pair:
          PARTS UPDATE
      !!  1 pair subscribed more than once (2x above): each event arrives as often.
      !!  "Violet" (id 1) and "Idle" (id 2) have one URL: what several of them are subscribed to arrives as often.
       i  PURCHASE_ORDER_LINES CREATE is subscribed and never arrives:
          ION sends no event when a purchase order line is created (Violet's
          guide, known limitation 1); new lines reach Violet with its next
          scheduled fetch.
       i  Nobody is told of deletions. No pair of Violet's guide is a DELETE: what is deleted in ION, Violet is not told.
       i  Beyond Violet's guide, ION offers 35 pairs that nobody takes:
          DELETE of
            ABOM_INSTALLATIONS, FILE_ATTACHMENTS, ISSUES, ORGANIZATIONS,
            PARTS, PLAN_INPUTS, PLAN_ITEMS, PLANS, PROCEDURES,
            PURCHASE_ORDER_LINES, PURCHASE_ORDERS, RECEIPTS, RECEIPT_ITEMS,
            RUNS, RUN_STEPS, STEPS, SUPPLIERS
          CREATE, UPDATE, DELETE of
            COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS"
    `);
  });
});

describe("a failure", () => {
  it("to answer soon is told of", async () => {
    const err: string[] = [];
    const terminal = { err: (text: string) => void err.push(text) } as Terminal;
    expect(await withSlowNotice(Promise.resolve(7), terminal, 0)).toBe(7);
    const { promise, resolve } = Promise.withResolvers<number>();
    expect(err).toEqual([]);
    const told = (text: string) => {
      err.push(text);
      resolve(8);
    };
    expect(await withSlowNotice(promise, { ...terminal, err: told }, 0)).toBe(8);
    // Not of the first one, which was there at once.
    expect(err).toEqual(["pulumi-ion: ION takes its time, or is not there; still trying (Ctrl-C ends it)."]);
  });

  it.each([
    ["a wrong key", { ION_CLIENT_SECRET: "canary-wrong" }, /client/i],
    ["an endpoint that is none", { ION_API_URI: "canary, no URL" }, /ion:endpoint is not a URL/],
    ["no settings", { ION_API_URI: "", ION_CLIENT_ID: "" }, /ION_API_URI[\s\S]*ION_CLIENT_ID/],
  ])("such as %s ends with 1, in words and without a secret", async (_what, env, words) => {
    const emulator = await start();
    const ran = await cli(["status", "--json"], { env: { ...envOf(emulator), ...env } });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(words);
    expect(JSON.parse(ran.out)).toEqual({ error: { kind: expect.any(String), message: expect.stringMatching(words) } });
    expect(ran.out + ran.err).not.toMatch(/canary|emulator-secret|\n\s+at /);
  });
});
