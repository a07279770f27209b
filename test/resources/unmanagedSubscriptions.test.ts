import { describe, expect, it } from "vitest";
import { provider, receiver, registeredBy, subscribeAll } from "../program/declare.ts";

describe("UnmanagedSubscriptions", () => {
  it("registers its policy and every event that the program declares for the receiver", async () => {
    const program = () =>
      subscribeAll("s", {
        receiver: receiver("a", { connection: "staging" }),
        subscriptions: { RUNS: ["UPDATE"], ISSUES: ["CREATE"] },
        unmanaged: "delete",
        maxDeletions: 30,
      });
    expect((await registeredBy("UnmanagedSubscriptions", program)).map(({ name, inputs }) => [name, inputs])).toEqual([
      [
        "s-unmanaged",
        {
          __provider: provider("unmanagedSubscriptions"),
          connection: "staging",
          receiverId: "a",
          declared: ["ISSUES CREATE", "RUNS UPDATE"],
          unmanaged: "delete",
          maxDeletions: 30,
        },
      ],
    ]);
  });

  it("depends on its own receiver only", async () => {
    const program = () => ["erp", "crm"].map((name) => subscribeAll(name, { receiver: receiver(name) }));
    const registered = await registeredBy("UnmanagedSubscriptions", program);
    expect(registered.map(({ name, dependencies }) => [name, dependencies])).toEqual([
      ["erp-unmanaged", ["erp"]],
      ["crm-unmanaged", ["crm"]],
    ]);
  });
});
