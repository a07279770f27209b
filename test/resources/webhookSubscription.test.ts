import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { WebhookSubscription } from "../../provider/src/index.ts";
import { errorOf, provider, receiver, registeredBy, subscribe } from "../program/declare.ts";

const PARTS_UPDATE = { resource: "PARTS", action: "UPDATE" };

describe("WebhookSubscription", () => {
  it("registers its event and the id of its receiver", async () => {
    const program = () => new WebhookSubscription("s", { receiver: receiver("a"), ...PARTS_UPDATE });
    const [registered] = await registeredBy("WebhookSubscription", program);
    expect(registered?.inputs).toEqual({
      __provider: provider("webhookSubscription"),
      receiverId: "a",
      ...PARTS_UPDATE,
    });
    expect(registered?.dependencies).toEqual(["a"]);
  });

  it("is refused if another subscription has its receiver and event", async () => {
    expect(await errorOf(() => [subscribe("s", "7"), subscribe("t", "7")])).toMatchInlineSnapshot(
      `"error serializing property "receiverId": "s" and "t" declare the same webhook subscription. Remove one of them from the program."`,
    );
  });

  it("is accepted if its receiver, resource or action differs from all others", async () => {
    const program = () => [
      subscribe("s", "7"),
      subscribe("t", "7", { action: "CREATE" }),
      subscribe("u", "7", { resource: "RUNS" }),
      subscribe("v", "77"),
      subscribe("w", "7", { connection: "staging" }),
    ];
    expect(await registeredBy("WebhookSubscription", program)).toHaveLength(5);
  });

  it("refuses the options id and import", async () => {
    const withOption = (opts: pulumi.CustomResourceOptions) => () =>
      new WebhookSubscription("s", { receiverId: "7", ...PARTS_UPDATE }, opts);
    expect(await errorOf(withOption({ import: "41" }))).toMatchInlineSnapshot(
      `"The option import of WebhookSubscription "s" is not supported. Omit it: a subscription that exists in ION with the same receiver, resource and action is adopted automatically."`,
    );
    expect(await errorOf(withOption({ id: "41" }))).toContain("The option id of WebhookSubscription");
  });
});
