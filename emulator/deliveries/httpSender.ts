import * as http from "node:http";
import * as https from "node:https";
import type { LookupFunction } from "node:net";
import type { Header } from "../store/store.ts";

/** What is to be posted. */
export interface Message {
  /** The receiver's own headers. */
  readonly headers: readonly Pick<Header, "key" | "value">[];
  /** What takes the place of the receiver's own headers of the same name. */
  readonly ownHeaders: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came of it: the status of the answer, or in words why none came. */
export type Answer = ({ readonly status: number } | { readonly status: null; readonly reason: string }) & {
  /** The names of the headers that were to be sent. */
  readonly headers: readonly string[];
};

/** These say how a message travels: a value that is not true would break it. */
const framing = /^(connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i;

/** Posts, follows no redirect, and keeps connections for the next time. */
export class Poster {
  readonly #timeoutMs: number;
  readonly #agents = {
    "http:": new http.Agent({ keepAlive: true }),
    "https:": new https.Agent({ keepAlive: true }),
  };

  /** @param timeoutMs - how long an answer may take. */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Posts once; it never rejects, and what it says in words is no part of the URL, a header or the body. */
  post(url: URL, message: Message, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const failed = (reason: string) => resolve({ status: null, reason, headers: request.getRawHeaderNames() });
    const secure = url.protocol === "https:";
    const request = (secure ? https : http).request(url, {
      method: "POST",
      agent: this.#agents[secure ? "https:" : "http:"],
      signal,
      ...(isBelowLocalhost(url.hostname) && { lookup: loopback }),
    });
    const late = () => {
      failed(`no answer within ${this.#timeoutMs / 1000} s`);
      request.destroy();
    };
    // It runs on after the answer's first line: a body without end must not hold the connection for ever.
    const timer = setTimeout(late, this.#timeoutMs);
    request.on("response", (response) => {
      resolve({ status: response.statusCode ?? 0, headers: request.getRawHeaderNames() });
      response.on("error", () => {}).resume();
    });
    request.on("error", (error) => failed(reasonOf(error)));
    request.on("close", () => {
      clearTimeout(timer);
      failed("the connection ended without an answer");
    });
    try {
      for (const { key, value } of message.headers) {
        // Node sends a header's value as Latin-1, unless its body is text.
        if (!framing.test(key)) request.appendHeader(key, Buffer.from(value).toString("latin1"));
      }
      for (const [key, value] of Object.entries(message.ownHeaders)) request.setHeader(key, value);
      request.end(Buffer.from(message.body));
    } catch (error) {
      failed(reasonOf(error));
      request.destroy();
    }
    return promise;
  }

  /** Ends every connection. */
  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

function isBelowLocalhost(hostname: string): boolean {
  return /^(.+\.)?localhost$/i.test(hostname);
}

/** These names never reach a resolver, which could lead them off this machine (RFC 6761, 6.3). */
const loopback: LookupFunction = (_hostname, { all }, found) => {
  if (!all) return found(null, "127.0.0.1", 4);
  return found(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);
};

const reasons: Record<string, string> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection ended without an answer",
  EPIPE: "the connection ended without an answer",
  ENOTFOUND: "the host was not found",
  EAI_AGAIN: "the host was not found",
  ERR_INVALID_CHAR: "a header has a character that HTTP forbids",
  ABORT_ERR: "the emulator was closed",
};

// Never the error's own message: it may hold what it was asked to send.
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return reasons[code] ?? `it could not be sent (${code})`;
}
