import { findReceiver, type ReceiverResult } from "../lifecycle/lookUps.ts";
import * as pulumi from "../program/pulumi.ts";
import type { ConnectionArgs } from "../program/resourceConnection.ts";
import { lookUp } from "./lookup.ts";

export type { ReceiverResult, SubscriptionResult } from "../lifecycle/lookUps.ts";

/** Which receiver to look up. Everything that is set must match; at least one must be set. */
export interface GetWebhookReceiverArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: string | undefined;
  /** Its exact name in ION. */
  name?: string | undefined;
  /** The URL that it sends events to, in any spelling. A secret: it is in no message and no result. */
  webhookUri?: string | undefined;
}

/** {@link GetWebhookReceiverArgs} with values that may not be known yet. */
export interface GetWebhookReceiverOutputArgs extends ConnectionArgs {
  /** Its id in ION. */
  id?: pulumi.Input<string | undefined>;
  /** Its exact name in ION. */
  name?: pulumi.Input<string | undefined>;
  /** The URL that it sends events to, in any spelling. A secret: it is in no message and no result. */
  webhookUri?: pulumi.Input<string | undefined>;
}

/** A webhook receiver as ION has it now, with the connection that it was found over. */
export interface GetWebhookReceiverResult extends ReceiverResult {
  /** The connection that it was found over; undefined for the default connection. */
  readonly connection: string | undefined;
}

/**
 * Looks up one webhook receiver in ION, in a preview too. What the program itself declares exists only after `pulumi up`: use
 * that resource instead.
 *
 * The result holds no secret, so it can be used anywhere. To get the shared secret of an existing receiver, import it:
 * `new WebhookReceiver(…, { importId })`.
 *
 * @throws RunError if no receiver matches (with the names and ids that exist), if several match (with their ids), and if ION
 * cannot be read.
 *
 * @plugin Looks up one webhook receiver in ION, in a preview too. What the program itself declares exists only after `pulumi up`: use
 * that resource instead. The result holds no secret, so it can be used anywhere.
 *
 * @example
 * ```ts
 * const receiver = await ion.getWebhookReceiver({ name: "Violet" });
 * new ion.WebhookSubscription("parts", { receiver, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiver(args: GetWebhookReceiverArgs): Promise<GetWebhookReceiverResult> {
  const { connection, ...criteria } = args;
  return lookUp("getWebhookReceiver", args, async (api) => ({ ...(await findReceiver(api, criteria)), connection }));
}

/**
 * {@link getWebhookReceiver} with values that may not be known yet, for a program that does not await.
 *
 * @example
 * ```ts
 * const receiver = ion.getWebhookReceiverOutput({ name: config.require("receiver") });
 * new ion.WebhookSubscription("parts", { receiver, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export function getWebhookReceiverOutput(args: GetWebhookReceiverOutputArgs): pulumi.Output<GetWebhookReceiverResult> {
  // A secret URL would make the whole result a secret, which it is not.
  return pulumi.unsecret(pulumi.output(args).apply(getWebhookReceiver));
}
