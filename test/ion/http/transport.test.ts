import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { proxyFor, type RequestKind, redirectOf, transport } from "../../../provider/src/ion/http/transport.ts";
import { CANARY, connectionReset, type Fetch, failureOf, serve } from "../../support/support.ts";

const init = { method: "POST", headers: { authorization: `Bearer ${CANARY}` }, body: CANARY };

/** An origin on which nothing listens any more. */
async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** A fetch that fails with a code, which Node nests in several causes. */
const failingWith =
  (code: string): Fetch =>
  async () => {
    const cause = Object.assign(new Error(CANARY), { code });
    throw new TypeError("fetch failed", { cause: new AggregateError([], CANARY, { cause }) });
  };

describe.each<RequestKind>(["token", "graphql"])("a %s request", (kind) => {
  // A token request changes nothing, so it can be sent again.
  const unanswered = kind === "token" ? "unreachable" : "unknownOutcome";
  const send = (url: string, timeoutMs?: number, fetch: Fetch = globalThis.fetch) =>
    transport(fetch, timeoutMs)(kind, `${url}/${CANARY}`, init);

  it("fails as unreachable if the connection is refused", async () => {
    const failure = await failureOf(send(await closedOrigin()));
    expect(failure.kind).toBe("unreachable");
    expect(failure.message).not.toContain(CANARY);
  });

  it("fails as unreachable if the host does not exist", async () => {
    expect((await failureOf(send("https://ion.invalid"))).kind).toBe("unreachable");
  });

  it(`fails as ${unanswered} if the connection closes before the answer`, async () => {
    const url = await serve((request) => request.socket.destroy());
    expect((await failureOf(send(url))).kind).toBe(unanswered);
  });

  it(`fails as ${unanswered} if the connection closes during the answer`, async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write('{"data":', () => response.destroy());
    });
    expect((await failureOf(send(url))).kind).toBe(unanswered);
  });

  it(`fails as ${unanswered} if there is no answer in time`, async () => {
    const url = await serve(() => {});
    expect((await failureOf(send(url, 50))).kind).toBe(unanswered);
  });

  it(`fails as ${unanswered} if the answer does not end in time`, async () => {
    const url = await serve((_request, response) => response.write("{"));
    expect((await failureOf(send(url, 100))).kind).toBe(unanswered);
  });

  it("returns a redirect as the answer, and does not send the key to its target", async () => {
    const paths: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    });
    await expect(send(url)).resolves.toMatchObject({ status: 307 });
    expect(paths).toEqual([`/${CANARY}`]);
  });

  it.each([200, 204, 304, 404, 500])("returns the whole answer with HTTP %i", async (status) => {
    const url = await serve((_request, response) =>
      response.writeHead(status, { "retry-after": "7" }).end(status === 200 ? "the body" : ""),
    );
    const answer = await send(url);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([status, "7"]);
    expect(await answer.text()).toBe(status === 200 ? "the body" : "");
  });

  it.each([
    ["ENETUNREACH", "unreachable"],
    ["EHOSTUNREACH", "unreachable"],
    ["EAI_AGAIN", "unreachable"],
    ["UND_ERR_CONNECT_TIMEOUT", "unreachable"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "unreachable"],
    ["CERT_HAS_EXPIRED", "unreachable"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "unreachable"],
    ["UND_ERR_SOCKET", unanswered],
    ["EPIPE", unanswered],
  ])("fails after %s as %s, and never repeats what was sent", async (code, expected) => {
    const failure = await failureOf(send("https://ion.example", 1000, failingWith(code)));
    expect(failure.kind).toBe(expected);
    expect(failure.message).not.toContain(CANARY);
  });

  it(`fails as ${unanswered} if there is no reason`, async () => {
    const failures = ["why", connectionReset()].map((reason) =>
      failureOf(send("https://ion.example", 1000, () => Promise.reject(reason))),
    );
    expect((await Promise.all(failures)).map((failure) => failure.kind)).toEqual([unanswered, unanswered]);
  });
});

it("stops reading an answer of more than 64 MB", async () => {
  const megabyte = new Uint8Array(1 << 20);
  let sent = 0;
  let isCanceled = false;
  const endless = new ReadableStream({
    pull: (controller) => {
      sent += 1;
      controller.enqueue(megabyte);
    },
    cancel: () => {
      isCanceled = true;
    },
  });
  const send = transport(async () => new Response(endless));
  const { kind, message } = await failureOf(send("graphql", "https://ion.example/graphql", init));
  expect(kind).toBe("unexpectedAnswer");
  expect(message).toMatchInlineSnapshot(
    `"ion.example sent an answer of more than 64 MB. Check that the endpoint is ION's."`,
  );
  expect(isCanceled).toBe(true);
  expect(sent).toBeLessThan(70);
});

