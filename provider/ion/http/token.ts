import { z } from "zod";
import { type ConnectionSettings, settingNames } from "../connectionSettings.ts";
import { CONFIG_JUST_CHANGED, IonError } from "../errors.ts";
import { redactor } from "./redact.ts";
import { redirectOf, type Send } from "./transport.ts";

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().default(60) });

/** Keycloak's (and OAuth's, RFC 6749 5.2) words for a refusal. */
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** A token is renewed this long before it ends; a short-lived one at half its life. */
const RENEW_EARLY_MS = 30_000;

/** Fetches ION's access token when it is first needed, once for all who ask, and again before it ends. */
export class TokenSource {
  #current: { readonly token: string; readonly renewAt: number } | undefined;
  #pending: Promise<string> | undefined;
  readonly #connection: ConnectionSettings;
  readonly #send: Send;
  readonly #now: () => number;

  constructor(connection: ConnectionSettings, send: Send, now: () => number) {
    this.#connection = connection;
    this.#send = send;
    this.#now = now;
  }

  /** The token to use now. */
  async get(): Promise<string> {
    if (this.#current && this.#now() < this.#current.renewAt) return this.#current.token;
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  /** Drops a token that ION did not accept; one that was renewed meanwhile stays. */
  reject(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }

  async #fetch(): Promise<string> {
    const { authUrl, clientId, clientSecret, name } = this.#connection;
    const { key, variable } = settingNames(name);
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    });
    const answer = await this.#send("token", authUrl, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
      body: body.toString(),
    });
    const given = json(await answer.text());
    if (answer.status === 400 || answer.status === 401 || answer.status === 403) {
      const { data } = refusal.safeParse(given);
      const said = data ? `: ${redactor([clientSecret])(data.error_description ?? data.error).slice(0, 200)}` : "";
      throw new IonError(
        "auth",
        `ION's token endpoint at ${new URL(authUrl).host} did not accept the API key (HTTP ${answer.status})${said}. ` +
          `Check ${key("clientId")} and ${key("clientSecret")} (or ${variable("clientId")} and ${variable("clientSecret")}), ` +
          "and that the key was made in " +
          `this environment: a key works in one ION environment only. ${CONFIG_JUST_CHANGED}`,
      );
    }
    const parsed = tokenAnswer.safeParse(given);
    if (!answer.ok || !parsed.success) {
      // An issuer that is overloaded or restarting gave no token and did nothing: that passes.
      throw new IonError(
        answer.status === 429 || answer.status >= 500 ? "unreachable" : "unexpectedAnswer",
        `${new URL(authUrl).host} answered the token request with HTTP ${answer.status} and no token${instead(answer)}. ` +
          `Check that ${key("authUrl")} (or ${variable("authUrl")}) is ION's token endpoint.`,
      );
    }
    const life = parsed.data.expires_in * 1000;
    this.#current = {
      token: parsed.data.access_token,
      renewAt: this.#now() + Math.max(life - RENEW_EARLY_MS, life / 2),
    };
    return parsed.data.access_token;
  }
}

/** What came in place of a token. */
function instead({ status, headers }: Response): string {
  const elsewhere = redirectOf(status, headers);
  if (elsewhere) return `, and sends on to ${elsewhere}`;
  return headers.get("content-type")?.includes("html") ? ", but a web page" : "";
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
