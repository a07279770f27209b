import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A received delivery. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** How the server answers: with a status, by closing the connection, or not at all. */
export type Reaction = number | "drop" | "hang";

export interface WebhookServer {
  /** Contains a secret, like real webhook URLs. */
  readonly uri: string;
  readonly host: string;
  readonly arrivals: Arrival[];
  readonly close: () => void;
}

/** Starts a server that receives deliveries on a free port, and closes it after the test. */
export async function webhookServer(
  react: (arrival: Arrival, number: number) => Reaction = () => 200,
  headers: Record<string, string> = {},
): Promise<WebhookServer> {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const { method = "", url: path = "", headers: received, rawHeaders } = request;
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const arrival = { method, path, headers: received, rawHeaders, body: Buffer.concat(pieces) };
    const reaction = react(arrival, arrivals.push(arrival));
    if (reaction === "drop") request.socket.destroy();
    else if (reaction !== "hang") response.writeHead(reaction, headers).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(close);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { uri: `http://${host}/hooks/planted`, host, arrivals, close };
}
