import type { ServerResponse } from "node:http";
import type { Live, Update } from "./pageState.ts";

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

interface Client {
  readonly response: ServerResponse;
  /** The last instant that it was told of. */
  instant: number;
}

/** How long changes are gathered before they are told. */
const gatherMs = 100;
const mostClients = 20;

/** Server-sent events to those who look at the page; one that reads too slowly is told less often, not more at once. */
export class Stream {
  readonly #live: Live;
  readonly #setup: () => Setup;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(live: Live, setup: () => Setup) {
    this.#live = live;
    this.#setup = setup;
  }

  /** Tells a client all there is, and goes on; answers whether there was room for it. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#clients.size >= mostClients) return false;
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream; charset=utf-8" });
    const client = { response, instant: 0 };
    this.#clients.add(client);
    response.on("close", () => this.#clients.delete(client));
    response.on("drain", () => this.#tell(client));
    this.#tell(client);
    return true;
  }

  /** Tells everybody what is new, in a moment: more may come. */
  tellSoon(): void {
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
}
