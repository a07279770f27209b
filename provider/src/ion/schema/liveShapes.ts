/** The shape of ION's API as its live schema shows it. Loads graphql-js: import it only after ION refused a document. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from "graphql";
import { capitalize, escapeText } from "../../model/text.ts";
import { IonError } from "../errors.ts";
import type { Operation } from "../http/operation.ts";
import {
  ATTACH_HEADER,
  CONFIRMATIONS,
  CREATE_HEADER,
  CREATE_SUBSCRIPTION,
  DETACH_HEADER,
  type Mutation,
  type RootField,
} from "../operations/mutations.ts";
import { DISPENSABLE_FIELDS, ETAG_FIELD, RECEIVER_SELECTION, type Selection } from "../operations/objects.ts";
import {
  type List,
  PAGE_SIZE,
  type Position,
  queryDocument,
  RECEIVER,
  RECEIVERS,
  SUBSCRIPTION_NODE,
  SUBSCRIPTIONS,
} from "../operations/queries.ts";
import { convert, inputSlots, isNameOf, leafSlots, missingName, Placement, plain, requiredValue } from "./placement.ts";
import type { HeaderShape, Shapes } from "./shapes.ts";

type Fields = ReturnType<GraphQLObjectType["getFields"]>;
type ObjectField = GraphQLField<unknown, unknown>;

/** Reads the shape of every operation from a schema. */
export class LiveShapes implements Shapes {
  /** Names that are not requested because the schema lacks them. */
  readonly omitted = new Set<string>();
  readonly #mutations: Fields;
  readonly #queries: Fields;

  constructor(schema: GraphQLSchema) {
    this.#mutations = schema.getMutationType()?.getFields() ?? {};
    this.#queries = schema.getQueryType()?.getFields() ?? {};
  }

