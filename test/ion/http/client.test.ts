import { describe, expect, it } from "vitest";
import { IonClient } from "../../../provider/src/ion/http/client.ts";
import { transport } from "../../../provider/src/ion/http/transport.ts";
import { CANARY, connectionTo, failureOf, serve, start } from "../../support/support.ts";

const TOKEN = `${CANARY}-token`;
const SECRET = `${CANARY}-client-secret`;
const VALUE = `${CANARY}-"value"/é`;

interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  /** `%REQUEST%` stands for the request, with the token, the key and the value that it sends. */
  readonly body: string;
  /** @default "/graphql" */
  readonly path?: string;
}

/** Runs a document on a server that answers with `reply`; the host of that server is HOST. */
async function execute({ status = 200, type = "application/json", headers = {}, body, path = "/graphql" }: Reply) {
  const origin = await serve(async (request, response) => {
    if (request.url === "/token") return response.end(JSON.stringify({ access_token: TOKEN, expires_in: 300 }));
    let sent = `${request.headers.authorization} ${SECRET} `;
    for await (const chunk of request) sent += chunk;
    const echo = `${JSON.stringify(sent).slice(1, -1)} ${encodeURIComponent(VALUE)}`;
    return response.writeHead(status, { "content-type": type, ...headers }).end(body.replaceAll("%REQUEST%", echo));
  });
  const settings = { endpoint: origin + path, authUrl: `${origin}/token`, clientId: "id", clientSecret: SECRET };
  return new IonClient(settings, transport(fetch), Date.now).execute(() => ({
    document: "mutation Write($input0: I!) { m0: write(input: $input0) { id } }",
    variables: { input0: { value: VALUE } },
    secrets: [VALUE],
  }));
}

const withoutHost = (message: string) => message.replace(/127\.0\.0\.1:\d+/g, "HOST");

const ERRORS = '{"errors":[{"message":"It says %REQUEST% too much."},{"message":"And more"}]}';
const HTML = "<html>%REQUEST%</html>";
const html = (status: number): Reply => ({ status, type: "text/html", body: HTML });
const failure = (error: object, data: unknown = null) => ({ body: JSON.stringify({ data, errors: [error] }) });

