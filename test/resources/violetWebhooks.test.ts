import { describe, expect, it } from "vitest";
import { VioletWebhooks, type VioletWebhooksArgs } from "../../provider/src/index.ts";
import { VIOLET_RESOURCES } from "../../provider/src/model/events.ts";
import { CONFIG, errorOf, ofType, outputsOf } from "../program/declare.ts";
import { quiet, runProgram, settled } from "../support/pulumiMocks.ts";

const violet = (args: Partial<VioletWebhooksArgs> = {}) =>
  new VioletWebhooks("v", { webhookUri: "https://hooks.example/v", ...args });

/** What a VioletWebhooks registers, and its outputs. */
async function register(args?: Partial<VioletWebhooksArgs>) {
  quiet();
  const { registered, result } = await runProgram(CONFIG, () => violet(args));
  const receivers = ofType("WebhookReceiver", registered).map(({ name, inputs }) => [name, inputs.name]);
  const subscriptions = ofType("WebhookSubscription", registered).map(({ inputs }) => inputs);
  return {
    receivers,
    events: subscriptions.map(({ resource, action }) => `${resource} ${action}`),
    unmanaged: ofType("UnmanagedSubscriptions", registered)[0]?.inputs,
    inputs: ofType("VioletWebhooks", registered)[0]?.inputs,
    receiverId: await settled(result.receiverId),
  };
}

describe("VioletWebhooks", () => {
  it("subscribes one receiver to all of Violet's guide, and deletes its unmanaged subscriptions", async () => {
    const { receivers, events, unmanaged } = await register();
    const guide = VIOLET_RESOURCES.flatMap((resource) => [`${resource} CREATE`, `${resource} UPDATE`]);
    expect(receivers).toEqual([["v", "Violet"]]);
    expect(events).toEqual(guide);
    expect(unmanaged).toMatchObject({ receiverId: "v", unmanaged: "delete", declared: guide.toSorted() });
  });

  it("subscribes to the events that its arguments select", async () => {
    const { receivers, events, unmanaged } = await register({
      name: "ERP",
      resources: ["PARTS", "RUNS", "ISSUES"],
      actions: ["UPDATE", "DELETE"],
      exclude: { RUNS: ["DELETE"], ISSUES: ["UPDATE", "DELETE"] },
      unmanaged: "report",
      maxDeletions: 30,
    });
    expect(receivers).toEqual([["v", "ERP"]]);
    expect(events).toEqual(["PARTS UPDATE", "PARTS DELETE", "RUNS UPDATE"]);
    expect(unmanaged).toMatchObject({ unmanaged: "report", maxDeletions: 30 });
  });

  it("registers no secret as an input of the component", async () => {
    const { inputs } = await register({ resources: ["PARTS"], sharedSecret: "s", headers: { "X-Plant": "7" } });
    expect(inputs).toEqual({
      resources: ["PARTS"],
      actions: ["CREATE", "UPDATE"],
      exclude: {},
      unmanaged: "delete",
    });
  });

  it("registers the ids of its receiver and of its subscriptions as outputs", async () => {
    const { receiverId } = await register({ resources: ["PARTS"], actions: ["UPDATE"] });
    expect(receiverId).toBe("v");
    const ids = { "PARTS-UPDATE": "v-PARTS-UPDATE" };
    expect(outputsOf("VioletWebhooks", "v")).toEqual({ receiverId, ids });
  });

  it("is refused if it excludes everything", async () => {
    const program = () => violet({ resources: ["PARTS"], actions: ["UPDATE"], exclude: { PARTS: ["UPDATE"] } });
    expect(await errorOf(program)).toMatch(/^"v" subscribes to nothing\./);
  });

  it("is refused if it excludes a resource or an action that it does not have", async () => {
    expect(await errorOf(() => violet({ exclude: { PART: ["CREATE"] } }))).toMatchInlineSnapshot(
      `""v" excludes PART CREATE, but it does not subscribe to that. Check the spelling, or remove it from exclude."`,
    );
    expect(await errorOf(() => violet({ exclude: { PARTS: ["UPDATE", "DELETE"] } }))).toMatch(
      /^"v" excludes PARTS DELETE,/,
    );
  });
});
