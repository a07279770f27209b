/** The file that `pulumi import --file` reads: what to import over the provider plugin, in any language of Pulumi. */
import { formatJson } from "../../model/text.ts";
import { eventName, type Receiver } from "../../model/webhooks.ts";
import { Names } from "./codegen.ts";

/** The name of the file. */
export const IMPORT_FILE = "import.json";

/** Lists receivers with their subscriptions; of duplicates, the oldest. It holds no secret. */
export function generateImportFile(receivers: readonly Receiver[]): string {
  const names = new Names();
  const resources = receivers.flatMap(({ id, name, subscriptions }) => {
    const own = names.create(name, "receiver");
    const events = new Map(subscriptions.map((one) => [eventName(one), one]));
    return [
      { type: "ion:index:WebhookReceiver", name: own, id },
      ...[...events.values()].map(({ resource, action }) => ({
        type: "ion:index:WebhookSubscription",
        name: names.create(`${own}-${resource}-${action}`, "subscription"),
        id: `${id}/${resource}/${action}`,
      })),
    ];
  });
  return `${formatJson({ resources }, 2)}\n`;
}
