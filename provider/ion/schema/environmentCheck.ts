/** What can be found out about an ION environment before anything is changed, for `pulumi-ion doctor`. */
import type { FieldNode, GraphQLSchema } from "graphql";
import { ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import type { ConnectionSettings } from "../connectionSettings.ts";
import { isIonError } from "../errors.ts";
import { permissionFor } from "../facts.ts";
import { IonClient } from "../http/client.ts";
import type { Operation } from "../http/operation.ts";
import { REQUEST_TIMEOUT_MS, type Send, safeFetch, transport } from "../http/transport.ts";
import { RECEIVERS } from "../operations/queries.ts";
import type { WebhookApiOptions } from "../webhookApi.ts";
import { introspect } from "./liveSchema.ts";
import type { LiveShapes } from "./liveShapes.ts";
import { type OperationSample, operationSamples } from "./operationSamples.ts";
import { type Shapes, USUAL_SHAPES } from "./shapes.ts";

/** What a token says about itself. Nothing of it is secret. */
export interface TokenFacts {
  /** How long it is valid, in seconds. */
  readonly seconds: number | undefined;
  /** Seconds by which this machine's clock is ahead of the issuer's; negative if it is behind. */
  readonly clockAhead: number | undefined;
  /** The permissions on webhooks that it lists. Empty if it lists none, which proves nothing. */
  readonly permissions: readonly string[];
}

/** How ION accepts a key, if it is not the usual way. */
export interface LoginFacts {
  /** Where the token endpoint was found. */
  readonly tokenUrl?: string;
  /** Whether ION wants the token without "Bearer". */
  readonly isBare: boolean;
}

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

/** The permissions that a key needs for everything that this package does (ION's permission list). */
export const NEEDED_PERMISSIONS: readonly string[] = [
  ...new Set(
    operationSamples()
      .filter(({ field }) => field !== RECEIVERS)
      .map(({ field }) => permissionFor(field)),
  ),
];

/** The first of some settings with which ION answers. The key is sent to their hosts. */
export async function findAccepted(
  candidates: readonly ConnectionSettings[],
  options: WebhookApiOptions = {},
): Promise<ConnectionSettings | undefined> {
  for (const candidate of candidates) {
    try {
      await new EnvironmentCheck(candidate, options).ping();
      return candidate;
    } catch (error) {
      if (!isIonError(error)) throw error;
    }
  }
  return undefined;
}

/** Asks ION about itself. Every method throws an IonError and nothing else. */
export class EnvironmentCheck {
  readonly #client: IonClient;
  readonly #now: () => number;
  readonly #authUrl: string;
  #schema: Promise<GraphQLSchema> | undefined;

  constructor(settings: ConnectionSettings, options: WebhookApiOptions = {}) {
    this.#now = options.now ?? Date.now;
    this.#authUrl = settings.authUrl;
    const send: Send = transport(options.fetch ?? safeFetch, options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    this.#client = new IonClient(settings, send, this.#now);
  }

  /** Requests a token and reads it. */
  async token(): Promise<TokenFacts> {
    const claims = claimsOf(await this.#client.tokens.get());
    const seconds = (name: string) => (typeof claims[name] === "number" ? claims[name] : undefined);
    const [issued, expires] = [seconds("iat"), seconds("exp")];
    return {
      seconds: issued !== undefined && expires !== undefined ? expires - issued : undefined,
      clockAhead: issued === undefined ? undefined : Math.round(this.#now() / 1000 - issued),
      permissions: [...new Set(stringsIn(claims).flatMap((text) => text.split(/\s+/)))]
        .filter((word) => /^[A-Z][A-Za-z]{0,100}$/.test(word) && word.slice(1).includes("Webhook"))
        .sort(),
    };
  }

  /** Whether ION answers this key. @throws IonError if not */
  async ping(): Promise<void> {
    await this.#client.execute(() => ({ document: "query Ping { __typename }" }));
  }

  /** What differs from the usual way in which ION accepts a key, as far as requests were sent. */
  get login(): LoginFacts {
    const { tokens, scheme } = this.#client;
    return { ...(tokens.url !== this.#authUrl && { tokenUrl: tokens.url }), isBare: scheme === "bare" };
  }

  /** The webhook part of ION's schema as SDL. It holds names only: no data, and no secrets. */
  async webhookSchema(): Promise<string> {
    const { webhookPart } = await import("./webhookPart.ts");
    return webhookPart(await this.#introspect());
  }

  #introspect(): Promise<GraphQLSchema> {
    this.#schema ??= introspect((operation) => this.#client.execute(() => operation));
    return this.#schema;
  }

  /** Compares every operation with ION's schema. */
  async schema(): Promise<SchemaFacts> {
    const schema = await this.#introspect();
    const graphql = await import("graphql");
    const { LiveShapes } = await import("./liveShapes.ts");
    const shapes = new LiveShapes(schema);
    const names = shapes.eventNames();
    const samples = operationSamples(VIOLET_RESOURCES.find((name) => names.resource.includes(name)));
    const fields = samples.flatMap(({ build }) => fieldsOf(graphql, build, shapes));
    const used = new Set([...fields, ...samples.map(({ field }) => field)]);
    const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    return {
      types: Object.keys(schema.getTypeMap()).length,
      morePermissions: fields
        .filter((field) => schema.getMutationType()?.getFields()[field])
        .map(permissionFor)
        .filter((permission, at, all) => !NEEDED_PERMISSIONS.includes(permission) && all.indexOf(permission) === at),
      hasList: RECEIVERS in (schema.getQueryType()?.getFields() ?? {}),
      operations: samples.map((sample) => checkSample(graphql, schema, shapes, sample)),
      resources: compareNames(VIOLET_RESOURCES, names.resource),
      actions: compareNames(ACTIONS, names.action),
      unused: roots.filter((name) => /webhook/i.test(name) && !used.has(name)),
    };
  }
}

function checkSample(
  graphql: typeof import("graphql"),
  schema: GraphQLSchema,
  shapes: LiveShapes,
  sample: OperationSample,
): OperationFacts {
  const { build, etagFrom, ...about } = sample;
  const etag = etagFrom && shapes.showsEtag(etagFrom(shapes)) ? "sample" : undefined;
  const usual = build(USUAL_SHAPES, "sample");
  const differences = problemsWith(graphql, schema, usual);
  try {
    const live = build(shapes, etag);
    const shape = describeShape(graphql, live);
    const [problem] = problemsWith(graphql, schema, live);
    if (problem) return { ...about, outcome: "unsupported", differences, reason: problem };
    if (differences.length > 0) return { ...about, outcome: "adapted", differences, shape };
    if (live.document === usual.document) return { ...about, outcome: "works", differences, shape };
    const count = (operation: Operation) => rootFields(graphql, operation.document).length;
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
function rootFields({ Kind, parse }: typeof import("graphql"), document: string): FieldNode[] {
  return parse(document)
    .definitions.flatMap((one) => ("selectionSet" in one ? one.selectionSet.selections : []))
    .filter((field) => field.kind === Kind.FIELD);
}

/** The names of the root fields of a sample; none if it cannot be written. */
function fieldsOf(graphql: typeof import("graphql"), build: OperationSample["build"], shapes: Shapes): string[] {
  try {
    return rootFields(graphql, build(shapes, "sample").document).map(({ name }) => name.value);
  } catch (error) {
    if (!isIonError(error)) throw error;
    return [];
  }
}

/** The root fields of an operation with the names of their arguments: `updateWebhookReceiver(input: {id, etag})`. */
function describeShape(graphql: typeof import("graphql"), { document, variables = {} }: Operation): string {
  const names = (value: unknown): string => {
    if (Array.isArray(value)) return `: [${names(value[0]).slice(2)}]`;
    if (value === null || typeof value !== "object") return "";
    const given = Object.entries(value).filter(([, part]) => part !== undefined);
    return `: {${given.map(([name, part]) => name + names(part)).join(", ")}}`;
  };
  return rootFields(graphql, document)
    .map((field) => {
      const args = (field.arguments ?? []).map(({ name, value }) => {
        return name.value + (value.kind === graphql.Kind.VARIABLE ? names(variables[value.name.value]) : "");
      });
      return `${field.name.value}${args.length > 0 ? `(${args.join(", ")})` : ""}`;
    })
    .join(", then ");
}

function problemsWith(
  { getVariableValues, Kind, parse, validate }: typeof import("graphql"),
  schema: GraphQLSchema,
  { document, variables = {} }: Operation,
): string[] {
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

/** The claims of a JWT, unverified; none if it is no JWT. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return claims !== null && typeof claims === "object" ? { ...claims } : {};
  } catch {
    return {};
  }
}

/** All strings in a value. Not recursive, because a token may nest anything. */
function stringsIn(value: unknown): string[] {
  let found: string[] = [];
  for (let level = [value]; level.length > 0; ) {
    found = found.concat(level.filter((one) => typeof one === "string"));
    level = level.flatMap((one): unknown[] => (one !== null && typeof one === "object" ? Object.values(one) : []));
  }
  return found;
}
