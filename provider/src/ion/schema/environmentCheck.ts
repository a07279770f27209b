/** What can be found out about an ION environment before anything is changed, for `pulumi-ion doctor`. */
import type { GraphQLSchema } from "graphql";
import type { ConnectionSettings } from "../connectionSettings.ts";
import { isIonError } from "../errors.ts";
import { IonClient } from "../http/client.ts";
import { REQUEST_TIMEOUT_MS, type Send, safeFetch, transport } from "../http/transport.ts";
import type { WebhookApiOptions } from "../webhookApi.ts";
import { introspect } from "./liveSchema.ts";
import type { SchemaFacts } from "./schemaCheck.ts";

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
      permissions: [...new Set(stringsIn(claims).flatMap((text) => text.split(/\s/)))]
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
    const { checkSchema } = await import("./schemaCheck.ts");
    return checkSchema(await this.#introspect());
  }
}

/** The claims of a JWT, unverified; none if it is no JWT. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) };
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
