/** How Pulumi names this package's resources: their types over each engine, and their URNs. */
import { capitalize } from "./text.ts";

/** The engine that a resource is for: dynamic resources, or the provider plugin. */
export type Carrier = "dynamic" | "plugin";

const PREFIXES = { dynamic: "pulumi-nodejs:dynamic/ion:", plugin: "ion:index:" } as const;

/** Every resource that is carried. */
export const RESOURCE_NAMES = ["webhookReceiver", "webhookSubscription", "unmanagedSubscriptions"] as const;

/** The name of one. */
export type ResourceName = (typeof RESOURCE_NAMES)[number];

/** The type of a resource in Pulumi. */
export const typeOf = (carrier: Carrier, name: ResourceName): string => PREFIXES[carrier] + capitalize(name);

/** The resource of a type that a carrier has; undefined for other types. */
export const resourceOf = (carrier: Carrier, type: string): ResourceName | undefined =>
  RESOURCE_NAMES.find((name) => typeOf(carrier, name) === type);

/** The URN in a reference to a provider, which ends with its id. */
export const urnOf = (reference: string): string => reference.slice(0, reference.lastIndexOf("::"));

/** The logical name in a URN. */
export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** The type in a URN, without those of its parents. */
export const typeIn = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** The name of the provider with a URN, if a program declares it; undefined for those that Pulumi creates by itself. */
export function declaredProvider(urn: string): string | undefined {
  const name = nameOf(urn);
  return /^default(_|$)/.test(name) ? undefined : name;
}
