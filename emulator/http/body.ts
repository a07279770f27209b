import type { IncomingMessage } from "node:http";

const MAX_LENGTH = 64 * 1024;

/** The body of a request as a string, or undefined if it is longer than 64 KB. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > MAX_LENGTH) return undefined;
  }
  return body;
}
