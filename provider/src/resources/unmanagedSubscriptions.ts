import { type Carrier, typeOf } from "../model/resourceTypes.ts";
import * as pulumi from "../program/pulumi.ts";
import { declaredEvents } from "../program/registry.ts";
import type { ResolvedReceiver } from "../program/resourceConnection.ts";
import { codeOf } from "./carrier.ts";

/** What happens to a subscription that the program does not declare: it is deleted, reported, or not searched for. */
export type UnmanagedPolicy = "delete" | "report" | "ignore";

/** Arguments for {@link UnmanagedSubscriptions}. */
interface UnmanagedSubscriptionsArgs extends ResolvedReceiver {
  readonly unmanaged: Exclude<UnmanagedPolicy, "ignore">;
  readonly maxDeletions?: number | undefined;
}

/**
 * The subscriptions of one receiver that the program does not declare, and duplicates. A part of {@link WebhookSubscriptions}:
 * it takes into account everything that the program declares for that receiver, in whatever component.
 *
 * @internal
 * @see ../lifecycle/unmanagedSubscriptions.ts for what it does in ION.
 */
export class UnmanagedSubscriptions extends pulumi.CustomResource {
  constructor(name: string, args: UnmanagedSubscriptionsArgs, opts: pulumi.CustomResourceOptions, carrier: Carrier) {
    const { connection, receiverId, unmanaged, maxDeletions } = args;
    const declared = declaredEvents(args);
    const inputs = {
      connection,
      receiverId,
      unmanaged,
      maxDeletions,
      declared: declared.then((known) => known?.events ?? pulumi.unknown),
      incomplete: declared.then((known) => known?.isIncomplete || undefined),
      ...codeOf(carrier, "unmanagedSubscriptions"),
    };
    super(typeOf(carrier, "unmanagedSubscriptions"), name, inputs, opts);
  }
}
