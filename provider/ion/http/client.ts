import { ClientError, GraphQLClient } from "graphql-request";
import { type ConnectionSettings, type SettingNames, settingNames } from "../connectionSettings.ts";
import { CONFIG_JUST_CHANGED, IonError, kindOf } from "../errors.ts";
import { LiveSchema } from "../schema/schemaAdapter.ts";
import { redactor } from "./redact.ts";
import { TokenSource } from "./token.ts";
import { redirectOf, type Send } from "./transport.ts";

/** One GraphQL error in ION's words, with secrets taken out. */
interface GraphQLProblem {
  readonly message: string;
  /** The alias of the root field it belongs to; undefined where it belongs to the whole document. */
  readonly alias: string | undefined;
}

/** ION's answer to one document: what came back, and what went wrong beside it. */
export interface Answer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly problems: readonly GraphQLProblem[];
}

/** One document to run. */
export interface Operation {
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Values that no message may show, also where ION repeats them. */
  readonly secrets?: readonly string[];
}

/** Characters from which a secret is told from a word that ION may say. */
const LONG = 8;

/** The one door to ION: adds the token, renews it once where it is not accepted, and turns every failure into an IonError. */
export class IonClient {
  readonly #graphql: GraphQLClient;
  readonly #tokens: TokenSource;
  readonly #host: string;
  readonly #naming: SettingNames;
  readonly #connection: ConnectionSettings;
  /** What ION was sent or has shown: it may repeat that in any message from now on, as a database does with a row. */
  readonly #known = new Set<string>();
  /** Not asked for before ION refuses a document. */
  readonly schema: LiveSchema;

