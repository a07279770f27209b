import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Deliveries } from "../deliveries/deliveries.ts";
import type { Faults } from "../faults/faults.ts";
import { readBody } from "../http/body.ts";
import { json, type Reply } from "../http/reply.ts";
import type { LoggedRequest } from "../http/requestLog.ts";
import { StoreError } from "../store/validation.ts";
import { type Actions, type ActionTargets, createActions } from "./actions.ts";
import { type PageSources, PageState } from "./pageState.ts";
import { Stream } from "./stream.ts";

interface Parts extends ActionTargets, PageSources {
  readonly faults: Faults;
  readonly deliveries: Deliveries;
  /** Whether only this machine can reach the emulator. Otherwise there is no page. */
  readonly loopback: boolean;
  /** Saves changes; called after each action. */
  readonly persist: () => void;
}

const mediaTypes: Record<string, string> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
};
const securityHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

// The package's own name resolves to its root from the sources and from dist.
const clientFolder = join(createRequire(import.meta.url).resolve("ion-emulator/package.json"), "../page/client");

/**
 * The web page at `/`: its files, its event stream and its actions.
 *
 * The stream and the actions require the token in the page, which other web pages cannot read. The stream contains no
 * secrets.
 */
export class Page {
  readonly #parts: Parts;
  readonly #state: PageState;
  readonly #stream: Stream;
  readonly #actions: Actions;
  readonly #token = randomBytes(24).toString("base64url");

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#state = new PageState(parts);
    this.#stream = new Stream(() => this.#state.snapshot());
    this.#actions = createActions(parts, this.#state);
    parts.store.watch((change) => {
      this.#state.recentChanges.add(change, Date.now());
      this.#stream.update();
    });
    parts.deliveries.onDelivery(() => this.#stream.update());
    parts.faults.watch(() => this.#stream.update());
  }

  logRequest(request: LoggedRequest): void {
    this.#state.logRequest(request);
    this.#stream.update();
  }

  /** Whether a request is for the page. */
  handles(request: IncomingMessage): boolean {
    const { pathname } = target(request);
    return pathname === "/" || pathname.startsWith("/page/");
  }

  /** Answers a request for the page. Returns undefined for the event stream, which stays open. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
    const { pathname, searchParams } = target(request);
    if (!this.#parts.loopback) {
      return reply(403, "text/plain", "The page exists only while the emulator listens on a loopback address.\n");
    }
    if (pathname === "/page/events") {
      if (!this.#isToken(searchParams.get("token"))) return invalidToken;
      if (this.#stream.open(response, securityHeaders)) return undefined;
      return json(503, { message: "The page is open in too many tabs." }, securityHeaders);
    }
    if (request.method === "POST") {
      if (!this.#isToken(request.headers["x-page-token"])) return invalidToken;
      return this.#act(request, pathname.slice("/page/".length));
    }
    if (request.method !== "GET") return json(405, { message: "Method not allowed" }, securityHeaders);
    return this.#file(pathname === "/" ? "index.html" : pathname.slice("/page/".length));
  }

  async #file(name: string): Promise<Reply> {
    const type = mediaTypes[name.split(".")[1] ?? ""];
    if (!type || !(await readdir(clientFolder)).includes(name)) return notFound;
    const content = await readFile(join(clientFolder, name), "utf8");
    return reply(200, type, name === "index.html" ? content.replace("{{token}}", this.#token) : content);
  }

  async #act(request: IncomingMessage, name: string): Promise<Reply> {
    const action = Object.hasOwn(this.#actions, name) ? this.#actions[name] : undefined;
    if (!action) return notFound;
    const content = await readBody(request);
    if (content === undefined) return json(413, { message: "The body is too long." }, securityHeaders);
    try {
      const body: unknown = JSON.parse(content);
      if (typeof body !== "object" || body === null) throw new SyntaxError("not an object");
      const result = action({ ...body });
      this.#parts.persist();
      return json(200, result ?? {}, securityHeaders);
    } catch (error) {
      if (error instanceof SyntaxError)
        return json(400, { message: "The body is not a JSON object." }, securityHeaders);
      if (error instanceof StoreError) return json(400, { message: error.message }, securityHeaders);
      throw error;
    }
  }

  #isToken(value: unknown): boolean {
    const expected = Buffer.from(this.#token);
    const received = Buffer.from(typeof value === "string" ? value : "");
    return received.length === expected.length && timingSafeEqual(received, expected);
  }
}

const invalidToken = json(
  403,
  { message: "The page's token is missing or outdated. Reload the page." },
  securityHeaders,
);
const notFound = json(404, { message: "Not found" }, securityHeaders);

function reply(status: number, type: string, body: string): Reply {
  return { status, headers: { ...securityHeaders, "Content-Type": `${type}; charset=utf-8` }, body };
}

function target(request: IncomingMessage): Pick<URL, "pathname" | "searchParams"> {
  const [pathname = "", query] = (request.url ?? "/").split("?", 2);
  return { pathname, searchParams: new URLSearchParams(query) };
}
