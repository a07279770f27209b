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
 * ION's schema with the emulator's own additions.
 * @param hide - names to leave out: `rootField`, `Type.field`, `InputType.field`, `Enum.VALUE`, `rootField.argument` or
 *   `Type.field.argument`. A `Type` is renamed instead, because other types refer to it.
 * @throws {TypeError} if a name does not exist, or its type would be empty.
 */
export function typeDefs(hide: readonly string[]): DocumentNode {
  const ion = hide.reduce(removeName, parse(sdl("schema.graphql")));
  return visit(concatAST([ion, parse(sdl("emulator.graphql"))]), {
    enter: (node) =>
      "name" in node && node.name && (isType(node) || node.kind === Kind.NAMED_TYPE)
        ? { ...node, name: { ...node.name, value: visibleName(node.name.value, hide) } }
        : undefined,
  });
}

/** @throws {StoreError} if the enum does not have the value. The message suggests similar values. */
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

/** The values of an enum that are in Violet's guide, which are those that are not INFERRED. */
export function guideValues(schema: GraphQLSchema, type: string): string[] {
  return enumOf(schema, type)
    .getValues()
    .filter(({ description }) => description !== "INFERRED")
    .map(({ name }) => name);
}

/** The name of a type in a schema that hides these names. */
export function visibleName(type: string, hide: readonly string[]): string {
  return hide.includes(type) ? `Other${type}` : type;
}

// Uses the enum's own methods: graphql-js functions refuse a schema from a second copy of graphql-js.
function enumOf(schema: GraphQLSchema, type: string): GraphQLEnumType {
  return schema.getType(type) as GraphQLEnumType;
}

function removeName(document: DocumentNode, name: string): DocumentNode {
  const fullName = qualify(document, name);
  const unknownName = new TypeError(`Cannot hide ${JSON.stringify(name)}: the schema has no such name.`);
  if (["Query", "Mutation"].includes(fullName)) throw unknownName;
  const path: string[] = [];
  let found = false;
  const remaining = visit(document, {
    enter(node) {
      if (!isDefinition(node)) return undefined;
      if ([...path, node.name.value].join(".") === fullName) {
        found = true;
        // Types are renamed later, not removed.
        return isType(node) ? false : null;
      }
      path.push(node.name.value);
      return undefined;
    },
    leave(node) {
      if (!isDefinition(node)) return;
      path.pop();
      const members = node.kind === Kind.ENUM_TYPE_DEFINITION ? node.values : isType(node) ? node.fields : undefined;
      if (members?.length === 0) {
        throw new TypeError(`Cannot hide ${JSON.stringify(name)}: ${node.name.value} would be empty.`);
      }
    },
  });
  if (!found) throw unknownName;
  return remaining;
}

/** The name with its type, which root fields may omit. */
function qualify(document: DocumentNode, name: string): string {
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

// The package's own name resolves to its root from the sources and from dist.
function sdl(file: string): string {
  const root = createRequire(import.meta.url).resolve("ion-emulator/package.json");
  return readFileSync(join(root, "../graphql", file), "utf8");
}
