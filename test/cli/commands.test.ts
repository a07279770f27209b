/** The commands beside what a stack's state says, as a person reads them. */
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { Declared } from "../../provider/cli/stackState.ts";
import { start } from "../support/support.ts";
import { declare } from "./declare.ts";
import { cli, type Place } from "./run.ts";
import { projectWith } from "./stack.ts";

type Inputs = Parameters<typeof declare>[1][number]["inputs"];

const VIOLET: Inputs = {
  name: "Violet",
  webhookUri: "https://violet.example/canary",
  headers: { "X-Plant": "canary" },
};
const ERP: Inputs = { name: "ERP", webhookUri: "https://erp.example/canary" };

/** What a stack declares of one receiver, its subscriptions made one after the other, so that their ids are known. */
async function inOrder(emulator: Emulator, inputs: Inputs, pairs: readonly string[]): Promise<Declared> {
  const made: Declared[] = [];
  for (const pair of pairs) made.push(await declare(emulator, [{ inputs, pairs: [pair] }]));
  const { receivers = [], watched = new Set<string>() } = made[0] ?? {};
  return { receivers, watched, subscriptions: made.flatMap(({ subscriptions }) => subscriptions) };
}

/** A stack with two receivers, and what somebody did to them in ION by hand. */
async function edited() {
  const emulator = await start();
  const violet = await inOrder(emulator, VIOLET, ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE"]);
  const erp = await inOrder(emulator, ERP, ["ISSUES UPDATE"]);
  const declared = {
    receivers: [...violet.receivers, ...erp.receivers],
    subscriptions: [...violet.subscriptions, ...erp.subscriptions],
    watched: new Set([...violet.watched, ...erp.watched]),
  };
  const { store } = emulator;
  const idOf = (resource: string, action: string) =>
    store.listSubscriptions().find((one) => one.resource === resource && one.action === action)?.id ?? "";
  store.deleteSubscription(idOf("PARTS", "CREATE"));
  store.createSubscription({ receiverId: "1", resource: "RUNS", action: "UPDATE" });
  store.createSubscription({ receiverId: "1", resource: "PLANS", action: "DELETE" });
  store.deleteReceiver("2");
  store.createReceiver({ name: "Other", webhookUri: "https://other.example/canary", active: false });
  store.createSubscription({ receiverId: "3", resource: "USERS", action: "UPDATE" });
  return projectWith({ dev: { emulator, declared } });
}

/** What a command prints, without what differs from run to run. */
async function printed(place: Place, ...args: string[]) {
  const { code, out, err } = await cli(args, { ...place, columns: 120, colours: true });
  expect(out + err).not.toContain("canary");
  const text = [out, err].filter(Boolean).join("\n");
  return `${text.replaceAll(place.cwd ?? "", "<folder>").replaceAll(/127\.0\.0\.1:\d+/g, "<ion>")}\nexit code ${code}`;
}

async function clean(inputs: Inputs, pairs: readonly string[]) {
  const emulator = await start();
  return { emulator, declared: await inOrder(emulator, inputs, pairs) };
}

describe("drift", () => {
  it("says what differs", async () => {
    expect(await printed(await edited(), "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev), 2 receivers and 4 subscriptions declared</bold>. <red>4 differences:</red>
        <red>-</red> missing     The receiver "ERP" (id 2) is gone, and with it 1 declared subscription: nothing arrives there.
        <red>-</red> missing     "Violet" (id 1) is not subscribed to PARTS CREATE any more: those events do not arrive.
        <red>=</red> twin        "Violet" (id 1) is subscribed to RUNS UPDATE 2 times (ids 3, 5): each event arrives 2 times.
        <red>+</red> extra       "Violet" (id 1) is subscribed to PLANS DELETE (id 6), which nobody declared.
      \`pulumi preview\` shows what \`pulumi up\` would do about it.
      Good to know, and no drift:
        <yellow>?</yellow> undeclared  "Other" (id 3) with 1 subscription is not declared in this stack.
      exit code 2"
    `);
  });

  it("says so where nothing does, of each ION that the stack speaks to", async () => {
    const [own, other] = [await clean(VIOLET, ["PARTS UPDATE"]), await clean(ERP, ["RUNS UPDATE"])];
    const place = await projectWith({ dev: { ...own, other: { ...other, connection: "plant-b" } } });
    expect(await printed(place, "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev), 1 receiver and 1 subscription declared; ION at <ion> (stack dev, connection plant-b), 1 receiver and 1 subscription declared</bold>. <green>No drift.</green>
      exit code 0"
    `);
    other.emulator.store.updateReceiver("1", { active: false });
    expect(await printed(place, "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev), 1 receiver and 1 subscription declared; ION at <ion> (stack dev, connection plant-b), 1 receiver and 1 subscription declared</bold>. <red>1 difference:</red>
        <red>~</red> changed     plant-b: "ERP" (id 1): active is false, declared true. ION sends it nothing.
      \`pulumi preview\` shows what \`pulumi up\` would do about it.
      exit code 2"
    `);
    expect(await printed(place, "drift", "--connection", "plant-b", "--json")).toMatchInlineSnapshot(`
      "{
        "stack": "dev",
        "ions": [
          {
            "ion": "loopback (plant-b)",
            "connection": "plant-b",
            "declared": {
              "receivers": 1,
              "subscriptions": 1
            }
          }
        ],
        "drift": true,
        "findings": [
          {
            "object": "receiver",
            "ids": [
              "1"
            ],
            "receiverId": "1",
            "urn": "urn:pulumi:test::project::pulumi-nodejs:dynamic/ion:WebhookReceiver::ERP",
            "kind": "changed",
            "drift": true,
            "fields": [
              "active"
            ],
            "message": "plant-b: \\"ERP\\" (id 1): active is false, declared true. ION sends it nothing.",
            "connection": "plant-b"
          }
        ]
      }
      exit code 2"
    `);
    own.emulator.store.deleteReceiver("1");
    expect(await printed(place, "drift", "--connection", "plant-b")).toContain("1 difference:");
  });

  it("compares two stacks", async () => {
    const [dev, staging] = [
      await clean({ ...VIOLET, description: "one" }, ["PARTS UPDATE", "RUNS UPDATE"]),
      await clean({ ...VIOLET, description: "other" }, ["PARTS UPDATE", "ISSUES CREATE"]),
    ];
    const place = await projectWith({ dev, staging });
    expect(await printed(place, "drift", "--compare", "dev", "staging")).toMatchInlineSnapshot(`
      "<bold>Stack dev (1 receiver and 2 subscriptions) against stack staging (1 receiver and 2 subscriptions)</bold>. <red>3 differences:</red>
        <red>~</red> changed     "Violet": description is "one" in dev and "other" in staging.
        <red>-</red> missing     "Violet" is subscribed to RUNS UPDATE in dev and not in staging.
        <red>+</red> extra       "Violet" is subscribed to ISSUES CREATE in staging and not in dev.
      What is compared is what each stack's last \`pulumi up\` left: run that where the program is ahead.
      Good to know, and no drift:
        <yellow>=</yellow> twin        "Violet" has the same webhookUri in dev and staging: each environment usually has its own.
      exit code 2"
    `);
    expect(await printed(place, "drift", "--compare", "dev", "staging", "--json")).toContain('"stacks": [');
    expect(await printed(place, "drift", "--compare", "dev", "dev")).toMatchInlineSnapshot(`
      "pulumi-ion: --compare takes the names of two stacks: \`pulumi-ion drift --compare staging production\`.
      exit code 1"
    `);
    expect(await printed(place, "drift", "--compare", "dev", "staging", "third")).toMatch(/names of two stacks/);
    expect(await printed(place, "drift", "--compare", "dev", "third")).toMatchInlineSnapshot(`
      "pulumi-ion: \`pulumi\` did not show the stack: no stack named 'third' found. To go on: see \`pulumi stack ls\`.
      exit code 1"
    `);
  });
});

describe("status", () => {
  it("marks what the stack declares otherwise", async () => {
    expect(await printed(await edited(), "status", "--stack", "dev")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev): 2 receivers</bold>

      <bold>Resource</bold>  <bold>Violet (1)</bold>                                          <bold>Other (3)</bold>  <bold>ERP (2)</bold>
      ABOM_INSTALLATIONS     <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      FILE_ATTACHMENTS       <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      ISSUES                 <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <red>!UPDATE</red>
      ORGANIZATIONS          <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      PARTS                  <red>!CREATE</red> <green>UPDATE</green>   <dim>-      </dim>    <dim>-     </dim>       <dim>-      </dim>
      PLAN_INPUTS            <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      PLAN_ITEMS             <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      PLANS                  <dim>-      </dim> <dim>-       </dim> <yellow>+DELETE</yellow>  <dim>-     </dim>       <dim>-      </dim>
      PROCEDURES             <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      PURCHASE_ORDER_LINES   <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      PURCHASE_ORDERS        <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      RECEIPTS               <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      RECEIPT_ITEMS          <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      RUNS                   <dim>-      </dim> <red>2xUPDATE</red> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      RUN_STEPS              <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      STEPS                  <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      SUPPLIERS              <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>-     </dim>       <dim>-      </dim>
      USERS                  <dim>-      </dim> <dim>-       </dim> <dim>-      </dim>        <dim>UPDATE</dim>       <dim>-      </dim>
      !ACTION  declared, and not in ION
      2xACTION  there more than once: each event arrives as often
      +ACTION  in ION, and not declared

      "Violet" (id 1): <green>active</green>; sent as application/json; expects HTTP 200 back; with header X-Plant
      "Other" (id 3): <red>inactive: ION sends it nothing</red>; sent as application/json; expects HTTP 200 back; <yellow>not declared in this stack</yellow>
      "ERP" (id 2): <red>is gone from ION</red>, and the stack declares it

      <red>!!</red>  Violet's guide lists 34 pairs, and nobody is subscribed to 32 of them:
          ABOM_INSTALLATIONS CREATE+UPDATE, FILE_ATTACHMENTS CREATE+UPDATE, ISSUES CREATE+UPDATE, ORGANIZATIONS CREATE+UPDATE,
          PARTS CREATE, PLAN_INPUTS CREATE+UPDATE, PLAN_ITEMS CREATE+UPDATE, PLANS CREATE+UPDATE, PROCEDURES CREATE+UPDATE,
          PURCHASE_ORDER_LINES CREATE+UPDATE, PURCHASE_ORDERS CREATE+UPDATE, RECEIPTS CREATE+UPDATE,
          RECEIPT_ITEMS CREATE+UPDATE, RUNS CREATE, RUN_STEPS CREATE+UPDATE, STEPS CREATE+UPDATE, SUPPLIERS CREATE+UPDATE
      <red>!!</red>  1 pair subscribed more than once (2x above): each event arrives as often.
      <yellow> i</yellow>  No pair of Violet's guide is a DELETE. Here, deletions are told of: PLANS.
      <yellow> i</yellow>  Beyond Violet's guide, ION offers 33 pairs that nobody takes:
          DELETE of
            ABOM_INSTALLATIONS, FILE_ATTACHMENTS, ISSUES, ORGANIZATIONS, PARTS, PLAN_INPUTS, PLAN_ITEMS, PROCEDURES,
            PURCHASE_ORDER_LINES, PURCHASE_ORDERS, RECEIPTS, RECEIPT_ITEMS, RUNS, RUN_STEPS, STEPS, SUPPLIERS
          CREATE, UPDATE, DELETE of
            COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES
          CREATE, DELETE of
            USERS
      exit code 0"
    `);
  });

  it("has a list where the terminal is narrow, and JSON for a machine", async () => {
    const place = await edited();
    const { out } = await cli(["status", "--stack", "dev"], { ...place, columns: 29, colours: true });
    expect(out.slice(out.indexOf("\n"), out.indexOf('\n\n"Violet'))).toMatchInlineSnapshot(`
      "

      <bold>Violet (1)</bold>
        PARTS
          <red>!CREATE</red> <green>UPDATE</green>
        PLANS
          <yellow>+DELETE</yellow>
        RUNS
          <red>2xUPDATE</red>
      !ACTION  declared, and not in ION
      2xACTION  there more than once: each event arrives as often
      +ACTION  in ION, and not declared

      <bold>Other (3)</bold>
        USERS
          <dim>UPDATE</dim>

      <bold>ERP (2)</bold>
        ISSUES
          <red>!UPDATE</red>
      !ACTION  declared, and not in ION"
    `);
    const { receivers } = JSON.parse((await cli(["status", "--json"], place)).out);
    expect(receivers).toMatchInlineSnapshot(`
      [
        {
          "active": true,
          "contentType": "application/json",
          "declared": true,
          "exists": true,
          "expectedResponseCode": 200,
          "headers": [
            "X-Plant",
          ],
          "id": "1",
          "name": "Violet",
          "pairs": [
            {
              "action": "UPDATE",
              "declared": true,
              "ids": [
                "2",
              ],
              "resource": "PARTS",
            },
            {
              "action": "UPDATE",
              "declared": true,
              "ids": [
                "3",
                "5",
              ],
              "resource": "RUNS",
            },
            {
              "action": "DELETE",
              "declared": false,
              "ids": [
                "6",
              ],
              "resource": "PLANS",
            },
            {
              "action": "CREATE",
              "declared": true,
              "ids": [],
              "resource": "PARTS",
            },
          ],
        },
        {
          "active": false,
          "contentType": "application/json",
          "declared": false,
          "exists": true,
          "expectedResponseCode": 200,
          "headers": [],
          "id": "3",
          "name": "Other",
          "pairs": [
            {
              "action": "UPDATE",
              "ids": [
                "7",
              ],
              "resource": "USERS",
            },
          ],
        },
        {
          "active": false,
          "declared": true,
          "exists": false,
          "headers": [],
          "id": "2",
          "name": "ERP",
          "pairs": [
            {
              "action": "UPDATE",
              "declared": true,
              "ids": [],
              "resource": "ISSUES",
            },
          ],
        },
      ]
    `);
  });
});

describe("export", () => {
  it("says what was written and what to type next", async () => {
    expect(await printed(await edited(), "export")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev)</bold>: wrote 2 receivers and 5 subscriptions as a program to <folder>/ion-webhooks
      (Pulumi.yaml, package.json, tsconfig.json, index.ts).

      <bold>To take them over:</bold>
        cd ion-webhooks
        npm install
        npx pulumi stack init dev
        npx pulumi config set ion:endpoint http://<ion>/graphql
        npx pulumi config set ion:authUrl http://<ion>/realms/api-keys/protocol/openid-connect/token
        npx pulumi config set ion:clientId emulator
        npx pulumi config set --secret ion:clientSecret  <dim># asks for it</dim>
        npx pulumi up                                    <dim># says "create", and means taking over: nothing in ION changes</dim>
        npx pulumi preview                               <dim># shows no changes</dim>

      <bold>Secrets</bold> stay as they are in ION, and none was written. To have one in the stack's config (needed to make these
      receivers in another ION), set it; of a receiver's headers, all or none. Each command asks for the value:
        <dim># "Violet" (id 1)</dim>
        npx pulumi config set --secret violetWebhookUri
        npx pulumi config set --secret violetSharedSecret
        npx pulumi config set --secret --path 'violetHeaders["X-Plant"]'
        <dim># "Other" (id 3)</dim>
        npx pulumi config set --secret otherWebhookUri
        npx pulumi config set --secret otherSharedSecret
      exit code 0"
    `);
  });
});

it("shows the same help where it was not told what to do, as a failure", async () => {
  const [asked, failed] = [await cli(["--help"]), await cli([])];
  expect(failed).toEqual({ code: 1, out: "", err: asked.out });
});

it.each([[[]], [["doctor"]], [["drift"]], [["status"]], [["export"]], [["listen"]]])("%j has help", async (command) => {
  const { code, out } = await cli([...command, "--help"]);
  expect(code).toBe(0);
  expect(out).toMatchSnapshot();
});
