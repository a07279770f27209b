import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Faults, RequestFaults } from "./faults/faults.ts";
import type { createGraphQLHandler } from "./graphql/handler.ts";
import { type ApiKey, answerTokenRequest, EXPLORER, type Tokens } from "./http/auth.ts";
import { readBody } from "./http/body.ts";
import { isLoopback } from "./http/loopback.ts";
import { type Answer, htmlPage, json, jsonType, type Reply } from "./http/reply.ts";
import type { LoggedRequest } from "./http/requestLog.ts";
import type { Page } from "./page/page.ts";

/** Where the token endpoint is: below this path, or below both. */
export type TokenPath = "/realms" | "/auth/realms" | "both";

/** The parts that the server routes requests to. */
interface Parts {
  readonly graphql: ReturnType<typeof createGraphQLHandler>;
  readonly page: Page;
  readonly tokens: Tokens;
  readonly apiKey: ApiKey;
  readonly tokenPath: TokenPath;
  readonly faults: Pick<Faults, "forRequest">;
  readonly tokenLifetimeSeconds: number;
  /** Whether only this machine can reach the server. If so, Host is checked and GraphiQL gets a token. */
  readonly loopback: boolean;
  /** Saves changes; called before each response. */
  readonly persist: () => void;
  /** Waits for the latency plus `moreMs`; called before each response. */
  readonly delay: (moreMs: number) => Promise<void>;
  readonly log: (entry: LoggedRequest) => void;
}

const TOKEN_PATH = /^((?:\/auth)?\/realms)\/api-keys\/protocol\/openid-connect\/token$/;
const EXPLORER_TOKEN_SECONDS = 24 * 60 * 60;

/** Creates the HTTP server. The caller makes it listen. */
export function createHttpServer(parts: Parts): Server {
  const handleIonRequest = ionHandler(parts);
  return createServer(async (request, response) => {
    if (!parts.page.handles(request)) return handleIonRequest(request, response);
    const refusal = originRefusal(request.headers, parts.loopback);
    if (refusal) return send(json(403, { message: refusal }), response);
    const reply = await parts.page.answer(request, response).catch(internalError);
    if (reply) send(reply, response);
  });
}

/** Handles and logs requests to ION's API. */
function ionHandler(parts: Parts) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const entry: LoggedRequest = { kind: "other", operation: null, fields: [], status: 0, milliseconds: 0 };
    const faults = parts.faults.forRequest(entry, request.headers.authorization);
    let answer: Answer;
    try {
      const reply = await route(request, response, { entry, faults }, parts);
      parts.persist();
      answer = faults.answer(reply);
    } catch (error) {
      answer = internalError(error);
    }
    try {
      await parts.delay(faults.delayMs);
    } catch {
      // The emulator is closing.
      return;
    }
    entry.status = typeof answer === "string" ? 0 : answer.status;
    entry.milliseconds = performance.now() - started;
    parts.log(entry);
    send(answer, response);
  };
}

function internalError(error: unknown): Reply {
  return json(500, { message: error instanceof Error ? error.message : String(error) });
}

function send(answer: Answer, response: ServerResponse): void {
  if (answer === "hang") return;
  if (answer === "drop") {
    response.socket?.destroy();
    return;
  }
  const { status, headers, body } = answer;
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { entry, faults }: { readonly entry: LoggedRequest; readonly faults: RequestFaults },
  parts: Parts,
): Promise<Answer> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  const tokenPath = TOKEN_PATH.exec(pathname)?.[1];
  const isMissing = tokenPath !== undefined && parts.tokenPath !== "both" && parts.tokenPath !== tokenPath;
  if (tokenPath !== undefined && !isMissing) entry.kind = "token";
  if (pathname === "/graphql") entry.kind = "graphql";

  const refusal = originRefusal(request.headers, parts.loopback);
  if (refusal) return json(403, { message: refusal });
  if (entry.kind === "token") return answerToken(request, faults, parts);
  if (isMissing) return htmlPage(404, "404 Not Found");
  if (entry.kind === "other") return json(404, { message: "Not found" });

  if (request.method === "GET" && request.headers.accept?.includes("text/html")) {
    entry.kind = "other";
    return answerExplorer(request.headers, parts);
  }
  const unauthorized = parts.tokens.refusal(request.headers.authorization, request.headers.origin);
  if (unauthorized) return json(401, { message: unauthorized });
  const answer = await parts.graphql.handleNodeRequestAndResponse(request, response, { entry, faults });
  return { status: answer.status, headers: jsonType, body: await answer.text() };
}

async function answerToken(request: IncomingMessage, faults: RequestFaults, parts: Parts): Promise<Answer> {
  if (request.method !== "POST") return json(405, { error: "HTTP 405 Method Not Allowed" });
  if (!request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return json(415, { error: "HTTP 415 Unsupported Media Type" });
  }
  const form = await readBody(request);
  if (form === undefined) return json(413, { error: "HTTP 413 Request Entity Too Large" });
  const replacement = faults.beforeProcessing();
  if (replacement) return replacement;
  const { apiKey, tokens, tokenLifetimeSeconds: expiresIn } = parts;
  const issuer = `http://${request.headers.host}/realms/api-keys`;
  const answer = answerTokenRequest(new URLSearchParams(form), request.headers.authorization, apiKey, () => ({
    token: tokens.issue(apiKey.clientId, issuer, expiresIn),
    expiresIn,
  }));
  return json(answer.status, answer.body, { "Cache-Control": "no-store", Pragma: "no-cache" });
}

async function answerExplorer(request: IncomingHttpHeaders, { loopback, tokens, apiKey }: Parts): Promise<Reply> {
  // Only a tab gets the page: another web page can request it too, as a script or an image, though it cannot read it.
  if ((request["sec-fetch-dest"] ?? "document") !== "document") {
    return json(403, { message: "Refused: open the API explorer in a tab of its own." });
  }
  // 9 MB that most runs do not need.
  const { explorerPage } = await import("./graphql/explorer.ts");
  const token = loopback ? tokens.issue(apiKey.clientId, EXPLORER, EXPLORER_TOKEN_SECONDS) : undefined;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    // Nothing is loaded from elsewhere, and no other page can frame this one and its token.
    "Content-Security-Policy":
      "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  };
  return { status: 200, headers, body: explorerPage(token && tokens.header(token)) };
}

/** Why a request is refused: another web page sent it, directly or through DNS rebinding. */
function originRefusal({ host, origin }: IncomingHttpHeaders, loopback: boolean): string | undefined {
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  if (loopback && !isLoopback(name)) return "Refused: the Host header does not name this machine.";
  if (origin !== undefined && origin !== `http://${host}`) return "Refused: the request comes from another origin.";
  return undefined;
}
