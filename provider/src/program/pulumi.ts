/**
 * The parts of Pulumi's SDK that a program uses, each from its own file. "@pulumi/pulumi" itself would also load the
 * automation API, the TypeScript compiler and npm's dependency tree: 0.3 s of every command (docs/performance.md).
 */
export { Config } from "@pulumi/pulumi/config";
export { RunError } from "@pulumi/pulumi/errors";
export * as log from "@pulumi/pulumi/log";
export { all, type Input, Output, output, secret, unknown, unsecret } from "@pulumi/pulumi/output";
export {
  ComponentResource,
  type ComponentResourceOptions,
  CustomResource,
  type CustomResourceOptions,
  ProviderResource,
  Resource,
  type ResourceOptions,
} from "@pulumi/pulumi/resource";
export * as runtimeConfig from "@pulumi/pulumi/runtime/config";
export { unknownValue } from "@pulumi/pulumi/runtime/rpc";
export { getMonitor, isDryRun } from "@pulumi/pulumi/runtime/settings";
export { getStackResource } from "@pulumi/pulumi/runtime/stack";
