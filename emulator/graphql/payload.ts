import type { FieldDefinitionNode, TypeNode } from "graphql";
import type { Item, ItemType } from "../store/store.ts";
import { isList, isNonNull, nameOf, type Shape } from "./shape.ts";

/** What a mutation did: the object that it changed, and other objects that its payload can contain. */
export interface Outcome {
  readonly changed: ItemType;
  readonly items: { readonly [type in ItemType]?: Item | undefined };
}

/** The value of a mutation: the object, its id, true, or an object of such values. */
export function payloadOf(shape: Shape, type: TypeNode, { changed, items }: Outcome): unknown {
  const itemType = shape.itemType(type);
  if (itemType) return items[itemType];
  const fields = shape.fields(type);
  if (fields.length === 0) return nameOf(type) === "Boolean" || items[changed]?.id;

  const fieldValue = ({ name: { value: name }, type }: FieldDefinitionNode) => {
    const itemType = shape.itemType(type);
    if (itemType && !isList(type)) return items[itemType];
    if (isList(type)) return isNonNull(type) ? [] : null;
    if (nameOf(type) === "Boolean") return true;
    if (/header/i.test(name)) return items.header?.id;
    return name !== "clientMutationId" && /id$/i.test(name) ? items[changed]?.id : null;
  };
  return Object.fromEntries(fields.map((field) => [field.name.value, fieldValue(field)]));
}

/** The payload of a refused mutation, or undefined if it has no field for errors. */
export function refusalOf(shape: Shape, type: TypeNode, message: string): object | undefined {
  const fields = shape.fields(type);
  const errors = fields.find(({ name }) => name.value === "errors");
  if (!errors) return undefined;
  const error = shape.fields(errors.type).length > 0 ? { message } : message;
  const failures = fields.filter(({ type }) => nameOf(type) === "Boolean").map(({ name }) => [name.value, false]);
  return { ...Object.fromEntries(failures), errors: [error] };
}
