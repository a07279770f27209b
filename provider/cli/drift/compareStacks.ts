/** How what two stacks declare differs: has what was tried in one environment reached the other whole? */
import { RECEIVER_FIELDS_SETTABLE } from "../../ion/operations.ts";
import type { Declared, DeclaredReceiver } from "../stackState.ts";
import { escapeText } from "../terminal.ts";
import type { Finding } from "./detect.ts";

/** What one of the two stacks declares. */
export interface Side {
  /** The stack's name. */
  readonly name: string;
  readonly declared: Declared;
}

/** One difference, from the first stack's point of view. */
export type Difference = Pick<Finding, "kind" | "drift" | "object" | "resource" | "action" | "fields" | "message"> & {
  /** The receiver's name in ION; ids differ between environments. */
  readonly receiver: string;
};

/** Matches receivers by their name in ION. Secrets are each environment's own, and only named where they are the same. */
export function differencesOf(one: Side, other: Side): Difference[] {
  const left = byName(one.declared);
  const right = byName(other.declared);
  const keys = [...new Set([...left.keys(), ...right.keys()])].sort();
  return keys.flatMap((key): Difference[] => {
    const [here, there] = [left.get(key), right.get(key)];
    const receiver = key;
    if (here && there)
      return [...fieldsOf(receiver, one, here, other, there), ...pairsOf(receiver, one, here, other, there)];
    const [has, lacks] = here ? [one, other] : [other, one];
    const message = `The receiver ${quoted(key)} is in ${has.name} and not in ${lacks.name}.`;
    return [{ kind: here ? "missing" : "extra", drift: true, object: "receiver", receiver, message }];
  });
}

interface Receiver {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly pairs: ReadonlySet<string>;
}

const SECRET = ["webhookUri", "sharedSecret"];

function byName({ receivers, subscriptions }: Declared): Map<string, Receiver> {
  const found = new Map<string, Receiver>();
  const pairsOn = (id: string) =>
    new Set(subscriptions.flatMap((pair) => (pair.receiverId === id ? [`${pair.resource} ${pair.action}`] : [])));
  for (const { name, id, outputs } of receivers) {
    // What it is held to, not what somebody made of it in ION.
    const fields = { ...outputs, ...(outputs.pinned as object | undefined) } as DeclaredReceiver["outputs"];
    const twins = [...found.keys()].filter((key) => key === name || key.startsWith(`${name} #`)).length;
    const headers = (fields.headers ?? {}) as Receiver["headers"];
    found.set(twins === 0 ? name : `${name} #${twins + 1}`, { fields, headers, pairs: pairsOn(id) });
  }
  const own = new Set(receivers.map(({ id }) => id));
  for (const { receiverId } of subscriptions) {
    if (own.has(receiverId)) continue;
    found.set(`receiver ${receiverId}, declared elsewhere`, { fields: {}, headers: {}, pairs: pairsOn(receiverId) });
  }
  return found;
}

function fieldsOf(receiver: string, one: Side, here: Receiver, other: Side, there: Receiver): Difference[] {
  const about = { object: "receiver", receiver } as const;
  const plain = RECEIVER_FIELDS_SETTABLE.filter((field) => !SECRET.includes(field) && field !== "name");
  const differing = plain.filter((field) => (here.fields[field] ?? "") !== (there.fields[field] ?? ""));
  const words = differing.map(
    (field) =>
      `${field} is ${value(here.fields[field])} in ${one.name} and ${value(there.fields[field])} in ${other.name}`,
  );
  const names = (side: Receiver) => new Map(Object.keys(side.headers).map((name) => [name.toLowerCase(), name]));
  const only = (side: Receiver, than: Receiver, stack: string) =>
    [...names(side)].flatMap(([key, name]) =>
      names(than).has(key) ? [] : [`header ${escapeText(name)} is only in ${stack}`],
    );
  const headers = [...only(here, there, one.name), ...only(there, here, other.name)];
  const all = [...words, ...headers];
  const changed: Difference[] =
    all.length === 0
      ? []
      : [
          {
            ...about,
            kind: "changed",
            drift: true,
            fields: [...differing, ...headers],
            message: `${quoted(receiver)}: ${all.join("; ")}.`,
          },
        ];
  const shared = SECRET.filter((field) => here.fields[field] && here.fields[field] === there.fields[field]);
  const twins = shared.map((field): Difference => {
    const message = `${quoted(receiver)} has the same ${field} in ${one.name} and ${other.name}: each environment usually has its own.`;
    return { ...about, kind: "twin", drift: false, fields: [field], message };
  });
  return [...changed, ...twins];
}

function pairsOf(receiver: string, one: Side, here: Receiver, other: Side, there: Receiver): Difference[] {
  const only = (side: Receiver, than: Receiver, has: Side, lacks: Side, kind: "missing" | "extra") =>
    [...side.pairs]
      .filter((pair) => !than.pairs.has(pair))
      .map((pair): Difference => {
        const [resource = "", action = ""] = pair.split(" ");
        const message = `${quoted(receiver)} is subscribed to ${escapeText(pair)} in ${has.name} and not in ${lacks.name}.`;
        return { kind, drift: true, object: "subscription", receiver, resource, action, message };
      });
  return [...only(here, there, one, other, "missing"), ...only(there, here, other, one, "extra")];
}

const quoted = (name: string) => `"${escapeText(name)}"`;
const value = (one: unknown) => (one === undefined || one === "" ? "empty" : escapeText(JSON.stringify(one)));
