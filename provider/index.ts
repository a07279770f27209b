export { verifySignature } from "./signature.ts";
export type { Unmanaged } from "./unmanagedSubscriptions.ts";
export { VioletWebhooks, type VioletWebhooksArgs } from "./violetWebhooks.ts";
export { WebhookReceiver, type WebhookReceiverArgs } from "./webhookReceiver.ts";
export {
  type WebhookAction,
  type WebhookResource,
  WebhookSubscription,
  type WebhookSubscriptionArgs,
} from "./webhookSubscription.ts";
export { WebhookSubscriptions, type WebhookSubscriptionsArgs } from "./webhookSubscriptions.ts";
