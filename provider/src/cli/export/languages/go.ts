/** Writes a program over the provider plugin in Go, formatted as by gofmt. */
import { capitalize } from "../../../model/text.ts";
import { camelCase, comment, literal32 } from "../codegen.ts";
import type { DeclaredReceiver } from "../declarations.ts";

/** @param header the lines of the comment above the program. */
export function writeGo(header: readonly string[], receivers: readonly DeclaredReceiver[]): string {
  return [
    ...comment(header, "// "),
    "package main",
    "",
    "import (",
    '\t"github.com/pulumi/pulumi/sdk/v3/go/pulumi"',
    '\t"pulumi-ion/sdk/go/ion"',
    ")",
    "",
    "func main() {",
    "\tpulumi.Run(func(ctx *pulumi.Context) error {",
    ...receivers.flatMap((receiver) =>
      [...comment(receiver.comment, "// "), ...declare(receiver)].map((line) => `\t\t${line}`),
    ),
    "\t\treturn nil",
    "\t})",
    "}",
    "",
  ].join("\n");
}

function declare({ name, fields, subscriptions }: DeclaredReceiver): string[] {
  const variable = `${camelCase(name)}Receiver`;
  const width = Math.max(...fields.map(([key]) => key.length)) + 2;
  const args = fields.map(([key, value]) => `\t${`${capitalize(key)}:`.padEnd(width)}${inputOf(value)},`);
  const create = `ion.NewWebhookReceiver(ctx, ${literal32(name)}, &ion.WebhookReceiverArgs{`;
  if (subscriptions.length === 0) {
    return [`if _, err := ${create}`, ...args, "}); err != nil {", "\treturn err", "}"];
  }
  return [
    `${variable}, err := ${create}`,
    ...args,
    "})",
    "if err != nil {",
    "\treturn err",
    "}",
    "for _, one := range []struct{ name, resource, action string }{",
    ...subscriptions.map(
      (one) => `\t{${[one.name, one.resource, one.action].map((text) => literal32(text)).join(", ")}},`,
    ),
    "} {",
    "\tif _, err := ion.NewWebhookSubscription(ctx, one.name, &ion.WebhookSubscriptionArgs{",
    `\t\tReceiverId: ${variable}.ID(),`,
    "\t\tResource:   pulumi.String(one.resource),",
    "\t\tAction:     pulumi.String(one.action),",
    "\t}); err != nil {",
    "\t\treturn err",
    "\t}",
    "}",
  ];
}

function inputOf(value: string | number | boolean): string {
  if (typeof value === "string") return `pulumi.String(${literal32(value)})`;
  return typeof value === "boolean" ? `pulumi.Bool(${value})` : `pulumi.Int(${value})`;
}
