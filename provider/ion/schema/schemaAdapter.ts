/** Adapts documents to an ION whose schema is not as inferred: what it lacks is omitted, or reported by name. */
import type { GraphQLSchema, IntrospectionQuery, TypeNode } from "graphql";
import { escapeText } from "../../model/text.ts";
import { IonError, isIonError } from "../errors.ts";
import type { Execute, Operation } from "../http/operation.ts";
import { RETRY_POLICY } from "../http/retry.ts";
import { DISPENSABLE_ARGUMENTS, DISPENSABLE_FIELDS, ETAG } from "../operations.ts";
import { messagesOf } from "../problems.ts";

type GraphQL = typeof import("graphql");

/** What to do if ION's schema is not as inferred. */
export const RUN_DOCTOR = "Run `npx --no-install pulumi-ion doctor`: it lists every name that differs.";

/**
 * Reads ION's whole schema. Loads graphql-js, which a usual run does not need.
 *
 * @throws IonError if ION does not show it.
 */
export async function introspect(execute: Execute): Promise<GraphQLSchema> {
  const { buildClientSchema, getIntrospectionQuery } = await import("graphql");
  const { data, problems } = await execute({ document: getIntrospectionQuery({ descriptions: false }) });
  try {
    return buildClientSchema(data as unknown as IntrospectionQuery);
  } catch {
    const reason = messagesOf(problems) || "its answer is not a schema.";
    throw new IonError("unexpectedAnswer", `ION does not show its schema: ${reason}`);
  }
}

/** ION's live schema: read after a document was refused, and used to adapt all documents from then on. */
export class LiveSchema {
  #schema: Promise<GraphQLSchema | undefined> | undefined;
  readonly #execute: Execute;
  readonly #warn: (message: string) => void;
  readonly #reported = new Set<string>();

  constructor(execute: Execute, warn: (message: string) => void) {
    this.#execute = execute;
    this.#warn = warn;
  }

  /** The schema, read once; undefined if ION does not show it. */
  read(): Promise<GraphQLSchema | undefined> {
    this.#schema ??= introspect(this.#execute).catch((error: unknown) => {
      // A transient failure is worth another attempt.
      if (isIonError(error) && RETRY_POLICY[error.kind].query === "retry") this.#schema = undefined;
      return undefined;
    });
    return this.#schema;
  }

  /**
   * The operation in the names of the live schema; undefined if nothing was refused yet, or nothing differs.
   *
   * @throws IonError "unsupported" if the schema lacks a required name; "refused" if an enum lacks a value.
   */
  async adapt(operation: Operation): Promise<Operation | undefined> {
    const schema = await this.#schema;
    if (!schema) return undefined;
    const { adapted, dropped } = adaptToSchema(await import("graphql"), schema, operation);
    const names = [...new Set(dropped)].filter((name) => !this.#reported.has(name));
    for (const name of names) this.#reported.add(name);
    if (names.length > 0) {
      this.#warn(
        `ION's schema lacks ${names.join(", ")}. pulumi-ion omits what is missing, and reports what it cannot do. ${RUN_DOCTOR}`,
      );
    }
    return adapted;
  }
}

/** The enum values that the fields of a mutation's input accept, by field. */
export function enumNamesOfInput(schema: GraphQLSchema, mutation: string): Record<string, readonly string[]> {
  const named = (type: unknown) => schema.getType(String(type).replace(/[[\]!]/g, ""));
  const [argument] = schema.getMutationType()?.getFields()[mutation]?.args ?? [];
  const input = named(argument?.type);
  const fields = input && "getFields" in input ? Object.values(input.getFields()) : [];
  return Object.fromEntries(
    fields.flatMap(({ name, type }) => {
      const values = named(type);
      return values && "getValues" in values ? [[name, values.getValues().map((value) => value.name)]] : [];
    }),
  );
}

