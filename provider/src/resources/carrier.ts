/** How a resource reaches ION: as a dynamic resource, which is the default, or over the provider plugin (../native.ts). */
import { providerReference } from "../engine/dynamic/providerReference.ts";
import { type Carrier, type ResourceName, resourceOf, typeOf } from "../model/resourceTypes.ts";
import { warnIfNotInstalled } from "../program/installation.ts";
import { programError } from "../program/programRun.ts";
import type * as pulumi from "../program/pulumi.ts";
import { ENVIRONMENT, environmentOfConnection } from "../program/resourceConnection.ts";

/** The code of a dynamic resource, as an input. */
export const codeOf = (carrier: Carrier, name: ResourceName): { readonly __provider?: string } =>
  carrier === "plugin" ? {} : { __provider: providerReference(name) };

/**
 * The ION environment of a resource, as far as it can be determined without an API key.
 *
 * @throws RunError if it names a connection: over the plugin, each environment is a provider.
 */
export function environmentFor(
  carrier: Carrier,
  name: string,
  connection: pulumi.Input<string | undefined>,
  opts: pulumi.CustomResourceOptions | undefined,
): pulumi.Output<string> {
  if (carrier === "dynamic") {
    warnIfNotInstalled();
    return environmentOfConnection(connection);
  }
  if (typeof connection === "string") {
    throw programError(
      `"${name}" must not set connection: declare an ion.Provider for each ION environment, and set the option provider.`,
    );
  }
  const provider = providerIn(opts) as { readonly [ENVIRONMENT]?: pulumi.Output<string> } | undefined;
  return provider?.[ENVIRONMENT] ?? environmentOfConnection(undefined);
}

const providerIn = (opts: pulumi.CustomResourceOptions | undefined) =>
  opts?.provider ?? opts?.parent?.getProvider(typeOf("plugin", "webhookReceiver"));

/** The provider of a receiver resource, for its subscriptions. */
const PROVIDER = Symbol.for("pulumi-ion.provider");

/** Records the provider of a receiver resource, if it has one of its own. */
export function setProvider(resource: pulumi.Resource, opts: pulumi.CustomResourceOptions | undefined): void {
  Object.defineProperty(resource, PROVIDER, { value: providerIn(opts) });
}

/** The options of a subscription: without a provider of its own, that of its receiver. */
export function withProviderOf(
  receiver: object | undefined,
  opts: pulumi.CustomResourceOptions = {},
): pulumi.CustomResourceOptions {
  const { [PROVIDER]: provider } = (receiver ?? {}) as { readonly [PROVIDER]?: pulumi.ProviderResource };
  return provider === undefined ? opts : { provider, ...opts };
}

const DEFAULT = "pulumi-ion";
const NATIVE = "pulumi-ion/native";

/** Refuses a receiver that the other engine manages. @throws RunError */
export function refuseOtherCarrier(carrier: Carrier, name: string, receiver: object | undefined): void {
  const { __pulumiType: type = "" } = (receiver ?? {}) as { readonly __pulumiType?: string };
  if (resourceOf(carrier === "plugin" ? "dynamic" : "plugin", type) === undefined) return;
  const [own, other] = carrier === "plugin" ? [NATIVE, DEFAULT] : [DEFAULT, NATIVE];
  throw programError(
    `"${name}" is imported from ${own}, but its receiver is imported from ${other}. Import both from the same module.`,
  );
}
