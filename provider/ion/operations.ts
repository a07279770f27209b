/**
 * Every document that this package sends, and the answer that it expects. The only file with ION's names for operations,
 * arguments and fields. Known: shown in Violet's guide. Inferred: follows ION's pattern for its other objects.
 */
import { z } from "zod";
import type { Change, ResultOf } from "../model/changes.ts";
import { capitalize } from "../model/text.ts";
import type { Receiver } from "../model/webhooks.ts";
import { secretsOfUrl } from "./http/redact.ts";

const id = z.union([z.string().min(1), z.number().int()]).transform(String);
const etag = z.union([z.string(), z.number()]).transform(String).nullish();
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

/** A string that ION may mask. A mask ("********") counts as not shown, and is never sent back. */
const secretText = text.transform((value) => (value && /^[*•●]+$/.test(value) ? undefined : value));

const subscription = z.object({ id, _etag: etag, resource: z.string(), action: z.string() });
const header = z.object({ id, _etag: etag, key: z.string(), value: secretText });
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
const listedReceiver: z.ZodType<Receiver> = z.object({
  ...receiverFields,
  subscriptions: z.array(subscription),
  headers: z.array(header),
});

/** A receiver in the answer to a mutation, with the lists that it had before if the answer has none. */
const changedReceiver = (before: Pick<Receiver, "subscriptions" | "headers">): z.ZodType<Receiver> =>
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

// Known: Violet's guide asks for these fields, and every object of ION has _etag.
const SUBSCRIPTION_SELECTION = "id _etag resource action";
const HEADER_SELECTION = "id _etag key value";
const RECEIVER_SELECTION =
  "id _etag name description webhookUri sharedSecret contentType expectedResponseCode active " +
  `subscriptions { ${SUBSCRIPTION_SELECTION} } headers { ${HEADER_SELECTION} }`;

/** Receivers a page: the largest that is in public use with ION. */
export const PAGE_SIZE = 100;

/** Optional fields: if ION's schema lacks one, it is not requested. */
const DISPENSABLE = [
  "_etag",
  "cursor",
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
export const DISPENSABLE_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  query: new Set(DISPENSABLE),
  mutation: new Set([...DISPENSABLE, "subscriptions", "headers"]),
};

/** The argument or input field that carries the etag. */
export const ETAG = "etag";

/** Arguments and input fields that are not sent if ION's schema lacks them. */
export const DISPENSABLE_ARGUMENTS: ReadonlySet<string> = new Set([ETAG, "first"]);

/** Inferred: the list of receivers. */
export const LIST = "webhookReceivers";

/** The field of every object that is sent back as {@link ETAG}. */
export const ETAG_FIELD = "_etag";

/** Inferred: ION's pattern for every list. One page of the whole webhook configuration. */
export const WEBHOOK_RECEIVERS = `query WebhookReceivers($first: Int!, $after: String) {
  webhookReceivers(first: $first, after: $after) {
    edges { cursor node { ${RECEIVER_SELECTION} } }
    pageInfo { hasNextPage }
  }
}`;

/** What {@link WEBHOOK_RECEIVERS} answers. */
export const webhookReceiversAnswer = z.object({
  webhookReceivers: z.object({
    edges: z.array(z.object({ cursor: z.string().nullish(), node: listedReceiver })),
    pageInfo: z.object({ hasNextPage: z.boolean().optional() }).optional(),
  }),
});

/** Known: introspection works. The name of the actions' enum is not known, so both enums are read from the input's fields. */
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

/** An argument of a mutation. */
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

/** The etag last read; undefined if ION shows none, and then not sent. */
type Etag = string | undefined;
const etagOf = ({ _etag }: { readonly _etag?: string | null | undefined }): Etag => _etag ?? undefined;

const input = (type: string, value: object): Record<string, Argument> => ({ input: { type: `${type}!`, value } });

const NO_LISTS = { subscriptions: [], headers: [] };
const receiverAnswer = (before: Pick<Receiver, "subscriptions" | "headers">) =>
  z.object({ webhookReceiver: changedReceiver(before) }).transform((answer) => answer.webhookReceiver);
const headerAnswer = z.object({ webhookHeader: header }).transform((answer) => answer.webhookHeader);
const createdSubscription = z
  .object({ webhookSubscription: z.object({ id, _etag: etag }) })
  .transform((answer) => answer.webhookSubscription);

