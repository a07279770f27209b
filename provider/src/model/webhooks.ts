/** ION's webhook objects as plain data: a receiver with its headers and subscriptions. */

/** What an event is about and what happened to it, such as PARTS UPDATE. */
export interface WebhookEvent {
  readonly resource: string;
  readonly action: string;
}

/** A webhook subscription in ION. */
export interface Subscription extends WebhookEvent {
  readonly id: string;
  /** The version that an update or a deletion must name; undefined if ION does not show it. */
  readonly _etag?: string | null | undefined;
}

/** A header of a webhook receiver in ION. */
export interface Header {
  readonly id: string;
  readonly _etag?: string | null | undefined;
  readonly key: string;
  /** Undefined if ION masks it. */
  readonly value?: string | undefined;
}

/** The fields of a receiver that can be set. */
export interface ReceiverFields {
  readonly name: string;
  /** Where ION sends events. Secret. */
  readonly webhookUri: string;
  readonly description: string;
  readonly contentType: string;
  /** The HTTP status that confirms a delivery. */
  readonly expectedResponseCode: number;
  readonly active: boolean;
  /** The key that ION signs events with. Secret. */
  readonly sharedSecret: string;
}

/** A field that can be set. */
export type ReceiverField = keyof ReceiverFields;

/** Every field that can be set, in the order in which people read them. */
export const RECEIVER_FIELDS: readonly ReceiverField[] = [
  "name",
  "webhookUri",
  "description",
  "contentType",
  "expectedResponseCode",
  "active",
  "sharedSecret",
];

/** The fields that are secret. The values of all headers are secret too. */
export const SECRET_FIELDS: readonly ReceiverField[] = ["webhookUri", "sharedSecret"];

/** The properties of a receiver's inputs and state that hold secrets: its secret fields, its headers, and what both are pinned to. */
export const SECRET_PROPERTIES: readonly string[] = [...SECRET_FIELDS, "headers", "pinned"];

/** Whether a field is secret. */
export const isSecretField = (field: string): boolean => (SECRET_FIELDS as readonly string[]).includes(field);

/** A webhook receiver in ION. A field is undefined if ION masks it or does not show it. */
export interface Receiver {
  readonly id: string;
  readonly _etag?: string | null | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly webhookUri?: string | undefined;
  readonly sharedSecret?: string | undefined;
  readonly contentType?: string | undefined;
  readonly expectedResponseCode?: number | undefined;
  readonly active?: boolean | undefined;
  readonly subscriptions: readonly Subscription[];
  readonly headers: readonly Header[];
}

/** The webhook configuration of one ION environment: receivers by id. */
export type Receivers = ReadonlyMap<string, Receiver>;

/** Header values by name, as a program declares them. */
export type Headers = Readonly<Record<string, string>>;

/** An event as people read it: "PARTS UPDATE". */
export const eventName = ({ resource, action }: WebhookEvent): string => `${resource} ${action}`;

/** Whether two events are the same. */
export const sameEvent = (one: WebhookEvent, other: WebhookEvent): boolean => eventName(one) === eventName(other);

/** The one spelling of a header name that equal names share: HTTP ignores their case. */
export const headerIdentity = (name: string): string => name.toLowerCase();

/** Whether two header names are the same. */
export const sameHeaderName = (one: string, other: string): boolean => headerIdentity(one) === headerIdentity(other);

/** Orders objects of one type by age, oldest first: ION's ids are growing numbers. */
export function byAge(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id.length - other.id.length || (one.id < other.id ? -1 : 1);
}
