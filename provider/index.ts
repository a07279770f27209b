export type { ConnectionArgs } from "./connection.ts";
export {
  type GetSupportedResourcesResult,
  type GetWebhookReceiverArgs,
  type GetWebhookReceiverOutputArgs,
  type GetWebhookReceiverResult,
  getSupportedResources,
  getSupportedResourcesOutput,
  getWebhookReceiver,
  getWebhookReceiverOutput,
  getWebhookReceivers,
  getWebhookReceiversOutput,
} from "./lookups.ts";
export { verifySignature } from "./signature.ts";
export { type SourceAddresses, type SourceAddressesArgs, sourceAddresses } from "./sourceAddresses.ts";
export type { Unmanaged } from "./unmanagedSubscriptions.ts";
export { VioletWebhooks, type VioletWebhooksArgs } from "./violetWebhooks.ts";
export { WebhookReceiver, type WebhookReceiverArgs } from "./webhookReceiver.ts";
export {
  type ActionsByResource,
  type WebhookAction,
  type WebhookResource,
  WebhookSubscription,
  type WebhookSubscriptionArgs,
} from "./webhookSubscription.ts";
export { WebhookSubscriptions, type WebhookSubscriptionsArgs } from "./webhookSubscriptions.ts";
