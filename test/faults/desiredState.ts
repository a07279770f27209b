/** What a program declares, in the plainest terms, and how far an ION is from it. */
import type { Store } from "../../emulator/index.ts";
import type { UnmanagedPolicy } from "../../provider/resources/unmanagedSubscriptions.ts";
import type { Declared } from "../support/fakeEngine.ts";

/** A receiver with its subscriptions, as a program declares them. */
export interface World {
  /** The logical name; the name in ION too. */
  readonly name: string;
  readonly fields: Fields;
  readonly headers?: Readonly<Record<string, string>>;
  /** Such as "PARTS UPDATE". */
  readonly pairs: readonly string[];
  readonly unmanaged: UnmanagedPolicy;
}

export interface Fields {
  readonly webhookUri: string;
  readonly description?: string;
  readonly contentType?: string;
  readonly expectedResponseCode?: number;
  readonly active?: boolean;
  readonly sharedSecret?: string;
}

/** The program, as WebhookReceiver and WebhookSubscriptions register it. */
export function programOf(worlds: readonly World[]): Declared[] {
  return worlds.flatMap(({ name, fields, headers, pairs, unmanaged }): Declared[] => [
    { name, kind: "receiver", inputs: { name, ...fields, ...(headers && { headers }) } },
    ...pairs.map((pair): Declared => {
      const [resource, action] = pair.split(" ");
      return {
        name: `${name}-${pair.replace(" ", "-")}`,
        kind: "subscription",
        inputs: { resource, action },
        on: name,
      };
    }),
    ...(unmanaged === "ignore" || pairs.length === 0
      ? []
      : [{ name: `${name}-unmanaged`, kind: "unmanaged", inputs: { unmanaged, declared: pairs }, on: name } as const]),
  ]);
}

/** How far an ION is from what is declared. All empty: it is exactly that. */
export interface Distance {
  /** What is there more than once. */
  readonly duplicates: string[];
  /** What is declared and not there. */
  readonly lost: string[];
  /** What is there and not as declared, or not declared. */
  readonly other: string[];
}

/** @param leave - ids of receivers and of subscriptions that do not count: others', and what `unmanaged` leaves. */
export function distance(
  store: Store,
  worlds: readonly World[],
  leave: { readonly receivers?: ReadonlySet<string>; readonly subscriptions?: ReadonlySet<string> } = {},
): Distance {
  const found: Distance = { duplicates: [], lost: [], other: [] };
  const receivers = store.listReceivers().filter(({ id }) => !leave.receivers?.has(id));
  for (const { name, fields, headers, pairs } of worlds) {
    const [live, ...twins] = receivers.filter(({ webhookUri }) => webhookUri === fields.webhookUri);
    found.duplicates.push(...twins.map(({ id }) => `receiver ${name} (id ${id})`));
    if (!live) {
      found.lost.push(`receiver ${name}`);
      continue;
    }
    for (const [field, value] of Object.entries({ name, ...fields })) {
      const now = live[field as keyof typeof live] ?? "";
      if (now !== value) found.other.push(`${field} of ${name}`);
    }
    const there = store.listHeaders(live.id);
    const wanted = Object.entries(headers ?? {});
    compare(
      found,
      `header of ${name}:`,
      wanted.map(([key, value]) => headerOf(key, value)),
      there.map(({ key, value }) => headerOf(key, value)),
      headers !== undefined,
    );
    const subscriptions = store.listSubscriptions(live.id).filter(({ id }) => !leave.subscriptions?.has(id));
    compare(
      found,
      `subscription of ${name}:`,
      pairs,
      subscriptions.map(({ resource, action }) => `${resource} ${action}`),
    );
  }
  const declared = new Set(worlds.map(({ fields }) => fields.webhookUri));
  const strangers = receivers.filter(({ webhookUri }) => !declared.has(webhookUri));
  found.other.push(...strangers.map(({ id, name }) => `receiver "${name}" (id ${id}), which nobody declared`));
  return found;
}

/** A header; HTTP does not tell upper from lower case in its name. */
export const headerOf = (key: string, value: string) => `${key.toLowerCase()}=${value}`;

function compare(found: Distance, what: string, wanted: readonly string[], live: readonly string[], exactly = true) {
  for (const one of wanted) {
    const times = live.filter((other) => other === one).length;
    if (times === 0) found.lost.push(`${what} ${one}`);
    if (times > 1) found.duplicates.push(`${what} ${one}`);
  }
  if (exactly) found.other.push(...live.filter((one) => !wanted.includes(one)).map((one) => `${what} ${one}`));
}

/** Leaves nothing in an ION, so that the next run can have it. */
export function clear(store: Store): void {
  for (const { id } of store.listReceivers()) store.deleteReceiver(id);
  for (const { id } of store.listHeaders()) store.deleteHeader(id);
}
