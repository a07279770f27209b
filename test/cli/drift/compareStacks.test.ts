import { expect, it } from "vitest";
import { compareStacks } from "../../../provider/src/cli/drift/compareStacks.ts";
import { start } from "../../support/support.ts";
import { type Declaration, declare } from "../declare.ts";

const VIOLET = { name: "Violet", webhookUri: "https://violet.example/canary-a", sharedSecret: "canary-1" };
const OTHER_SECRETS = { ...VIOLET, webhookUri: "https://violet.example/canary-b", sharedSecret: "canary-2" };
const EVENTS = ["PARTS CREATE", "RUNS UPDATE"];

/** How two stacks differ, each with an ION environment of its own. */
async function compare(staging: readonly Declaration[], production: readonly Declaration[]) {
  const [one, other] = [await start(), await start()];
  // Ids differ between environments.
  other.store.deleteReceiver(other.store.createReceiver({ name: "Old", webhookUri: "https://old.example" }).id);
  const found = compareStacks(
    { name: "staging", declarations: await declare(one, staging) },
    { name: "production", declarations: await declare(other, production) },
  );
  expect(JSON.stringify(found)).not.toContain("canary");
  return found;
}

const linesOf = (found: Awaited<ReturnType<typeof compare>>) =>
  found.map(({ kind, drift, message }) => `${drift ? "drift" : "note"} ${kind}: ${message}`);

it("finds nothing if only secrets, ids and the order of subscriptions differ", async () => {
  const staging = [{ inputs: { ...VIOLET, headers: { "X-A": "canary-1" } }, events: EVENTS }];
  const production = [{ inputs: { ...OTHER_SECRETS, headers: { "x-a": "canary-2" } }, events: EVENTS.toReversed() }];
  expect(await compare(staging, production)).toEqual([]);
});

it("reports every difference with one line per fact", async () => {
  const erp = { name: "ERP", webhookUri: "https://erp.example/canary" };
  const staging = [
    { inputs: { ...VIOLET, active: false, headers: { "X-A": "canary", "x-plant": "canary" } }, events: EVENTS },
    { inputs: { ...erp, name: "MES" }, events: EVENTS },
  ];
  const production = [
    {
      inputs: {
        ...OTHER_SECRETS,
        webhookUri: VIOLET.webhookUri,
        description: "x",
        headers: { "X-Plant": "c", "X-B": "c" },
      },
      events: ["PARTS CREATE", "ISSUES DELETE"],
    },
    { inputs: erp, events: EVENTS },
  ];
  const found = await compare(staging, production);
  expect(linesOf(found).join("\n")).toMatchInlineSnapshot(`
    "drift changed: Receiver "Violet": description is empty in staging and "x" in production.
    drift changed: Receiver "Violet": active is false in staging and true in production.
    drift missing: Receiver "Violet": header X-A is in staging but not in production.
    drift added: Receiver "Violet": header X-B is in production but not in staging.
    drift missing: Receiver "Violet": subscription RUNS UPDATE is in staging but not in production.
    drift added: Receiver "Violet": subscription ISSUES DELETE is in production but not in staging.
    drift missing: Receiver "MES" is in staging but not in production.
    drift added: Receiver "ERP" is in production but not in staging.
    note shared: Receiver "Violet" has the same webhookUri in staging and production. Environments usually have different ones."
  `);
  expect(found.map(({ message: _message, ...rest }) => JSON.stringify(rest))).toMatchInlineSnapshot(`
    [
      "{"kind":"changed","drift":true,"object":"receiver","receiver":"Violet","fields":["description"]}",
      "{"kind":"changed","drift":true,"object":"receiver","receiver":"Violet","fields":["active"]}",
      "{"kind":"missing","drift":true,"object":"header","receiver":"Violet","fields":["X-A"]}",
      "{"kind":"added","drift":true,"object":"header","receiver":"Violet","fields":["X-B"]}",
      "{"kind":"missing","drift":true,"object":"subscription","receiver":"Violet","resource":"RUNS","action":"UPDATE"}",
      "{"kind":"added","drift":true,"object":"subscription","receiver":"Violet","resource":"ISSUES","action":"DELETE"}",
      "{"kind":"missing","drift":true,"object":"receiver","receiver":"MES"}",
      "{"kind":"added","drift":true,"object":"receiver","receiver":"ERP"}",
      "{"kind":"shared","drift":false,"object":"receiver","receiver":"Violet","fields":["webhookUri"]}",
    ]
  `);
});

it("reports another name of the same resource as one change", async () => {
  const erp = { ...OTHER_SECRETS, name: "ERP" };
  const [staging, declared] = [
    await declare(await start(), [{ inputs: VIOLET, events: EVENTS }]),
    await declare(await start(), [{ inputs: erp, events: ["PARTS CREATE"] }]),
  ];
  const receivers = declared.receivers.map((one) => ({ ...one, urn: staging.receivers[0]?.urn ?? "" }));
  const found = compareStacks(
    { name: "staging", declarations: staging },
    { name: "production", declarations: { ...declared, receivers } },
  );
  expect(linesOf(found)).toEqual([
    'drift changed: Receiver "Violet": name is "Violet" in staging and "ERP" in production.',
    'drift missing: Receiver "Violet": subscription RUNS UPDATE is in staging but not in production.',
  ]);
});

it("numbers receivers that have the same name", async () => {
  const again = { ...OTHER_SECRETS, webhookUri: "https://c.example/canary-c" };
  const third = { ...OTHER_SECRETS, webhookUri: "https://d.example/canary-d" };
  const found = await compare(
    [{ inputs: VIOLET, events: [] }],
    [OTHER_SECRETS, again, third].map((inputs) => ({ inputs, events: [] })),
  );
  expect(found.map(({ kind, receiver }) => [kind, receiver])).toEqual([
    ["added", "Violet #2"],
    ["added", "Violet #3"],
  ]);
});

it("compares subscriptions to a receiver that neither stack declares", async () => {
  const onlySubscribed = async (events: readonly string[]) => {
    return { ...(await declare(await start(), [{ inputs: VIOLET, events }])), receivers: [] };
  };
  const found = compareStacks(
    { name: "staging", declarations: await onlySubscribed(EVENTS) },
    { name: "production", declarations: await onlySubscribed(["PARTS CREATE"]) },
  );
  expect(linesOf(found)).toMatchInlineSnapshot(`
    [
      "drift missing: Receiver "id 1, declared elsewhere": subscription RUNS UPDATE is in staging but not in production.",
    ]
  `);
});

it("compares what stacks declare, not what was changed in ION since then", async () => {
  const declarations = await declare(await start(), [{ inputs: VIOLET, events: [] }]);
  const edited = {
    ...declarations,
    receivers: declarations.receivers.map((one) => ({ ...one, state: { ...one.state, description: "by hand" } })),
  };
  const found = compareStacks({ name: "a", declarations }, { name: "b", declarations: edited });
  expect(found.map(({ kind }) => kind)).toEqual(["shared", "shared"]);
});
