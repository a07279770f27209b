import { providerText } from "../engine/dynamic/providerReference.ts";
import type { ACTIONS, VIOLET_RESOURCES } from "../ion/facts.ts";
import { exact } from "../program/engineSafeInputs.ts";
import * as pulumi from "../program/pulumi.ts";
import { declareOnce, declareSubscription } from "../program/registry.ts";
import {
  type ConnectionArgs,
  connectionFor,
  idWithin,
  noteResource,
  placeOfConnection,
} from "../program/resourceConnection.ts";

/** A resource of ION that events are about. The known names complete in an editor; ION has more, and its schema decides. */
export type WebhookResource = (typeof VIOLET_RESOURCES)[number] | (string & {});

/** What happens to a resource. */
export type WebhookAction = (typeof ACTIONS)[number] | (string & {});

/** Actions by resource, such as `{ RUNS: ["CREATE", "UPDATE"] }`. */
export type ActionsByResource = { readonly [Resource in WebhookResource]?: readonly WebhookAction[] };

/** What a {@link WebhookSubscription} is to be. A change of any of the three makes a new subscription and then ends the old one. */
export interface WebhookSubscriptionArgs extends ConnectionArgs {
  /** The id of the receiver that events go to. */
  receiverId: pulumi.Input<string>;
  /** What events are about, such as `PARTS`. */
  resource: pulumi.Input<WebhookResource>;
  /** What happens to it: `CREATE`, `UPDATE` or `DELETE`. */
  action: pulumi.Input<WebhookAction>;
}

/**
 * A webhook subscription in ION: one action on one resource that a receiver is told of.
 *
 * A subscription with the same receiver, resource and action that is there already is taken over, never made twice.
 *
 * @example
 * ```ts
 * new ion.WebhookSubscription("erp-parts", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });
 * ```
 */
export class WebhookSubscription extends pulumi.CustomResource {
  /** The name of the connection to its ION; undefined for the stack's own. */
  declare readonly connection: pulumi.Output<string | undefined>;
  declare readonly receiverId: pulumi.Output<string>;
  declare readonly resource: pulumi.Output<WebhookResource>;
  declare readonly action: pulumi.Output<WebhookAction>;

  constructor(name: string, given: WebhookSubscriptionArgs, opts?: pulumi.CustomResourceOptions) {
    const args = exact(name, given);
    const connection = connectionFor(name, args.connection, args.receiverId);
    const receiverId = idWithin(name, args.connection, connection, args.receiverId);
    const place = placeOfConnection(connection);
    const pair = pulumi.all([args.resource, args.action]).apply((names) => names.join(" "));
    declareSubscription({ name, place, receiverId, pair });
    const key = pulumi.all([receiverId, pair]).apply((parts) => parts.join(" "));
    const once = declareOnce("webhook subscription", name, place, key);
    const inputs = {
      ...args,
      connection,
      receiverId: pulumi.all([receiverId, once]).apply(([id]) => id),
      __provider: providerText("webhookSubscription"),
    };
    super("pulumi-nodejs:dynamic/ion:WebhookSubscription", name, inputs, opts);
    noteResource(this, connection);
  }
}
