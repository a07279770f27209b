import type { GraphQLResolveInfo, GraphQLSchema } from "graphql";
import { createGraphQLError, createSchema } from "graphql-yoga";
import type { Deliveries } from "../deliveries/deliveries.ts";
import {
  type Changes,
  type Header,
  type HeaderInput,
  notFound,
  type Receiver,
  type ReceiverInput,
  type Store,
  type Subscription,
  type SubscriptionInput,
} from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { RequestContext } from "./handler.ts";
import { type ListArguments, paginate } from "./pagination.ts";
import { typeDefs, visibleName } from "./schema.ts";

/** Settings that can be changed while the emulator runs. */
export interface Settings {
  /** Milliseconds by which every HTTP response is delayed, including tokens. @default 0 */
  latencyMs: number;
  /** Milliseconds that each mutation field takes. The fields of a document run one after another. @default 0 */
  mutationLatencyMs: number;
  /** Maximum number of objects in a page. It caps `first` and `last`. @default 100 */
  pageCap: number;
  /**
   * Permissions that no token has: a mutation's name, for example "CreateWebhookReceiver", or "Read" and a query's name,
   * for example "ReadWebhookReceivers" for the list and "ReadWebhookReceiver" for one receiver by its id.
   * @default none
   */
  readonly deniedPermissions: Set<string>;
}

type Id = { readonly id: string };
type Versioned = Id & { readonly etag: string };
type Input<Fields> = { readonly input: Fields };
type EmitArguments = {
  readonly resource: string;
  readonly action: string;
  readonly count: number;
  readonly entityId?: string | null;
};
type HeaderOfReceiver = Input<{ readonly webhookReceiverId: string; readonly headerId: string }>;

type Resolver = (root: unknown, args: never, context: RequestContext, info: GraphQLResolveInfo) => Promise<unknown>;
type Wrap = (name: string, run: (args: never) => unknown) => Resolver;

/**
 * Builds the executable schema.
 * @param wait - waits for the latency of a mutation
 * @param hide - names to leave out, see `typeDefs`
 * @throws {TypeError} if a name to hide does not exist.
 */
export function buildSchema(
  store: Store,
  settings: Settings,
  wait: (ms: number) => Promise<void>,
  hide: readonly string[],
  deliveries: Deliveries,
): GraphQLSchema {
  const queries = {
    webhookReceiver: ({ id }: Id) => required(store.findReceiver(id), "WebhookReceiver", id),
    webhookReceivers: (list: ListArguments) => paginate(store.listReceivers(), list, settings.pageCap),
    webhookSubscription: ({ id }: Id) => required(store.findSubscription(id), "WebhookSubscription", id),
    webhookSubscriptions: (list: ListArguments) => paginate(store.listSubscriptions(), list, settings.pageCap),
  };

  const mutations = {
    createWebhookReceiver: ({ input }: Input<ReceiverInput>) => ({ webhookReceiver: store.createReceiver(input) }),
    updateWebhookReceiver: ({ input }: Input<Versioned & Changes<Receiver>>) => ({
      webhookReceiver: store.updateReceiver(input.id, input, input.etag),
    }),
    deleteWebhookReceiver: ({ id, etag }: Versioned) => {
      store.deleteReceiver(id, etag);
      return { id };
    },

    createWebhookSubscription: ({ input }: Input<SubscriptionInput>) => ({
      webhookSubscription: store.createSubscription(input),
    }),
    updateWebhookSubscription: ({ input }: Input<Versioned & Changes<Subscription>>) => ({
      webhookSubscription: store.updateSubscription(input.id, input, input.etag),
    }),
    deleteWebhookSubscription: ({ id, etag }: Versioned) => {
      store.deleteSubscription(id, etag);
      return { id };
    },

    createWebhookHeader: ({ input }: Input<HeaderInput>) => ({ webhookHeader: store.createHeader(input) }),
    updateWebhookHeader: ({ input }: Input<Versioned & Changes<Header>>) => ({
      webhookHeader: store.updateHeader(input.id, input, input.etag),
    }),
    deleteWebhookHeader: ({ id, etag }: Versioned) => {
      store.deleteHeader(id, etag);
      return { id };
    },
    addHeaderToWebhookReceiver: ({ input }: HeaderOfReceiver) => ({
      webhookReceiver: store.addHeader(input.webhookReceiverId, input.headerId),
    }),
    removeHeaderFromWebhookReceiver: ({ input }: HeaderOfReceiver) => ({
      webhookReceiver: store.removeHeader(input.webhookReceiverId, input.headerId),
    }),
  };

  // No latency and no permissions: this stands for a change in ION, not for a request to its API.
  const emulatorMutations = {
    emulatorEmit: ({ resource, action, count, entityId }: EmitArguments) =>
      deliveries.emit(resource, action, { count, ...(entityId != null && { entityId }) }),
  };

  const checkPermission = (permission: string, verb: string) => {
    if (!settings.deniedPermissions.has(permission)) return;
    // From ION's page on error codes.
    throw createGraphQLError(`User does not have permission to ${verb} this resource.`);
  };

  const rootField: Wrap =
    (_name, run) =>
    async (_root, args, { faults }, { fieldName, path }) =>
      toGraphQLErrors(() => {
        faults.beforeField(String(path.key), { field: fieldName, args });
        return store.asApi(() => run(args));
      });

  const queryField: Wrap = (name, run) => (root, args, context, info) => {
    checkPermission(`Read${capitalize(name)}`, "read");
    return rootField(name, run)(root, args, context, info);
  };

  const mutationField: Wrap = (name, run) => async (root, args, context, info) => {
    await wait(settings.mutationLatencyMs);
    checkPermission(capitalize(name), /^(create|delete)/.exec(name)?.[0] ?? "update");
    return rootField(name, run)(root, args, context, info);
  };

  return createSchema<RequestContext>({
    typeDefs: typeDefs(hide),
    resolvers: {
      Query: mapValues(queries, queryField),
      Mutation: { ...mapValues(mutations, mutationField), ...mapValues(emulatorMutations, rootField) },
      [visibleName("WebhookReceiver", hide)]: {
        subscriptions: ({ id }: Receiver) => store.listSubscriptions(id),
        headers: ({ id }: Receiver) => store.listHeaders(id),
      },
      [visibleName("WebhookSubscription", hide)]: {
        receiver: ({ receiverId }: Subscription) => store.findReceiver(receiverId),
      },
    },
    // Hidden fields keep their resolvers.
    resolverValidationOptions: { requireResolversToMatchSchema: "ignore" },
  });
}

function capitalize(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function required<Item>(item: Item | undefined, type: string, id: string): Item {
  if (!item) throw notFound(type, id);
  return item;
}

// Yoga masks all errors except its own GraphQL errors.
function toGraphQLErrors<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof StoreError ? createGraphQLError(error.message) : error;
  }
}

function mapValues<Value, Result>(
  values: Readonly<Record<string, Value>>,
  map: (name: string, value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(name, value)]));
}
