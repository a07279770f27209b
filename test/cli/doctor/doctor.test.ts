import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator, EmulatorOptions } from "../../../emulator/index.ts";
import { RECEIVER_FIELDS_SETTABLE } from "../../../provider/ion/operations.ts";
import { makeProject } from "../../e2e/project.ts";
import { CANARY, serve, start } from "../../support/support.ts";
import { cli, envOf } from "../run.ts";
import { projectWith } from "../stack.ts";

const KEY = { clientId: "the-key", clientSecret: `${CANARY}-secret` };
const emulated = (options: EmulatorOptions = {}) => start({ ...KEY, ...options });

/** What the doctor says of an ION, and its exit code. */
async function doctor(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { code, out, err } = await cli(["doctor", "--no-stack", ...args], { env, columns: 2000 });
  expect(out + err).not.toContain(CANARY);
  expect(err).toBe("");
  const [findings = "", verdict = ""] = out.split("\n\n");
  return { code, out, verdict, findings: findings.split("\n") };
}

/** An ION whose tokens hold these claims, and whose API is an emulator's. */
async function withClaims(claims: object | string): Promise<NodeJS.ProcessEnv> {
  const emulator = await emulated();
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: emulator.clientId,
    client_secret: emulator.clientSecret,
  });
  const answer = await fetch(emulator.tokenUrl, { method: "POST", body: form });
  const { access_token } = (await answer.json()) as { access_token: string };
  const payload = typeof claims === "string" ? claims : JSON.stringify(claims);
  const token = `${CANARY}.${Buffer.from(payload).toString("base64url")}.${CANARY}`;
  const origin = await serve(async (request, response) => {
    if (request.url === "/token") return response.end(JSON.stringify({ access_token: token, expires_in: 300 }));
    let body = "";
    for await (const chunk of request) body += chunk;
    const headers = { "content-type": "application/json", authorization: `Bearer ${access_token}` };
    const passed = await fetch(emulator.graphqlUrl, { method: "POST", headers, body });
    return response.writeHead(passed.status, { "content-type": "application/json" }).end(await passed.text());
  });
  return { ...envOf(emulator), ION_API_URI: `${origin}/graphql`, ION_AUTH_SERVER: `${origin}/token` };
}

/** An ION whose API is an emulator's, but for the answers that `instead` gives to a document. */
async function before(
  emulator: Emulator,
  instead: (document: string) => { status: number; body: object } | undefined,
  change: (answer: string) => string = (answer) => answer,
): Promise<NodeJS.ProcessEnv> {
  const origin = await serve(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "content-type": type = "", authorization = "" } = request.headers;
    const given = instead(body);
    const json = { "content-type": "application/json" };
    if (given) return response.writeHead(given.status, json).end(JSON.stringify(given.body));
    const headers = { "content-type": type, authorization };
    const passed = await fetch(emulator.graphqlUrl, { method: "POST", headers, body });
    return response.writeHead(passed.status, json).end(change(await passed.text()));
  });
  return { ...envOf(emulator), ION_API_URI: `${origin}/graphql` };
}

const NEEDED = [
  "CreateWebhookReceiver",
  "CreateWebhookSubscription",
  "UpdateWebhookReceiver",
  "DeleteWebhookReceiver",
  "DeleteWebhookSubscription",
  "CreateWebhookHeader",
  "UpdateWebhookHeader",
  "DeleteWebhookHeader",
];

it("says of an ION that has all names that it will work, and what comes next", async () => {
  const emulator = await emulated();
  emulator.store.createReceiver({ name: "a", webhookUri: `https://a.example/${CANARY}` });
  const { code, out } = await doctor(envOf(emulator));
  expect(code).toBe(0);
  expect(out.replace(/\d+ types/, "53 types")).toBe(
    [
      "✓ Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET from the environment.",
      `✓ ION at ${emulator.graphqlUrl}, with tokens from ${emulator.tokenUrl}.`,
      "✓ ION took the API key, and gave a token for 300 s.",
      "! The token does not tell the key's permissions. pulumi-ion needs, beside reading webhook receivers:",
      ...NEEDED.map((name) => `    ${name}`),
      "✓ ION shows its schema: 53 types.",
      "✓ 22 of 22 documents fit it as they are.",
      "✓ Beside these, ION has webhookReceiver, webhookSubscription, webhookSubscriptions, updateWebhookSubscription, addHeaderToWebhookReceiver, removeHeaderFromWebhookReceiver.",
      "✓ ION knows all 17 resources that pulumi-ion does.",
      "✓ It knows 6 resources more:",
      "    COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS",
      "✓ ION knows all 3 actions that pulumi-ion does.",
      "✓ ION shows 1 receiver and 0 subscriptions.",
      "",
      "pulumi-ion 1.2.3 can do all that it does with this ION.",
      "Next: `pulumi preview` shows what `pulumi up` would do.",
    ].join("\n"),
  );
  expect(emulator.requests.filter(({ operation }) => operation?.type === "mutation")).toEqual([]);
});

