/** What each command prints for a stack, as people read it. */
import { describe, expect, it } from "vitest";
import { start } from "../support/support.ts";
import { type Declaration, declare } from "./declare.ts";
import { cli, type Place } from "./run.ts";
import { projectWith } from "./stack.ts";

const VIOLET: Declaration["inputs"] = {
  name: "Violet",
  webhookUri: "https://violet.example/canary",
  headers: { "X-Plant": "canary" },
};
const ERP: Declaration["inputs"] = { name: "ERP", webhookUri: "https://erp.example/canary" };

/** A stack with two receivers, which were changed by hand in ION. */
async function edited() {
  const emulator = await start();
  const declarations = await declare(emulator, [
    { inputs: VIOLET, events: ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE"] },
    { inputs: ERP, events: ["ISSUES UPDATE"] },
  ]);
  const { store } = emulator;
  store.deleteSubscription("1");
  store.createSubscription({ receiverId: "1", resource: "RUNS", action: "UPDATE" });
  store.createSubscription({ receiverId: "1", resource: "PLANS", action: "DELETE" });
  store.deleteReceiver("2");
  store.createReceiver({ name: "Other", webhookUri: "https://other.example/canary", active: false });
  store.createSubscription({ receiverId: "3", resource: "USERS", action: "UPDATE" });
  return projectWith({ dev: { emulator, declarations } });
}

/** A stack with one receiver, as it is in ION. */
async function unchanged(inputs: Declaration["inputs"], events: readonly string[]) {
  const emulator = await start();
  return { emulator, declarations: await declare(emulator, [{ inputs, events }]) };
}

/** What a command prints, without what differs from run to run. */
async function printed(place: Place, ...args: string[]) {
  const { code, out, err } = await cli(args, { ...place, columns: 120, colors: true });
  expect(out + err).not.toContain("canary");
  const text = [out, err].filter(Boolean).join("\n");
  return `${text.replaceAll(place.cwd ?? "", "<folder>").replaceAll(/127\.0\.0\.1:\d+/g, "<ion>")}\nexit code ${code}`;
}

describe("drift", () => {
  it("lists what differs", async () => {
    expect(await printed(await edited(), "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev): 2 receivers and 4 subscriptions declared</bold>
        <red>-</red> missing    Receiver "Violet" (id 1) is not subscribed to PARTS CREATE: these events do not arrive.
        <red>=</red> duplicate  Receiver "Violet" (id 1) has 2 subscriptions to RUNS UPDATE (ids 3, 5): each event is delivered twice.
        <red>+</red> unmanaged  Receiver "Violet" (id 1) is subscribed to PLANS DELETE (id 6), which your program does not declare.
        <red>-</red> missing    Receiver "ERP" (id 2) does not exist in ION: its URL gets no events. Its 1 subscription is missing too.
      Good to know, not drift:
        <yellow>+</yellow> unmanaged  Receiver "Other" (id 3) is not managed by this stack.
      <red>2 missing, 1 unmanaged, 1 duplicate.</red> Run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 2"
    `);
  });

  it("checks every connection of the stack", async () => {
    const [own, other] = [await unchanged(VIOLET, ["PARTS UPDATE"]), await unchanged(ERP, ["RUNS UPDATE"])];
    const place = await projectWith({ dev: { ...own, other: { ...other, connection: "plant-b" } } });
    expect(await printed(place, "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev): 1 receiver and 1 subscription declared</bold>
      <bold>ION at <ion> (stack dev, connection plant-b): 1 receiver and 1 subscription declared</bold>
      <green>No drift.</green>
      exit code 0"
    `);
    other.emulator.store.updateReceiver("1", { active: false });
    expect(await printed(place, "drift")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev): 1 receiver and 1 subscription declared</bold>
      <bold>ION at <ion> (stack dev, connection plant-b): 1 receiver and 1 subscription declared</bold>
        <red>~</red> changed  plant-b: Receiver "ERP" (id 1): active is false in ION and true in the stack. ION sends it no events.
      <red>1 changed.</red> Run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 2"
    `);
    expect(await printed(place, "drift", "--connection", "plant-b", "--json")).toMatchInlineSnapshot(`
      "{
        "stack": "dev",
        "environments": [
          {
            "environment": "http://<ion>/graphql",
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
            "kind": "changed",
            "drift": true,
            "object": "receiver",
            "ids": [
              "1"
            ],
            "receiverId": "1",
            "fields": [
              "active"
            ],
            "urn": "urn:pulumi:test::project::pulumi-nodejs:dynamic/ion:WebhookReceiver::ERP",
            "message": "plant-b: Receiver \\"ERP\\" (id 1): active is false in ION and true in the stack. ION sends it no events.",
            "connection": "plant-b"
          }
        ]
      }
      exit code 2"
    `);
    own.emulator.store.deleteReceiver("1");
    expect(await printed(place, "drift", "--connection", "plant-b")).toContain("1 changed.");
  });

  it("compares two stacks", async () => {
    const [dev, staging] = [
      await unchanged({ ...VIOLET, description: "one" }, ["PARTS UPDATE", "RUNS UPDATE"]),
      await unchanged({ ...VIOLET, description: "other" }, ["PARTS UPDATE", "ISSUES CREATE"]),
    ];
    const place = await projectWith({ dev, staging });
    expect(await printed(place, "drift", "--compare", "dev", "staging")).toMatchInlineSnapshot(`
      "<bold>Stack dev (1 receiver and 2 subscriptions) compared with stack staging (1 receiver and 2 subscriptions)</bold>
        <red>~</red> changed  Receiver "Violet": description is "one" in dev and "other" in staging.
        <red>-</red> missing  Receiver "Violet": subscription RUNS UPDATE is in dev but not in staging.
        <red>+</red> added    Receiver "Violet": subscription ISSUES CREATE is in staging but not in dev.
      Good to know, not drift:
        <yellow>=</yellow> shared   Receiver "Violet" has the same webhookUri in dev and staging. Environments usually have different ones.
      <red>1 missing, 1 changed, 1 added.</red> This compares the stacks' saved states: if you have changed the program, run \`pulumi up\` first.
      exit code 2"
    `);
    expect(await printed(place, "drift", "--compare", "dev", "staging", "--json")).toContain('"stacks": [');
    expect(await printed(place, "drift", "--compare", "dev", "dev")).toMatchInlineSnapshot(`
      "pulumi-ion: --compare needs the names of two different stacks.
        Example: \`pulumi-ion drift --compare staging production\`.
      exit code 1"
    `);
    expect(await printed(place, "drift", "--compare", "dev", "third")).toMatchInlineSnapshot(`
      "pulumi-ion: Could not read the Pulumi stack: no stack named 'third' found.
        Run \`pulumi stack ls\` to list the stacks of this project.
      exit code 1"
    `);
  });
});

