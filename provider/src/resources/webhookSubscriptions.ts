import { eventsOf } from "../model/declaredEvents.ts";
import { neverDelivered } from "../model/events.ts";
import type { Carrier } from "../model/resourceTypes.ts";
import { programError, withoutStackTraces } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import { type ReceiverArgs, resolveReceiver } from "../program/resourceConnection.ts";
import { refuseUnknownArgs } from "../program/resourceOptions.ts";
import { environmentFor, withProviderOf } from "./carrier.ts";
import { type UnmanagedPolicy, UnmanagedSubscriptions } from "./unmanagedSubscriptions.ts";
import { type ActionsByResource, WebhookSubscription, type WebhookSubscriptionArgs } from "./webhookSubscription.ts";

/** Arguments for {@link WebhookSubscriptions}. */
export interface WebhookSubscriptionsArgs extends ReceiverArgs {
  /**
   * The receiver that events are sent to: a `WebhookReceiver`, or the result of `getWebhookReceiver`. Its connection is used.
   * @noplugin
   */
  receiver?: NonNullable<WebhookSubscriptionArgs["receiver"]>;
  /** The actions to subscribe to, by resource. */
  subscriptions: ActionsByResource;
  /**
   * What happens to subscriptions of this receiver that the program declares nowhere, and to duplicates. "report" lists them.
   * "delete" deletes them, after a `pulumi up` has reported them and a preview has listed them. "ignore" does not search for
   * them. Subscriptions of other receivers are never touched. @default "report"
   * @plugin What happens to other subscriptions of this receiver, and to duplicates. "report" lists them. "delete" deletes them, after a
   * `pulumi up` has reported them and a preview has listed them. "ignore" does not search for them; without it, the program must declare
   * no other subscription of the receiver.
   */
  unmanaged?: UnmanagedPolicy;
  /**
   * How many subscriptions `unmanaged: "delete"` may delete in one update. Must be set to delete every subscription of a
   * receiver, because a wrong receiver must not be emptied. @default 20
   */
  maxDeletions?: number;
}

/**
 * The subscriptions of one receiver: one {@link WebhookSubscription} for each event, named `<name>-<RESOURCE>-<ACTION>`. It warns
 * about events that ION is known never to deliver.
 *
 * @example
 * ```ts
 * new ion.WebhookSubscriptions("erp", {
 *   receiver: erp,
 *   subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] },
 * });
 * ```
 *
 * @see ../lifecycle/unmanagedSubscriptions.ts for what `unmanaged` does.
 */
export class WebhookSubscriptions extends pulumi.ComponentResource {
  /** The ids of the subscriptions, by `<RESOURCE>-<ACTION>`. */
  readonly ids: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: WebhookSubscriptionsArgs, opts?: pulumi.ComponentResourceOptions);
  /** @internal */
  constructor(
    name: string,
    args: WebhookSubscriptionsArgs,
    opts: pulumi.ComponentResourceOptions | undefined,
    carrier: Carrier,
  );
  constructor(
    name: string,
    args: WebhookSubscriptionsArgs,
    opts?: pulumi.ComponentResourceOptions,
    carrier: Carrier = "dynamic",
  ) {
    const own = ["receiver", "receiverId", "connection", "subscriptions", "unmanaged", "maxDeletions"];
    refuseUnknownArgs(name, args, own);
    const { unmanaged = "report", maxDeletions, subscriptions } = args;
    const resolved = resolveReceiver(name, args);
    const { receiverId } = resolved;
    super("ion:index:WebhookSubscriptions", name, { subscriptions, unmanaged, maxDeletions }, opts);
    const { events, problem } = eventsOf(subscriptions ?? {}, unmanaged);
    if (problem !== undefined) throw programError(`"${name}" ${problem}`);
    for (const { resource, action, reason } of neverDelivered(events)) {
      void pulumi.log.warn(`${resource} ${action} is never delivered: ${reason}`, this);
    }
    const { receiver, connection } = args;
    const on = receiver === undefined ? { receiverId, connection } : { receiver };
    const ids = withoutStackTraces(() =>
      events.map(({ resource, action }) => {
        const child = `${resource}-${action}`;
        const args = { ...on, resource, action };
        return [child, new WebhookSubscription(`${name}-${child}`, args, { parent: this }, carrier).id] as const;
      }),
    );
    if (unmanaged !== "ignore") {
      const environment =
        receiver === undefined ? environmentFor(carrier, name, connection, { parent: this }) : resolved.environment;
      const list = { ...resolved, environment, unmanaged, maxDeletions };
      new UnmanagedSubscriptions(
        `${name}-unmanaged`,
        list,
        withProviderOf(resolved.receiver, { parent: this }),
        carrier,
      );
    }
    this.ids = pulumi.output(Object.fromEntries(ids));
    this.registerOutputs({ ids: this.ids });
  }
}
