import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output.js";
import { describe, expect, it } from "vitest";
import { getWebhookReceiver, WebhookSubscription } from "../../provider/src/index.ts";
import { quiet, runProgram } from "../support/pulumiMocks.ts";
import { configOf, start } from "../support/support.ts";
import { errorOf, ofType, receiver, registeredBy, subscribe, subscribeAll } from "./declare.ts";

const ON_7 = { receiverId: "7" };

/** The events that a program declares for each receiver with a search for unmanaged subscriptions, by its name. */
async function declaredBy(program: () => unknown, preview = false) {
  const registered = await registeredBy("UnmanagedSubscriptions", program, preview);
  return Object.fromEntries(
    registered.map(({ name, inputs: { declared, incomplete } }) => [
      name.replace("-unmanaged", ""),
      incomplete === undefined ? declared : { declared, incomplete },
    ]),
  );
}

describe("declaredEvents", () => {
  it("collects the events of all components and of later lines, but not those of other receivers", async () => {
    const program = () => {
      subscribeAll("s", ON_7);
      subscribe("own", "7");
      subscribe("other", "77", { resource: "STEPS" });
    };
    expect(await declaredBy(program)).toEqual({ s: ["PARTS UPDATE", "RUNS UPDATE"] });
  });

  it("waits for functions of this package that the program awaits", async () => {
    const emulator = await start({ latencyMs: 20 });
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
    quiet();
    const { registered } = await runProgram(configOf(emulator), async () => {
      subscribeAll("s", { receiverId: "1" });
      const erp = await getWebhookReceiver({ name: "erp" });
      subscribe("second", erp.id);
      const again = await getWebhookReceiver({ id: erp.id });
      subscribe("third", again.id, { resource: "STEPS" });
    });
    const [unmanaged] = ofType("UnmanagedSubscriptions", registered);
    expect(unmanaged?.inputs.declared).toEqual(["PARTS UPDATE", "RUNS UPDATE", "STEPS UPDATE"]);
  });

  it("separates equal ids in different environments", async () => {
    const program = () => {
      subscribeAll("production", ON_7);
      subscribeAll("staging", { ...ON_7, connection: "staging" });
      subscribe("s", "7", { connection: "staging" });
    };
    expect(await declaredBy(program)).toEqual({
      production: ["RUNS UPDATE"],
      staging: ["PARTS UPDATE", "RUNS UPDATE"],
    });
  });

  it("joins two connections to one environment", async () => {
    const program = () => {
      subscribeAll("production", ON_7);
      subscribe("s", "7", { connection: "live" });
    };
    expect(await declaredBy(program)).toEqual({ production: ["PARTS UPDATE", "RUNS UPDATE"] });
  });

  it("refuses a subscription that is declared too late", async () => {
    const lateOn = (receiverId: string) => async () => {
      subscribeAll("s", ON_7);
      await new Promise((resolve) => setTimeout(resolve, 100));
      subscribe("late", receiverId);
    };
    expect(await errorOf(lateOn("7"))).toMatchInlineSnapshot(
      `""late" is declared too late: the unmanaged subscriptions of webhook receiver 7 are already determined, and this one would count as unmanaged. Declare all subscriptions of a receiver before the first await, and outside of apply. Only functions of pulumi-ion may be awaited earlier."`,
    );
    expect(await registeredBy("WebhookSubscription", lateOn("8"))).toContainEqual(
      expect.objectContaining({ name: "late" }),
    );
  });

  // These fail if an SDK changes `isKnown` of its outputs, which its types hide.
  describe("if values are unknown", () => {
    it("skips the subscriptions of a receiver that the preview would create", async () => {
      const program = () => {
        subscribeAll("erp", ON_7);
        const crm = receiver("crm");
        subscribeAll("crm", { receiver: crm });
        subscribe("by-id", crm.id, { resource: "STEPS" });
      };
      expect(await declaredBy(program, true)).toEqual({ erp: ["RUNS UPDATE"], crm: unknown });
    });

    it("is incomplete if an update does not know the receiver of a subscription", async () => {
      const program = () => {
        subscribeAll("s", ON_7);
        subscribe("u", pulumi.output(unknown) as unknown as pulumi.Output<string>);
      };
      expect(await declaredBy(program)).toEqual({ s: { declared: ["RUNS UPDATE"], incomplete: true } });
    });

    it("is incomplete if the event of a subscription is unknown", async () => {
      const program = () => {
        subscribeAll("s", ON_7);
        new WebhookSubscription("u", { ...ON_7, resource: pulumi.output(unknown) as never, action: "UPDATE" });
      };
      expect(await declaredBy(program, true)).toEqual({ s: { declared: ["RUNS UPDATE"], incomplete: true } });
    });
  });
});
