/** What `doctor` says about every shape of ION's API in this folder. */
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Add, reportOtherHosts } from "../../provider/src/cli/doctor/report.ts";
import type { Stack } from "../../provider/src/cli/stack.ts";
import { withOtherHosts } from "../../provider/src/ion/connectionSettings.ts";
import { EnvironmentCheck, findAccepted } from "../../provider/src/ion/schema/environmentCheck.ts";
import { cli, envOf, folder } from "../cli/run.ts";
import { CANARY, connectionTo, type Fetch, start } from "../support/support.ts";

const FILES = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".graphql"));
const read = (file: string) => readFileSync(join(import.meta.dirname, file), "utf8");

/** How each request is sent to an ION with this schema. */
async function shapesOf(schema: string) {
  const { operations } = await new EnvironmentCheck(connectionTo(await start({ schema }))).schema();
  return operations
    .filter(({ isPart }) => !isPart)
    .map(({ purpose, shape, outcome, reason }) => `${purpose}: ${shape ?? `${outcome}, ${reason}`}`);
}

it("shows how each request is sent where that is not as usual", async () => {
  const usual = await shapesOf(read("guide.graphql"));
  const shapes = await Promise.all(
    FILES.map(async (file) => [file, (await shapesOf(read(file))).filter((line) => !usual.includes(line))]),
  );
  expect(Object.fromEntries(shapes)).toMatchInlineSnapshot(`
    {
      "deleteByInput.graphql": [
        "delete a receiver: deleteWebhookReceiver(input: {id, etag})",
        "delete a subscription: deleteWebhookSubscription(input: {id, etag})",
        "delete a header: deleteWebhookHeader(input: {id, etag})",
      ],
      "errorPayloads.graphql": [],
      "flatArguments.graphql": [
        "create a receiver: createWebhookReceiver(name, webhookUri)",
        "create a subscription: createWebhookSubscription(resource, action, receiverId)",
        "update a receiver: updateWebhookReceiver(id, etag)",
        "create a header: createWebhookHeader(key, value, receiverId)",
        "update a header: updateWebhookHeader(id, etag, value)",
      ],
      "guide.graphql": [],
      "headersAttached.graphql": [
        "create a header: createWebhookHeader(input: {key, value}), then addHeaderToWebhookReceiver(input: {webhookReceiverId, headerId})",
        "delete a header: removeHeaderFromWebhookReceiver(input: {webhookReceiverId, headerId}), then deleteWebhookHeader(id, etag)",
      ],
      "headersAttachedByArguments.graphql": [
        "create a header: createWebhookHeader(input: {key, value}), then addHeaderToWebhookReceiver(receiverId, headerId)",
        "delete a header: removeHeaderFromWebhookReceiver(receiverId, headerId), then deleteWebhookHeader(id, etag)",
      ],
      "headersAttachedByOtherNames.graphql": [
        "create a header: createWebhookHeader(input: {key, value}), then addHeaderToWebhookReceiver(input: {webhookHeader, endpointId})",
        "delete a header: removeHeaderFromWebhookReceiver(input: {webhookHeader, endpointId}), then deleteWebhookHeader(id, etag)",
      ],
      "headersInReceiver.graphql": [
        "create a header: updateWebhookReceiver(input: {id, etag, headers: [{key, value}]})",
        "update a header: updateWebhookReceiver(input: {id, etag, headers: [{key, value}]})",
        "delete a header: updateWebhookReceiver(input: {id, etag, headers: [{key, value}]})",
      ],
      "headersOfReceiver.graphql": [],
      "intIds.graphql": [],
      "limitOffset.graphql": [
        "read ION's webhooks: webhookReceivers(limit, offset)",
      ],
      "noList.graphql": [
        "read ION's webhooks: webhookReceiver(id)",
      ],
      "noPageInfo.graphql": [],
      "nodesList.graphql": [],
      "objectPayloads.graphql": [],
      "onlyGuide.graphql": [
        "read ION's webhooks: unsupported, ION's schema has no webhookReceivers.",
        "update a receiver: unsupported, ION's schema has no updateWebhookReceiver.",
        "delete a receiver: unsupported, ION's schema has no deleteWebhookReceiver.",
        "delete a subscription: unsupported, ION's schema has no deleteWebhookSubscription.",
        "create a header: unsupported, ION's schema has no createWebhookHeader.",
        "update a header: unsupported, ION's schema has no updateWebhookHeader.",
        "delete a header: unsupported, ION's schema has no deleteWebhookHeader.",
      ],
      "onlySubscriptions.graphql": [
        "read ION's webhooks: webhookSubscriptions(first, after)",
      ],
      "otherNames.graphql": [
        "create a subscription: createWebhookSubscription(input: {resource, action, receiver})",
        "update a receiver: updateWebhookReceiver(input: {webhookReceiverId, _etag})",
        "delete a receiver: deleteWebhookReceiver(webhookReceiverId, _etag)",
        "delete a subscription: deleteWebhookSubscription(webhookSubscriptionId, _etag)",
        "create a header: createWebhookHeader(input: {key, value, webhookReceiver})",
        "update a header: updateWebhookHeader(input: {webhookHeaderId, _etag, value})",
        "delete a header: deleteWebhookHeader(webhookHeaderId, _etag)",
      ],
      "plainList.graphql": [
        "read ION's webhooks: webhookReceivers",
      ],
      "stringErrors.graphql": [],
      "strings.graphql": [],
      "updateByArguments.graphql": [
        "update a receiver: updateWebhookReceiver(id, etag, input: {})",
        "update a header: updateWebhookHeader(id, etag, input: {value})",
      ],
    }
  `);
});

