import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebhookSubscription } from "../../provider/src/index.ts";
import { settled } from "../support/pulumiMocks.ts";
import { CONFIG, errorOf, receiver, registeredBy, subscribe, subscribeAll } from "./declare.ts";

/** Loads this package again, as a program does if one of its libraries brings its own copy. */
async function loadSecondCopy(): Promise<typeof import("../../provider/src/index.ts")> {
  vi.resetModules();
  const copy = await import("../../provider/src/index.ts");
  expect(copy.WebhookSubscription).not.toBe(WebhookSubscription);
  return copy;
}

const PARTS_UPDATE = { resource: "PARTS", action: "UPDATE" };

describe("a program with two copies of this package", () => {
  it("shares what it declares between them", async () => {
    const copy = await loadSecondCopy();
    const program = () => {
      subscribeAll("s", { receiverId: "7" });
      new copy.WebhookSubscription("of-copy", { receiverId: "7", ...PARTS_UPDATE });
    };
    const [unmanaged] = await registeredBy("UnmanagedSubscriptions", program);
    expect(unmanaged?.inputs.declared).toEqual(["PARTS UPDATE", "RUNS UPDATE"]);
    const twice = () => [program(), subscribe("again", "7")];
    expect(await errorOf(twice)).toContain('"of-copy" and "again" declare the same webhook subscription');
  });

  it("shares the connections of receivers between them", async () => {
    const copy = await loadSecondCopy();
    const program = () => {
      const staging = receiver("staging", { connection: "staging" });
      new copy.WebhookSubscription("s", { receiver: staging, ...PARTS_UPDATE });
    };
    const [subscription] = await registeredBy("WebhookSubscription", program);
    expect(subscription?.inputs.connection).toBe("staging");
  });

  it("is refused if they share it in different formats", async () => {
    const FORMAT = Symbol.for("pulumi-ion.sharedFormat");
    const shared = globalThis as { [FORMAT]?: number | undefined };
    const before = shared[FORMAT];
    onTestFinished(() => {
      shared[FORMAT] = before;
    });
    shared[FORMAT] = 0;
    expect(await errorOf(() => receiver("a"))).toMatchInlineSnapshot(
      `"This program loads two versions of pulumi-ion that do not work together. Run \`npm ls pulumi-ion\` (or \`pnpm why pulumi-ion\`), and make every package of the program depend on the same version."`,
    );
  });
});

describe("a unit test without a stack", () => {
  /** Sets mocks, and returns the events that the program declares, a list for each search for unmanaged subscriptions. */
  async function setMocks() {
    const declared: unknown[] = [];
    await pulumi.runtime.setMocks({
      newResource: ({ name, type, inputs }) => {
        if (type.endsWith(":UnmanagedSubscriptions")) declared.push(inputs.declared);
        return { id: name, state: inputs };
      },
      call: ({ inputs }) => inputs,
    });
    pulumi.runtime.setAllConfig({ ...CONFIG });
    return declared;
  }

  it("may declare the same objects as another test", async () => {
    const declared = await setMocks();
    for (const test of ["first", "second"]) {
      const { id } = receiver(test, { webhookUri: "https://hooks.example/same" });
      expect(await settled(id)).toBe(test);
      const { ids } = subscribeAll(`${test}-set`, { receiverId: "7" });
      expect(await settled(ids)).toEqual({ "RUNS-UPDATE": `${test}-set-RUNS-UPDATE` });
      await vi.waitFor(() => expect(declared).toHaveLength(test === "first" ? 1 : 2));
    }
  });

  it("starts with nothing declared after setMocks", async () => {
    for (const event of ["CREATE", "UPDATE"]) {
      const declared = await setMocks();
      subscribeAll("s", { receiverId: "7", subscriptions: { RUNS: [event] } });
      await vi.waitFor(() => expect(declared).toEqual([[`RUNS ${event}`]]));
    }
  });
});
