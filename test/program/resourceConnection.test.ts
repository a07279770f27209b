import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import {
  getWebhookReceiver,
  VioletWebhooks,
  WebhookReceiver,
  type WebhookReceiverArgs,
  WebhookSubscription,
  WebhookSubscriptions,
} from "../../provider/index.ts";
import { quiet, type Registered, runProgram } from "../support/pulumiMocks.ts";
import { configOf, start } from "../support/support.ts";

const CONFIG = {
  "ion:region": "us",
  "ion-staging:region": "us",
  "ion-staging:stage": "staging",
  "ion-live:region": "us",
};

const receiver = (name: string, args: Partial<WebhookReceiverArgs> = {}) =>
  new WebhookReceiver(name, { webhookUri: `https://hooks.example/${name}`, ...args });
const subscribe = (receiverId: pulumi.Input<string>, connection?: string, name = "s") =>
  new WebhookSubscription(name, { receiverId, resource: "PARTS", action: "UPDATE", connection });

/** The connections that a program's resources are registered with, by kind and name. */
const connectionsOf = (registered: readonly Registered[]) =>
  Object.fromEntries(
    registered
      .filter(({ type }) => type.startsWith("pulumi-nodejs:"))
      .map(({ type, name, inputs }) => [`${type.split(":").at(-1)} ${name}`, inputs.connection]),
  );

describe("the connection of a subscription is its receiver's", () => {
  it.each<[string, (staging: WebhookReceiver) => pulumi.Input<string>]>([
    ["whose id it is given", ({ id }) => id],
    ["whose id went through an apply", ({ id }) => id.apply((value) => value)],
    ["whose id is part of a text", ({ id }) => pulumi.interpolate`${id}`],
    ["whose id was picked from others", ({ id }) => pulumi.all([id, Promise.resolve("x")]).apply(([first]) => first)],
    ["whose id is nested", ({ id }) => pulumi.output({ of: { receiver: id } }).of.receiver],
    [
      "that another subscription is of",
      ({ id }) => new WebhookSubscription("other", { receiverId: id, resource: "RUNS", action: "UPDATE" }).receiverId,
    ],
  ])("%s", async (_what, idOf) => {
    const { registered } = await runProgram(CONFIG, () => {
      receiver("production");
      subscribe(idOf(receiver("staging", { connection: "staging" })));
    });
    const connections = connectionsOf(registered);
    expect(connections).toMatchObject({
      "WebhookReceiver production": undefined,
      "WebhookReceiver staging": "staging",
      "WebhookSubscription s": "staging",
    });
  });

  it("and the stack's own for a receiver of its own, and for an id in plain", async () => {
    const { registered } = await runProgram(CONFIG, () => {
      subscribe(receiver("production").id);
      subscribe("7", undefined, "plain");
      subscribe("7", "staging", "other");
    });
    expect(connectionsOf(registered)).toEqual({
      "WebhookReceiver production": undefined,
      "WebhookSubscription s": undefined,
      "WebhookSubscription plain": undefined,
      "WebhookSubscription other": "staging",
    });
  });

  it("in a component, too, with everything that is in it", async () => {
    const { registered } = await runProgram(CONFIG, () => {
      new VioletWebhooks("violet", {
        webhookUri: "https://hooks.example/v",
        resources: ["PARTS"],
        actions: ["UPDATE"],
        connection: "staging",
      });
      const { id } = receiver("erp", { connection: "staging" });
      new WebhookSubscriptions("erp", { receiverId: id, subscriptions: { RUNS: ["UPDATE"] } });
    });
    const connections = connectionsOf(registered);
    expect(Object.keys(connections).sort()).toEqual([
      "UnmanagedSubscriptions erp-unmanaged",
      "UnmanagedSubscriptions violet-unmanaged",
      "WebhookReceiver erp",
      "WebhookReceiver violet",
      "WebhookSubscription erp-RUNS-UPDATE",
      "WebhookSubscription violet-PARTS-UPDATE",
    ]);
    expect(new Set(Object.values(connections))).toEqual(new Set(["staging"]));
  });
});

