/** Which receiver is subscribed to which event, and how that covers Violet's guide and what ION offers. */
import type { SubscriptionNames } from "../../ion/webhookApi.ts";
import { type DesiredReceiver, type Difference, difference } from "../../model/difference.ts";
import { GUIDE_EVENTS, VIOLET_RESOURCES } from "../../model/events.ts";
import { eventName, type Receiver, type Receivers, type WebhookEvent } from "../../model/webhooks.ts";
import { comparable, desiredReceivers } from "../drift/detect.ts";
import { type Declarations, NO_DECLARATIONS } from "../stackState.ts";

/** An event that a receiver is, or should be, subscribed to. */
export interface EventStatus extends WebhookEvent {
  /** The ids of its subscriptions in ION. */
  readonly ids: readonly string[];
  /** What is wrong with it, if anything. */
  readonly problem?: "missing" | "duplicate" | "unmanaged";
}

/** One receiver with its events. Holds nothing secret. */
export interface ReceiverStatus {
  readonly id: string;
  readonly name: string;
  /** False if the stack declares it and ION does not have it. */
  readonly exists: boolean;
  readonly active: boolean;
  readonly contentType: string | undefined;
  readonly expectedResponseCode: number | undefined;
  /** The names of its headers. */
  readonly headers: readonly string[];
  /** Whether the stack declares it; undefined without a stack. */
  readonly declared: boolean | undefined;
  readonly events: readonly EventStatus[];
}

/** How all receivers together cover Violet's guide and ION's events. */
export interface Coverage {
  /** Events of the guide that no receiver is subscribed to. */
  readonly guideMissing: readonly WebhookEvent[];
  /** Events of the guide that only inactive receivers are subscribed to. */
  readonly guideInactive: readonly WebhookEvent[];
  /** Events beyond the guide that no receiver is subscribed to; undefined if ION does not list its events, or has too many to list. */
  readonly unused: readonly WebhookEvent[] | undefined;
  /** Resources whose deletion some receiver is notified of. The guide has none. */
  readonly deletions: readonly string[];
}

/** Compares ION with a stack; receivers that it does not declare are compared with themselves, so that duplicates are found. */
export function statusDifferences(live: Receivers, declarations: Declarations = NO_DECLARATIONS): Difference[] {
  const desired = desiredReceivers(declarations);
  const ids = new Set(desired.map(({ id }) => id));
  const others = [...live.values()].filter(({ id }) => !ids.has(id)).map(asItIs);
  return difference([...desired, ...others], comparable(live, declarations));
}

/** A live receiver as if it were desired exactly like this. */
export function asItIs({ id, subscriptions }: Receiver): DesiredReceiver {
  return { id, fields: {}, subscriptions: uniqueEvents(subscriptions) };
}

/** All receivers with their events and what is wrong with them; those that are missing in ION last. */
export function receiverStatuses(
  live: Receivers,
  differences: readonly Difference[],
  declarations?: Declarations,
): ReceiverStatus[] {
  const declared = declarations && new Set(declarations.receivers.map(({ id }) => id));
  const byReceiver = Map.groupBy(differences, (one) => ("receiver" in one ? one.receiver.id : undefined));
  const existing = [...live.values()].map((receiver): ReceiverStatus => {
    const own = byReceiver.get(receiver.id) ?? [];
    return {
      id: receiver.id,
      name: receiver.name,
      exists: true,
      active: receiver.active !== false,
      contentType: receiver.contentType,
      expectedResponseCode: receiver.expectedResponseCode,
      headers: receiver.headers.map(({ key }) => key),
      declared: declared?.has(receiver.id),
      events: eventStatuses(receiver, own),
    };
  });
  const missing = differences.flatMap((one): ReceiverStatus[] => {
    if (one.kind !== "missing" || one.object !== "receiver") return [];
    const { id = "", fields, subscriptions = [] } = one.desired;
    return [
      {
        id,
        name: fields.name ?? "unknown",
        exists: false,
        active: false,
        contentType: undefined,
        expectedResponseCode: undefined,
        headers: [],
        declared: true,
        events: subscriptions.map(({ resource, action }) => ({ resource, action, ids: [], problem: "missing" })),
      },
    ];
  });
  return [...existing, ...missing];
}

function eventStatuses({ subscriptions }: Receiver, differences: readonly Difference[]): EventStatus[] {
  const ofSubscriptions = differences.filter((one) => one.object === "subscription");
  const desired = ofSubscriptions.flatMap((one) =>
    one.kind === "missing" || one.kind === "changed" ? [one.desired] : [],
  );
  const problems = new Map<string, EventStatus["problem"]>();
  for (const one of ofSubscriptions) {
    const found =
      one.kind === "unmanaged" ? [one.subscription] : one.kind === "duplicate" ? one.subscriptions.slice(0, 1) : [];
    for (const event of found) problems.set(eventName(event), one.kind as EventStatus["problem"]);
  }
  const byEvent = Map.groupBy(subscriptions, eventName);
  return uniqueEvents([...subscriptions, ...desired]).map((event) => {
    const ids = byEvent.get(eventName(event))?.map(({ id }) => id) ?? [];
    const problem = ids.length === 0 ? "missing" : problems.get(eventName(event));
    return { ...event, ids, ...(problem && { problem }) };
  });
}

/** The resources that have a row: those of Violet's guide in its order, then all others. */
export function rowsOf(receivers: readonly ReceiverStatus[]): string[] {
  const others = receivers.flatMap(({ events }) => events.map(({ resource }) => resource)).sort();
  return [...new Set([...VIOLET_RESOURCES, ...others])];
}

/** Events that ION may offer before a list of them is no use: about a hundred times as many as it has. */
const MAX_OFFERED = 10_000;

/** Compares what is subscribed with Violet's guide and with what ION offers. */
export function coverageOf(receivers: readonly ReceiverStatus[], names: SubscriptionNames | undefined): Coverage {
  const subscribedIn = (some: readonly ReceiverStatus[]) =>
    new Set(some.flatMap(({ events }) => events.filter(({ ids }) => ids.length > 0).map(eventName)));
  const all = subscribedIn(receivers);
  const active = subscribedIn(receivers.filter((receiver) => receiver.active));
  const guide = new Set(GUIDE_EVENTS.map(eventName));
  const isListable = names && names.resource.length * names.action.length <= MAX_OFFERED;
  const offered = isListable
    ? names.resource.flatMap((resource) => names.action.map((action) => ({ resource, action })))
    : undefined;
  return {
    guideMissing: GUIDE_EVENTS.filter((event) => !all.has(eventName(event))),
    guideInactive: GUIDE_EVENTS.filter((event) => all.has(eventName(event)) && !active.has(eventName(event))),
    unused: offered?.filter((event) => !all.has(eventName(event)) && !guide.has(eventName(event))),
    deletions: [...all].filter((name) => name.endsWith(" DELETE")).map((name) => name.replace(/ DELETE$/, "")),
  };
}

function uniqueEvents(events: readonly WebhookEvent[]): WebhookEvent[] {
  const plain = events.map(({ resource, action }) => ({ resource, action }));
  return [...new Map(plain.map((event) => [eventName(event), event])).values()];
}
