import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import type { IonError } from "../../../provider/src/ion/errors.ts";
import { TokenSource } from "../../../provider/src/ion/http/token.ts";
import { transport } from "../../../provider/src/ion/http/transport.ts";
import { CANARY, connectionTo, countOf, failureOf, ionOn, serve, start } from "../../support/support.ts";

function sourceOn(emulator: Emulator, clock: { now: number } = { now: 0 }) {
  return new TokenSource(connectionTo(emulator), transport(fetch), () => clock.now);
}

/** A message with HOST in place of the token endpoint's host, which differs in every run. */
const withoutHost = ({ message }: IonError) => message.replace(/127\.0\.0\.1:\d+/g, "HOST");

it("requests a token when it is first needed, and shares it among all callers", async () => {
  const emulator = await start();
  const api = ionOn(emulator);
  expect(emulator.requests).toEqual([]);
  await Promise.all([api.receivers(), api.subscriptionNames(), api.receivers()]);
  expect(countOf(emulator, "token")).toBe(1);
});

it("sends the key as a form, as Keycloak expects it", async () => {
  let sent = "";
  const url = await serve(async (request, response) => {
    for await (const chunk of request) sent += chunk;
    sent += ` ${request.headers["content-type"]}`;
    response.end('{"access_token":"t"}');
  });
  await sourceOn({ ...(await start()), tokenUrl: url, clientSecret: "a&b=c" }).get();
  expect(sent).toBe(
    "grant_type=client_credentials&client_id=emulator&client_secret=a%26b%3Dc application/x-www-form-urlencoded",
  );
});

describe("renewal of a token", () => {
  it.each([
    ["30 seconds before it expires", 300, 270],
    ["after half its lifetime if that is short", 40, 20],
  ])("renews a token %s", async (_when, tokenLifetimeSeconds, renewed) => {
    const emulator = await start({ tokenLifetimeSeconds });
    const clock = { now: 1_000_000 };
    const source = sourceOn(emulator, clock);
    const first = await source.get();
    clock.now += renewed * 1000 - 1;
    expect(await source.get()).toBe(first);
    clock.now += 1;
    const [second, third] = await Promise.all([source.get(), source.get()]);
    expect(second).not.toBe(first);
    expect(third).toBe(second);
    expect(countOf(emulator, "token")).toBe(2);
  });

  it.each([
    ["no lifetime", undefined, 30],
    ["a lifetime of zero", 0, 30],
    ["a negative lifetime", -1, 30],
    ["a lifetime that is no number", "soon", 30],
    ["a lifetime as a string", "300", 270],
  ])("renews a token of an issuer that answers with %s", async (_what, expires_in, renewed) => {
    const clock = { now: 0 };
    let tokens = 0;
    const url = await serve((_request, response) =>
      response.end(JSON.stringify({ access_token: `t${++tokens}`, expires_in })),
    );
    const source = sourceOn({ ...(await start()), tokenUrl: url }, clock);
    expect(await source.get()).toBe("t1");
    clock.now = renewed * 1000 - 1;
    expect(await source.get()).toBe("t1");
    clock.now = renewed * 1000;
    expect(await source.get()).toBe("t2");
  });

  it("renews a token after a 401, and sends the request again", async () => {
    const clock = { now: 1_000_000_000_000 };
    const emulator = await start({ now: () => clock.now, tokenLifetimeSeconds: 300 });
    const api = ionOn(emulator, { now: () => 0 });
    await api.receivers();
    clock.now += 301_000;
    api.invalidate();
    await expect(api.receivers()).resolves.toEqual(new Map());
    expect(emulator.requests.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "token 200",
      "graphql 200",
      "graphql 401",
      "token 200",
      "graphql 200",
    ]);
  });

  it("renews a token once for all requests that ION rejected", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example/" });
    const api = ionOn(emulator);
    await api.receivers();
    emulator.revokeTokens();
    api.invalidate();
    await Promise.all([
      api.receivers(),
      api.subscriptionNames(),
      api.apply({ kind: "createSubscription", receiverId: "1", event: { resource: "PARTS", action: "CREATE" } }),
    ]);
    expect(countOf(emulator, "token")).toBe(2);
    expect(emulator.store.listSubscriptions()).toHaveLength(1);
  });

  it("keeps a newer token when an older one is rejected", async () => {
    const emulator = await start();
    const source = sourceOn(emulator);
    const first = await source.get();
    source.reject(first);
    const second = await source.get();
    source.reject(first);
    expect(await source.get()).toBe(second);
  });

  it("renews a token only once if ION accepts none", async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url ?? "");
      if (request.url === "/token") response.end(JSON.stringify({ access_token: CANARY, expires_in: 300 }));
      else response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ message: CANARY }));
    });
    const emulator = await start();
    const { kind, message } = await failureOf(
      ionOn({ ...emulator, graphqlUrl: `${url}/graphql`, tokenUrl: `${url}/token` }).receivers(),
    );
    expect(kind).toBe("auth");
    expect(message).not.toContain(CANARY);
    expect(paths).toEqual(["/token", "/graphql", "/graphql", "/token", "/graphql"]);
  });
});

