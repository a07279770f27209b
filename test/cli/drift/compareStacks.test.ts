import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { differencesOf } from "../../../provider/cli/drift/compareStacks.ts";
import { start } from "../../support/support.ts";
import { declare } from "../declare.ts";

const VIOLET = { name: "Violet", webhookUri: "https://violet.example/canary-a", sharedSecret: "canary-1" };
const PAIRS = ["PARTS CREATE", "RUNS UPDATE"];
type What = Parameters<typeof declare>[1];

/** What two stacks differ in, each with an ION of its own. */
async function differences(staging: What, production: What) {
  const [one, other] = [await start(), await start()];
  // Ids are each environment's own.
  const { id } = other.store.createReceiver({ name: "Before", webhookUri: "https://before.example" });
  other.store.deleteReceiver(id);
  const found = differencesOf(
    { name: "staging", declared: await declare(one, staging) },
    { name: "production", declared: await declare(other, production) },
  );
  expect(JSON.stringify(found)).not.toContain("canary");
  return found.map(({ kind, drift, message }) => [kind, drift, message]);
}

const own = { ...VIOLET, webhookUri: "https://violet.example/canary-b", sharedSecret: "canary-2" };

describe("two stacks that declare", () => {
  it("the same, each with secrets and ids of its own, do not differ", async () => {
    expect(
      await differences([{ inputs: VIOLET, pairs: PAIRS }], [{ inputs: own, pairs: [...PAIRS].reverse() }]),
    ).toEqual([]);
  });

  it("the same secret are told so, as no drift", async () => {
    const same = await differences(
      [{ inputs: VIOLET, pairs: [] }],
      [{ inputs: { ...own, webhookUri: VIOLET.webhookUri }, pairs: [] }],
    );
    expect(same).toEqual([
      [
        "twin",
        false,
        '"Violet" has the same webhookUri in staging and production: each environment usually has its own.',
      ],
    ]);
  });

  it.each([
    [
      "pairs",
      [{ inputs: VIOLET, pairs: PAIRS }],
      [{ inputs: own, pairs: ["PARTS CREATE", "ISSUES DELETE"] }],
      [
        ["missing", true, '"Violet" is subscribed to RUNS UPDATE in staging and not in production.'],
        ["extra", true, '"Violet" is subscribed to ISSUES DELETE in production and not in staging.'],
      ],
    ],
    [
      "fields",
      [{ inputs: { ...VIOLET, active: false }, pairs: [] }],
      [{ inputs: { ...own, description: "x" }, pairs: [] }],
      [
        [
          "changed",
          true,
          '"Violet": description is empty in staging and "x" in production; active is false in staging and true in production.',
        ],
      ],
    ],
    [
      "headers, by name whatever the case",
      [{ inputs: { ...VIOLET, headers: { "X-A": "canary", "x-plant": "canary" } }, pairs: [] }],
      [{ inputs: { ...own, headers: { "X-Plant": "canary-7" } }, pairs: [] }],
      [["changed", true, '"Violet": header X-A is only in staging.']],
    ],
    [
      "receivers",
      [{ inputs: VIOLET, pairs: PAIRS }],
      [{ inputs: { ...own, name: "ERP" }, pairs: PAIRS }],
      [
        ["extra", true, 'The receiver "ERP" is in production and not in staging.'],
        ["missing", true, 'The receiver "Violet" is in staging and not in production.'],
      ],
    ],
  ] as const)("other %s differ", async (_what, staging, production, found) => {
    expect(await differences(staging, production)).toEqual(found);
  });

  it("more receivers of one name have them told apart by their order", async () => {
    const again = { ...own, webhookUri: "https://c.example/canary-c", sharedSecret: "canary-3" };
    const third = { ...again, webhookUri: "https://d.example/canary-d" };
    expect(
      await differences(
        [{ inputs: VIOLET, pairs: [] }],
        [
          { inputs: own, pairs: [] },
          { inputs: again, pairs: [] },
          { inputs: third, pairs: [] },
        ],
      ),
    ).toEqual([
      ["extra", true, 'The receiver "Violet #2" is in production and not in staging.'],
      ["extra", true, 'The receiver "Violet #3" is in production and not in staging.'],
    ]);
  });

  it("subscriptions to a receiver of another stack differ in these, too", async () => {
    const [one, other] = [await start(), await start()];
    const elsewhere = async (emulator: Emulator, pairs: string[]) => {
      const { subscriptions } = await declare(emulator, [{ inputs: VIOLET, pairs }]);
      return { receivers: [], watched: new Set<string>(), subscriptions };
    };
    const found = differencesOf(
      { name: "staging", declared: await elsewhere(one, PAIRS) },
      { name: "production", declared: await elsewhere(other, ["PARTS CREATE"]) },
    );
    expect(found.map(({ message }) => message)).toEqual([
      '"receiver 1, declared elsewhere" is subscribed to RUNS UPDATE in staging and not in production.',
    ]);
  });

  it("something are compared by that, not by what somebody made of it in ION", async () => {
    const declared = await declare(await start(), [{ inputs: VIOLET, pairs: [] }]);
    const edited = {
      ...declared,
      receivers: declared.receivers.map((one) => ({
        ...one,
        outputs: { ...one.outputs, description: "by hand", pinned: { description: one.outputs.description } },
      })),
    };
    const kinds = differencesOf({ name: "a", declared }, { name: "b", declared: edited }).map(({ kind }) => kind);
    expect(kinds).toEqual(["twin", "twin"]);
  });

  it("other things differ, for a machine by what each is of", async () => {
    const [one, other] = [await start(), await start()];
    const erp = { name: "ERP", webhookUri: "https://erp.example/canary" };
    const found = differencesOf(
      {
        name: "staging",
        declared: await declare(one, [
          { inputs: { ...VIOLET, headers: { "X-A": "canary" } }, pairs: ["PARTS CREATE"] },
        ]),
      },
      {
        name: "production",
        declared: await declare(other, [
          { inputs: { ...VIOLET, description: "x", sharedSecret: "canary-2" }, pairs: ["RUNS UPDATE"] },
          { inputs: erp, pairs: [] },
        ]),
      },
    );
    expect(found.map(({ message: _message, ...rest }) => rest)).toMatchInlineSnapshot(`
      [
        {
          "drift": true,
          "kind": "extra",
          "object": "receiver",
          "receiver": "ERP",
        },
        {
          "drift": true,
          "fields": [
            "description",
            "header X-A is only in staging",
          ],
          "kind": "changed",
          "object": "receiver",
          "receiver": "Violet",
        },
        {
          "drift": false,
          "fields": [
            "webhookUri",
          ],
          "kind": "twin",
          "object": "receiver",
          "receiver": "Violet",
        },
        {
          "action": "CREATE",
          "drift": true,
          "kind": "missing",
          "object": "subscription",
          "receiver": "Violet",
          "resource": "PARTS",
        },
        {
          "action": "UPDATE",
          "drift": true,
          "kind": "extra",
          "object": "subscription",
          "receiver": "Violet",
          "resource": "RUNS",
        },
      ]
    `);
  });
});