describe("doctor --save-schema", () => {
  const save = async (schema: string, cwd: string) =>
    cli(["doctor", "--no-stack", "--save-schema", "ion.graphql"], {
      env: envOf(await start({ schema })),
      cwd,
      columns: 2000,
    });

  it.each(FILES)("writes a file that is a test: an emulator with it behaves the same, %s", async (file) => {
    const cwd = await folder();
    const first = await save(read(file), cwd);
    // Without the other mutations, or without `active`, something really cannot be done.
    expect(first.code).toBe(["onlyGuide.graphql", "strings.graphql"].includes(file) ? 3 : 0);
    expect(first.out).toContain("It holds names only: no data, and no secrets.");
    const saved = await readFile(join(cwd, "ion.graphql"), "utf8");
    expect(await shapesOf(saved)).toEqual(await shapesOf(read(file)));
  });

  it("leaves out what is not about webhooks", async () => {
    const cwd = await folder();
    const others = `
      type Part { id: ID! name: String! supplier: Supplier }
      type Supplier { id: ID! name: String! }
      extend type Query { part(id: ID!): Part }
      extend type WebhookReceiver { part: Part }
    `;
    await save(read("guide.graphql") + others, cwd);
    const saved = await readFile(join(cwd, "ion.graphql"), "utf8");
    expect(saved).toContain("type WebhookReceiver {");
    expect(saved).not.toMatch(/Part\b|Supplier\b/);
  });

  it("writes no default value, description or reason", async () => {
    const cwd = await folder();
    const before = "webhookReceiver(id: ID!): WebhookReceiver";
    const schema = read("guide.graphql");
    expect(schema).toContain(before);
    const secret = `"${CANARY}"`;
    const after = `${secret} webhookReceiver(id: ID!, tenant: String! = ${secret}): WebhookReceiver @deprecated(reason: ${secret})`;
    await save(schema.replace(before, after), cwd);
    const saved = await readFile(join(cwd, "ion.graphql"), "utf8");
    expect(saved).toContain("webhookReceiver(id: ID!, tenant: String): WebhookReceiver");
    expect(saved).not.toContain(CANARY);
  });

  it("does not overwrite a file", async () => {
    const cwd = await folder();
    await writeFile(join(cwd, "ion.graphql"), "mine");
    const { code, out } = await save(read("guide.graphql"), cwd);
    expect(code).not.toBe(0);
    expect(out).toContain("ion.graphql: it exists already.");
    expect(await readFile(join(cwd, "ion.graphql"), "utf8")).toBe("mine");
  });
});