describe("ION environments that differ", () => {
  const requestsOf = ({ requests }: Emulator) => requests.map(({ kind, status }) => `${kind} ${status}`);

  it("finds the token endpoint below /auth if there is none at the usual path, and remembers it", async () => {
    const clock = { now: 0 };
    const emulator = await start({ tokenPath: "/auth/realms" });
    const tokenUrl = emulator.tokenUrl.replace("/auth/realms/", "/realms/");
    const source = sourceOn({ ...emulator, tokenUrl }, clock);
    await source.get();
    expect(source.url).toBe(tokenUrl.replace("/realms/", "/auth/realms/"));
    clock.now = 299_000;
    await source.get();
    expect(emulator.requests.map(({ status }) => status)).toEqual([404, 200, 200]);
  });

  it("reports the usual path if there is no token endpoint at either", async () => {
    const paths: string[] = [];
    const url = await serve((request, response) => {
      paths.push(request.url ?? "");
      response.writeHead(404).end("<html>");
    });
    const emulator = await start();
    const { message } = await failureOf(
      sourceOn({ ...emulator, tokenUrl: `${url}/realms/api-keys/protocol/openid-connect/token` }).get(),
    );
    expect(message).toContain("answered the token request with HTTP 404 and no token");
    expect(paths).toEqual([
      "/realms/api-keys/protocol/openid-connect/token",
      "/auth/realms/api-keys/protocol/openid-connect/token",
    ]);
  });

  it("reports a key that is rejected at the other path", async () => {
    const emulator = await start({ tokenPath: "/auth/realms" });
    const tokenUrl = emulator.tokenUrl.replace("/auth/realms/", "/realms/");
    const { kind } = await failureOf(sourceOn({ ...emulator, tokenUrl, clientSecret: "wrong" }).get());
    expect(kind).toBe("auth");
  });

  it("sends the token alone if ION does not accept it with Bearer, and remembers that", async () => {
    const emulator = await start({ authorization: "bare" });
    const api = ionOn(emulator);
    await api.receivers();
    api.invalidate();
    await api.receivers();
    expect(requestsOf(emulator)).toEqual(["token 200", "graphql 401", "graphql 200", "graphql 200"]);
  });

  it("does not send the token alone once ION has accepted one with Bearer", async () => {
    const emulator = await start();
    const api = ionOn(emulator);
    await api.receivers();
    emulator.revokeTokens();
    api.invalidate();
    await api.receivers();
    expect(requestsOf(emulator)).toEqual(["token 200", "graphql 200", "graphql 401", "token 200", "graphql 200"]);
  });
});

