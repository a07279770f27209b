import { describe, expect, it } from "vitest";
import { configOf, start } from "../support/support.ts";
import { makeProject } from "./project.ts";

const program = (body: string) => ({
  "index.js": `const pulumi = require("@pulumi/pulumi");
    const ion = require("pulumi-ion");
    module.exports = async () => { ${body} };`,
});

/** Declares the same in both environments, and looks up existing receivers. */
const BOTH = `
  for (const [name, connection] of [["production", undefined], ["staging", "staging"]]) {
    const { receiver } = new ion.VioletWebhooks(name, {
      webhookUri: "https://violet.example/canary-" + name, resources: ["PARTS", "RUNS"], connection });
    const found = await ion.getWebhookReceiver({ name: "by hand", connection });
    new ion.WebhookSubscription(name + "-found", { receiver: found, resource: "ISSUES", action: "CREATE" });
    new ion.WebhookSubscription(name + "-late", { receiver, resource: "ISSUES", action: "DELETE" });
  }
  const found = ion.getWebhookReceiverOutput({ webhookUri: pulumi.secret("https://hand.example/canary-url"), connection: "staging" });
  const { resources } = await ion.getSupportedResources();
  return { found: found.id, resources: resources.length };`;

/** A second ION environment, and the stack config of its connection. */
async function startStaging() {
  const staging = await start({ clientId: "staging", clientSecret: "canary-staging-secret" });
  const { "ion-staging:clientSecret": clientSecret = "", ...plain } = configOf(staging, "ion-staging");
  return { staging, plain, config: { "ion-staging:clientSecret": clientSecret } };
}

describe("a program with two ION environments", () => {
  it("creates, looks up, repairs and deletes in each environment separately, with no key in the state", async () => {
    const { staging, plain, config } = await startStaging();
    const project = await makeProject({ files: program(BOTH), plain, config });
    const production = project.emulator;
    const ions = [production, staging];
    for (const { store } of ions)
      store.createReceiver({ name: "by hand", webhookUri: "https://hand.example/canary-url" });
    // The same object has a different id in each environment.
    staging.store.createReceiver({ name: "another", webhookUri: "https://another.example/x" });

    const printed = [await project.up()];
    for (const { store } of ions) expect(store.listSubscriptions()).toHaveLength(6);
    const resources = await project.resources();
    const stagingNames = resources
      .filter(({ inputs }) => inputs?.connection !== undefined)
      .map(({ urn }) => urn.split("::").at(-1));
    expect(stagingNames).toHaveLength(8);
    expect(stagingNames.filter((name) => !name?.startsWith("staging"))).toEqual([]);
    for (const { inputs, outputs } of resources) expect(outputs?.connection).toEqual(inputs?.connection);
    const stack = resources.find(({ type }) => type === "pulumi:pulumi:Stack");
    expect(stack?.outputs).toEqual({ found: "1", resources: 23 });
    printed.push(await project.preview("--expect-no-changes"));

    const deleted = staging.store
      .listSubscriptions()
      .find(({ receiverId, resource }) => receiverId === "3" && resource === "PARTS");
    staging.store.deleteSubscription(deleted?.id ?? "");
    production.requests.length = 0;
    const drift = await project.preview();
    expect(drift).toContain("+ 1 to create");
    expect(drift).toMatch(/staging-PARTS-/);
    expect(drift).not.toMatch(/[+~-] pulumi-nodejs.*production/);
    printed.push(drift, await project.up());
    expect(production.requests.filter(({ operation }) => operation?.type === "mutation")).toEqual([]);
    expect(staging.store.listSubscriptions()).toHaveLength(6);

    // If the key of one environment is missing, the error names the settings of that connection, and nothing is changed.
    await project.pulumi("config", "rm", "ion-staging:clientId", "--stack", "test");
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code).not.toBe(0);
    expect(output).toContain("ion-staging:clientId is not set. Run `pulumi config set ion-staging:clientId");
    expect(output).not.toMatch(/^\s+at /m);

    const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test");
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(ions.map(({ store }) => store.listReceivers().map(({ name }) => name))).toEqual([
      ["by hand"],
      ["by hand", "another"],
    ]);
    for (const { store } of ions) expect(store.listSubscriptions()).toEqual([]);
    expect([...printed, output, destroyed.output, JSON.stringify(resources)].join("\n")).not.toContain("canary");
  });
});

describe("adding a second ION environment", () => {
  it("rejects ids of the other environment, moved receivers and late subscriptions, and accepts a valid program", async () => {
    const { staging, plain, config } = await startStaging();
    const project = await makeProject({ files: program("") });
    const production = project.emulator;
    for (const { store } of [production, staging])
      store.createReceiver({ name: "by hand", webhookUri: "https://hand.example/x" });
    const receiver = (connection: string) =>
      `new ion.WebhookReceiver("erp", { webhookUri: "https://erp.example/x", connection: ${connection} });`;
    await project.write(program(receiver("undefined")));
    await project.up();
    // Pulumi refreshes with the config of the last up, which has no second connection.
    for (const [flag, values] of [
      ["--plaintext", plain],
      ["--secret", config],
    ] as const) {
      const flags = Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
      await project.pulumi("config", "set-all", "--stack", "test", ...flags);
    }
    const invalid: [string, RegExp][] = [
      [
        `const { id } = new ion.WebhookReceiver("l", { importId: "1", connection: "staging" });
         new ion.WebhookSubscription("s", { receiverId: id, resource: "PARTS", action: "UPDATE" });`,
        /"s" is in the default connection, but its receiverId is the id of a receiver in connection "staging"/,
      ],
      [
        receiver('"staging"'),
        /The webhook receiver with id 2 belongs to .*, but the program now assigns it to connection "staging"/,
      ],
      [
        `new ion.WebhookSubscriptions("set", { receiverId: "1", subscriptions: { RUNS: ["CREATE"] } });
         await new Promise((resolve) => setTimeout(resolve, 200));
         new ion.WebhookSubscription("s", { receiverId: "1", resource: "PARTS", action: "UPDATE" });`,
        /"s" is declared too late: .* webhook receiver 1 .* before the first await,/,
      ],
      [
        'ion.getWebhookReceiverOutput({ name: "By hand", connection: "staging" });',
        /There is no webhook receiver with name "By hand" in ION at http:\/\/127\.0\.0\.1:\d+\/graphql\. It has "by hand" \(id 1\)\./,
      ],
    ];
    for (const [body, message] of invalid) {
      await project.write(program(body));
      const { code, output } = await project.pulumi("preview", "--stack", "test");
      expect(code, output).not.toBe(0);
      expect(output.replace(/\s+/g, " ")).toMatch(message);
      expect(output).not.toMatch(/^\s+at /m);
    }
    expect([production, staging].map(({ store }) => store.listSubscriptions())).toEqual([[], []]);
    await project.write(
      program(
        `${receiver("undefined")} new ion.WebhookReceiver("two", { webhookUri: "https://erp.example/x", connection: "staging" });`,
      ),
    );
    await project.up();
    expect([production, staging].map(({ store }) => store.listReceivers().length)).toEqual([2, 2]);
  });
});
