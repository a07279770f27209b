/** Writes a program over the provider plugin in TypeScript. */
import { camelCase, comment, literal } from "../codegen.ts";
import type { DeclaredReceiver } from "../declarations.ts";

/** @param header the lines of the comment above the program. */
export function writeTypeScript(header: readonly string[], receivers: readonly DeclaredReceiver[]): string {
  return [
    ...comment(header, "// "),
    'import * as ion from "pulumi-ion/native";',
    ...receivers.flatMap((receiver) => ["", ...comment(receiver.comment, "// "), ...declare(receiver)]),
    "",
  ].join("\n");
}

function declare({ name, fields, subscriptions }: DeclaredReceiver): string[] {
  const variable = `${camelCase(name)}Receiver`;
  return [
    `${subscriptions.length > 0 ? `const ${variable} = ` : ""}new ion.WebhookReceiver(${literal(name)}, {`,
    ...fields.map(([key, value]) => `  ${key}: ${typeof value === "string" ? literal(value) : value},`),
    "});",
    ...subscriptions.map((one) => {
      const args = `receiver: ${variable}, resource: ${literal(one.resource)}, action: ${literal(one.action)}`;
      return `new ion.WebhookSubscription(${literal(one.name)}, { ${args} });`;
    }),
  ];
}
