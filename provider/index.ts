export {
  type GetSourceAddressesArgs,
  type GetSourceAddressesResult,
  getSourceAddresses,
} from "./functions/getSourceAddresses.ts";
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
} from "./functions/getWebhookReceiver.ts";
export { verifySignature } from "./functions/verifySignature.ts";
export type { ConnectionArgs } from "./program/resourceConnection.ts";
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
