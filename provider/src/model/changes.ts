/** Single changes to ION: what they are, which ones remove a difference, whether ION shows them as applied, and their effect. */
import { type DesiredReceiver, type Difference, receiverDifference, subscriptionsTo } from "./difference.ts";
import { sameUrl } from "./url.ts";
import type { Header, Receiver, ReceiverFields, Receivers, Subscription, WebhookEvent } from "./webhooks.ts";

/** One change, which one mutation applies. */
export type Change =
  | { readonly kind: "createReceiver"; readonly fields: Partial<ReceiverFields> }
  | { readonly kind: "updateReceiver"; readonly receiver: Receiver; readonly fields: Partial<ReceiverFields> }
  | { readonly kind: "deleteReceiver"; readonly receiver: Receiver }
  | { readonly kind: "createSubscription"; readonly receiverId: string; readonly event: WebhookEvent }
  | { readonly kind: "deleteSubscription"; readonly receiverId: string; readonly subscription: Subscription }
  | { readonly kind: "createHeader"; readonly receiver: Receiver; readonly key: string; readonly value: string }
  | { readonly kind: "updateHeader"; readonly receiver: Receiver; readonly header: Header; readonly value: string }
  | { readonly kind: "deleteHeader"; readonly receiver: Receiver; readonly header: Header }
  // Where headers are objects of their own, which receivers have. The receiver is the one that will have it.
  | {
      readonly kind: "createUnattachedHeader";
      readonly receiver: Receiver;
      readonly key: string;
      readonly value: string;
    }
  | { readonly kind: "attachHeader"; readonly receiver: Receiver; readonly header: Header }
  | { readonly kind: "detachHeader"; readonly receiver: Receiver; readonly header: Header }
  // Where headers are a list in the receiver.
  | {
      readonly kind: "setHeaders";
      readonly receiver: Receiver;
      readonly headers: ReadonlyArray<{ readonly key: string; readonly value: string }>;
    };

/** What ION answers to each kind of change. */
interface ChangeResults {
  readonly createReceiver: Receiver;
  readonly updateReceiver: Receiver;
  readonly deleteReceiver: undefined;
  readonly createSubscription: Pick<Subscription, "id" | "_etag">;
  readonly deleteSubscription: undefined;
  readonly createHeader: Header;
  readonly updateHeader: Header;
  readonly deleteHeader: undefined;
  readonly createUnattachedHeader: Header;
  readonly attachHeader: undefined;
  readonly detachHeader: undefined;
  readonly setHeaders: Receiver;
}

/** What ION answers to a change. */
export type ResultOf<Of extends Change> = ChangeResults[Of["kind"]];

/**
 * The changes that remove differences. Receivers are never deleted for a difference, and a masked field is never written;
 * a masked header is written again, because its value may have changed.
 */
export function changesFor(differences: readonly Difference[]): Change[] {
  const fields = new Map<Receiver, Record<string, unknown>>();
  const others = differences.flatMap((one): Change[] => {
    switch (one.kind) {
      case "missing":
        if (one.object === "receiver") return [{ kind: "createReceiver", fields: given(one.desired.fields) }];
        if (one.object === "header") {
          return [{ kind: "createHeader", receiver: one.receiver, key: one.name, value: one.value }];
        }
        return [{ kind: "createSubscription", receiverId: one.receiver.id, event: one.desired }];
      case "changed":
        if (one.object === "subscription") return [];
        if (one.object === "receiver") {
          fields.set(one.receiver, { ...fields.get(one.receiver), [one.field]: one.desired });
          return [];
        }
        return [{ kind: "updateHeader", receiver: one.receiver, header: one.header, value: one.value }];
      case "masked":
        if (one.object === "receiver") return [];
        return [{ kind: "updateHeader", receiver: one.receiver, header: one.header, value: one.value }];
      case "unmanaged":
      case "duplicate":
        if (one.object === "receiver") return [];
        if (one.object === "header") return [{ kind: "deleteHeader", receiver: one.receiver, header: one.header }];
        return (one.kind === "duplicate" ? one.surplus : [one.subscription]).map((subscription) => {
          return { kind: "deleteSubscription", receiverId: one.receiver.id, subscription };
        });
      default:
        return [];
    }
  });
  const updates = [...fields].map(([receiver, changed]): Change => {
    return { kind: "updateReceiver", receiver, fields: changed as Partial<ReceiverFields> };
  });
  return [...updates, ...others];
}

/** The subscriptions that should not exist, of the differences of one receiver. */
export const surplusSubscriptions = (differences: readonly Difference[]): Subscription[] =>
  changesFor(differences).flatMap((change) => (change.kind === "deleteSubscription" ? [change.subscription] : []));

const given = (fields: object): Partial<ReceiverFields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Whether ION shows a change as applied, with its result: what answers a request whose own answer was lost.
 *
 * @param before the ids of the receivers that existed before, so that an older one is not taken for a created one.
 */
