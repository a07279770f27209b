import type {
  Changes,
  Header,
  HeaderInput,
  ItemType,
  Receiver,
  ReceiverInput,
  Store,
  Subscription,
  SubscriptionInput,
} from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { Outcome } from "./payload.ts";

/** The values of a mutation's arguments, by their roles. */
export type Values = Readonly<Record<string, unknown>>;

/** A mutation of ION's API. Its values are where the schema has them, so they are found by their roles. */
type Mutation = (values: Values) => Outcome;

/**
 * The mutations of ION's API by their names.
 * @param events - the resources and actions that a subscription can have
 */
export function mutationsOf(
  store: Store,
  events: { readonly resources: readonly string[]; readonly actions: readonly string[] },
): Readonly<Record<string, Mutation>> {
  // Only where the schema has strings: enums are checked before a document runs.
  const checkEvent = ({ resource, action }: SubscriptionInput) => {
    if (resource != null && !events.resources.includes(resource)) throw new StoreError("ION has no such resource.");
    if (action != null && !events.actions.includes(action)) throw new StoreError("ION has no such action.");
  };

  const receiverOutcome = (receiver: Receiver): Outcome => ({ changed: "receiver", items: { receiver } });

  const subscriptionOutcome = (subscription: Subscription): Outcome => ({
    changed: "subscription",
    items: { subscription, receiver: store.findReceiver(subscription.receiverId) },
  });

  const headerOutcome = (header: Header, receiverId?: string | null): Outcome => ({
    changed: "header",
    items: { header, receiver: receiverId == null ? undefined : store.findReceiver(receiverId) },
  });

  const receiverWithHeader = (receiver: Receiver, headerId: string): Outcome => ({
    changed: "receiver",
    items: { receiver, header: store.findHeader(headerId) },
  });

  return {
    createWebhookReceiver: (values) => receiverOutcome(store.createReceiver(receiverValues(values))),
    updateWebhookReceiver: (values) =>
      receiverOutcome(store.updateReceiver(idOf(values, "receiver"), receiverValues(values), etagOf(values))),
    deleteWebhookReceiver: (values) => receiverOutcome(store.deleteReceiver(idOf(values, "receiver"), etagOf(values))),

    createWebhookSubscription: (values) => {
      const input = subscriptionValues(values);
      checkEvent(input);
      return subscriptionOutcome(store.createSubscription(input));
    },
    updateWebhookSubscription: (values) => {
      const changes = subscriptionValues(values);
      checkEvent(changes);
      return subscriptionOutcome(store.updateSubscription(idOf(values, "subscription"), changes, etagOf(values)));
    },
    deleteWebhookSubscription: (values) =>
      subscriptionOutcome(store.deleteSubscription(idOf(values, "subscription"), etagOf(values))),

    createWebhookHeader: (values) => {
      const input = headerValues(values);
      return headerOutcome(store.createHeader(input), input.receiverId);
    },
    updateWebhookHeader: (values) =>
      headerOutcome(store.updateHeader(idOf(values, "header"), headerValues(values), etagOf(values))),
    deleteWebhookHeader: (values) => headerOutcome(store.deleteHeader(idOf(values, "header"), etagOf(values))),

    addHeaderToWebhookReceiver: (values) => {
      const { receiverId, headerId } = connectedIds(values);
      return receiverWithHeader(store.addHeader(receiverId, headerId, etagOf(values)), headerId);
    },
    removeHeaderFromWebhookReceiver: (values) => {
      const { receiverId, headerId } = connectedIds(values);
      return receiverWithHeader(store.removeHeader(receiverId, headerId, etagOf(values)), headerId);
    },
  };
}

/** The type of the object that a mutation creates, updates or deletes. */
export function itemTypeOf(mutation: string): ItemType {
  if (mutation.endsWith("Receiver")) return "receiver";
  return mutation.endsWith("Header") ? "header" : "subscription";
}

/** The id of the object that an update or a deletion is for. */
export function idOf(values: Values, type: ItemType): string {
  return String(values.id ?? values[type]);
}

/** The two ids of a mutation that connects a header and a receiver. One of their names can be any. */
function connectedIds(values: Values): { readonly receiverId: string; readonly headerId: string } {
  const { receiver, header, etag, clientMutationId, ...others } = values;
  const [other] = Object.values(others);
  return { receiverId: String(receiver ?? other), headerId: String(header ?? other) };
}

function etagOf({ etag }: Values): string | undefined {
  return etag == null ? undefined : String(etag);
}

function receiverIdOf({ receiver }: Values): string | null | undefined {
  return typeof receiver === "number" ? String(receiver) : (receiver as string | null | undefined);
}

// The store validates the values of these inputs, and takes only the properties that it knows.

function receiverValues(values: Values): Changes<Receiver> & ReceiverInput {
  const { expectedResponseCode: code } = values;
  const isNumeric = typeof code === "string" && /^\d+$/.test(code);
  return { ...values, ...(isNumeric && { expectedResponseCode: Number(code) }) } as Changes<Receiver> & ReceiverInput;
}

function subscriptionValues(values: Values): SubscriptionInput {
  const receiverId = receiverIdOf(values);
  return { ...values, receiverId } as SubscriptionInput;
}

function headerValues(values: Values): HeaderInput {
  return { ...values, receiverId: receiverIdOf(values) } as HeaderInput;
}
