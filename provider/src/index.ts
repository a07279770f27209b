export {
  type GetSourceAddressesArgs,
  type GetSourceAddressesResult,
  getSourceAddresses,
} from "./functions/getSourceAddresses.ts";
export {
  type GetSupportedResourcesResult,
  getSupportedResources,
  getSupportedResourcesOutput,
} from "./functions/getSupportedResources.ts";
export {
  type GetWebhookReceiverArgs,
  type GetWebhookReceiverOutputArgs,
  type GetWebhookReceiverResult,
  getWebhookReceiver,
  getWebhookReceiverOutput,
  type ReceiverResult,
  type SubscriptionResult,
} from "./functions/getWebhookReceiver.ts";
export { getWebhookReceivers, getWebhookReceiversOutput } from "./functions/getWebhookReceivers.ts";
export { verifySignature } from "./functions/verifySignature.ts";
export type { ConnectionArgs, ReceiverArgs } from "./program/resourceConnection.ts";
export type { UnmanagedPolicy } from "./resources/unmanagedSubscriptions.ts";
export { VioletWebhooks, type VioletWebhooksArgs } from "./resources/violetWebhooks.ts";
export { WebhookReceiver, type WebhookReceiverArgs } from "./resources/webhookReceiver.ts";
export {
  type ActionsByResource,
  type WebhookAction,
  type WebhookResource,
  WebhookSubscription,
  type WebhookSubscriptionArgs,
} from "./resources/webhookSubscription.ts";
export { WebhookSubscriptions, type WebhookSubscriptionsArgs } from "./resources/webhookSubscriptions.ts";
