import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { Stack } from "../support/fakeEngine.ts";
import { startProvider } from "../support/providerProcess.ts";
import { CANARY, start } from "../support/support.ts";
import { type DesiredReceiver, findDeviations, NONE, programOf } from "./desiredState.ts";

const DESIRED = {
  name: "erp",
  fields: { webhookUri: `https://hooks.example/${CANARY}` },
  headers: { "X-A": `${CANARY}-a`, "X-B": `${CANARY}-b`, "X-C": `${CANARY}-c` },
  events: ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"],
  unmanaged: "ignore",
} satisfies DesiredReceiver;

// A batch is sent when the engine goes idle, so a machine that stalls for a moment may split one: retry.
describe.each(CARRIERS)("over %s", { retry: 2 }, (carrier) => {
  it("records a receiver whose third header failed, with the reason, and completes it in the next run", async () => {
    const emulator = await start();
    const stack = new Stack();
    const desired = [{ ...DESIRED, events: [] }];
    emulator.faults.add({
      kind: "partial",
      on: { field: "createWebhookHeader" },
      fields: [2],
      message: "Out of headers",
    });
    const { errors } = await stack.up(programOf(desired), startProvider(carrier, emulator));
    expect(errors).toEqual(['ION did not create the header X-C of the webhook receiver "erp" (id 1): Out of headers.']);
    expect(stack.resources.get("erp")).toMatchObject({ id: "1", partialFailure: true });
    expect(findDeviations(emulator.store, desired).missing).toHaveLength(1);
    expect(await stack.up(programOf(desired), startProvider(carrier, emulator))).toMatchObject({
      steps: ["update erp"],
      errors: [],
    });
    expect(findDeviations(emulator.store, desired)).toEqual(NONE);
  });

  it("fails only the resources whose part of a batch failed, and records the others", async () => {
    const emulator = await start();
    const stack = new Stack();
    emulator.faults.add({
      kind: "partial",
      on: { field: "createWebhookSubscription" },
      fields: [1, 3],
      message: "Not today",
    });
    const { errors } = await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
    expect(errors).toEqual([
      "ION did not subscribe receiver 1 to PARTS UPDATE: Not today.",
      "ION did not subscribe receiver 1 to RUNS UPDATE: Not today.",
    ]);
    expect([...stack.resources.keys()].sort()).toEqual(["erp", "erp-PARTS-CREATE", "erp-RUNS-CREATE"]);
    const { steps } = await stack.up(programOf([DESIRED]), startProvider(carrier, emulator));
    expect(steps).toEqual(["create erp-PARTS-UPDATE", "create erp-RUNS-UPDATE"]);
    expect(findDeviations(emulator.store, [DESIRED])).toEqual(NONE);
  });
});
