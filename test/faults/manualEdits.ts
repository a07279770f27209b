/** What people do in ION's own screens, behind Pulumi's back. */
import type { Receiver, Store } from "../../emulator/index.ts";
import { CANARY } from "../support/support.ts";
import { headerOf } from "./desiredState.ts";

/** Where they do it. */
export interface Ground {
  readonly store: Store;
  /** The id of a receiver that is not there for this. */
  readonly others: string;
  /** The logical name of the receiver that a stack remembers under an id. */
  managed(id: string): string | undefined;
  /** Takes note that a receiver which no stack remembers was given something, and may keep it when it is taken over. */
  note(webhookUri: string, field: string, value: unknown): void;
}

/** The URL of a receiver of this name, and another one that it may move to. */
export const uriOf = (name: string) => `https://hooks.example/${CANARY}/${name}`;
export const otherUriOf = (name: string) => `${uriOf(name)}/moved`;

const BY_HAND = [
  { description: "by hand" },
  { description: null },
  { active: false },
  { expectedResponseCode: 418 },
  { contentType: "text/html" },
  { sharedSecret: `${CANARY}-by-hand` },
  { name: "by hand" },
  { webhookUri: `https://elsewhere.example/${CANARY}` },
];
const PAIRS = ["PARTS CREATE", "PARTS UPDATE", "RUNS DELETE"];
const HEADERS = ["X-A", "x-b", "X-C"];

const of = <T>(items: readonly T[], at: number): T | undefined => items[at % items.length];
const receiversOf = ({ store, others }: Ground) => store.listReceivers().filter(({ id }) => id !== others);
const headersOf = (ground: Ground) => receiversOf(ground).flatMap(({ id }) => ground.store.listHeaders(id));
const subscriptionsOf = (ground: Ground) => receiversOf(ground).flatMap(({ id }) => ground.store.listSubscriptions(id));

function onReceiver(ground: Ground, at: number, edit: (receiver: Receiver, managed: boolean, rest: number) => void) {
  const receivers = receiversOf(ground);
  const receiver = of(receivers, at);
  if (receiver) edit(receiver, ground.managed(receiver.id) !== undefined, Math.floor(at / receivers.length));
}

/** What can be done. The number says to what and how. */
const EDITS = {
  "change a field": (ground: Ground, at: number) =>
    onReceiver(ground, at, ({ id, webhookUri }, managed, rest) => {
      const change = of(BY_HAND, rest) ?? {};
      // Of what no stack remembers, these two are all that it is known by.
      if (!managed && ("name" in change || "webhookUri" in change)) return;
      if (!managed) for (const [field, value] of Object.entries(change)) ground.note(webhookUri, field, value ?? "");
      ground.store.updateReceiver(id, change);
    }),
  "delete a receiver": (ground: Ground, at: number) =>
    onReceiver(ground, at, ({ id }) => ground.store.deleteReceiver(id)),
  "make a receiver": (ground: Ground, at: number) => {
    const name = of(["erp", "mes"], at) ?? "";
    const receivers = ground.store.listReceivers();
    if (receivers.some(({ id, webhookUri }) => webhookUri === uriOf(name) || ground.managed(id) === name)) return;
    const change = { description: "made by hand", active: false };
    for (const [field, value] of Object.entries(change)) ground.note(uriOf(name), field, value);
    ground.store.createReceiver({ name, webhookUri: uriOf(name), ...change });
  },
  "add a header": (ground: Ground, at: number) =>
    onReceiver(ground, at, ({ id, webhookUri }, managed, rest) => {
      const [key, value] = [of(HEADERS, rest) ?? "", `${CANARY}-added`];
      if (!managed) ground.note(webhookUri, "headers", headerOf(key, value));
      ground.store.createHeader({ receiverId: id, key, value });
    }),
  "change a header": (ground: Ground, at: number) => {
    const header = of(headersOf(ground), at);
    if (!header) return;
    const owner = receiversOf(ground).find(({ headerIds }) => headerIds.includes(header.id));
    const value = `${CANARY}-changed`;
    if (owner && !ground.managed(owner.id)) {
      ground.note(owner.webhookUri, "headers", headerOf(header.key, value));
    }
    ground.store.updateHeader(header.id, { value });
  },
  "remove a header": (ground: Ground, at: number) => {
    const header = of(headersOf(ground), at);
    if (header) ground.store.deleteHeader(header.id);
  },
  subscribe: (ground: Ground, at: number) =>
    onReceiver(ground, at, ({ id }, _managed, rest) => {
      const [resource = "", action = ""] = of(PAIRS, rest)?.split(" ") ?? [];
      ground.store.createSubscription({ receiverId: id, resource, action });
    }),
  unsubscribe: (ground: Ground, at: number) => {
    const subscription = of(subscriptionsOf(ground), at);
    if (subscription) ground.store.deleteSubscription(subscription.id);
  },
  "change a subscription": (ground: Ground, at: number) => {
    const subscriptions = subscriptionsOf(ground);
    const subscription = of(subscriptions, at);
    const [resource, action] = of(PAIRS, Math.floor(at / subscriptions.length))?.split(" ") ?? [];
    if (subscription) ground.store.updateSubscription(subscription.id, { resource, action });
  },
  "move a subscription": (ground: Ground, at: number) => {
    const subscriptions = subscriptionsOf(ground);
    const subscription = of(subscriptions, at);
    const to = of(ground.store.listReceivers(), Math.floor(at / subscriptions.length));
    if (subscription && to) ground.store.updateSubscription(subscription.id, { receiverId: to.id });
  },
} as const;

/** Something that a person does. */
export type Edit = keyof typeof EDITS;

export const EDIT_NAMES = Object.keys(EDITS) as Edit[];

/** Does it, as far as there is something to do it to. */
export const doEdit = (ground: Ground, what: Edit, at: number): void => EDITS[what](ground, at);