export function appliedResult(
  change: Change,
  live: Receivers,
  before: ReadonlySet<string>,
): { readonly result: ResultOf<Change> } | undefined {
  switch (change.kind) {
    case "createReceiver": {
      const { name, webhookUri } = change.fields;
      const created = [...live.values()].find(
        (one) => !before.has(one.id) && one.name === name && sameUrl(one.webhookUri ?? webhookUri, webhookUri),
      );
      return created && { result: created };
    }
    case "updateReceiver":
      return receiverResult(live, change.receiver, { fields: change.fields });
    case "deleteReceiver":
      return live.has(change.receiver.id) ? undefined : { result: undefined };
    case "createSubscription": {
      const receiver = live.get(change.receiverId);
      const [subscription] = receiver ? subscriptionsTo(change.event, receiver) : [];
      return subscription && { result: subscription };
    }
    case "deleteSubscription": {
      // On any receiver: one that moved was not deleted.
      const existing = [...live.values()].flatMap(({ subscriptions }) => subscriptions);
      return existing.some(({ id }) => id === change.subscription.id) ? undefined : { result: undefined };
    }
    case "createHeader":
      return headerResult(live, change.receiver, ({ key, value }) => {
        return key === change.key && (value ?? change.value) === change.value;
      });
    case "updateHeader":
      return headerResult(live, change.receiver, ({ id, value }) => id === change.header.id && value === change.value);
    case "setHeaders": {
      const headers = Object.fromEntries(change.headers.map(({ key, value }) => [key, value]));
      return receiverResult(live, change.receiver, { fields: {}, headers });
    }
    // ION shows no header that no receiver has.
    case "createUnattachedHeader":
      return undefined;
    case "attachHeader":
      return headerResult(live, change.receiver, ({ id }) => id === change.header.id) && { result: undefined };
    case "deleteHeader":
    case "detachHeader":
      return headerResult(live, change.receiver, ({ id }) => id === change.header.id)
        ? undefined
        : { result: undefined };
  }
}

function receiverResult(live: Receivers, { id }: Receiver, desired: DesiredReceiver) {
  const result = live.get(id);
  const isAsDesired = result && receiverDifference(desired, result).every(({ kind }) => kind === "inactive");
  return isAsDesired ? { result } : undefined;
}

function headerResult(live: Receivers, { id }: Receiver, matches: (header: Header) => boolean) {
  const result = live.get(id)?.headers.find(matches);
  return result && { result };
}

/** Puts the effect of an applied change into a copy of ION's state. */
export function applyChange<Of extends Change>(
  receivers: Map<string, Receiver>,
  change: Of,
  result: ResultOf<Of>,
): void {
  const edit = (id: string, part: (receiver: Receiver) => Partial<Receiver>) => {
    const receiver = receivers.get(id);
    if (receiver) receivers.set(id, { ...receiver, ...part(receiver) });
  };
  const without = <Item extends { readonly id: string }>(items: readonly Item[], id: string) =>
    items.filter((item) => item.id !== id);
  switch (change.kind) {
    case "createReceiver": {
      const receiver = result as Receiver;
      receivers.set(receiver.id, receiver);
      break;
    }
    case "setHeaders":
    case "updateReceiver": {
      const receiver = result as Receiver;
      const { subscriptions, headers } = change.receiver;
      const current = receivers.get(receiver.id);
      // An answer without lists repeats those from before the request, which may have changed since.
      receivers.set(receiver.id, {
        ...receiver,
        subscriptions: (receiver.subscriptions === subscriptions && current?.subscriptions) || receiver.subscriptions,
        headers: (receiver.headers === headers && current?.headers) || receiver.headers,
      });
      break;
    }
    case "deleteReceiver":
      receivers.delete(change.receiver.id);
      break;
    case "createSubscription": {
      const { resource, action } = change.event;
      const subscription = { ...(result as ChangeResults["createSubscription"]), resource, action };
      edit(change.receiverId, ({ subscriptions }) => {
        return { subscriptions: [...without(subscriptions, subscription.id), subscription] };
      });
      break;
    }
    case "deleteSubscription":
      edit(change.receiverId, ({ subscriptions }) => {
        return { subscriptions: without(subscriptions, change.subscription.id) };
      });
      break;
    case "createHeader": {
      const header = result as Header;
      edit(change.receiver.id, ({ headers }) => ({ headers: [...without(headers, header.id), header] }));
      break;
    }
    case "updateHeader":
      edit(change.receiver.id, ({ headers }) => {
        return { headers: headers.map((one) => (one.id === change.header.id ? (result as Header) : one)) };
      });
      break;
    case "createUnattachedHeader":
      break;
    case "attachHeader":
      edit(change.receiver.id, ({ headers }) => {
        return { headers: [...without(headers, change.header.id), change.header] };
      });
      break;
    case "deleteHeader":
    case "detachHeader":
      edit(change.receiver.id, ({ headers }) => ({ headers: without(headers, change.header.id) }));
      break;
  }
}
