/** What to do where another writer was first. Programs load this with the resources, so it leads to nothing that speaks HTTP. */
import { IonError, isIonError } from "./errors.ts";
import type { WebhookApi } from "./webhookApi.ts";

/** Whether another writer was first: the object has changed since it was looked at, or is gone. */
export const isStale = ({ kind }: IonError) => kind === "conflict" || kind === "gone";

/**
 * Runs `change`, and once more with a fresh look where another writer was first.
 *
 * @throws IonError "conflict" that says who should look at what, where that happens twice.
 */
export async function retryOnConflict<T>(ion: WebhookApi, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!isIonError(error) || !isStale(error)) throw error;
  }
  ion.invalidate();
  try {
    return await change();
  } catch (error) {
    if (!isIonError(error) || error.kind !== "conflict") throw error;
    throw new IonError(
      "conflict",
      `${error.message} Somebody or something else changes it at the same time: find out who works on ION's webhooks ` +
        "(a colleague, another stack, a script), then run `pulumi up` again.",
    );
  }
}
