/** Short ways to run a program, and to declare what most tests need. */
import * as pulumi from "@pulumi/pulumi";
import { expect } from "vitest";
import {
  WebhookReceiver,
  type WebhookReceiverArgs,
  WebhookSubscription,
  WebhookSubscriptions,
  type WebhookSubscriptionsArgs,
} from "../../provider/src/index.ts";
import { type Registered, runProgram } from "../support/pulumiMocks.ts";

/** Two connections to different ION environments, and one to the same environment as the default connection. */
export const CONFIG = {
  "ion:region": "us",
  "ion-staging:region": "us",
  "ion-staging:stage": "staging",
  "ion-live:region": "us",
};

/** Declares a receiver with a URL of its own. */
export const receiver = (name: string, args: Partial<WebhookReceiverArgs> = {}) =>
  new WebhookReceiver(name, { webhookUri: `https://hooks.example/${name}`, ...args });

/** Declares a subscription to PARTS UPDATE, or to another event. */
export const subscribe = (
  name: string,
  receiverId: pulumi.Input<string>,
  {
    resource = "PARTS",
    action = "UPDATE",
    connection,
  }: { resource?: string; action?: string; connection?: string } = {},
) => new WebhookSubscription(name, { receiverId, resource, action, ...(connection !== undefined && { connection }) });

/** Declares the subscription to RUNS UPDATE, or others, with a search for unmanaged ones. */
export const subscribeAll = (
  name: string,
  args: Omit<WebhookSubscriptionsArgs, "subscriptions"> & Partial<WebhookSubscriptionsArgs>,
) => new WebhookSubscriptions(name, { subscriptions: { RUNS: ["UPDATE"] }, ...args });

/** The resources of one type that a program registers, in the order of their declaration. */
export async function registeredBy(type: string, program: () => unknown, preview = false): Promise<Registered[]> {
  const { registered } = await runProgram(CONFIG, async () => void (await program()), { preview });
  return ofType(type, registered);
}

/** The resources of one type, such as "WebhookReceiver". */
export const ofType = (type: string, registered: readonly Registered[]) =>
  registered.filter((resource) => resource.type.split(":").at(-1) === type);

/** The outputs that a component of the last run registered. */
export function outputsOf(type: string, name: string): unknown {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    readonly resources: ReadonlyMap<string, { readonly state: { toJavaScript(): unknown } }>;
  };
  const [, component] = [...monitor.resources].find(([urn]) => urn.endsWith(`${type}::${name}`)) ?? [];
  return component?.state.toJavaScript();
}

/** The message of the RunError that a program fails with. */
export async function errorOf(
  program: () => unknown,
  config: Readonly<Record<string, string>> = CONFIG,
): Promise<string> {
  const error: unknown = await runProgram(config, async () => void (await program())).then(
    () => new Error("The program did not fail."),
    (reason: unknown) => reason,
  );
  expect(error).toSatisfy(pulumi.RunError.isInstance);
  return (error as pulumi.RunError).message;
}

/** A secret as Pulumi sends it to the engine. */
export const secret = (value: unknown) => ({
  [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
  value,
});

/** The code of a dynamic provider as Pulumi sends it to the engine. */
export const provider = (name: string) => `exports.handler = () => require("pulumi-ion/dynamic").${name}`;
