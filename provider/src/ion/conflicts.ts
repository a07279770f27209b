/** What to do if an object is changed by someone else at the same time. */
import { isIonError, isStale } from "./errors.ts";
import type { WebhookApi } from "./webhookApi.ts";

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
    throw error.add({
      detail: "It was changed again while this ran.",
      hints: [
        "Find out who else changes ION's webhooks (a colleague, another stack, a script), then run `pulumi up` again.",
      ],
    });
  }
}
