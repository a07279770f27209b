/** How ION's webhooks are read. Inferred: ION's pattern for its other objects. */
import { z } from "zod";
import {
  listedReceiver,
  printSelection,
  RECEIVER_SELECTION,
  receiverOfSubscription,
  type Selection,
  SUBSCRIPTION_SELECTION,
  subscription,
} from "./objects.ts";

/** The list of receivers. */
export const RECEIVERS = "webhookReceivers";

/** The list of subscriptions. */
export const SUBSCRIPTIONS = "webhookSubscriptions";

/** One receiver by its id. */
export const RECEIVER = "webhookReceiver";

/** Objects a page: the largest that is in public use with ION. */
export const PAGE_SIZE = 100;

/** Where a page starts. */
export interface Position {
  readonly after?: string;
  readonly offset?: number;
  /** Whether the page repeats the last object of the page before. */
  readonly repeatsLast: boolean;
}

/** The first page. */
export const START: Position = { repeatsLast: false };

/** A list of ION, and how its pages follow each other. */
export interface List {
  /** ION's name for it. */
  readonly field: string;
  readonly document: string;
  /** The variables that ask for a page. */
  readonly variables: (position: Position) => Readonly<Record<string, unknown>>;
  /** "cursor": a page starts after an object. "offset": after a number of objects. "none": the list is one page. */
  readonly paging: "cursor" | "offset" | "none";
}

const { subscriptions: _, ...RECEIVER_ALONE } = RECEIVER_SELECTION;

/** What a page of subscriptions shows: the same as a page of receivers, seen from the other side. */
export const SUBSCRIPTION_NODE: Selection = { ...SUBSCRIPTION_SELECTION, receiver: RECEIVER_ALONE };

/** A query of one root field. */
export function queryDocument(name: string, types: Readonly<Record<string, string>>, field: string): string {
  const declarations = Object.entries(types).map(([variable, type]) => `$${variable}: ${type}`);
  return `query ${name}${declarations.length > 0 ? `(${declarations.join(", ")})` : ""} { ${field} }`;
}

/** The list of receivers as a Relay connection. */
export const USUAL_LIST: List = {
  field: RECEIVERS,
  document: queryDocument(
    "WebhookReceivers",
    { first: "Int", after: "String" },
    `${RECEIVERS}(first: $first, after: $after) { edges { cursor node ${printSelection(RECEIVER_SELECTION)} } pageInfo { hasNextPage } }`,
  ),
  variables: ({ after }) => ({ first: PAGE_SIZE, ...(after === undefined ? {} : { after }) }),
  paging: "cursor",
};

/** A plain list, or a connection of nodes, as a connection of edges. */
function asConnection(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  const nodes: unknown = Array.isArray(value) ? value : Reflect.get(value, "nodes");
  if (!Array.isArray(nodes)) return value;
  return { pageInfo: Reflect.get(value, "pageInfo"), edges: nodes.map((node: unknown) => ({ node })) };
}

const pageOf = <Node extends z.ZodType>(node: Node) =>
  z.preprocess(
    asConnection,
    z.object({
      edges: z.array(z.object({ cursor: z.string().nullish(), node })),
      pageInfo: z.object({ hasNextPage: z.boolean().optional(), endCursor: z.string().nullish() }).optional(),
    }),
  );

/** A page of receivers. */
export const receiverPage = pageOf(listedReceiver);

/** A page of subscriptions, each with its receiver. */
export const subscriptionPage = pageOf(subscription.extend({ receiver: receiverOfSubscription }));

/** One receiver by its id; null if ION does not show it. */
export const receiverById = listedReceiver.nullish();

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
