/**
 * Every mutation that this package sends, in its usual shape. Known: shown in Violet's guide. Inferred: follows ION's pattern for
 * its other objects.
 */
import { z } from "zod";
import type { Change, ResultOf } from "../../model/changes.ts";
import { capitalize } from "../../model/text.ts";
import type { Receiver } from "../../model/webhooks.ts";
import {
  changedReceiver,
  etag,
  HEADER_SELECTION,
  header,
  id,
  printSelection,
  RECEIVER_SELECTION,
  type Selection,
  secretsOf,
} from "./objects.ts";

/** What a mutation is about, as its answer names it. */
export type MutatedObject = "webhookReceiver" | "webhookSubscription" | "webhookHeader";

/** One mutation: what it needs, and what it answers. */
export interface Mutation<T> {
  /** ION's name for it. */
  readonly field: string;
  /** The object that it changes. */
  readonly object: MutatedObject;
  /** What it needs, by ION's usual names. Undefined is not sent. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The usual place of the values: in one input of this type, or each as an argument of its own. */
  readonly inputType?: string;
  /** What to ask for of the object that it returns; undefined if it returns none. */
  readonly selection?: Selection;
  /** What has to come back. */
  readonly answer: z.ZodType<T>;
  /** Values that no message may show. */
  readonly secrets: readonly string[];
}

/** The value that carries the etag. */
export const ETAG = "etag";

const etagOf = ({ _etag }: { readonly _etag?: string | null | undefined }) => _etag ?? undefined;

/** The object in an answer: below its name, or as the whole answer. */
const objectAnswer = <T>(name: MutatedObject, object: z.ZodType<T>): z.ZodType<T> =>
  z.preprocess((value) => {
    const isPayload = value !== null && typeof value === "object" && name in value;
    return isPayload ? Reflect.get(value, name) : value;
  }, object);

/** What confirms a mutation that returns no object, the best first. Null in place of an id, or false, confirms nothing. */
export const CONFIRMATIONS = ["ok", "success", "id"] as const;
const yes = z.literal(true);
const confirmation = z
  .union([
    id,
    yes,
    z.object({ ok: yes }),
    z.object({ success: yes }),
    z.object({ id }),
    z.object({ __typename: z.string() }),
  ])
  .transform(() => undefined);

const NO_LISTS = { subscriptions: [], headers: [] };

/** The mutation whose input shows which events exist. */
export const CREATE_SUBSCRIPTION = "createWebhookSubscription";

/** The mutation that applies a change. */
export function mutationFor<Of extends Change>(change: Of): Mutation<ResultOf<Of>>;
export function mutationFor(change: Change): Mutation<ResultOf<Change>> {
  switch (change.kind) {
    // Known: Violet's guide.
    case "createReceiver":
      return {
        ...receiverMutation(NO_LISTS),
        field: "createWebhookReceiver",
        inputType: "CreateWebhookReceiverInput",
        values: change.fields,
        secrets: secretsOf(change.fields),
      };
    // Inferred: `updateX(input: { id, etag, … })`.
    case "updateReceiver": {
      const { receiver, fields } = change;
      return {
        ...receiverMutation(receiver),
        field: "updateWebhookReceiver",
        inputType: "UpdateWebhookReceiverInput",
        values: { id: receiver.id, [ETAG]: etagOf(receiver), ...fields },
        secrets: secretsOf(fields),
      };
    }
    case "deleteReceiver":
      return deletion("deleteWebhookReceiver", "webhookReceiver", change.receiver);
    // Known: Violet's guide. The name of the input type is inferred from createWebhookReceiver's.
    case "createSubscription": {
      const { resource, action } = change.event;
      return {
        field: CREATE_SUBSCRIPTION,
        object: "webhookSubscription",
        inputType: "CreateWebhookSubscriptionInput",
        values: { receiverId: change.receiverId, resource, action },
        selection: { id: true, _etag: true },
        answer: objectAnswer("webhookSubscription", z.object({ id, _etag: etag })),
        secrets: [],
      };
    }
    case "deleteSubscription":
      return deletion("deleteWebhookSubscription", "webhookSubscription", change.subscription);
    // Known name, inferred shape: a header is created for a receiver by its `receiverId`, as a subscription is.
    case "createHeader": {
      const { receiver, key, value } = change;
      return {
        ...headerMutation,
        field: CREATE_HEADER,
        inputType: "CreateWebhookHeaderInput",
        values: { receiverId: receiver.id, key, value },
        secrets: [value],
      };
    }
    case "createUnattachedHeader": {
      const { key, value } = change;
      return {
        ...headerMutation,
        field: CREATE_HEADER,
        inputType: "CreateWebhookHeaderInput",
        values: { key, value },
        secrets: [],
      };
    }
    // Known name, inferred shape.
    case "updateHeader": {
      const { header: before, value } = change;
      return {
        ...headerMutation,
        field: "updateWebhookHeader",
        inputType: "UpdateWebhookHeaderInput",
        values: { id: before.id, [ETAG]: etagOf(before), value },
        secrets: [value],
      };
    }
    case "deleteHeader":
      return deletion("deleteWebhookHeader", "webhookHeader", change.header);
    case "setHeaders": {
      const { receiver, headers } = change;
      return {
        ...receiverMutation(receiver),
        field: "updateWebhookReceiver",
        values: { id: receiver.id, [ETAG]: etagOf(receiver), headers },
        secrets: headers.map(({ value }) => value),
      };
    }
    // Known names. Only ION's schema shows the rest.
    case "attachHeader":
      return attachment(ATTACH_HEADER, change);
    case "detachHeader":
      return attachment(DETACH_HEADER, change);
  }
}

