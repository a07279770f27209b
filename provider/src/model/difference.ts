/**
 * The only comparison: how ION differs from what is desired. What decides about updates, verifies a request whose answer was
 * lost, finds unmanaged subscriptions or prints drift reads this list; how to put it right is in changes.ts, its words in messages.ts.
 */
import { type NEVER_DELIVERED, neverDelivered } from "./events.ts";
import { normalizeUrl, sameUrl } from "./url.ts";
import {
  byAge,
  eventName,
  type Header,
  type Headers,
  headerIdentity,
  isSecretField,
  RECEIVER_FIELDS,
  type Receiver,
  type ReceiverField,
  type ReceiverFields,
  type Receivers,
  type Subscription,
  sameEvent,
  type WebhookEvent,
} from "./webhooks.ts";

/** A subscription that should exist. */
interface DesiredSubscription extends WebhookEvent {
  /** Its id, if it is known to exist. */
  readonly id?: string;
}

/** A receiver that should exist. What is omitted is not compared. */
export interface DesiredReceiver {
  /** Its id. @default found by webhookUri */
  readonly id?: string;
  readonly fields: { readonly [Field in ReceiverField]?: ReceiverFields[Field] | undefined };
  /** All headers that it should send. */
  readonly headers?: Headers | undefined;
  /** All events that it should be subscribed to. */
  readonly subscriptions?: readonly DesiredSubscription[] | undefined;
}

/** One difference. The list of kinds is closed. */
export type Difference =
  | { readonly kind: "missing"; readonly object: "receiver"; readonly desired: DesiredReceiver }
  | (OnReceiver & {
      readonly kind: "missing";
      readonly object: "header";
      readonly name: string;
      readonly value: string;
    })
  | (OnReceiver & { readonly kind: "missing"; readonly object: "subscription"; readonly desired: DesiredSubscription })
  | (OnReceiver & {
      readonly kind: "changed";
      readonly object: "receiver";
      readonly field: ReceiverField;
      readonly desired: unknown;
      readonly live: unknown;
    })
  | (OnReceiver & {
      readonly kind: "changed";
      readonly object: "header";
      readonly header: Header;
      readonly name: string;
      readonly value: string;
    })
  /** The subscription exists with another event, on another receiver or under another id. */
  | (OnReceiver & {
      readonly kind: "changed";
      readonly object: "subscription";
      readonly desired: DesiredSubscription;
      readonly live: Subscription;
      readonly liveReceiver: Receiver;
    })
  | (OnReceiver & { readonly kind: "unmanaged"; readonly object: "receiver" })
  | (OnReceiver & { readonly kind: "unmanaged"; readonly object: "header"; readonly header: Header })
  | (OnReceiver & { readonly kind: "unmanaged"; readonly object: "subscription"; readonly subscription: Subscription })
  /** Several receivers with one URL, oldest first. */
  | { readonly kind: "duplicate"; readonly object: "receiver"; readonly receivers: readonly Receiver[] }
  | (OnReceiver & { readonly kind: "duplicate"; readonly object: "header"; readonly header: Header })
  /** Several subscriptions to one event, oldest first. `surplus` are those to delete: all if the event is not desired. */
  | (OnReceiver & {
      readonly kind: "duplicate";
      readonly object: "subscription";
      readonly subscriptions: readonly Subscription[];
      readonly surplus: readonly Subscription[];
    })
  | (OnReceiver & { readonly kind: "inactive"; readonly object: "receiver" })
  /** ION does not show a value, so it cannot be compared. */
  | (OnReceiver & { readonly kind: "masked"; readonly object: "receiver"; readonly field: ReceiverField })
  | (OnReceiver & {
      readonly kind: "masked";
      readonly object: "header";
      readonly header: Header;
      readonly name: string;
      readonly value: string;
    })
  | (OnReceiver & { readonly kind: "neverDelivered"; readonly object: "subscription"; readonly event: NeverDelivered });

interface OnReceiver {
  readonly receiver: Receiver;
}

type NeverDelivered = (typeof NEVER_DELIVERED)[number];

/** Compares everything that is desired with everything that ION has. Receivers that are not desired are unmanaged. */
export function difference(desired: readonly DesiredReceiver[], live: Receivers): Difference[] {
  const all = [...live.values()].sort(byAge);
  const matches = desired.map((one) => ({ one, receiver: findReceiver(one, live) }));
  const matched = new Set(matches.map(({ receiver }) => receiver?.id));
  const unmanaged = all.filter(({ id }) => !matched.has(id));
  return [
    ...matches.flatMap(({ one, receiver }): Difference[] =>
      receiver ? receiverDifference(one, receiver, live) : [{ kind: "missing", object: "receiver", desired: one }],
    ),
    ...unmanaged.flatMap((receiver): Difference[] => [
      { kind: "unmanaged", object: "receiver", receiver },
      ...(receiver.webhookUri === undefined ? [maskedField(receiver, "webhookUri")] : []),
    ]),
    ...duplicateReceivers(all),
  ];
}

/**
 * Compares one receiver with what is desired of it.
 *
 * @param live all receivers, so that a subscription that moved to another one is found. @default none
 */
export function receiverDifference(
  desired: DesiredReceiver,
  receiver: Receiver,
  live: Receivers = new Map(),
): Difference[] {
  return [
    ...fieldDifferences(desired, receiver),
    ...(receiver.active === false ? [{ kind: "inactive", object: "receiver", receiver } as const] : []),
    ...(desired.headers ? headerDifferences(desired.headers, receiver) : []),
    ...(desired.subscriptions ? subscriptionDifferences(desired.subscriptions, receiver, live) : []),
  ];
}

