import { listReceivers } from "../lifecycle/lookUps.ts";
import * as pulumi from "../program/pulumi.ts";
import type { ConnectionArgs } from "../program/resourceConnection.ts";
import type { GetWebhookReceiverResult } from "./getWebhookReceiver.ts";
import { lookUp } from "./lookup.ts";

/**
 * Looks up all webhook receivers in ION, oldest first, in a preview too.
 *
 * @throws RunError if ION cannot be read.
 */
export function getWebhookReceivers(args: ConnectionArgs = {}): Promise<GetWebhookReceiverResult[]> {
  return lookUp("getWebhookReceivers", args, async (api) =>
    (await listReceivers(api)).map((receiver) => ({ ...receiver, connection: args.connection })),
  );
}

/** {@link getWebhookReceivers} for a program that does not await. */
export function getWebhookReceiversOutput(args: ConnectionArgs = {}): pulumi.Output<GetWebhookReceiverResult[]> {
  return pulumi.output(getWebhookReceivers(args));
}
