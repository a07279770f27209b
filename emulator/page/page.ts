import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Deliveries } from "../deliveries/deliveries.ts";
import { type Faults, faultKinds } from "../faults/faults.ts";
import type { ApiKey } from "../http/auth.ts";
import { readBody } from "../http/body.ts";
import { json, type Reply } from "../http/reply.ts";
import type { LoggedRequest } from "../http/requestLog.ts";
import { StoreError } from "../store/validation.ts";
import { type ButtonParts, type Buttons, buttons } from "./actions.ts";
import { Live } from "./pageState.ts";
import { type Setup, Stream } from "./stream.ts";

/** What the page is put together from. */
interface Parts extends ButtonParts {
  readonly faults: Pick<Faults, "add" | "remove" | "list" | "watch">;
  readonly deliveries: Pick<Deliveries, "onDelivery">;
  readonly apiKey: ApiKey;
  /** The secret that is nobody's own, which the page may therefore show. */
  readonly openSecret: string;
  /** Only where no other machine can reach it is there a page. */
  readonly loopback: boolean;
  /** Called after each change: what must not be lost is kept here. */
  readonly settle: () => void;
}

const types: Record<string, string> = {
  html: "text/html",
  css: "text/css",
  js: "text/javascript",
  svg: "image/svg+xml",
};
const security = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

// The package's own name leads to its root from the sources and from dist alike.
const folder = join(createRequire(import.meta.url).resolve("ion-emulator/package.json"), "../page/client");

/**
 * The page at `/`: its files, the stream of what happens, and what its buttons do.
 *
 * Whoever reads the stream or presses a button has to send the token that is in the page, which no page from elsewhere
 * can read. The stream holds no secret; a client that reads too slowly is told less often, not more at once.
 */
export class Page {
  readonly #parts: Parts;
  readonly #live: Live;
  readonly #stream: Stream;
  readonly #buttons: Buttons;
  readonly #token = randomBytes(24).toString("base64url");

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#live = new Live(parts.store, parts.faults);
    this.#stream = new Stream(this.#live, () => this.#setup());
    this.#buttons = buttons(parts, this.#live);
    parts.store.watch((change) => {
      this.#live.storeChanged(change);
      this.#stream.tellSoon();
    });
    parts.deliveries.onDelivery((delivery) => {
      this.#live.delivered(delivery);
      this.#stream.tellSoon();
    });
    parts.faults.watch(() => {
      this.#live.faultsChanged();
      this.#stream.tellSoon();
    });
  }

  /** Notes a request that has been answered. */
  requested(request: LoggedRequest): void {
    this.#live.requested(request);
    this.#stream.tellSoon();
  }

  /** Whether a request is for the page. */
  isFor(request: IncomingMessage): boolean {
    const { pathname } = target(request);
    return pathname === "/" || pathname.startsWith("/page/");
  }

  /** Answers a request for the page; undefined if its answer has begun and goes on. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
    const { pathname, searchParams } = target(request);
    if (!this.#parts.loopback) {
      return reply(403, "text/plain", "The page is there only while the emulator listens on this machine alone.\n");
    }
    if (pathname === "/page/events") {
      if (!this.#isToken(searchParams.get("token"))) return refused;
      if (this.#stream.open(response, security)) return undefined;
      return json(503, { message: "The page is open too often." }, security);
    }
    if (request.method === "POST") {
      if (!this.#isToken(request.headers["x-page-token"])) return refused;
      return this.#press(request, pathname.slice("/page/".length));
    }
    if (request.method !== "GET") return json(405, { message: "Method not allowed" }, security);
    const name = pathname === "/" ? "index.html" : pathname.slice("/page/".length);
    return this.#file(name);
  }

  async #file(name: string): Promise<Reply> {
    const type = types[name.split(".")[1] ?? ""];
    if (!type || !(await readdir(folder)).includes(name)) return json(404, { message: "Not found" }, security);
    const text = await readFile(join(folder, name), "utf8");
    return reply(200, type, name === "index.html" ? text.replace("{{token}}", this.#token) : text);
  }

  #setup(): Setup {
    const { apiKey, openSecret, resources, actions } = this.#parts;
    const { clientId, clientSecret } = apiKey;
    return {
      clientId,
      clientSecret: clientSecret === openSecret ? clientSecret : null,
      resources,
      actions,
      faultKinds,
    };
  }

  async #press(request: IncomingMessage, name: string): Promise<Reply> {
    const press = Object.hasOwn(this.#buttons, name) ? this.#buttons[name] : undefined;
    if (!press) return json(404, { message: "Not found" }, security);
    const text = await readBody(request);
    if (text === undefined) return json(413, { message: "That is too long." }, security);
    try {
      const body: unknown = JSON.parse(text);
      if (typeof body !== "object" || body === null) throw new SyntaxError("no object");
      const result = press({ ...body });
      this.#parts.settle();
      return json(200, result ?? {}, security);
    } catch (error) {
      if (error instanceof SyntaxError) return json(400, { message: "The body is not a JSON object." }, security);
      if (error instanceof StoreError) return json(400, { message: error.message }, security);
      throw error;
    }
  }

  #isToken(given: unknown): boolean {
    const wanted = Buffer.from(this.#token);
    const found = Buffer.from(typeof given === "string" ? given : "");
    return found.length === wanted.length && timingSafeEqual(found, wanted);
  }
}

const refused = json(403, { message: "Refused: the page's token is missing or old. Reload the page." }, security);

function reply(status: number, type: string, body: string): Reply {
  return { status, headers: { ...security, "Content-Type": `${type}; charset=utf-8` }, body };
}

function target(request: IncomingMessage): Pick<URL, "pathname" | "searchParams"> {
  const [pathname = "", query] = (request.url ?? "/").split("?", 2);
  return { pathname, searchParams: new URLSearchParams(query) };
}
