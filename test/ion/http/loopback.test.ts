import dns from "node:dns";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, it, onTestFinished, vi } from "vitest";
import { loopbackFetch } from "../../../provider/src/ion/http/loopback.ts";
import { safeFetch, transport } from "../../../provider/src/ion/http/transport.ts";
import { CANARY, failureOf, serve } from "../../support/support.ts";

const portOf = (origin: string) => new URL(origin).port;

it.each(["localhost", "ion.localhost"])(
  "asks no resolver where %s is, because its answer may be another machine",
  async (host) => {
    const lookup = vi.spyOn(dns, "lookup");
    onTestFinished(() => lookup.mockRestore());
    const origin = await serve((_request, response) => response.end("{}"));
    expect((await safeFetch(`http://${host}:${portOf(origin)}/`)).status).toBe(200);
    expect(lookup.mock.calls.map(([name]) => name)).not.toContain(host);
  },
);

it.each(["127.0.0.1", "localhost", "ion.localhost"])("sends a request for %s to this machine", async (host) => {
  const origin = await serve((request, response) => response.end(`${request.method} ${request.url}`));
  const answer = await safeFetch(`http://${host}:${portOf(origin)}/graphql?a=b`);
  expect([answer.status, await answer.text()]).toEqual([200, "GET /graphql?a=b"]);
});

it("sends a request for localhost also to a server that listens only on IPv6", async () => {
  const server = createServer((_request, response) => response.end("IPv6"));
  await new Promise<void>((resolve) => server.listen(0, "::1", resolve));
  onTestFinished(() => void server.close());
  const answer = await safeFetch(`http://localhost:${(server.address() as AddressInfo).port}/`);
  expect(await answer.text()).toBe("IPv6");
});

it("sends method, headers and body, and returns status, headers and body", async () => {
  const origin = await serve(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    response.writeHead(418, { "x-method": request.method, "set-cookie": ["a=1", "b=2"] });
    response.end(`${request.headers["content-type"]}: ${body}`);
  });
  const headers = { "content-type": "text/plain" };
  const answer = await loopbackFetch(`${origin}/`, { method: "POST", headers, body: "é" });
  expect([answer.status, answer.headers.get("x-method"), answer.headers.getSetCookie()]).toEqual([
    418,
    "POST",
    ["a=1", "b=2"],
  ]);
  expect(await answer.text()).toBe("text/plain: é");
});

it.each([204, 304])("returns an answer without a body: HTTP %i", async (status) => {
  const origin = await serve((_request, response) => response.writeHead(status).end());
  const answer = await loopbackFetch(origin, {});
  expect([answer.status, answer.body]).toEqual([status, null]);
});

it.each(["999 Odd", "600 Odd", "099 Odd", "200 OK\r\nX-A: \x01"])(
  "reports an answer that is no HTTP: %j",
  async (head) => {
    const server = createTcpServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(`HTTP/1.1 ${head}\r\nContent-Length: 2\r\n\r\n{}`));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { kind } = await failureOf(transport(safeFetch)("graphql", `http://127.0.0.1:${port}/`, {}));
    expect(["unknownOutcome", "unexpectedAnswer"]).toContain(kind);
  },
);

it("does not follow a redirect", async () => {
  const paths: (string | undefined)[] = [];
  const origin = await serve((request, response) => {
    paths.push(request.url);
    response.writeHead(307, { location: "/elsewhere" }).end();
  });
  expect((await loopbackFetch(`${origin}/first`, {})).status).toBe(307);
  expect(paths).toEqual(["/first"]);
});

it("stops waiting for an answer at the time limit", async () => {
  const origin = await serve(() => {});
  const { message } = await failureOf(transport(safeFetch, 50)("graphql", `${origin}/${CANARY}`, {}));
  expect(message).toBe(`ION at ${new URL(origin).host} did not answer in time.`);
});

it("reports an answer that was cut off as an unknown outcome", async () => {
  const origin = await serve((_request, response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("{", () => response.destroy());
  });
  expect((await failureOf(transport(safeFetch)("graphql", origin, {}))).kind).toBe("unknownOutcome");
});

it("reports a port without TLS as unreachable, because nothing was sent", async () => {
  const origin = await serve((_request, response) => response.end("plain"));
  const { kind, summary } = await failureOf(transport(safeFetch)("graphql", origin.replace("http:", "https:"), {}));
  expect(kind).toBe("unreachable");
  expect(summary).toContain("it does not use TLS there");
});
