import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Emulator, EmulatorOptions } from "../../../emulator/index.ts";
import { NO_DECLARATIONS } from "../../../provider/src/cli/stackState.ts";
import { RECEIVER_FIELDS } from "../../../provider/src/model/webhooks.ts";
import { makeProject } from "../../e2e/project.ts";
import { CANARY, serve, start } from "../../support/support.ts";
import { cli, envOf } from "../run.ts";
import { projectWith } from "../stack.ts";

const KEY = { clientId: "the-key", clientSecret: `${CANARY}-secret` };
const emulated = (options: EmulatorOptions = {}) => start({ ...KEY, ...options });

/** What doctor prints for an ION environment, and its exit code. */
async function doctor(env: NodeJS.ProcessEnv, ...args: string[]) {
  const { code, out, err } = await cli(["doctor", "--no-stack", ...args], { env, columns: 2000 });
  expect(out + err).not.toContain(CANARY);
  expect(err).toBe("");
  const [findings = "", verdict = ""] = out.split("\n\n");
  return { code, out, verdict, findings: findings.split("\n") };
}

/** Output without what differs from run to run. */
const stable = (out: string) => out.replaceAll(/127\.0\.0\.1:\d+/g, "<ion>").replace(/\d+ types/, "53 types");

/** An emulator whose tokens have these claims. */
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

