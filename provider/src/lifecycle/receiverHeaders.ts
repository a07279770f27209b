/** How the headers of a receiver are changed and deleted. */
import { isIonError, isStale } from "../ion/errors.ts";
import type { WebhookApi } from "../ion/webhookApi.ts";
import { changesFor } from "../model/changes.ts";
import { receiverDifference } from "../model/difference.ts";
import type { Receiver } from "../model/webhooks.ts";
import { buildState, type Fields, type Inputs, type State } from "./receiverState.ts";
import { PartialStateError } from "./resourceHandler.ts";

/** Makes the headers of a receiver as desired, and builds the state. @throws PartialStateError if some of them failed */
export async function applyHeaders(
  api: WebhookApi,
  receiver: Receiver,
  headers: Fields["headers"],
  inputs: Inputs,
  prior?: State,
) {
  const changes = changesFor(receiverDifference({ fields: {}, headers }, receiver));
  const outcomes = await Promise.allSettled(changes.map((change) => api.apply(change)));
  const failures = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const stale = failures.find((reason) => isIonError(reason) && isStale(reason));
  if (stale && prior) throw stale;
  const live = await api.receiversWith(receiver.id).catch(() => undefined);
  const state = buildState(api.environment, live?.receivers.get(receiver.id) ?? receiver, inputs, prior);
  if (failures.length > 0) {
    const reasons = failures.map((reason) => (reason instanceof Error ? reason.message : String(reason)));
    throw new PartialStateError(receiver.id, state, reasons);
  }
  // If ION cannot be read, what succeeded is as it was set.
  return live || !headers ? state : { ...state, headers };
}

/** ION may keep the headers of a deleted receiver, with their secrets, and then shows them nowhere. Returns what is left. */
export async function deleteHeaders(api: WebhookApi, receiver: Receiver): Promise<Receiver | undefined> {
  const changes = receiver.headers.map((header) => api.apply({ kind: "deleteHeader", receiver, header }));
  for (const outcome of await Promise.allSettled(changes)) {
    if (outcome.status === "fulfilled") continue;
    const error: unknown = outcome.reason;
    // ION's schema may have no way to delete them.
    if (!isIonError(error) || error.kind !== "unsupported") throw error;
  }
  return api.reread(receiver.id);
}
