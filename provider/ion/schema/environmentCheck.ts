/** What can be told of an ION before anything is done with it, for `pulumi-ion doctor`. Changes nothing. */
import type { GraphQLSchema } from "graphql";
import type { ConnectionSettings } from "../connectionSettings.ts";
import { isIonError } from "../errors.ts";
import { ACTIONS, permissionFor, VIOLET_RESOURCES } from "../facts.ts";
import { IonClient, type Operation } from "../http/client.ts";
import { TokenSource } from "../http/token.ts";
import { REQUEST_TIMEOUT_MS, type Send, transport } from "../http/transport.ts";
import { CREATE_SUBSCRIPTION, ETAG_FIELD, LIST } from "../operations.ts";
import type { WebhookApiOptions } from "../webhookApi.ts";
import { type Sample, samples } from "./operationSamples.ts";
import { DOCTOR, fit, introspect, namesInInput } from "./schemaAdapter.ts";

/** What a token tells about itself, and nothing that it is to be kept secret for. */
export interface TokenFacts {
  /** Seconds that it is good for. */
  readonly seconds: number | undefined;
  /** Seconds by which this machine's clock is ahead of the issuer's; behind where negative. */
  readonly clockAhead: number | undefined;
  /** The permissions on webhooks that it names; empty where it names none, which tells nothing. */
  readonly permissions: readonly string[];
}

/** What ION's schema makes of one thing that this package asks. */
export interface DocumentFacts extends Pick<Sample, "does" | "field" | "guide" | "part"> {
  /** "works" as it is, "adapted" where it works without what differs, "lacking" where it does not work. */
  readonly outcome: "works" | "adapted" | "lacking";
  /** In graphql-js' own words. */
  readonly differs: readonly string[];
  /** Why it does not work. */
  readonly why?: string;
}

/** What ION's schema says to all that this package asks, and has beside it. */
export interface SchemaFacts {
  readonly types: number;
  readonly documents: readonly DocumentFacts[];
  /** What a subscription may name, beside what is known. */
  readonly resources: NameFacts;
  readonly actions: NameFacts;
  /** Root fields about webhooks that this package does not ask. */
  readonly unasked: readonly string[];
}

/** Names that a schema has, held against those that are known. */
export interface NameFacts {
  readonly known: number;
  /** Known, and not in the schema. */
  readonly missing: readonly string[];
  /** In the schema, and not known. */
  readonly further: readonly string[];
}

/** The permissions that a key needs for all that this package does (ION's permission list). */
export const NEEDED_PERMISSIONS: readonly string[] = [
  ...new Set(
    samples()
      .filter(({ field }) => field !== LIST)
      .map(({ field }) => permissionFor(field)),
  ),
];

/** Asks ION about itself. Everything throws an IonError and nothing else. */
export class Examination {
  readonly #tokens: TokenSource;
  readonly #client: IonClient;
  readonly #now: () => number;

  constructor(connection: ConnectionSettings, options: WebhookApiOptions = {}) {
    this.#now = options.now ?? Date.now;
    const send: Send = transport(options.fetch ?? globalThis.fetch, options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    this.#tokens = new TokenSource(connection, send, this.#now);
    this.#client = new IonClient(connection, send, this.#now);
  }

  /** Has the API key changed for a token. */
  async token(): Promise<TokenFacts> {
    const claims = claimsOf(await this.#tokens.get());
    const seconds = (name: string) => (typeof claims[name] === "number" ? claims[name] : undefined);
    const [issued, ends] = [seconds("iat"), seconds("exp")];
    return {
      seconds: issued !== undefined && ends !== undefined ? ends - issued : undefined,
      clockAhead: issued === undefined ? undefined : Math.round(this.#now() / 1000 - issued),
      permissions: [...new Set(textsIn(claims).flatMap((text) => text.split(/\s+/)))]
        .filter((word) => /^[A-Z][A-Za-z]*Webhook[A-Za-z]*$/.test(word))
        .sort(),
    };
  }

  /** Holds all that this package asks against ION's schema. */
  async schema(): Promise<SchemaFacts> {
    const schema = await introspect((operation) => this.#client.execute(operation));
    const graphql = await import("graphql");
    const names = namesInInput(schema, CREATE_SUBSCRIPTION);
    const all = samples(VIOLET_RESOURCES.find((name) => names.resource?.includes(name)));
    const asked = new Set(all.map(({ field }) => field));
    const roots = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    return {
      types: Object.keys(schema.getTypeMap()).length,
      documents: all.map((sample) => held(graphql, schema, sample)),
      resources: compared(VIOLET_RESOURCES, names.resource),
      actions: compared(ACTIONS, names.action),
      unasked: roots.filter((name) => /webhook/i.test(name) && !asked.has(name)),
    };
  }
}

function held(graphql: typeof import("graphql"), schema: GraphQLSchema, sample: Sample): DocumentFacts {
  const { ask, etagOf, ...about } = sample;
  const operation = ask(shows(schema, etagOf, ETAG_FIELD) ? "sample" : undefined);
  const differs = problemsWith(graphql, schema, ask("sample"));
  try {
    const { fitted } = fit(graphql, schema, operation);
    const [problem] = problemsWith(graphql, schema, fitted ?? operation);
    if (problem) return { ...about, outcome: "lacking", differs, why: problem };
    return { ...about, outcome: differs.length === 0 && !fitted ? "works" : "adapted", differs };
  } catch (error) {
    if (!isIonError(error)) throw error;
    return { ...about, outcome: "lacking", differs, why: error.message.replace(DOCTOR, "").trim() };
  }
}

/** Whether the objects that a mutation makes have a field. */
function shows(schema: GraphQLSchema, mutation: string | undefined, field: string): boolean {
  const fieldsOf = (type: unknown) => {
    const named = schema.getType(String(type).replace(/[[\]!]/g, ""));
    return named && "getFields" in named ? Object.values(named.getFields()) : [];
  };
  const payload = mutation && schema.getMutationType()?.getFields()[mutation]?.type;
  return fieldsOf(payload).some(({ type }) => fieldsOf(type).some(({ name }) => name === field));
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

function compared(known: readonly string[], live: readonly string[] = []): NameFacts {
  return {
    known: known.length,
    missing: known.filter((name) => !live.includes(name)),
    further: live.filter((name) => !known.includes(name)),
  };
}

/** The claims of a JWT, unverified; none where it is not one. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    return claims !== null && typeof claims === "object" ? { ...claims } : {};
  } catch {
    return {};
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}