  get headers(): HeaderShape {
    const create = this.#mutations[CREATE_HEADER];
    const slots = create ? leafSlots(create.args) : [];
    if (slots.some(({ name }) => isNameOf(name, "receiverId"))) return "created";
    if (create && (this.#mutations[ATTACH_HEADER] || this.#mutations[DETACH_HEADER])) return "attached";
    const isListed = ["createWebhookReceiver", "updateWebhookReceiver"].every((name) =>
      inputSlots(this.#mutations[name]?.args ?? []).some((slot) => plain(slot.name) === "headers"),
    );
    return isListed ? "listed" : "created";
  }

  rootField(mutation: Mutation<unknown>): RootField {
    const field = this.#mutations[mutation.field];
    if (!field) throw missingName(mutation.field);
    const args = new Placement(mutation).arguments(field.args);
    return { field: mutation.field, args, selection: this.#payload(field.type, mutation) };
  }

  receivers(): List {
    return this.#list(RECEIVERS, RECEIVER_SELECTION);
  }

  subscriptions(): List | undefined {
    return ifWritable(() => this.#list(SUBSCRIPTIONS, SUBSCRIPTION_NODE));
  }

  receiversById(ids: readonly string[]): Operation | undefined {
    const field = this.#queries[RECEIVER];
    const argument = field?.args.find(({ name }) => isNameOf(name, "id", "webhookReceiver"));
    if (!field || !argument || field.args.some((other) => other !== argument && isRequiredArgument(other)))
      return undefined;
    const selection = ifWritable(() => this.#select(field.type, RECEIVER_SELECTION, "query"));
    if (!selection) return undefined;
    const types = Object.fromEntries(ids.map((_, index) => [`id${index}`, String(argument.type)]));
    const fields = ids.map((_, index) => `r${index}: ${RECEIVER}(${argument.name}: $id${index}) ${selection}`);
    const variables = Object.fromEntries(ids.map((id, index) => [`id${index}`, convert(argument.type, id)]));
    return { document: queryDocument("WebhookReceiversById", types, fields.join(" ")), variables };
  }

  /** Whether ION shows the etag of the object that a mutation returns. */
  showsEtag(mutation: string): boolean {
    const payload = getNamedType(this.#mutations[mutation]?.type);
    if (!isObjectType(payload)) return false;
    const types = [payload, ...Object.values(payload.getFields()).map(({ type }) => getNamedType(type))];
    return types.some((type) => isObjectType(type) && findField(type.getFields(), ETAG_FIELD) !== undefined);
  }

  eventNames() {
    const slots = leafSlots(this.#mutations[CREATE_SUBSCRIPTION]?.args ?? []);
    const namesOf = (field: string) => {
      const type = getNamedType(slots.find(({ name }) => name === field)?.type);
      return isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
    };
    return { resource: namesOf("resource"), action: namesOf("action") };
  }

  /** A list as the schema has it: a connection of edges or nodes, or a plain list, with the paging that it offers. */
  #list(name: string, node: Selection): List {
    const field = this.#queries[name];
    if (!field) throw missingName(name);
    const named = (names: readonly string[]) => field.args.find((argument) => names.includes(plain(argument.name)));
    const [after, offset] = [named(["after"]), named(["offset", "skip"])];
    const size = named(["first", "limit"]);
    const type = getNamedType(field.type);
    const connection = isObjectType(type) && !isListType(getNullableType(field.type)) ? type.getFields() : undefined;
    const paging = offset && size ? "offset" : after || (size && connection) ? "cursor" : "none";
    const used = new Map<string, GraphQLArgument>();
    if (size && paging !== "none") used.set("first", size);
    if (after && paging === "cursor") used.set("after", after);
    if (offset && paging === "offset") used.set("offset", offset);
    for (const argument of field.args.filter(isRequiredArgument)) {
      const isSent = [...used].some(([use, other]) => other === argument && use !== "after");
      if (!isSent) throw requiredValue(name, argument.name);
    }
    const written = [...used.values()].map((argument) => `${argument.name}: $${argument.name}`).join(", ");
    const selection = this.#select(field.type, connection ? this.#page(connection, node) : node, "query");
    return {
      field: name,
      document: queryDocument(
        capitalize(name),
        Object.fromEntries([...used.values()].map((argument) => [argument.name, String(argument.type)])),
        `${name}${written && `(${written})`} ${selection}`,
      ),
      variables: (position) => {
        if (position.after !== undefined && !after) throw missingName(`${name}.after`);
        const values: Position & { readonly first: number } = { first: PAGE_SIZE, ...position };
        return Object.fromEntries(
          [...used].flatMap(([use, argument]) => {
            const value = values[use as keyof typeof values];
            return value === undefined ? [] : [[argument.name, value]];
          }),
        );
      },
      paging,
    };
  }

  #page(connection: Fields, node: Selection): Selection {
    const edge = getNamedType(connection.edges?.type);
    const hasCursor = isObjectType(edge) && "cursor" in edge.getFields();
    const pageInfo: Selection = hasCursor ? { hasNextPage: true } : { hasNextPage: true, endCursor: true };
    if (!edge && connection.nodes) return { nodes: node, ...(connection.pageInfo && { pageInfo }) };
    return { edges: { cursor: true, node }, pageInfo };
  }

  /** What to ask for of a mutation's answer: the object that it returns or a confirmation, and its own errors. */
  #payload(type: GraphQLOutputType, { object, selection }: Mutation<unknown>): string {
    const payload = getNamedType(type);
    if (!isObjectType(payload)) return "";
    const fields = payload.getFields();
    const errors = fields.errors && isErrorList(fields.errors) ? ` ${errorSelection(fields.errors)}` : "";
    const isWhole = (name: string) => {
      const type = getNamedType(fields[name]?.type);
      return isObjectType(type) && (isNameOf(name, object) || plain(type.name) === plain(object));
    };
    const below = Object.keys(fields).find((name) => name === object) ?? Object.keys(fields).find(isWhole);
    if (!selection) {
      const confirmation = CONFIRMATIONS.find((name) => isLeafType(getNamedType(fields[name]?.type)));
      return `{ ${confirmation ?? "__typename"}${errors} }`;
    }
    if (below !== undefined) {
      const alias = below === object ? object : `${object}: ${below}`;
      return `{ ${alias} ${this.#select(fields[below]?.type, selection, "mutation")}${errors} }`;
    }
    if ("id" in fields) return this.#select(type, selection, "mutation");
    throw missingName(`${payload.name}.${object}`);
  }

  /** A selection in the names of the schema. What it lacks and is optional is omitted. */
  #select(
    type: GraphQLOutputType | undefined,
    selection: Selection,
    operation: keyof typeof DISPENSABLE_FIELDS,
  ): string {
    const named = getNamedType(type);
    if (!isObjectType(named)) return "";
    const fields = named.getFields();
    const written = Object.entries(selection).flatMap(([name, below]) => {
      const field = findField(fields, name);
      if (!field) {
        const coordinate = `${named.name}.${name}`;
        if (!DISPENSABLE_FIELDS[operation].has(name)) throw missingName(coordinate);
        this.omitted.add(escapeText(coordinate));
        return [];
      }
      for (const argument of field.args.filter(isRequiredArgument)) throw requiredValue(field.name, argument.name);
      const alias = field.name === name ? name : `${name}: ${field.name}`;
      return [below === true ? alias : `${alias} ${this.#select(field.type, below, operation)}`];
    });
    return `{ ${written.length > 0 ? written.join(" ") : "__typename"} }`;
  }
}

function findField(fields: Fields, usual: string): ObjectField | undefined {
  return fields[usual] ?? Object.values(fields).find(({ name }) => isNameOf(name, usual));
}

const isErrorList = (field: ObjectField) => isListType(getNullableType(field.type));

function errorSelection(field: ObjectField): string {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) return field.name;
  const texts = ["message", "messages"].filter((name) => isLeafType(getNamedType(type.getFields()[name]?.type)));
  return `${field.name} { ${texts.join(" ") || "__typename"} }`;
}

/** What `write` writes; undefined if the schema lacks a required name. */
function ifWritable<T>(write: () => T): T | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof IonError && error.kind === "unsupported") return undefined;
    throw error;
  }
}
