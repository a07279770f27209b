import { describe, expect, it } from "vitest";
import { kindOf } from "../../../provider/ion/errors.ts";
import { IonClient, problemWith } from "../../../provider/ion/http/client.ts";
import { transport } from "../../../provider/ion/http/transport.ts";
import { CANARY, connectionTo, failureOf, serve, start } from "../../support/support.ts";

const TOKEN = `${CANARY}-token`;
const SECRET = `${CANARY}-client-secret`;
const VALUE = `${CANARY}-"value"/é`;

interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** A client of a server that answers every document with the same; `%BODY%` stands for what it was sent, key and all. */
async function clientOf({ status = 200, type = "application/json", headers = {}, body }: Reply) {
  const origin = await serve(async (request, response) => {
    if (request.url === "/token") return response.end(JSON.stringify({ access_token: TOKEN, expires_in: 300 }));
    let sent = `${request.headers.authorization} ${SECRET} `;
    for await (const chunk of request) sent += chunk;
    const echo = `${JSON.stringify(sent).slice(1, -1)} ${encodeURIComponent(VALUE)}`;
    return response.writeHead(status, { "content-type": type, ...headers }).end(body.replaceAll("%BODY%", echo));
  });
  const connection = {
    endpoint: `${origin}/graphql`,
    authUrl: `${origin}/token`,
    clientId: "id",
    clientSecret: SECRET,
  };
  const client = new IonClient(connection, transport(fetch), Date.now);
  return () =>
    client.execute({
      document: "mutation Write($input0: I!) { m0: write(input: $input0) { id } }",
      variables: { input0: { value: VALUE } },
      secrets: [VALUE],
    });
}

const JSON_ERRORS = '{"errors":[{"message":"It says %BODY% too much."},{"message":"And more"}]}';
const HTML = "<html>%BODY%</html>";

describe("an answer that ION did not mean", () => {
  it.each<[string, Reply, string, RegExp]>([
    ["200 with errors alone", { body: JSON_ERRORS }, "refused", /^It says .* too much\.; And more$/],
    ["200 without data and errors", { body: "{}" }, "unexpectedAnswer", /answered without data\.$/],
    ["200 with data null", { body: '{"data":null}' }, "unexpectedAnswer", /answered without data\.$/],
    [
      "200 with data null and a field's error",
      { body: '{"data":null,"errors":[{"message":"%BODY%","path":["m0"]}]}' },
      "unexpectedAnswer",
      /answered without data: /,
    ],
    [
      "200 with data null, a field's error and another",
      { body: '{"data":null,"errors":[{"message":"A","path":["m0"]},{"message":"B"}]}' },
      "unexpectedAnswer",
      /answered without data: A; B\.$/,
    ],
    [
      "200 with HTML",
      { type: "text/html", body: HTML },
      "unexpectedAnswer",
      /did not answer as a GraphQL API.*ion:endpoint/,
    ],
    ["200 with broken JSON", { body: '{"data":"%BODY%' }, "unexpectedAnswer", /did not answer as a GraphQL API/],
    ["200 with a list", { body: '["%BODY%"]' }, "unexpectedAnswer", /did not answer as a GraphQL API|without data/],
    ["200 with a text for data", { body: '{"data":"%BODY%"}' }, "unexpectedAnswer", /did not answer as a GraphQL API/],
    ["204", { status: 204, body: "" }, "unexpectedAnswer", /did not answer as a GraphQL API/],
    ["302", { status: 302, body: HTML, headers: { location: "/x" } }, "unexpectedAnswer", /HTTP 302.*ion:endpoint/],
    ["400 with GraphQL errors", { status: 400, body: JSON_ERRORS }, "refused", /^It says .* too much\.; And more$/],
    ["400 with HTML", { status: 400, type: "text/html", body: HTML }, "unexpectedAnswer", /HTTP 400/],
    ["401", { status: 401, body: JSON_ERRORS }, "auth", /\(HTTP 401\): It says .*ion:clientId.*--run-program/],
    ["401 with HTML", { status: 401, type: "text/html", body: HTML }, "auth", /\(HTTP 401\)\. The key may belong/],
    ["403 with GraphQL errors", { status: 403, body: JSON_ERRORS }, "permission", /^It says .* too much\.; And more$/],
    [
      "403 with HTML",
      { status: 403, type: "text/html", body: HTML },
      "permission",
      /^127.* with HTTP 403 Forbidden and nothing of ION's: a firewall or proxy/,
    ],
    ["404 with HTML", { status: 404, type: "text/html", body: HTML }, "unexpectedAnswer", /HTTP 404.*ION_API_URI/],
    ["409", { status: 409, body: "{}" }, "conflict", /^HTTP 409 Conflict$/],
    ["422 with GraphQL errors", { status: 422, body: JSON_ERRORS }, "refused", /^It says/],
    ["429", { status: 429, body: JSON_ERRORS }, "rateLimited", /asks for a pause \(HTTP 429\): It says/],
    [
      "429 with HTML",
      { status: 429, type: "text/html", body: HTML },
      "rateLimited",
      /asks for a pause \(HTTP 429\)\.$/,
    ],
    [
      "503 with plain JSON whose words have a dot in them",
      { status: 503, body: '{"message":"v1.2 is down."}' },
      "unknownOutcome",
      /failed to answer \(HTTP 503\): v1\.2 is down\.$/,
    ],
    [
      "502 with a page of words",
      { status: 502, body: JSON.stringify({ message: "x".repeat(1_000) }) },
      "unknownOutcome",
      /\(HTTP 502\): x{300}\.$/,
    ],
    [
      "502 with a message that is no text",
      { status: 502, body: '{"message":7}' },
      "unknownOutcome",
      /failed to answer \(HTTP 502\)\.$/,
    ],
    [
      "403 whose words speak of something expired",
      { status: 403, body: '{"message":"Your licence expired."}' },
      "permission",
      /^Your licence expired\.$/,
    ],
    ["500", { status: 500, body: JSON_ERRORS }, "unknownOutcome", /failed to answer \(HTTP 500\): It says/],
    [
      "502 with HTML",
      { status: 502, type: "text/html", body: HTML },
      "unknownOutcome",
      /failed to answer \(HTTP 502\)\.$/,
    ],
  ])("%s is an error of its kind, without a secret", async (_what, reply, kind, words) => {
    const failure = await failureOf((await clientOf(reply))());
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(words);
    for (const text of [failure.message, failure.stack, String(failure), JSON.stringify(failure)]) {
      expect(text).not.toContain(CANARY);
    }
    expect(failure.stack?.split("\n")).toHaveLength(1);
  });

  it.each([
    ["seconds", 429, "7", 7],
    ["seconds, on a failure", 503, "7", 7],
    ["many seconds", 429, "120", 120],
    ["no second", 429, "0", 0],
    ["nothing it can be read from", 429, "soon", undefined],
    ["a time that is over", 429, "Mon, 01 Jan 2001 00:00:00 GMT", undefined],
  ])("its Retry-After may be %s", async (_what, status, retryAfter, expected) => {
    const failure = await failureOf((await clientOf({ status, headers: { "retry-after": retryAfter }, body: "" }))());
    expect(failure.retryAfter).toBe(expected);
  });

  it("its Retry-After may be a time to come", async () => {
    const inAMinute = new Date(Date.now() + 60_000).toUTCString();
    const failure = await failureOf(
      (await clientOf({ status: 429, headers: { "retry-after": inAMinute }, body: "" }))(),
    );
    expect(failure.retryAfter).toBeGreaterThan(0);
    expect(failure.retryAfter).toBeLessThanOrEqual(60);
  });
});

