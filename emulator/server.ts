import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Encounter, Faults } from "./faults/faults.ts";
import type { createGraphQL } from "./graphql/handler.ts";
import { type ApiKey, answerTokenRequest, type Tokens } from "./http/auth.ts";
import { readBody } from "./http/body.ts";
import { isLoopback } from "./http/loopback.ts";
import { type Ending, json, jsonType, type Reply } from "./http/reply.ts";
import type { LoggedRequest } from "./http/requestLog.ts";
import type { Page } from "./page/page.ts";

/** What the HTTP server is put together from. */
interface Parts {
  readonly graphql: ReturnType<typeof createGraphQL>;
  readonly page: Page;
  readonly tokens: Tokens;
  readonly apiKey: ApiKey;
  readonly faults: Pick<Faults, "meet">;
  readonly tokenLifetimeSeconds: number;
  /** Whether only this machine can reach the server, which is when Host is checked and GraphiQL gets a token. */
  readonly loopback: boolean;
  /** Called when a request has been dealt with and before it is answered: what must not be lost is kept here. */
  readonly settle: () => void;
  /** Called last before the answer leaves: it takes the time that the network would, and some more. */
  readonly delay: (moreMs: number) => Promise<void>;
  readonly log: (entry: LoggedRequest) => void;
}

const tokenPath = /^(\/auth)?\/realms\/api-keys\/protocol\/openid-connect\/token$/;
const graphiqlTokenSeconds = 24 * 60 * 60;

/** The HTTP server, not listening yet. */
export function createHttpServer(parts: Parts): Server {
  const answerAsIon = asIon(parts);
  return createServer(async (request, response) => {
    if (!parts.page.isFor(request)) return answerAsIon(request, response);
    const refusal = foreign(request.headers, parts.loopback);
    if (refusal) return send(json(403, { message: refusal }), response);
    const reply = await parts.page.answer(request, response).catch(unexpected);
    if (reply) send(reply, response);
  });
}

/** Answers what an ION would be asked, and notes it in the log. */
function asIon(parts: Parts) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const started = performance.now();
    const entry: LoggedRequest = { kind: "other", operation: null, fields: [], status: 0, milliseconds: 0 };
    const encounter = parts.faults.meet(entry, request.headers.authorization);
    let ending: Ending;
    try {
      const reply = await route(request, response, { entry, encounter }, parts);
      parts.settle();
      ending = encounter.end(reply);
    } catch (error) {
      ending = unexpected(error);
    }
    try {
      await parts.delay(encounter.delayMs);
    } catch {
      // The emulator is closing, and so is this connection.
      return;
    }
    entry.status = typeof ending === "string" ? 0 : ending.status;
    entry.milliseconds = performance.now() - started;
    parts.log(entry);
    send(ending, response);
  };
}

function unexpected(error: unknown): Reply {
  return json(500, { message: error instanceof Error ? error.message : String(error) });
}

function send(ending: Ending, response: ServerResponse): void {
  if (ending === "hang") return;
  if (ending === "drop") {
    response.socket?.destroy();
    return;
  }
  const { status, headers, body } = ending;
  response.writeHead(status, { ...headers, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

async function route(
  request: IncomingMessage,
  response: ServerResponse,
  { entry, encounter }: { readonly entry: LoggedRequest; readonly encounter: Encounter },
  parts: Parts,
): Promise<Ending> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (tokenPath.test(pathname)) entry.kind = "token";
  if (pathname === "/graphql") entry.kind = "graphql";

  const refusal = foreign(request.headers, parts.loopback);
  if (refusal) return json(403, { message: refusal });
  if (entry.kind === "token") return token(request, encounter, parts);
  if (entry.kind === "other") return json(404, { message: "Not found" });

  if (request.method === "GET" && request.headers.accept?.includes("text/html")) {
    entry.kind = "other";
    return graphiql(parts);
  }
  const unauthorized = parts.tokens.refusal(request.headers.authorization);
  if (unauthorized) return json(401, { message: unauthorized });
  const answer = await parts.graphql.handleNodeRequestAndResponse(request, response, { entry, encounter });
  return { status: answer.status, headers: jsonType, body: await answer.text() };
}

async function token(request: IncomingMessage, encounter: Encounter, parts: Parts): Promise<Ending> {
  if (request.method !== "POST") return json(405, { error: "HTTP 405 Method Not Allowed" });
  if (!request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) {
    return json(415, { error: "HTTP 415 Unsupported Media Type" });
  }
  const form = await readBody(request);
  if (form === undefined) return json(413, { error: "HTTP 413 Request Entity Too Large" });
  const instead = encounter.begin();
  if (instead) return instead;
  const { apiKey, tokens, tokenLifetimeSeconds: expiresIn } = parts;
  const issuer = `http://${request.headers.host}/realms/api-keys`;
  const answer = answerTokenRequest(new URLSearchParams(form), request.headers.authorization, apiKey, () => ({
    token: tokens.issue(apiKey.clientId, issuer, expiresIn),
    expiresIn,
  }));
  return json(answer.status, answer.body, { "Cache-Control": "no-store", Pragma: "no-cache" });
}

async function graphiql({ loopback, tokens, apiKey }: Parts): Promise<Reply> {
  // 9 MB that most runs never need.
  const { graphiqlPage } = await import("./graphql/explorer.ts");
  const own = loopback ? tokens.issue(apiKey.clientId, "graphiql", graphiqlTokenSeconds) : undefined;
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    // Nothing from elsewhere, and nobody may put a frame around the page's token.
    "Content-Security-Policy":
      "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
  };
  return { status: 200, headers, body: graphiqlPage(own) };
}

// A page from elsewhere may neither reach us under its own origin nor under a name of its own that leads here
// (DNS rebinding).
function foreign({ host, origin }: IncomingHttpHeaders, loopback: boolean): string | undefined {
  const name = URL.parse(`http://${host}`)?.hostname ?? "";
  if (loopback && !isLoopback(name)) return "Refused: the Host header does not name this machine.";
  if (origin !== undefined && origin !== `http://${host}`) return "Refused: the request comes from another origin.";
  return undefined;
}