  constructor(connection: ConnectionSettings, send: Send, now: () => number, tell: (words: string) => void = () => {}) {
    this.#host = new URL(connection.endpoint).host;
    this.#naming = settingNames(connection.name);
    this.#connection = connection;
    this.#tokens = new TokenSource(connection, send, now);
    this.#graphql = new GraphQLClient(connection.endpoint, {
      errorPolicy: "all",
      fetch: (url, init) => send("graphql", String(url), init ?? {}),
    });
    this.schema = new LiveSchema((operation) => this.#run(operation), tell);
  }

  /**
   * Runs one document, once; where ION refuses it for a name that it does not know, in the names of ION's live schema.
   *
   * @throws IonError "refused" where ION ran nothing of it, "unsupported" where ION's schema lacks a name that it cannot
   * do without, and what HTTP tells of otherwise. Errors of single fields do not throw: they are in the answer's problems.
   */
  async execute(operation: Operation): Promise<Answer> {
    const fitted = await this.schema.fitted(operation);
    try {
      return await this.#run(fitted ?? operation);
    } catch (error) {
      if (fitted || !(error instanceof IonError) || error.kind !== "refused") throw error;
      await this.schema.read();
      const refitted = await this.schema.fitted(operation);
      if (!refitted) throw error;
      return this.#run(refitted);
    }
  }

  async #run(operation: Operation): Promise<Answer> {
    const token = await this.#tokens.get();
    try {
      return await this.#send(operation, token);
    } catch (error) {
      if (!(error instanceof IonError) || error.kind !== "auth") throw error;
      this.#tokens.reject(token);
      return this.#send(operation, await this.#tokens.get());
    }
  }

  /** Keeps secrets out of all messages from now on; short ones only where they were sent, as they are words, too. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) if (secret.length >= LONG) this.#known.add(secret);
  }

  async #send(operation: Operation, token: string): Promise<Answer> {
    this.hide(operation.secrets ?? []);
    const secrets = [...(operation.secrets ?? []), ...this.#known, token, this.#connection.clientSecret];
    try {
      const answer = await this.#graphql.rawRequest<Record<string, unknown>>(
        operation.document,
        operation.variables ?? {},
        { authorization: `Bearer ${token}` },
      );
      return this.#read(answer.data, answer.errors, secrets);
    } catch (error) {
      if (error instanceof IonError) throw error;
      if (error instanceof ClientError) throw this.#httpFailure(error, secrets);
      throw new IonError(
        "unexpectedAnswer",
        `${this.#host} did not answer as a GraphQL API does. Check ${this.#settings()}; a proxy or a sign-in page may stand between.`,
      );
    }
  }

  #settings(): string {
    const { key, variable } = this.#naming;
    return `${key("endpoint")} (or ${variable("endpoint")})`;
  }

  #read(data: unknown, errors: unknown, secrets: readonly string[]): Answer {
    const problems = problemsIn(errors, secrets);
    if (data !== null && data !== undefined && typeof data === "object") {
      return { data: { ...data }, problems };
    }
    const words = problems.map((problem) => problem.message).join("; ");
    if (problems.length === 0 || problems.some((problem) => problem.alias !== undefined)) {
      throw new IonError("unexpectedAnswer", `${this.#host} answered without data${words && `: ${words}`}.`);
    }
    throw new IonError("refused", words);
  }

  #httpFailure({ response }: ClientError, secrets: readonly string[]): IonError {
    const { status } = response;
    const { key } = this.#naming;
    const problems = problemsIn(response.errors, secrets)
      .map((problem) => problem.message)
      .join("; ");
    const words = problems || redactor(secrets)(messageIn(response.body));
    const said = words ? `: ${words.replace(/\.$/, "")}` : "";
    if (status === 401 && /expired|not yet valid/i.test(words)) {
      return new IonError(
        "auth",
        `ION at ${this.#host} does not accept a token that its issuer gave just now (HTTP 401)${said}. Their clocks differ, or a ` +
          "proxy keeps old answers. Try again in a minute; if it stays so, tell First Resonance.",
      );
    }
    if (status === 401) {
      return new IonError(
        "auth",
        `ION at ${this.#host} did not accept the access token (HTTP 401)${said}. The key may belong to another ION environment: ` +
          `check that ${key("region")}, ${key("stage")}, ${key("endpoint")} and ${key("authUrl")} name the environment that ` +
          `${key("clientId")} was made in. ${CONFIG_JUST_CHANGED}`,
      );
    }
    if (status === 429) {
      return new IonError("rateLimited", `ION at ${this.#host} asks for a pause (HTTP 429)${said}.`, {
        retryAfter: secondsIn(headerOf(response.headers, "retry-after")),
      });
    }
    if (status === 403) {
      const wall = `${this.#host} answered with HTTP 403 Forbidden and nothing of ION's: a firewall or proxy may stand between`;
      return new IonError("permission", words || wall);
    }
    if (status === 409) return new IonError("conflict", words || "HTTP 409 Conflict");
    if (status >= 500) {
      return new IonError("unknownOutcome", `ION at ${this.#host} failed to answer (HTTP ${status})${said}.`, {
        retryAfter: secondsIn(headerOf(response.headers, "retry-after")),
      });
    }
    if (problems) return new IonError("refused", problems);
    const elsewhere = response.headers instanceof Headers ? redirectOf(status, response.headers) : undefined;
    const sent = elsewhere ? `, a redirect to ${elsewhere},` : "";
    const { pathname } = new URL(this.#connection.endpoint);
    const path = /graphql/i.test(pathname) ? "" : " ION's end in /graphql.";
    return new IonError(
      "unexpectedAnswer",
      `${this.#host} answered with HTTP ${status}${sent} and nothing that a GraphQL API says.${path} Check ${this.#settings()}.`,
    );
  }
}

function problemsIn(errors: unknown, secrets: readonly string[]): GraphQLProblem[] {
  if (!Array.isArray(errors) || errors.length === 0) return [];
  const redact = redactor(secrets);
  return errors.map((error: { message?: unknown; path?: unknown } | null) => ({
    message: redact(typeof error?.message === "string" ? error.message : "an error without a message"),
    alias: Array.isArray(error?.path) ? String(error.path[0]) : undefined,
  }));
}

/** What stands before ION's GraphQL says by itself is plain JSON (ION's page on error codes). */
function messageIn(body: unknown): string {
  try {
    const { message } = JSON.parse(String(body)) as { readonly message?: unknown };
    return typeof message === "string" ? message.slice(0, 300) : "";
  } catch {
    return "";
  }
}

function headerOf(headers: unknown, name: string): string | undefined {
  return headers instanceof Headers ? (headers.get(name) ?? undefined) : undefined;
}

/** Reads Retry-After, which is seconds or a date (RFC 9110). */
function secondsIn(retryAfter: string | undefined): number | undefined {
  if (!retryAfter) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** Turns a problem of one field into an error that says on what it happened and what to do. */
export function problemWith(about: string, permission: string, words: string, kind = kindOf(words)): IonError {
  const hint =
    kind === "permission"
      ? ` The API key needs the permission ${permission}: an org admin of ION can make a key that has it.`
      : "";
  return new IonError(kind, `ION did not ${about}: ${words.replace(/\.?$/, ".")}${hint}`);
}
