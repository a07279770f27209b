import { isLoopback } from "../connectionSettings.ts";
import { CONFIG_JUST_CHANGED, IonError } from "../errors.ts";

/** What a request is for: it decides what a lost answer means. */
export type RequestKind = "token" | "graphql";

/** Sends one HTTP request and reads the whole answer. */
export type Send = (kind: RequestKind, url: string, init: RequestInit) => Promise<Response>;

/** A little above the 30 s after which ION itself gives up on a request with 502. */
export const REQUEST_TIMEOUT_MS = 35_000;

/** Failures to connect: nothing was sent, so nothing can have happened. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing answers there (connection refused)",
  ENOTFOUND: "its host name is not known (DNS)",
  EAI_AGAIN: "its host name could not be looked up (DNS)",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no network",
  UND_ERR_CONNECT_TIMEOUT: "it did not accept a connection in time",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "it does not speak TLS there: the URL may have to begin with http://, or to name another port",
};

/** What a certificate that is not trusted may be about, other than who signed it. */
const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "look at this machine's clock first, then tell who runs it",
  CERT_NOT_YET_VALID: "look at this machine's clock first, then tell who runs it",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is another host's, so look at the host's name in the URL",
};

/**
 * Makes the one function that speaks HTTP.
 *
 * @throws IonError "unreachable" where the request cannot have arrived, "unknownOutcome" where it may have.
 */
export function transport(
  fetch: typeof globalThis.fetch,
  timeoutMs = REQUEST_TIMEOUT_MS,
  env: NodeJS.ProcessEnv = process.env,
): Send {
  return async (kind, url, init) => {
    try {
      const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      return new Response([204, 205, 304].includes(response.status) ? null : text, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      throw failure(kind, new URL(url), error, env);
    }
  };
}

function failure(kind: RequestKind, url: URL, error: unknown, env: NodeJS.ProcessEnv): IonError {
  const { host } = url;
  const { code, message } = causeOf(error);
  const proxy = proxyFor(url, env);
  const refusedByProxy = /^Proxy response \((\d+)\)/.exec(message)?.[1];
  const neverSent = refusedByProxy
    ? `the proxy refused to connect to it (HTTP ${refusedByProxy})`
    : code && (NEVER_SENT[code] ?? certificateProblem(code));
  if (neverSent) {
    const through = proxy?.heeded ? ` through the proxy that ${proxy.variable} names` : "";
    const hints = [...hintsFor(url, code, proxy), CONFIG_JUST_CHANGED];
    return new IonError("unreachable", `Could not reach ION at ${host}${through}: ${neverSent}. ${hints.join(" ")}`);
  }
  const what =
    error instanceof Error && error.name === "TimeoutError"
      ? "did not answer in time"
      : "dropped the connection before it answered";
  // A token request writes nothing, so a lost answer is as good as none.
  return new IonError(kind === "token" ? "unreachable" : "unknownOutcome", `ION at ${host} ${what}.`);
}

function certificateProblem(code: string): string | undefined {
  if (!/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS/.test(code)) return undefined;
  const known =
    CERTIFICATES[code] ??
    "behind a proxy that inspects TLS, set NODE_USE_SYSTEM_CA=1 if this machine trusts it, or NODE_EXTRA_CA_CERTS to the " +
      "file of its certificate";
  return `its TLS certificate is not trusted (${code}); ${known}`;
}

function hintsFor(url: URL, code: string | undefined, proxy: Proxy | undefined): string[] {
  if (code === "ECONNREFUSED" && isLoopback(url.hostname)) {
    return [`If the emulator is to be there, start it in another terminal: \`npx ion-emulator --port ${url.port}\`.`];
  }
  return proxy && !proxy.heeded ? [unheeded(proxy.variable)] : [];
}

/** Where an answer sends whoever asked, such as to a page to sign in at; the host alone. */
export function redirectOf(status: number, headers: Headers): string | undefined {
  const location = headers.get("location");
  if (!location || status < 300 || status > 399) return undefined;
  return URL.canParse(location) ? new URL(location).host : "another page";
}

interface Proxy {
  readonly variable: string;
  /** Whether Node goes by it. */
  readonly heeded: boolean;
}

/** The proxy that a person may think a request goes through: Node's fetch goes by the variable only where it is told to. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): Proxy | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const variable = [name.toLowerCase(), name].find((one) => env[one]);
  const heeded = env.NODE_USE_ENV_PROXY === "1" || /--use-env-proxy\b/.test(env.NODE_OPTIONS ?? "");
  return variable && !isLoopback(url.hostname) ? { variable, heeded } : undefined;
}

/** What to type where Node does not go by a proxy's variable. */
export const unheeded = (variable: string) =>
  `${variable} is set, and Node does not heed it: to go through that proxy, set NODE_USE_ENV_PROXY=1 as well.`;

/** Node's fetch hides the reason one or two causes down; several addresses tried make it an AggregateError. */
function causeOf(error: unknown): { readonly code?: string; readonly message: string } {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return { code: cause.code, message: cause.message };
  }
  return { message: "" };
}
