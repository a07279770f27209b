import type { FieldDefinitionNode, GraphQLResolveInfo, GraphQLSchema, TypeNode } from "graphql";
import { createGraphQLError, createSchema } from "graphql-yoga";
import type { Deliveries } from "../deliveries/deliveries.ts";
import { logFailure } from "../http/requestLog.ts";
import type { Item, ItemType, Store } from "../store/store.ts";
import { StoreError } from "../store/validation.ts";
import type { RequestContext } from "./handler.ts";
import { Items } from "./items.ts";
import { idOf, itemTypeOf, mutationsOf } from "./mutations.ts";
import { type ListArguments, paginate } from "./pagination.ts";
import { payloadOf, refusalOf } from "./payload.ts";
import { valuesOf } from "./roles.ts";
import { emulatorTypes, eventsOf, orInvalid } from "./schema.ts";
import { capitalize, isList, type Shape } from "./shape.ts";

/** Settings that can be changed while the emulator runs. */
export interface Settings {
  /** Milliseconds by which every HTTP response is delayed, including tokens. @default 0 */
  latencyMs: number;
  /** Milliseconds that each mutation field takes. The fields of a document run one after another. @default 0 */
  mutationLatencyMs: number;
  /** Maximum number of objects in a page. It caps `first`, `last` and `limit`. @default 100 */
  pageCap: number;
  /**
   * Permissions that no token has: a mutation's name, for example "CreateWebhookReceiver", or "Read" and a query's name,
   * for example "ReadWebhookReceivers" for the list and "ReadWebhookReceiver" for one receiver by its id.
   * @default none
   */
  readonly deniedPermissions: Set<string>;
}

type EmitArguments = {
  readonly resource: string;
  readonly action: string;
  readonly count: number;
  readonly entityId?: string | null;
};

type Resolver = (root: never, args: object, context: RequestContext, info: GraphQLResolveInfo) => unknown;
type Resolvers = Record<string, Resolver>;

/**
 * Builds the executable schema for a shape of ION's schema.
 * @param wait - waits for the latency of a mutation
 * @throws {TypeError} if the schema is invalid.
 */
export function buildSchema(
  shape: Shape,
  store: Store,
  settings: Settings,
  wait: (ms: number) => Promise<void>,
  deliveries: Deliveries,
): GraphQLSchema {
  const events = eventsOf(shape);
  const items = new Items(store);
  const mutations = mutationsOf(store, events);

  const checkPermission = (permission: string, verb: string) => {
    if (!settings.deniedPermissions.has(permission)) return;
    // From ION's page on error codes.
    throw new StoreError(`User does not have permission to ${verb} this resource.`);
  };

  /** The value of a field whose type is a list of items, or an object that contains the list. */
  const listValue = (type: TypeNode, element: ItemType, found: readonly Item[], args: object) => {
    const { edges, pageInfo } = paginate(found, listArguments(args), settings.pageCap, (item, property) =>
      items.reader(element, property)(item),
    );
    const nodes = edges.map(({ node }) => node);
    if (isList(type)) return nodes;
    const lists = shape.fields(type).filter((field) => shape.itemType(field.type) === element);
    return { edges, pageInfo, ...pageInfo, ...Object.fromEntries(lists.map(({ name }) => [name.value, nodes])) };
  };

  const query = ({ name: { value: name }, type }: FieldDefinitionNode): Resolver | undefined => {
    const [itemType, element] = [shape.itemType(type), shape.elementType(type)];
    const resolve = (args: object) => {
      if (element) return listValue(type, element, items.list(element), args);
      return itemType && items.find(itemType, idOf(valuesOf(args), itemType));
    };
    if (!itemType && !element) return undefined;
    return (_root, args, { faults }, { fieldName, path }) =>
      toGraphQLErrors(() => {
        checkPermission(`Read${capitalize(name)}`, "read");
        faults.beforeField(String(path.key), { field: fieldName, id: undefined });
        return resolve(args);
      });
  };

  const mutation = ({ name: { value: name }, type }: FieldDefinitionNode): Resolver | undefined => {
    const run = mutations[name];
    if (!run) return undefined;
    return async (_root, args, { faults, entry }, { path }) => {
      const alias = String(path.key);
      const values = valuesOf(args);
      await wait(settings.mutationLatencyMs);
      return toGraphQLErrors(() => {
        faults.beforeField(alias, { field: name, id: idOf(values, itemTypeOf(name)) });
        try {
          checkPermission(capitalize(name), /^(create|delete)/.exec(name)?.[0] ?? "update");
          return payloadOf(
            shape,
            type,
            store.asApi(() => run(values)),
          );
        } catch (error) {
          const refusal = error instanceof StoreError && refusalOf(shape, type, error.message);
          if (!refusal) throw error;
          logFailure(entry, alias);
          return refusal;
        }
      });
    };
  };

  const itemField = (itemType: ItemType, { name: { value: name }, type }: FieldDefinitionNode): Resolver => {
    const [related, element, read] = [shape.itemType(type), shape.elementType(type), items.reader(itemType, name)];
    return (item: Item, args) => {
      if (element) return listValue(type, element, items.related(itemType, item, element), args);
      return related ? items.related(itemType, item, related)[0] : read(item);
    };
  };

  // No latency and no permissions: this stands for a change in ION, not for a request to its API.
  const emulatorEmit = (_root: unknown, args: object) => {
    const { resource, action, count, entityId } = args as EmitArguments;
    return toGraphQLErrors(() => deliveries.emit(resource, action, { count, ...(entityId != null && { entityId }) }));
  };

  const typeDefs = [shape.document, emulatorTypes(shape, events)];
  const itemFields = shape.itemTypes.map(({ name, type }) => [
    name,
    resolvers(shape.fields(name), (field) => itemField(type, field)),
  ]);
  const rootResolvers = {
    [shape.rootType("query")]: resolvers(shape.rootFields("query"), query),
    [shape.rootType("mutation")]: { ...resolvers(shape.rootFields("mutation"), mutation), emulatorEmit },
  };
  return orInvalid(() =>
    createSchema<RequestContext>({
      typeDefs,
      resolvers: { ...rootResolvers, ...Object.fromEntries(itemFields) },
    }),
  );
}

/** A resolver for every field that has one. Other fields are null. */
function resolvers(
  fields: readonly FieldDefinitionNode[],
  resolverOf: (field: FieldDefinitionNode) => Resolver | undefined,
): Resolvers {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const resolver = resolverOf(field);
      return resolver ? [[field.name.value, resolver]] : [];
    }),
  );
}

/** The arguments of a list: pages and order by their names, every other argument as a filter. */
function listArguments(args: object): ListArguments {
  const { filters, filter, where, ...others } = args as Record<string, object | null | undefined>;
  const { sort, first, after, last, before, limit, offset, ...properties } = valuesOf(others);
  const equal = Object.entries(properties).filter(([, value]) => value != null);
  return {
    ...({ sort, first, after, last, before, limit, offset } as ListArguments),
    filters: {
      ...Object.fromEntries(equal.map(([property, value]) => [property, { eq: value }])),
      ...((filters ?? filter ?? where) as ListArguments["filters"]),
    },
  };
}

// Yoga masks all errors except its own GraphQL errors.
function toGraphQLErrors<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw error instanceof StoreError ? createGraphQLError(error.message) : error;
  }
}
