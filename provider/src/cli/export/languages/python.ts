/** Writes a program over the provider plugin in Python. */
import { comment, literal32 } from "../codegen.ts";
import type { DeclaredReceiver } from "../declarations.ts";

/** @param header the lines of the comment above the program. */
export function writePython(header: readonly string[], receivers: readonly DeclaredReceiver[]): string {
  return [
    ...comment(header, "# "),
    "import pulumi_ion as ion",
    ...receivers.flatMap((receiver) => ["", ...comment(receiver.comment, "# "), ...declare(receiver)]),
    "",
  ].join("\n");
}

function declare({ name, fields, subscriptions }: DeclaredReceiver): string[] {
  const variable = `${name.replaceAll("-", "_")}_receiver`;
  return [
    `${subscriptions.length > 0 ? `${variable} = ` : ""}ion.WebhookReceiver(`,
    `    ${literal32(name)},`,
    ...fields.map(([key, value]) => `    ${snakeCase(key)}=${literalOf(value)},`),
    ")",
    ...subscriptions.map((one) => {
      const args = `resource=${literal32(one.resource)}, action=${literal32(one.action)}`;
      return `ion.WebhookSubscription(${literal32(one.name)}, receiver_id=${variable}.id, ${args})`;
    }),
  ];
}

const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function literalOf(value: string | number | boolean): string {
  if (typeof value === "string") return literal32(value);
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}
