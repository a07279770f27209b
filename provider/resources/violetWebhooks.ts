import { VIOLET_ACTIONS, VIOLET_RESOURCES } from "../ion/facts.ts";
import { programError } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import type { UnmanagedPolicy } from "./unmanagedSubscriptions.ts";
import { WebhookReceiver, type WebhookReceiverArgs } from "./webhookReceiver.ts";
import type { ActionsByResource, WebhookAction, WebhookResource } from "./webhookSubscription.ts";
import { WebhookSubscriptions } from "./webhookSubscriptions.ts";

/** What a {@link VioletWebhooks} is to be: everything that a receiver can be, and which pairs to subscribe it to. */
export interface VioletWebhooksArgs extends WebhookReceiverArgs {
  /** The receiver's name in ION. @default "Violet", as in Violet's guide */
  name?: pulumi.Input<string>;
  /**
   * The resources to subscribe to. Where this ION has another name for one (`RUN` for `RUNS`), leave that out with
   * `exclude`, and subscribe `receiver.id` to the other with {@link WebhookSubscriptions}. @default the 17 of Violet's guide
   */
  resources?: readonly WebhookResource[];
  /** The actions to subscribe to, on each resource. @default CREATE and UPDATE */
  actions?: readonly WebhookAction[];
  /** Pairs to leave out, as actions by resource. @default none */
  exclude?: ActionsByResource;
  /** What happens to other subscriptions of this receiver; see {@link WebhookSubscriptionsArgs}. @default "delete": the receiver is Violet's own */
  unmanaged?: UnmanagedPolicy;
  /** How many removals are allowed at once; see {@link WebhookSubscriptionsArgs}. */
  maxDeletions?: number;
}

/**
 * The whole of Violet's guide "Set up webhooks in ION": one receiver for the URL that Violet shows once, subscribed to
 * all that Violet can use.
 *
 * @example
 * ```ts
 * new ion.VioletWebhooks("violet", { webhookUri: new pulumi.Config().requireSecret("webhookUri") });
 * ```
 */
export class VioletWebhooks extends pulumi.ComponentResource {
  /** The receiver, named as this component. */
  readonly receiver: WebhookReceiver;
  /** Its subscriptions. */
  readonly subscriptions: WebhookSubscriptions;

  constructor(name: string, args: VioletWebhooksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ion:index:VioletWebhooks", name, {}, opts);
    const {
      resources = VIOLET_RESOURCES,
      actions = VIOLET_ACTIONS,
      exclude = {},
      unmanaged = "delete",
      maxDeletions,
      ...receiver
    } = args;
    const excluded: Record<string, readonly string[] | undefined> = exclude;
    const kept = resources.map((resource) => {
      const left = actions.filter((action) => !excluded[resource]?.includes(action));
      return [resource, left] as const;
    });
    const subscriptions = Object.fromEntries(kept.filter(([, left]) => left.length > 0));
    checkExcluded(name, resources, actions, excluded);
    this.receiver = new WebhookReceiver(name, { name: "Violet", ...receiver }, { parent: this });
    this.subscriptions = new WebhookSubscriptions(
      name,
      {
        connection: args.connection,
        receiverId: this.receiver.id,
        subscriptions,
        unmanaged,
        ...(maxDeletions !== undefined && { maxDeletions }),
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}

/** A misspelt exclusion would subscribe to what it was meant to leave out. */
function checkExcluded(
  name: string,
  resources: readonly string[],
  actions: readonly string[],
  excluded: Record<string, readonly string[] | undefined>,
) {
  for (const [resource, left] of Object.entries(excluded)) {
    for (const action of left ?? []) {
      if (!resources.includes(resource) || !actions.includes(action)) {
        throw programError(
          `"${name}" excludes ${resource} ${action}, which is not among what it subscribes to: check the spelling.`,
        );
      }
    }
  }
}