/** The mutation whose input shows which events exist. */
export const CREATE_SUBSCRIPTION = "createWebhookSubscription";

/** The mutation that applies a change. */
export function mutationFor<Of extends Change>(change: Of): Mutation<ResultOf<Of>>;
export function mutationFor(change: Change): Mutation<ResultOf<Change>> {
  switch (change.kind) {
    // Known: Violet's guide.
    case "createReceiver":
      return {
        field: "createWebhookReceiver",
        args: input("CreateWebhookReceiverInput", change.fields),
        selection: `webhookReceiver { ${RECEIVER_SELECTION} }`,
        answer: receiverAnswer(NO_LISTS),
        secrets: secretsOf(change.fields),
      };
    // Inferred: `updateX(input: { id, etag, … })`.
    case "updateReceiver": {
      const { receiver, fields } = change;
      return {
        field: "updateWebhookReceiver",
        args: input("UpdateWebhookReceiverInput", { id: receiver.id, etag: etagOf(receiver), ...fields }),
        selection: `webhookReceiver { ${RECEIVER_SELECTION} }`,
        answer: receiverAnswer(receiver),
        secrets: secretsOf(fields),
      };
    }
    case "deleteReceiver":
      return deleteMutation("deleteWebhookReceiver", change.receiver);
    // Known: Violet's guide. The name of the input type is inferred from createWebhookReceiver's.
    case "createSubscription": {
      const { resource, action } = change.event;
      return {
        field: CREATE_SUBSCRIPTION,
        args: input("CreateWebhookSubscriptionInput", { receiverId: change.receiverId, resource, action }),
        selection: "webhookSubscription { id _etag }",
        answer: createdSubscription,
        secrets: [],
      };
    }
    case "deleteSubscription":
      return deleteMutation("deleteWebhookSubscription", change.subscription);
    // Known name, inferred shape: a header is created for a receiver by its `receiverId`, as a subscription is.
    case "createHeader": {
      const { receiver, key, value } = change;
      return {
        field: "createWebhookHeader",
        args: input("CreateWebhookHeaderInput", { receiverId: receiver.id, key, value }),
        selection: `webhookHeader { ${HEADER_SELECTION} }`,
        answer: headerAnswer,
        secrets: [value],
      };
    }
    // Known name, inferred shape.
    case "updateHeader": {
      const { header: before, value } = change;
      return {
        field: "updateWebhookHeader",
        args: input("UpdateWebhookHeaderInput", { id: before.id, etag: etagOf(before), value }),
        selection: `webhookHeader { ${HEADER_SELECTION} }`,
        answer: headerAnswer,
        secrets: [value],
      };
    }
    case "deleteHeader":
      return deleteMutation("deleteWebhookHeader", change.header);
  }
}

/** Inferred: `deleteX(id: ID!, etag: String!)` for every object. */
function deleteMutation(field: string, object: { readonly id: string; readonly _etag?: string | null | undefined }) {
  return {
    field,
    args: { id: { type: "ID!", value: object.id }, [ETAG]: { type: "String!", value: etagOf(object) } },
    selection: "__typename",
    answer: z.object({}).transform(() => undefined),
    secrets: [],
  };
}

const secretsOf = ({ webhookUri, sharedSecret }: Partial<Pick<Receiver, "webhookUri" | "sharedSecret">>) => [
  ...(webhookUri === undefined ? [] : secretsOfUrl(webhookUri)),
  ...(sharedSecret === undefined ? [] : [sharedSecret]),
];

/** Every value of a receiver that no message may show. */
export const secretsIn = (receiver: Receiver): string[] => [
  ...secretsOf(receiver),
  ...receiver.headers.flatMap(({ value }) => value ?? []),
];

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
  const name = names.length === 1 && names[0] ? capitalize(names[0]) : "Webhooks";
  return { document: `mutation ${name}(${declarations.join(", ")}) {\n${fields.join("\n")}\n}`, variables };
}

/** The alias of the mutation at an index of a composed document. */
export const aliasOf = (index: number) => `m${index}`;

/** Describes how an answer differs from the expected form: by field and type, never by value. */
export function describeParseError(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join(".") || "the answer"}: ${issue.message}`)
    .join("; ");
}
