import type { ServerResponse } from "node:http";
import type { PageSnapshot } from "./pageState.ts";

interface Client {
  readonly response: ServerResponse;
  /** Whether something has changed since the last event that it was sent. */
  isStale: boolean;
}

/** Minimum time between two events. */
const INTERVAL_MS = 100;
const MAX_CLIENTS = 20;

/**
 * Server-sent events with the whole state of the page. A client that reads too slowly gets fewer events, so memory is
 * bounded.
 */
export class Stream {
  readonly #snapshot: () => PageSnapshot;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | undefined;

  constructor(snapshot: () => PageSnapshot) {
    this.#snapshot = snapshot;
  }

  /** Sends the state to a client, now and after every change. Returns false if there are too many clients. */
  open(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#clients.size >= MAX_CLIENTS) return false;
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream; charset=utf-8" });
    const client = { response, isStale: true };
    this.#clients.add(client);
    response.on("close", () => this.#clients.delete(client));
    response.on("drain", () => this.#send([client]));
    this.#send([client]);
    return true;
  }

  /** Sends the state to every client soon. */
  update(): void {
    if (this.#clients.size === 0) return;
    for (const client of this.#clients) client.isStale = true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send(this.#clients);
    }, INTERVAL_MS).unref();
  }

  #send(clients: Iterable<Client>): void {
    const ready = [...clients].filter(({ response, isStale }) => isStale && !response.writableNeedDrain);
    if (ready.length === 0) return;
    const event = `data: ${JSON.stringify(this.#snapshot())}\n\n`;
    for (const client of ready) {
      client.isStale = false;
      client.response.write(event);
    }
  }
}
