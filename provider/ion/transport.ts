import { CONFIG_JUST_CHANGED, IonError } from "./errors.ts";

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
};

/**
 * Makes the one function that speaks HTTP.
 *
 * @throws IonError "unreachable" where the request cannot have arrived, "unknownOutcome" where it may have.
 */
export function transport(fetch: typeof globalThis.fetch, timeoutMs = REQUEST_TIMEOUT_MS): Send {
  return async (kind, url, init) => {
    const { host } = new URL(url);
    try {
      const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      return new Response([204, 205, 304].includes(response.status) ? null : text, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      throw failure(kind, host, error);
    }
  };
}

function failure(kind: RequestKind, host: string, error: unknown): IonError {
  const code = codeOf(error);
  const neverSent = code && (NEVER_SENT[code] ?? certificateProblem(code));
  if (neverSent)
    return new IonError("unreachable", `Could not reach ION at ${host}: ${neverSent}. ${CONFIG_JUST_CHANGED}`);
  const what =
    error instanceof Error && error.name === "TimeoutError"
      ? "did not answer in time"
      : "dropped the connection before it answered";
  // A token request writes nothing, so a lost answer is as good as none.
  return new IonError(kind === "token" ? "unreachable" : "unknownOutcome", `ION at ${host} ${what}.`);
}

function certificateProblem(code: string): string | undefined {
  return /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS/.test(code)
    ? `its TLS certificate is not trusted (${code}); behind a proxy that inspects TLS, set NODE_EXTRA_CA_CERTS to the proxy's certificate`
    : undefined;
}

/** Node's fetch hides the reason one or two causes down; several addresses tried make it an AggregateError. */
function codeOf(error: unknown): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && typeof cause.code === "string") return cause.code;
  }
  return undefined;
}
