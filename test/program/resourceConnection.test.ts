import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import {
  type GetWebhookReceiverResult,
  getWebhookReceiver,
  getWebhookReceiverOutput,
  VioletWebhooks,
  WebhookReceiver,
  WebhookSubscription,
} from "../../provider/src/index.ts";
import { quiet, runProgram } from "../support/pulumiMocks.ts";
import { configOf, start } from "../support/support.ts";
import { CONFIG, errorOf, receiver, subscribe, subscribeAll } from "./declare.ts";

const PARTS_UPDATE = { resource: "PARTS", action: "UPDATE" };

/** The connections of the resources that a program registers, by name. Components have none. */
async function connectionsOf(program: () => unknown, config: Readonly<Record<string, string>> = CONFIG) {
  const { registered } = await runProgram(config, async () => void (await program()));
  const resources = registered.filter(({ type }) => type.startsWith("pulumi-nodejs:"));
  return Object.fromEntries(resources.map(({ name, inputs }) => [name, inputs.connection]));
}

describe("a subscription", () => {
  it("uses the connection of its receiver", async () => {
    const program = () => {
      for (const connection of [undefined, "staging"]) {
        const name = connection ?? "production";
        new WebhookSubscription(`${name}-parts`, { receiver: receiver(name, { connection }), ...PARTS_UPDATE });
      }
    };
    expect(await connectionsOf(program)).toEqual({
      production: undefined,
      "production-parts": undefined,
      staging: "staging",
      "staging-parts": "staging",
    });
  });

  it("uses the connection that its receiver was looked up in", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
    const config = Object.assign({}, ...["ion", "ion-staging"].map((namespace) => configOf(emulator, namespace)));
    quiet();
    const program = async () => {
      const criteria = { name: "erp", connection: "staging" };
      const from = (name: string, one: pulumi.Input<GetWebhookReceiverResult>, resource: string) =>
        new WebhookSubscription(name, { receiver: one, resource, action: "UPDATE" });
      from("of-result", await getWebhookReceiver(criteria), "PARTS");
      from("of-promise", getWebhookReceiver(criteria), "RUNS");
      from("of-output", getWebhookReceiverOutput(criteria), "STEPS");
      from("of-default", await getWebhookReceiver({ name: "erp" }), "ISSUES");
    };
    expect(await connectionsOf(program, config)).toEqual({
      "of-result": "staging",
      "of-promise": "staging",
      "of-output": "staging",
      "of-default": undefined,
    });
  });

  it("uses its own connection if its receiver is named by id", async () => {
    const program = () => {
      subscribe("default", "7");
      subscribe("staging", "7", { connection: "staging" });
      subscribe("by-output", receiver("r", { connection: "staging" }).id, { connection: "staging" });
    };
    expect(await connectionsOf(program)).toMatchObject({
      default: undefined,
      staging: "staging",
      "by-output": "staging",
    });
  });

  it("uses the connection of the component that it is in", async () => {
    const program = () => {
      quiet();
      new VioletWebhooks("violet", { webhookUri: "https://hooks.example/v", connection: "staging" });
      subscribeAll("erp", { receiver: receiver("erp", { connection: "staging" }) });
      subscribeAll("crm", { receiverId: "7", connection: "staging" });
    };
    const connections = await connectionsOf(program);
    expect(Object.keys(connections)).toHaveLength(1 + 34 + 1 + 3 + 2);
    expect(new Set(Object.values(connections))).toEqual(new Set(["staging"]));
  });

  it("cannot have both a receiver and a connection", async () => {
    const program = () =>
      new WebhookSubscription("s", { receiver: receiver("r"), connection: "live", ...PARTS_UPDATE });
    expect(await errorOf(program)).toMatchInlineSnapshot(
      `""s" must not set connection: it uses the connection of its receiver."`,
    );
  });

  it("must have one receiver, not none or two", async () => {
    const message = await errorOf(() => new WebhookSubscription("s", PARTS_UPDATE));
    expect(message).toMatchInlineSnapshot(`""s" must have receiver or receiverId, and not both."`);
    const withTwo = () => new WebhookSubscription("s", { receiver: receiver("r"), receiverId: "7", ...PARTS_UPDATE });
    expect(await errorOf(withTwo)).toBe(message);
  });

  it("cannot have the id of a receiver in a named connection if its own is another", async () => {
    const staging = () => receiver("r", { connection: "staging" });
    expect(await errorOf(() => subscribe("s", staging().id))).toMatchInlineSnapshot(
      `""s" is in the default connection, but its receiverId is the id of a receiver in connection "staging". Set receiver instead of receiverId."`,
    );
    const refusal = /its receiverId is the id of a receiver in connection "staging"/;
    expect(await errorOf(() => subscribe("s", staging().id, { connection: "live" }))).toMatch(refusal);
    expect(await errorOf(() => subscribe("s", pulumi.interpolate`${staging().id}`))).toMatch(refusal);
    expect(
      await errorOf(() =>
        subscribe(
          "s",
          staging().id.apply((id) => id),
        ),
      ),
    ).toMatch(refusal);
    expect(await errorOf(() => subscribeAll("s", { receiverId: staging().id }))).toMatch(refusal);
    const oneOfTwo = () => pulumi.all([receiver("other").id, staging().id]).apply(([first]) => first);
    expect(await errorOf(() => subscribe("s", oneOfTwo()))).toMatch(refusal);
  });

  it("cannot have the id of a receiver in the default connection if its own is another", async () => {
    const program = () => subscribe("s", receiver("r").id, { connection: "staging" });
    expect(await errorOf(program)).toMatch(/its receiverId is the id of a receiver in the default connection/);
  });
});

describe("the name of a connection", () => {
  it("must be possible as a namespace of the stack config", async () => {
    expect(await errorOf(() => receiver("r", { connection: "ion-staging:" }))).toMatchInlineSnapshot(
      `"The connection of "r" must be lowercase letters, digits and dashes, such as "staging"; its settings are then ion-staging:region and so on."`,
    );
  });

  it("must not be an output", async () => {
    const connection = pulumi.output("staging") as unknown as string;
    expect(await errorOf(() => new WebhookReceiver("r", { connection }))).toMatch(/^The connection of "r" must be/);
  });
});

it("warns once of a client secret in plaintext config, without its value", async () => {
  const warnings = quiet();
  await runProgram({ ...CONFIG, "ion:clientSecret": "canary" }, () => void subscribe("s", receiver("r").id));
  expect(warnings.mock.calls).toMatchInlineSnapshot(`
    [
      [
        "warning: [runtime] ion:clientSecret is stored in this stack's config as plaintext. Run \`pulumi config set --secret ion:clientSecret\`. If other people have seen the file, ask an org admin of ION for a new API key.",
      ],
    ]
  `);
});
