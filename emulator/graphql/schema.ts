import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type ASTNode,
  concatAST,
  type DocumentNode,
  type GraphQLEnumType,
  type GraphQLSchema,
  Kind,
  parse,
  visit,
} from "graphql";
import { StoreError } from "../store/validation.ts";

/**
 * ION's schema as a document, with what is the emulator's own, without the names to hide: `rootField`, `Type.field`, `InputType.field`, `Enum.VALUE`,
 * `rootField.argument` or `Type.field.argument`. A whole `Type` stays, but under another name.
 * @throws {TypeError} if a name is not there, or nothing would be left of its type.
 */
export function typeDefs(hide: readonly string[]): DocumentNode {
  const ion = hide.reduce(without, parse(sdl("schema.graphql")));
  return visit(concatAST([ion, parse(sdl("emulator.graphql"))]), {
    enter: (node) =>
      "name" in node && node.name && (isType(node) || node.kind === Kind.NAMED_TYPE)
        ? { ...node, name: { ...node.name, value: shownName(node.name.value, hide) } }
        : undefined,
  });
}

/** @throws {StoreError} if the enum has no such value; it says which ones come close. */
export function checkEnumValue(schema: GraphQLSchema, type: string, value: string): void {
  try {
    enumOf(schema, type).parseValue(value);
  } catch (error) {
    throw new StoreError(error instanceof Error ? error.message : String(error));
  }
}

/** The values of an enum. */
export function enumValues(schema: GraphQLSchema, type: string): string[] {
  return enumOf(schema, type)
    .getValues()
    .map(({ name }) => name);
}

/** The name under which a type is in a schema with these names hidden. */
export function shownName(type: string, hide: readonly string[]): string {
  return hide.includes(type) ? `Other${type}` : type;
}

// By the enum itself: graphql-js's own functions refuse a schema that a second copy of it has made.
function enumOf(schema: GraphQLSchema, type: string): GraphQLEnumType {
  return schema.getType(type) as GraphQLEnumType;
}

function without(document: DocumentNode, name: string): DocumentNode {
  const wanted = place(document, name);
  const nobody = new TypeError(`Cannot hide ${JSON.stringify(name)}: the schema has no such name.`);
  if (["Query", "Mutation"].includes(wanted)) throw nobody;
  const here: string[] = [];
  let found = false;
  const rest = visit(document, {
    enter(node) {
      if (!isDefinition(node)) return undefined;
      if ([...here, node.name.value].join(".") === wanted) {
        found = true;
        // A type is renamed later on: without it, whatever uses it would have to go as well.
        return isType(node) ? false : null;
      }
      here.push(node.name.value);
      return undefined;
    },
    leave(node) {
      if (!isDefinition(node)) return;
      here.pop();
      const members = node.kind === Kind.ENUM_TYPE_DEFINITION ? node.values : isType(node) ? node.fields : undefined;
      if (members?.length === 0) {
        throw new TypeError(`Cannot hide ${JSON.stringify(name)}: nothing would be left of ${node.name.value}.`);
      }
    },
  });
  if (!found) throw nobody;
  return rest;
}

/** The name with its type: root fields may be named without. */
function place(document: DocumentNode, name: string): string {
  const [first] = name.split(".");
  for (const type of document.definitions) {
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION || !["Query", "Mutation"].includes(type.name.value)) continue;
    if (type.fields?.some((field) => field.name.value === first)) return `${type.name.value}.${name}`;
  }
  return name;
}

const typeKinds = [Kind.OBJECT_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION] as const;
const memberKinds = [Kind.FIELD_DEFINITION, Kind.INPUT_VALUE_DEFINITION, Kind.ENUM_VALUE_DEFINITION] as const;

type Type = Extract<ASTNode, { kind: (typeof typeKinds)[number] }>;
type Member = Extract<ASTNode, { kind: (typeof memberKinds)[number] }>;

function isType(node: ASTNode): node is Type {
  return (typeKinds as readonly Kind[]).includes(node.kind);
}

function isDefinition(node: ASTNode): node is Type | Member {
  return isType(node) || (memberKinds as readonly Kind[]).includes(node.kind);
}

// The package's own name leads to its root from the sources and from dist alike.
function sdl(file: string): string {
  const root = createRequire(import.meta.url).resolve("ion-emulator/package.json");
  return readFileSync(join(root, "../graphql", file), "utf8");
}
