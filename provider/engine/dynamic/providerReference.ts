/**
 * What Pulumi keeps in the state as a dynamic resource's code: a look-up by name in this package, and nothing else.
 * Pulumi runs it in the program's folder, so the code that is installed now serves resources made by older versions.
 *
 * The name is part of users' state: it stays.
 */
export function providerText(name: "webhookReceiver" | "webhookSubscription" | "unmanagedSubscriptions"): string {
  return `exports.handler = () => require("pulumi-ion/dynamic").${name}`;
}