describe("status", () => {
  it("lists problems first, and marks them in the table", async () => {
    expect(await printed(await edited(), "status", "--stack", "dev")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev): 2 receivers</bold>
      <red>!!</red>  Receiver "Violet" (id 1) is not subscribed to PARTS CREATE: these events do not arrive.
      <red>!!</red>  Receiver "Violet" (id 1) has 2 subscriptions to RUNS UPDATE (ids 3, 5): each event is delivered twice.
      <red>!!</red>  Receiver "Violet" (id 1) is subscribed to PLANS DELETE (id 6), which your program does not declare.
      <red>!!</red>  Receiver "ERP" (id 2) does not exist in ION: its URL gets no events. Its 1 subscription is missing too.
      <red>!!</red>  No receiver is subscribed to 32 of the 34 events of Violet's guide:
          ABOM_INSTALLATIONS CREATE+UPDATE, FILE_ATTACHMENTS CREATE+UPDATE, ISSUES CREATE+UPDATE, ORGANIZATIONS CREATE+UPDATE,
          PARTS CREATE, PLAN_INPUTS CREATE+UPDATE, PLAN_ITEMS CREATE+UPDATE, PLANS CREATE+UPDATE, PROCEDURES CREATE+UPDATE,
          PURCHASE_ORDER_LINES CREATE+UPDATE, PURCHASE_ORDERS CREATE+UPDATE, RECEIPTS CREATE+UPDATE,
          RECEIPT_ITEMS CREATE+UPDATE, RUNS CREATE, RUN_STEPS CREATE+UPDATE, STEPS CREATE+UPDATE, SUPPLIERS CREATE+UPDATE

      <bold>Resource</bold>              <bold>Violet (id 1)</bold>             <bold>Other (id 3)</bold>  <bold>ERP (id 2)</bold>
      ABOM_INSTALLATIONS    <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      FILE_ATTACHMENTS      <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      ISSUES                <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <red>!UPDATE</red>
      ORGANIZATIONS         <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PARTS                 <red>!CREATE</red> <green>UPDATE</green>   <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PLAN_INPUTS           <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PLAN_ITEMS            <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PLANS                 <dim>-</dim>       <dim>-</dim>        <yellow>+DELETE</yellow>  <dim>-</dim>             <dim>-</dim>
      PROCEDURES            <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PURCHASE_ORDER_LINES  <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      PURCHASE_ORDERS       <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      RECEIPTS              <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      RECEIPT_ITEMS         <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      RUNS                  <dim>-</dim>       <red>2xUPDATE</red> <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      RUN_STEPS             <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      STEPS                 <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      SUPPLIERS             <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>-</dim>             <dim>-</dim>
      USERS                 <dim>-</dim>       <dim>-</dim>        <dim>-</dim>        <dim>UPDATE</dim>        <dim>-</dim>
      !ACTION  declared, but missing in ION
      2xACTION  duplicate: each event is delivered more than once
      +ACTION  in ION, but not in your program

      Receiver "Violet" (id 1): <green>active</green>; application/json; expects HTTP 200; header X-Plant
      Receiver "Other" (id 3): <red>inactive</red>; application/json; expects HTTP 200; <yellow>not in this stack</yellow>
      Receiver "ERP" (id 2): <red>does not exist in ION</red>

      <yellow> i</yellow>  Receiver "Other" (id 3) is inactive: ION sends it no events.
      <yellow> i</yellow>  DELETE subscriptions (Violet's guide has none): PLANS.
      <yellow> i</yellow>  Available but unused: 33 events beyond Violet's guide:
          ABOM_INSTALLATIONS DELETE, FILE_ATTACHMENTS DELETE, ISSUES DELETE, ORGANIZATIONS DELETE, PARTS DELETE,
          PLAN_INPUTS DELETE, PLAN_ITEMS DELETE, PROCEDURES DELETE, PURCHASE_ORDER_LINES DELETE, PURCHASE_ORDERS DELETE,
          RECEIPTS DELETE, RECEIPT_ITEMS DELETE, RUNS DELETE, RUN_STEPS DELETE, STEPS DELETE, SUPPLIERS DELETE,
          COMMENTS CREATE+UPDATE+DELETE, LABELS CREATE+UPDATE+DELETE, LOCATIONS CREATE+UPDATE+DELETE,
          MBOMS CREATE+UPDATE+DELETE, PARTS_INVENTORIES CREATE+UPDATE+DELETE, USERS CREATE+DELETE
      exit code 0"
    `);
  });

  it("prints a list in a narrow terminal, and JSON with --json", async () => {
    const place = await edited();
    const { out } = await cli(["status", "--stack", "dev"], { ...place, columns: 29, colors: true });
    expect(out.slice(out.indexOf("\n\n"), out.indexOf("\n\nReceiver"))).toMatchInlineSnapshot(`
      "

      <bold>Violet (id 1)</bold>
        PARTS
          <red>!CREATE</red> <green>UPDATE</green>
        PLANS
          <yellow>+DELETE</yellow>
        RUNS
          <red>2xUPDATE</red>
      !ACTION  declared, but missing in ION
      2xACTION  duplicate: each event is delivered more than once
      +ACTION  in ION, but not in your program

      <bold>Other (id 3)</bold>
        USERS
          <dim>UPDATE</dim>

      <bold>ERP (id 2)</bold>
        ISSUES
          <red>!UPDATE</red>
      !ACTION  declared, but missing in ION"
    `);
    const { receivers } = JSON.parse((await cli(["status", "--json"], place)).out);
    expect(receivers).toMatchInlineSnapshot(`
      [
        {
          "active": true,
          "contentType": "application/json",
          "declared": true,
          "events": [
            {
              "action": "UPDATE",
              "ids": [
                "2",
              ],
              "resource": "PARTS",
            },
            {
              "action": "UPDATE",
              "ids": [
                "3",
                "5",
              ],
              "problem": "duplicate",
              "resource": "RUNS",
            },
            {
              "action": "DELETE",
              "ids": [
                "6",
              ],
              "problem": "unmanaged",
              "resource": "PLANS",
            },
            {
              "action": "CREATE",
              "ids": [],
              "problem": "missing",
              "resource": "PARTS",
            },
          ],
          "exists": true,
          "expectedResponseCode": 200,
          "headers": [
            "X-Plant",
          ],
          "id": "1",
          "name": "Violet",
        },
        {
          "active": false,
          "contentType": "application/json",
          "declared": false,
          "events": [
            {
              "action": "UPDATE",
              "ids": [
                "7",
              ],
              "resource": "USERS",
            },
          ],
          "exists": true,
          "expectedResponseCode": 200,
          "headers": [],
          "id": "3",
          "name": "Other",
        },
        {
          "active": false,
          "declared": true,
          "events": [
            {
              "action": "UPDATE",
              "ids": [],
              "problem": "missing",
              "resource": "ISSUES",
            },
          ],
          "exists": false,
          "headers": [],
          "id": "2",
          "name": "ERP",
        },
      ]
    `);
  });
});

describe("export", () => {
  it("lists what it wrote and the next commands", async () => {
    expect(await printed(await edited(), "export")).toMatchInlineSnapshot(`
      "<bold>ION at <ion> (stack dev)</bold>: exported 2 receivers and 5 subscriptions to <folder>/ion-webhooks
      (Pulumi.yaml, package.json, tsconfig.json, index.ts).

      <bold>Import them:</bold>
        cd ion-webhooks
        npm install
        npx pulumi stack init dev
        npx pulumi config set ion:endpoint http://<ion>/graphql
        npx pulumi config set ion:authUrl http://<ion>/realms/api-keys/protocol/openid-connect/token
        npx pulumi config set ion:clientId emulator
        npx pulumi config set --secret ion:clientSecret  <dim># prompts for it</dim>
        npx pulumi up                                    <dim># lists everything as "create", but imports it: ION is not changed</dim>
        npx pulumi preview                               <dim># shows no changes</dim>

      <bold>Secrets</bold> were not written, and stay as they are in ION. To manage one in the stack's config, set it (of headers,
      set all or none). Each command prompts for the value:
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
