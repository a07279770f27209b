import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { WebhookReceiver } from "../../provider/src/index.ts";
import { errorOf, provider, receiver, registeredBy, secret } from "../program/declare.ts";

const URI = "https://hooks.example/a";

/** The inputs that a program registers its receivers with. */
const inputsOf = async (program: () => unknown) =>
  (await registeredBy("WebhookReceiver", program)).map(({ inputs }) => inputs);

describe("WebhookReceiver", () => {
  it("registers its arguments, with secrets marked as such", async () => {
    const args = {
      importId: "7",
      name: "ERP",
      webhookUri: URI,
      sharedSecret: "s",
      headers: { "X-Plant": "7" },
      description: "free text",
      active: false,
    };
    expect(await inputsOf(() => new WebhookReceiver("a", args))).toEqual([
      {
        ...args,
        __provider: provider("webhookReceiver"),
        webhookUri: secret(URI),
        sharedSecret: secret("s"),
        headers: secret({ "X-Plant": "7" }),
      },
    ]);
  });

  it("registers nothing that the program omits, except its logical name as name", async () => {
    const common = { __provider: provider("webhookReceiver"), name: "a" };
    expect(await inputsOf(() => new WebhookReceiver("a", { webhookUri: URI }))).toEqual([
      { ...common, webhookUri: secret(URI) },
    ]);
    expect(await inputsOf(() => new WebhookReceiver("a", { importId: "7" }))).toEqual([{ ...common, importId: "7" }]);
  });

  it("is refused if another receiver has its URL in another spelling", async () => {
    const program = () => [receiver("a"), receiver("b", { webhookUri: "https://HOOKS.example/a" })];
    expect(await errorOf(program)).toMatchInlineSnapshot(
      `"error serializing property "webhookUri": "a" and "b" declare the same webhookUri. Remove one of them from the program."`,
    );
  });

  it("is accepted if its URL differs from all others in its environment", async () => {
    const program = () => [
      receiver("a"),
      receiver("b", { webhookUri: `${URI}/b` }),
      receiver("c", { webhookUri: URI, connection: "staging" }),
    ];
    expect(await inputsOf(program)).toHaveLength(3);
  });

  it("refuses the options id and import", async () => {
    const withOption = (opts: pulumi.CustomResourceOptions) => () =>
      new WebhookReceiver("a", { webhookUri: URI }, opts);
    expect(await errorOf(withOption({ import: "7" }))).toMatchInlineSnapshot(
      `"The option import of WebhookReceiver "a" is not supported. To import an existing receiver, set importId. To look one up without managing it, use getWebhookReceiver."`,
    );
    expect(await errorOf(withOption({ id: pulumi.output("7") }))).toContain("The option id of WebhookReceiver");
  });
});
