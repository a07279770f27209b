/** Compares ION's schema with everything that this package sends. Loads graphql-js: import it only to check a schema. */
import { type FieldNode, type GraphQLSchema, getVariableValues, Kind, parse, validate } from "graphql";
import { ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import { isIonError } from "../errors.ts";
import { permissionFor } from "../facts.ts";
import type { Operation } from "../http/operation.ts";
import { RECEIVERS } from "../operations/queries.ts";
import { LiveShapes } from "./liveShapes.ts";
import { NEEDED_PERMISSIONS, type OperationSample, operationSamples } from "./operationSamples.ts";
import { type Shapes, USUAL_SHAPES } from "./shapes.ts";

/** How one operation matches ION's schema. */
export interface OperationFacts extends Pick<OperationSample, "purpose" | "field" | "inGuide" | "isPart"> {
  /** "works" as usual, "adapted" if it works in another shape or without what is missing, "unsupported" if it does not work. */
  readonly outcome: "works" | "adapted" | "unsupported";
  /** The differences, in graphql-js's words. */
  readonly differences: readonly string[];
  /** Why it does not work. */
  readonly reason?: string;
  /** How it is sent: `deleteWebhookReceiver(id, etag)`. */
  readonly shape?: string;
}

/** How ION's schema matches everything that this package sends. */
export interface SchemaFacts {
  readonly types: number;
  readonly operations: readonly OperationFacts[];
  /** Permissions that only this shape of ION's API needs. */
  readonly morePermissions: readonly string[];
  /** Whether it has a list of receivers. */
  readonly hasList: boolean;
  readonly resources: NameFacts;
  readonly actions: NameFacts;
  /** Root fields about webhooks that this package does not use. */
  readonly unused: readonly string[];
}

/** The names in a schema compared with those that this package knows. */
export interface NameFacts {
  readonly known: number;
  /** Known, but not in the schema. */
  readonly missing: readonly string[];
  /** In the schema, but not known. */
  readonly additional: readonly string[];
}

/** Compares every operation with a schema. */
export function checkSchema(schema: GraphQLSchema): SchemaFacts {
  const shapes = new LiveShapes(schema);
  const names = shapes.eventNames();
  const samples = operationSamples(VIOLET_RESOURCES.find((name) => names.resource.includes(name)));
  const fields = samples.flatMap(({ build }) => fieldsOf(build, shapes));
  const used = new Set([...fields, ...samples.map(({ field }) => field)]);
  const queries = schema.getQueryType()?.getFields() ?? {};
  const mutations = schema.getMutationType()?.getFields() ?? {};
  return {
    types: Object.keys(schema.getTypeMap()).length,
    morePermissions: [...new Set(fields)]
      .filter((field) => field in mutations)
      .map(permissionFor)
      .filter((permission) => !NEEDED_PERMISSIONS.includes(permission)),
    hasList: RECEIVERS in queries,
    operations: samples.map((sample) => checkSample(schema, shapes, sample)),
    resources: compareNames(VIOLET_RESOURCES, names.resource),
    actions: compareNames(ACTIONS, names.action),
    unused: Object.keys({ ...queries, ...mutations }).filter((name) => /webhook/i.test(name) && !used.has(name)),
  };
}

function checkSample(schema: GraphQLSchema, shapes: LiveShapes, sample: OperationSample): OperationFacts {
  const { build, etagFrom, ...about } = sample;
  const etag = etagFrom && shapes.showsEtag(etagFrom(shapes)) ? "sample" : undefined;
  const usual = build(USUAL_SHAPES, "sample");
  const differences = problemsWith(schema, usual);
  try {
    const live = build(shapes, etag);
    const shape = describeShape(live);
    const [problem] = problemsWith(schema, live);
    if (problem) return { ...about, outcome: "unsupported", differences, reason: problem };
    if (differences.length > 0) return { ...about, outcome: "adapted", differences, shape };
    if (live.document === usual.document) return { ...about, outcome: "works", differences, shape };
    const count = (operation: Operation) => rootFields(operation.document).length;
    const difference =
      count(live) > count(usual)
        ? "ION's headers are objects of their own, which receivers have."
        : "ION's answers list their own errors.";
    return { ...about, outcome: "adapted", differences: [difference], shape };
  } catch (error) {
    if (!isIonError(error)) throw error;
    return { ...about, outcome: "unsupported", differences, reason: error.summary };
  }
}

/** The root fields of a document. */
function rootFields(document: string): FieldNode[] {
  return parse(document)
    .definitions.flatMap((one) => ("selectionSet" in one ? one.selectionSet.selections : []))
    .filter((field) => field.kind === Kind.FIELD);
}

/** The names of the root fields of a sample; none if it cannot be written. */
function fieldsOf(build: OperationSample["build"], shapes: Shapes): string[] {
  try {
    return rootFields(build(shapes, "sample").document).map(({ name }) => name.value);
  } catch (error) {
    if (!isIonError(error)) throw error;
    return [];
  }
}

/** The root fields of an operation with the names of their arguments: `updateWebhookReceiver(input: {id, etag})`. */
function describeShape({ document, variables = {} }: Operation): string {
  const names = (value: unknown): string => {
    if (Array.isArray(value)) return `: [${names(value[0]).slice(2)}]`;
    if (value === null || typeof value !== "object") return "";
    const given = Object.entries(value).filter(([, part]) => part !== undefined);
    return `: {${given.map(([name, part]) => name + names(part)).join(", ")}}`;
  };
  return rootFields(document)
    .map((field) => {
      const args = (field.arguments ?? []).map(({ name, value }) => {
        return name.value + (value.kind === Kind.VARIABLE ? names(variables[value.name.value]) : "");
      });
      return `${field.name.value}${args.length > 0 ? `(${args.join(", ")})` : ""}`;
    })
    .join(", then ");
}

function problemsWith(schema: GraphQLSchema, { document, variables = {} }: Operation): string[] {
  const parsed = parse(document);
  const problems = validate(schema, parsed);
  const definitions = parsed.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : [],
  );
  const { errors = [] } = problems.length > 0 ? {} : getVariableValues(schema, definitions, variables);
  return [...new Set([...problems, ...errors].map(({ message }) => message))];
}

function compareNames(known: readonly string[], live: readonly string[] = []): NameFacts {
  return {
    known: known.length,
    missing: known.filter((name) => !live.includes(name)),
    additional: live.filter((name) => !known.includes(name)),
  };
}
