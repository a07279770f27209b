/** The file that `pulumi import --file` reads: what to import over the provider plugin, in any language of Pulumi. */
import { formatJson } from "../../model/text.ts";
import type { DeclaredReceiver } from "./declarations.ts";

/** The name of the file. */
export const IMPORT_FILE = "import.json";

/** Lists receivers with their subscriptions. It holds no secret. */
export function generateImportFile(receivers: readonly DeclaredReceiver[]): string {
  const resources = receivers.flatMap(({ id, name, subscriptions }) => [
    { type: "ion:index:WebhookReceiver", name, id },
    ...subscriptions.map((one) => ({
      type: "ion:index:WebhookSubscription",
      name: one.name,
      id: `${id}/${one.resource}/${one.action}`,
    })),
  ]);
  return `${formatJson({ resources }, 2)}\n`;
}
