/**
 * What the state of every resource names as its code (see providerReference.ts). Loaded by Pulumi's dynamic provider process, not
 * by programs. These names are part of users' state, so they must not change.
 */
import { unmanagedSubscriptions as unmanaged } from "../../lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver as receiver } from "../../lifecycle/webhookReceiver.ts";
import { webhookSubscription as subscription } from "../../lifecycle/webhookSubscription.ts";
import { createAdapter } from "./dynamicProvider.ts";

/** Creates the providers of one process. */
export function startProviders(...options: Parameters<typeof createAdapter>) {
  const adapt = createAdapter(...options);
  return {
    /** Serves `WebhookReceiver`. */
    webhookReceiver: adapt("webhook receiver", receiver),
    /** Serves `WebhookSubscription`. */
    webhookSubscription: adapt("webhook subscription", subscription),
    /** Serves the unmanaged subscriptions of `WebhookSubscriptions`. */
    unmanagedSubscriptions: adapt("list of unmanaged subscriptions", unmanaged),
  };
}

export const { webhookReceiver, webhookSubscription, unmanagedSubscriptions } = startProviders();
