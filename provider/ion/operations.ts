/**
 * Every document that this package sends, and what has to come back. The only file with ION's names for operations,
 * arguments and fields. Known: what Violet's guide shows. Inferred (marked so): ION's pattern for its other objects.
 */
import { z } from "zod";
import { secretsOfUrl } from "./http/redact.ts";

const id = z.union([z.string().min(1), z.number().int()]).transform(String);
const etag = z.union([z.string(), z.number()]).transform(String).nullish();
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** A text that ION may mask; a mask ("********") is as good as not shown, and is never sent back. */
const secretText = text.transform((value) => (value && /^[*•●]+$/.test(value) ? undefined : value));

const subscription = z.object({ id, _etag: etag, resource: z.string(), action: z.string() });
const header = z.object({ id, _etag: etag, key: z.string(), value: secretText });
const receiver = z.object({
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
  subscriptions: z
    .array(subscription)
    .nullish()
    .transform((value) => value ?? []),
  headers: z
    .array(header)
    .nullish()
    .transform((value) => value ?? []),
});

/** A webhook subscription as ION shows it. */
export type Subscription = z.output<typeof subscription>;
/** A header of a webhook receiver as ION shows it. */
export type Header = z.output<typeof header>;
/** A webhook receiver as ION shows it, with what belongs to it. */
export type Receiver = z.output<typeof receiver>;

/** What can be set on a receiver. */
export interface ReceiverInput {
  readonly name: string;
  readonly webhookUri: string;
  readonly description: string;
  readonly contentType: string;
  readonly expectedResponseCode: number;
  readonly active: boolean;
  readonly sharedSecret: string;
}

/** The names of {@link ReceiverInput}'s fields. */
export const RECEIVER_FIELDS_SETTABLE: readonly (keyof ReceiverInput)[] = [
  "name",
  "webhookUri",
  "description",
  "contentType",
  "expectedResponseCode",
  "active",
  "sharedSecret",
];

// Known: Violet's guide asks for these fields, and every object of ION has _etag.
const SUBSCRIPTION_FIELDS = "id _etag resource action";
const HEADER_FIELDS = "id _etag key value";
const RECEIVER_FIELDS =
  "id _etag name description webhookUri sharedSecret contentType expectedResponseCode active " +
  `subscriptions { ${SUBSCRIPTION_FIELDS} } headers { ${HEADER_FIELDS} }`;

/** Receivers a page: the largest that is in public use with ION. */
export const PAGE_SIZE = 100;

/** Fields that the rest works without: where ION's schema lacks one, it is not asked for. */
const DISPENSABLE = [
  ...["_etag", "cursor", "pageInfo", "hasNextPage", "value"],
  ...["description", "webhookUri", "sharedSecret", "contentType", "expectedResponseCode", "active"],
];

/** The same by kind of operation: a receiver just made has no subscriptions, and a list without them proves nothing. */
export const DISPENSABLE_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  query: new Set(DISPENSABLE),
  mutation: new Set([...DISPENSABLE, "subscriptions", "headers"]),
};

/** The argument, and the field of an input, that an update and a deletion give the etag as. */
export const ETAG = "etag";

/** Arguments and fields of inputs that are not sent where ION's schema lacks them. */
export const DISPENSABLE_ARGUMENTS: ReadonlySet<string> = new Set([ETAG, "first"]);

/** Inferred: the list of receivers. */
export const LIST = "webhookReceivers";

/** The field of every object that an update and a deletion give back as {@link ETAG}. */
export const ETAG_FIELD = "_etag";

/** Inferred: ION's pattern for every list. One page of the whole webhook configuration. */
export const WEBHOOK_RECEIVERS = `query WebhookReceivers($first: Int!, $after: String) {
  webhookReceivers(first: $first, after: $after) {
    edges { cursor node { ${RECEIVER_FIELDS} } }
    pageInfo { hasNextPage }
  }
}`;

/** What {@link WEBHOOK_RECEIVERS} answers. */
export const webhookReceiversAnswer = z.object({
  webhookReceivers: z.object({
    edges: z.array(z.object({ cursor: z.string().nullish(), node: receiver })),
    pageInfo: z.object({ hasNextPage: z.boolean().optional() }).optional(),
  }),
});

/** Known (introspection works); the name of the actions' enum is not, so both are read off the input's fields. */
export const SUBSCRIPTION_ENUMS = `query SubscriptionEnums {
  __type(name: "CreateWebhookSubscriptionInput") {
    inputFields { name type { kind enumValues { name } ofType { kind enumValues { name } } } }
  }
}`;

const enumType = z.object({ enumValues: z.array(z.object({ name: z.string() })).nullish() });

/** What {@link SUBSCRIPTION_ENUMS} answers. */
export const subscriptionEnumsAnswer = z.object({
  __type: z.object({
    inputFields: z.array(z.object({ name: z.string(), type: enumType.extend({ ofType: enumType.nullish() }) })),
  }),
});

/** One argument of a mutation's root field. */
interface Argument {
  /** Its GraphQL type. */
  readonly type: string;
  readonly value: unknown;
}

/** One mutation's root field, to be sent alone or among others. */
export interface Mutation<T> {
  /** ION's name for it. */
  readonly field: string;
  readonly args: Readonly<Record<string, Argument>>;
  readonly selection: string;
  /** What has to come back under its alias. */
  readonly answer: z.ZodType<T>;
  /** Values that no message may show. */
  readonly secrets: readonly string[];
}

const input = (type: string, value: object): Record<string, Argument> => ({ input: { type: `${type}!`, value } });
/** The etag last read; undefined where ION shows none, and then not sent. */
type Etag = string | undefined;

