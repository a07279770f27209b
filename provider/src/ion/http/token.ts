import { z } from "zod";
import { escapeMessage } from "../../model/text.ts";
import { type ConnectionSettings, settingNames } from "../connectionSettings.ts";
import { IonError, isIonError, sentence } from "../errors.ts";
import { OTHER_TOKEN_PATH, TOKEN_PATH } from "../facts.ts";
import { redactor, secretsOfQuery } from "./redact.ts";
import { redirectOf, type Send } from "./transport.ts";

/** Seconds that a token is valid if the issuer does not say. */
const DEFAULT_LIFETIME = 60;

const tokenAnswer = z.object({
  // A longer one fits no HTTP header.
  access_token: z.string().min(1).max(100_000),
  expires_in: z.coerce.number().positive().catch(DEFAULT_LIFETIME).default(DEFAULT_LIFETIME),
});

/** A rejection by Keycloak (OAuth, RFC 6749 5.2). */
const rejectionAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

/** A token is renewed this long before it expires; a short-lived one at half its lifetime. */
const RENEW_EARLY_MS = 30_000;

/** Requests ION's access token when it is first needed, shares it among all callers, and renews it before it expires. */
export class TokenSource {
  #current: { readonly token: string; readonly renewAt: number } | undefined;
  #pending: Promise<string> | undefined;
  /** The token endpoint: as it is set, or where it was found. */
  url: string;
  readonly #connection: ConnectionSettings;
  readonly #send: Send;
  readonly #now: () => number;

  constructor(connection: ConnectionSettings, send: Send, now: () => number) {
    this.url = connection.authUrl;
    this.#connection = connection;
    this.#send = send;
    this.#now = now;
  }

  /** The current token. @throws IonError */
  async get(): Promise<string> {
    if (this.#current && this.#now() < this.#current.renewAt) return this.#current.token;
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Drops a token that ION rejected; one that was renewed in the meantime is kept. */
  reject(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }

  /** Requests a token, at the other path that issuers use if there is nothing at this one. */
  async #fetch(): Promise<string> {
    try {
      return await this.#fetchFrom(this.url);
    } catch (error) {
      const url = new URL(this.url);
      if (!(error instanceof NoTokenEndpoint) || url.pathname !== TOKEN_PATH) throw error;
      url.pathname = OTHER_TOKEN_PATH;
      const token = await this.#fetchFrom(url.href).catch((other: unknown) => {
        // The other path exists if it answered as a token endpoint does.
        throw isIonError(other) && !(other instanceof NoTokenEndpoint) ? other : error;
      });
      this.url = url.href;
      return token;
    }
  }

  async #fetchFrom(authUrl: string): Promise<string> {
    const { clientId, clientSecret, name, names = settingNames(name) } = this.#connection;
    const { key, variable } = names;
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    });
    const answer = await this.#send("token", authUrl, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    });
    const body = parseJson(await answer.text());
    const host = new URL(authUrl).host;
    if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
      const { data } = rejectionAnswer.safeParse(body);
      const reason = data
        ? escapeMessage(redactor([clientSecret, ...secretsOfQuery(authUrl)])(data.error_description ?? data.error))
        : "";
      throw new IonError(
        "auth",
        `ION's token endpoint at ${host} rejected the API key (HTTP ${answer.status})${reason && `: ${sentence(reason)}`}${reason ? "" : "."}`,
        {
          hints: [
            `Check ${key("clientId")} and ${key("clientSecret")} (or ${variable("clientId")} and ${variable("clientSecret")}), ` +
              "and that the key was created in this ION environment: a key works in one environment only.",
          ],
        },
      );
    }
    const parsed = tokenAnswer.safeParse(body);
    if (!answer.ok || !parsed.success) {
      const summary = `${host} answered the token request with HTTP ${answer.status} and no token${insteadOfToken(answer)}.`;
      const hints = [`Check that ${key("authUrl")} (or ${variable("authUrl")}) is ION's token endpoint.`];
      // An issuer that is overloaded or restarting issued no token and changed nothing: that is transient.
      if (answer.status === 429 || answer.status >= 500) throw new IonError("unreachable", summary, { hints });
      if (answer.status === 404 || body === undefined) throw new NoTokenEndpoint(summary, hints);
      throw new IonError("unexpectedAnswer", summary, { hints });
    }
    const life = parsed.data.expires_in * 1000;
    this.#current = {
      token: parsed.data.access_token,
      renewAt: this.#now() + Math.max(life - RENEW_EARLY_MS, life / 2),
    };
    return parsed.data.access_token;
  }
}

/** There is no token endpoint at a URL. */
class NoTokenEndpoint extends IonError {
  constructor(summary: string, hints: readonly string[]) {
    super("unexpectedAnswer", summary, { hints });
  }
}

/** What was answered instead of a token. */
function insteadOfToken({ status, headers }: Response): string {
  const target = redirectOf(status, headers);
  if (target) return `, but a redirect to ${target}`;
  return headers.get("content-type")?.includes("html") ? ", but a web page" : "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
