import {
  type DocumentNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  type OperationTypeNode,
  type TypeNode,
} from "graphql";
import type { ItemType } from "../store/store.ts";
import { innerRole, roleOf } from "./roles.ts";

/**
 * What an SDL declares, so that resolvers can serve any of it. It reads the syntax: graphql-js functions refuse a schema
 * from a second copy of graphql-js.
 */
export class Shape {
  readonly document: DocumentNode;
  readonly #fields = new Map<string, readonly FieldDefinitionNode[]>();
  readonly #inputFields = new Map<string, readonly InputValueDefinitionNode[]>();
  readonly #enums = new Map<string, readonly EnumValueDefinitionNode[]>();

  constructor(document: DocumentNode) {
    this.document = document;
    for (const node of document.definitions) {
      switch (node.kind) {
        case Kind.OBJECT_TYPE_DEFINITION:
        case Kind.OBJECT_TYPE_EXTENSION:
          this.#fields.set(node.name.value, [...(this.#fields.get(node.name.value) ?? []), ...(node.fields ?? [])]);
          break;
        case Kind.INPUT_OBJECT_TYPE_DEFINITION:
          this.#inputFields.set(node.name.value, node.fields ?? []);
          break;
        case Kind.ENUM_TYPE_DEFINITION:
          this.#enums.set(node.name.value, node.values ?? []);
      }
    }
  }

  /** The object types with what they stand for. */
  get itemTypes(): { readonly name: string; readonly type: ItemType }[] {
    return [...this.#fields.keys()].flatMap((name) => {
      const type = this.#itemTypeOf(name);
      return type ? [{ name, type }] : [];
    });
  }

  /** The name of the type that holds the queries or the mutations. */
  rootType(operation: `${OperationTypeNode}`): string {
    return rootType(this.document, operation);
  }

  /** The queries or the mutations. */
  rootFields(operation: `${OperationTypeNode}`): readonly FieldDefinitionNode[] {
    return this.#fields.get(this.rootType(operation)) ?? [];
  }

  /** The fields of an object type, in lists as well; none for other types. */
  fields(type: TypeNode | string): readonly FieldDefinitionNode[] {
    return this.#fields.get(typeof type === "string" ? type : nameOf(type)) ?? [];
  }

  /** What a type stands for: a receiver, a subscription or a header, also in a list. */
  itemType(type: TypeNode): ItemType | undefined {
    return this.#itemTypeOf(nameOf(type));
  }

  /** What the elements of a list are. It is a plain list, or an object with the list in a field or in `edges`. */
  elementType(type: TypeNode): ItemType | undefined {
    if (isList(type) || this.itemType(type)) return isList(type) ? this.itemType(type) : undefined;
    for (const field of this.fields(type).filter((field) => isList(field.type))) {
      const node = this.fields(field.type).find(({ name }) => name.value === "node");
      const element = this.itemType(field.type) ?? (node && this.itemType(node.type));
      if (element) return element;
    }
    return undefined;
  }

  /** Whether a mutation exists and has an argument, or an input field at any depth, for this role. */
  takes(mutation: string, role: string): boolean | undefined {
    const field = this.rootFields("mutation").find(({ name }) => name.value === mutation);
    return field && this.#hasRole(field.arguments ?? [], role, undefined, new Set());
  }

  /** The name of the enum that is the type of a property, if it is an enum. */
  enumOf(property: string): string | undefined {
    const fields = [...this.#fields.values(), ...this.#inputFields.values()].flat();
    const values = fields.flatMap((field) => [field, ...("arguments" in field ? (field.arguments ?? []) : [])]);
    return values
      .filter(({ name }) => name.value === property)
      .map(({ type }) => nameOf(type))
      .find((type) => this.#enums.has(type));
  }

  /** The values of an enum. */
  enumValues(type: string): readonly EnumValueDefinitionNode[] {
    return this.#enums.get(type) ?? [];
  }

  #hasRole(
    values: readonly InputValueDefinitionNode[],
    role: string,
    outer: string | undefined,
    visited: ReadonlySet<string>,
  ): boolean {
    return values.some(({ name, type }) => {
      const inner = this.#inputFields.get(nameOf(type));
      if (!inner) return innerRole(name.value, outer) === role;
      if (visited.has(nameOf(type))) return false;
      return this.#hasRole(inner, role, roleOf(name.value), new Set([...visited, nameOf(type)]));
    });
  }

  // By fields, because the name of a type can be any.
  #itemTypeOf(type: string): ItemType | undefined {
    const names = new Set(this.#fields.get(type)?.map(({ name }) => name.value));
    const has = (...candidates: string[]) => candidates.some((name) => names.has(name));
    if (has("webhookUri", "sharedSecret", "expectedResponseCode", "contentType")) return "receiver";
    if (has("resource", "action")) return "subscription";
    return has("key", "value") ? "header" : undefined;
  }
}

/** A name with a capital letter. */
export const capitalize = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** The name of the type that holds the queries or the mutations of a document. */
export function rootType(document: DocumentNode, operation: `${OperationTypeNode}`): string {
  const types = document.definitions.flatMap((node) =>
    node.kind === Kind.SCHEMA_DEFINITION ? node.operationTypes : [],
  );
  const declared = types.find((type) => type.operation === operation);
  return declared?.type.name.value ?? capitalize(operation);
}

export function isNonNull(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE;
}

export function isList(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isList(type.type) : type.kind === Kind.LIST_TYPE;
}

/** The name of a type without its lists and exclamation marks. */
export function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