// Inferred: `deleteX(id: ID!, etag: String!)` for every object.
const deleteMutation = (field: string, objectId: string, objectEtag: Etag): Mutation<void> => ({
  field,
  args: { id: { type: "ID!", value: objectId }, [ETAG]: { type: "String!", value: objectEtag } },
  selection: "__typename",
  answer: z.object({}).transform(() => undefined),
  secrets: [],
});
const secretsOf = ({ webhookUri, sharedSecret }: Partial<Pick<Receiver, "webhookUri" | "sharedSecret">>) => [
  ...(webhookUri === undefined ? [] : secretsOfUrl(webhookUri)),
  ...(sharedSecret === undefined ? [] : [sharedSecret]),
];

/** Everything of a receiver that no message may show. */
export const secretsIn = (shown: Receiver): string[] => [
  ...secretsOf(shown),
  ...shown.headers.flatMap(({ value }) => value ?? []),
];

/** Known: Violet's guide. */
export function createWebhookReceiver(value: Partial<ReceiverInput>): Mutation<Receiver> {
  return {
    field: "createWebhookReceiver",
    args: input("CreateWebhookReceiverInput", value),
    selection: `webhookReceiver { ${RECEIVER_FIELDS} }`,
    answer: z.object({ webhookReceiver: receiver }).transform((answer) => answer.webhookReceiver),
    secrets: secretsOf(value),
  };
}

/** Inferred: `updateX(input: { id, etag, … })`. */
export function updateWebhookReceiver(
  receiverId: string,
  receiverEtag: Etag,
  changes: Partial<ReceiverInput>,
): Mutation<Receiver> {
  return {
    field: "updateWebhookReceiver",
    args: input("UpdateWebhookReceiverInput", { id: receiverId, etag: receiverEtag, ...changes }),
    selection: `webhookReceiver { ${RECEIVER_FIELDS} }`,
    answer: z.object({ webhookReceiver: receiver }).transform((answer) => answer.webhookReceiver),
    secrets: secretsOf(changes),
  };
}

/** Known name, inferred shape. */
export const deleteWebhookReceiver = (receiverId: string, receiverEtag: Etag) =>
  deleteMutation("deleteWebhookReceiver", receiverId, receiverEtag);

/** The mutation whose input tells what can be subscribed to. */
export const CREATE_SUBSCRIPTION = "createWebhookSubscription";

/** Known: Violet's guide; the input type's name is inferred from createWebhookReceiver's. */
export function createWebhookSubscription(value: {
  readonly receiverId: string;
  readonly resource: string;
  readonly action: string;
}): Mutation<Pick<Subscription, "id" | "_etag">> {
  return {
    field: CREATE_SUBSCRIPTION,
    args: input("CreateWebhookSubscriptionInput", value),
    selection: "webhookSubscription { id _etag }",
    answer: z
      .object({ webhookSubscription: z.object({ id, _etag: etag }) })
      .transform((answer) => answer.webhookSubscription),
    secrets: [],
  };
}

/** Known name, inferred shape. */
export const deleteWebhookSubscription = (subscriptionId: string, subscriptionEtag: Etag) =>
  deleteMutation("deleteWebhookSubscription", subscriptionId, subscriptionEtag);

const headerAnswer = z.object({ webhookHeader: header }).transform((answer) => answer.webhookHeader);

/** Known name, inferred shape: a header is made for a receiver by its `receiverId`, as a subscription is. */
export function createWebhookHeader(value: { receiverId: string; key: string; value: string }): Mutation<Header> {
  return {
    field: "createWebhookHeader",
    args: input("CreateWebhookHeaderInput", value),
    selection: `webhookHeader { ${HEADER_FIELDS} }`,
    answer: headerAnswer,
    secrets: [value.value],
  };
}

/** Known name, inferred shape. */
export function updateWebhookHeader(headerId: string, headerEtag: Etag, value: string): Mutation<Header> {
  return {
    field: "updateWebhookHeader",
    args: input("UpdateWebhookHeaderInput", { id: headerId, etag: headerEtag, value }),
    selection: `webhookHeader { ${HEADER_FIELDS} }`,
    answer: headerAnswer,
    secrets: [value],
  };
}

/** Known name, inferred shape. */
export const deleteWebhookHeader = (headerId: string, headerEtag: Etag) =>
  deleteMutation("deleteWebhookHeader", headerId, headerEtag);

/** One document that runs many mutations in order, each under an alias of its own, with values as variables only. */
export function compose(mutations: ReadonlyArray<Mutation<unknown>>): {
  document: string;
  variables: Record<string, unknown>;
} {
  const variables: Record<string, unknown> = {};
  const declarations: string[] = [];
  const fields = mutations.map((mutation, index) => {
    const given = Object.entries(mutation.args).filter(([, { value }]) => value !== undefined);
    const args = given.map(([name, argument]) => {
      const variable = `${name}${index}`;
      variables[variable] = argument.value;
      declarations.push(`$${variable}: ${argument.type}`);
      return `${name}: $${variable}`;
    });
    return `  ${aliasOf(index)}: ${mutation.field}(${args.join(", ")}) { ${mutation.selection} }`;
  });
  const names = [...new Set(mutations.map((mutation) => mutation.field))];
  const name = names.length === 1 && names[0] ? capital(names[0]) : "Webhooks";
  return { document: `mutation ${name}(${declarations.join(", ")}) {\n${fields.join("\n")}\n}`, variables };
}

/** The alias of the mutation at an index of a composed document. */
export const aliasOf = (index: number) => `m${index}`;

const capital = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Says in words where an answer does not fit, by field and type, never by value. */
export function describeParseError(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".") || "the answer"}: ${issue.message}`)
    .join("; ");
}