describe("where ION's schema differs, it names what differs, what works, and whom to ask", () => {
  it.each<[hide: string, code: number, lines: string[], verdict: string[]]>([
    [
      "webhookReceivers",
      3,
      [
        "✗ pulumi-ion cannot look at what ION has:",
        "    This ION's schema has no webhookReceivers.",
        '    Cannot query field "webhookReceivers" on type "Query". Did you mean "webhookReceiver"?',
        "✗ Could not look at ION's webhooks: this ION's schema has no webhookReceivers.",
      ],
      [
        "pulumi-ion 1.2.3 works with this ION in part.",
        "It cannot look at what ION has.",
        "Until then, a first `pulumi up` makes what the program declares, without a look whether ION has it already: make sure that it has not. After that, `pulumi up --refresh=false` makes what is new.",
        "- First Resonance, what ION's API has in place of what is said above of webhookReceivers, or whether it is switched off for you.",
        "- The people who make pulumi-ion, with this output: the names are in provider/ion/operations.ts.",
      ],
    ],
    [
      "WebhookReceiver._etag",
      3,
      [
        "! pulumi-ion can create a receiver, look at what ION has, though ION's schema differs:",
        '    Cannot query field "_etag" on type "WebhookReceiver".',
        "✗ pulumi-ion cannot change a receiver:",
        "    updateWebhookReceiver needs the etag that the object has now, and this ION's schema shows none.",
        "✗ pulumi-ion cannot delete a receiver:",
      ],
      ["It cannot change a receiver, delete a receiver."],
    ],
    [
      "CreateWebhookSubscriptionInput",
      0,
      [
        "! pulumi-ion can subscribe it, though ION's schema differs:",
        "✓ ION knows all 17 resources that pulumi-ion does.",
      ],
      ["pulumi-ion 1.2.3 can do all that it does with this ION."],
    ],
    [
      "webhookReceivers.after",
      3,
      ["✗ pulumi-ion cannot look at more than 100 receivers:", "    This ION's schema has no webhookReceivers.after."],
      ["It cannot look at more than 100 receivers."],
    ],
    [
      "UpdateWebhookReceiverInput.sharedSecret",
      3,
      [
        "✗ pulumi-ion cannot change a receiver's sharedSecret:",
        "    This ION's schema has no UpdateWebhookReceiverInput.sharedSecret.",
      ],
      ["It cannot change a receiver's sharedSecret."],
    ],
    [
      "deleteWebhookHeader,updateWebhookHeader",
      3,
      ["✗ pulumi-ion cannot change a header:", "✗ pulumi-ion cannot remove a header:"],
      [
        "It can create a receiver, subscribe it, look at what ION has, change a receiver, delete a receiver, end a subscription, add a header.",
      ],
    ],
    [
      "ResourceEnum.ABOM_INSTALLATIONS,ResourceEnum.SUPPLIERS",
      0,
      [
        "! ION does not know 2 resources of Violet's guide; a subscription to them is refused:",
        "    ABOM_INSTALLATIONS",
        "    SUPPLIERS",
      ],
      ["pulumi-ion 1.2.3 can do all that it does with this ION."],
    ],
  ])("without %s", async (hide, code, lines, verdict) => {
    const emulator = await emulated({ hide: hide.split(",") });
    const told = await doctor(envOf(emulator));
    expect(told.findings).toEqual(expect.arrayContaining(lines));
    expect(told.verdict.split("\n")).toEqual(expect.arrayContaining(verdict));
    expect(told.code).toBe(code);
  });

  it("a name in the singular is told as what to write", async () => {
    const emulator = await emulated();
    const answer = (text: string) => text.replaceAll('"RUNS"', '"RUN"');
    const { findings } = await doctor(await before(emulator, () => undefined, answer));
    expect(findings).toContain("    RUNS. Did you mean RUN?");
  });
});