/** An emulator that gives other answers to some documents, and changes all others. */
async function answering(
  emulator: Emulator,
  instead: (document: string) => { status: number; body: object } | undefined,
  change: (answer: string) => string = (answer) => answer,
): Promise<NodeJS.ProcessEnv> {
  const origin = await serve(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { "content-type": type = "", authorization = "" } = request.headers;
    const other = instead(body);
    const json = { "content-type": "application/json" };
    if (other) return response.writeHead(other.status, json).end(JSON.stringify(other.body));
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

it("prints that everything works, and changes nothing", async () => {
  const emulator = await emulated();
  emulator.store.createReceiver({ name: "a", webhookUri: `https://a.example/${CANARY}` });
  const { code, out } = await doctor(envOf(emulator));
  expect(code).toBe(0);
  expect(stable(out)).toMatchInlineSnapshot(`
    "✓ Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID, ION_CLIENT_SECRET from the environment.
    ✓ ION environment: http://<ion>/graphql, with tokens from http://<ion>/realms/api-keys/protocol/openid-connect/token.
    ✓ ION accepted the API key. Its token is valid for 5 minutes.
    ! Could not check the permissions of the API key, because its token does not list them. It needs read access to webhook receivers, and:
        CreateWebhookReceiver
        CreateWebhookSubscription
        UpdateWebhookReceiver
        DeleteWebhookReceiver
        DeleteWebhookSubscription
        CreateWebhookHeader
        UpdateWebhookHeader
        DeleteWebhookHeader
    ✓ ION shows its schema (53 types).
    ✓ All 22 requests that pulumi-ion sends match ION's schema.
    ✓ The shape of each request:
        create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
        create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
        read ION's webhooks: webhookReceivers(first, after) (inferred, and as in ION's schema)
        update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
        delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
        delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
        create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
        update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
        delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
    ✓ ION also has operations that pulumi-ion does not use: webhookReceiver, webhookSubscription, webhookSubscriptions, updateWebhookSubscription, addHeaderToWebhookReceiver, removeHeaderFromWebhookReceiver.
    ✓ ION has all 17 resources that pulumi-ion knows.
    ✓ ION has 6 more resources:
        COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
    ✓ ION has all 3 actions that pulumi-ion knows.
    ✓ ION has 1 receiver and 0 subscriptions.

    Everything works: pulumi-ion 1.2.3 is fully compatible with this ION environment.
    Next: run \`pulumi preview\` to see what \`pulumi up\` would do."
  `);
  expect(emulator.requests.filter(({ operation }) => operation?.type === "mutation")).toEqual([]);
});

describe("if ION's schema differs", () => {
  it("prints what differs, what works, and whom to ask", async () => {
    const schemas = [
      "webhookReceivers",
      "WebhookReceiver._etag",
      "CreateWebhookSubscriptionInput",
      "webhookReceivers.after",
      "UpdateWebhookReceiverInput.sharedSecret",
      "deleteWebhookHeader,updateWebhookHeader",
      "ResourceEnum.ABOM_INSTALLATIONS,ResourceEnum.SUPPLIERS",
    ];
    const reports = schemas.map(async (hide) => {
      const { code, findings, verdict } = await doctor(envOf(await emulated({ hide: hide.split(",") })));
      const problems = findings.filter(
        (line, at) => /^[✗!]|of 22/.test(line) || (/^ +(?!COMMENTS)/.test(line) && at > 12),
      );
      return `without ${hide}:\n${[...problems.slice(1), verdict, `exit code ${code}`].join("\n")}`;
    });
    expect((await Promise.all(reports)).join("\n\n")).toMatchInlineSnapshot(`
      "without webhookReceivers:
      ✓ 20 of 22 requests that pulumi-ion sends match ION's schema.
      ! pulumi-ion can read ION's webhooks, although ION's schema differs:
          Cannot query field "webhookReceivers" on type "Query". Did you mean "webhookReceiver"?
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceiver(id) (from ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
      ! ION has no list of webhook receivers. pulumi-ion reads those of a stack one by one. It cannot find duplicates of them, receivers that no program manages, or existing receivers to import.
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      Everything works: pulumi-ion 1.2.3 is fully compatible with this ION environment.
      Next: run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 0

      without WebhookReceiver._etag:
      ✓ 5 of 22 requests that pulumi-ion sends match ION's schema.
      ! pulumi-ion can create a receiver, read ION's webhooks, although ION's schema differs:
          Cannot query field "_etag" on type "WebhookReceiver".
      ✗ pulumi-ion cannot update a receiver:
          updateWebhookReceiver requires an etag (the version of an object), but ION's schema shows none for this object.
          Cannot query field "_etag" on type "WebhookReceiver".
      ✗ pulumi-ion cannot delete a receiver:
          deleteWebhookReceiver requires an etag (the version of an object), but ION's schema shows none for this object.
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (from ION's schema)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceivers(first, after) (from ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      pulumi-ion 1.2.3 works only partly with this ION environment.
      It can create a subscription, delete a subscription, create a header, update a header, delete a header, create a receiver, read ION's webhooks.
      It cannot update a receiver, delete a receiver.
      Ask:
      - First Resonance: what does ION's API have instead of updateWebhookReceiver, deleteWebhookReceiver, or is it disabled for your organization?
      - The maintainers of pulumi-ion: send them this output, and the file that \`pulumi-ion doctor --save-schema ion.graphql\` writes.
      exit code 3

      without CreateWebhookSubscriptionInput:
      ✓ 21 of 22 requests that pulumi-ion sends match ION's schema.
      ! pulumi-ion can create a subscription, although ION's schema differs:
          Unknown type "CreateWebhookSubscriptionInput". Did you mean "UpdateWebhookSubscriptionInput", "CreateWebhookSubscription", "OtherCreateWebhookSubscriptionInput", "UpdateWebhookSubscription", or "DeleteWebhookSubscription"?
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (from ION's schema)
          read ION's webhooks: webhookReceivers(first, after) (inferred, and as in ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      Everything works: pulumi-ion 1.2.3 is fully compatible with this ION environment.
      Next: run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 0

      without webhookReceivers.after:
      ✓ 20 of 22 requests that pulumi-ion sends match ION's schema.
      ! pulumi-ion can read ION's webhooks, although ION's schema differs:
          Unknown argument "after" on field "Query.webhookReceivers".
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceivers(first) (from ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      Everything works: pulumi-ion 1.2.3 is fully compatible with this ION environment.
      Next: run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 0

      without UpdateWebhookReceiverInput.sharedSecret:
      ✓ 21 of 22 requests that pulumi-ion sends match ION's schema.
      ✗ pulumi-ion cannot update sharedSecret of a receiver:
          ION's schema has no UpdateWebhookReceiverInput.sharedSecret.
          Variable "$input0" got invalid value { id: "1", etag: "sample", sharedSecret: "sample" }; Field "sharedSecret" is not defined by type "UpdateWebhookReceiverInput".
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceivers(first, after) (inferred, and as in ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      pulumi-ion 1.2.3 works only partly with this ION environment.
      It can create a receiver, create a subscription, read ION's webhooks, update a receiver, delete a receiver, delete a subscription, create a header, update a header, delete a header.
      It cannot update sharedSecret of a receiver.
      Ask:
      - First Resonance: what does ION's API have instead of updateWebhookReceiver, or is it disabled for your organization?
      - The maintainers of pulumi-ion: send them this output, and the file that \`pulumi-ion doctor --save-schema ion.graphql\` writes.
      exit code 3

      without deleteWebhookHeader,updateWebhookHeader:
      ✓ 20 of 22 requests that pulumi-ion sends match ION's schema.
      ✗ pulumi-ion cannot update a header:
          ION's schema has no updateWebhookHeader.
          Cannot query field "updateWebhookHeader" on type "Mutation". Did you mean "createWebhookHeader", "updateWebhookReceiver", or "createWebhookReceiver"?
      ✗ pulumi-ion cannot delete a header:
          ION's schema has no deleteWebhookHeader.
          Cannot query field "deleteWebhookHeader" on type "Mutation". Did you mean "createWebhookHeader" or "deleteWebhookReceiver"?
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceivers(first, after) (inferred, and as in ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      pulumi-ion 1.2.3 works only partly with this ION environment.
      It can create a receiver, create a subscription, read ION's webhooks, update a receiver, delete a receiver, delete a subscription, create a header.
      It cannot update a header, delete a header.
      Ask:
      - First Resonance: what does ION's API have instead of updateWebhookHeader, deleteWebhookHeader, or is it disabled for your organization?
      - The maintainers of pulumi-ion: send them this output, and the file that \`pulumi-ion doctor --save-schema ion.graphql\` writes.
      exit code 3

      without ResourceEnum.ABOM_INSTALLATIONS,ResourceEnum.SUPPLIERS:
          create a receiver: createWebhookReceiver(input: {name, webhookUri}) (known from Violet's guide)
          create a subscription: createWebhookSubscription(input: {resource, action, receiverId}) (known from Violet's guide)
          read ION's webhooks: webhookReceivers(first, after) (inferred, and as in ION's schema)
          update a receiver: updateWebhookReceiver(input: {id, etag}) (inferred, and as in ION's schema)
          delete a receiver: deleteWebhookReceiver(id, etag) (inferred, and as in ION's schema)
          delete a subscription: deleteWebhookSubscription(id, etag) (inferred, and as in ION's schema)
          create a header: createWebhookHeader(input: {key, value, receiverId}) (inferred, and as in ION's schema)
          update a header: updateWebhookHeader(input: {id, etag, value}) (inferred, and as in ION's schema)
          delete a header: deleteWebhookHeader(id, etag) (inferred, and as in ION's schema)
      ! ION does not have 2 resources that pulumi-ion knows, and rejects subscriptions to them:
          ABOM_INSTALLATIONS
          SUPPLIERS
          COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES, USERS
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time.
      Everything works: pulumi-ion 1.2.3 is fully compatible with this ION environment.
      Next: run \`pulumi preview\` to see what \`pulumi up\` would do.
      exit code 0"
    `);
  });

  it("suggests the singular of a resource", async () => {
    const emulator = await emulated();
    const answer = (text: string) => text.replaceAll('"RUNS"', '"RUN"');
    const { findings } = await doctor(await answering(emulator, () => undefined, answer));
    expect(findings).toContain("    RUNS. Did you mean RUN?");
  });

  it("lists twelve things that do not work, and how many more there are", async () => {
    const hide = [
      ...RECEIVER_FIELDS.map((field) => `UpdateWebhookReceiverInput.${field}`),
      ...RECEIVER_FIELDS.slice(2).map((field) => `CreateWebhookReceiverInput.${field}`),
      "deleteWebhookHeader",
    ];
    const { verdict } = await doctor(envOf(await emulated({ hide })));
    expect(verdict).toMatchInlineSnapshot(`
      "pulumi-ion 1.2.3 works only partly with this ION environment.
      It can create a receiver, create a subscription, read ION's webhooks, update a receiver, delete a receiver, delete a subscription, create a header, update a header.
      It cannot delete a header, create a receiver with description, create a receiver with contentType, create a receiver with expectedResponseCode, create a receiver with active, create a receiver with sharedSecret, update name of a receiver, update webhookUri of a receiver, update description of a receiver, update contentType of a receiver, update expectedResponseCode of a receiver, update active of a receiver and 1 more.
      Ask:
      - First Resonance: what does ION's API have instead of deleteWebhookHeader, createWebhookReceiver, updateWebhookReceiver, or is it disabled for your organization?
      - The maintainers of pulumi-ion: send them this output, and the file that \`pulumi-ion doctor --save-schema ion.graphql\` writes."
    `);
  });

  it("prints that nothing works if everything is missing", async () => {
    const hide = NEEDED.map((name) => `${name.charAt(0).toLowerCase()}${name.slice(1)}`);
    const { code, findings, verdict } = await doctor(
      envOf(await emulated({ hide: [...hide, "webhookReceivers", "webhookReceiver", "webhookSubscriptions"] })),
    );
    expect(code).toBe(3);
    expect(findings.slice(findings.findIndex((line) => line.includes("cannot"))).join("\n")).toMatchInlineSnapshot(`
      "✗ pulumi-ion cannot create a receiver:
          ION's schema has no createWebhookReceiver.
          Cannot query field "createWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?
      ✗ pulumi-ion cannot create a subscription:
          ION's schema has no createWebhookSubscription.
          Cannot query field "createWebhookSubscription" on type "Mutation". Did you mean "updateWebhookSubscription"?
      ✗ pulumi-ion cannot read ION's webhooks:
          ION's schema has no webhookReceivers.
          Cannot query field "webhookReceivers" on type "Query".
      ✗ pulumi-ion cannot update a receiver:
          ION's schema has no updateWebhookReceiver.
          Cannot query field "updateWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?
      ✗ pulumi-ion cannot delete a receiver:
          ION's schema has no deleteWebhookReceiver.
          Cannot query field "deleteWebhookReceiver" on type "Mutation". Did you mean "addHeaderToWebhookReceiver"?
      ✗ pulumi-ion cannot delete a subscription:
          ION's schema has no deleteWebhookSubscription.
          Cannot query field "deleteWebhookSubscription" on type "Mutation". Did you mean "updateWebhookSubscription"?
      ✗ pulumi-ion cannot create a header:
          ION's schema has no createWebhookHeader.
          Cannot query field "createWebhookHeader" on type "Mutation".
      ✗ pulumi-ion cannot update a header:
          ION's schema has no updateWebhookHeader.
          Cannot query field "updateWebhookHeader" on type "Mutation".
      ✗ pulumi-ion cannot delete a header:
          ION's schema has no deleteWebhookHeader.
          Cannot query field "deleteWebhookHeader" on type "Mutation".
      ✓ The shape of each request:
      ✓ ION also has operations that pulumi-ion does not use: webhookSubscription, updateWebhookSubscription, addHeaderToWebhookReceiver, removeHeaderFromWebhookReceiver.
      ! ION's schema does not list its resources.
      ! ION's schema does not list its actions.
      ✗ Could not read ION's webhooks: ION's schema has no webhookReceivers."
    `);
    expect(verdict).toMatchInlineSnapshot(`
      "pulumi-ion 1.2.3 works only partly with this ION environment.
      It can do nothing.
      It cannot create a receiver, create a subscription, read ION's webhooks, update a receiver, delete a receiver, delete a subscription, create a header, update a header, delete a header.
      Ask:
      - First Resonance: what does ION's API have instead of createWebhookReceiver, createWebhookSubscription, webhookReceivers, updateWebhookReceiver, deleteWebhookReceiver, deleteWebhookSubscription, createWebhookHeader, updateWebhookHeader, deleteWebhookHeader, or is it disabled for your organization?
      - The maintainers of pulumi-ion: send them this output, and the file that \`pulumi-ion doctor --save-schema ion.graphql\` writes."
    `);
  });

  it("prints that it does not list the names of resources", async () => {
    const emulator = await emulated();
    emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example" });
    const renamed = (text: string) => text.replaceAll('"ResourceEnum"', '"Renamed"');
    const scalar = (text: string) =>
      renamed(text).replaceAll(/"kind":"ENUM","name":"Renamed"/g, '"kind":"SCALAR","name":"Renamed"');
    const { code, findings } = await doctor(await answering(emulator, () => undefined, scalar));
    expect(code).toBe(0);
    expect(findings.slice(-3).join("\n")).toMatchInlineSnapshot(`
      "! ION's schema does not list its resources.
      ✓ ION has all 3 actions that pulumi-ion knows.
      ✓ ION has 1 receiver and 0 subscriptions."
    `);
  });

  it("continues if ION does not show its schema", async () => {
    const emulator = await emulated();
    const disabled = { status: 400, body: { errors: [{ message: "Introspection is off." }] } };
    const env = await answering(emulator, (document) => (document.includes("__schema") ? disabled : undefined));
    const { code, findings } = await doctor(env);
    expect(code).toBe(0);
    expect(findings.slice(-2).join("\n")).toMatchInlineSnapshot(`
      "! ION does not show its schema, so names cannot be checked: Introspection is off.
      ! ION shows this API key no webhook receivers. If some exist, the key is not allowed to read them, and \`pulumi up\` would create them a second time."
    `);
  });
});

describe("the token", () => {
  const now = Math.round(Date.now() / 1000);
  const all = [...NEEDED, "UpdateWebhookSubscription"];

  it.each<[string, object | string]>([
    ["a list of permissions", { permissions: all }],
    ["Keycloak's roles", { realm_access: { roles: ["offline", ...all] } }],
    ["a scope", { scope: `profile ${all.join(" ")}` }],
  ])("shows all permissions as %s", async (_what, claims) => {
    const { code, findings } = await doctor(await withClaims(claims));
    expect(code).toBe(0);
    expect(findings).toContain("✓ The API key has all permissions that pulumi-ion needs.");
  });

  it("shows that permissions are missing", async () => {
    const { code, findings, verdict } = await doctor(await withClaims({ permissions: all.slice(2) }));
    expect(code).toBe(3);
    expect([...findings.slice(3, 6), verdict].join("\n")).toMatchInlineSnapshot(`
      "✗ The API key lacks these permissions:
          CreateWebhookReceiver
          CreateWebhookSubscription
      pulumi-ion 1.2.3 works only partly with this ION environment.
      Ask:
      - An org admin of your ION: create an API key that also has CreateWebhookReceiver, CreateWebhookSubscription."
    `);
  });

  it.each([
    ["no claims", {}],
    ["no JSON", CANARY],
    ["null", "null"],
  ])("is accepted with %s", async (_what, claims) => {
    const { code, findings } = await doctor(await withClaims(claims));
    expect(code).toBe(0);
    expect(findings).toContain("✓ ION accepted the API key.");
  });

  it.each([
    [60, "1 minute"],
    [90, "90 seconds"],
  ])("is valid for %i seconds", async (seconds, text) => {
    const { findings } = await doctor(await withClaims({ iat: now, exp: now + seconds, secret: CANARY }));
    expect(findings).toContain(`✓ ION accepted the API key. Its token is valid for ${text}.`);
  });

  it.each([
    [-3600, /^! The clock of this machine is 3[56]\d\d seconds ahead of ION's\. Synchronize it\.$/m],
    [3600, /^! The clock of this machine is 3[56]\d\d seconds behind ION's\. Synchronize it\.$/m],
  ])("shows a clock that is %i seconds off", async (off, line) => {
    expect((await doctor(await withClaims({ iat: now + off }))).out).toMatch(line);
  });

  it("shows no clock that is slightly off", async () => {
    expect((await doctor(await withClaims({ iat: now - 30 }))).out).not.toContain("clock");
  });
});

describe("if ION cannot be used", () => {
  const problemsOf = async (env: NodeJS.ProcessEnv, expected = 1) => {
    const { code, findings, verdict } = await doctor(env);
    expect(code).toBe(expected);
    const problems = findings.filter((line) => !line.startsWith("✓") && !line.startsWith("    "));
    return stable([...problems, verdict].join("\n"));
  };
  const page = async (status: number, headers: Record<string, string> = {}) =>
    serve((_request, response) =>
      response.writeHead(status, { "content-type": "text/html", ...headers }).end("<html>Sign in</html>"),
    );

  it("explains that there are no settings", async () => {
    expect(await problemsOf({})).toMatchInlineSnapshot(`
      "✗ --no-stack is set, and no ION environment variable is set.
      ✗ ION_API_URI is not set. Set it to ION's GraphQL endpoint.
        ION_CLIENT_ID is not set. Set it to the client id of the API key.
        ION_CLIENT_SECRET is not set. Set it to the client secret of the API key.
      pulumi-ion 1.2.3 cannot use ION with these settings: see ✗ above."
    `);
  });

  it("explains that the API key is wrong", async () => {
    const env = { ...envOf(await emulated()), ION_CLIENT_SECRET: `${CANARY}-wrong` };
    expect(await problemsOf(env)).toMatchInlineSnapshot(`
      "✗ ION's token endpoint at <ion> rejected the API key (HTTP 401): Invalid client or Invalid client credentials. Check ion:clientId and ion:clientSecret (or ION_CLIENT_ID and ION_CLIENT_SECRET), and that the key was created in this ION environment: a key works in one environment only.
      pulumi-ion 1.2.3 cannot use ION with these settings: see ✗ above.
      Ask:
      - An org admin of your ION: create an API key in the environment above, with read access to webhook receivers and CreateWebhookReceiver, CreateWebhookSubscription, UpdateWebhookReceiver, DeleteWebhookReceiver, DeleteWebhookSubscription, CreateWebhookHeader, UpdateWebhookHeader, DeleteWebhookHeader."
    `);
  });

  it("explains that Node does not use a proxy", async () => {
    const env = {
      ...{ ION_API_URI: "https://ion.invalid/graphql", ION_AUTH_SERVER: "https://ion.invalid/token" },
      ...{ ION_CLIENT_ID: "id", ION_CLIENT_SECRET: CANARY, HTTPS_PROXY: `http://${CANARY}@proxy:1` },
    };
    expect((await problemsOf(env)).split("\n")[0]).toMatchInlineSnapshot(
      `"! HTTPS_PROXY is set, but Node does not use it. To use that proxy, also set NODE_USE_ENV_PROXY=1."`,
    );
  });

  it("explains that the token endpoint answers a web page", async () => {
    const env = { ...envOf(await emulated()), ION_AUTH_SERVER: `${await page(200)}/token` };
    expect(await problemsOf(env)).toMatchInlineSnapshot(`
      "✗ <ion> answered the token request with HTTP 200 and no token, but a web page. Check that ion:authUrl (or ION_AUTH_SERVER) is ION's token endpoint.
      pulumi-ion 1.2.3 cannot use ION with these settings: see ✗ above."
    `);
  });

  it("explains that the API redirects, once", async () => {
    const url = `${await page(302, { location: "https://login.example" })}/graphql`;
    expect(await problemsOf({ ...envOf(await emulated()), ION_API_URI: url })).toMatchInlineSnapshot(`
      "! Could not check the permissions of the API key, because its token does not list them. It needs read access to webhook receivers, and:
      ✗ <ion> answered with HTTP 302, a redirect to login.example, instead of a GraphQL answer. Check ion:endpoint (or ION_API_URI).
      ✗ Could not check ION's webhooks, because of the same error.
      pulumi-ion 1.2.3 cannot use ION with these settings: see ✗ above."
    `);
  });

  it("explains that the API key may not read webhooks", async () => {
    const errors = [{ message: "No permission", path: ["webhookReceivers"] }];
    const denied = { status: 200, body: { data: { webhookReceivers: null }, errors } };
    const env = await answering(await emulated(), (document) =>
      document.includes("webhookReceivers(") ? denied : undefined,
    );
    expect(await problemsOf(env, 3)).toMatchInlineSnapshot(`
      "! Could not check the permissions of the API key, because its token does not list them. It needs read access to webhook receivers, and:
      ✗ ION did not return its webhook receivers: No permission. That does not mean that none exist. The API key needs permission to read webhook receivers.
      pulumi-ion 1.2.3 works only partly with this ION environment.
      Ask:
      - An org admin of your ION: create an API key in the environment above, with read access to webhook receivers and CreateWebhookReceiver, CreateWebhookSubscription, UpdateWebhookReceiver, DeleteWebhookReceiver, DeleteWebhookSubscription, CreateWebhookHeader, UpdateWebhookHeader, DeleteWebhookHeader."
    `);
  });
});

it("prints one JSON object with --json", async () => {
  const emulator = await emulated({ hide: ["deleteWebhookHeader"] });
  emulator.store.createReceiver({ name: "a", webhookUri: `https://a.example/${CANARY}`, sharedSecret: CANARY });
  const { code, out } = await doctor(envOf(emulator), "--json");
  const report = JSON.parse(out);
  expect([code, report.code]).toEqual([3, 3]);
  expect(report).toMatchObject({
    version: "1.2.3",
    endpoint: emulator.graphqlUrl,
    settings: expect.arrayContaining([{ name: "ION_CLIENT_SECRET", origin: "the environment" }]),
    token: { seconds: 300, permissions: [] },
    verdict: { unsupported: ["delete a header"] },
  });
  expect(report.schema.operations).toContainEqual(
    expect.objectContaining({ purpose: "delete a header", field: "deleteWebhookHeader", outcome: "unsupported" }),
  );
});

it("reads a stack's settings through Pulumi, and explains why it cannot", async () => {
  const { dir, env, emulator } = await makeProject({ files: { "index.js": "" } });
  const first = await cli(["doctor"], { cwd: dir, env, columns: 2000 });
  expect(first.code).toBe(0);
  expect(first.out.split("\n").slice(0, 2)).toEqual([
    "✓ Settings: ion:endpoint, ion:authUrl, ion:clientId, ion:clientSecret from stack test.",
    `✓ ION environment: ${emulator.graphqlUrl}, with tokens from ${emulator.tokenUrl}.`,
  ]);
  const locked = { ...env, PULUMI_CONFIG_PASSPHRASE: undefined };
  const second = await cli(["doctor", "--stack", "test"], { cwd: dir, env: locked, columns: 2000 });
  expect(second.code).toBe(1);
  expect(second.out).toMatch(
    /^✗ Could not read the Pulumi stack: .*passphrase must be set with PULUMI_CONFIG_PASSPHRASE/,
  );
});

it("wraps lines and colors symbols", async () => {
  const env = await withClaims({ permissions: NEEDED.slice(1) });
  const { out } = await cli(["doctor", "--no-stack"], { env, columns: 60, colors: true });
  expect(stable(out)).toMatchInlineSnapshot(`
    "<green>✓</green> Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID,
      ION_CLIENT_SECRET from the environment.
    <green>✓</green> ION environment: http://<ion>/graphql, with
      tokens from http://<ion>/token.
    <green>✓</green> ION accepted the API key.
    <red>✗</red> The API key lacks these permissions:
        CreateWebhookReceiver
    <green>✓</green> ION shows its schema (53 types).
    <green>✓</green> All 22 requests that pulumi-ion sends match ION's schema.
    <green>✓</green> The shape of each request:
        create a receiver: createWebhookReceiver(input: {name,
        webhookUri}) (known from Violet's guide)
        create a subscription: createWebhookSubscription(input:
        {resource, action, receiverId}) (known from Violet's
        guide)
        read ION's webhooks: webhookReceivers(first, after)
        (inferred, and as in ION's schema)
        update a receiver: updateWebhookReceiver(input: {id,
        etag}) (inferred, and as in ION's schema)
        delete a receiver: deleteWebhookReceiver(id, etag)
        (inferred, and as in ION's schema)
        delete a subscription: deleteWebhookSubscription(id,
        etag) (inferred, and as in ION's schema)
        create a header: createWebhookHeader(input: {key, value,
        receiverId}) (inferred, and as in ION's schema)
        update a header: updateWebhookHeader(input: {id, etag,
        value}) (inferred, and as in ION's schema)
        delete a header: deleteWebhookHeader(id, etag)
        (inferred, and as in ION's schema)
    <green>✓</green> ION also has operations that pulumi-ion does not use:
      webhookReceiver, webhookSubscription,
      webhookSubscriptions, updateWebhookSubscription,
      addHeaderToWebhookReceiver,
      removeHeaderFromWebhookReceiver.
    <green>✓</green> ION has all 17 resources that pulumi-ion knows.
    <green>✓</green> ION has 6 more resources:
        COMMENTS, LABELS, LOCATIONS, MBOMS, PARTS_INVENTORIES,
        USERS
    <green>✓</green> ION has all 3 actions that pulumi-ion knows.
    <yellow>!</yellow> ION shows this API key no webhook receivers. If some
      exist, the key is not allowed to read them, and \`pulumi
      up\` would create them a second time.

    <yellow>pulumi-ion 1.2.3 works only partly with this ION environment.</yellow>
    Ask:
    - An org admin of your ION: create an API key that also has
      CreateWebhookReceiver."
  `);
});

it("colors the verdict", async () => {
  const env = envOf(await emulated());
  const verdictOf = async (some: NodeJS.ProcessEnv) => {
    const { out } = await cli(["doctor", "--no-stack"], { env: some, columns: 2000, colors: true });
    return out.split("\n\n")[1];
  };
  expect(await verdictOf(env)).toMatch(/^<green>Everything works: .*<\/green>$/m);
  expect(await verdictOf({})).toMatch(/^<red>pulumi-ion 1\.2\.3 cannot use ION with these settings: .*<\/red>$/);
});

it("warns if ION masks the URLs of receivers", async () => {
  const emulator = await emulated();
  for (const name of ["a", "b"]) emulator.store.createReceiver({ name, webhookUri: `https://${name}.example` });
  emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
  const masked = (text: string) => text.replace("https://b.example", "********");
  const { code, findings } = await doctor(await answering(emulator, () => undefined, masked));
  expect(code).toBe(0);
  expect(findings.slice(-2).join("\n")).toMatchInlineSnapshot(`
    "✓ ION has 2 receivers and 1 subscription.
    ! ION does not show this API key the URLs of all receivers. A receiver without a URL can be imported only with importId."
  `);
});

describe("each finding has a step and an outcome", () => {
  const stepsOf = async (env: NodeJS.ProcessEnv) => {
    const { out } = await doctor(env, "--json");
    const { findings } = JSON.parse(out) as { findings: { step: string; outcome: string; message: string }[] };
    return findings.map(
      ({ step, outcome, message }) => `${step} ${outcome}: ${message.split(" ").slice(0, 4).join(" ")}`,
    );
  };

  it("if ION's schema differs", async () => {
    const hide = ["deleteWebhookHeader", "ResourceEnum.RUNS", "WebhookReceiver.description"];
    const emulator = await emulated({ hide });
    const steps = await stepsOf(envOf(emulator));
    expect(steps.map((step) => step.replace(emulator.graphqlUrl, "<url>"))).toMatchInlineSnapshot(`
      [
        "settings ok: Settings: ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID,",
        "settings ok: ION environment: <url>, with",
        "key ok: ION accepted the API",
        "key warning: Could not check the",
        "schema ok: ION shows its schema",
        "schema ok: 5 of 22 requests",
        "schema warning: pulumi-ion can create a",
        "schema failure: pulumi-ion cannot delete a",
        "schema ok: The shape of each",
        "schema ok: ION also has operations",
        "schema warning: ION does not have",
        "schema ok: ION has 6 more",
        "schema ok: ION has all 3",
        "webhooks warning: ION shows this API",
      ]
    `);
  });

  it("if ION shows neither its schema nor the URLs of receivers", async () => {
    const emulator = await emulated();
    emulator.store.createReceiver({ name: "a", webhookUri: "https://a.example" });
    const disabled = { status: 400, body: { errors: [{ message: "Off." }] } };
    const env = await answering(
      emulator,
      (document) => (document.includes("__schema") ? disabled : undefined),
      (text) => text.replace("https://a.example", "********"),
    );
    expect((await stepsOf(env)).slice(2)).toMatchInlineSnapshot(`
      [
        "key ok: ION accepted the API",
        "key warning: Could not check the",
        "schema warning: ION does not show",
        "webhooks ok: ION has 1 receiver",
        "webhooks warning: ION does not show",
      ]
    `);
  });

  it("if the API key lacks a permission", async () => {
    const steps = await stepsOf(await withClaims({ permissions: NEEDED.slice(1), iat: 7 }));
    expect(steps.slice(2, 5)).toMatchInlineSnapshot(`
      [
        "key ok: ION accepted the API",
        "key warning: The clock of this",
        "key failure: The API key lacks",
      ]
    `);
  });

  it("if a setting is missing or wrong", async () => {
    expect(await stepsOf({})).toMatchInlineSnapshot(`
      [
        "settings failure: --no-stack is set, and",
        "settings failure: ION_API_URI is not set.",
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

describe("with a stack", () => {
  const withDeclarations = async (emulator: Emulator) =>
    projectWith({ dev: { emulator, declarations: NO_DECLARATIONS } });

  it("prints which settings come from the stack, and which from the environment", async () => {
    const emulator = await emulated();
    const { cwd, env } = await withDeclarations(emulator);
    const file = join(cwd, "dev.config.json");
    const { "ion:clientSecret": _secret, ...config } = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify(config));
    const place = { cwd, env: { ...env, ION_CLIENT_SECRET: emulator.clientSecret }, columns: 2000 };
    const { code, out } = await cli(["doctor"], place);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatchInlineSnapshot(
      `"✓ Settings: ion:endpoint, ion:authUrl, ion:clientId from stack dev; ION_CLIENT_SECRET from the environment."`,
    );
    const report = JSON.parse((await cli(["doctor", "--json"], place)).out);
    expect(report).toMatchObject({ stack: "dev", code: 0 });
    expect(report.settings.at(-1)).toEqual({ name: "ION_CLIENT_SECRET", origin: "the environment" });
  });

  it("explains that it has no settings", async () => {
    const { cwd, env } = await withDeclarations(await emulated());
    await writeFile(join(cwd, "dev.config.json"), "{}");
    const { code, out } = await cli(["doctor"], { cwd, env, columns: 2000 });
    expect(code).toBe(1);
    expect(out.split("\n")[0]).toMatchInlineSnapshot(
      `"✗ Stack dev has no ion: config, and no ION environment variable is set."`,
    );
  });

  it("explains that it cannot be read", async () => {
    const { cwd, env } = await withDeclarations(await emulated());
    const { code, out } = await cli(["doctor", "--stack", "prod"], { cwd, env, columns: 2000 });
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      "✗ Could not read the Pulumi stack: no stack named 'prod' found. Run \`pulumi stack ls\` to list the stacks of this project.

      pulumi-ion 1.2.3 cannot use ION with these settings: see ✗ above."
    `);
  });
});

it("prints no password of a URL", async () => {
  const env = envOf(await emulated());
  const token = String(env.ION_AUTH_SERVER);
  const { findings } = await doctor({ ...env, ION_AUTH_SERVER: token.replace("://", `://user:${CANARY}@`) });
  expect(findings.at(-1)).toMatchInlineSnapshot(
    `"✗ ION_AUTH_SERVER contains a user name or password. Remove it from the URL."`,
  );
  for (const more of [[], ["--json"]]) {
    expect((await doctor({ ...env, ION_AUTH_SERVER: `${token}?key=${CANARY}` }, ...more)).out).toContain(token);
  }
});

it("finds a client secret in plaintext and keys that are no settings, though ION accepts them", async () => {
  const emulator = await start();
  const place = await projectWith({ dev: { emulator, declarations: NO_DECLARATIONS } });
  const file = join(place.cwd, "dev.config.json");
  const config = JSON.parse(await readFile(file, "utf8"));
  const change = (changes: object) => writeFile(file, JSON.stringify({ ...config, ...changes }));
  await change({ "ion:regoin": { value: "us" } });
  const misspelled = await cli(["doctor"], place);
  expect(misspelled).toMatchObject({ code: 0, err: "" });
  expect(misspelled.out).toContain("! ion:regoin is not a setting of pulumi-ion. Did you mean ion:region?");

  await change({ "ion:clientSecret": { value: emulator.clientSecret, secret: false } });
  const { code, out } = await cli(["doctor"], place);
  expect(code).toBe(1);
  expect(out).toMatch(/✗ ion:clientSecret is stored in the config of stack dev as plaintext/);
  expect(out).not.toContain(emulator.clientSecret);
});
