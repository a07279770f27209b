import { supportedResources } from "../lifecycle/lookUps.ts";
import * as pulumi from "../program/pulumi.ts";
import type { ConnectionArgs } from "../program/resourceConnection.ts";
import { lookUp } from "./lookup.ts";

/** What a webhook subscription can name in ION today. */
export interface GetSupportedResourcesResult {
  /** The names of resources, in ION's order. */
  readonly resources: readonly string[];
  /** The names of actions, in ION's order. */
  readonly actions: readonly string[];
}

/**
 * Reads from ION's live schema which resources and actions a webhook subscription can name. The list grows without notice, and
 * differs between ION environments.
 *
 * @throws RunError if ION cannot be read.
 *
 * @example
 * ```ts
 * const { resources } = await ion.getSupportedResources();
 * const runs = resources.includes("RUNS") ? "RUNS" : "RUN";
 * ```
 */
export function getSupportedResources(args: ConnectionArgs = {}): Promise<GetSupportedResourcesResult> {
  return lookUp("getSupportedResources", args, supportedResources);
}

/** {@link getSupportedResources} for a program that does not await. */
export function getSupportedResourcesOutput(args: ConnectionArgs = {}): pulumi.Output<GetSupportedResourcesResult> {
  return pulumi.output(getSupportedResources(args));
}