/** The mutations that show how ION keeps headers. */
export const CREATE_HEADER = "createWebhookHeader";
export const ATTACH_HEADER = "addHeaderToWebhookReceiver";
export const DETACH_HEADER = "removeHeaderFromWebhookReceiver";

const receiverMutation = (before: Pick<Receiver, "subscriptions" | "headers">) =>
  ({
    object: "webhookReceiver",
    selection: RECEIVER_SELECTION,
    answer: objectAnswer("webhookReceiver", changedReceiver(before)),
  }) as const;

const headerMutation = {
  object: "webhookHeader",
  selection: HEADER_SELECTION,
  answer: objectAnswer("webhookHeader", header),
} as const;

/** Inferred: `deleteX(id: ID!, etag: String!) { id }` for every object. */
function deletion(
  field: string,
  object: MutatedObject,
  deleted: { readonly id: string; readonly _etag?: string | null | undefined },
): Mutation<undefined> {
  return { field, object, values: { id: deleted.id, [ETAG]: etagOf(deleted) }, answer: confirmation, secrets: [] };
}

function attachment(
  field: string,
  { receiver, header: { id: headerId } }: { readonly receiver: Receiver; readonly header: { readonly id: string } },
): Mutation<undefined> {
  return {
    field,
    object: "webhookReceiver",
    values: { receiverId: receiver.id, headerId, [ETAG]: etagOf(receiver) },
    answer: confirmation,
    secrets: [],
  };
}

/** An argument of a mutation. */
export interface Argument {
  /** Its GraphQL type. */
  readonly type: string;
  readonly value: unknown;
}

/** One mutation as it is written in a document. */
export interface RootField {
  readonly field: string;
  readonly args: Readonly<Record<string, Argument>>;
  /** With its braces; empty for a scalar. */
  readonly selection: string;
}

/** A mutation in its usual shape. Those without one are sent only after ION's schema was read. */
export function usualRootField({ field, object, values, inputType, selection }: Mutation<unknown>): RootField {
  const args: Record<string, Argument> = inputType
    ? { input: { type: `${inputType}!`, value: values } }
    : { id: { type: "ID!", value: values.id }, [ETAG]: { type: "String!", value: values[ETAG] } };
  return { field, args, selection: printSelection(selection ? { [object]: selection } : { id: true }) };
}

/** One document that runs many mutations in order, each under an alias of its own, with values as variables only. */
export function compose(fields: readonly RootField[]): {
  document: string;
  variables: Record<string, unknown>;
} {
  const variables: Record<string, unknown> = {};
  const declarations: string[] = [];
  const lines = fields.map(({ field, args, selection }, index) => {
    const given = Object.entries(args).filter(([, { value }]) => value !== undefined);
    const written = given.map(([name, argument]) => {
      const variable = `${name}${index}`;
      variables[variable] = argument.value;
      declarations.push(`$${variable}: ${argument.type}`);
      return `${name}: $${variable}`;
    });
    return `  ${aliasOf(index)}: ${field}(${written.join(", ")}) ${selection}`.trimEnd();
  });
  const names = [...new Set(fields.map(({ field }) => field))];
  const name = names.length === 1 && names[0] ? capitalize(names[0]) : "Webhooks";
  return { document: `mutation ${name}(${declarations.join(", ")}) {\n${lines.join("\n")}\n}`, variables };
}

/** The alias of the mutation at an index of a composed document. */
export const aliasOf = (index: number) => `m${index}`;
