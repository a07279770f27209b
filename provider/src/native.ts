/**
 * The same resources as `pulumi-ion`, over the provider plugin: they can be imported, and a preview names each header that changes.
 * The project names the plugin in its Pulumi.yaml (docs/provider-plugin.md).
 */
import type * as pulumi from "@pulumi/pulumi";
import * as base from "./index.ts";

export {
  type ActionsByResource,
  type GetSourceAddressesArgs,
  type GetSourceAddressesResult,
  type GetSupportedResourcesResult,
  type GetWebhookReceiverArgs,
  type GetWebhookReceiverOutputArgs,
  type GetWebhookReceiverResult,
  getSourceAddresses,
  getSupportedResources,
  getSupportedResourcesOutput,
  getWebhookReceiver,
  getWebhookReceiverOutput,
  getWebhookReceivers,
  getWebhookReceiversOutput,
  type ReceiverResult,
  type SubscriptionResult,
  type UnmanagedPolicy,
  verifySignature,
  type WebhookAction,
  type WebhookResource,
} from "./index.ts";
export { Provider, type ProviderArgs } from "./resources/provider.ts";

/** Arguments for {@link WebhookReceiver}: those of pulumi-ion, without `connection` and `importId`. */
export type WebhookReceiverArgs = Omit<base.WebhookReceiverArgs, "connection" | "importId">;
/** Arguments for {@link WebhookSubscription}: those of pulumi-ion, without `connection`. */
export type WebhookSubscriptionArgs = Omit<base.WebhookSubscriptionArgs, "connection">;
/** Arguments for {@link WebhookSubscriptions}: those of pulumi-ion, without `connection`. */
export type WebhookSubscriptionsArgs = Omit<base.WebhookSubscriptionsArgs, "connection">;
/** Arguments for {@link VioletWebhooks}: those of pulumi-ion, without `connection` and `importId`. */
export type VioletWebhooksArgs = Omit<base.VioletWebhooksArgs, "connection" | "importId">;

/** A webhook receiver in ION, over the plugin. Import one with the option `import` and its id. */
export class WebhookReceiver extends base.WebhookReceiver {
  constructor(name: string, args: WebhookReceiverArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, args, opts, "plugin");
  }
}

/** A webhook subscription in ION, over the plugin. Import one with the option `import` and such as `2/PARTS/UPDATE`. */
export class WebhookSubscription extends base.WebhookSubscription {
  constructor(name: string, args: WebhookSubscriptionArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, args, opts, "plugin");
  }
}

/** The subscriptions of one receiver, over the plugin. */
export class WebhookSubscriptions extends base.WebhookSubscriptions {
  constructor(name: string, args: WebhookSubscriptionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super(name, args, opts, "plugin");
  }
}

/** All of Violet's guide, over the plugin. */
export class VioletWebhooks extends base.VioletWebhooks {
  constructor(name: string, args: VioletWebhooksArgs, opts?: pulumi.ComponentResourceOptions) {
    super(name, args, opts, "plugin");
  }
}
