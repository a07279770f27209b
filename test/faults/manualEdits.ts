/** What a person may change in ION's own UI, outside of Pulumi. */
import type { Receiver, Store } from "../../emulator/index.ts";
import { CANARY } from "../support/support.ts";
import { headerOf } from "./desiredState.ts";

/** What an edit needs to know and report. */
export interface EditContext {
  readonly store: Store;
  /** The id of a receiver that edits leave alone. */
  readonly othersReceiverId: string;
  /** The resource's name if a stack manages the receiver with this id. */
  managedName(id: string): string | undefined;
  /** Records a value that a receiver may keep if a program adopts it and omits the field. */
  allow(webhookUri: string, field: string, value: unknown): void;
}

/** The URL of the receiver with this name, and the URL that it may move to. */
export const uriOf = (name: string) => `https://hooks.example/${CANARY}/${name}`;
export const otherUriOf = (name: string) => `${uriOf(name)}/moved`;

const FIELD_CHANGES = [
  { description: "by hand" },
  { description: null },
  { active: false },
  { expectedResponseCode: 418 },
  { contentType: "text/html" },
  { sharedSecret: `${CANARY}-by-hand` },
  { name: "by hand" },
  { webhookUri: `https://elsewhere.example/${CANARY}` },
];
const EVENTS = ["PARTS CREATE", "PARTS UPDATE", "RUNS DELETE"];
const HEADERS = ["X-A", "x-b", "X-C"];

const pick = <T>(items: readonly T[], index: number): T | undefined => items[index % items.length];
const receiversIn = ({ store, othersReceiverId }: EditContext) =>
  store.listReceivers().filter(({ id }) => id !== othersReceiverId);
const headersIn = (context: EditContext) => receiversIn(context).flatMap(({ id }) => context.store.listHeaders(id));
const subscriptionsIn = (context: EditContext) =>
  receiversIn(context).flatMap(({ id }) => context.store.listSubscriptions(id));

function editReceiver(
  context: EditContext,
  index: number,
  edit: (receiver: Receiver, managed: boolean, rest: number) => void,
) {
  const receivers = receiversIn(context);
  const receiver = pick(receivers, index);
  if (receiver) edit(receiver, context.managedName(receiver.id) !== undefined, Math.floor(index / receivers.length));
}

/** All edits. The index selects the object and the change. */
const EDITS = {
  "change a field": (context: EditContext, index: number) =>
    editReceiver(context, index, ({ id, webhookUri }, managed, rest) => {
      const change = pick(FIELD_CHANGES, rest) ?? {};
      // An unmanaged receiver is recognized by these two alone.
      if (!managed && ("name" in change || "webhookUri" in change)) return;
      if (!managed) for (const [field, value] of Object.entries(change)) context.allow(webhookUri, field, value ?? "");
      context.store.updateReceiver(id, change);
    }),
  "delete a receiver": (context: EditContext, index: number) =>
    editReceiver(context, index, ({ id }) => context.store.deleteReceiver(id)),
  "create a receiver": (context: EditContext, index: number) => {
    const name = pick(["erp", "mes"], index) ?? "";
    const receivers = context.store.listReceivers();
    if (receivers.some(({ id, webhookUri }) => webhookUri === uriOf(name) || context.managedName(id) === name)) return;
    const change = { description: "created by hand", active: false };
    for (const [field, value] of Object.entries(change)) context.allow(uriOf(name), field, value);
    context.store.createReceiver({ name, webhookUri: uriOf(name), ...change });
  },
  "add a header": (context: EditContext, index: number) =>
    editReceiver(context, index, ({ id, webhookUri }, managed, rest) => {
      const [key, value] = [pick(HEADERS, rest) ?? "", `${CANARY}-added`];
      if (!managed) context.allow(webhookUri, "headers", headerOf(key, value));
      context.store.createHeader({ receiverId: id, key, value });
    }),
  "change a header": (context: EditContext, index: number) => {
    const header = pick(headersIn(context), index);
    if (!header) return;
    const owner = receiversIn(context).find(({ headerIds }) => headerIds.includes(header.id));
    const value = `${CANARY}-changed`;
    if (owner && !context.managedName(owner.id)) {
      context.allow(owner.webhookUri, "headers", headerOf(header.key, value));
    }
    context.store.updateHeader(header.id, { value });
  },
  "remove a header": (context: EditContext, index: number) => {
    const header = pick(headersIn(context), index);
    if (header) context.store.deleteHeader(header.id);
  },
  subscribe: (context: EditContext, index: number) =>
    editReceiver(context, index, ({ id }, _managed, rest) => {
      const [resource = "", action = ""] = pick(EVENTS, rest)?.split(" ") ?? [];
      context.store.createSubscription({ receiverId: id, resource, action });
    }),
  unsubscribe: (context: EditContext, index: number) => {
    const subscription = pick(subscriptionsIn(context), index);
    if (subscription) context.store.deleteSubscription(subscription.id);
  },
  "change a subscription": (context: EditContext, index: number) => {
    const subscriptions = subscriptionsIn(context);
    const subscription = pick(subscriptions, index);
    const [resource, action] = pick(EVENTS, Math.floor(index / subscriptions.length))?.split(" ") ?? [];
    if (subscription) context.store.updateSubscription(subscription.id, { resource, action });
  },
  "move a subscription": (context: EditContext, index: number) => {
    const subscriptions = subscriptionsIn(context);
    const subscription = pick(subscriptions, index);
    const target = pick(context.store.listReceivers(), Math.floor(index / subscriptions.length));
    if (subscription && target) context.store.updateSubscription(subscription.id, { receiverId: target.id });
  },
} as const;

/** The name of an edit. */
export type Edit = keyof typeof EDITS;

export const EDIT_NAMES = Object.keys(EDITS) as Edit[];

/** Applies an edit. Does nothing if the object that it would change does not exist. */
export const applyEdit = (context: EditContext, edit: Edit, index: number): void => EDITS[edit](context, index);
