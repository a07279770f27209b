/** How ION differs from what a stack declares, found without running the program. */
import { asDesired, pinnedFields, withKnownSecrets } from "../../lifecycle/receiverState.ts";
import { type DesiredReceiver, type Difference, difference, subscriptionsTo } from "../../model/difference.ts";
import { describeDifference } from "../../model/messages.ts";
import type { Receivers, WebhookEvent } from "../../model/webhooks.ts";
import type { Declarations } from "../stackState.ts";

/** One difference, for people and machines. */
export interface Finding {
  readonly kind: Difference["kind"];
  /** Whether it is drift; otherwise it is only good to know. */
  readonly drift: boolean;
  readonly object: Difference["object"];
  /** Ids in ION; of a missing object, the id that it had. */
  readonly ids: readonly string[];
  /** The id of the receiver. */
  readonly receiverId?: string;
  readonly resource?: string;
  readonly action?: string;
  /** The names of changed fields or of a header. Never a secret value. */
  readonly fields?: readonly string[];
  /** The resource that declares the object. */
  readonly urn?: string;
  readonly message: string;
}

/** Compares ION with what a stack declares. */
export function findDrift(live: Receivers, declarations: Declarations): Finding[] {
  const desired = desiredReceivers(declarations);
  return findingsFor(difference(desired, comparable(live, declarations)), declarations);
}

/** What a stack declares as desired receivers, also those that it only subscribes. */
export function desiredReceivers({ receivers, subscriptions }: Declarations): DesiredReceiver[] {
  const byReceiver = Map.groupBy(subscriptions, ({ receiverId }) => receiverId);
  const others = [...byReceiver].filter(([id]) => receivers.every((one) => one.id !== id));
  return [
    ...receivers.map(({ id, state }) => {
      return { ...asDesired(pinnedFields(state), id), subscriptions: byReceiver.get(id) ?? [] };
    }),
    ...others.map(([id, some]) => ({ id, fields: {}, subscriptions: some })),
  ];
}

/** Live receivers; what ION's schema lacks is as last known. Masked secrets stay masked, so that they are reported. */
export function comparable(live: Receivers, { receivers }: Declarations): Receivers {
  const known = receivers.flatMap(({ id, state }) => {
    const receiver = live.get(id);
    if (!receiver) return [];
    const { webhookUri, sharedSecret } = receiver;
    return [[id, { ...withKnownSecrets(receiver, state), webhookUri, sharedSecret }] as const];
  });
  return new Map([...live, ...known]);
}

/** Differences as findings: one for each fact. */
export function findingsFor(differences: readonly Difference[], declarations: Declarations): Finding[] {
  const { receivers, subscriptions } = declarations;
  const urns = new Map<string, string>([
    ...receivers.map(({ id, urn }) => [`receiver ${id}`, urn] as const),
    ...subscriptions.map(({ id, urn }) => [`subscription ${id}`, urn] as const),
  ]);
  return withoutRepeated(differences).map((one) => {
    const facts = factsOf(one);
    const keys =
      one.object === "header" ? [`receiver ${facts.receiverId}`] : facts.ids.map((id) => `${one.object} ${id}`);
    const urn = keys.map((key) => urns.get(key)).find((found) => found !== undefined);
    return {
      kind: one.kind,
      drift: isDrift(one, declarations),
      object: one.object,
      ...facts,
      ...(urn !== undefined && { urn }),
      message: describeDifference(one),
    };
  });
}

/** Drops what another difference already says: that a receiver was deactivated, or what a subscription was changed to. */
function withoutRepeated(differences: readonly Difference[]): Difference[] {
  const deactivated = new Set<string>();
  const changed = new Set<string>();
  for (const one of differences) {
    if (one.kind !== "changed") continue;
    if (one.object === "subscription") changed.add(one.live.id);
    if (one.object === "receiver" && one.field === "active") deactivated.add(one.receiver.id);
  }
  return differences.filter((one) => {
    if (one.kind === "inactive") return !deactivated.has(one.receiver.id);
    return !(one.kind === "unmanaged" && one.object === "subscription" && changed.has(one.subscription.id));
  });
}

function isDrift(one: Difference, { receivers, unmanagedPolicies }: Declarations): boolean {
  switch (one.kind) {
    case "inactive":
    case "masked":
    case "neverDelivered":
      return false;
    case "unmanaged":
      if (one.object === "subscription") return unmanagedPolicies.has(one.receiver.id);
      return one.object === "header";
    case "duplicate":
      if (one.object !== "receiver") return true;
      return one.receivers.some(({ id }) => receivers.some((declared) => declared.id === id));
    default:
      return true;
  }
}

type Facts = Pick<Finding, "ids" | "receiverId" | "resource" | "action" | "fields">;

/** What a difference is about, for machines. */
export function factsOf(one: Difference): Facts {
  if (one.object === "receiver") {
    if (one.kind === "duplicate") return { ids: one.receivers.map(({ id }) => id) };
    const { id = "" } = one.kind === "missing" ? one.desired : one.receiver;
    return { ids: [id], receiverId: id, ...("field" in one && { fields: [one.field] }) };
  }
  const receiverId = one.receiver.id;
  if (one.object === "header") {
    if (one.kind === "missing") return { ids: [], receiverId, fields: [one.name] };
    return { ids: [one.header.id], receiverId, fields: [one.header.key] };
  }
  const facts = ({ resource, action }: WebhookEvent, ...ids: readonly (string | undefined)[]) => {
    return { ids: ids.filter((id) => id !== undefined), receiverId, resource, action };
  };
  switch (one.kind) {
    case "missing":
      return facts(one.desired, one.desired.id);
    case "changed":
      return { ...facts(one.desired, one.desired.id), fields: changedFields(one) };
    case "unmanaged":
      return facts(one.subscription, one.subscription.id);
    case "duplicate":
      return facts(one.subscriptions[0] as WebhookEvent, ...one.subscriptions.map(({ id }) => id));
    case "neverDelivered":
      return facts(one.event, ...subscriptionsTo(one.event, one.receiver).map(({ id }) => id));
  }
}

function changedFields({
  desired,
  live,
  receiver,
  liveReceiver,
}: Extract<Difference, { readonly kind: "changed"; readonly object: "subscription" }>): string[] {
  const before = { ...desired, receiverId: receiver.id };
  const after = { ...live, receiverId: liveReceiver.id };
  return (["id", "receiverId", "resource", "action"] as const).filter((field) => before[field] !== after[field]);
}
