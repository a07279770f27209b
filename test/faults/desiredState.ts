/** The state that a program declares, as plain data, and how ION's live state deviates from it. */
import type { Store } from "../../emulator/index.ts";
import type { UnmanagedPolicy } from "../../provider/resources/unmanagedSubscriptions.ts";
import type { DeclaredResource } from "../support/fakeEngine.ts";

/** A receiver with its subscriptions, as a program declares them. */
export interface DesiredReceiver {
  /** The resource's name in the program, and the receiver's name in ION. */
  readonly name: string;
  readonly fields: Fields;
  readonly headers?: Readonly<Record<string, string>>;
  /** The events to subscribe to, such as "PARTS UPDATE". */
  readonly events: readonly string[];
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

/** The resources that WebhookReceiver and WebhookSubscriptions register for a desired state. */
export function programOf(desired: readonly DesiredReceiver[]): DeclaredResource[] {
  return desired.flatMap(({ name, fields, headers, events, unmanaged }): DeclaredResource[] => [
    { name, kind: "receiver", inputs: { name, ...fields, ...(headers && { headers }) } },
    ...events.map((event): DeclaredResource => {
      const [resource, action] = event.split(" ");
      return {
        name: `${name}-${event.replace(" ", "-")}`,
        kind: "subscription",
        inputs: { resource, action },
        receiver: name,
      };
    }),
    ...(unmanaged === "ignore" || events.length === 0
      ? []
      : [
          {
            name: `${name}-unmanaged`,
            kind: "unmanaged",
            inputs: { unmanaged, declared: events },
            receiver: name,
          } as const,
        ]),
  ]);
}

/** The same program as JavaScript, for the real engine. */
export const sourceOf = (desired: readonly DesiredReceiver[]) => `const ion = require("pulumi-ion");
for (const { name, fields, headers, events, unmanaged } of ${JSON.stringify(desired)}) {
  const { id: receiverId } = new ion.WebhookReceiver(name, { ...fields, headers });
  const subscriptions = {};
  for (const [resource, action] of events.map((event) => event.split(" "))) {
    subscriptions[resource] = [...(subscriptions[resource] ?? []), action];
  }
  new ion.WebhookSubscriptions(name, { receiverId, subscriptions, unmanaged });
}`;

/** How ION deviates from the desired state. If all lists are empty, it does not. */
export interface Deviations {
  /** What exists more than once. */
  readonly duplicates: string[];
  /** What is declared and does not exist. */
  readonly missing: string[];
  /** What exists and is not as declared, or is not declared. */
  readonly unexpected: string[];
}

/** No deviations. */
export const NONE: Deviations = { duplicates: [], missing: [], unexpected: [] };

/** @param ignore - ids of the receivers and subscriptions that do not count: others', and those that `unmanaged` keeps. */
export function findDeviations(
  store: Store,
  desired: readonly DesiredReceiver[],
  ignore: { readonly receivers?: ReadonlySet<string>; readonly subscriptions?: ReadonlySet<string> } = {},
): Deviations {
  const found: Deviations = { duplicates: [], missing: [], unexpected: [] };
  const receivers = store.listReceivers().filter(({ id }) => !ignore.receivers?.has(id));
  for (const { name, fields, headers, events } of desired) {
    const [live, ...duplicates] = receivers.filter(({ webhookUri }) => webhookUri === fields.webhookUri);
    found.duplicates.push(...duplicates.map(({ id }) => `receiver ${name} (id ${id})`));
    if (!live) {
      found.missing.push(`receiver ${name}`);
      continue;
    }
    for (const [field, value] of Object.entries({ name, ...fields })) {
      const liveValue = live[field as keyof typeof live] ?? "";
      if (liveValue !== value) found.unexpected.push(`${field} of ${name}`);
    }
    compare(
      found,
      `header of ${name}:`,
      Object.entries(headers ?? {}).map(([key, value]) => headerOf(key, value)),
      store.listHeaders(live.id).map(({ key, value }) => headerOf(key, value)),
      headers !== undefined,
    );
    const subscriptions = store.listSubscriptions(live.id).filter(({ id }) => !ignore.subscriptions?.has(id));
    compare(found, `subscription of ${name}:`, events, subscriptions.map(eventOf));
  }
  const declared = new Set(desired.map(({ fields }) => fields.webhookUri));
  const undeclared = receivers.filter(({ webhookUri }) => !declared.has(webhookUri));
  found.unexpected.push(...undeclared.map(({ id, name }) => `undeclared receiver "${name}" (id ${id})`));
  return found;
}

/** A header as a string. HTTP ignores case in header names. */
export const headerOf = (key: string, value: string) => `${key.toLowerCase()}=${value}`;

/** A subscription's event, such as "PARTS UPDATE". */
export const eventOf = ({ resource, action }: { readonly resource: string; readonly action: string }) =>
  `${resource} ${action}`;

function compare(
  found: Deviations,
  what: string,
  desired: readonly string[],
  live: readonly string[],
  reportUndeclared = true,
) {
  for (const item of desired) {
    const count = live.filter((other) => other === item).length;
    if (count === 0) found.missing.push(`${what} ${item}`);
    if (count > 1) found.duplicates.push(`${what} ${item}`);
  }
  if (!reportUndeclared) return;
  found.unexpected.push(...live.filter((item) => !desired.includes(item)).map((item) => `${what} ${item}`));
}

/** Empties an emulator for the next run. */
export function clear(store: Store): void {
  for (const { id } of store.listReceivers()) store.deleteReceiver(id);
  for (const { id } of store.listHeaders()) store.deleteHeader(id);
}
