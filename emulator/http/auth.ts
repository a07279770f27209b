import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** The API key that the emulator knows. */
export interface ApiKey {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** An answer of the token endpoint, to be sent as JSON. */
interface TokenAnswer {
  readonly status: number;
  readonly body: object;
}

/** Gives out tokens and knows them again; the key they are signed with never leaves it. */
export class Tokens {
  #key = randomBytes(32);
  /** Tokens that ended before their time, with the words in which they are refused. */
  readonly #ended = new Map<string, string>();
  readonly #now: () => number;

  /** @param now - the clock, in milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A signed token that is good for `lifetimeSeconds`. */
  issue(clientId: string, issuer: string, lifetimeSeconds: number): string {
    const issuedAt = Math.floor(this.#now() / 1000);
    const unsigned = [
      { alg: "HS256", typ: "JWT" },
      { exp: issuedAt + lifetimeSeconds, iat: issuedAt, jti: randomUUID(), iss: issuer, typ: "Bearer", azp: clientId },
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    return `${unsigned}.${this.#sign(unsigned)}`;
  }

  /**
   * What is wrong with an `Authorization` header, or undefined if nothing is. The words are those of ION's page on
   * error codes, but for the expired token's, which are INFERRED.
   */
  refusal(authorization: string | undefined): string | undefined {
    const token = bearer(authorization);
    if (token === undefined) return "Please provide proper credentials";
    const [header, payload, signature, ...rest] = token.split(".");
    if (!header || !payload || !signature || rest.length > 0) return "Unable to parse authentication token";
    if (!same(signature, this.#sign(`${header}.${payload}`))) return "Unable to find appropriate RSA key";
    const ended = this.#ended.get(token);
    if (ended !== undefined) return ended;
    const { exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp: number };
    return exp * 1000 <= this.#now() ? "Token is expired" : undefined;
  }

  /** Makes every token given out so far worthless. */
  revoke(): void {
    this.#key = randomBytes(32);
  }

  /** Makes the token of an `Authorization` header worthless; it is refused in these words from now on. */
  end(authorization: string | undefined, refusal: string): void {
    const token = bearer(authorization);
    if (token !== undefined) this.#ended.set(token, refusal);
  }

  #sign(unsigned: string): string {
    return createHmac("sha256", this.#key).update(unsigned).digest("base64url");
  }
}

/**
 * Answers a token request in Keycloak's order and words; the secret may come in the form or by HTTP Basic.
 * @param issue - makes the token, once the request has proved to be good.
 */
export function answerTokenRequest(
  form: URLSearchParams,
  authorization: string | undefined,
  apiKey: ApiKey,
  issue: () => { readonly token: string; readonly expiresIn: number },
): TokenAnswer {
  const grantType = form.get("grant_type");
  if (!grantType) return failure(400, "invalid_request", "Missing form parameter: grant_type");
  if (grantType !== "client_credentials") return failure(400, "unsupported_grant_type", "Unsupported grant_type");

  const [clientId, clientSecret] = basic(authorization) ?? [form.get("client_id"), form.get("client_secret")];
  const wrong = "Invalid client or Invalid client credentials";
  if (clientId !== apiKey.clientId) return failure(401, "invalid_client", wrong);
  if (!same(clientSecret ?? "", apiKey.clientSecret)) return failure(401, "unauthorized_client", wrong);

  const { token, expiresIn } = issue();
  const body = {
    access_token: token,
    expires_in: expiresIn,
    refresh_expires_in: 0,
    token_type: "Bearer",
    "not-before-policy": 0,
    scope: "profile email",
  };
  return { status: 200, body };
}

function failure(status: number, error: string, description: string): TokenAnswer {
  return { status, body: { error, error_description: description } };
}

function basic(authorization: string | undefined): [string, string] | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const [id = "", ...secret] = Buffer.from(encoded, "base64").toString().split(":");
  // RFC 6749, 2.3.1: both halves are form-encoded before they are put together.
  const pair = new URLSearchParams(`id=${id}&secret=${secret.join(":")}`);
  return [pair.get("id") ?? "", pair.get("secret") ?? ""];
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
}

function same(left: string, right: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
