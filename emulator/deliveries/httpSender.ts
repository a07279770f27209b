import * as http from "node:http";
import * as https from "node:https";
import { lookUpLoopback } from "../http/loopback.ts";
import type { Header } from "../store/store.ts";

/** A message to post. */
export interface Message {
  /** The receiver's headers. */
  readonly headers: readonly Pick<Header, "key" | "value">[];
  /** ION's headers, which replace receiver headers of the same name. */
  readonly ionHeaders: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The status of the response, or the reason why there is none. */
export type PostResult = ({ readonly status: number } | { readonly status: null; readonly reason: string }) & {
  /** The names of the headers that were sent. */
  readonly headers: readonly string[];
};

/** Headers of the connection. A wrong value would break the request. */
const connectionHeaders = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Sends POST requests. It keeps connections open and does not follow redirects. */
export class HttpSender {
  readonly #timeoutMs: number;
  readonly #agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };

  /** @param timeoutMs - how long to wait for a response, in milliseconds */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Posts a message. It never rejects. The reason of a failure contains no part of the URL, headers or body. */
  post(url: URL, message: Message, signal: AbortSignal): Promise<PostResult> {
    const { promise, resolve } = Promise.withResolvers<PostResult>();
    const failed = (reason: string) => resolve({ status: null, reason, headers: request.getRawHeaderNames() });
    const secure = url.protocol === "https:";
    const request = (secure ? https : http).request(url, {
      method: "POST",
      agent: this.#agents[secure ? "https:" : "http:"],
      signal,
      ...(isLocalhost(url.hostname) && { lookup: lookUpLoopback }),
    });
    const onTimeout = () => {
      failed(`no response within ${this.#timeoutMs / 1000} s`);
      request.destroy();
    };
    // It also limits the time for the response body.
    const timer = setTimeout(onTimeout, this.#timeoutMs);
    request.on("response", (response) => {
      resolve({ status: response.statusCode ?? 0, headers: request.getRawHeaderNames() });
      response.on("error", () => {}).resume();
    });
    request.on("error", (error) => failed(reasonOf(error)));
    request.on("close", () => {
      clearTimeout(timer);
      failed("the connection was closed without a response");
    });
    try {
      for (const { key, value } of message.headers) {
        // Node sends header values as Latin-1.
        if (!connectionHeaders.test(key)) request.appendHeader(key, Buffer.from(value).toString("latin1"));
      }
      for (const [key, value] of Object.entries(message.ionHeaders)) request.setHeader(key, value);
      request.end(Buffer.from(message.body));
    } catch (error) {
      failed(reasonOf(error));
      request.destroy();
    }
    return promise;
  }

  /** Closes all connections. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

function isLocalhost(hostname: string): boolean {
  return /^(.+\.)?localhost$/i.test(hostname);
}

const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was closed without a response",
  EPIPE: "the connection was closed without a response",
  ENOTFOUND: "the host was not found",
  EAI_AGAIN: "the host was not found",
  ERR_INVALID_CHAR: "a header contains a character that HTTP forbids",
  ABORT_ERR: "the emulator was closed",
};

// Not the error's own message, which can contain header values.
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return reasons[code] ?? `sending failed (${code})`;
}
