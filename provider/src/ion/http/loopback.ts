/** Requests to this machine, which stay on it: no proxy sees them, and no DNS server decides where they go. */
import http from "node:http";
import https from "node:https";
import type { LookupFunction } from "node:net";

/** `localhost` and `*.localhost` are this machine (RFC 6761), whatever a resolver says. IP addresses are not looked up. */
const lookup: LookupFunction = (_host, { all }, done) => {
  if (all) {
    done(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "::1", family: 6 },
    ]);
  } else done(null, "127.0.0.1", 4);
};

/** Whether an answer with this status must not have a body: `Response` throws if it gets one. */
export const hasNoBody = (status: number): boolean => [204, 205, 304].includes(status);

/** `fetch` for this machine. Its agent is its own, because Node's global one uses the proxies of the environment. */
export function loopbackFetch(url: string, { method = "GET", headers, body, signal }: RequestInit): Promise<Response> {
  const { request: send, Agent } = url.startsWith("https:") ? https : http;
  const options: https.RequestOptions = {
    agent: new Agent(),
    lookup,
    method,
    headers: Object.fromEntries(new Headers(headers ?? {})),
    ...(signal && { signal }),
  };
  return new Promise((resolve, reject) => {
    const receive = (message: http.IncomingMessage) => {
      const { statusCode = 0 } = message;
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          message.on("data", (chunk: Buffer) => controller.enqueue(chunk));
          message.on("end", () => controller.close());
          message.on("error", (error) => controller.error(error));
        },
        cancel: () => void message.destroy(),
      });
      const answer = hasNoBody(statusCode) ? null : stream;
      const received = Object.entries(message.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      );
      resolve(new Response(answer, { status: statusCode, headers: received }));
    };
    const request = send(url, options, (message) => {
      try {
        receive(message);
      } catch (error) {
        // What is thrown here would end the process: a status or a header that no Response can have.
        message.destroy();
        reject(error);
      }
    });
    request.on("error", reject);
    request.end(body);
  });
}
