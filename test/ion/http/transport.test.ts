import { describe, expect, it } from "vitest";
import { proxyFor, type RequestKind, transport } from "../../../provider/ion/http/transport.ts";
import { CANARY, connectionReset, type Fetch, failureOf, serve } from "../../support/support.ts";

const CHANGED = /If you have just changed this stack's config, add --run-program/;
const init = { method: "POST", headers: { authorization: `Bearer ${CANARY}` }, body: CANARY };

/** An origin that answered once and never will again. */
async function deserted(): Promise<string> {
  const { createServer } = await import("node:net");
  const server = createServer();
  const port = await new Promise<number>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

describe.each<RequestKind>(["token", "graphql"])("for a %s request", (kind) => {
  const lost = kind === "token" ? "unreachable" : "unknownOutcome";
  const send = (url: string, timeoutMs?: number, fetch: Fetch = globalThis.fetch) =>
    transport(fetch, timeoutMs)(kind, `${url}/${CANARY}`, init);

  it("a refused connection is unreachable", async () => {
    const { kind, message } = await failureOf(send(await deserted()));
    expect(kind).toBe("unreachable");
    expect(message).toMatch(
      /^Could not reach ION at 127\.0\.0\.1:\d+: nothing answers there \(connection refused\)\. /,
    );
    expect(message).toMatch(CHANGED);
    expect(message).not.toContain(CANARY);
  });

  it("an unknown host is unreachable", async () => {
    const { kind, message } = await failureOf(send("https://ion.invalid"));
    expect(kind).toBe("unreachable");
    expect(message).toMatch(/^Could not reach ION at ion\.invalid: its host name .*\(DNS\)\. /);
    expect(message).toMatch(CHANGED);
  });

  it(`a dropped connection is ${lost}`, async () => {
    const url = await serve((request) => request.socket.destroy());
    const { kind, message } = await failureOf(send(url));
    expect({ kind, message }).toEqual({
      kind: lost,
      message: `ION at ${new URL(url).host} dropped the connection before it answered.`,
    });
  });

  it(`an answer cut short is ${lost}`, async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write('{"data":');
      setTimeout(() => response.destroy(), 20);
    });
    expect((await failureOf(send(url))).kind).toBe(lost);
  });

  it(`no answer in time is ${lost}`, async () => {
    const url = await serve(() => {});
    const { kind, message } = await failureOf(send(url, 50));
    expect({ kind, message }).toEqual({ kind: lost, message: `ION at ${new URL(url).host} did not answer in time.` });
  });

  it(`an answer that never ends is ${lost}`, async () => {
    const url = await serve((_request, response) => response.write("{"));
    const { kind, message } = await failureOf(send(url, 100));
    expect({ kind, message }).toEqual({ kind: lost, message: `ION at ${new URL(url).host} did not answer in time.` });
  });

  it("a redirect is handed on as the answer, and not followed with the key", async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    await expect(send(url)).resolves.toMatchObject({ status: 307 });
    expect(paths).toEqual([`/${CANARY}`]);
  });

  it.each([200, 204, 304, 404, 500])("an answer with HTTP %i is handed on whole", async (status) => {
    const url = await serve((_request, response) =>
      response.writeHead(status, { "retry-after": "7" }).end(status === 200 ? "the body" : ""),
    );
    const answer = await send(url);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, "7"]);
    expect(await answer.text()).toBe(status === 200 ? "the body" : "");
  });

  it.each([
    ["ENETUNREACH", "unreachable", /there is no network/],
    ["EHOSTUNREACH", "unreachable", /there is no way to that host/],
    ["EAI_AGAIN", "unreachable", /could not be looked up \(DNS\)/],
    ["UND_ERR_CONNECT_TIMEOUT", "unreachable", /did not accept a connection in time/],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "unreachable", /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\).*NODE_EXTRA_CA_CERTS/],
    ["CERT_HAS_EXPIRED", "unreachable", /not trusted \(CERT_HAS_EXPIRED\)/],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "unreachable", /not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/],
    ["UND_ERR_SOCKET", lost, /dropped the connection/],
    ["EPIPE", lost, /dropped the connection/],
  ])("%s is %s, and never repeats what was sent", async (code, expected, words) => {
    const fetch: Fetch = async () => {
      const cause = Object.assign(new Error(CANARY), { code });
      throw new TypeError("fetch failed", { cause: new AggregateError([], CANARY, { cause }) });
    };
    const { kind, message } = await failureOf(send("https://ion.example", 1000, fetch));
    expect(kind).toBe(expected);
    expect(message).toMatch(words);
    expect(message).not.toContain(CANARY);
  });

  it(`a failure without a reason is ${lost}`, async () => {
    expect((await failureOf(send("https://ion.example", 1000, () => Promise.reject("why")))).kind).toBe(lost);
    expect((await failureOf(send("https://ion.example", 1000, () => Promise.reject(connectionReset())))).kind).toBe(
      lost,
    );
  });
});

describe("a proxy", () => {
  const HTTP = { HTTP_PROXY: "http://proxy:1" };
  const HTTPS = { HTTPS_PROXY: "http://proxy:2" };

  it.each<[string, string, NodeJS.ProcessEnv, object | undefined]>([
    ["none where no variable names one", "https://ion.example", {}, undefined],
    ["none for another protocol", "https://ion.example", HTTP, undefined],
    ["none for another protocol", "http://ion.example", HTTPS, undefined],
    ["none to this machine", "http://127.0.0.1:1", HTTP, undefined],
    ["for https", "https://ion.example", { ...HTTP, ...HTTPS }, { variable: "HTTPS_PROXY", heeded: false }],
    ["for http", "http://ion.example", HTTP, { variable: "HTTP_PROXY", heeded: false }],
    [
      "in small letters first",
      "https://ion.example",
      { ...HTTPS, https_proxy: "x" },
      { variable: "https_proxy", heeded: false },
    ],
    [
      "that Node is told of",
      "https://ion.example",
      { ...HTTPS, NODE_USE_ENV_PROXY: "1" },
      { variable: "HTTPS_PROXY", heeded: true },
    ],
    [
      "that Node is told not to heed",
      "https://ion.example",
      { ...HTTPS, NODE_USE_ENV_PROXY: "0" },
      { variable: "HTTPS_PROXY", heeded: false },
    ],
    [
      "that an option tells Node of",
      "https://ion.example",
      { ...HTTPS, NODE_OPTIONS: "--no-warnings --use-env-proxy" },
      { variable: "HTTPS_PROXY", heeded: true },
    ],
  ])("is known: %s, %s", (_what, url, env, expected) => {
    expect(proxyFor(new URL(url), env)).toEqual(expected);
  });

  it.each<[string, string, NodeJS.ProcessEnv, string]>([
    [
      "that is heeded is named",
      "ECONNREFUSED",
      { ...HTTPS, NODE_USE_ENV_PROXY: "1" },
      " through the proxy that HTTPS_PROXY names: nothing answers there",
    ],
    ["that is not is spoken of", "ENOTFOUND", HTTPS, "(DNS). HTTPS_PROXY is set, and Node does not heed it: "],
    ["that there is not is not spoken of", "ECONNREFUSED", {}, "(connection refused). If you have just changed"],
  ])("%s where ION is out of reach", async (_what, code, env, words) => {
    const fetch: Fetch = () =>
      Promise.reject(new TypeError("failed", { cause: Object.assign(new Error(CANARY), { code }) }));
    const { message } = await failureOf(transport(fetch, 1_000, env)("graphql", "https://ion.example/graphql", init));
    expect(message).toContain(words);
    expect(message).not.toContain("ion-emulator");
  });
});
