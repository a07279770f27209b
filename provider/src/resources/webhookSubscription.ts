import type { GetWebhookReceiverResult } from "../functions/getWebhookReceiver.ts";
import type { ACTIONS, VIOLET_RESOURCES } from "../model/events.ts";
import { type Carrier, typeOf } from "../model/resourceTypes.ts";
import * as pulumi from "../program/pulumi.ts";
import { declareOnce, declareSubscription } from "../program/registry.ts";
import { type ReceiverArgs, resolveReceiver } from "../program/resourceConnection.ts";
import { refuseIdOptions, refuseUnknownArgs } from "../program/resourceOptions.ts";
import { codeOf, environmentFor, refuseOtherCarrier, withProviderOf } from "./carrier.ts";
import type { WebhookReceiver } from "./webhookReceiver.ts";

/** A resource of ION that events are about. Editors complete the known names; ION has more, and its schema decides. */
export type WebhookResource = (typeof VIOLET_RESOURCES)[number] | (string & {});

/** What happened to a resource. */
export type WebhookAction = (typeof ACTIONS)[number] | (string & {});

/** Actions by resource, such as `{ RUNS: ["CREATE", "UPDATE"] }`. */
export type ActionsByResource = { readonly [Resource in WebhookResource]?: readonly WebhookAction[] };

/** Arguments for {@link WebhookSubscription}. Changing any of them replaces the subscription; the new one is created first. */
export interface WebhookSubscriptionArgs extends ReceiverArgs {
  /**
   * The receiver that events are sent to: a {@link WebhookReceiver}, or the result of `getWebhookReceiver`. Its connection is used.
   * @noplugin
   */
  receiver?: WebhookReceiver | pulumi.Input<GetWebhookReceiverResult>;
  /** What events are about, such as `PARTS`. */
  resource: pulumi.Input<WebhookResource>;
  /** What happened to it: `CREATE`, `UPDATE` or `DELETE`. */
  action: pulumi.Input<WebhookAction>;
}

/**
 * A webhook subscription in ION: one action on one resource that a receiver gets events for.
 *
 * An existing subscription with the same receiver, resource and action is adopted, never created twice.
 *
 * @example
 * ```ts
 * new ion.WebhookSubscription("erp-parts", { receiver: erp, resource: "PARTS", action: "UPDATE" });
 * ```
 *
 * @see ../lifecycle/webhookSubscription.ts for what it does in ION.
 */
export class WebhookSubscription extends pulumi.CustomResource {
  /** The name of its connection; undefined for the default connection. @noplugin */
  declare readonly connection: pulumi.Output<string | undefined>;
  /** The id of the receiver that events are sent to. */
  declare readonly receiverId: pulumi.Output<string>;
  /** What events are about. */
  declare readonly resource: pulumi.Output<WebhookResource>;
  /** What happened to it. */
  declare readonly action: pulumi.Output<WebhookAction>;

  constructor(name: string, args: WebhookSubscriptionArgs, opts?: pulumi.CustomResourceOptions);
  /** @internal */
  constructor(
    name: string,
    args: WebhookSubscriptionArgs,
    opts: pulumi.CustomResourceOptions | undefined,
    carrier: Carrier,
  );
  constructor(
    name: string,
    args: WebhookSubscriptionArgs,
    opts?: pulumi.CustomResourceOptions,
    carrier: Carrier = "dynamic",
  ) {
    refuseUnknownArgs(name, args, ["receiver", "receiverId", "connection", "resource", "action"]);
    if (carrier === "dynamic") refuseIdOptions("WebhookSubscription", name, opts);
    const resolved = resolveReceiver(name, args);
    const { receiver, receiverId, connection } = resolved;
    refuseOtherCarrier(carrier, name, receiver);
    const own = environmentFor(carrier, name, connection, opts);
    // A receiver knows where it is; an id does not.
    const environment = receiver === undefined && carrier === "plugin" ? own : resolved.environment;
    const { resource, action } = args;
    const event = pulumi.all([resource, action]).apply((names) => names.join(" "));
    declareSubscription({ name, environment, receiverId, receiver, event });
    const key = pulumi.all([receiverId, event]).apply((parts) => parts.join(" "));
    const once = declareOnce("webhook subscription", name, environment, key);
    const inputs = {
      connection,
      receiverId: pulumi.all([receiverId, once]).apply(([id]) => id),
      resource,
      action,
      ...codeOf(carrier, "webhookSubscription"),
    };
    super(typeOf(carrier, "webhookSubscription"), name, inputs, withProviderOf(receiver, opts));
  }
}
