import { buildSchema, introspectionFromSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { EnvironmentCheck } from "../../../provider/src/ion/schema/environmentCheck.ts";
import { NEEDED_PERMISSIONS } from "../../../provider/src/ion/schema/operationSamples.ts";
import { connectionTo, failureOf, intercept, SDL, serve, start } from "../../support/support.ts";

describe("token", () => {
  const NOW = 1_800_000_000;

  /** The facts about a token, on a machine whose clock shows {@link NOW}. */
  async function factsOf(token: string) {
    const origin = await serve((_request, response) =>
      response.end(JSON.stringify({ access_token: token, expires_in: 300 })),
    );
    const settings = { endpoint: `${origin}/graphql`, authUrl: `${origin}/token`, clientId: "id", clientSecret: "s" };
    return new EnvironmentCheck(settings, { now: () => NOW * 1000 + 400 }).token();
  }
  const jwt = (payload: unknown) => `e30.${Buffer.from(JSON.stringify(payload) ?? "").toString("base64url")}.x`;
  const NOTHING = { seconds: undefined, clockAhead: undefined, permissions: [] };

  it.each<[what: string, token: string, facts: object]>([
    [
      "its lifetime and the difference of the clocks",
      jwt({ iat: NOW - 7, exp: NOW + 293 }),
      { seconds: 300, clockAhead: 7 },
    ],
    ["a clock that is behind", jwt({ iat: NOW + 90, exp: NOW + 390 }), { seconds: 300, clockAhead: -90 }],
    ["no lifetime without the time of issue", jwt({ exp: NOW }), {}],
    ["no lifetime without the time of expiry", jwt({ iat: NOW }), { clockAhead: 0 }],
    ["no time that is not a number", jwt({ iat: String(NOW), exp: null }), {}],
    [
      "the permissions on webhooks, wherever they are, sorted and without duplicates",
      jwt({
        scope: "openid  ReadWebhookReceiver email\tCreateWebhookHeader",
        roles: ["DeleteWebhookReceiver", { more: ["CreateWebhookHeader", null, 7] }],
        not: ["ReadPart", "Webhook", "xReadWebhook", "ReadWebhook2", "ReadWebhook:all", "readWebhook", "a/ReadWebhook"],
      }),
      { permissions: ["CreateWebhookHeader", "DeleteWebhookReceiver", "ReadWebhookReceiver"] },
    ],
    ["nothing if it is opaque", "opaque", {}],
    ["nothing if it only looks like a JWT", "a.b.c", {}],
    ["nothing if it has no claims", jwt(null), {}],
    ["nothing if it contains a string", jwt("CreateWebhookHeader"), {}],
  ])("reads from a token: %s", async (_what, token, facts) => {
    expect(await factsOf(token)).toEqual({ ...NOTHING, ...facts });
  });
});

describe("schema", () => {
  /** The facts about ION's inferred schema with some changes. */
  async function factsWith(...changes: readonly (readonly [from: string, to: string])[]) {
    let sdl = SDL;
    for (const [from, to] of changes) {
      expect(sdl).toContain(from);
      sdl = sdl.replaceAll(from, to);
    }
    const data = introspectionFromSchema(buildSchema(sdl));
    const fetch = intercept(async () => Response.json({ data }));
    return new EnvironmentCheck(connectionTo(await start()), { fetch }).schema();
  }
  type Operations = Awaited<ReturnType<typeof factsWith>>["operations"];
  const notWorking = (operations: Operations) =>
    operations
      .filter(({ outcome }) => outcome !== "works")
      .map(({ purpose, outcome, differences, reason }) => [outcome, purpose, reason ?? "", ...differences]);

  it("finds that every operation works in the inferred schema, also the two of Violet's guide", async () => {
    const { operations, resources, actions, unused } = await factsWith();
    expect(notWorking(operations)).toEqual([]);
    expect(operations.filter(({ inGuide }) => inGuide).map(({ field }) => field)).toEqual([
      "createWebhookReceiver",
      "createWebhookSubscription",
    ]);
    expect(operations.filter(({ isPart }) => !isPart)).toHaveLength(9);
    expect(resources).toMatchObject({ known: 17, missing: [] });
    expect(actions).toEqual({ known: 3, missing: [], additional: [] });
    expect(unused.every((name) => /webhook/i.test(name))).toBe(true);
  });

  it("finds that only operations without an etag work if the schema shows none", async () => {
    const { operations } = await factsWith(["  _etag: String!\n", ""]);
    const unsupported = operations.filter(({ outcome, isPart }) => outcome === "unsupported" && !isPart);
    expect(unsupported.map(({ field }) => field)).toEqual([
      "updateWebhookReceiver",
      "deleteWebhookReceiver",
      "deleteWebhookSubscription",
      "updateWebhookHeader",
      "deleteWebhookHeader",
    ]);
    expect(unsupported[0]?.reason).toMatchInlineSnapshot(
      `"updateWebhookReceiver requires an etag (the version of an object), but ION's schema shows none for this object."`,
    );
    expect(new Set(unsupported.map(({ field, reason }) => reason?.replace(field, "FIELD"))).size).toBe(1);
  });

  it("converts a value to the type that the schema asks for", async () => {
    const { operations } = await factsWith(["expectedResponseCode: Int", "expectedResponseCode: String"]);
    const reason = expect.stringContaining("String cannot represent a non string value: 200");
    expect(notWorking(operations)).toEqual([
      ["adapted", "create a receiver with expectedResponseCode", "", reason],
      ["adapted", "update expectedResponseCode of a receiver", "", reason],
    ]);
  });

  it("says why an operation does not work if a value cannot have the type", async () => {
    const { operations } = await factsWith(["expectedResponseCode: Int", "expectedResponseCode: Boolean"]);
    const reason = expect.stringContaining("Boolean cannot represent a non boolean value: 200");
    expect(notWorking(operations)).toEqual([
      ["unsupported", "create a receiver with expectedResponseCode", reason, reason],
      ["unsupported", "update expectedResponseCode of a receiver", reason, reason],
    ]);
  });

  it("reports an operation as adapted if it works without what the schema lacks", async () => {
    const { operations } = await factsWith(["  cursor: String!\n", ""]);
    expect(notWorking(operations)).toEqual([
      ["adapted", "read ION's webhooks", "", 'Cannot query field "cursor" on type "WebhookReceiverEdge".'],
      ["adapted", "read more than 100 receivers", "", 'Cannot query field "cursor" on type "WebhookReceiverEdge".'],
    ]);
  });

  it("tests the schema with a resource that it has", async () => {
    const { operations, resources } = await factsWith(["  ABOM_INSTALLATIONS\n", "  RUN\n"]);
    expect(notWorking(operations)).toEqual([]);
    expect(resources.missing).toEqual(["ABOM_INSTALLATIONS"]);
    expect(resources.additional).toContain("RUN");
  });

  it("lists mutations about webhooks that are not used", async () => {
    const { unused } = await factsWith(["deleteWebhookHeader(", "dropWebhookHeader("]);
    expect(unused).toContain("dropWebhookHeader");
  });

  it("throws ION's reason if ION does not show its schema", async () => {
    const bodies = [{ data: {}, errors: [{ message: "A", path: ["a"] }, { message: "B." }] }, { data: {} }];
    const settings = connectionTo(await start());
    const failures = await Promise.all(
      bodies.map((body) =>
        failureOf(new EnvironmentCheck(settings, { fetch: intercept(async () => Response.json(body)) }).schema()),
      ),
    );
    expect(failures.map(({ kind }) => kind)).toEqual(["unexpectedAnswer", "unexpectedAnswer"]);
    expect(failures.map(({ message }) => message)).toMatchInlineSnapshot(`
      [
        "ION does not show its schema: A. B.",
        "ION does not show its schema: its answer is not a schema.",
      ]
    `);
  });
});

it("lists a permission for each mutation that the package sends", () => {
  expect([...NEEDED_PERMISSIONS].sort()).toEqual([
    "CreateWebhookHeader",
    "CreateWebhookReceiver",
    "CreateWebhookSubscription",
    "DeleteWebhookHeader",
    "DeleteWebhookReceiver",
    "DeleteWebhookSubscription",
    "UpdateWebhookHeader",
    "UpdateWebhookReceiver",
  ]);
});
