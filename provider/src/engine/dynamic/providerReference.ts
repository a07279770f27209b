import type { ResourceName } from "../../model/resourceTypes.ts";

/**
 * What Pulumi records in the state as a dynamic resource's code: a reference to this package by name, and nothing else. Pulumi
 * runs it in the program's folder, so the installed version serves resources that an older version created.
 *
 * The name is part of users' state, so it must not change.
 */
export function providerReference(name: ResourceName): string {
  return `exports.handler = () => require("pulumi-ion/dynamic").${name}`;
}
