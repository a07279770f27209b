/** How the declarations of two stacks differ: receivers are matched by name, because ids are each environment's own. */
import { asReceiver } from "../../lifecycle/receiverState.ts";
import { type DesiredReceiver, type Difference, difference } from "../../model/difference.ts";
import { describeSharedSecret, describeStackDifference } from "../../model/messages.ts";
import { type Receiver, type ReceiverField, SECRET_FIELDS } from "../../model/webhooks.ts";
import { type Declarations, logicalName } from "../stackState.ts";
import { desiredReceivers, type Finding, factsOf } from "./detect.ts";

/** A stack and what it declares. */
export interface Side {
  readonly name: string;
  readonly declarations: Declarations;
}

/** One difference between two stacks. */
export type StackFinding = Pick<Finding, "drift" | "object" | "resource" | "action" | "fields" | "message"> & {
  /** "missing" in the second stack, "added" by it, "changed" in it, or "shared": a secret that both have. */
  readonly kind: "missing" | "added" | "changed" | "shared";
  /** The receiver's name in ION. */
  readonly receiver: string;
};

const KINDS = { missing: "missing", unmanaged: "added", changed: "changed" } as const;

/** Compares what two stacks declare. Secrets are each environment's own: only equal ones are reported, as no drift. */
export function compareStacks(one: Side, other: Side): StackFinding[] {
  const here = byName(one);
  const there = withNamesOf(here, byName(other), one, other);
  const live = new Map([...there].map(([name, desired]) => [name, asLive(name, desired)]));
  const differences = difference([...here.values()], live);
  const found = differences.flatMap((item): StackFinding[] => {
    const message = describeStackDifference(item, one.name, other.name);
    if (message === undefined) return [];
    const { ids: _ids, receiverId: receiver = "", ...facts } = factsOf(item);
    const kind = KINDS[item.kind as keyof typeof KINDS];
    return [{ kind, drift: true, object: item.object, receiver, ...facts, message }];
  });
  const shared = sharedSecrets(here, live, differences).map(({ receiver, field }): StackFinding => {
    const message = describeSharedSecret(field, receiver, one.name, other.name);
    return { kind: "shared", drift: false, object: "receiver", receiver, fields: [field], message };
  });
  return [...found, ...shared];
}

/** Desired receivers by name; later ones of the same name are numbered. */
function byName({ declarations }: Side): Map<string, DesiredReceiver> {
  const found = new Map<string, DesiredReceiver>();
  for (const { id = "", fields, headers, subscriptions = [] } of desiredReceivers(declarations)) {
    const name = fields.name ?? `id ${id}, declared elsewhere`;
    let key = name;
    for (let number = 2; found.has(key); number += 1) key = `${name} #${number}`;
    const events = subscriptions.map(({ resource, action }) => ({ resource, action }));
    found.set(key, { id: key, fields: { ...fields, name: key }, headers, subscriptions: events });
  }
  return found;
}

/**
 * The receivers of the other stack, by the names that they have in the first one: a receiver that only one of them has by its
 * name may be declared by the same resource, under another name in ION.
 */
function withNamesOf(
  here: ReadonlyMap<string, DesiredReceiver>,
  there: ReadonlyMap<string, DesiredReceiver>,
  one: Side,
  other: Side,
): ReadonlyMap<string, DesiredReceiver> {
  const unmatched = new Map(
    one.declarations.receivers.flatMap(({ urn, state: { name = "" } }) =>
      here.has(name) && !there.has(name) ? [[logicalName(urn), name] as const] : [],
    ),
  );
  const names = new Map(
    other.declarations.receivers.flatMap(({ urn, state: { name = "" } }) => {
      const ofHere = here.has(name) ? undefined : unmatched.get(logicalName(urn));
      return ofHere === undefined ? [] : [[name, ofHere] as const];
    }),
  );
  return new Map([...there].map(([name, desired]) => [names.get(name) ?? name, desired]));
}

/** What a stack declares as if ION had it. */
function asLive(id: string, { fields, headers, subscriptions = [] }: DesiredReceiver): Receiver {
  return {
    ...asReceiver(id, { ...fields, headers }),
    subscriptions: subscriptions.map((event, at) => ({ ...event, id: String(at) })),
  };
}

/** Secrets that both stacks declare with the same value. */
function sharedSecrets(
  here: ReadonlyMap<string, DesiredReceiver>,
  there: ReadonlyMap<string, Receiver>,
  differences: readonly Difference[],
): { readonly receiver: string; readonly field: ReceiverField }[] {
  const different = differences.flatMap((one) =>
    one.kind === "changed" && one.object === "receiver" ? [`${one.receiver.id} ${one.field}`] : [],
  );
  return [...here].flatMap(([receiver, { fields }]) =>
    SECRET_FIELDS.filter((field) => fields[field] !== undefined && there.get(receiver)?.[field] !== undefined)
      .filter((field) => !different.includes(`${receiver} ${field}`))
      .map((field) => ({ receiver, field })),
  );
}
