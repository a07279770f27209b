import { expect, it } from "vitest";
import { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { connectionTo, countOf, ionOn, start } from "../support/support.ts";

it.each([
  ["https://new.example/graphql", true],
  ["https://old.example/graphql", true],
  ["https://other.example/graphql", false],
])("an ION that was at another host before lives at %s, too: %s", async (place, its) => {
  const emulator = await start();
  const moved = {
    ...connectionTo(emulator),
    endpoint: "https://new.example/graphql",
    formerEndpoint: "https://old.example/graphql",
  };
  expect(new WebhookApi(moved).isEnvironment(place)).toBe(its);
  expect(ionOn(emulator).isEnvironment(place)).toBe(false);
  expect(ionOn(emulator).isEnvironment("loopback")).toBe(true);
});

it("a receiver that an earlier look did not show is looked for once more", async () => {
  const emulator = await start();
  const ion = ionOn(emulator);
  await ion.receivers();
  emulator.store.createReceiver({ name: "late", webhookUri: "https://hooks.example/late" });
  expect((await ion.receiver("1"))?.name).toBe("late");
  expect((await ion.receiver("1"))?.name).toBe("late");
  expect(countOf(emulator, "query")).toBe(2);
  expect(await ion.receiver("2")).toBeUndefined();
  expect(countOf(emulator, "query")).toBe(3);
});

it("what is made without a look says so", async () => {
  const emulator = await start({ hide: ["webhookReceivers"] });
  const told: string[] = [];
  const ion = ionOn(emulator, { warn: (words) => told.push(words) });
  await ion.createReceiver({ name: "erp", webhookUri: "https://hooks.example/1" });
  expect(told).toContainEqual(
    "Could not look at ION's webhooks: this ION's schema has no webhookReceivers. Run `npx pulumi-ion doctor`: it lists every name " +
      'that differs. The webhook receiver "erp" is made without a look whether ION has it already.',
  );
  expect(emulator.store.listReceivers()).toHaveLength(1);
});
