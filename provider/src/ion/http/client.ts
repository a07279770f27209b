import { isDeepStrictEqual } from "node:util";
import { ClientError, GraphQLClient } from "graphql-request";
import { escapeMessage } from "../../model/text.ts";
import { type ConnectionSettings, type SettingNames, settingNames } from "../connectionSettings.ts";
import { IonError, sentence } from "../errors.ts";
import { kindOf, messagesOf } from "../problems.ts";
import { LiveSchema } from "../schema/liveSchema.ts";
import { type Shapes, USUAL_SHAPES } from "../schema/shapes.ts";
import type { Answer, GraphQLProblem, Operation } from "./operation.ts";
import { redactAll, secretsOfQuery } from "./redact.ts";
import { TokenSource } from "./token.ts";
import { redirectOf, type Send } from "./transport.ts";

/** Redacts secrets from texts. */
type Redact = (texts: readonly string[]) => readonly string[];

/** Errors of one answer that are read. A document has far fewer fields. */
const MAX_PROBLEMS = 200;

/** Shorter secrets are redacted only from the answer to the request that sent them: they could be ordinary words. */
const MIN_GLOBAL_SECRET = 8;

/** How a token is sent: as `Bearer <token>` (newer pages of ION's manual), or alone (older pages, and ION's scripts). */
type TokenScheme = "Bearer" | "bare";

const isRejectedToken = (error: unknown): boolean => error instanceof IonError && error.kind === "auth";

/** The only way to ION: adds the token, renews it once if it is rejected, and turns every failure into an IonError. */
export class IonClient {
  readonly #graphql: GraphQLClient;
  /** Issues the token of every request. */
  readonly tokens: TokenSource;
  /** How ION accepts a token; undefined before it accepted one. */
  scheme: TokenScheme | undefined;
  readonly #host: string;
  readonly #names: SettingNames;
  readonly #settings: ConnectionSettings;
  /** Secrets that ION was sent or has shown: it may repeat them in any later message, as a database does with a row. */
  readonly #secrets = new Set<string>();
  /** Not read before ION refuses a document. */
  readonly schema: LiveSchema;

