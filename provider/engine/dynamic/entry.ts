/**
 * What the state of every resource names as its code (see dynamic/text.ts). Loaded by Pulumi's dynamic provider, not
 * by programs. These names stay.
 */

import { unmanagedSubscriptions as unmanaged } from "../../lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver as receiver } from "../../lifecycle/webhookReceiver.ts";
import { webhookSubscription as subscription } from "../../lifecycle/webhookSubscription.ts";
import { carrier } from "./dynamicProvider.ts";

/** Makes what one process serves. */
export function startProviders() {
  const carry = carrier();
  return {
    /** Serves `WebhookReceiver`. */
    webhookReceiver: carry("webhook receiver", receiver),
    /** Serves `WebhookSubscription`. */
    webhookSubscription: carry("webhook subscription", subscription),
    /** Serves the look for subscriptions that nobody declared, a part of `WebhookSubscriptions`. */
    unmanagedSubscriptions: carry("look for unmanaged subscriptions", unmanaged),
  };
}

export const { webhookReceiver, webhookSubscription, unmanagedSubscriptions } = startProviders();
