/** The words of each difference, written once: warnings of a refresh, `drift`, `status` and `export` all print these. */
import type { Change } from "./changes.ts";
import type { DesiredReceiver, Difference } from "./difference.ts";
import { escapeText, formatReceiver, listSome, pluralize } from "./text.ts";
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
      return `${receiver(one)}: ION does not show this API key the ${masked(one)}, so ${undetected(one)} cannot be detected.`;
    case "neverDelivered":
      return `${receiver(one)} is subscribed to ${event(one.event)}, but ${one.event.reason}`;
  }
}

/** Objects to list before a sentence becomes too long to read. */
const MAX_LISTED = 20;

type Of<Kind extends Difference["kind"]> = Extract<Difference, { readonly kind: Kind }>;

function missing(one: Of<"missing">): string {
  if (one.object === "receiver") {
    const count = one.desired.subscriptions?.length ?? 0;
    const also = count > 0 ? ` Its ${pluralize(count, "subscription")} ${count === 1 ? "is" : "are"} missing too.` : "";
    return `${desiredReceiver(one.desired)} does not exist in ION: its URL gets no events.${also}`;
  }
  if (one.object === "header") return `${receiver(one)} does not send the header ${escapeText(one.name)}.`;
  return `${receiver(one)} is not subscribed to ${event(one.desired)}: these events do not arrive.`;
}

function changed(one: Of<"changed">): string {
  if (one.object === "header")
    return `${receiver(one)}: the value of header ${escapeText(one.name)} was changed in ION.`;
  if (one.object === "receiver") {
    if (isSecretField(one.field)) return `${receiver(one)}: ${one.field} was changed in ION.`;
    const effect = one.field === "active" && !one.live ? " ION sends it no events." : "";
    return `${receiver(one)}: ${one.field} is ${value(one.live)} in ION and ${value(one.desired)} in the stack.${effect}`;
  }
  const { desired, live, liveReceiver } = one;
  if (desired.id !== undefined && desired.id !== live.id) {
    return `${receiver(one)} is subscribed to ${event(desired)} under another id (${escapeText(live.id)}, not ${escapeText(desired.id)}): the next \`pulumi up\` adopts it.`;
  }
  const subscription = `subscription ${event(desired)} (id ${escapeText(live.id)})`;
  const changes = [
    ...(sameEvent(live, desired) ? [] : [`changed to ${event(live)}`]),
    ...(liveReceiver.id === one.receiver.id ? [] : [`moved to receiver ${formatReceiver(liveReceiver)}`]),
  ];
  return `${receiver(one)}: ${subscription} was ${changes.join(" and ")} in ION.`;
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
    const names = one.receivers.slice(0, MAX_LISTED).map(formatReceiver);
    const more = one.receivers.length - names.length;
    const last = more > 0 ? `${more} more` : names.pop();
    const list = `${names.join(", ")} and ${last}`;
    return `Receivers ${list} have the same URL: events that more than one of them is subscribed to are delivered more than once.`;
  }
  if (one.object === "header") return `${receiver(one)} sends the header ${escapeText(one.header.key)} more than once.`;
  const { subscriptions } = one;
  const [first] = subscriptions;
  const ids = listSome(
    subscriptions.map(({ id }) => escapeText(id)),
    MAX_LISTED,
  );
  return `${receiver(one)} has ${subscriptions.length} subscriptions to ${first ? event(first) : ""} (ids ${ids}): each event is delivered ${subscriptions.length === 2 ? "twice" : `${subscriptions.length} times`}.`;
}

const receiver = ({ receiver }: { readonly receiver: Parameters<typeof formatReceiver>[0] }) =>
  `Receiver ${formatReceiver(receiver)}`;
const event = (one: Parameters<typeof eventName>[0]) => escapeText(eventName(one));
const value = (one: unknown) => (one === undefined || one === "" ? "empty" : escapeText(JSON.stringify(one)));
function desiredReceiver({ id, fields: { name } }: DesiredReceiver): string {
  if (id === undefined) return `Receiver "${escapeText(name ?? "")}"`;
  return `Receiver ${name === undefined ? `with id ${escapeText(id)}` : formatReceiver({ id, name })}`;
}
const undetected = (one: Of<"masked">) =>
  one.object === "receiver" && one.field === "webhookUri"
    ? "changes to it, and other receivers with the same URL,"
    : "changes to it";
const masked = (one: Of<"masked">) => (one.object === "header" ? `value of header ${escapeText(one.name)}` : one.field);

/**
 * One difference between what two stacks declare, in one sentence. Ids and secrets are each environment's own.
 *
 * @param one with what stack `here` declares as desired, and what stack `there` declares as live.
 * @returns undefined if it does not matter between stacks.
 */
export function describeStackDifference(one: Difference, here: string, there: string): string | undefined {
  if (one.kind === "missing") return `${stackObject(one)} is in ${here} but not in ${there}.`;
  if (one.kind === "unmanaged") return `${stackObject(one)} is in ${there} but not in ${here}.`;
  if (one.kind !== "changed" || one.object !== "receiver" || isSecretField(one.field)) return undefined;
  return `${stackReceiver(one.receiver)}: ${one.field} is ${value(one.desired)} in ${here} and ${value(one.live)} in ${there}.`;
}

function stackObject(one: Of<"missing" | "unmanaged">): string {
  if (one.object === "receiver") return stackReceiver(one.kind === "missing" ? one.desired : one.receiver);
  const receiver = stackReceiver(one.receiver);
  if (one.object === "header") {
    return `${receiver}: header ${escapeText(one.kind === "missing" ? one.name : one.header.key)}`;
  }
  return `${receiver}: subscription ${event(one.kind === "missing" ? one.desired : one.subscription)}`;
}

/** A secret that two stacks share. */
export const describeSharedSecret = (field: string, receiverName: string, here: string, there: string): string =>
  `Receiver "${escapeText(receiverName)}" has the same ${field} in ${here} and ${there}. Environments usually have different ones.`;

/** A receiver of a stack, whose name stands for its id. */
const stackReceiver = ({ id = "" }: { readonly id?: string }) => `Receiver "${escapeText(id)}"`;

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
    case "setHeaders":
      return `change the headers of the ${named(change.receiver)}`;
    case "createUnattachedHeader":
      return `create the header ${escapeText(change.key)} for the ${named(change.receiver)}`;
    case "attachHeader":
      return `add the header ${escapeText(change.header.key)} to the ${named(change.receiver)}`;
    case "detachHeader":
      return `remove the header ${escapeText(change.header.key)} from the ${named(change.receiver)}`;
    case "updateHeader":
      return `update the header ${escapeText(change.header.key)} of the ${named(change.receiver)}`;
    case "deleteHeader":
      return `delete the header ${escapeText(change.header.key)} of the ${named(change.receiver)}`;
  }
}
