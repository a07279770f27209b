import { NEVER_DELIVERED } from "../ion/facts.ts";
import { programError } from "../program/programRun.ts";
import * as pulumi from "../program/pulumi.ts";
import { type ConnectionArgs, connectionFor } from "../program/resourceConnection.ts";
import { type UnmanagedPolicy, UnmanagedSubscriptions } from "./unmanagedSubscriptions.ts";
import { type ActionsByResource, WebhookSubscription } from "./webhookSubscription.ts";

/** What a {@link WebhookSubscriptions} is to be. */
export interface WebhookSubscriptionsArgs extends ConnectionArgs {
  /** The id of the receiver that events go to. */
  receiverId: pulumi.Input<string>;
  /** The actions to subscribe to, by resource. */
  subscriptions: ActionsByResource;
  /**
   * What happens to subscriptions of this receiver that the program declares nowhere, and to pairs that are there twice:
   * "report" names them in previews; "delete" ends them, after an `up` has named them and a preview has listed them;
   * "ignore" does not look. Subscriptions of other receivers are never touched. @default "report"
   */
  unmanaged?: UnmanagedPolicy;
  /**
   * How many subscriptions `unmanaged: "delete"` may end at once where that is more than 20, or every one there is.
   * A wrong receiver id must not empty it. @default none beyond that
   */
  maxDeletions?: number;
}

/**
 * The subscriptions of one receiver: one {@link WebhookSubscription} for each pair, named `<name>-<RESOURCE>-<ACTION>`.
 * It warns, in words, of pairs that ION is known never to deliver.
 *
 * @example
 * ```ts
 * new ion.WebhookSubscriptions("erp", {
 *   receiverId: receiver.id,
 *   subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] },
 * });
 * ```
 */
export class WebhookSubscriptions extends pulumi.ComponentResource {
  /** The subscriptions' ids, by `<RESOURCE>-<ACTION>`. */
  readonly ids: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: WebhookSubscriptionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ion:index:WebhookSubscriptions", name, {}, opts);
    const { receiverId, unmanaged = "report", maxDeletions } = args;
    const connection = connectionFor(name, args.connection, receiverId);
    const pairs = pairsOf(name, args.subscriptions);
    if (!["delete", "report", "ignore"].includes(unmanaged)) {
      throw programError(`unmanaged of "${name}" has to be "delete", "report" or "ignore".`);
    }
    for (const { why } of NEVER_DELIVERED.filter((known) => pairs.some((pair) => same(pair, known)))) {
      void pulumi.log.warn(`${why}.`, this);
    }
    const ids: Record<string, pulumi.Output<string>> = {};
    const { stackTraceLimit } = Error;
    try {
      // Pulumi's SDK takes a stack for every property, and maps it, to show it of a promise that never settles: 0.1 s for 34.
      // Where a resource was made, which the state tells, it finds all the same.
      Error.stackTraceLimit = 0;
      for (const { resource, action } of pairs) {
        const pair = `${resource}-${action}`;
        const child = { connection, receiverId, resource, action };
        ids[pair] = new WebhookSubscription(`${name}-${pair}`, child, { parent: this }).id;
      }
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    if (unmanaged !== "ignore") {
      const look = { connection, receiverId, unmanaged, maxDeletions };
      new UnmanagedSubscriptions(`${name}-unmanaged`, look, { parent: this });
    }
    this.ids = pulumi.output(ids);
    this.registerOutputs({ ids: this.ids });
  }
}

interface Pair {
  readonly resource: string;
  readonly action: string;
}

const same = (one: Pair, other: Pair) => one.resource === other.resource && one.action === other.action;

function pairsOf(name: string, subscriptions: ActionsByResource): Pair[] {
  const pairs = Object.entries(subscriptions ?? {}).flatMap(([resource, actions]) => {
    if (!Array.isArray(actions) || actions.length === 0) {
      throw programError(
        `"${name}" subscribes to ${resource} and gives no action: give a list such as ["CREATE", "UPDATE"], or leave ${resource} out.`,
      );
    }
    return [...new Set(actions)].map((action) => ({ resource, action }));
  });
  if (pairs.length === 0) {
    throw programError(`"${name}" subscribes to nothing: subscriptions is empty, so no event would ever arrive.`);
  }
  return pairs;
}
