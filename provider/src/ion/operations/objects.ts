/** ION's webhook objects as answers show them: which fields to ask for, and what has to come back. */
import { z } from "zod";
import type { Receiver } from "../../model/webhooks.ts";
import { secretsOfUrl } from "../http/redact.ts";

/** What to ask for: fields by ION's usual names, each with what to ask for below it. */
export interface Selection {
  readonly [field: string]: true | Selection;
}

const select = (names: string, below: Selection = {}): Selection => ({
  ...Object.fromEntries(names.split(" ").map((name) => [name, true as const])),
  ...below,
});

// Known: Violet's guide asks for these fields, and every object of ION has _etag.
export const SUBSCRIPTION_SELECTION = select("id _etag resource action");
export const HEADER_SELECTION = select("id _etag key value");
export const RECEIVER_SELECTION = select(
  "id _etag name description webhookUri sharedSecret contentType expectedResponseCode active",
  { subscriptions: SUBSCRIPTION_SELECTION, headers: HEADER_SELECTION },
);

/** Optional fields: if ION's schema lacks one, it is not requested. */
const DISPENSABLE = [
  "_etag",
  "cursor",
  "endCursor",
  "pageInfo",
  "hasNextPage",
  "value",
  "description",
  "webhookUri",
  "sharedSecret",
  "contentType",
  "expectedResponseCode",
  "active",
];

/** The same by type of operation. A created receiver has no subscriptions, but a list without them would prove nothing. */
export const DISPENSABLE_FIELDS = {
  query: new Set(DISPENSABLE),
  mutation: new Set([...DISPENSABLE, "subscriptions", "headers"]),
} satisfies Readonly<Record<string, ReadonlySet<string>>>;

/** The field of every object that is sent back as its etag. */
export const ETAG_FIELD = "_etag";

/** A selection as GraphQL, with its braces. */
export function printSelection(selection: Selection): string {
  const fields = Object.entries(selection).map(([field, below]) =>
    below === true ? field : `${field} ${printSelection(below)}`,
  );
  return `{ ${fields.join(" ")} }`;
}

/** An id, as a string. ION's may be numbers. Pulumi prints ids as they are, so they must be plain. */
export const id = z
  .union([z.string().regex(/^\w[\w.:/+=@~-]{0,199}$/, "is no plain id"), z.number().int()])
  .transform(String);
/** An etag, as a string. */
export const etag = z.union([z.string(), z.number()]).transform(String).nullish();

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** A string that ION may mask. A mask ("********") counts as not shown, and is never sent back. */
const secretText = text.transform((value) => (value && /^[*•●]+$/.test(value) ? undefined : value));

/** A subscription. */
export const subscription = z.object({ id, _etag: etag, resource: z.string(), action: z.string() });

/** A header. */
export const header = z.object({ id, _etag: etag, key: z.string(), value: secretText });

const receiverFields = {
  id,
  _etag: etag,
  name: z.string(),
  description: text,
  webhookUri: secretText,
  sharedSecret: secretText,
  contentType: text,
  expectedResponseCode: z
    .union([z.int(), z.string().regex(/^\d{1,5}$/)])
    .nullish()
    .transform((value) => (value === null || value === undefined ? undefined : Number(value))),
  active: z
    .boolean()
    .nullish()
    .transform((value) => value ?? undefined),
};

/** A receiver in a list. Null in place of its subscriptions or headers means that the key may not read them, not that there are none. */
export const listedReceiver = z.object({
  ...receiverFields,
  subscriptions: z.array(subscription),
  headers: z.array(header),
});

/** A receiver that is shown with one of its subscriptions. */
export const receiverOfSubscription = z.object({ ...receiverFields, headers: z.array(header) });

/** A receiver in the answer to a mutation, with the lists that it had before if the answer has none. */
export const changedReceiver = (before: Pick<Receiver, "subscriptions" | "headers">): z.ZodType<Receiver> =>
  z.object({
    ...receiverFields,
    subscriptions: z
      .array(subscription)
      .nullish()
      .transform((list) => list ?? before.subscriptions),
    headers: z
      .array(header)
      .nullish()
      .transform((list) => list ?? before.headers),
  });

/** The secrets among the fields of a receiver. */
export const secretsOf = ({ webhookUri, sharedSecret }: Partial<Pick<Receiver, "webhookUri" | "sharedSecret">>) => [
  ...(webhookUri === undefined ? [] : secretsOfUrl(webhookUri)),
  ...(sharedSecret === undefined ? [] : [sharedSecret]),
];

/** Every secret in a receiver's inputs or state, which need not be valid. */
export function declaredSecrets(fields: Readonly<Record<string, unknown>>): string[] {
  const strings = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return value !== null && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
  };
  const { webhookUri, sharedSecret, headers, pinned } = fields;
  const isRecord = pinned !== null && typeof pinned === "object";
  return [
    ...strings(webhookUri).flatMap(secretsOfUrl),
    ...strings([sharedSecret, headers]),
    ...(isRecord ? declaredSecrets(pinned as Record<string, unknown>) : []),
  ];
}

/** Every value of a receiver that no message may show. */
export const secretsIn = (receiver: Receiver): string[] => [
  ...secretsOf(receiver),
  ...receiver.headers.flatMap(({ value }) => value ?? []),
];

/** Describes how the answer of a root field differs from the expected form: by field and type, never by value. */
export function describeParseError(error: z.ZodError, root?: string): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${[...(root ? [root] : []), ...path].join(".") || "the answer"}: ${message}`)
    .join("; ");
}
