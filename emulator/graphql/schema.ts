import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import {
  type ASTNode,
  concatAST,
  type DocumentNode,
  type EnumValueDefinitionNode,
  type GraphQLEnumType,
  type GraphQLSchema,
  Kind,
  parse,
  visit,
} from "graphql";
import { StoreError } from "../store/validation.ts";
import { rootType, Shape } from "./shape.ts";

/** ION's events, and the enums of the schema that contain them. */
export interface Events {
  readonly resources: readonly string[];
  readonly actions: readonly string[];
  /** The resources that are in Violet's guide, which are those that are not INFERRED. */
  readonly guideResources: readonly string[];
  readonly resourceType: string;
  readonly actionType: string;
}

/**
 * The shape of ION's schema.
 * @param text - the SDL of the webhook part; undefined for the default
 * @param hide - names to leave out: `rootField`, `Type.field`, `InputType.field`, `Enum.VALUE`, `rootField.argument` or
 *   `Type.field.argument`. A `Type` is renamed instead, because other types refer to it.
 * @throws {TypeError} if the SDL has a syntax error or no mutations, a name to hide does not exist, or its type would be
 *   empty.
 */
export function readShape(text: string | undefined, hide: readonly string[]): Shape {
  const ion = hide.reduce(removeName, text === undefined ? defaultSchema() : orInvalid(() => parse(text)));
  const renamed = (type: string) => (hide.includes(type) ? `Other${type}` : type);
  const shape = new Shape(renameTypes(ion, renamed));
  if (shape.rootFields("mutation").length === 0) throw new TypeError("The schema is invalid: it has no mutations.");
  return shape;
}

/** @throws {TypeError} if the schema is invalid, with the first reason. */
export function orInvalid<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new TypeError(`The schema is invalid: ${reason}`);
  }
}

/** The events of a shape: the values of its enums, or ION's if it has strings instead. */
export function eventsOf(shape: Shape): Events {
  const ion = new Shape(defaultSchema());
  const [resources, actions] = [ion.enumValues("ResourceEnum"), ion.enumValues("WebhookSubscriptionActionsEnum")];
  const [resourceType, actionType] = [shape.enumOf("resource"), shape.enumOf("action")];
  const namesIn = (type: string | undefined, values: readonly EnumValueDefinitionNode[]) =>
    (type === undefined ? values : shape.enumValues(type)).map(({ name }) => name.value);
  const known = resources.filter(({ description }) => description?.value !== "INFERRED");
  const resourceNames = namesIn(resourceType, resources);
  return {
    resources: resourceNames,
    actions: namesIn(actionType, actions),
    guideResources: known.map(({ name }) => name.value).filter((name) => resourceNames.includes(name)),
    resourceType: resourceType ?? "EmulatorResource",
    actionType: actionType ?? "EmulatorAction",
  };
}

/** The emulator's own additions to a shape. */
export function emulatorTypes(shape: Shape, events: Events): DocumentNode {
  const names: Record<string, string> = {
    Mutation: shape.rootType("mutation"),
    ResourceEnum: events.resourceType,
    WebhookSubscriptionActionsEnum: events.actionType,
  };
  const additions = renameTypes(parse(sdl("emulator.graphql")), (type) => names[type] ?? type);
  const enums = [
    [events.resourceType, events.resources],
    [events.actionType, events.actions],
  ] as const;
  const missing = enums
    .filter(([name]) => shape.enumValues(name).length === 0)
    .map(([name, values]) => parse(`"EMULATOR: not ION's." enum ${name} { ${values.join(" ")} }`));
  return concatAST([additions, ...missing]);
}

/** @throws {StoreError} if the enum does not have the value. The message suggests similar values. */
export function checkEnumValue(schema: GraphQLSchema, type: string, value: string): void {
  try {
    // Uses the enum's own methods: graphql-js functions refuse a schema from a second copy of graphql-js.
    (schema.getType(type) as GraphQLEnumType).parseValue(value);
  } catch (error) {
    throw new StoreError(error instanceof Error ? error.message : String(error));
  }
}

function renameTypes(document: DocumentNode, rename: (type: string) => string): DocumentNode {
  return visit(document, {
    enter: (node) =>
      "name" in node && node.name && (isType(node) || isTypeReference(node))
        ? { ...node, name: { ...node.name, value: rename(node.name.value) } }
        : undefined,
  });
}

function isTypeReference(node: ASTNode): boolean {
  return node.kind === Kind.NAMED_TYPE || node.kind === Kind.OBJECT_TYPE_EXTENSION;
}

function removeName(document: DocumentNode, name: string): DocumentNode {
  const fullName = qualify(document, name);
  const unknownName = new TypeError(`Cannot hide ${JSON.stringify(name)}: the schema has no such name.`);
  if (rootTypes(document).includes(fullName)) throw unknownName;
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
    if (type.kind !== Kind.OBJECT_TYPE_DEFINITION || !rootTypes(document).includes(type.name.value)) continue;
    if (type.fields?.some((field) => field.name.value === first)) return `${type.name.value}.${name}`;
  }
  return name;
}

function rootTypes(document: DocumentNode): string[] {
  return [rootType(document, "query"), rootType(document, "mutation")];
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

function defaultSchema(): DocumentNode {
  return parse(sdl("schema.graphql"));
}

// The package's own name resolves to its root from the sources and from dist.
function sdl(file: string): string {
  const root = createRequire(import.meta.url).resolve("ion-emulator/package.json");
  return readFileSync(join(root, "../graphql", file), "utf8");
}
