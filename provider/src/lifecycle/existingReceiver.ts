/** Receivers that ION has already: which one a new resource adopts, and which ones stop it. */
import { formatEnvironment } from "../ion/connectionSettings.ts";
import { IonError } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { receiversWithUrl } from "../model/difference.ts";
import { escapeText, formatReceiver, pluralize } from "../model/text.ts";
import type { Receiver } from "../model/webhooks.ts";
import type { Inputs } from "./receiverState.ts";
import { ifReadable } from "./resourceHandler.ts";

/** The one receiver in ION that `inputs` already describe, if there is one. Never guesses between two. */
export async function findExisting(api: WebhookApi, inputs: Inputs, importOption: string) {
  const { importId, webhookUri } = inputs;
  const name = escapeText(inputs.name);
  if (importId !== undefined) {
    const receiver = await api.receiver(importId);
    if (!receiver) {
      throw new IonError(
        "notFound",
        `The webhook receiver with id ${escapeText(importId)}, the importId of "${name}", does not exist in ${formatEnvironment(api.environment)}.`,
        { hints: ["Correct importId. `npx --no-install pulumi-ion status` lists all receivers with their ids."] },
      );
    }
    return { receiver, warnings: [] };
  }
  const consequence = `The webhook receiver "${name}" is created without checking whether ION already has it.`;
  const { value: receivers = new Map<string, Receiver>(), warnings } = await ifReadable(consequence, () =>
    api.receivers(),
  );
  const masked = [...receivers.values()].find((one) => one.webhookUri === undefined && one.name === inputs.name);
  if (masked) {
    throw new IonError(
      "ambiguous",
      `ION already has a webhook receiver named "${name}" (id ${escapeText(masked.id)}), and does not show its webhookUri.`,
      {
        hints: [
          `To import it, add ${importOption}: "${escapeText(masked.id)}". To create another one, choose another name.`,
        ],
      },
    );
  }
  const matches = receiversWithUrl(webhookUri, receivers);
  const [receiver] = matches;
  if (matches.length > 1) {
    throw new IonError(
      "ambiguous",
      `ION already has ${matches.length} webhook receivers with the webhookUri of "${name}": ${matches.map(formatReceiver).join(", ")}. ` +
        "ION delivers every event once for each of them.",
      { hints: [`Delete all but one in ION, or import one with ${importOption}.`] },
    );
  }
  if (receiver && receiver.name !== inputs.name) {
    throw new IonError(
      "ambiguous",
      `ION already has a webhook receiver with the webhookUri of "${name}": ${formatReceiver(receiver)}. ` +
        "Two receivers with this URL would deliver every event twice.",
      { hints: [`To import it, add ${importOption}: "${escapeText(receiver.id)}".`] },
    );
  }
  return { receiver, warnings };
}

/** Refuses a URL that another receiver has: with both, every event would be delivered twice. */
export async function refuseDuplicate(
  api: WebhookApi,
  receiver: Receiver,
  name: string,
  webhookUri: string,
): Promise<void> {
  const other = receiversWithUrl(webhookUri, (await api.receiversWith(receiver.id)).receivers).find(
    ({ id }) => id !== receiver.id,
  );
  if (!other) return;
  throw new IonError(
    "ambiguous",
    `ION already has another webhook receiver with the new webhookUri of ${formatReceiver({ name, id: receiver.id })}: ` +
      `${formatReceiver(other)}. Two receivers with this URL would deliver every event twice.`,
    { hints: ["Delete the other one in ION, or give it another webhookUri first."] },
  );
}

/** What a preview says of a receiver that will be adopted. */
export const announceAdoption = (receiver: Receiver) =>
  `ION already has receiver ${formatReceiver(receiver)} with ${pluralize(receiver.subscriptions.length, "subscription")}. ` +
  "`pulumi up` adopts it and the subscriptions that your program declares, and creates no duplicates.";
