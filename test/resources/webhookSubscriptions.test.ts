import { describe, expect, it } from "vitest";
import { WebhookSubscription, WebhookSubscriptions } from "../../provider/src/index.ts";
import { CONFIG, errorOf, ofType, outputsOf, receiver, registeredBy, subscribeAll } from "../program/declare.ts";
import { quiet, runProgram, settled } from "../support/pulumiMocks.ts";

const ON_7 = { receiverId: "7" };

describe("WebhookSubscriptions", () => {
  it("registers one subscription for each event, and the search for unmanaged ones", async () => {
    const subscriptions = { RUNS: ["CREATE", "UPDATE", "CREATE"], ISSUES: ["CREATE"] };
    const { registered } = await runProgram(CONFIG, () => void subscribeAll("s", { ...ON_7, subscriptions }));
    expect(registered.slice(1).map(({ name }) => name)).toEqual([
      "s",
      "s-RUNS-CREATE",
      "s-RUNS-UPDATE",
      "s-ISSUES-CREATE",
      "s-unmanaged",
    ]);
    expect(ofType("WebhookSubscription", registered).map(({ inputs }) => inputs)).toMatchObject([
      { ...ON_7, resource: "RUNS", action: "CREATE" },
      { ...ON_7, resource: "RUNS", action: "UPDATE" },
      { ...ON_7, resource: "ISSUES", action: "CREATE" },
    ]);
    expect(ofType("WebhookSubscriptions", registered)[0]?.inputs).toEqual({
      subscriptions,
      unmanaged: "report",
    });
  });

  it("registers no search for unmanaged subscriptions with unmanaged: ignore", async () => {
    const program = () => subscribeAll("s", { ...ON_7, unmanaged: "ignore" });
    expect(await registeredBy("UnmanagedSubscriptions", program)).toEqual([]);
  });

  it("has the ids of its subscriptions as output, by event", async () => {
    const subscriptions = { RUNS: ["CREATE"], ISSUES: ["UPDATE"] };
    const { result } = await runProgram(CONFIG, () => subscribeAll("s", { ...ON_7, subscriptions }).ids);
    const ids = { "RUNS-CREATE": "s-RUNS-CREATE", "ISSUES-UPDATE": "s-ISSUES-UPDATE" };
    expect(await settled(result)).toEqual(ids);
    expect(outputsOf("WebhookSubscriptions", "s")).toEqual({ ids });
  });

  it("warns of events that ION never delivers, and of no others", async () => {
    const warnings = quiet();
    const warningsOf = async (...actions: string[]) => {
      const subscriptions = { PURCHASE_ORDER_LINES: actions, PARTS: ["CREATE"] };
      await runProgram(CONFIG, () => void subscribeAll("s", { ...ON_7, subscriptions }));
      return warnings.mock.calls.flat();
    };
    expect(await warningsOf("UPDATE")).toEqual([]);
    expect(await warningsOf("UPDATE", "CREATE")).toMatchInlineSnapshot(`
      [
        "warning: [runtime] PURCHASE_ORDER_LINES CREATE is never delivered: ION sends no event when a purchase order line is created (Violet's guide, known limitation 1). Violet gets new lines with its next scheduled fetch.",
      ]
    `);
  });

  it("is refused if it subscribes to nothing", async () => {
    expect(await errorOf(() => subscribeAll("s", { ...ON_7, subscriptions: {} }))).toMatchInlineSnapshot(
      `""s" subscribes to nothing. Declare at least one event, such as PARTS: ["UPDATE"]."`,
    );
  });

  it("is refused if a resource has no list of actions", async () => {
    const withActions = (actions: string[]) => () => subscribeAll("s", { ...ON_7, subscriptions: { RUNS: actions } });
    const message = await errorOf(withActions([]));
    expect(message).toMatchInlineSnapshot(
      `""s" subscribes to RUNS without an action. Set a list such as ["CREATE", "UPDATE"], or remove RUNS."`,
    );
    expect(await errorOf(withActions("CREATE" as unknown as string[]))).toBe(message);
  });

  it("is refused if unmanaged has another value", async () => {
    const program = () => subscribeAll("s", { ...ON_7, unmanaged: "remove" as "delete" });
    expect(await errorOf(program)).toMatchInlineSnapshot(`""s" must have unmanaged "delete", "report" or "ignore"."`);
  });

  it("is refused if an argument does not exist, as each of its subscriptions is", async () => {
    const args = {
      ...ON_7,
      subscriptions: { RUNS: ["CREATE"] },
      unmanagd: "delete",
      maxDeletion: 3,
      connection: undefined,
    };
    expect(await errorOf(() => new WebhookSubscriptions("s", args), CONFIG)).toBe(
      '"s" has no such property: "unmanagd", "maxDeletion". Check the spelling, or remove it.',
    );
    const one = { ...ON_7, resource: "RUNS", action: "CREATE", actoin: "UPDATE" };
    expect(await errorOf(() => new WebhookSubscription("one", one), CONFIG)).toBe(
      '"one" has no such property: "actoin". Check the spelling, or remove it.',
    );
  });

  it("leaves the length of stack traces as it was, also if it fails", async () => {
    const { stackTraceLimit } = Error;
    await runProgram(CONFIG, () => {
      const { id } = receiver("a");
      subscribeAll("s", { receiverId: id });
      expect(Error.stackTraceLimit).toBe(stackTraceLimit);
      const noString = Symbol("CREATE") as unknown as string;
      expect(() => new WebhookSubscriptions("t", { receiverId: id, subscriptions: { PARTS: [noString] } })).toThrow(
        "Cannot convert a Symbol value to a string",
      );
      expect(Error.stackTraceLimit).toBe(stackTraceLimit);
    });
  });
});
