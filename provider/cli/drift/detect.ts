/** What is not as declared, found without a program and without writing state. */

import type { Receiver, Subscription } from "../../ion/operations.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import { webhookReceiver } from "../../lifecycle/webhookReceiver.ts";
import { differing, pairOf } from "../../model/difference.ts";
import { type Declared, type DeclaredReceiver, type DeclaredSubscription, refuseElsewhere } from "../stackState.ts";
import { escapeText, formatReceiver, pluralize } from "../terminal.ts";
import { sharedUrls } from "./twins.ts";

/** One thing that is not as declared, or that a person should know of. */
export interface Finding {
  readonly kind: "missing" | "extra" | "changed" | "twin" | "inactive" | "undeclared" | "unseen";
  /** Whether it is drift; otherwise it is only good to know. */
  readonly drift: boolean;
  readonly object: "receiver" | "subscription";
  /** Ids in ION; of what is missing, the one that it had. */
  readonly ids: readonly string[];
  /** The receiver's id; of a receiver, its own. */
  readonly receiverId?: string;
  readonly resource?: string;
  readonly action?: string;
  /** Names of changed fields; of headers in words. Values of secrets are nowhere. */
  readonly fields?: readonly string[];
  /** The resource that declares it. */
  readonly urn?: string;
  /** All of it in a sentence. */
  readonly message: string;
}

/**
 * Holds ION against what a stack declares.
 *
 * @throws IonError "elsewhere" where the stack's resources live in another ION.
 */
export async function findingsOf(ion: WebhookApi, declared: Declared): Promise<Finding[]> {
  refuseElsewhere(ion, declared);
  const live = await ion.receivers();
  const receivers = await Promise.all(declared.receivers.map((one) => receiverFindings(ion, one, declared)));
  const subscriptions = declared.subscriptions.flatMap((one) => subscriptionFindings(one, live, declared));
  const others = [...live.values()].flatMap((receiver) => unaskedFor(receiver, declared));
  const masked = [...live.values()].flatMap((receiver) => unseen(receiver, declared));
  return [...receivers.flat(), ...subscriptions, ...others, ...twinReceivers([...live.values()], declared), ...masked];
}

/** What a refresh would say of a receiver: it is the resource's own look that decides. */
async function receiverFindings(ion: WebhookApi, one: DeclaredReceiver, declared: Declared): Promise<Finding[]> {
  const { id, urn, name } = one;
  const about = { object: "receiver", ids: [id], receiverId: id, urn } as const;
  const found = await webhookReceiver.read(ion, id, one.outputs as unknown as ReceiverState);
  if (!found) {
    const lost = declared.subscriptions.filter(({ receiverId }) => receiverId === id).length;
    const also = lost > 0 ? `, and with it ${pluralize(lost, "declared subscription")}` : "";
    const message = `The receiver ${formatReceiver(name, id)} is gone${also}: nothing arrives there.`;
    return [{ ...about, kind: "missing", drift: true, message }];
  }
  const { pinned = {}, driftedSecrets = [], ...now } = found.inputs as LiveInputs;
  const wanted: Record<string, unknown> = { ...one.inputs, ...pinned };
  const plain = differing(wanted, now).filter((field) => !webhookReceiver.secrets.includes(field));
  const told = plain.map((field) => `${field} is ${value(now[field])}, declared ${value(wanted[field])}`);
  const words = driftedSecrets.map((secret) =>
    secret.startsWith("header ") ? escapeText(secret) : `${secret} was changed`,
  );
  const fields = [...plain, ...driftedSecrets.map(escapeText)];
  if (fields.length > 0) {
    const idle = plain.includes("active") && found.state.active === false ? " ION sends it nothing." : "";
    const message = `${formatReceiver(name, id)}: ${[...told, ...words].join("; ")}.${idle}`;
    return [{ ...about, kind: "changed", drift: true, fields, message }];
  }
  if (found.state.active !== false) return [];
  const message = `${formatReceiver(name, id)} is inactive, as declared: ION sends it nothing.`;
  return [{ ...about, kind: "inactive", drift: false, message }];
}

type ReceiverState = Parameters<typeof webhookReceiver.read>[2];
type LiveInputs = Record<string, unknown> & {
  readonly pinned?: Readonly<Record<string, unknown>>;
  readonly driftedSecrets?: readonly string[];
};