/** The receiver that is meant: by its id, or the oldest with its URL. */
export function findReceiver({ id, fields }: DesiredReceiver, live: Receivers): Receiver | undefined {
  return id === undefined ? receiversWithUrl(fields.webhookUri, live)[0] : live.get(id);
}

/** All receivers that send events to a URL, oldest first. A masked URL is never the same. */
export function receiversWithUrl(url: string | undefined, live: Receivers): Receiver[] {
  return [...live.values()].filter(({ webhookUri }) => sameUrl(webhookUri, url)).sort(byAge);
}

/** The receivers that share their URL with another one, in groups, oldest first. */
export function duplicateReceivers(
  live: readonly Receiver[],
): Extract<Difference, { object: "receiver"; kind: "duplicate" }>[] {
  const shown = live.filter(({ webhookUri }) => webhookUri !== undefined);
  const byUrl = Map.groupBy(shown, ({ webhookUri = "" }) => normalizeUrl(webhookUri));
  return [...byUrl.values()]
    .filter((same) => same.length > 1)
    .map((receivers) => ({ kind: "duplicate", object: "receiver", receivers }));
}

/** All subscriptions of a receiver to an event, oldest first. */
export const subscriptionsTo = (event: WebhookEvent, { subscriptions }: Receiver): Subscription[] =>
  subscriptions.filter((one) => sameEvent(one, event)).sort(byAge);

function fieldDifferences({ fields }: DesiredReceiver, receiver: Receiver): Difference[] {
  return RECEIVER_FIELDS.flatMap((field): Difference[] => {
    const desired = fields[field];
    const live = receiver[field];
    if (desired === undefined || live === desired) return [];
    if (live === undefined && isSecretField(field)) return [maskedField(receiver, field)];
    if (field === "webhookUri" && sameUrl(receiver.webhookUri, fields.webhookUri)) return [];
    // ION shows an empty text as none.
    if ((live ?? "") === desired) return [];
    return [{ kind: "changed", object: "receiver", receiver, field, desired, live }];
  });
}

const maskedField = (receiver: Receiver, field: ReceiverField): Difference => ({
  kind: "masked",
  object: "receiver",
  receiver,
  field,
});

function headerDifferences(desired: Headers, receiver: Receiver): Difference[] {
  const names = new Set(Object.keys(desired).map(headerIdentity));
  const byName = Map.groupBy(receiver.headers, ({ key }) => headerIdentity(key));
  const first = (name: string) => byName.get(headerIdentity(name))?.[0];
  const declared = Object.entries(desired).flatMap(([name, value]): Difference[] => {
    const header = first(name);
    if (!header) return [{ kind: "missing", object: "header", receiver, name, value }];
    if (header.value === undefined) return [{ kind: "masked", object: "header", receiver, header, name, value }];
    return header.value === value ? [] : [{ kind: "changed", object: "header", receiver, header, name, value }];
  });
  const others = receiver.headers.flatMap((header): Difference[] => {
    if (!names.has(headerIdentity(header.key))) {
      return [{ kind: "unmanaged", object: "header", receiver, header }];
    }
    return first(header.key) === header ? [] : [{ kind: "duplicate", object: "header", receiver, header }];
  });
  return [...declared, ...others];
}

function subscriptionDifferences(
  desired: readonly DesiredSubscription[],
  receiver: Receiver,
  live: Receivers,
): Difference[] {
  const own = new Set<string>();
  const byEvent = Map.groupBy([...receiver.subscriptions].sort(byAge), eventName);
  /** The live counterpart: by its id on any receiver, else the oldest to its event on its own. */
  const find = (one: DesiredSubscription) => {
    const withId = one.id === undefined ? undefined : findOnAny(one.id, [receiver, ...live.values()]);
    return withId ?? { subscription: byEvent.get(eventName(one))?.[0], liveReceiver: receiver };
  };
  const declared = desired.flatMap((one): Difference[] => {
    const { subscription, liveReceiver } = find(one);
    if (!subscription) return [{ kind: "missing", object: "subscription", receiver, desired: one }];
    own.add(subscription.id);
    const asDesired =
      liveReceiver.id === receiver.id &&
      sameEvent(subscription, one) &&
      (one.id === undefined || one.id === subscription.id);
    if (asDesired) return [];
    return [{ kind: "changed", object: "subscription", receiver, desired: one, live: subscription, liveReceiver }];
  });
  const others = [...byEvent.values()].flatMap((subscriptions): Difference[] => {
    const surplus = subscriptions.filter(({ id }) => !own.has(id));
    if (subscriptions.length > 1) {
      return [{ kind: "duplicate", object: "subscription", receiver, subscriptions, surplus }];
    }
    return surplus.map((subscription) => ({ kind: "unmanaged", object: "subscription", receiver, subscription }));
  });
  const never = neverDelivered(receiver.subscriptions);
  return [
    ...declared,
    ...others,
    ...never.map((event): Difference => ({ kind: "neverDelivered", object: "subscription", receiver, event })),
  ];
}

function findOnAny(id: string, receivers: readonly Receiver[]) {
  for (const liveReceiver of receivers) {
    const subscription = liveReceiver.subscriptions.find((one) => one.id === id);
    if (subscription) return { subscription, liveReceiver };
  }
  return undefined;
}
