import { describe, expect, it } from "vitest";
import { makeProject, type Project } from "./project.ts";

const program = (body: string) => ({ "index.js": `const ion = require("pulumi-ion");\n${body}` });
const receiver = (args: string) =>
  program(`new ion.WebhookReceiver("erp", { webhookUri: "https://events.example/x", ${args} });`);
const GOOD = program('new ion.WebhookReceiver("erp", { webhookUri: "https://events.example/x" });');

/** Expects that ION is empty and received no mutation. */
function expectUntouched({ emulator }: Project) {
  expect(emulator.store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
  expect(emulator.requests.filter(({ operation }) => operation?.type === "mutation")).toEqual([]);
}

describe("preview", () => {
  it.each([
    [
      "a webhookUri that is not a URL",
      program('new ion.WebhookReceiver("erp", { webhookUri: "canary-url" });'),
      /webhookUri.*is not a URL/,
    ],
    [
      "a webhookUri with HTTP",
      program('new ion.WebhookReceiver("erp", { webhookUri: "http://events.example/canary-url" });'),
      /webhookUri.*https:\/\/ URL/,
    ],
    ["a missing webhookUri", program('new ion.WebhookReceiver("erp", {});'), /webhookUri.*is missing/],
    ["an empty name", receiver('name: " "'), /name.*must not be empty/],
    ["the status 999", receiver("expectedResponseCode: 999"), /expectedResponseCode.*100 to 599/],
    ["an invalid content type", receiver('contentType: "json"'), /contentType.*media type/],
    ["a string for active", receiver('active: "yes"'), /active.*true or false/],
    ["a header with a line break", receiver('headers: { "X-A": "canary\\r\\nX-B: 1" }'), /headers\.X-A.*line breaks/],
    ["a header name with a space", receiver('headers: { "X A": "canary" }'), /headers.*not a valid HTTP header name/],
    ["an empty sharedSecret", receiver('sharedSecret: ""'), /sharedSecret.*must not be empty/],
    [
      "an unknown action",
      program('new ion.WebhookSubscription("s", { receiverId: "1", resource: "PARTS", action: "UPDAET" });'),
      /action.*Did you mean UPDATE\?/,
    ],
    [
      "an unknown resource",
      program('new ion.WebhookSubscription("s", { receiverId: "1", resource: "PART", action: "UPDATE" });'),
      /resource.*Did you mean PARTS\?/,
    ],
    [
      "an empty receiverId",
      program('new ion.WebhookSubscription("s", { receiverId: "", resource: "PARTS", action: "UPDATE" });'),
      /receiverId.*must not be empty/,
    ],
    [
      "an exclusion of an event that is not included",
      program(
        'new ion.VioletWebhooks("v", { webhookUri: "https://events.example/x", exclude: { PART: ["CREATE"] } });',
      ),
      /excludes PART CREATE/,
    ],
    [
      "an empty set of subscriptions",
      program('new ion.WebhookSubscriptions("v", { receiverId: "1", subscriptions: {} });'),
      /subscribes to nothing/,
    ],
    ["an unknown property", receiver('webHookUri: "x"'), /webHookUri/],
  ])("rejects %s", async (_what, files, message) => {
    const project = await makeProject({ files });
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toMatch(message);
    expect(output).not.toContain("canary");
    expectUntouched(project);
  });
});

describe("settings", () => {
  it.each([
    ["ion:region", "ION_API_URI", "ion:endpoint"],
    ["ion:authUrl", "ION_AUTH_SERVER", "ion:authUrl"],
    ["ion:clientId", "ION_CLIENT_ID", "ion:clientId"],
    ["ion:clientSecret", "ION_CLIENT_SECRET", "ion:clientSecret"],
  ])("reports that %s or %s must be set", async (key, variable, removed) => {
    const project = await makeProject({ files: GOOD });
    await project.pulumi("config", "rm", removed, "--stack", "test");
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain(`${key} is not set. Run \`pulumi config set`);
    expect(output).toContain(variable);
    expect(output).not.toMatch(/^\s+at /m);
    expectUntouched(project);
  });

  it("reads all settings from environment variables", async () => {
    const project = await makeProject({ files: GOOD });
    for (const key of ["endpoint", "authUrl", "clientId", "clientSecret"]) {
      await project.pulumi("config", "rm", `ion:${key}`, "--stack", "test");
    }
    Object.assign(project.env, {
      ION_API_URI: project.emulator.graphqlUrl,
      ION_AUTH_SERVER: project.emulator.tokenUrl,
      ION_CLIENT_ID: project.emulator.clientId,
      ION_CLIENT_SECRET: project.emulator.clientSecret,
    });
    await project.up();
    expect(project.emulator.store.listReceivers()).toHaveLength(1);
  });
});

describe("up", () => {
  it("rejects a program that declares a subscription twice", async () => {
    const project = await makeProject({
      files: program(`const receiver = new ion.WebhookReceiver("erp", { webhookUri: "https://events.example/x" });
        new ion.WebhookSubscription("one", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });
        new ion.WebhookSubscription("two", { receiverId: receiver.id, resource: "PARTS", action: "UPDATE" });`),
    });
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain('"one" and "two" declare the same webhook subscription');
    expect(project.emulator.store.listSubscriptions().length).toBeLessThan(2);
  });

  it("reports a wrong API key without the key or a stack trace", async () => {
    const project = await makeProject({ files: GOOD });
    await project.pulumi("config", "set", "--secret", "ion:clientSecret", "canary-secret", "--stack", "test");
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain("rejected the API key");
    expect(output).not.toContain("canary");
    expect(output).not.toMatch(/^\s+at /m);
  });
});

describe("a client secret in plain text", () => {
  it("causes one warning with the command that encrypts it", async () => {
    const project = await makeProject({ files: GOOD, emulator: { clientSecret: "canary-plain" } });
    expect(await project.preview()).not.toContain("plaintext");
    const set = ["config", "set", "--plaintext", "ion:clientSecret", "canary-plain", "--stack", "test"];
    expect((await project.pulumi(...set)).code).toBe(0);
    const output = await project.preview();
    expect(output.match(/in this stack's config as plaintext/g)).toHaveLength(1);
    expect(output).toContain("pulumi config set --secret ion:clientSecret");
    expect(output).not.toContain("canary-plain");
  });
});

describe("a stack that points to another ION environment", () => {
  it("keeps its state and creates nothing twice", async () => {
    const project = await makeProject({ files: GOOD });
    await project.up();
    await project.pulumi(
      "config",
      "set",
      "ion:endpoint",
      "https://staging-api.buildwithion.com/graphql",
      "--stack",
      "test",
    );
    for (const command of [["preview"], ["refresh", "--run-program", "--yes"], ["destroy", "--run-program", "--yes"]]) {
      const { code, output } = await project.pulumi(...command, "--stack", "test");
      expect(code, output).not.toBe(0);
      expect(output).toMatch(/belongs to ION at http:/);
      expect(output).toContain("Restore ion:endpoint");
    }
    expect((await project.resources()).filter(({ id }) => id === "1")).toHaveLength(1);
    expect(project.emulator.store.listReceivers()).toHaveLength(1);
  });
});

describe("a new API key", () => {
  it("replaces the old one with --run-program, as the error recommends", async () => {
    const project = await makeProject({ files: GOOD });
    await project.up();
    project.emulator.rotateKey("rotated");
    await project.pulumi("config", "set", "--secret", "ion:clientSecret", "rotated", "--stack", "test");
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain("add --run-program");
    await project.up("--run-program");
    await project.preview("--expect-no-changes");
  });
});