describe("the other hosts of an environment", () => {
  const GOV = {
    endpoint: "https://api.ion-gov.com/graphql",
    authUrl: "https://auth.ion-gov.com/realms/api-keys/protocol/openid-connect/token",
    clientId: "emulator",
    clientSecret: `${CANARY}-secret`,
  };

  /** A network in which only some hosts are ION, and which records where the key was sent. */
  async function networkOf(hosts: readonly string[], keySentTo: string[]): Promise<Fetch> {
    const emulator = await start({ clientSecret: GOV.clientSecret });
    return (input, init) => {
      const url = new URL(String(input));
      if (String(init?.body).includes("client_secret")) keySentTo.push(url.host);
      if (!hosts.includes(url.host)) return Promise.reject(new TypeError("fetch failed"));
      return fetch(new URL(url.pathname, emulator.url), init);
    };
  }

  it("are found if ION answers there", async () => {
    const keySentTo: string[] = [];
    const hosts = ["api-production-gov.buildwithion.com", "auth-production-gov.buildwithion.com"];
    const found = await findAccepted(withOtherHosts(GOV), { fetch: await networkOf(hosts, keySentTo) });
    expect(found?.endpoint).toBe("https://api-production-gov.buildwithion.com/graphql");
    expect(found?.authUrl).toContain("https://auth-production-gov.buildwithion.com/realms/");
    expect([...new Set(keySentTo)].sort()).toEqual(["auth-production-gov.buildwithion.com", "auth.ion-gov.com"]);
  });

  it("are printed as the commands that use them", () => {
    const lines: string[] = [];
    const found = { ...GOV, endpoint: "https://new.example/graphql", authUrl: "https://auth.example/token" };
    const add: Add = (_step, _outcome, message, details = []) => lines.push(message, ...details);
    reportOtherHosts(found, { stack: undefined, connection: undefined }, add);
    reportOtherHosts(found, { stack: {} as Stack, connection: "gov" }, add);
    reportOtherHosts(undefined, { stack: undefined, connection: undefined }, add);
    expect(lines).toEqual([
      "ION accepts this key at other hosts of First Resonance. Use them:",
      "export ION_API_URI=https://new.example/graphql",
      "export ION_AUTH_SERVER=https://auth.example/token",
      "ION accepts this key at other hosts of First Resonance. Use them:",
      "pulumi config set ion-gov:endpoint https://new.example/graphql",
      "pulumi config set ion-gov:authUrl https://auth.example/token",
    ]);
  });

  it("are not tried for a host that is not First Resonance's", async () => {
    expect(withOtherHosts({ ...GOV, endpoint: "https://ion.example/graphql" })).toEqual([]);
    expect(withOtherHosts({ ...GOV, authUrl: "https://own.example/token" })).toEqual([]);
  });

  it("are named, because the key is sent to them", async () => {
    const asked = new Set<string>();
    vi.stubGlobal("fetch", (input: string | URL) => {
      asked.add(new URL(input).host);
      return Promise.reject(new TypeError("fetch failed"));
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const env = { ION_API_URI: GOV.endpoint, ION_CLIENT_ID: GOV.clientId, ION_CLIENT_SECRET: GOV.clientSecret };
    const { code, err } = await cli(["doctor", "--no-stack"], { env });
    expect(code).toBe(1);
    expect(err).toMatchInlineSnapshot(
      `"pulumi-ion: Trying this key at other hosts of First Resonance: auth-production-gov.buildwithion.com, api-production-gov.buildwithion.com."`,
    );
    for (const host of asked) expect(["auth.ion-gov.com", "auth-production-gov.buildwithion.com"]).toContain(host);
  });
});
