/** Meets an ION whose schema is not as inferred: what it lacks is left out, or said by name. */
import type { GraphQLSchema, IntrospectionQuery, TypeNode } from "graphql";
import { IonError, isIonError } from "../errors.ts";
import type { Answer, Operation } from "../http/client.ts";
import { RETRIES } from "../http/retry.ts";
import { DISPENSABLE_ARGUMENTS, DISPENSABLE_FIELDS, ETAG } from "../operations.ts";

type GraphQL = typeof import("graphql");
type Ask = (operation: Operation) => Promise<Answer>;

/** What to type where ION's schema is not as inferred. */
export const DOCTOR = "Run `npx pulumi-ion doctor`: it lists every name that differs.";

/**
 * Asks ION for its whole schema. Loads graphql-js when it is called: a usual run needs neither.
 *
 * @throws IonError where ION does not show it.
 */
export async function introspect(ask: Ask): Promise<GraphQLSchema> {
  const { buildClientSchema, getIntrospectionQuery } = await import("graphql");
  const { data, problems } = await ask({ document: getIntrospectionQuery({ descriptions: false }) });
  try {
    return buildClientSchema(data as unknown as IntrospectionQuery);
  } catch {
    const said = problems.map(({ message }) => message).join("; ") || "its answer is none";
    throw new IonError("unexpectedAnswer", `ION does not show its schema: ${said}.`);
  }
}

/** ION's schema as it is: asked for once a document has been refused, and held against all documents from then on. */
export class LiveSchema {
  #schema: Promise<GraphQLSchema | undefined> | undefined;
  readonly #ask: Ask;
  readonly #tell: (words: string) => void;
  readonly #left = new Set<string>();

  constructor(ask: Ask, tell: (words: string) => void) {
    this.#ask = ask;
    this.#tell = tell;
  }

  /** The schema, asked for once; undefined where ION does not show it. */
  read(): Promise<GraphQLSchema | undefined> {
    this.#schema ??= introspect(this.#ask).catch((error: unknown) => {
      // What passes is worth another question.
      if (isIonError(error) && RETRIES[error.kind].query === "retry") this.#schema = undefined;
      return undefined;
    });
    return this.#schema;
  }

  /**
   * An operation in the names that this ION knows; undefined where nothing has been refused yet, or nothing differs.
   *
   * @throws IonError "unsupported" that names what the schema lacks, where the operation cannot do without it; "refused"
   * where an enum lacks a value.
   */
  async fitted(operation: Operation): Promise<Operation | undefined> {
    const schema = await this.#schema;
    if (!schema) return undefined;
    const { fitted, left } = fit(await import("graphql"), schema, operation);
    const news = left.filter((name) => !this.#left.has(name));
    for (const name of news) this.#left.add(name);
    if (news.length > 0) {
      this.#tell(
        `This ION's schema has no ${[...new Set(news)].join(", no ")}. pulumi-ion goes on without, and says so where it cannot. ${DOCTOR}`,
      );
    }
    return fitted;
  }
}

/** The names that the fields of a mutation's input accept, by field, whatever its types are called. */
export function namesInInput(schema: GraphQLSchema, mutation: string): Record<string, readonly string[]> {
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

/** Takes out of an operation what the schema lacks and it can do without, and gives its variables the schema's own types. */
export function fit(
  { isInputObjectType, isRequiredArgument, parse, parseType, print, TypeInfo, visit, visitWithTypeInfo, Kind }: GraphQL,
  schema: GraphQLSchema,
  operation: Operation,
): { fitted: Operation | undefined; left: string[] } {
  const given = parse(operation.document);
  const variables: Record<string, unknown> = { ...operation.variables };
  const [definition] = given.definitions;
  const dispensable = DISPENSABLE_FIELDS[definition?.kind === Kind.OPERATION_DEFINITION ? definition.operation : ""];
  const left: string[] = [];
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
            if (root || !dispensable?.has(name.value)) throw lacking(coordinate);
            left.push(coordinate);
            return null;
          }
          for (const argument of field.args.filter(isRequiredArgument)) {
            if (!args.some((other) => other.name.value === argument.name)) throw needing(name.value, argument.name);
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
          if (!absent && !DISPENSABLE_ARGUMENTS.has(name.value)) throw lacking(`${field?.name}.${name.value}`);
          return null;
        }
        if (variable === "") return undefined;
        const needed = String(type).endsWith("!") && info.getDefaultValue() === undefined;
        if (needed && variables[variable] === undefined) throw needing(String(field?.name), name.value);
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
  return { fitted: same ? undefined : { ...operation, document, variables: used }, left };

  /** A variable's value as its type takes it: names are looked at, values are ION's to judge. */
  function valueFor(field: string, type: unknown, value: unknown): unknown {
    const named = schema.getType(String(type).replace(/[[\]!]/g, ""));
    if (!isInputObjectType(named) || value === null || typeof value !== "object") return value;
    const fields = named.getFields();
    const kept = Object.entries(value).filter(([name, part]) => {
      if (part === undefined) return false;
      const inside = fields[name];
      if (inside) checkEnum(inside.type, part);
      else if (!DISPENSABLE_ARGUMENTS.has(name)) throw lacking(`${named.name}.${name}`);
      return inside !== undefined;
    });
    for (const inside of Object.values(fields)) {
      const required = String(inside.type).endsWith("!") && inside.defaultValue === undefined;
      if (required && !kept.some(([name]) => name === inside.name)) throw needing(field, inside.name);
    }
    return Object.fromEntries(kept);
  }

  function checkEnum(type: unknown, value: unknown) {
    const named = schema.getType(String(type).replace(/[[\]!]/g, ""));
    if (!named || !("getValues" in named) || typeof value !== "string") return;
    const names = named.getValues().map(({ name }) => name);
    // As ION itself would, of a value.
    if (!names.includes(value)) throw new IonError("refused", `${value} is not in its ${named.name}.`);
  }
}

function lacking(coordinate: string): IonError {
  return new IonError("unsupported", `This ION's schema has no ${coordinate}. ${DOCTOR}`);
}

function needing(field: string, name: string): IonError {
  const why =
    name === ETAG
      ? "needs the etag that the object has now, and this ION's schema shows none"
      : `needs ${name} in this ION, and pulumi-ion has none to give`;
  return new IonError("unsupported", `${field} ${why}. ${DOCTOR}`);
}
