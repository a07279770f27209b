import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import type { LoggedRequest } from "../../emulator/index.ts";
import { asker, fetchToken, start, tokenForm, webhookUri } from "./setup.ts";

/** Uses Node's client, because fetch overrides Host. */
function statusOf(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(url, { headers, agent: false }, (response) => resolve(response.resume().statusCode))
      .on("error", reject)
      .end();
  });
}

const graphiql = { Accept: "text/html" };

test("serves a self-contained GraphiQL page to browsers", async () => {
  const { graphqlUrl } = await start();
  const response = await fetch(graphqlUrl, { headers: graphiql });
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
  expect(response.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
  const html = await response.text();
  const markup = html.replaceAll(/<script>.*?<\/script>|<style>.*?<\/style>/gs, "");
  expect(markup.length).toBeLessThan(html.length / 2);
  const links = [...markup.matchAll(/(?:src|href)\s*=\s*"([^"]*)"/g)].map(([, link]) => link?.slice(0, 5));
  expect(new Set(links)).toEqual(new Set(["data:"]));
  expect(html).not.toMatch(/@import|url\(["']?https?:/);
});

test.each(["bearer", "bare"] as const)("gives the GraphiQL page a valid token with authorization %s", async (form) => {
  const emulator = await start({ authorization: form });
  const html = await (await fetch(emulator.graphqlUrl, { headers: graphiql })).text();
  const [, authorization = ""] = /"Authorization":"([\w. -]+)"/.exec(html) ?? [];
  const { origin } = new URL(emulator.graphqlUrl);
  const ask = await asker(emulator, { authorization, origin });
  expect(await ask("{ __typename }")).toEqual({ status: 200, body: { data: { __typename: "Query" } } });
  const elsewhere = await asker(emulator, { authorization });
  expect((await elsewhere("{ __typename }")).status).toBe(401);
});

test.each(["empty", "script", "image", "iframe"])("gives no GraphiQL page to a request for a %s", async (dest) => {
  const { graphqlUrl } = await start();
  const response = await fetch(graphqlUrl, { headers: { ...graphiql, "Sec-Fetch-Dest": dest } });
  expect(response.status).toBe(403);
  expect(await response.text()).not.toContain("Authorization");
});

test("keeps other web pages from loading the GraphiQL page", async () => {
  const { headers } = await fetch((await start()).graphqlUrl, { headers: graphiql });
  expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
});

test("accepts any Host and gives GraphiQL no token when it listens beyond loopback", async () => {
  const { graphqlUrl } = await start({ host: "0.0.0.0", clientSecret: "planted" });
  expect(await statusOf(graphqlUrl, { ...graphiql, Host: "ion.internal" })).toBe(200);
  const html = await (await fetch(graphqlUrl, { headers: graphiql })).text();
  expect(html).not.toMatch(/"Authorization":"Bearer/);
});

test.each([
  ["another origin", { Origin: "https://evil.example" }, 403],
  ["another port of this machine", { Origin: "http://127.0.0.1:1" }, 403],
  ["an opaque origin", { Origin: "null" }, 403],
  ["a foreign Host", { Host: "evil.example" }, 403],
  ["a foreign Host and the same origin", { Host: "evil.example", Origin: "http://evil.example" }, 403],
  ["a Host that starts like loopback", { Host: "127.0.0.1.evil.example" }, 403],
  ["localhost", { Host: "localhost:1234" }, 200],
  ["the same origin", { Host: "localhost:1234", Origin: "http://localhost:1234" }, 200],
])("answers a request from %s (%o) with status %i", async (_case, headers, status) => {
  const { graphqlUrl } = await start();
  expect(await statusOf(graphqlUrl, { ...graphiql, ...headers })).toBe(status);
});

test("gives a request from another origin neither a token nor CORS headers", async () => {
  const { tokenUrl } = await start();
  const response = await fetch(tokenUrl, {
    method: "POST",
    body: tokenForm(),
    headers: { Origin: "https://evil.example" },
  });
  expect(response.status).toBe(403);
  expect(await response.json()).toEqual({ message: "Refused: the request comes from another origin." });
  expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("answers a preflight without CORS headers", async () => {
  const { graphqlUrl } = await start();
  const response = await fetch(graphqlUrl, { method: "OPTIONS" });
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
});

test("answers an unknown path with status 404", async () => {
  const { url } = await start();
  const response = await fetch(`${url}/v2/graphql`);
  expect(response.status).toBe(404);
});

test("accepts queries but not mutations by GET", async () => {
  const emulator = await start();
  const headers = { Authorization: `Bearer ${await fetchToken(emulator.tokenUrl)}` };
  const get = (query: string) => fetch(`${emulator.graphqlUrl}?query=${encodeURIComponent(query)}`, { headers });
  expect((await get("{ __typename }")).status).toBe(200);
  expect((await get('mutation { deleteWebhookReceiver(id: "1", etag: "x") { id } }')).status).toBe(405);
});

test("answers invalid JSON and batches with status 400", async () => {
  const emulator = await start();
  const headers = {
    Authorization: `Bearer ${await fetchToken(emulator.tokenUrl)}`,
    "Content-Type": "application/json",
  };
  for (const body of ["{", "[]", '[{"query":"{__typename}"}]', '{"query":1}', "null"]) {
    const response = await fetch(emulator.graphqlUrl, { method: "POST", headers, body });
    expect([body, response.status]).toEqual([body, 400]);
    expect(await response.json()).toEqual({ errors: [{ message: expect.any(String) }] });
  }
});

test("logs requests in order and without values", async () => {
  const seen: LoggedRequest[] = [];
  const emulator = await start({ onRequest: (request) => seen.push(request) });
  const ask = await asker(emulator);
  await ask(
    "mutation Create($input: CreateWebhookReceiverInput!) { violet: createWebhookReceiver(input: $input) { webhookReceiver { id } } }",
    { input: { name: "Violet", webhookUri: "https://violet.example/planted", sharedSecret: "planted" } },
  );
  await ask(
    "query List { ...lists ... on Query { one: webhookReceiver(id: 1) { id } } } fragment lists on Query { webhookReceivers { edges { cursor } } }",
  );
  await ask('{ webhookReceiver(id: "planted") { walrus } }');
  await ask("{ planted");
  await fetch(emulator.graphqlUrl);
  await fetch(`${emulator.url}/planted`);

  const graphql = { kind: "graphql", milliseconds: expect.any(Number) };
  expect(emulator.requests).toEqual([
    { kind: "token", operation: null, fields: [], status: 200, milliseconds: expect.any(Number) },
    {
      ...graphql,
      operation: { type: "mutation", name: "Create" },
      fields: [{ alias: "violet", field: "createWebhookReceiver", outcome: "ok" }],
      status: 200,
    },
    {
      ...graphql,
      operation: { type: "query", name: "List" },
      fields: [
        { alias: "webhookReceivers", field: "webhookReceivers", outcome: "ok" },
        { alias: "one", field: "webhookReceiver", outcome: "ok" },
      ],
      status: 200,
    },
    {
      ...graphql,
      operation: { type: "query", name: null },
      fields: [{ alias: "webhookReceiver", field: "webhookReceiver", outcome: "refused" }],
      status: 400,
    },
    { ...graphql, operation: null, fields: [], status: 400 },
    { ...graphql, operation: null, fields: [], status: 401 },
    { ...graphql, kind: "other", operation: null, fields: [], status: 404 },
  ]);
  expect(seen).toEqual(emulator.requests);
  expect(JSON.stringify(seen)).not.toMatch(/planted|emulator-secret|Bearer/);
});

test("includes the current latency in the logged duration", async () => {
  const emulator = await start({ latencyMs: 30 });
  const ask = await asker(emulator);
  await ask("{ __typename }");
  // Timers may fire a little early.
  expect(emulator.requests.map(({ milliseconds }) => milliseconds >= 28)).toEqual([true, true]);
  emulator.settings.latencyMs = 60;
  await ask("{ __typename }");
  expect(emulator.requests.at(-1)?.milliseconds).toBeGreaterThan(58);
});

test("closes waiting requests and idle connections at once", async () => {
  const emulator = await start();
  const ask = await asker(emulator);
  await ask("{ __typename }");
  emulator.settings.latencyMs = 60_000;
  const waiting = ask(
    `mutation { createWebhookReceiver(input: { name: "a", webhookUri: "${webhookUri}" }) { webhookReceiver { id } } }`,
  );
  const closed = expect(waiting).rejects.toThrow("fetch failed");
  await expect.poll(() => emulator.store.listReceivers()).toHaveLength(1);
  await emulator.close();
  await closed;
  await expect(fetch(emulator.url)).rejects.toThrow("fetch failed");
});

test("masks the message of an unexpected error", async () => {
  const emulator = await start();
  const ask = await asker(emulator);
  emulator.store.listReceivers = () => {
    throw new Error("planted");
  };
  const { status, body } = await ask("{ webhookReceivers { pageInfo { count } } }");
  expect(status).toBe(200);
  expect(body).toEqual({
    data: { webhookReceivers: null },
    errors: [{ message: "Unexpected error.", locations: [{ line: 1, column: 3 }], path: ["webhookReceivers"] }],
  });
});