describe("refused is", () => {
  const another = "an id of one ION means another receiver in another ION.";
  it.each<[string, () => unknown, string]>([
    [
      "a subscription in another connection than its receiver",
      () => subscribe(receiver("r", { connection: "staging" }).id, "live"),
      `"s" names a webhook receiver in connection "staging", and its connection is "live": ${another}`,
    ],
    [
      "a subscription in a connection where its receiver is in the stack's own",
      () => subscribe(receiver("r").id, "staging"),
      `"s" names a webhook receiver in the stack's own connection, and its connection is "staging": ${another}`,
    ],
    [
      "an id that comes from receivers of two connections",
      () => {
        const ids = [receiver("a").id, receiver("b", { connection: "staging" }).id];
        subscribe(pulumi.all(ids).apply(([first = ""]) => first));
      },
      `"s" names a webhook receiver in the stack's own connection and one in connection "staging": ${another}`,
    ],
    [
      "a set in another connection than its receiver",
      () =>
        new WebhookSubscriptions("s", {
          receiverId: receiver("r").id,
          subscriptions: { RUNS: ["UPDATE"] },
          connection: "staging",
        }),
      `"s" names a webhook receiver in the stack's own connection, and its connection is "staging": ${another}`,
    ],
    [
      "a name that a connection cannot have",
      () => receiver("r", { connection: "ion-staging:" }),
      'The connection of "r" has to be a plain name of small letters, digits and dashes, such as "staging"; its settings are then ion-staging:region and so on.',
    ],
    [
      "an output for a connection",
      () => receiver("r", { connection: pulumi.output("staging") as unknown as string }),
      'The connection of "r" has to be a plain name',
    ],
    [
      "an id whose receiver is seen only later",
      () => subscribe(pulumi.output(Promise.resolve(receiver("r", { connection: "staging" }).id))),
      `"s" names a webhook receiver in connection "staging": ${another}`,
    ],
  ])("%s", async (_what, program, message) => {
    await expect(runProgram(CONFIG, () => void program())).rejects.toThrow(message);
  });
});

it("what is looked up in one connection is known to be there by its id, where the connection is named", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
  const { registered } = await runProgram(configOf(emulator, "ion-staging"), async () => {
    const { id, connection } = await getWebhookReceiver({ name: "erp", connection: "staging" });
    subscribe(id, connection);
  });
  expect(connectionsOf(registered)).toEqual({ "WebhookSubscription s": "staging" });
});

describe("an id that was looked up", () => {
  /** A program that looks one receiver up over some connections, and then takes its id without naming one. */
  async function afterLookUps(...connections: (string | undefined)[]) {
    const emulator = await start();
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
    const config = Object.assign({}, ...["ion", "ion-staging", "ion-live"].map((one) => configOf(emulator, one)));
    const { registered } = await runProgram(config, async () => {
      for (const connection of connections) await getWebhookReceiver({ name: "erp", connection });
      subscribe("1");
      subscribe("2", undefined, "other");
    });
    return connectionsOf(registered);
  }

  it.each<[string[], string]>([
    [["staging"], 'in connection "staging", and "s" names no connection: add connection: "staging".'],
    [
      ["live", "staging"],
      'in connection "live" and connection "staging", and "s" names no connection: add connection: "live".',
    ],
  ])("in %j only, is refused where no connection is named", async (connections, where) => {
    await expect(afterLookUps(...connections)).rejects.toThrow(
      `The webhook receiver with id 1 was looked up ${where} If it means the receiver 1 of the stack's own ION, look that one up, too.`,
    );
  });

  it("in the stack's own, too, is the stack's own", async () => {
    expect(await afterLookUps("staging", undefined)).toEqual({
      "WebhookSubscription s": undefined,
      "WebhookSubscription other": undefined,
    });
  });
});

it("a client secret in the config in plain is warned of once, without its value", async () => {
  const told = quiet();
  await runProgram({ ...CONFIG, "ion:clientSecret": "canary" }, () => subscribe(receiver("r").id));
  expect(told.mock.calls).toEqual([
    [
      "warning: [runtime] ion:clientSecret is in this stack's config in plain: set it again with `pulumi config set --secret ion:clientSecret`. If others have seen the file, have ION make another key.",
    ],
  ]);
});

describe("what a program declares", () => {
  const pairsOf = (registered: readonly Registered[]) =>
    registered.filter(({ type }) => type.endsWith(":UnmanagedSubscriptions")).map(({ inputs }) => inputs.declared);
  const set = (name: string, receiverId: string, connection?: string) =>
    new WebhookSubscriptions(name, { receiverId, subscriptions: { RUNS: ["UPDATE"] }, connection });

  it("is told apart by the ION that it is in: the same pair of the same id in two is two", async () => {
    const { registered } = await runProgram(CONFIG, () => {
      set("production", "2");
      set("staging", "2", "staging");
      subscribe("2", "staging");
    });
    expect(pairsOf(registered)).toEqual([["RUNS UPDATE"], ["PARTS UPDATE", "RUNS UPDATE"]]);
  });

  it("is one where two connections name one ION", async () => {
    const { registered } = await runProgram(CONFIG, () => {
      set("production", "2");
      subscribe("2", "live");
    });
    expect(pairsOf(registered)).toEqual([["PARTS UPDATE", "RUNS UPDATE"]]);
  });

  it("counts also what comes after a look-up that the program waits for", async () => {
    const emulator = await start({ latencyMs: 20 });
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/erp" });
    const { registered } = await runProgram(configOf(emulator), async () => {
      set("erp", "1");
      const { id } = await getWebhookReceiver({ name: "erp" });
      subscribe(id);
      const again = await getWebhookReceiver({ id });
      new WebhookSubscription("last", { receiverId: again.id, resource: "STEPS", action: "UPDATE" });
    });
    expect(pairsOf(registered)).toEqual([["PARTS UPDATE", "RUNS UPDATE", "STEPS UPDATE"]]);
  });
});