describe("an answer with data", () => {
  it("keeps each alias's outcome beside the others', and takes secrets out of ION's words", async () => {
    const body = JSON.stringify({
      data: { m0: { id: "1" }, m1: null },
      errors: [{ message: "not this: %BODY%", path: ["m1"] }, { message: "of the whole" }, null, { path: ["m1", 0] }],
    });
    const { data, problems } = await (await clientOf({ body }))();
    expect(data).toEqual({ m0: { id: "1" }, m1: null });
    expect(problems.map(({ alias }) => alias)).toEqual(["m1", undefined, undefined, "m1"]);
    expect(problems.map(({ message }) => message).slice(1)).toEqual([
      "of the whole",
      "an error without a message",
      "an error without a message",
    ]);
    expect(JSON.stringify(problems)).not.toContain(CANARY);
  });

  it("comes off a real GraphQL server in the same shape", async () => {
    const client = new IonClient(connectionTo(await start()), transport(fetch), Date.now);
    const document = 'mutation { a: deleteWebhookReceiver(id: "9", etag: "x") }';
    expect((await failureOf(client.execute({ document }))).kind).toBe("refused");
    const partly = `mutation($i: CreateWebhookReceiverInput!) {
      a: createWebhookReceiver(input: $i) { webhookReceiver { id } } b: deleteWebhookReceiver(id: "9", etag: "x") { id } }`;
    await expect(
      client.execute({ document: partly, variables: { i: { name: "a", webhookUri: "https://a.example" } } }),
    ).resolves.toEqual({
      data: { a: { webhookReceiver: { id: "1" } }, b: null },
      problems: [{ alias: "b", message: 'WebhookReceiver with id "9" not found.' }],
    });
  });
});

describe("ION's words tell", () => {
  it.each([
    ["WebhookReceiver 1 was changed by another writer: etag mismatch. Read it again and retry.", "conflict"],
    ["The object is out of date", "conflict"],
    ["User does not have permission to create this resource.", "permission"],
    ["Not authorized", "permission"],
    ['WebhookReceiver with id "9" not found.', "gone"],
    ["WebhookReceiver matching query does not exist.", "gone"],
    ["Rate limit exceeded", "rateLimited"],
    ["name must not be empty.", "invalid"],
    ["Unable to stalemate the estate", "invalid"],
  ])("%s: %s", (words, kind) => {
    expect(kindOf(words)).toBe(kind);
  });

  it.each([
    ["It will not", "ION did not do this: It will not."],
    ["It will not.", "ION did not do this: It will not."],
    [
      "No permission",
      "ION did not do this: No permission. The API key needs the permission CreateX: an org admin of ION can make a key that has it.",
    ],
  ])("a person what to do: %s", (words, message) => {
    expect(problemWith("do this", "CreateX", words).message).toBe(message);
  });
});
