/** What to do if an object is changed by someone else at the same time. */
import { type IonError, isIonError } from "./errors.ts";
import type { WebhookApi } from "./webhookApi.ts";

/** Whether an object changed, or was deleted, since it was read. */
export const isStale = ({ kind }: IonError): boolean => kind === "conflict" || kind === "notFound";

/**
 * Runs `change`, and once more with a fresh snapshot if the object is stale.
 *
 * @throws IonError "conflict" if that happens twice.
 */
export async function retryOnConflict<T>(api: Pick<WebhookApi, "invalidate">, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!isIonError(error) || !isStale(error)) throw error;
  }
  api.invalidate();
  try {
    return await change();
  } catch (error) {
    if (!isIonError(error) || error.kind !== "conflict") throw error;
    throw error.with({
      detail: [error.detail, "It was changed again while this ran."].filter(Boolean).join(" "),
      hints: [
        "Find out who else changes ION's webhooks (a colleague, another stack, a script), then run `pulumi up` again.",
      ],
    });
  }
}
