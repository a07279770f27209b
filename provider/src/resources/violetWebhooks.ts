import { withoutExcluded } from "../model/declaredEvents.ts";
import { VIOLET_ACTIONS, VIOLET_RESOURCES } from "../model/events.ts";
import type { Carrier } from "../model/resourceTypes.ts";
import { programError } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import type { UnmanagedPolicy } from "./unmanagedSubscriptions.ts";
import { WebhookReceiver, type WebhookReceiverArgs } from "./webhookReceiver.ts";
import type { ActionsByResource, WebhookAction, WebhookResource } from "./webhookSubscription.ts";
import { WebhookSubscriptions } from "./webhookSubscriptions.ts";

/** Arguments for {@link VioletWebhooks}: those of a receiver, and the events to subscribe it to. */
export interface VioletWebhooksArgs extends WebhookReceiverArgs {
  /** The receiver's name in ION. @default "Violet", as in Violet's guide */
  name?: pulumi.Input<string>;
  /**
   * The resources to subscribe to. If your ION has another name for one (`RUN` for `RUNS`), remove it with `exclude`, and
   * subscribe `receiver` to the other name with {@link WebhookSubscriptions}. @default the 17 of Violet's guide
   * @plugin The resources to subscribe to. If your ION has another name for one (`RUN` for `RUNS`), list all names here.
   */
  resources?: readonly WebhookResource[];
  /** The actions to subscribe to, for each resource. @default CREATE and UPDATE */
  actions?: readonly WebhookAction[];
  /** Events to exclude, as actions by resource. @default none */
  exclude?: ActionsByResource;
  /**
   * What happens to other subscriptions of this receiver; see {@link WebhookSubscriptionsArgs}.
   * @default "delete", because the receiver is Violet's own
   */
  unmanaged?: UnmanagedPolicy;
  /** How many subscriptions may be deleted in one update; see {@link WebhookSubscriptionsArgs}. @default 20 */
  maxDeletions?: number;
}

/**
 * All of Violet's guide "Set up webhooks in ION": one receiver for the URL that Violet shows once, subscribed to everything that
 * Violet can use.
 *
 * @example
 * ```ts
 * new ion.VioletWebhooks("violet", { webhookUri: new pulumi.Config().requireSecret("webhookUri") });
 * ```
 */
export class VioletWebhooks extends pulumi.ComponentResource {
  /** The receiver, with this component's name. @noplugin */
  readonly receiver: WebhookReceiver;
  /** Its subscriptions, with this component's name. @noplugin */
  readonly subscriptions: WebhookSubscriptions;
  /** The id of the receiver in ION. */
  readonly receiverId: pulumi.Output<string>;

  constructor(name: string, args: VioletWebhooksArgs, opts?: pulumi.ComponentResourceOptions);
  /** @internal */
  constructor(
    name: string,
    args: VioletWebhooksArgs,
    opts: pulumi.ComponentResourceOptions | undefined,
    carrier: Carrier,
  );
  constructor(
    name: string,
    args: VioletWebhooksArgs,
    opts?: pulumi.ComponentResourceOptions,
    carrier: Carrier = "dynamic",
  ) {
    const {
      resources = VIOLET_RESOURCES,
      actions = VIOLET_ACTIONS,
      exclude = {},
      unmanaged = "delete",
      maxDeletions,
      ...receiver
    } = args;
    // Not the receiver's own arguments: they may hold secrets.
    super("ion:index:VioletWebhooks", name, { resources, actions, exclude, unmanaged, maxDeletions }, opts);
    const { subscriptions, problem } = withoutExcluded(resources, actions, exclude);
    if (problem !== undefined) throw programError(`"${name}" ${problem}`);
    const parent = { parent: this };
    this.receiver = new WebhookReceiver(name, { name: "Violet", ...receiver }, parent, carrier);
    this.subscriptions = new WebhookSubscriptions(
      name,
      { receiver: this.receiver, subscriptions, unmanaged, ...(maxDeletions !== undefined && { maxDeletions }) },
      parent,
      carrier,
    );
    this.receiverId = this.receiver.id;
    this.registerOutputs({ receiverId: this.receiverId, ids: this.subscriptions.ids });
  }
}
