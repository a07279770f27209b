/** What an ION tells about itself before anything is done with it. */
import { buildSchema, introspectionFromSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { Examination } from "../../../provider/ion/schema/environmentCheck.ts";
import { connectionTo, failureOf, intercept, SDL, serve, start } from "../../support/support.ts";

describe("a token", () => {
  const NOW = 1_800_000_000;

  /** What is told of a token, by a machine whose clock says {@link NOW}. */
  async function factsOf(token: string) {
    const origin = await serve((_request, response) =>
      response.end(JSON.stringify({ access_token: token, expires_in: 300 })),
    );
    const connection = { endpoint: `${origin}/graphql`, authUrl: `${origin}/token`, clientId: "id", clientSecret: "s" };
    return new Examination(connection, { now: () => NOW * 1000 + 400 }).token();
  }
  const jwt = (payload: unknown) => `e30.${Buffer.from(JSON.stringify(payload) ?? "").toString("base64url")}.x`;
  const NOTHING = { seconds: undefined, clockAhead: undefined, permissions: [] };

  it.each<[string, string, object]>([
    [
      "how long it is good for, and by how much the clocks differ",
      jwt({ iat: NOW - 7, exp: NOW + 293 }),
      { seconds: 300, clockAhead: 7 },
    ],
    ["that this machine's clock is behind", jwt({ iat: NOW + 90, exp: NOW + 390 }), { seconds: 300, clockAhead: -90 }],
    ["not how long, where it does not say when it was made", jwt({ exp: NOW }), {}],
    ["not how long, where it does not say when it ends", jwt({ iat: NOW }), { clockAhead: 0 }],
    ["no times that are none", jwt({ iat: String(NOW), exp: null }), {}],
    [
      "the permissions on webhooks, wherever it has them, each once and in order",
      jwt({
        scope: "openid  ReadWebhookReceiver email\tCreateWebhookHeader",
        roles: ["DeleteWebhookReceiver", { more: ["CreateWebhookHeader", null, 7] }],
        not: ["ReadPart", "Webhook", "xReadWebhook", "ReadWebhook2", "ReadWebhook:all", "readWebhook", "a/ReadWebhook"],
      }),
      { permissions: ["CreateWebhookHeader", "DeleteWebhookReceiver", "ReadWebhookReceiver"] },
    ],
    ["nothing where it is opaque", "opaque", {}],
    ["nothing where it only looks like a JWT", "a.b.c", {}],
    ["nothing where it holds no claims", jwt(null), {}],
    ["nothing where it holds a text", jwt("CreateWebhookHeader"), {}],
  ])("tells %s", async (_what, token, facts) => {
    expect(await factsOf(token)).toEqual({ ...NOTHING, ...facts });
  });
});

describe("a schema", () => {
  /** What is told of ION's schema with a part of it changed. */
  async function factsOf(...changes: readonly (readonly [from: string, to: string])[]) {
    let sdl = SDL;
    for (const [from, to] of changes) {
      expect(sdl).toContain(from);
      sdl = sdl.replaceAll(from, to);
    }
    const data = introspectionFromSchema(buildSchema(sdl));
    return new Examination(connectionTo(await start()), {
      fetch: intercept(async () => Response.json({ data })),
    }).schema();
  }
  const brief = (documents: Awaited<ReturnType<typeof factsOf>>["documents"]) =>
    documents
      .filter(({ outcome }) => outcome !== "works")
      .map(({ does, outcome, differs, why }) => [outcome, does, why ?? "", ...differs]);

  it("that is as it was inferred lets all work, and the guide's two documents are among it", async () => {
    const { documents, resources, actions, unasked } = await factsOf();
    expect(brief(documents)).toEqual([]);
    expect(documents.filter(({ guide }) => guide).map(({ field }) => field)).toEqual([
      "createWebhookReceiver",
      "createWebhookSubscription",
    ]);
    expect(documents.filter(({ part }) => !part)).toHaveLength(9);
    expect(resources).toMatchObject({ known: 17, missing: [] });
    expect(actions).toEqual({ known: 3, missing: [], further: [] });
    expect(unasked.every((name) => /webhook/i.test(name))).toBe(true);
  });

  it("whose objects show no etag lets work what needs none", async () => {
    const { documents } = await factsOf(["  _etag: String!\n", ""]);
    const lacking = documents.filter(({ outcome, part }) => outcome === "lacking" && !part);
    expect(lacking.map(({ field }) => field)).toEqual([
      "updateWebhookReceiver",
      "deleteWebhookReceiver",
      "deleteWebhookSubscription",
      "updateWebhookHeader",
      "deleteWebhookHeader",
    ]);
    expect(new Set(lacking.map(({ why }) => why))).toEqual(
      new Set(
        lacking.map(
          ({ field }) => `${field} needs the etag that the object has now, and this ION's schema shows none.`,
        ),
      ),
    );
  });

  it("that takes another type for a value does not let it work, and says why in graphql-js' words", async () => {
    const { documents } = await factsOf(["expectedResponseCode: Int", "expectedResponseCode: String"]);
    const why = expect.stringContaining("String cannot represent a non string value: 200");
    expect(brief(documents)).toEqual([
      ["lacking", "create a receiver with expectedResponseCode", why, why],
      ["lacking", "change a receiver's expectedResponseCode", why, why],
    ]);
  });

  it("that lacks the first of the known resources is asked with another", async () => {
    const { documents, resources } = await factsOf(["  ABOM_INSTALLATIONS\n", "  RUN\n"]);
    expect(brief(documents)).toEqual([]);
    expect(resources.missing).toEqual(["ABOM_INSTALLATIONS"]);
    expect(resources.further).toContain("RUN");
  });

  it("with mutations of another name has them among what is not asked", async () => {
    const { unasked } = await factsOf(["deleteWebhookHeader(", "dropWebhookHeader("]);
    expect(unasked).toContain("dropWebhookHeader");
  });

  it.each<[string, object, string]>([
    ["with errors beside", { data: {}, errors: [{ message: "A", path: ["a"] }, { message: "B" }] }, "A; B"],
    ["without a word", { data: {} }, "its answer is none"],
  ])("that is none is an error, %s", async (_what, body, said) => {
    const fetch = intercept(async () => Response.json(body));
    const { kind, message } = await failureOf(new Examination(connectionTo(await start()), { fetch }).schema());
    expect([kind, message]).toEqual(["unexpectedAnswer", `ION does not show its schema: ${said}.`]);
  });
});