function subscriptionFindings(
  { id, urn, receiverId, resource, action }: DeclaredSubscription,
  live: ReadonlyMap<string, Receiver>,
  declared: Declared,
): Finding[] {
  const about = { object: "subscription", ids: [id], receiverId, resource, action, urn, drift: true } as const;
  const pair = `${resource} ${action}`;
  const receiver = live.get(receiverId);
  const owner = [...live.values()].find(({ subscriptions }) => subscriptions.some((one) => one.id === id));
  const now = owner?.subscriptions.find((one) => one.id === id);
  if (owner && now) {
    const fields = [
      ...(owner.id === receiverId ? [] : ["receiverId"]),
      ...(now.resource === resource ? [] : ["resource"]),
      ...(now.action === action ? [] : ["action"]),
    ];
    if (fields.length === 0) return [];
    const message = `Subscription ${id} was ${pair} of receiver ${receiverId}, and is now ${escapeText(pairOf(now))} of ${formatReceiver(owner.name, owner.id)}.`;
    return [{ ...about, kind: "changed", fields, message }];
  }
  if (!receiver) {
    // Told with the receiver, where the stack has it.
    if (declared.receivers.some((one) => one.id === receiverId)) return [];
    const message = `The receiver with id ${receiverId} is gone, and with it the subscription to ${pair}: those events do not arrive.`;
    return [{ ...about, kind: "missing", message }];
  }
  const again = receiver.subscriptions.find((one) => pairOf(one) === pair);
  if (again) {
    const message = `${formatReceiver(receiver.name, receiverId)} has another subscription to ${pair} than the declared one (id ${again.id}, not ${id}): \`pulumi up\` takes it over.`;
    return [{ ...about, kind: "changed", fields: ["id"], message }];
  }
  const message = `${formatReceiver(receiver.name, receiverId)} is not subscribed to ${pair} any more: those events do not arrive.`;
  return [{ ...about, kind: "missing", message }];
}

/** What a receiver has and nobody declared, and what it has twice. */
function unaskedFor(receiver: Receiver, { receivers, subscriptions, watched }: Declared): Finding[] {
  const { id, name } = receiver;
  const own = subscriptions.filter(({ receiverId }) => receiverId === id);
  if (own.length === 0 && !receivers.some((one) => one.id === id)) {
    const message = `${formatReceiver(name, id)} with ${pluralize(receiver.subscriptions.length, "subscription")} is not declared in this stack.`;
    return [{ kind: "undeclared", drift: false, object: "receiver", ids: [id], receiverId: id, message }];
  }
  const findings: Finding[] = [];
  const unwatched = watched.has(id) ? "" : " (the program does not look for others on this receiver)";
  const byPair = Map.groupBy(receiver.subscriptions, pairOf);
  for (const [pair, same] of byPair) {
    const [{ resource, action }] = same as [Subscription];
    const about = { object: "subscription", ids: same.map((one) => one.id), receiverId: id, resource, action } as const;
    // One that was moved here or changed into this is told as changed.
    const isOurs = own.some((one) => pairOf(one) === pair || same.some((other) => other.id === one.id));
    const ids = about.ids.join(", ");
    if (same.length > 1) {
      const message = `${formatReceiver(name, id)} is subscribed to ${escapeText(pair)} ${same.length} times (ids ${ids}): each event arrives ${same.length} times.`;
      findings.push({ ...about, kind: "twin", drift: true, message });
    } else if (!isOurs) {
      const message = `${formatReceiver(name, id)} is subscribed to ${escapeText(pair)} (id ${ids}), which nobody declared${unwatched}.`;
      findings.push({ ...about, kind: "extra", drift: watched.has(id), message });
    }
  }
  return findings;
}

/** Receivers that send the same events to the same URL. */
function twinReceivers(live: readonly Receiver[], declared: Declared): Finding[] {
  return sharedUrls(live).map((same) => {
    const ids = same.map(({ id }) => id);
    const drift = declared.receivers.some(({ id }) => ids.includes(id));
    const message = `${same.map(({ name, id }) => formatReceiver(name, id)).join(" and ")} have one URL: what more than one of them is subscribed to arrives more than once.`;
    return { kind: "twin", drift, object: "receiver", ids, message };
  });
}

/** What ION masks: a check that could not look must not look green. */
function unseen({ id, name, webhookUri, sharedSecret, headers }: Receiver, { receivers }: Declared): Finding[] {
  const own = receivers.find((one) => one.id === id);
  const masked = [
    ...(webhookUri === undefined ? ["the URL"] : []),
    ...(own && sharedSecret === undefined && own.outputs.sharedSecret !== undefined ? ["the shared secret"] : []),
    ...(own ? headers.flatMap(({ key, value }) => (value === undefined ? [`header ${escapeText(key)}`] : [])) : []),
  ];
  if (masked.length === 0) return [];
  const what = own ? "what was changed of them" : "whether another receiver has the same URL";
  const message = `ION does not show this key ${masked.join(", ")} of ${formatReceiver(name, id)}: ${what} is not found.`;
  return [{ kind: "unseen", drift: false, object: "receiver", ids: [id], receiverId: id, message }];
}

const value = (one: unknown) => (one === undefined || one === "" ? "empty" : escapeText(JSON.stringify(one)));
