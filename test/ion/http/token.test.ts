import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { TokenSource } from "../../../provider/ion/http/token.ts";
import { transport } from "../../../provider/ion/http/transport.ts";
import { CANARY, connectionTo, countOf, failureOf, ionOn, serve, start } from "../../support/support.ts";

function sourceOn(emulator: Emulator, clock: { now: number } = { now: 0 }) {
  return new TokenSource(connectionTo(emulator), transport(fetch), () => clock.now);
}

it("a token is fetched when it is first needed, once for all who ask at once", async () => {
  const emulator = await start();
  const ion = ionOn(emulator);
  expect(emulator.requests).toEqual([]);
  await Promise.all([ion.receivers(), ion.subscriptionNames(), ion.receivers()]);
  expect(countOf(emulator, "token")).toBe(1);
});

it.each([
  ["30 seconds before it ends", 300, 270],
  ["at half its life, where that is short", 40, 20],
])("a token is renewed %s", async (_when, tokenLifetimeSeconds, renewed) => {
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

it("a token that ran out unseen is renewed on the 401, and the request sent again", async () => {
  const clock = { now: 1_000_000_000_000 };
  const emulator = await start({ now: () => clock.now, tokenLifetimeSeconds: 300 });
  const ion = ionOn(emulator, { now: () => 0 });
  await ion.receivers();
  clock.now += 301_000;
  ion.invalidate();
  await expect(ion.receivers()).resolves.toEqual(new Map());
  expect(emulator.requests.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
    "token 200",
    "graphql 200",
    "graphql 401",
    "token 200",
    "graphql 200",
  ]);
});

it("a revoked token is renewed once for all whom ION turned away", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example/" });
  const ion = ionOn(emulator);
  await ion.receivers();
  emulator.revokeTokens();
  ion.invalidate();
  await Promise.all([ion.receivers(), ion.subscriptionNames(), ion.createSubscription("1", "PARTS", "CREATE")]);
  expect(countOf(emulator, "token")).toBe(2);
  expect(emulator.store.listSubscriptions()).toHaveLength(1);
});

it("rejecting a token that was renewed meanwhile keeps the new one", async () => {
  const emulator = await start();
  const source = sourceOn(emulator);
  const first = await source.get();
  source.reject(first);
  const second = await source.get();
  source.reject(first);
  expect(await source.get()).toBe(second);
});

it("a token that ION never accepts is an error after one renewal, and no endless loop", async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/token") response.end(JSON.stringify({ access_token: CANARY, expires_in: 300 }));
    else response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify({ message: CANARY }));
  });
  const emulator = await start();
  const ion = ionOn({ ...emulator, graphqlUrl: `${url}/graphql`, tokenUrl: `${url}/token` });
  const { kind, message } = await failureOf(ion.receivers());
  expect(kind).toBe("auth");
  expect(message).toMatch(/did not accept the access token \(HTTP 401\).*another ION environment.*ion:clientId/);
  expect(message).not.toContain(CANARY);
  expect(asked).toEqual(["/token", "/graphql", "/token", "/graphql"]);
});

describe("a key that is not accepted", () => {
  it("is named by its config keys, never by its value, and not tried again", async () => {
    const emulator = await start({ clientId: `${CANARY}-id` });
    const source = ionOn({ ...emulator, clientSecret: CANARY });
    const { kind, message } = await failureOf(source.receivers());
    expect(kind).toBe("auth");
    expect(message).toMatch(/did not accept the API key \(HTTP 401\)/);
    for (const key of ["ion:clientId", "ion:clientSecret", "ION_CLIENT_ID", "ION_CLIENT_SECRET", "--run-program"]) {
      expect(message).toContain(key);
    }
    expect(message).not.toContain(CANARY);
    expect(countOf(emulator, "token")).toBe(1);
  });

  it("for having been replaced is the same", async () => {
    const emulator = await start();
    const ion = ionOn(emulator);
    await ion.receivers();
    emulator.rotateKey(CANARY);
    ion.invalidate();
    const { kind, message } = await failureOf(ion.receivers());
    expect(kind).toBe("auth");
    expect(message).not.toContain(emulator.clientSecret);
  });

  it.each([400, 401, 403])(
    "is refused with HTTP %s, in the issuer's words, cut short and without the secret",
    async (status) => {
      const words = `Not ${CANARY} ${"x".repeat(300)}`;
      const body = JSON.stringify({ error: "invalid_client", error_description: words });
      const url = await serve((_request, response) => response.writeHead(status).end(body));
      const source = sourceOn({ ...(await start()), tokenUrl: url, clientSecret: CANARY });
      const { kind, message } = await failureOf(source.get());
      expect(kind).toBe("auth");
      expect(message).toMatch(/\(HTTP \d+\): Not \[secret\] x{100,190}\. Check /);
      expect(message).toContain(`(HTTP ${status})`);
    },
  );

  it("is refused without words where the issuer gives none", async () => {
    const url = await serve((_request, response) => response.writeHead(401).end());
    const { message } = await failureOf(sourceOn({ ...(await start()), tokenUrl: url }).get());
    expect(message).toMatch(/ did not accept the API key \(HTTP 401\)\. Check /);
  });

  it("is not remembered: the next one asks again", async () => {
    const emulator = await start();
    const source = sourceOn(emulator);
    emulator.rotateKey("another");
    await failureOf(source.get());
    emulator.rotateKey(emulator.clientSecret);
    await expect(source.get()).resolves.toMatch(/^ey/);
  });
});

describe("a token endpoint that answers", () => {
  it.each([
    ["HTML", 200, "<html>", "unexpectedAnswer"],
    ["no token", 200, "{}", "unexpectedAnswer"],
    ["an empty token", 200, '{"access_token":""}', "unexpectedAnswer"],
    ["a token that lives no time", 200, `{"access_token":"${CANARY}","expires_in":0}`, "unexpectedAnswer"],
    ["404", 404, "", "unexpectedAnswer"],
    ["a redirect", 302, "", "unexpectedAnswer"],
    ["429", 429, "", "unreachable"],
    ["500", 500, `{"access_token":"${CANARY}"}`, "unreachable"],
    ["503", 503, "<html>", "unreachable"],
  ])("%s is an error that names it", async (_what, status, body, expected) => {
    const url = await serve((_request, response) => response.writeHead(status, { location: "/x" }).end(body));
    const emulator = await start();
    const { kind, message } = await failureOf(sourceOn({ ...emulator, tokenUrl: url }).get());
    expect(kind).toBe(expected);
    expect(message).toContain(
      `${new URL(url).host} answered the token request with HTTP ${status} and no token${status === 302 ? ", and sends on to another page" : ""}.`,
    );
    expect(message).not.toContain(CANARY);
  });

  it("no lifetime is asked again after half a minute", async () => {
    const clock = { now: 0 };
    let tokens = 0;
    const url = await serve((_request, response) => response.end(JSON.stringify({ access_token: `t${++tokens}` })));
    const source = sourceOn({ ...(await start()), tokenUrl: url }, clock);
    expect(await source.get()).toBe("t1");
    clock.now = 29_999;
    expect(await source.get()).toBe("t1");
    clock.now = 30_000;
    expect(await source.get()).toBe("t2");
  });
});

it("a token request is a form with the key, as Keycloak wants it", async () => {
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
