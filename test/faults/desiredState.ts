/** The state that a program declares, as plain data, and how ION's live state deviates from it. */
import type { Store } from "../../emulator/index.ts";
import { type Difference, difference } from "../../provider/src/model/difference.ts";
import { describeDifference } from "../../provider/src/model/messages.ts";
import type { Receiver } from "../../provider/src/model/webhooks.ts";
import type { UnmanagedPolicy } from "../../provider/src/resources/unmanagedSubscriptions.ts";
import type { DeclaredResource, ResourceOptions } from "../support/fakeEngine.ts";

/** A receiver with its subscriptions, as a program declares them. */
export interface DesiredReceiver {
  /** The resource's name in the program, and the receiver's name in ION. */
  readonly name: string;
  readonly fields: Fields;
  readonly headers?: Readonly<Record<string, string>>;
  /** The events to subscribe to, such as "PARTS UPDATE". */
  readonly events: readonly string[];
  readonly unmanaged: UnmanagedPolicy;
  /** Pulumi's options of the receiver and of each of its subscriptions. @default none */
  readonly options?: ResourceOptions;
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
  return desired.flatMap(({ name, fields, headers, events, unmanaged, options = {} }): DeclaredResource[] => [
    { name, kind: "receiver", inputs: { name, ...fields, ...(headers && { headers }) }, options },
    ...events.map((event): DeclaredResource => {
      const [resource, action] = event.split(" ");
      return {
        name: `${name}-${event.replace(" ", "-")}`,
        kind: "subscription",
        inputs: { resource, action },
        receiver: name,
        options,
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
            options,
          } as const,
        ]),
  ]);
}

/** The same program as JavaScript, for the real engine. */
export const sourceOf = (desired: readonly DesiredReceiver[]) => `const ion = require("pulumi-ion");
for (const { name, fields, headers, events, unmanaged, options = {} } of ${JSON.stringify(desired)}) {
  const { id: receiverId } = new ion.WebhookReceiver(name, { ...fields, headers }, options);
  const subscriptions = {};
  for (const [resource, action] of events.map((event) => event.split(" "))) {
    subscriptions[resource] = [...(subscriptions[resource] ?? []), action];
  }
  const { ignoreChanges, ...inherited } = options;
  const transforms = ignoreChanges ? [({ props, opts }) => ({ props, opts: { ...opts, ignoreChanges } })] : [];
  new ion.WebhookSubscriptions(name, { receiverId, subscriptions, unmanaged }, { ...inherited, transforms });
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
  const live = new Map(
    store
      .listReceivers()
      .filter(({ id }) => !ignore.receivers?.has(id))
      .map((receiver): [string, Receiver] => [
        receiver.id,
        {
          ...receiver,
          description: receiver.description ?? undefined,
          headers: store.listHeaders(receiver.id),
          subscriptions: store.listSubscriptions(receiver.id).filter(({ id }) => !ignore.subscriptions?.has(id)),
        },
      ]),
  );
  const declared = desired.map(({ name, fields, headers, events, options }) => ({
    fields: withoutFields({ name, ...fields }, options?.ignoreChanges),
    headers: options?.ignoreChanges?.includes("headers") ? undefined : headers,
    subscriptions: events.map((event) => {
      const [resource = "", action = ""] = event.split(" ");
      return { resource, action };
    }),
  }));
  const differences = difference(declared, live);
  const of = (...kinds: Difference["kind"][]) =>
    differences.filter(({ kind }) => kinds.includes(kind)).map(describeDifference);
  return { duplicates: of("duplicate"), missing: of("missing"), unexpected: of("changed", "unmanaged") };
}

const withoutFields = (fields: Fields & { readonly name: string }, ignored: readonly string[] = []): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => !ignored.includes(field)));

/** A header as a string. HTTP ignores case in header names. */
export const headerOf = (key: string, value: string) => `${key.toLowerCase()}=${value}`;

/** A subscription's event, such as "PARTS UPDATE". */
export const eventOf = ({ resource, action }: { readonly resource: string; readonly action: string }) =>
  `${resource} ${action}`;

/** Empties an emulator for the next run. */
export function clear(store: Store): void {
  for (const { id } of store.listReceivers()) store.deleteReceiver(id);
  for (const { id } of store.listHeaders()) store.deleteHeader(id);
}
