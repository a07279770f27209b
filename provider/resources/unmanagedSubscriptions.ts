import { providerText } from "../engine/dynamic/providerReference.ts";
import * as pulumi from "../program/pulumi.ts";
import { declaredPairs } from "../program/registry.ts";
import { type ConnectionArgs, placeOfConnection } from "../program/resourceConnection.ts";

/** What happens to a subscription of a receiver that no program declares: it is ended, named, or not looked for. */
export type UnmanagedPolicy = "delete" | "report" | "ignore";

interface UnmanagedSubscriptionsArgs extends ConnectionArgs {
  readonly receiverId: pulumi.Input<string>;
  readonly unmanaged: "delete" | "report";
  readonly maxDeletions?: number | undefined;
}

/**
 * Looks for subscriptions of one receiver that nobody declared, and for pairs that are there twice. A part of
 * {@link WebhookSubscriptions}: it knows everything that the program declares for that receiver, in whatever component.
 * @internal
 */
export class UnmanagedSubscriptions extends pulumi.CustomResource {
  constructor(name: string, args: UnmanagedSubscriptionsArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = {
      ...args,
      declared: declaredPairs(placeOfConnection(args.connection), args.receiverId),
      __provider: providerText("unmanagedSubscriptions"),
    };
    super("pulumi-nodejs:dynamic/ion:UnmanagedSubscriptions", name, inputs, opts);
  }
}
