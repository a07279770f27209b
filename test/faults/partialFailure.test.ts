import { expect, it } from "vitest";
import { Stack } from "../support/fakeEngine.ts";
import { CANARY, ionOn, start } from "../support/support.ts";
import { distance, programOf, type World } from "./desiredState.ts";

const WORLD = {
  name: "erp",
  fields: { webhookUri: `https://hooks.example/${CANARY}` },
  headers: { "X-A": `${CANARY}-a`, "X-B": `${CANARY}-b`, "X-C": `${CANARY}-c` },
  pairs: ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"],
  unmanaged: "ignore",
} satisfies World;
const EXACTLY = { duplicates: [], lost: [], other: [] };

it("a receiver whose third header failed is recorded as partly made, with the reason, and the next run finishes it", async () => {
  const emulator = await start();
  const stack = new Stack();
  const world = { ...WORLD, pairs: [] };
  emulator.faults.add({
    kind: "partial",
    on: { field: "createWebhookHeader" },
    fields: [2],
    message: "Out of headers",
  });
  const { errors } = await stack.up(programOf([world]), ionOn(emulator));
  expect(errors).toEqual(['ION did not add the header X-C to the webhook receiver "erp" (id 1): Out of headers.']);
  expect(stack.remembered.get("erp")).toMatchObject({ id: "1", partly: true });
  expect(distance(emulator.store, [world]).lost).toHaveLength(1);
  expect(await stack.up(programOf([world]), ionOn(emulator))).toEqual({ steps: ["update erp"], errors: [] });
  expect(distance(emulator.store, [world])).toEqual(EXACTLY);
});

it("a batch that failed in part fails just those resources, and the others are recorded", async () => {
  const emulator = await start();
  const stack = new Stack();
  emulator.faults.add({ kind: "partial", on: { field: "createWebhookSubscription" }, fields: [1, 3] });
  const { errors } = await stack.up(programOf([WORLD]), ionOn(emulator));
  expect(errors).toEqual([
    "ION did not subscribe receiver 1 to PARTS UPDATE: Internal server error.",
    "ION did not subscribe receiver 1 to RUNS UPDATE: Internal server error.",
  ]);
  expect([...stack.remembered.keys()].sort()).toEqual(["erp", "erp-PARTS-CREATE", "erp-RUNS-CREATE"]);
  const { steps } = await stack.up(programOf([WORLD]), ionOn(emulator));
  expect(steps).toEqual(["create erp-PARTS-UPDATE", "create erp-RUNS-UPDATE"]);
  expect(distance(emulator.store, [WORLD])).toEqual(EXACTLY);
});