describe("an answer that is no GraphQL result", () => {
  it.each<[what: string, reply: Reply, kind: string]>([
    ["HTTP 200 with errors only", { body: ERRORS }, "refused"],
    ["HTTP 200 without data and errors", { body: "{}" }, "unexpectedAnswer"],
    ["HTTP 200 with null for data", { body: '{"data":null}' }, "unexpectedAnswer"],
    ["HTTP 200 with HTML", html(200), "unexpectedAnswer"],
    ["HTTP 200 with broken JSON", { body: '{"data":"%REQUEST%' }, "unexpectedAnswer"],
    ["HTTP 200 with a list", { body: '["%REQUEST%"]' }, "unexpectedAnswer"],
    ["HTTP 200 with a string for data", { body: '{"data":"%REQUEST%"}' }, "unexpectedAnswer"],
    ["HTTP 204", { status: 204, body: "" }, "unexpectedAnswer"],
    ["HTTP 302", { ...html(302), headers: { location: "/x" } }, "unexpectedAnswer"],
    ["HTTP 400 with GraphQL errors", { status: 400, body: ERRORS }, "refused"],
    ["HTTP 400 with HTML", html(400), "unexpectedAnswer"],
    ["HTTP 401 with GraphQL errors", { status: 401, body: ERRORS }, "auth"],
    ["HTTP 401 with HTML", html(401), "auth"],
    ["HTTP 403 with GraphQL errors", { status: 403, body: ERRORS }, "permission"],
    ["HTTP 403 with HTML", html(403), "permission"],
    ["HTTP 403 about something that expired", { status: 403, body: '{"message":"Expired."}' }, "permission"],
    ["HTTP 404 with HTML", html(404), "unexpectedAnswer"],
    ["HTTP 409", { status: 409, body: "{}" }, "conflict"],
    ["HTTP 422 with GraphQL errors", { status: 422, body: ERRORS }, "refused"],
    ["HTTP 429 with GraphQL errors", { status: 429, body: ERRORS }, "rateLimited"],
    ["HTTP 429 with HTML", html(429), "rateLimited"],
    ["HTTP 500 with GraphQL errors", { status: 500, body: ERRORS }, "unknownOutcome"],
    ["HTTP 502 with HTML", html(502), "unknownOutcome"],
  ])("throws an error of its kind, without a secret: %s", async (_what, reply, kind) => {
    const error = await failureOf(execute(reply));
    expect(error.kind).toBe(kind);
    for (const text of [error.message, error.stack, String(error), JSON.stringify(error)]) {
      expect(text).not.toContain(CANARY);
    }
    expect(error.stack?.split("\n")).toHaveLength(1);
  });

  it("says what happened and what to do for every HTTP failure", async () => {
    const message = (text: unknown) => JSON.stringify({ message: text });
    const errors = (text: string) => JSON.stringify({ errors: [{ message: text }] });
    const replies: Record<string, Reply> = {
      "200 with errors only": { body: '{"errors":[{"message":"One."},{"message":"Two"}]}' },
      "200 without data": { body: "{}" },
      "200 with HTML": html(200),
      "302": { ...html(302), headers: { location: `https://login.example/?next=${CANARY}` } },
      "400 with GraphQL errors": { status: 400, body: errors("Cannot query field x.") },
      "401": { status: 401, body: message("Unable to find appropriate RSA key") },
      "401 without a message": html(401),
      "401 for an expired token": { status: 401, body: message("Token is expired") },
      "401 for a token from the future": { status: 401, body: errors("The token is not yet valid (iat)") },
      "403": { status: 403, body: message("User does not have permission.") },
      "403 without a message": html(403),
      "404": html(404),
      "404 at a path without graphql": { ...html(404), path: "/" },
      "409": { status: 409, body: message("Changed by another writer") },
      "409 without a message": { status: 409, body: "{}" },
      "429": { status: 429, body: message("Too many requests") },
      "429 without a message": html(429),
      "502 without a message": html(502),
      "502 with a number for a message": { status: 502, body: message(7) },
      "503": { status: 503, body: message("v1.2 is down.") },
    };
    const messages = Object.entries(replies).map(async ([what, reply]) => {
      return [what, withoutHost((await failureOf(execute(reply))).message)];
    });
    expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
      {
        "200 with HTML": "HOST did not send a GraphQL answer. Check ion:endpoint (or ION_API_URI). A proxy or a sign-in page may have answered instead.",
        "200 with errors only": "One. Two.",
        "200 without data": "HOST answered without data. Check ion:endpoint (or ION_API_URI).",
        "302": "HOST answered with HTTP 302, a redirect to login.example, instead of a GraphQL answer. Check ion:endpoint (or ION_API_URI).",
        "400 with GraphQL errors": "Cannot query field x.",
        "401": "ION at HOST rejected the access token (HTTP 401): Unable to find appropriate RSA key. The API key may belong to another ION environment. Check that ion:region, ion:stage, ion:endpoint and ion:authUrl name the environment that ion:clientId was created in.",
        "401 for a token from the future": "ION at HOST rejected an access token that was issued just now (HTTP 401): The token is not yet valid (iat). The clocks of ION and its token issuer differ, or a proxy returns old answers. Try again in a minute. If it fails again, contact First Resonance.",
        "401 for an expired token": "ION at HOST rejected an access token that was issued just now (HTTP 401): Token is expired. The clocks of ION and its token issuer differ, or a proxy returns old answers. Try again in a minute. If it fails again, contact First Resonance.",
        "401 without a message": "ION at HOST rejected the access token (HTTP 401). The API key may belong to another ION environment. Check that ion:region, ion:stage, ion:endpoint and ion:authUrl name the environment that ion:clientId was created in.",
        "403": "User does not have permission.",
        "403 without a message": "HOST answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead.",
        "404": "HOST answered with HTTP 404 instead of a GraphQL answer. Check ion:endpoint (or ION_API_URI).",
        "404 at a path without graphql": "HOST answered with HTTP 404 instead of a GraphQL answer. ION's endpoints end in /graphql. Check ion:endpoint (or ION_API_URI).",
        "409": "Changed by another writer",
        "409 without a message": "HTTP 409 Conflict.",
        "429": "ION at HOST rejected the request because of its rate limit (HTTP 429): Too many requests. Try again in a few minutes.",
        "429 without a message": "ION at HOST rejected the request because of its rate limit (HTTP 429). Try again in a few minutes.",
        "502 with a number for a message": "ION at HOST reported a server error (HTTP 502).",
        "502 without a message": "ION at HOST reported a server error (HTTP 502).",
        "503": "ION at HOST reported a server error (HTTP 503): v1.2 is down.",
      }
    `);
  });

  it("shortens a long message of ION", async () => {
    const { message } = await failureOf(execute({ status: 502, body: JSON.stringify({ message: "x".repeat(1_000) }) }));
    expect(message).toMatch(/\(HTTP 502\): x{500}…\.$/);
  });
});

describe("Retry-After", () => {
  it.each([
    ["seconds", 429, "7", 7],
    ["seconds after a server fault", 503, "7", 7],
    ["many seconds", 429, "120", 120],
    ["zero seconds", 429, "0", 0],
    ["neither seconds nor a date", 429, "soon", undefined],
    ["a date in the past", 429, "Mon, 01 Jan 2001 00:00:00 GMT", undefined],
  ])("reads Retry-After as %s", async (_what, status, value, expected) => {
    const { retryAfter } = await failureOf(execute({ status, headers: { "retry-after": value }, body: "" }));
    expect(retryAfter).toBe(expected);
  });

  it("reads Retry-After as a date in the future", async () => {
    const inOneMinute = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfter } = await failureOf(execute({ status: 429, headers: { "retry-after": inOneMinute }, body: "" }));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });
});

describe("HTTP 200 with errors about the whole document", () => {
  it.each([
    ["THROTTLED", { message: "Wait.", extensions: { code: "THROTTLED" } }, "rateLimited"],
    ["a rate limit without a code", { message: "Rate limit exceeded" }, "rateLimited"],
    ["INTERNAL_SERVER_ERROR", { message: "No.", extensions: { code: "INTERNAL_SERVER_ERROR" } }, "unknownOutcome"],
    ["a database fault", { message: "(psycopg2.OperationalError) server closed" }, "unknownOutcome"],
    ["a timeout", { message: "The request timed out" }, "unknownOutcome"],
    [
      "GRAPHQL_VALIDATION_FAILED",
      { message: "timeout is no field", extensions: { code: "GRAPHQL_VALIDATION_FAILED" } },
      "refused",
    ],
    ["an unknown code", { message: "No.", extensions: { code: "E1234" } }, "refused"],
  ])("classifies an error about the whole document: %s", async (_what, error, kind) => {
    const failed = await failureOf(execute(failure(error)));
    expect(failed.kind).toBe(kind);
    expect(failed.message).toContain(error.message);
  });

  it("says what ION said about the whole document", async () => {
    const messages = ["THROTTLED", "TIMEOUT"].map(async (code) => {
      const { message } = await failureOf(execute(failure({ message: "No", extensions: { code } })));
      return withoutHost(message);
    });
    expect(await Promise.all(messages)).toMatchInlineSnapshot(`
      [
        "ION at HOST rejected the request because of its rate limit: No. Try again in a few minutes.",
        "ION at HOST reported a server error: No.",
      ]
    `);
  });
});

describe("an answer with data", () => {
  it("keeps the data and the problems of each alias, with secrets redacted", async () => {
    const body = JSON.stringify({
      data: { m0: { id: "1" }, m1: null },
      errors: [
        { message: "not this: %REQUEST%", path: ["m1"], extensions: { code: "FORBIDDEN" } },
        { message: "of the whole document", extensions: { code: 7 } },
        null,
        { path: ["m1", 0] },
      ],
    });
    const { data, problems } = await execute({ body });
    expect(data).toEqual({ m0: { id: "1" }, m1: null });
    expect(problems.map(({ path }) => path)).toEqual([["m1"], undefined, undefined, ["m1", "0"]]);
    expect(problems.map(({ code }) => code)).toEqual(["FORBIDDEN", undefined, undefined, undefined]);
    expect(problems.map(({ message }) => message).slice(1)).toEqual([
      "of the whole document",
      "an error without a message",
      "an error without a message",
    ]);
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });

  it.each([
    ["one error", [{ message: "%REQUEST%", path: ["m0"] }]],
    ["one error of a field and one without", [{ message: "A", path: ["m0"] }, { message: "%REQUEST%" }]],
  ])("returns the problems if data is null because a required field failed: %s", async (_what, errors) => {
    const { data, problems } = await execute({ body: JSON.stringify({ data: null, errors }) });
    expect(data).toEqual({});
    expect(problems.map(({ path }) => path)).toEqual(errors.map(({ path }) => path));
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });

  it.each(["application/graphql-response+json", "text/plain", "text/html"])(
    "is read also if a proxy labels it as %s",
    async (type) => {
      expect((await execute({ type, body: '{"data":{"m0":{"id":"1"}}}' })).data).toEqual({ m0: { id: "1" } });
    },
  );

  it("reads the errors that a payload lists itself: texts, or objects with one text or more", async () => {
    const payload = (errors: unknown) => ({ webhookReceiver: null, errors });
    const errors = ["A.", { message: "B." }, { messages: ["C.", 7, "D."] }, { code: 1 }, null];
    const data = { m0: payload(errors), m1: payload([]), m2: payload("E."), m3: null };
    const { problems } = await execute({ body: JSON.stringify({ data }) });
    expect(problems.map(({ path, message }) => [path, message])).toEqual(
      ["A.", "B.", "C. D.", "an error without a message", "an error without a message"].map((text) => [["m0"], text]),
    );
  });

  it("returns the same form for a real GraphQL server", async () => {
    const client = new IonClient(connectionTo(await start()), transport(fetch), Date.now);
    const document = 'mutation { a: deleteWebhookReceiver(id: "9", etag: "x") }';
    expect((await failureOf(client.execute(() => ({ document })))).kind).toBe("refused");
    const partial = `mutation($i: CreateWebhookReceiverInput!) {
      a: createWebhookReceiver(input: $i) { webhookReceiver { id } } b: deleteWebhookReceiver(id: "9", etag: "x") { id } }`;
    await expect(
      client.execute(() => ({ document: partial, variables: { i: { name: "a", webhookUri: "https://a.example" } } })),
    ).resolves.toEqual({
      data: { a: { webhookReceiver: { id: "1" } }, b: null },
      problems: [{ path: ["b"], code: undefined, message: 'WebhookReceiver with id "9" not found.' }],
    });
  });
});
