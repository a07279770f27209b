import { describe, expect, it } from "vitest";
import { differencesOf } from "../../provider/cli/differences.ts";
import { start } from "../support.ts";
import { declare } from "./declare.ts";

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
});