  constructor(settings: ConnectionSettings, send: Send, now: () => number, warn: (message: string) => void = () => {}) {
    this.#host = new URL(settings.endpoint).host;
    this.#names = settings.names ?? settingNames(settings.name);
    this.#settings = settings;
    this.tokens = new TokenSource(settings, send, now);
    this.#graphql = new GraphQLClient(settings.endpoint, {
      errorPolicy: "all",
      fetch: async (url, init) => asJson(await send("graphql", String(url), init ?? {})),
    });
    this.hide([settings.endpoint, settings.authUrl].flatMap(secretsOfQuery));
    this.schema = new LiveSchema((operation) => this.#run(operation), warn);
  }

  /**
   * Runs one document once. If ION refuses it, it is built again from ION's live schema, and run again.
   *
   * @param build gets the shape of ION's API: the usual one until ION refuses a document.
   * @throws IonError "refused" if ION ran none of it, "unsupported" if ION's schema lacks a required name, and others for
   * HTTP failures. Errors of single fields do not throw: they are in the answer's problems.
   */
  async execute(build: (shapes: Shapes) => Operation): Promise<Answer> {
    const shapes = await this.schema.shapes();
    const operation = build(shapes);
    try {
      return await this.#run(operation);
    } catch (error) {
      if (shapes !== USUAL_SHAPES || !(error instanceof IonError) || error.kind !== "refused") throw error;
      const rebuilt = build(await this.schema.read());
      const { document, variables } = rebuilt;
      if (document === operation.document && isDeepStrictEqual(variables, operation.variables)) throw error;
      return this.#run(rebuilt);
    } finally {
      this.schema.warnOmitted();
    }
  }

  /** Keeps secrets out of all messages from now on. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) if (secret.length >= MIN_GLOBAL_SECRET) this.#secrets.add(secret);
  }

  /** Sends an operation. If ION rejects the token, sends it in another scheme if none is known to work, then with a new token. */
  async #run(operation: Operation): Promise<Answer> {
    const token = await this.tokens.get();
    const schemes: readonly TokenScheme[] = this.scheme ? [this.scheme] : ["Bearer", "bare"];
    for (const scheme of schemes) {
      try {
        return await this.#send(operation, token, scheme);
      } catch (error) {
        if (!isRejectedToken(error)) throw error;
      }
    }
    this.tokens.reject(token);
    return this.#send(operation, await this.tokens.get(), schemes[0]);
  }

  async #send(operation: Operation, token: string, scheme: TokenScheme = "Bearer"): Promise<Answer> {
    this.hide(operation.secrets ?? []);
    const redact = (texts: readonly string[]) =>
      redactAll([...(operation.secrets ?? []), ...this.#secrets, token, this.#settings.clientSecret], texts);
    try {
      const answer = await this.#graphql.rawRequest<Record<string, unknown>>(
        operation.document,
        operation.variables ?? {},
        { authorization: scheme === "Bearer" ? `Bearer ${token}` : token },
      );
      this.scheme = scheme;
      return this.#read(answer.data, answer.errors, redact);
    } catch (error) {
      if (error instanceof IonError) throw error;
      if (error instanceof ClientError) throw this.#httpFailure(error, redact);
      throw new IonError("unexpectedAnswer", `${this.#host} did not send a GraphQL answer.`, {
        hints: [`Check ${this.#endpointSetting()}. A proxy or a sign-in page may have answered instead.`],
      });
    }
  }

  #endpointSetting(): string {
    const { key, variable } = this.#names;
    return `${key("endpoint")} (or ${variable("endpoint")})`;
  }

  #read(data: unknown, errors: unknown, redact: Redact): Answer {
    const isData = data !== null && data !== undefined && typeof data === "object";
    const all = [...(Array.isArray(errors) ? (errors as unknown[]) : []), ...(isData ? payloadErrors(data) : [])];
    const problems = problemsIn(all, redact);
    if (isData) return { data: { ...data }, problems };
    const [first] = problems;
    if (!first)
      throw new IonError("unexpectedAnswer", `${this.#host} answered without data.`, {
        hints: [`Check ${this.#endpointSetting()}.`],
      });
    // A field that may not be null failed: ION ran the document.
    if (problems.some(({ path }) => path !== undefined)) return { data: {}, problems };
    const kind = kindOf(first);
    const message = messagesOf(problems);
    if (kind === "auth") throw this.#unauthorized(message, `: ${message}`);
    if (kind === "rateLimited") throw this.#rateLimited(`: ${message}`);
    if (kind === "unknownOutcome") throw new IonError(kind, `ION at ${this.#host} reported a server error: ${message}`);
    throw new IonError("refused", message);
  }

  #httpFailure({ response }: ClientError, redact: Redact): IonError {
    const { status } = response;
    const problems = problemsIn(response.errors, redact);
    const graphqlMessage = messagesOf(problems);
    const message = graphqlMessage || escapeMessage(redact([messageIn(response.body)])[0] ?? "");
    const suffix = message ? `: ${sentence(message)}` : ".";
    const headers = response.headers instanceof Headers ? response.headers : new Headers();
    const retryAfter = secondsIn(headers.get("retry-after"));
    if (status === 401) return this.#unauthorized(message, ` (HTTP 401)${suffix}`);
    if (status === 429) return this.#rateLimited(` (HTTP 429)${suffix}`, retryAfter);
    if (status === 403) {
      const blocked = `${this.#host} answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead.`;
      return new IonError("permission", message || blocked);
    }
    if (status === 409) return new IonError("conflict", message || "HTTP 409 Conflict.");
    if (status >= 500) {
      return new IonError("unknownOutcome", `ION at ${this.#host} reported a server error (HTTP ${status})${suffix}`, {
        retryAfter,
      });
    }
    if (graphqlMessage) return new IonError("refused", graphqlMessage);
    const target = redirectOf(status, headers);
    const redirect = target ? `, a redirect to ${target},` : "";
    const { pathname } = new URL(this.#settings.endpoint);
    return new IonError(
      "unexpectedAnswer",
      `${this.#host} answered with HTTP ${status}${redirect} instead of a GraphQL answer.`,
      {
        hints: [
          ...(/graphql/i.test(pathname) ? [] : ["ION's endpoints end in /graphql."]),
          `Check ${this.#endpointSetting()}.`,
        ],
      },
    );
  }

  #rateLimited(suffix: string, retryAfter?: number): IonError {
    return new IonError("rateLimited", `ION at ${this.#host} rejected the request because of its rate limit${suffix}`, {
      hints: ["Try again in a few minutes."],
      retryAfter,
    });
  }

  #unauthorized(message: string, suffix: string): IonError {
    if (/expired|not yet valid/i.test(message)) {
      return new IonError("auth", `ION at ${this.#host} rejected an access token that was issued just now${suffix}`, {
        detail: "The clocks of ION and its token issuer differ, or a proxy returns old answers.",
        hints: ["Try again in a minute. If it fails again, contact First Resonance."],
      });
    }
    const { key } = this.#names;
    return new IonError("auth", `ION at ${this.#host} rejected the access token${suffix}`, {
      detail: "The API key may belong to another ION environment.",
      hints: [
        `Check that ${key("region")}, ${key("stage")}, ${key("endpoint")} and ${key("authUrl")} name the environment that ` +
          `${key("clientId")} was created in.`,
      ],
    });
  }
}

