import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";

/** The API key that the emulator accepts. */
export interface ApiKey {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** How a request carries its token in the `Authorization` header: as `Bearer <token>`, or as the token alone. */
export type Authorization = "bearer" | "bare";

/** A response of the token endpoint. The body is sent as JSON. */
interface TokenResponse {
  readonly status: number;
  readonly body: object;
}

/** The issuer of the API explorer's token, which is valid only in its page. */
export const EXPLORER = "graphiql";

/** Issues, checks and revokes tokens. The signing key never leaves this class. */
export class Tokens {
  #key = randomBytes(32);
  /** Tokens that were revoked one by one, with the message of the refusal. */
  readonly #revoked = new Map<string, string>();
  readonly #now: () => number;
  readonly #authorization: Authorization;

  /** @param now - the clock, in milliseconds since 1970 */
  constructor(now: () => number, authorization: Authorization) {
    this.#now = now;
    this.#authorization = authorization;
  }

  /** The `Authorization` header for a token. */
  header(token: string): string {
    return this.#authorization === "bare" ? token : `Bearer ${token}`;
  }

  /** Creates a signed token that is valid for `lifetimeSeconds`. */
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
   * Why an `Authorization` header is refused, or undefined if it is valid. The messages are from ION's page on error
   * codes, except for the message on expired tokens, which is INFERRED.
   * @param origin - the `Origin` header, which browsers send with every request of a page
   */
  refusal(authorization: string | undefined, origin?: string): string | undefined {
    const token = this.#tokenIn(authorization);
    if (token === undefined) return "Please provide proper credentials";
    const [header, payload, signature, ...rest] = token.split(".");
    if (!header || !payload || !signature || rest.length > 0) return "Unable to parse authentication token";
    if (!same(signature, this.#sign(`${header}.${payload}`))) return "Unable to find appropriate RSA key";
    const revoked = this.#revoked.get(token);
    if (revoked !== undefined) return revoked;
    const { exp, iss } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp: number; iss: string };
    if (iss === EXPLORER && origin === undefined) return "This token is valid only in the page of the API explorer";
    return exp * 1000 <= this.#now() ? "Token is expired" : undefined;
  }

  /** Revokes every token issued so far. */
  revokeAll(): void {
    this.#key = randomBytes(32);
  }

  /** Revokes the token of an `Authorization` header. `refusal` becomes the message of the refusal. */
  revoke(authorization: string | undefined, refusal: string): void {
    const token = this.#tokenIn(authorization);
    if (token !== undefined) this.#revoked.set(token, refusal);
  }

  #tokenIn(authorization: string | undefined): string | undefined {
    const form = this.#authorization === "bare" ? /^(\S+)$/ : /^Bearer +(\S+)$/i;
    return form.exec(authorization ?? "")?.[1];
  }

  #sign(unsigned: string): string {
    return createHmac("sha256", this.#key).update(unsigned).digest("base64url");
  }
}

/**
 * Answers a token request with Keycloak's checks and messages. The credentials are in the form or in HTTP Basic.
 * @param issue - creates the token; called after all checks
 */
export function answerTokenRequest(
  form: URLSearchParams,
  authorization: string | undefined,
  apiKey: ApiKey,
  issue: () => { readonly token: string; readonly expiresIn: number },
): TokenResponse {
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

function failure(status: number, error: string, description: string): TokenResponse {
  return { status, body: { error, error_description: description } };
}

function basic(authorization: string | undefined): [string, string] | undefined {
  const [, encoded] = /^Basic +(\S+)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const [id = "", ...secret] = Buffer.from(encoded, "base64").toString().split(":");
  // RFC 6749, 2.3.1: id and secret are form-encoded before they are joined.
  const credentials = new URLSearchParams(`id=${id}&secret=${secret.join(":")}`);
  return [credentials.get("id") ?? "", credentials.get("secret") ?? ""];
}

function same(left: string, right: string): boolean {
  const digest = (value: string) => createHash("sha256").update(value).digest();
  return timingSafeEqual(digest(left), digest(right));
}
