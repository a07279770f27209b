import { randomBytes, timingSafeEqual } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { ApiKey } from "./auth.ts";
import { readBody } from "./body.ts";
import type { Deliveries, Emission } from "./deliveries.ts";
import { type Faults, faultKinds, readFault } from "./faults.ts";
import { Live, type Update } from "./live.ts";
import type { LoggedRequest } from "./log.ts";
import { json, type Reply } from "./reply.ts";
import { notFound, type Store } from "./store.ts";
import { StoreError } from "./validation.ts";

/** What the page is put together from. */
interface Parts {
  readonly store: Store;
  readonly faults: Pick<Faults, "add" | "remove" | "clear" | "list" | "watch">;
  readonly deliveries: Pick<Deliveries, "onDelivery">;
  readonly emit: (resource: string, action: string) => Emission;
  readonly apiKey: ApiKey;
  /** The secret that is nobody's own, which the page may therefore show. */
  readonly openSecret: string;
  /** The names that the schema has for resources and actions. */
  readonly resources: readonly string[];
  readonly actions: readonly string[];
  /** Only where no other machine can reach it is there a page. */
  readonly loopback: boolean;
  /** Called after each change: what must not be lost is kept here. */
  readonly settle: () => void;
}

/** What does not change while the page is open. */
export interface Setup {
  readonly clientId: string;
  /** Null if somebody chose it. */
  readonly clientSecret: string | null;
  readonly resources: readonly string[];
  readonly actions: readonly string[];
  readonly faultKinds: readonly {
    readonly kind: string;
    readonly summary: string;
    readonly options: readonly string[];
  }[];
}

/** One message of the page's event stream; the first one has it all. */
export type Message = Update & { readonly setup?: Setup };

type Body = Readonly<Record<string, unknown>>;

interface Client {
  readonly response: ServerResponse;
  /** The last instant that it was told of. */
  instant: number;
}

/** How long changes are gathered before they are told. */
const gatherMs = 100;
const mostClients = 20;

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
const folder = join(createRequire(import.meta.url).resolve("ion-emulator/package.json"), "..", "page");

/**
 * The page at `/`: its files, the stream of what happens, and what its buttons do.
 *
 * Whoever reads the stream or presses a button has to send the token that is in the page, which no page from elsewhere
 * can read. The stream holds no secret; a client that reads too slowly is told less often, not more at once.
 */
export class Page {
  readonly #parts: Parts;
  readonly #live: Live;
  readonly #token = randomBytes(24).toString("base64url");
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#live = new Live(parts.store, parts.faults);
    parts.store.watch((change) => {
      this.#live.storeChanged(change);
      this.#tellSoon();
    });
    parts.deliveries.onDelivery((delivery) => {
      this.#live.delivered(delivery);
      this.#tellSoon();
    });
    parts.faults.watch(() => {
      this.#live.faultsChanged();
      this.#tellSoon();
    });
  }

  /** Notes a request that has been answered. */
  requested(request: LoggedRequest): void {
    this.#live.requested(request);
    this.#tellSoon();
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
      return this.#open(response);
    }
    if (request.method === "POST") {
      if (!this.#isToken(request.headers["x-page-token"])) return refused;
      return this.#act(request, pathname.slice("/page/".length));
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

  #open(response: ServerResponse): Reply | undefined {
    if (this.#clients.size >= mostClients) return json(503, { message: "The page is open too often." }, security);
    response.writeHead(200, { ...security, "Content-Type": "text/event-stream; charset=utf-8" });
    const client = { response, instant: 0 };
    this.#clients.add(client);
    response.on("close", () => this.#clients.delete(client));
    response.on("drain", () => this.#tell(client));
    this.#tell(client);
    return undefined;
  }

  #tellSoon(): void {
    if (this.#clients.size === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      for (const client of this.#clients) this.#tell(client);
    }, gatherMs).unref();
  }

  #tell(client: Client): void {
    // What it does not take now it is told, all in one, when it has taken what came before.
    if (client.response.writableNeedDrain || client.instant === this.#live.now) return;
    const message: Message = {
      ...(client.instant === 0 && { setup: this.#setup() }),
      ...this.#live.since(client.instant),
    };
    client.instant = this.#live.now;
    client.response.write(`data: ${JSON.stringify(message)}\n\n`);
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

  async #act(request: IncomingMessage, name: string): Promise<Reply> {
    const act = Object.hasOwn(this.#acts, name) ? this.#acts[name] : undefined;
    if (!act) return json(404, { message: "Not found" }, security);
    const text = await readBody(request);
    if (text === undefined) return json(413, { message: "That is too long." }, security);
    try {
      const body: unknown = JSON.parse(text);
      if (typeof body !== "object" || body === null) throw new SyntaxError("no object");
      const result = act({ ...body });
      this.#parts.settle();
      return json(200, result ?? {}, security);
    } catch (error) {
      if (error instanceof SyntaxError) return json(400, { message: "The body is not a JSON object." }, security);
      if (error instanceof StoreError) return json(400, { message: error.message }, security);
      throw error;
    }
  }

  /** What the buttons do, by the last part of the path. */
  readonly #acts: Readonly<Record<string, (body: Body) => object | undefined>> = {
    show: (body) => ({ value: this.#secret(body) }),
    subscribe: (body) => {
      const resource = oneOf(body, "resource", this.#parts.resources);
      const action = oneOf(body, "action", this.#parts.actions);
      return this.#id(this.#parts.store.createSubscription({ receiverId: text(body, "receiverId"), resource, action }));
    },
    unsubscribe: (body) => void this.#parts.store.deleteSubscription(text(body, "id")),
    updateReceiver: (body) => {
      const { description, active } = body;
      const changes = { description, active } as { description?: string | null; active?: boolean };
      this.#parts.store.updateReceiver(text(body, "id"), changes);
      return undefined;
    },
    deleteReceiver: (body) => void this.#parts.store.deleteReceiver(text(body, "id")),
    emit: (body) => this.#parts.emit(text(body, "resource"), text(body, "action")),
    addFault: (body) => {
      try {
        this.#parts.faults.add(readFault(text(body, "fault")));
      } catch (error) {
        throw error instanceof TypeError ? new StoreError(error.message) : error;
      }
      return undefined;
    },
    removeFault: ({ id }) => {
      const fault = this.#live.findFault(id);
      if (fault) this.#parts.faults.remove(fault);
      return undefined;
    },
    clearFaults: () => void this.#parts.faults.clear(),
  };

  #secret(body: Body): string {
    const { store } = this.#parts;
    const id = text(body, "id");
    const of = oneOf(body, "of", ["webhookUri", "sharedSecret", "header"] as const);
    if (of === "header") {
      const header = store.findHeader(id);
      if (!header) throw notFound("WebhookHeader", id);
      return header.value;
    }
    const receiver = store.findReceiver(id);
    if (!receiver) throw notFound("WebhookReceiver", id);
    return receiver[of];
  }

  #id({ id }: { readonly id: string }): { readonly id: string } {
    return { id };
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

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new StoreError(`${name} must be text.`);
  return value;
}

function oneOf<Name extends string>(body: Body, name: string, names: readonly Name[]): Name {
  const value = text(body, name);
  const found = names.find((one) => one === value);
  if (found === undefined) throw new StoreError(`${name} must be one of ${names.join(", ")}.`);
  return found;
}
