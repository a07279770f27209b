import type { Emulator } from "../../emulator/index.ts";
import type { Declarations } from "../../provider/src/cli/stackState.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { webhookReceiver } from "../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/src/lifecycle/webhookSubscription.ts";
import type { WebhookEvent } from "../../provider/src/model/webhooks.ts";
import { ionOn } from "../support/support.ts";

/** What a stack declares of one receiver. */
export interface Declaration {
  readonly inputs: Parameters<typeof webhookReceiver.create>[1];
  /** Events such as "PARTS UPDATE". */
  readonly events: readonly string[];
  /** "ignore" if the stack has no UnmanagedSubscriptions for it. */
  readonly unmanaged?: "ignore";
}

/** "PARTS UPDATE" as an event. */
export function eventFrom(name: string): WebhookEvent {
  const [resource = "", action = ""] = name.split(" ");
  return { resource, action };
}

/** The prefix of the types of dynamic resources. */
export const TYPE_PREFIX = "pulumi-nodejs:dynamic/ion:";

export const urnOf = (type: string, name: string) => `urn:pulumi:test::project::${TYPE_PREFIX}${type}::${name}`;

/** Creates what a stack declares in ION with the resources' own lifecycles, one after the other, so that ids are predictable. */
export async function declare(
  emulator: Emulator,
  declarations: readonly Declaration[],
  api: WebhookApi = ionOn(emulator),
): Promise<Declarations> {
  const receivers: Declarations["receivers"][number][] = [];
  const subscriptions: Declarations["subscriptions"][number][] = [];
  const unmanagedPolicies = new Set<string>();
  for (const { inputs, events, unmanaged } of declarations) {
    const { name } = inputs;
    const { id, state } = await webhookReceiver.create(api, inputs);
    receivers.push({ urn: urnOf("WebhookReceiver", name), id, state });
    for (const { resource, action } of events.map(eventFrom)) {
      const created = await webhookSubscription.create(api, { receiverId: id, resource, action });
      const urn = urnOf("WebhookSubscription", `${name}-${resource}-${action}`);
      subscriptions.push({ urn, id: created.id, ...created.state });
    }
    if (unmanaged !== "ignore") unmanagedPolicies.add(id);
  }
  return { receivers, subscriptions, unmanagedPolicies };
}