it("says what happened and what to do for every network failure", async () => {
  const codes = [
    ...["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "UND_ERR_CONNECT_TIMEOUT"],
    ...["ERR_SSL_WRONG_VERSION_NUMBER", "DEPTH_ZERO_SELF_SIGNED_CERT", "CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"],
    ...["ERR_TLS_CERT_ALTNAME_INVALID", "EPIPE"],
  ];
  const messages = codes.map(async (code) => {
    const send = transport(failingWith(code), 1_000, {});
    const { summary, hints } = await failureOf(send("graphql", "https://ion.example/graphql", init));
    // The last hint is the same for all: asserted below.
    return [code, [summary, ...hints].join(" ")];
  });
  expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
    {
      "CERT_HAS_EXPIRED": "Could not reach ION at ion.example: its TLS certificate is not trusted (CERT_HAS_EXPIRED). Check this machine's clock first, then contact the owner of the server.",
      "CERT_NOT_YET_VALID": "Could not reach ION at ion.example: its TLS certificate is not trusted (CERT_NOT_YET_VALID). Check this machine's clock first, then contact the owner of the server.",
      "DEPTH_ZERO_SELF_SIGNED_CERT": "Could not reach ION at ion.example: its TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). Behind a proxy that inspects TLS, set NODE_USE_SYSTEM_CA=1 if this machine trusts the proxy's certificate, or set NODE_EXTRA_CA_CERTS to the path of that certificate.",
      "EAI_AGAIN": "Could not reach ION at ion.example: its host name could not be resolved (DNS).",
      "ECONNREFUSED": "Could not reach ION at ion.example: nothing listens there (connection refused).",
      "EHOSTUNREACH": "Could not reach ION at ion.example: there is no route to that host.",
      "ENETUNREACH": "Could not reach ION at ion.example: the network is unreachable.",
      "ENOTFOUND": "Could not reach ION at ion.example: its host name does not exist (DNS).",
      "EPIPE": "ION at ion.example closed the connection before it answered.",
      "ERR_SSL_WRONG_VERSION_NUMBER": "Could not reach ION at ion.example: it does not use TLS there (the URL may need http:// or another port).",
      "ERR_TLS_CERT_ALTNAME_INVALID": "Could not reach ION at ion.example: its TLS certificate is not trusted (ERR_TLS_CERT_ALTNAME_INVALID). The certificate was issued for another host: check the host name in the URL.",
      "UND_ERR_CONNECT_TIMEOUT": "Could not reach ION at ion.example: the connection timed out.",
    }
  `);
});

it("says if there was no answer in time", async () => {
  const timeout: Fetch = () => Promise.reject(new DOMException(CANARY, "TimeoutError"));
  const { message } = await failureOf(transport(timeout)("graphql", "https://ion.example/graphql", init));
  expect(message).toMatchInlineSnapshot(`"ION at ion.example did not answer in time."`);
});

it("suggests how to start the emulator if nothing listens on this machine", async () => {
  const { message } = await failureOf(
    transport(failingWith("ECONNREFUSED"))("graphql", "http://127.0.0.1:8787/graphql", init),
  );
  expect(message).toMatchInlineSnapshot(
    `"Could not reach ION at 127.0.0.1:8787: nothing listens there (connection refused). If you meant the local emulator, start it again as before: \`npm run practice\`, or \`npx --no-install ion-emulator --port 8787\`."`,
  );
});

describe("a proxy", () => {
  const HTTP = { HTTP_PROXY: "http://proxy:1" };
  const HTTPS = { HTTPS_PROXY: "http://proxy:2" };

  it.each<[string, string, NodeJS.ProcessEnv, object | undefined]>([
    ["no variable: none", "https://ion.example", {}, undefined],
    ["only HTTP_PROXY for an https URL: none", "https://ion.example", HTTP, undefined],
    ["only HTTPS_PROXY for an http URL: none", "http://ion.example", HTTPS, undefined],
    ["a URL of this machine: none", "http://127.0.0.1:1", HTTP, undefined],
    ["an https URL", "https://ion.example", { ...HTTP, ...HTTPS }, { variable: "HTTPS_PROXY", isUsed: false }],
    ["an http URL", "http://ion.example", HTTP, { variable: "HTTP_PROXY", isUsed: false }],
    [
      "lowercase before uppercase",
      "https://ion.example",
      { ...HTTPS, https_proxy: "x" },
      { variable: "https_proxy", isUsed: false },
    ],
    [
      "NODE_USE_ENV_PROXY=1",
      "https://ion.example",
      { ...HTTPS, NODE_USE_ENV_PROXY: "1" },
      { variable: "HTTPS_PROXY", isUsed: true },
    ],
    [
      "NODE_USE_ENV_PROXY=0",
      "https://ion.example",
      { ...HTTPS, NODE_USE_ENV_PROXY: "0" },
      { variable: "HTTPS_PROXY", isUsed: false },
    ],
    [
      "an option in NODE_OPTIONS",
      "https://ion.example",
      { ...HTTPS, NODE_OPTIONS: "--no-warnings --use-env-proxy" },
      { variable: "HTTPS_PROXY", isUsed: true },
    ],
  ])("finds the proxy of a request: %s", (_what, url, env, expected) => {
    expect(proxyFor(new URL(url), env)).toEqual(expected);
  });

  it("names a proxy that Node uses, and explains one that it does not use", async () => {
    const environments: Record<string, NodeJS.ProcessEnv> = {
      used: { ...HTTPS, NODE_USE_ENV_PROXY: "1" },
      "not used": HTTPS,
      none: {},
    };
    const messages = Object.entries(environments).map(async ([what, env]) => {
      const send = transport(failingWith("ENOTFOUND"), 1_000, env);
      return [what, (await failureOf(send("graphql", "https://ion.example/graphql", init))).message];
    });
    expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
      {
        "none": "Could not reach ION at ion.example: its host name does not exist (DNS).",
        "not used": "Could not reach ION at ion.example: its host name does not exist (DNS). HTTPS_PROXY is set, but Node does not use it. To use that proxy, also set NODE_USE_ENV_PROXY=1.",
        "used": "Could not reach ION at ion.example through the proxy in HTTPS_PROXY: its host name does not exist (DNS).",
      }
    `);
  });
});

it.each<[status: number, location: string | undefined, expected: string | undefined]>([
  [299, "https://login.example/x", undefined],
  [300, "https://login.example/x", "login.example"],
  [399, "/sign-in", "another page"],
  [400, "https://login.example/x", undefined],
  [302, undefined, undefined],
])("reads a redirect from status %i and location %s", (status, location, expected) => {
  expect(redirectOf(status, new Headers(location === undefined ? {} : { location }))).toBe(expected);
});
