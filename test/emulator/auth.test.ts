import { expect, test } from "vitest";
import { asker, fetchToken, start, tokenForm } from "./setup.ts";

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;
const wrongClient = "Invalid client or Invalid client credentials";

test.each(["", "/auth"])("issues a token at %s/realms/api-keys like Keycloak", async (prefix) => {
  const { url } = await start();
  const response = await fetch(`${url}${prefix}/realms/api-keys/protocol/openid-connect/token`, {
    method: "POST",
    body: tokenForm({ audience: "https://api.buildwithion.com" }),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(await response.json()).toEqual({
    access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    expires_in: 300,
    refresh_expires_in: 0,
    token_type: "Bearer",
    "not-before-policy": 0,
    scope: "profile email",
  });
});

test.each([
  ["a wrong secret", { client_secret: "guess" }, 401, "unauthorized_client", wrongClient],
  ["an empty secret", { client_secret: "" }, 401, "unauthorized_client", wrongClient],
  ["an unknown client", { client_id: "someone" }, 401, "invalid_client", wrongClient],
  ["another grant type", { grant_type: "password" }, 400, "unsupported_grant_type", "Unsupported grant_type"],
  ["no grant type", { grant_type: "" }, 400, "invalid_request", "Missing form parameter: grant_type"],
])("refuses a token for %s", async (_case, fields, status, error, description) => {
  const { tokenUrl } = await start();
  const response = await fetch(tokenUrl, { method: "POST", body: tokenForm(fields) });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error, error_description: description });
});

test.each([
  ["valid", 200, basic("emulator", "emulator-secret")],
  ["invalid", 401, basic("emulator", "guess")],
])("answers %s HTTP Basic credentials with status %i", async (_case, status, authorization) => {
  const { tokenUrl } = await start();
  const body = new URLSearchParams({ grant_type: "client_credentials" });
  const response = await fetch(tokenUrl, { method: "POST", body, headers: { Authorization: authorization } });
  expect(response.status).toBe(status);
});

test("decodes form-encoded HTTP Basic credentials", async () => {
  const { tokenUrl } = await start({ clientId: "a b", clientSecret: "c:d&e%" });
  const response = await fetch(tokenUrl, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials" }),
    headers: { Authorization: basic("a+b", "c%3Ad%26e%25") },
  });
  expect(response.status).toBe(200);
});

test.each([
  ["GET", 405, undefined, undefined],
  ["POST of JSON", 415, "{}", "application/json"],
  ["POST of 70 KB", 413, "x".repeat(70_000), "application/x-www-form-urlencoded"],
])("answers a %s to the token endpoint with status %i", async (request, status, body, type) => {
  const { tokenUrl } = await start();
  const response = await fetch(tokenUrl, {
    method: request.slice(0, 4).trim(),
    ...(body !== undefined && { body }),
    ...(type && { headers: { "Content-Type": type } }),
  });
  expect(response.status).toBe(status);
});

test.each([
  ["no Authorization header", undefined, "Please provide proper credentials"],
  ["another scheme", "Basic abc", "Please provide proper credentials"],
  ["a bare token", "a.b.c", "Please provide proper credentials"],
  ["a malformed token", "Bearer abc", "Unable to parse authentication token"],
  ["a token of another issuer", "Bearer a.b.c", "Unable to find appropriate RSA key"],
])("refuses a GraphQL request with %s", async (_case, authorization, message) => {
  const { graphqlUrl } = await start();
  const response = await fetch(graphqlUrl, {
    method: "POST",
    body: JSON.stringify({ query: "{ __typename }" }),
    headers: { "Content-Type": "application/json", ...(authorization && { Authorization: authorization }) },
  });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({ message });
});

test.each([
  ["/realms", "/auth/realms"],
  ["/auth/realms", "/realms"],
] as const)("has no token endpoint at the other path with tokenPath %s", async (tokenPath, other) => {
  const { url, tokenUrl, requests } = await start({ tokenPath });
  expect(tokenUrl).toBe(`${url}${tokenPath}/api-keys/protocol/openid-connect/token`);
  expect(await fetchToken(tokenUrl)).toEqual(expect.any(String));
  const body = tokenForm();
  const response = await fetch(`${url}${other}/api-keys/protocol/openid-connect/token`, { method: "POST", body });
  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("text/html");
  expect(await response.text()).toMatch(/^<html>/);
  expect(requests.map(({ kind, status }) => [kind, status])).toEqual([
    ["token", 200],
    ["other", 404],
  ]);
});

test("accepts only the bare token with authorization bare", async () => {
  const emulator = await start({ authorization: "bare" });
  const token = await fetchToken(emulator.tokenUrl);
  const bare = async () => (await asker(emulator, { authorization: token }))("{ __typename }");
  expect((await bare()).status).toBe(200);
  expect(await (await asker(emulator, { authorization: `Bearer ${token}` }))("{ __typename }")).toEqual({
    status: 401,
    body: { message: "Please provide proper credentials" },
  });
  emulator.faults.add({ kind: "expired-token" });
  expect((await bare()).status).toBe(401);
  expect((await bare()).body).toEqual({ message: "Token is expired" });
});

test("refuses a token of another emulator", async () => {
  const [here, there] = [await start(), await start()];
  const ask = await asker(here, { authorization: `Bearer ${await fetchToken(there.tokenUrl)}` });
  expect((await ask("{ __typename }")).status).toBe(401);
});

test("accepts a token until the end of its lifetime", async () => {
  let now = 1_700_000_000_000;
  const emulator = await start({ tokenLifetimeSeconds: 60, now: () => now });
  const ask = await asker(emulator);
  now += 59_999;
  expect((await ask("{ __typename }")).status).toBe(200);
  now += 1;
  expect(await ask("{ __typename }")).toEqual({ status: 401, body: { message: "Token is expired" } });
});

test("refuses revoked tokens and accepts new ones", async () => {
  const emulator = await start();
  const before = await asker(emulator);
  emulator.revokeTokens();
  expect((await before("{ __typename }")).status).toBe(401);
  expect((await (await asker(emulator))("{ __typename }")).status).toBe(200);
});
