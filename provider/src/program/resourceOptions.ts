import { describeUnknown } from "../model/text.ts";
import { programError } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

/**
 * Refuses the options `id` and `import`: Pulumi reads such a resource without its inputs, which dynamic resources need.
 *
 * @throws RunError that says what to use instead.
 */
export function refuseIdOptions(type: string, name: string, opts: pulumi.CustomResourceOptions | undefined): void {
  const option = (["id", "import"] as const).find((key) => opts?.[key] !== undefined);
  if (!option) return;
  const instead =
    type === "WebhookReceiver"
      ? "To import an existing receiver, set importId. To look one up without managing it, use getWebhookReceiver."
      : "Omit it: a subscription that exists in ION with the same receiver, resource and action is adopted automatically.";
  throw programError(`The option ${option} of ${type} "${name}" is not supported. ${instead}`);
}

/** Refuses arguments that do not exist: a misspelled `unmanaged` would have no effect. @throws RunError */
export function refuseUnknownArgs(name: string, args: object, known: readonly string[]): void {
  const given = Object.keys(args).filter((key) => Reflect.get(args, key) !== undefined);
  const unknown = given.filter((key) => !known.includes(key));
  if (unknown.length > 0) throw programError(`"${name}" has ${describeUnknown(unknown)}`);
}

/** Refuses Pulumi's own placeholder for unknown values as a value: the engine would drop it. @throws RunError */
export function refusePlaceholder(name: string, args: object): void {
  const property = Object.entries(args).find(([, value]) => value === pulumi.unknownValue)?.[0];
  if (property)
    throw programError(`${property} of "${name}" is Pulumi's placeholder for unknown values. Use another value.`);
}
