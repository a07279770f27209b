/** The words of each difference, written once: warnings of a refresh, `drift`, `status` and `export` all print these. */
import type { Change } from "./changes.ts";
import type { Difference } from "./difference.ts";
import { escapeText, formatReceiver, pluralize } from "./text.ts";
import { eventName, isSecretField, type Receiver, sameEvent } from "./webhooks.ts";

/** One difference in one or two sentences: what is the matter, on which object, and what follows. Never a secret value. */
export function describeDifference(one: Difference): string {
  switch (one.kind) {
    case "missing":
      return missing(one);
    case "changed":
      return changed(one);
    case "unmanaged":
      return unmanaged(one);
    case "duplicate":
      return duplicate(one);
    case "inactive":
      return `${receiver(one)} is inactive: ION sends it no events.`;
    case "masked":
      return `ION does not show this API key the ${masked(one)} of receiver ${formatReceiver(one.receiver)}, so changes to it cannot be detected.`;
    case "neverDelivered":
      return `${receiver(one)} is subscribed to ${event(one.event)}, but ${one.event.reason}`;
  }
}

type Of<Kind extends Difference["kind"]> = Extract<Difference, { readonly kind: Kind }>;

function missing(one: Of<"missing">): string {
  if (one.object === "receiver") {
    const { id, fields, subscriptions = [] } = one.desired;
    const name = `"${escapeText(fields.name ?? "")}"`;
    const also = subscriptions.length > 0 ? ` and its ${pluralize(subscriptions.length, "declared subscription")}` : "";
    return `Receiver ${name}${id === undefined ? "" : ` (id ${escapeText(id)})`}${also} do${also ? "" : "es"} not exist in ION: no events arrive there.`;
  }
  if (one.object === "header") return `${receiver(one)} does not send the header ${escapeText(one.name)}.`;
  return `${receiver(one)} is not subscribed to ${event(one.desired)}: these events do not arrive.`;
}

function changed(one: Of<"changed">): string {
  if (one.object === "header")
    return `${receiver(one)}: the value of header ${escapeText(one.name)} was changed in ION.`;
  if (one.object === "receiver") {
    if (isSecretField(one.field)) return `${receiver(one)}: ${one.field} was changed in ION.`;
    return `${receiver(one)}: ${one.field} is ${value(one.live)} in ION, declared ${value(one.desired)}.`;
  }
  const { desired, live, liveReceiver } = one;
  if (desired.id !== undefined && desired.id !== live.id) {
    return `${receiver(one)} is subscribed to ${event(desired)} under another id (${escapeText(live.id)}, not ${escapeText(desired.id)}): the next \`pulumi up\` adopts it.`;
  }
  const changes = [
    ...(sameEvent(desired, live) ? [] : [`changed to ${event(live)}`]),
    ...(liveReceiver.id === one.receiver.id ? [] : [`moved to receiver ${formatReceiver(liveReceiver)}`]),
  ];
  return `${receiver(one)}: in ION, the subscription to ${event(desired)} (id ${escapeText(live.id)}) was ${changes.join(" and ")}.`;
}

function unmanaged(one: Of<"unmanaged">): string {
  if (one.object === "receiver") return `${receiver(one)} is not managed by this stack.`;
  if (one.object === "header") {
    return `${receiver(one)} sends the header ${escapeText(one.header.key)}, which your program does not declare.`;
  }
  return `${receiver(one)} is subscribed to ${event(one.subscription)} (id ${escapeText(one.subscription.id)}), which your program does not declare.`;
}

function duplicate(one: Of<"duplicate">): string {
  if (one.object === "receiver") {
    const names = one.receivers.map(formatReceiver).join(", ");
    return `Receivers with the same URL: ${names}. An event that several of them are subscribed to is delivered several times.`;
  }
  if (one.object === "header") return `${receiver(one)} sends the header ${escapeText(one.header.key)} more than once.`;
  const { subscriptions } = one;
  const [first] = subscriptions;
  const ids = subscriptions.map(({ id }) => escapeText(id)).join(", ");
  return `${receiver(one)} has ${subscriptions.length} subscriptions to ${first ? event(first) : ""} (ids ${ids}): each such event is delivered ${subscriptions.length} times.`;
}

const receiver = ({ receiver }: { readonly receiver: Parameters<typeof formatReceiver>[0] }) =>
  `Receiver ${formatReceiver(receiver)}`;
const event = (one: Parameters<typeof eventName>[0]) => escapeText(eventName(one));
const value = (one: unknown) => (one === undefined || one === "" ? "empty" : escapeText(JSON.stringify(one)));
const masked = (one: Of<"masked">) => (one.object === "header" ? `value of header ${escapeText(one.name)}` : one.field);

/** What a change does, as a command: "delete the subscription PARTS UPDATE (id 4) of receiver 1". Holds no secret. */
export function describeChange(change: Change): string {
  const named = (one: Receiver) => `webhook receiver ${formatReceiver(one)}`;
  switch (change.kind) {
    case "createReceiver":
      return `create the webhook receiver "${escapeText(change.fields.name ?? "")}"`;
    case "updateReceiver":
      return `update ${Object.keys(change.fields).join(", ")} of the ${named(change.receiver)}`;
    case "deleteReceiver":
      return `delete the ${named(change.receiver)}`;
    case "createSubscription":
      return `subscribe receiver ${escapeText(change.receiverId)} to ${event(change.event)}`;
    case "deleteSubscription":
      return `delete the subscription ${event(change.subscription)} (id ${escapeText(change.subscription.id)}) of receiver ${escapeText(change.receiverId)}`;
    case "createHeader":
      return `create the header ${escapeText(change.key)} of the ${named(change.receiver)}`;
    case "updateHeader":
      return `update the header ${escapeText(change.header.key)} of the ${named(change.receiver)}`;
    case "deleteHeader":
      return `delete the header ${escapeText(change.header.key)} of the ${named(change.receiver)}`;
  }
}