function problemsIn(errors: unknown, redact: Redact): GraphQLProblem[] {
  if (!Array.isArray(errors)) return [];
  const some = errors.slice(0, MAX_PROBLEMS) as readonly ({
    message?: unknown;
    path?: unknown;
    extensions?: { code?: unknown } | null;
  } | null)[];
  const messages = redact(
    some.map((error) => (typeof error?.message === "string" ? error.message : "an error without a message")),
  );
  return some.map((error, at) => {
    const code = error?.extensions?.code;
    return {
      message: escapeMessage(messages[at] ?? ""),
      code: typeof code === "string" ? code : undefined,
      path: Array.isArray(error?.path) ? error.path.map(String) : undefined,
    };
  });
}

/** Errors that a mutation's payload lists itself, as GraphQL's errors. */
function payloadErrors(data: object): object[] {
  return Object.entries(data).flatMap(([alias, payload]: [string, { readonly errors?: unknown } | null]) => {
    const errors: readonly unknown[] = Array.isArray(payload?.errors) ? payload.errors : [];
    return errors.map((error) => {
      const { message, messages } = Object(error) as { readonly message?: unknown; readonly messages?: unknown };
      const texts = [error, message, messages].flat().filter((one) => typeof one === "string");
      return { message: texts.length > 0 ? texts.join(" ") : undefined, path: [alias] };
    });
  });
}

/** Errors from in front of ION's GraphQL are plain JSON (ION's page on error codes). */
function messageIn(body: unknown): string {
  try {
    const { message } = JSON.parse(String(body)) as { readonly message?: unknown };
    return typeof message === "string" ? message : "";
  } catch {
    return "";
  }
}

/** An answer that is JSON under another content type counts as JSON: proxies relabel answers. */
async function asJson(answer: Response): Promise<Response> {
  const text = await answer.clone().text();
  if (!/^\s*[{[]/.test(text)) return answer;
  const headers = new Headers(answer.headers);
  headers.set("content-type", "application/json");
  return new Response(text, { status: answer.status, headers });
}

/** Reads Retry-After, which is seconds or a date (RFC 9110). */
function secondsIn(retryAfter: string | null): number | undefined {
  if (!retryAfter) return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
