/** Where the values of a mutation go in the arguments that ION's schema shows. Loads graphql-js, as liveShapes.ts does. */
import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isRequiredInputField,
} from "graphql";
import { escapeText } from "../../model/text.ts";
import { IonError } from "../errors.ts";
import { type Argument, ETAG, type MutatedObject, type Mutation } from "../operations/mutations.ts";
import { RUN_DOCTOR } from "./shapes.ts";

type Slot = GraphQLArgument | GraphQLInputField;

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

/** A name in the one spelling that names with other case or underscores share. */
export const plain = (name: string) => name.toLowerCase().replaceAll("_", "");

/** Puts the values of one mutation where the schema has a place for them. */
export class Placement {
  readonly #mutation: Mutation<unknown>;
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #placed = new Set<string>();

  constructor(mutation: Mutation<unknown>) {
    this.#mutation = mutation;
    this.#values = new Map(Object.entries(mutation.values).filter(([, value]) => value !== undefined));
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
export function isNameOf(name: string, usual: string, object?: MutatedObject): boolean {
  const [found, wanted] = [plain(name), plain(usual)];
  if (found === wanted || SYNONYMS[wanted]?.includes(found)) return true;
  if (wanted === "id" && object)
    return [`${plain(object).replace("webhook", "")}id`, `${plain(object)}id`].includes(found);
  return wanted.startsWith("webhook") && found === wanted.replace("webhook", "");
}

/** The fields of an input object; undefined if a slot takes something else. */
function inputFields({ type }: Slot): readonly Slot[] | undefined {
  const named = getNamedType(type);
  const isObject = isInputObjectType(named) && !isListType(getNullableType(type));
  return isObject ? Object.values(named.getFields()) : undefined;
}

/** All slots, including those of inputs, each input once: inputs may contain themselves. */
export function inputSlots(slots: readonly Slot[], seen = new Set<unknown>()): Slot[] {
  return slots.flatMap((slot) => {
    const type = getNamedType(slot.type);
    if (!isInputObjectType(type) || seen.has(type)) return [slot];
    seen.add(type);
    return [slot, ...inputSlots(Object.values(type.getFields()), seen)];
  });
}

/** All slots that take a single value. */
export const leafSlots = (slots: readonly Slot[]) =>
  inputSlots(slots).filter(({ type }) => isLeafType(getNamedType(type)));

/** A value in the type that the schema asks for. Other values are validated by ION. */
export function convert(type: GraphQLInputType, value: unknown): unknown {
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

/** The error if a schema lacks a name that is needed. */
export function missingName(coordinate: string): IonError {
  return new IonError("unsupported", `ION's schema has no ${escapeText(coordinate)}.`, { hints: [RUN_DOCTOR] });
}

/** The error if a schema requires a value that is not sent. */
export function requiredValue(field: string, name: string): IonError {
  const reason =
    plain(name) === ETAG
      ? "requires an etag (the version of an object), but ION's schema shows none for this object"
      : `requires ${escapeText(name)}, which pulumi-ion does not send`;
  return new IonError("unsupported", `${escapeText(field)} ${reason}.`, { hints: [RUN_DOCTOR] });
}
