import { isLoopback } from "../connectionSettings.ts";
import { IonError } from "../errors.ts";
import { hasNoBody, loopbackFetch } from "./loopback.ts";

/** What a request is for: a token request changes nothing. */
export type RequestKind = "token" | "graphql";

/** Sends one HTTP request and reads the whole answer. @throws IonError */
export type Send = (kind: RequestKind, url: string, init: RequestInit) => Promise<Response>;

/** A little above the 30 s after which ION itself gives up on a request with 502. */
export const REQUEST_TIMEOUT_MS = 35_000;

/** Failures to connect: nothing was sent, so nothing can have happened. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there (connection refused)",
  ENOTFOUND: "its host name does not exist (DNS)",
  EAI_AGAIN: "its host name could not be resolved (DNS)",
  EHOSTUNREACH: "there is no route to that host",
  ENETUNREACH: "the network is unreachable",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not use TLS there (the URL may need http:// or another port)",
};

/** What to do if a certificate is not trusted because of its issuer. */
const UNTRUSTED_ISSUER =
  "Behind a proxy that inspects TLS, set NODE_USE_SYSTEM_CA=1 if this machine trusts the proxy's certificate, or set " +
  "NODE_EXTRA_CA_CERTS to the path of that certificate.";

/** The same if it is not trusted for another reason. */
const CERTIFICATE_HINTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "Check this machine's clock first, then contact the owner of the server.",
  CERT_NOT_YET_VALID: "Check this machine's clock first, then contact the owner of the server.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The certificate was issued for another host: check the host name in the URL.",
};

/**
 * Creates the one function that sends HTTP requests.
 *
 * @throws IonError "unreachable" if the request cannot have arrived, "unknownOutcome" if it may have.
 */
export function transport(
  fetch: typeof globalThis.fetch,
  timeoutMs = REQUEST_TIMEOUT_MS,
  env: NodeJS.ProcessEnv = process.env,
): Send {
  return async (kind, url, init) => {
    try {
      const response = await fetch(url, { ...init, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
      const { host } = new URL(url);
      const text = await readBody(response, host);
      if (response.status > 599)
        throw new IonError("unexpectedAnswer", `${host} answered with HTTP ${response.status}.`);
      return new Response(hasNoBody(response.status) ? null : text, {
        status: response.status,
        headers: response.headers,
      });
    } catch (error) {
      if (error instanceof IonError) throw error;
      throw failure(kind, new URL(url), error, env);
    }
  };
}

/** `fetch` that never sends a request for this machine through a proxy or to another machine. */
export const safeFetch: typeof globalThis.fetch = (url, init = {}) =>
  isLoopback(new URL(String(url)).hostname) ? loopbackFetch(String(url), init) : globalThis.fetch(url, init);

/** Bytes of an answer, after decompression: far more than 10,000 receivers need. */
const MAX_ANSWER_BYTES = 64 << 20;

/** Reads an answer. @throws IonError if it is too large */
async function readBody(response: Response, host: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    // Leaving the loop cancels the rest.
    if (bytes > MAX_ANSWER_BYTES) {
      throw new IonError("unexpectedAnswer", `${host} sent an answer of more than ${MAX_ANSWER_BYTES >> 20} MB.`, {
        hints: ["Check that the endpoint is ION's."],
      });
    }
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function failure(kind: RequestKind, url: URL, error: unknown, env: NodeJS.ProcessEnv): IonError {
  const { host } = url;
  const { code, message } = causeOf(error);
  const proxy = proxyFor(url, env);
  const refusedByProxy = /^Proxy response \((\d+)\)/.exec(message)?.[1];
  const neverSent = refusedByProxy
    ? `the proxy refused to connect to it (HTTP ${refusedByProxy})`
    : isCertificateProblem(code)
      ? `its TLS certificate is not trusted (${code})`
      : NEVER_SENT[code];
  if (neverSent) {
    const via = proxy?.isUsed ? ` through the proxy in ${proxy.variable}` : "";
    return new IonError("unreachable", `Could not reach ION at ${host}${via}: ${neverSent}.`, {
      hints: hintsFor(url, code, proxy),
    });
  }
  const isTimeout = [...causesOf(error)].some(({ name }) => name === "TimeoutError");
  const reason = isTimeout ? "did not answer in time" : "closed the connection before it answered";
  // A token request changes nothing, so it can be sent again.
  return new IonError(kind === "token" ? "unreachable" : "unknownOutcome", `ION at ${host} ${reason}.`);
}

const isCertificateProblem = (code: string) => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|^ERR_TLS/.test(code);

function hintsFor(url: URL, code: string, proxy: Proxy | undefined): string[] {
  if (code === "ECONNREFUSED" && isLoopback(url.hostname)) {
    return [
      `If you meant the local emulator, start it again as before: \`npm run practice\`, or \`npx --no-install ion-emulator --port ${url.port}\`.`,
    ];
  }
  return [
    ...(isCertificateProblem(code) ? [CERTIFICATE_HINTS[code] ?? UNTRUSTED_ISSUER] : []),
    ...(proxy && !proxy.isUsed ? [unusedProxy(proxy.variable)] : []),
  ];
}

/** The host that an answer redirects to, such as a sign-in page's. */
export function redirectOf(status: number, headers: Headers): string | undefined {
  const location = headers.get("location");
  if (!location || status < 300 || status > 399) return undefined;
  return URL.canParse(location) ? new URL(location).host : "another page";
}

interface Proxy {
  readonly variable: string;
  /** Whether Node uses it. */
  readonly isUsed: boolean;
}

/** The proxy that a person may expect a request to use. Node's fetch uses it only if it is configured to. */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): Proxy | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const variable = [name.toLowerCase(), name].find((one) => env[one]);
  const isUsed = env.NODE_USE_ENV_PROXY === "1" || /--use-env-proxy\b/.test(env.NODE_OPTIONS ?? "");
  return variable && !isLoopback(url.hostname) ? { variable, isUsed } : undefined;
}

/** What to do if Node does not use a proxy. */
export const unusedProxy = (variable: string) =>
  `${variable} is set, but Node does not use it. To use that proxy, also set NODE_USE_ENV_PROXY=1.`;

/** The reason of a failed fetch, which Node nests one or two causes deep; an AggregateError if several addresses were tried. */
function causeOf(error: unknown): { readonly code: string; readonly message: string } {
  for (const { code, message } of causesOf(error)) {
    // To this machine, Node's https reports an answer without TLS in this way.
    if (code === "EPROTO" && message.includes("wrong version number")) {
      return { code: "ERR_SSL_WRONG_VERSION_NUMBER", message };
    }
    if (typeof code === "string") return { code, message };
  }
  return { code: "", message: "" };
}

/** An error, its cause, the cause of that, and so on. */
function* causesOf(error: unknown): Generator<Error & { readonly code?: unknown }> {
  // Not `instanceof Error`: under Jest, errors of Node's own modules come from another realm.
  const isError = (value: unknown): value is Error => value !== null && typeof value === "object" && "message" in value;
  for (let cause: unknown = error; isError(cause); cause = cause.cause) yield cause;
}