describe("a rejected API key", () => {
  it("reports a rejected API key with the settings to check, without its value, and does not try again", async () => {
    const emulator = await start({ clientId: `${CANARY}-id` });
    const failure = await failureOf(ionOn({ ...emulator, clientSecret: CANARY }).receivers());
    expect(failure.kind).toBe("auth");
    expect(withoutHost(failure)).toMatchInlineSnapshot(
      `"ION's token endpoint at HOST rejected the API key (HTTP 401): Invalid client or Invalid client credentials. Check ion:clientId and ion:clientSecret (or ION_CLIENT_ID and ION_CLIENT_SECRET), and that the key was created in this ION environment: a key works in one environment only."`,
    );
    expect(failure.message).not.toContain(CANARY);
    expect(countOf(emulator, "token")).toBe(1);
  });

  it("reports an API key of another environment, which only ION rejects", async () => {
    const [emulator, other] = await Promise.all([start(), start()]);
    const { kind, detail } = await failureOf(ionOn({ ...emulator, graphqlUrl: other.graphqlUrl }).receivers());
    expect([kind, detail]).toEqual(["auth", "The API key may belong to another ION environment."]);
  });

  it("reports an API key that was replaced during a run", async () => {
    const emulator = await start();
    const api = ionOn(emulator);
    await api.receivers();
    emulator.rotateKey(CANARY);
    api.invalidate();
    const { kind, message } = await failureOf(api.receivers());
    expect(kind).toBe("auth");
    expect(message).not.toContain(emulator.clientSecret);
  });

  it.each([400, 401, 403])(
    "reports the issuer's reason after HTTP %s, shortened and without the secret",
    async (status) => {
      const reason = `Not ${CANARY} ${"x".repeat(600)}`;
      const body = JSON.stringify({ error: "invalid_client", error_description: reason });
      const url = await serve((_request, response) => response.writeHead(status).end(body));
      const { kind, summary } = await failureOf(
        sourceOn({ ...(await start()), tokenUrl: url, clientSecret: CANARY }).get(),
      );
      expect(kind).toBe("auth");
      expect(summary).toMatch(/\(HTTP \d+\): Not \[secret\] x{100,490}…\.$/);
      expect(summary).toContain(`(HTTP ${status})`);
    },
  );

  it("reports a rejected API key without a reason if the issuer gives none", async () => {
    const url = await serve((_request, response) => response.writeHead(401).end());
    const { summary } = await failureOf(sourceOn({ ...(await start()), tokenUrl: url }).get());
    expect(summary).toMatch(/ \(HTTP 401\)\.$/);
  });

  it("requests a token again after a rejection", async () => {
    const emulator = await start();
    const source = sourceOn(emulator);
    emulator.rotateKey("another");
    await failureOf(source.get());
    emulator.rotateKey(emulator.clientSecret);
    await expect(source.get()).resolves.toMatch(/^ey/);
  });
});

describe("a token endpoint that answers without a token", () => {
  it.each([
    ["HTML", 200, "<html>", "unexpectedAnswer"],
    ["JSON without a token", 200, "{}", "unexpectedAnswer"],
    ["an empty token", 200, '{"access_token":""}', "unexpectedAnswer"],
    ["HTTP 404", 404, "", "unexpectedAnswer"],
    ["a redirect", 302, "", "unexpectedAnswer"],
    ["HTTP 429", 429, "", "unreachable"],
    ["HTTP 500", 500, `{"access_token":"${CANARY}"}`, "unreachable"],
    ["HTTP 503", 503, "<html>", "unreachable"],
  ])("classifies an answer without a token: %s", async (_what, status, body, expected) => {
    const url = await serve((_request, response) => response.writeHead(status).end(body));
    const { kind, message } = await failureOf(sourceOn({ ...(await start()), tokenUrl: url }).get());
    expect(kind).toBe(expected);
    expect(message).toContain(`${new URL(url).host} answered the token request with HTTP ${status} and no token`);
    expect(message).not.toContain(CANARY);
  });

  it("says what was answered instead of a token, and which setting to check", async () => {
    const answers: Record<string, [status: number, headers: Record<string, string>]> = {
      "no token": [200, {}],
      "a web page": [200, { "content-type": "text/html" }],
      "a redirect to a sign-in page": [302, { location: `https://login.example/?next=${CANARY}` }],
      "a redirect to another path": [302, { location: `/${CANARY}` }],
    };
    const emulator = await start();
    const messages = Object.entries(answers).map(async ([what, [status, headers]]) => {
      const url = await serve((_request, response) => response.writeHead(status, headers).end("<html>"));
      return [what, withoutHost(await failureOf(sourceOn({ ...emulator, tokenUrl: url }).get()))];
    });
    expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
      {
        "a redirect to a sign-in page": "HOST answered the token request with HTTP 302 and no token, but a redirect to login.example. Check that ion:authUrl (or ION_AUTH_SERVER) is ION's token endpoint.",
        "a redirect to another path": "HOST answered the token request with HTTP 302 and no token, but a redirect to another page. Check that ion:authUrl (or ION_AUTH_SERVER) is ION's token endpoint.",
        "a web page": "HOST answered the token request with HTTP 200 and no token, but a web page. Check that ion:authUrl (or ION_AUTH_SERVER) is ION's token endpoint.",
        "no token": "HOST answered the token request with HTTP 200 and no token. Check that ion:authUrl (or ION_AUTH_SERVER) is ION's token endpoint.",
      }
    `);
  });
});
