/** The shape of ION's API as its live schema shows it. Loads graphql-js: import it only after ION refused a document. */
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from "graphql";
import { capitalize, escapeText } from "../../model/text.ts";
import { IonError } from "../errors.ts";
import type { Operation } from "../http/operation.ts";
import {
  type Argument,
  ATTACH_HEADER,
  CONFIRMATIONS,
  CREATE_HEADER,
  CREATE_SUBSCRIPTION,
  DETACH_HEADER,
  ETAG,
  type MutatedObject,
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
import { type HeaderShape, RUN_DOCTOR, type Shapes } from "./shapes.ts";

type Slot = GraphQLArgument | GraphQLInputField;
type Fields = ReturnType<GraphQLObjectType["getFields"]>;
type ObjectField = GraphQLField<unknown, unknown>;

/** Other names for the same thing, in lower case and without underscores. `_etag` is "etag" that way. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  receiverid: ["webhookreceiverid", "receiver", "webhookreceiver"],
  headerid: ["webhookheaderid", "header", "webhookheader"],
  webhookuri: ["webhookurl", "uri", "url"],
  key: ["name", "headerkey", "headername"],
  value: ["headervalue"],
};

/** Inputs inside of inputs at most. A schema may require one without end, which no request can satisfy. */
const MAX_DEPTH = 5;

const plain = (name: string) => name.toLowerCase().replaceAll("_", "");
/** "receiver", "subscription" or "header". */
const shortName = (object: MutatedObject) => plain(object).replace("webhook", "");

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
    const values = new Map(Object.entries(mutation.values).filter(([, value]) => value !== undefined));
    const args = new Placement(mutation, values).arguments(field.args);
    return { field: mutation.field, args, selection: this.#payload(field.type, mutation) };
  }

  receivers(): List {
    const list = this.#list(RECEIVERS, RECEIVER_SELECTION);
    if (!list) throw missingName(RECEIVERS);
    return list;
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
  #list(name: string, node: Selection): List | undefined {
    const field = this.#queries[name];
    if (!field) return undefined;
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

/** Puts the values of one mutation where the schema has a place for them. */
class Placement {
  readonly #mutation: Mutation<unknown>;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #placed = new Set<string>();

  constructor(mutation: Mutation<unknown>, values: ReadonlyMap<string, unknown>) {
    this.#mutation = mutation;
    this.#values = values;
  }

  /** @throws IonError if a value has no place, or a place has no value. */
  arguments(args: readonly GraphQLArgument[]): Record<string, Argument> {
    const placed = this.#fill(args);
    const left = [...this.#values.keys()].find((name) => name !== ETAG && !this.#placed.has(name));
    if (left !== undefined) {
      const input = args.map(({ type }) => getNamedType(type)).find(isInputObjectType);
      throw missingName(`${input?.name ?? this.#mutation.field}.${left}`);
    }
    return Object.fromEntries(
      args
        .filter(({ name }) => Object.hasOwn(placed, name))
        .map(({ name, type }) => [name, { type: String(type), value: placed[name] }]),
    );
  }

  /** Fills leaves before objects, so that a value does not go into a deeper place as well. */
  #fill(slots: readonly Slot[], depth = 0): Record<string, unknown> {
    const filled: Record<string, unknown> = {};
    for (const slot of slots) {
      const name = this.#valueFor(slot, slots);
      if (name === undefined) continue;
      this.#placed.add(name);
      filled[slot.name] = convert(slot.type, this.#values.get(name));
    }
    for (const slot of slots.filter((one) => !Object.hasOwn(filled, one.name))) {
      const inner = inputFields(slot);
      const isNeeded = isRequiredInputField(slot);
      const isUsed = inner && depth < MAX_DEPTH && (isNeeded || this.#hasPlaceIn(inner));
      if (isUsed) filled[slot.name] = this.#fill(inner, depth + 1);
      else if (isNeeded) throw requiredValue(this.#mutation.field, slot.name);
    }
    return filled;
  }

  /** Whether one of the slots takes a value that has no place yet. */
  #hasPlaceIn(slots: readonly Slot[]): boolean {
    return slots.some((slot) => {
      const name = this.#valueFor(slot, slots);
      return name !== undefined && !this.#placed.has(name);
    });
  }

  /** The value that belongs into a slot: of the same name, else of another name for the same thing. */
  #valueFor(slot: Slot, slots: readonly Slot[]): string | undefined {
    const type = getNamedType(slot.type);
    const { object } = this.#mutation;
    if (this.#values.has(slot.name)) return slot.name;
    const names = [...this.#values.keys()].filter((name) => !slots.some((other) => other.name === name));
    const isLeaf = isLeafType(type);
    return (
      names.find((name) => (isLeaf || name === "headers") && isNameOf(slot.name, name, object)) ??
      (isLeaf ? this.#remainingId(slot, slots, names) : undefined)
    );
  }

  /** Of the two ids that attach a header, the one whose name says nothing about receivers. */
  #remainingId({ name }: Slot, slots: readonly Slot[], names: readonly string[]): string | undefined {
    if (!names.includes("receiverId") || !this.#values.has("headerId")) return undefined;
    const [header] = slots.filter((other) => plain(other.name).includes("header"));
    const isReceiver = header && plain(name) !== ETAG && name !== header.name && plain(name).endsWith("id");
    return isReceiver && !slots.some((other) => isNameOf(other.name, "receiverId")) ? "receiverId" : undefined;
  }
}

/** Whether a name in the schema means the same as a usual name. Of an object's own mutation, `receiverId` is its id. */
function isNameOf(name: string, usual: string, object?: MutatedObject): boolean {
  const [found, wanted] = [plain(name), plain(usual)];
  if (found === wanted || SYNONYMS[wanted]?.includes(found)) return true;
  if (wanted === "id" && object) return [`${shortName(object)}id`, `${plain(object)}id`].includes(found);
  return wanted.startsWith("webhook") && found === wanted.replace("webhook", "");
}

function findField(fields: Fields, usual: string): ObjectField | undefined {
  return fields[usual] ?? Object.values(fields).find(({ name }) => isNameOf(name, usual));
}

/** The fields of an input object; undefined if a slot takes something else. */
function inputFields({ type }: Slot): readonly Slot[] | undefined {
  const named = getNamedType(type);
  const isObject = isInputObjectType(named) && !isListType(getNullableType(type));
  return isObject ? Object.values(named.getFields()) : undefined;
}

/** All slots, including those of inputs, each input once: inputs may contain themselves. */
function inputSlots(slots: readonly Slot[], seen = new Set<unknown>()): Slot[] {
  return slots.flatMap((slot) => {
    const type = getNamedType(slot.type);
    if (!isInputObjectType(type) || seen.has(type)) return [slot];
    seen.add(type);
    return [slot, ...inputSlots(Object.values(type.getFields()), seen)];
  });
}

const leafSlots = (slots: readonly Slot[]) => inputSlots(slots).filter(({ type }) => isLeafType(getNamedType(type)));

const isErrorList = (field: ObjectField) => isListType(getNullableType(field.type));

function errorSelection(field: ObjectField): string {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) return field.name;
  const texts = ["message", "messages"].filter((name) => isLeafType(getNamedType(type.getFields()[name]?.type)));
  return `${field.name} { ${texts.join(" ") || "__typename"} }`;
}

/** A value in the type that the schema asks for. Other values are validated by ION. */
function convert(type: GraphQLInputType, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => convert(type, item));
  const named = getNamedType(type);
  if (isInputObjectType(named) && value !== null && typeof value === "object") {
    const slots = Object.values(named.getFields());
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => {
        const slot = slots.find((one) => one.name === name) ?? slots.find((one) => isNameOf(one.name, name));
        if (!slot) throw missingName(`${named.name}.${name}`);
        return [slot.name, convert(slot.type, part)];
      }),
    );
  }
  if (isEnumType(named) && typeof value === "string" && !named.getValue(value)) {
    throw new IonError("refused", `${escapeText(named.name)} has no value ${escapeText(value)}.`);
  }
  if (named.name === "Int" && typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  if (named.name === "String" && typeof value === "number") return String(value);
  return value;
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

function missingName(coordinate: string): IonError {
  return new IonError("unsupported", `ION's schema has no ${escapeText(coordinate)}.`, { hints: [RUN_DOCTOR] });
}

function requiredValue(field: string, name: string): IonError {
  const reason =
    plain(name) === ETAG
      ? "requires an etag (the version of an object), but ION's schema shows none for this object"
      : `requires ${escapeText(name)}, which pulumi-ion does not send`;
  return new IonError("unsupported", `${escapeText(field)} ${reason}.`, { hints: [RUN_DOCTOR] });
}
