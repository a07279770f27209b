/** Writes the resources of a program in Pulumi's YAML, which follow the head of Pulumi.yaml. */
import { comment, literal32 } from "../codegen.ts";
import type { DeclaredReceiver } from "../declarations.ts";

/** @param header the lines of the comment above the program. */
export function writeYaml(header: readonly string[], receivers: readonly DeclaredReceiver[]): string {
  return [
    ...comment(header, "# "),
    "resources:",
    ...receivers.flatMap((receiver) => [...comment(receiver.comment, "  # "), ...declare(receiver)]),
    "",
  ].join("\n");
}

function declare({ name, fields, subscriptions }: DeclaredReceiver): string[] {
  return [
    `  ${key(name)}:`,
    "    type: ion:WebhookReceiver",
    "    properties:",
    ...fields.map(([field, value]) => `      ${field}: ${typeof value === "string" ? text(value) : value}`),
    ...subscriptions.flatMap((one) => [
      `  ${key(one.name)}:`,
      "    type: ion:WebhookSubscription",
      "    properties:",
      `      receiverId: \${${name}.id}`,
      `      resource: ${text(one.resource)}`,
      `      action: ${text(one.action)}`,
    ]),
  ];
}

/** A logical name as a key: YAML reads some words as other values. */
const key = (name: string) => (/^(null|true|false|yes|no|on|off|y|n)$/.test(name) ? literal32(name) : name);

/** Text in which Pulumi replaces nothing. */
const text = (value: string) => literal32(value.replaceAll("$", "$$$$"));
