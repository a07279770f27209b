import type { IncomingMessage } from "node:http";

const longest = 64 * 1024;

/** The body of a request as text; undefined if it is longer than 64 KB. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > longest) return undefined;
  }
  return body;
}
