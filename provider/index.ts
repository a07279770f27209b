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
export { type SourceAddresses, type SourceAddressesArgs, sourceAddresses } from "./sourceAddresses.ts";