/** Removes from an operation what the schema lacks and what is dispensable, and gives its variables the schema's types. */
export function adaptToSchema(
  { isInputObjectType, isRequiredArgument, parse, parseType, print, TypeInfo, visit, visitWithTypeInfo, Kind }: GraphQL,
  schema: GraphQLSchema,
  operation: Operation,
): { adapted: Operation | undefined; dropped: string[] } {
  const given = parse(operation.document);
  const variables: Record<string, unknown> = { ...operation.variables };
  const [definition] = given.definitions;
  const dispensable = DISPENSABLE_FIELDS[definition?.kind === Kind.OPERATION_DEFINITION ? definition.operation : ""];
  const dropped: string[] = [];
  const types = new Map<string, TypeNode>();
  const info = new TypeInfo(schema);
  const roots = [schema.getQueryType(), schema.getMutationType()];

  const shown = visit(
    given,
    visitWithTypeInfo(info, {
      Field: {
        enter({ name, arguments: args = [] }) {
          const parent = info.getParentType();
          const field = info.getFieldDef();
          if (!field) {
            const root = !parent || roots.some((type) => type === parent);
            const coordinate = root ? name.value : `${parent.name}.${name.value}`;
            if (root || !dispensable?.has(name.value)) throw missingName(coordinate);
            dropped.push(escapeText(coordinate));
            return null;
          }
          for (const argument of field.args.filter(isRequiredArgument)) {
            if (!args.some((other) => other.name.value === argument.name))
              throw requiredArgument(name.value, argument.name);
          }
          return undefined;
        },
        leave(node) {
          if (node.selectionSet?.selections.length !== 0) return undefined;
          const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } } as const;
          return { ...node, selectionSet: { kind: Kind.SELECTION_SET, selections: [typename] } };
        },
      },
      Argument({ name, value }) {
        const field = info.getFieldDef();
        const type = info.getArgument()?.type;
        const variable = value.kind === Kind.VARIABLE ? value.name.value : "";
        if (!type) {
          const absent = variable !== "" && variables[variable] === undefined;
          if (!absent && !DISPENSABLE_ARGUMENTS.has(name.value)) throw missingName(`${field?.name}.${name.value}`);
          return null;
        }
        if (variable === "") return undefined;
        const needed = String(type).endsWith("!") && info.getDefaultValue() === undefined;
        if (needed && variables[variable] === undefined) throw requiredArgument(String(field?.name), name.value);
        types.set(variable, parseType(String(type)));
        variables[variable] = valueFor(String(field?.name), type, variables[variable]);
        return undefined;
      },
    }),
  );
  const typed = visit(shown, {
    VariableDefinition(node) {
      const type = types.get(node.variable.name.value);
      if (!type) return null;
      const fits = [print(type), `${print(type)}!`].includes(print(node.type));
      return fits ? undefined : { ...node, type };
    },
  });

  const used = Object.fromEntries(Object.entries(variables).filter(([name]) => types.has(name)));
  const document = print(typed);
  const same = document === print(given) && JSON.stringify(used) === JSON.stringify(operation.variables ?? {});
  return { adapted: same ? undefined : { ...operation, document, variables: used }, dropped };

  /** A variable's value without the fields that its type lacks. Values are validated by ION. */
  function valueFor(field: string, type: unknown, value: unknown): unknown {
    const named = schema.getType(String(type).replace(/[[\]!]/g, ""));
    if (!isInputObjectType(named) || value === null || typeof value !== "object") return value;
    const fields = named.getFields();
    const kept = Object.entries(value).filter(([name, part]) => {
      if (part === undefined) return false;
      const inside = fields[name];
      if (inside) checkEnum(inside.type, part);
      else if (!DISPENSABLE_ARGUMENTS.has(name)) throw missingName(`${named.name}.${name}`);
      return inside !== undefined;
    });
    for (const inside of Object.values(fields)) {
      const required = String(inside.type).endsWith("!") && inside.defaultValue === undefined;
      if (required && !kept.some(([name]) => name === inside.name)) throw requiredArgument(field, inside.name);
    }
    return Object.fromEntries(kept);
  }

  function checkEnum(type: unknown, value: unknown) {
    const named = schema.getType(String(type).replace(/[[\]!]/g, ""));
    if (!named || !("getValues" in named) || typeof value !== "string") return;
    const names = named.getValues().map(({ name }) => name);
    if (!names.includes(value))
      throw new IonError("refused", `${escapeText(named.name)} has no value ${escapeText(value)}.`);
  }
}

function missingName(coordinate: string): IonError {
  return new IonError("unsupported", `ION's schema has no ${escapeText(coordinate)}.`, { hints: [RUN_DOCTOR] });
}

function requiredArgument(field: string, name: string): IonError {
  const reason =
    name === ETAG
      ? "requires an etag (the version of an object), but ION's schema shows none for this object"
      : `requires ${escapeText(name)}, which pulumi-ion does not send`;
  return new IonError("unsupported", `${escapeText(field)} ${reason}.`, { hints: [RUN_DOCTOR] });
}