describe("what the token tells", () => {
  const now = Math.round(Date.now() / 1000);
  const all = [...NEEDED, "UpdateWebhookSubscription"];

  it.each<[string, object | string, number, string[]]>([
    ["all permissions, as a list", { permissions: all }, 0, ["✓ The key has all permissions that pulumi-ion needs."]],
    [
      "all permissions, as Keycloak's roles",
      { realm_access: { roles: ["offline", ...all] } },
      0,
      ["✓ The key has all permissions that pulumi-ion needs."],
    ],
    [
      "all permissions, as a scope",
      { scope: `profile ${all.join(" ")}` },
      0,
      ["✓ The key has all permissions that pulumi-ion needs."],
    ],
    [
      "some permissions",
      { permissions: all.slice(2) },
      3,
      [
        "✗ The key lacks permissions that pulumi-ion needs:",
        "    CreateWebhookReceiver",
        "    CreateWebhookSubscription",
      ],
    ],
    ["nothing", {}, 0, ["✓ ION took the API key, and gave a token."]],
    ["no JSON", CANARY, 0, ["✓ ION took the API key, and gave a token."]],
    ["null", "null", 0, ["✓ ION took the API key, and gave a token."]],
    [
      "its life",
      { iat: now, exp: now + 60, secret: CANARY },
      0,
      ["✓ ION took the API key, and gave a token for 60 s."],
    ],
  ])("%s", async (_what, claims, code, lines) => {
    const told = await doctor(await withClaims(claims));
    expect(told.findings).toEqual(expect.arrayContaining(lines));
    expect(told.code).toBe(code);
    expect(
      told.verdict.includes(
        "An org admin of your ION, to make a key with: CreateWebhookReceiver, CreateWebhookSubscription.",
      ),
    ).toBe(code === 3);
  });

  it.each([
    [-3600, /^! This machine's clock is 3[56]\d\d s ahead of ION's: set it by the network's time\.$/m],
    [3600, /^! This machine's clock is 3[56]\d\d s behind ION's: set it by the network's time\.$/m],
  ])("a clock %i s off", async (off, line) => {
    expect((await doctor(await withClaims({ iat: now + off }))).out).toMatch(line);
  });
});

describe("where ION cannot be asked, it says how far it got and what to do", () => {
  const admin = `- An org admin of your ION, to make a key in the environment that the settings name, which may read webhook receivers and has: ${NEEDED.join(", ")}.`;
  const told = async (env: NodeJS.ProcessEnv) => {
    const { code, findings, verdict } = await doctor(env);
    expect(code).toBe(1);
    expect(verdict).toContain("pulumi-ion 1.2.3 cannot work like this: see ✗ above.");
    return { findings, asks: verdict.split("\n").filter((line) => line.startsWith("- ")) };
  };
  const page = async (status: number, headers: Record<string, string> = {}) =>
    serve((_request, response) =>
      response.writeHead(status, { "content-type": "text/html", ...headers }).end("<html>Sign in</html>"),
    );
  const settings = "✓ Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET from the environment.";

  it("without any setting", async () => {
    expect(await told({})).toEqual({
      findings: [
        "✗ No Pulumi project here, and no environment variable names an ION.",
        "✗ ion:region is not set: run `pulumi config set ion:region us` (or gov, aus), or set ION_API_URI to ION's GraphQL endpoint",
        "  ion:clientId is not set: run `pulumi config set ion:clientId <client id>`, or set ION_CLIENT_ID",
        "  ion:clientSecret is not set: run `pulumi config set --secret ion:clientSecret`, or set ION_CLIENT_SECRET",
      ],
      asks: [],
    });
  });

  it("with a wrong secret", async () => {
    const { findings, asks } = await told({ ...envOf(await emulated()), ION_CLIENT_SECRET: `${CANARY}-wrong` });
    expect(findings.slice(2)).toEqual([
      expect.stringMatching(
        /^✗ ION's token endpoint at .* did not accept the API key \(HTTP 401\): Invalid client .* one ION environment only\.$/,
      ),
    ]);
    expect(asks).toEqual([admin]);
  });

  it("with a proxy that Node does not heed", async () => {
    const env = {
      ...{ ION_API_URI: "https://ion.invalid/graphql", ION_AUTH_SERVER: "https://ion.invalid/token" },
      ...{ ION_CLIENT_ID: "id", ION_CLIENT_SECRET: CANARY, HTTPS_PROXY: `http://${CANARY}@proxy:1` },
    };
    expect((await told(env)).findings[2]).toBe(
      "! HTTPS_PROXY is set, and Node does not heed it: to go through that proxy, set NODE_USE_ENV_PROXY=1 as well.",
    );
  });

  it("with an issuer that shows a page", async () => {
    const env = { ...envOf(await emulated()), ION_AUTH_SERVER: `${await page(200)}/token` };
    expect((await told(env)).findings).toEqual([
      settings,
      expect.stringMatching(/^✓ ION at/),
      expect.stringMatching(/^✗ .* answered the token request with HTTP 200 and no token, but a web page\./),
    ]);
  });

  it("with an API that shows a page", async () => {
    const env = {
      ...envOf(await emulated()),
      ION_API_URI: `${await page(302, { location: "https://login.example" })}/graphql`,
    };
    expect((await told(env)).findings.slice(-2)).toEqual([
      expect.stringMatching(/^✗ .*HTTP 302/),
      "✗ The webhooks: the same.",
    ]);
  });

  it("with a key that may not look", async () => {
    const emulator = await emulated();
    const errors = [{ message: "No permission", path: ["webhookReceivers"] }];
    const denied = { status: 200, body: { data: { webhookReceivers: null }, errors } };
    const env = await before(emulator, (document) => (document.includes("webhookReceivers(") ? denied : undefined));
    const { findings, asks } = await told(env);
    expect(findings.at(-1)).toMatch(/^✗ ION did not show its webhook receivers: No permission/);
    expect(asks).toEqual([admin]);
  });
});

it("goes on where ION does not show its schema", async () => {
  const emulator = await emulated();
  const off = { status: 400, body: { errors: [{ message: "Introspection is off." }] } };
  const env = await before(emulator, (document) => (document.includes("__schema") ? off : undefined));
  const { code, findings } = await doctor(env);
  expect(code).toBe(0);
  expect(findings).toContain("! ION does not show its schema, so names cannot be checked: Introspection is off.");
  expect(findings.at(-1)).toMatch(/^! ION shows this key no webhook receiver\./);
});

it("tells a program the same, without a secret", async () => {
  const emulator = await emulated({ hide: ["deleteWebhookHeader"] });
  emulator.store.createReceiver({ name: "a", webhookUri: `https://a.example/${CANARY}`, sharedSecret: CANARY });
  const { code, out } = await doctor(envOf(emulator), "--json");
  const told = JSON.parse(out);
  expect([code, told.code]).toEqual([3, 3]);
  expect(told).toMatchObject({
    version: "1.2.3",
    endpoint: emulator.graphqlUrl,
    sources: expect.arrayContaining([{ name: "ION_CLIENT_SECRET", from: "the environment" }]),
    token: { seconds: 300, permissions: [] },
    verdict: { lacking: ["remove a header"] },
  });
  expect(told.schema.documents).toContainEqual(
    expect.objectContaining({ does: "remove a header", field: "deleteWebhookHeader", outcome: "lacking" }),
  );
});

it("reads a stack's settings through Pulumi, and says where Pulumi does not show them", async () => {
  const { dir, env, emulator } = await makeProject({ files: { "index.js": "" } });
  const first = await cli(["doctor"], { cwd: dir, env, columns: 2000 });
  expect(first.code).toBe(0);
  expect(first.out.split("\n").slice(0, 2)).toEqual([
    "✓ Settings: ion:endpoint, ion:authUrl, ion:clientId, ion:clientSecret from stack test.",
    `✓ ION at ${emulator.graphqlUrl}, with tokens from ${emulator.tokenUrl}.`,
  ]);
  const locked = { ...env, PULUMI_CONFIG_PASSPHRASE: undefined };
  const second = await cli(["doctor", "--stack", "test"], { cwd: dir, env: locked, columns: 2000 });
  expect(second.code).toBe(1);
  expect(second.out).toMatch(
    /^✗ `pulumi` did not show the stack: .*passphrase must be set with PULUMI_CONFIG_PASSPHRASE/,
  );
});

/** What it prints in a terminal with colours, without what differs from run to run. */
async function shownTo(env: NodeJS.ProcessEnv, columns: number) {
  const { code, out } = await cli(["doctor", "--no-stack"], { env, columns, colours: true });
  expect(out).not.toContain(CANARY);
  return `${out.replaceAll(/127\.0\.0\.1:\d+/g, "<ion>").replace(/\d+ types/, "53 types")}\nexit code ${code}`;
}

describe("in a terminal it looks like this", () => {
  it("where all works", async () => {
    const emulator = await emulated();
    emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example" });
    expect(await shownTo(envOf(emulator), 60)).toMatchInlineSnapshot(`
      "<green>✓</green> Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID,
        ION_CLIENT_SECRET from the environment.
      <green>✓</green> ION at http://<ion>/graphql, with tokens from
        http://<ion>/realms/api-keys/protocol/openid-connect/token.
      <green>✓</green> ION took the API key, and gave a token for 300 s.
      <yellow>!</yellow> The token does not tell the key's permissions. pulumi-ion
        needs, beside reading webhook receivers:
          CreateWebhookReceiver
          CreateWebhookSubscription
          UpdateWebhookReceiver
          DeleteWebhookReceiver
          DeleteWebhookSubscription
          CreateWebhookHeader
          UpdateWebhookHeader
          DeleteWebhookHeader
      <green>✓</green> ION shows its schema: 53 types.
      <green>✓</green> 22 of 22 documents fit it as they are.
      <green>✓</green> Beside these, ION has webhookReceiver,
        webhookSubscription, webhookSubscriptions,
        updateWebhookSubscription, addHeaderToWebhookReceiver,
        removeHeaderFromWebhookReceiver.
      <green>✓</green> ION knows all 17 resources that pulumi-ion does.
      <green>✓</green> It knows 6 resources more:
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES,
          USERS
      <green>✓</green> ION knows all 3 actions that pulumi-ion does.
      <green>✓</green> ION shows 1 receiver and 0 subscriptions.

      <green>pulumi-ion 1.2.3 can do all that it does with this ION.</green>
      Next: \`pulumi preview\` shows what \`pulumi up\` would do.
      exit code 0"
    `);
  });

  it("where it works in part", async () => {
    const emulator = await emulated({ hide: ["webhookReceivers", "ResourceEnum.RUNS"] });
    expect(await shownTo(envOf(emulator), 80)).toMatchInlineSnapshot(`
      "<green>✓</green> Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET from
        the environment.
      <green>✓</green> ION at http://<ion>/graphql, with tokens from
        http://<ion>/realms/api-keys/protocol/openid-connect/token.
      <green>✓</green> ION took the API key, and gave a token for 300 s.
      <yellow>!</yellow> The token does not tell the key's permissions. pulumi-ion needs, beside
        reading webhook receivers:
          CreateWebhookReceiver
          CreateWebhookSubscription
          UpdateWebhookReceiver
          DeleteWebhookReceiver
          DeleteWebhookSubscription
          CreateWebhookHeader
          UpdateWebhookHeader
          DeleteWebhookHeader
      <green>✓</green> ION shows its schema: 53 types.
      <green>✓</green> 20 of 22 documents fit it as they are.
      <red>✗</red> pulumi-ion cannot look at what ION has:
          This ION's schema has no webhookReceivers.
          Cannot query field "webhookReceivers" on type "Query". Did you mean
          "webhookReceiver"?
      <green>✓</green> Beside these, ION has webhookReceiver, webhookSubscription,
        webhookSubscriptions, updateWebhookSubscription, addHeaderToWebhookReceiver,
        removeHeaderFromWebhookReceiver.
      <yellow>!</yellow> ION does not know 1 resource of Violet's guide; a subscription to it is
        refused:
          RUNS
      <green>✓</green> It knows 6 resources more:
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      <green>✓</green> ION knows all 3 actions that pulumi-ion does.
      <red>✗</red> Could not look at ION's webhooks: this ION's schema has no webhookReceivers.

      <yellow>pulumi-ion 1.2.3 works with this ION in part.</yellow>
      It can create a receiver, subscribe it, change a receiver, delete a receiver,
      end a subscription, add a header, change a header, remove a header.
      It cannot look at what ION has.
      Until then, a first \`pulumi up\` makes what the program declares, without a look
      whether ION has it already: make sure that it has not. After that, \`pulumi up
      --refresh=false\` makes what is new.
      Ask:
      - First Resonance, what ION's API has in place of what is said above of
        webhookReceivers, or whether it is switched off for you.
      - The people who make pulumi-ion, with this output: the names are in
        provider/ion/operations.ts.
      exit code 3"
    `);
  });

  it("where it cannot work", async () => {
    const env = { ...envOf(await emulated()), ION_CLIENT_SECRET: `${CANARY}-wrong` };
    expect(await shownTo(env, 80)).toMatchInlineSnapshot(`
      "<green>✓</green> Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET from
        the environment.
      <green>✓</green> ION at http://<ion>/graphql, with tokens from
        http://<ion>/realms/api-keys/protocol/openid-connect/token.
      <red>✗</red> ION's token endpoint at <ion> did not accept the API key (HTTP 401):
        Invalid client or Invalid client credentials. Check ion:clientId and
        ion:clientSecret (or ION_CLIENT_ID and ION_CLIENT_SECRET), and that the key
        was made in this environment: a key works in one ION environment only.

      <red>pulumi-ion 1.2.3 cannot work like this: see ✗ above.</red>
      Ask:
      - An org admin of your ION, to make a key in the environment that the settings
        name, which may read webhook receivers and has: CreateWebhookReceiver,
        CreateWebhookSubscription, UpdateWebhookReceiver, DeleteWebhookReceiver,
        DeleteWebhookSubscription, CreateWebhookHeader, UpdateWebhookHeader,
        DeleteWebhookHeader.
      exit code 1"
    `);
  });

  it("where the key lacks something, and nothing else does", async () => {
    const env = await withClaims({ permissions: NEEDED.slice(1) });
    expect((await shownTo(env, 2000)).split("\n\n")[1]).toMatchInlineSnapshot(`
      "<yellow>pulumi-ion 1.2.3 works with this ION in part.</yellow>
      It can create a receiver, subscribe it, look at what ION has, change a receiver, delete a receiver, end a subscription, add a header, change a header, remove a header.
      Ask:
      - An org admin of your ION, to make a key with: CreateWebhookReceiver.
      exit code 3"
    `);
  });
});

describe("of a schema that lacks much", () => {
  it("it names twelve things that cannot be done, most needed first", async () => {
    const made = RECEIVER_FIELDS_SETTABLE.slice(2).map((field) => `CreateWebhookReceiverInput.${field}`);
    const hide = [
      ...RECEIVER_FIELDS_SETTABLE.map((field) => `UpdateWebhookReceiverInput.${field}`),
      ...made,
      "deleteWebhookHeader",
    ];
    const { verdict } = await doctor(envOf(await emulated({ hide })));
    expect(verdict).toMatchInlineSnapshot(`
      "pulumi-ion 1.2.3 works with this ION in part.
      It can create a receiver, subscribe it, look at what ION has, change a receiver, delete a receiver, end a subscription, add a header, change a header.
      It cannot remove a header, create a receiver with description, create a receiver with contentType, create a receiver with expectedResponseCode, create a receiver with active, create a receiver with sharedSecret, change a receiver's name, change a receiver's webhookUri, change a receiver's description, change a receiver's contentType, change a receiver's expectedResponseCode, change a receiver's active.
      Ask:
      - First Resonance, what ION's API has in place of what is said above of deleteWebhookHeader, createWebhookReceiver, updateWebhookReceiver, or whether it is switched off for you.
      - The people who make pulumi-ion, with this output: the names are in provider/ion/operations.ts."
    `);
  });

  it("it can do nothing where there is nothing", async () => {
    const hide = NEEDED.map((name) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    const { code, findings, verdict } = await doctor(envOf(await emulated({ hide: [...hide, "webhookReceivers"] })));
    expect(code).toBe(3);
    expect(findings.slice(findings.findIndex((line) => line.includes("cannot")))).toMatchInlineSnapshot(`
      [
        "✗ pulumi-ion cannot create a receiver:",
        "    This ION's schema has no createWebhookReceiver.",
        "    Cannot query field "createWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?",
        "✗ pulumi-ion cannot subscribe it:",
        "    This ION's schema has no createWebhookSubscription.",
        "    Cannot query field "createWebhookSubscription" on type "Mutation". Did you mean "updateWebhookSubscription"?",
        "✗ pulumi-ion cannot look at what ION has:",
        "    This ION's schema has no webhookReceivers.",
        "    Cannot query field "webhookReceivers" on type "Query". Did you mean "webhookReceiver"?",
        "✗ pulumi-ion cannot change a receiver:",
        "    This ION's schema has no updateWebhookReceiver.",
        "    Cannot query field "updateWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?",
        "✗ pulumi-ion cannot delete a receiver:",
        "    This ION's schema has no deleteWebhookReceiver.",
        "    Cannot query field "deleteWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?",
        "✗ pulumi-ion cannot end a subscription:",
        "    This ION's schema has no deleteWebhookSubscription.",
        "    Cannot query field "deleteWebhookSubscription" on type "Mutation". Did you mean "updateWebhookSubscription"?",
        "✗ pulumi-ion cannot add a header:",
        "    This ION's schema has no createWebhookHeader.",
        "    Cannot query field "createWebhookHeader" on type "Mutation".",
        "✗ pulumi-ion cannot change a header:",
        "    This ION's schema has no updateWebhookHeader.",
        "    Cannot query field "updateWebhookHeader" on type "Mutation".",
        "✗ pulumi-ion cannot remove a header:",
        "    This ION's schema has no deleteWebhookHeader.",
        "    Cannot query field "deleteWebhookHeader" on type "Mutation".",
        "✓ Beside these, ION has webhookReceiver, webhookSubscription, webhookSubscriptions, updateWebhookSubscription, addHeaderToWebhookReceiver, removeHeaderFromWebhookReceiver.",
        "! ION's schema does not tell its resources.",
        "! ION's schema does not tell its actions.",
        "✗ Could not look at ION's webhooks: this ION's schema has no webhookReceivers.",
      ]
    `);
    expect(verdict).toMatchInlineSnapshot(`
      "pulumi-ion 1.2.3 works with this ION in part.
      It can do nothing.
      It cannot create a receiver, subscribe it, look at what ION has, change a receiver, delete a receiver, end a subscription, add a header, change a header, remove a header.
      Ask:
      - First Resonance, what ION's API has in place of what is said above of createWebhookReceiver, createWebhookSubscription, webhookReceivers, updateWebhookReceiver, deleteWebhookReceiver, deleteWebhookSubscription, createWebhookHeader, updateWebhookHeader, deleteWebhookHeader, or whether it is switched off for you.
      - The people who make pulumi-ion, with this output: the names are in provider/ion/operations.ts."
    `);
  });
});

it("says of names that the schema does not tell that it does not", async () => {
  const emulator = await emulated();
  emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example" });
  const renamed = (text: string) => text.replaceAll('"ResourceEnum"', '"Named"');
  const scalar = (text: string) =>
    renamed(text).replaceAll(/"kind":"ENUM","name":"Named"/g, '"kind":"SCALAR","name":"Named"');
  const { code, findings } = await doctor(await before(emulator, () => undefined, scalar));
  expect(code).toBe(0);
  expect(findings.slice(-3)).toEqual([
    "! ION's schema does not tell its resources.",
    "✓ ION knows all 3 actions that pulumi-ion does.",
    "✓ ION shows 1 receiver and 0 subscriptions.",
  ]);
});

it("says where ION does not show what its receivers send to", async () => {
  const emulator = await emulated();
  for (const name of ["a", "b"]) emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
  emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
  const masked = (text: string) => text.replace("https://b.example", "********");
  const { code, findings } = await doctor(await before(emulator, () => undefined, masked));
  expect(code).toBe(0);
  expect(findings.slice(-2)).toEqual([
    "✓ ION shows 2 receivers and 1 subscription.",
    "! ION does not show this key where its receivers send to: what is there is taken over by importId only.",
  ]);
});

it("does not call a clock wrong that is a little off", async () => {
  const { out } = await doctor(await withClaims({ iat: Math.round(Date.now() / 1000) - 30 }));
  expect(out).not.toContain("clock");
});

describe("tells a program of which step each finding is, and how it was", () => {
  const stepsOf = async (env: NodeJS.ProcessEnv) => {
    const { out } = await doctor(env, "--json");
    const { findings } = JSON.parse(out) as { findings: { step: string; outcome: string; words: string }[] };
    return findings.map(({ step, outcome, words }) => `${step} ${outcome}: ${words.split(" ").slice(0, 4).join(" ")}`);
  };

  it("where ION's schema differs", async () => {
    const hide = ["deleteWebhookHeader", "ResourceEnum.RUNS", "WebhookReceiver.description"];
    const emulator = await emulated({ hide });
    const steps = await stepsOf(envOf(emulator));
    expect(steps.map((step) => step.replace(emulator.graphqlUrl, "<url>"))).toMatchInlineSnapshot(`
      [
        "settings ok: Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID,",
        "settings ok: ION at <url>, with",
        "key ok: ION took the API",
        "key warning: The token does not",
        "schema ok: ION shows its schema:",
        "schema ok: 5 of 22 documents",
        "schema warning: pulumi-ion can create a",
        "schema failure: pulumi-ion cannot remove a",
        "schema ok: Beside these, ION has",
        "schema warning: ION does not know",
        "schema ok: It knows 6 resources",
        "schema ok: ION knows all 3",
        "webhooks warning: ION shows this key",
      ]
    `);
  });

  it("where ION shows neither its schema nor where its receivers send to", async () => {
    const emulator = await emulated();
    emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example" });
    const off = { status: 400, body: { errors: [{ message: "Off." }] } };
    const env = await before(
      emulator,
      (document) => (document.includes("__schema") ? off : undefined),
      (text) => text.replace("https://a.example", "********"),
    );
    expect((await stepsOf(env)).slice(2)).toMatchInlineSnapshot(`
      [
        "key ok: ION took the API",
        "key warning: The token does not",
        "schema warning: ION does not show",
        "webhooks ok: ION shows 1 receiver",
        "webhooks warning: ION does not show",
      ]
    `);
  });

  it("where the key lacks something", async () => {
    const steps = await stepsOf(await withClaims({ permissions: NEEDED.slice(1), iat: 7 }));
    expect(steps.slice(2, 5)).toMatchInlineSnapshot(`
      [
        "key ok: ION took the API",
        "key warning: This machine's clock is",
        "key failure: The key lacks permissions",
      ]
    `);
  });

  it("where there is no setting, or a wrong one", async () => {
    expect(await stepsOf({})).toMatchInlineSnapshot(`
      [
        "settings failure: No Pulumi project here,",
        "settings failure: ion:region is not set:",
      ]
    `);
    const steps = await stepsOf({ ...envOf(await emulated()), ION_CLIENT_SECRET: `${CANARY}-wrong` });
    expect(steps.slice(2)).toMatchInlineSnapshot(`
      [
        "key failure: ION's token endpoint at",
      ]
    `);
  });
});

describe("of a stack", () => {
  const declaring = async (emulator: Emulator) =>
    projectWith({ dev: { emulator, declared: { receivers: [], subscriptions: [], watched: new Set() } } });

  it("says which settings are its own, and which the environment's", async () => {
    const emulator = await emulated();
    const { cwd, env } = await declaring(emulator);
    const file = join(String(cwd), "dev.config.json");
    const { "ion:clientSecret": _secret, ...config } = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify(config));
    const place = { cwd: String(cwd), env: { ...env, ION_CLIENT_SECRET: emulator.clientSecret }, columns: 2000 };
    const { code, out } = await cli(["doctor"], place);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toBe(
      "✓ Settings: ion:endpoint, ion:authUrl, ion:clientId from stack dev; ION_CLIENT_SECRET from the environment.",
    );
    const told = JSON.parse((await cli(["doctor", "--json"], place)).out);
    expect(told).toMatchObject({ stack: "dev", code: 0 });
    expect(told.sources.at(-1)).toEqual({ name: "ION_CLIENT_SECRET", from: "the environment" });
  });

  it("that names no ION says so", async () => {
    const { cwd, env } = await declaring(await emulated());
    await writeFile(join(String(cwd), "dev.config.json"), "{}");
    const { code, out } = await cli(["doctor"], { cwd: String(cwd), env: { ...env }, columns: 2000 });
    expect(code).toBe(1);
    expect(out.split("\n")[0]).toBe("✗ Neither stack dev nor an environment variable names an ION.");
  });

  it("that Pulumi does not show says what Pulumi says, and no more", async () => {
    const { cwd, env } = await declaring(await emulated());
    const { code, out } = await cli(["doctor", "--stack", "prod"], {
      cwd: String(cwd),
      env: { ...env },
      columns: 2000,
    });
    expect(code).toBe(1);
    expect(out).toBe(
      "✗ `pulumi` did not show the stack: no stack named 'prod' found. To go on: see `pulumi stack ls`.\n\n" +
        "pulumi-ion 1.2.3 cannot work like this: see ✗ above.",
    );
  });
});

it("shows no password of a URL", async () => {
  const env = envOf(await emulated());
  const token = String(env.ION_AUTH_SERVER);
  const { findings } = await doctor({ ...env, ION_AUTH_SERVER: token.replace("://", `://user:${CANARY}@`) });
  expect(findings.at(-1)).toBe("✗ ion:authUrl has a user name or password in it: take that out of the URL");
  for (const more of [[], ["--json"]]) {
    expect((await doctor({ ...env, ION_AUTH_SERVER: `${token}?key=${CANARY}` }, ...more)).out).toContain(token);
  }
});
