/** The provider plugin: programs in YAML, imports, explicit providers. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CANARY, mutationsIn, start } from "../support/support.ts";
import { makeProject, type Project, type ProjectOptions, ROOT, run, testLifecycle } from "./project.ts";

const URI = `https://hooks.example/${CANARY}`;

const HEAD = `name: project
runtime: yaml
options:
  refresh: always
plugins:
  providers:
    - name: ion
      path: node_modules/pulumi-ion/bin
`;

/** A project in YAML: what follows the head of Pulumi.yaml. */
const makeYamlProject = (body: string, options: Omit<ProjectOptions, "files"> = {}) =>
  makeProject({ files: { "Pulumi.yaml": HEAD + body }, ...options });

const RECEIVER = `resources:
  erp:
    type: ion:WebhookReceiver
    properties:
      webhookUri: {fn::secret: "${URI}"}
      headers: {X-Plant: "${CANARY}-7"}
  parts:
    type: ion:WebhookSubscription
    properties: {receiverId: "\${erp.id}", resource: PARTS, action: UPDATE}
`;

const stateOf = async ({ pulumi }: Project) => (await pulumi("stack", "export", "--stack", "test")).output;

it("shows no secret in the state, a preview or an error", async () => {
  const project = await makeYamlProject(RECEIVER);
  const printed = [await project.preview(), await project.up(), await project.preview(), await stateOf(project)];
  await project.write({ "Pulumi.yaml": HEAD + RECEIVER.replace("https://hooks", "no-url://hooks") });
  const { code, output } = await project.pulumi("preview", "--diff", "--stack", "test");
  expect(code).not.toBe(0);
  expect(output).toContain("property webhookUri (secret)");
  for (const text of [...printed, output]) expect(text).not.toContain(CANARY);
});

describe("import", () => {
  const IMPORTED = `resources:
  erp:
    type: ion:WebhookReceiver
    properties: {name: ERP, webhookUri: {fn::secret: "${URI}"}}
  parts:
    type: ion:WebhookSubscription
    properties: {receiverId: "\${erp.id}", resource: PARTS, action: UPDATE}
`;

  /** An ION that was set up by hand. */
  async function makeExisting(body: string) {
    const project = await makeYamlProject(body);
    const { store } = project.emulator;
    const { id } = store.createReceiver({ name: "ERP", webhookUri: URI, description: "by hand" });
    store.createHeader({ receiverId: id, key: "X-Plant", value: CANARY });
    store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    return { project, id, before: store.state() };
  }

  it("pulumi import names a subscription by its receiver, resource and action, and prints no secret", async () => {
    const { project, id, before } = await makeExisting("resources: {}\n");
    const importOne = (type: string, name: string, it: string) =>
      project.pulumi("import", `ion:index:${type}`, name, it, "--yes", "--skip-preview", "--stack", "test");
    const receiver = await importOne("WebhookReceiver", "erp", id);
    const subscription = await importOne("WebhookSubscription", "parts", `${id}/PARTS/UPDATE`);
    expect([receiver.code, subscription.code], receiver.output + subscription.output).toEqual([0, 0]);
    expect(receiver.output + subscription.output + (await stateOf(project))).not.toContain(CANARY);

    const printed = [receiver.output, subscription.output].map((text) => text.split(/^resources:\n/m)[1] ?? "");
    await project.write({ "Pulumi.yaml": `${HEAD}resources:\n${printed.join("")}` });
    await project.preview("--expect-no-changes");
    expect(project.emulator.store.state()).toEqual(before);
  });

  it("what export --import lists is imported with one command, and the printed program has a clean preview", async () => {
    const { project, id, before } = await makeExisting("resources: {}\n");
    project.emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
    const twice = project.emulator.store.state();
    const exported = await run("pulumi-ion", ["export", "--import", "--out", "."], project.dir, project.env);
    expect(exported.code, exported.output).toBe(0);
    expect(exported.output).toContain("pulumi import --file import.json --protect=false");
    expect(await readFile(join(project.dir, "import.json"), "utf8")).not.toContain(CANARY);
    const imported = await project.pulumi(
      ...["import", "--file", "import.json", "--protect=false", "--yes", "--skip-preview", "--stack", "test"],
    );
    expect(imported.code, imported.output).toBe(0);
    expect(imported.output).not.toContain(CANARY);
    await project.write({ "Pulumi.yaml": `${HEAD}resources:\n${imported.output.split(/^resources:\n/m)[1] ?? ""}` });
    await project.preview("--expect-no-changes");
    expect((await project.resources()).map((one) => one.type)).toEqual(
      expect.arrayContaining(["ion:index:WebhookReceiver", "ion:index:WebhookSubscription"]),
    );
    expect(project.emulator.store.state()).toEqual(twice);
    expect(before.receivers).toEqual(twice.receivers);
  });

  it("the option import leads to a clean preview and no write", async () => {
    const withImport = IMPORTED.replace(
      "ion:WebhookReceiver",
      "ion:WebhookReceiver\n    options: {import: '1'}",
    ).replace("ion:WebhookSubscription", "ion:WebhookSubscription\n    options: {import: 1/PARTS/UPDATE}");
    const { project, before } = await makeExisting(withImport);
    await project.up();
    await project.preview("--expect-no-changes");
    await project.write({ "Pulumi.yaml": HEAD + IMPORTED });
    await project.preview("--expect-no-changes");
    expect(project.emulator.store.state()).toEqual(before);
  });

  it("says how to name what does not exist", async () => {
    const { project } = await makeExisting("resources: {}\n");
    const { code, output } = await project.pulumi(
      ...["import", "ion:index:WebhookSubscription", "parts", "1/PARTS/DELETE", "--yes", "--stack", "test"],
    );
    expect(code).not.toBe(0);
    expect(output).toContain("The webhook subscription 1/PARTS/DELETE does not exist in ION at");
    expect(output).toContain("such as 2/PARTS/UPDATE");
  });
});

describe("components", () => {
  const VIOLET = `resources:
  violet:
    type: ion:VioletWebhooks
    properties:
      webhookUri: {fn::secret: "${URI}"}
      headers: {X-Plant: "${CANARY}-7"}
`;

  it("VioletWebhooks declares the whole guide, and deletes what is unmanaged only after a preview listed it", async () => {
    const project = await makeYamlProject(VIOLET);
    const { store } = project.emulator;
    const previewed = await project.preview();
    expect(previewed).toContain("PURCHASE_ORDER_LINES CREATE is never delivered");
    await project.up();
    await project.preview("--expect-no-changes");
    expect(store.listReceivers()).toMatchObject([{ name: "Violet", webhookUri: URI }]);
    expect(store.listSubscriptions()).toHaveLength(34);
    expect(previewed + (await stateOf(project))).not.toContain(CANARY);

    const receiverId = store.listReceivers()[0]?.id ?? "";
    store.createSubscription({ receiverId, resource: "PARTS", action: "DELETE" });
    expect(await project.preview()).toMatch(/deletingNext: \[\n.*"PARTS DELETE \(id \d+\)"/);
    await project.up();
    expect(store.listSubscriptions()).toHaveLength(35);
    expect(await project.preview()).toMatch(/deleting *: \[\n.*"PARTS DELETE \(id \d+\)"/);
    await project.up();
    expect(store.listSubscriptions()).toHaveLength(34);
    await project.preview("--expect-no-changes");
    expect((await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")).code).toBe(0);
    expect(store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
  });

  const component = (name: string, subscriptions: string, unmanaged: string) => `  ${name}:
    type: ion:WebhookSubscriptions
    properties: {receiverId: "\${erp.id}", subscriptions: ${subscriptions}, unmanaged: ${unmanaged}}
`;
  const single = (name: string, event: string) => `  ${name}:
    type: ion:WebhookSubscription
    properties: {receiverId: "\${erp.id}", resource: ${event.split(" ")[0]}, action: ${event.split(" ")[1]}}
`;
  const ERP = `resources:
  erp:
    type: ion:WebhookReceiver
    properties: {webhookUri: {fn::secret: "${URI}"}}
`;

  it("refuses a subscription that would count as unmanaged, whichever is declared first", async () => {
    const project = await makeYamlProject(ERP);
    await project.up();
    const [list, other] = [component("all", "{RUNS: [CREATE]}", "delete"), single("parts", "PARTS UPDATE")];
    for (const body of [list + other, other + list]) {
      await project.write({ "Pulumi.yaml": HEAD + ERP + body });
      const { code, output } = await project.pulumi("preview", "--stack", "test");
      expect(code).not.toBe(0);
      expect(output.replace(/\s+/g, " ")).toContain(
        '"parts" subscribes receiver 1 to PARTS UPDATE, which is not in the subscriptions of "all", and would count as unmanaged.',
      );
    }
    await project.write({ "Pulumi.yaml": HEAD + ERP + component("all", "{RUNS: [CREATE]}", "ignore") + other });
    await project.up();
    await project.preview("--expect-no-changes");
    expect(project.emulator.store.listSubscriptions()).toHaveLength(2);
  });

  it("refuses two resources that declare the same object, and arguments that declare nothing", async () => {
    const project = await makeYamlProject(ERP);
    await project.up();
    for (const [body, message] of [
      [single("one", "PARTS UPDATE") + single("two", "PARTS UPDATE"), "declare the same webhook subscription."],
      [component("all", "{}", "report"), '"all" subscribes to nothing.'],
      [component("all", "{RUNS: []}", "report"), '"all" subscribes to RUNS without an action.'],
      [component("all", "{RUNS: [CREATE]}", "purge"), '"all" must have unmanaged "delete", "report" or "ignore".'],
    ] as const) {
      await project.write({ "Pulumi.yaml": HEAD + ERP + body });
      const { code, output } = await project.pulumi("preview", "--stack", "test");
      expect(code).not.toBe(0);
      expect(output.replace(/\s+/g, " ")).toContain(message);
    }
  });
});

describe("explicit providers", () => {
  const provider = (name: string) => `  ${name}:
    type: pulumi:providers:ion
    properties:
      endpoint: \${${name}Endpoint}
      authUrl: \${${name}Auth}
      clientId: \${${name}Id}
      clientSecret: \${${name}Secret}
  ${name}-erp:
    type: ion:WebhookReceiver
    properties: {webhookUri: {fn::secret: "${URI}/${name}"}}
    options: {provider: "\${${name}}"}
`;
  const setting = (name: string, secret: boolean) => `  ${name}: {type: string, secret: ${secret}}\n`;
  const settings = ["staging", "plant-b"].flatMap((name) =>
    ["Endpoint", "Auth", "Id", "Secret"].map((key) => setting(name + key, key === "Secret")),
  );

  it("two ION environments in one program are two providers, each with its own key", async () => {
    const staging = await start({ clientId: "staging-key", clientSecret: `${CANARY}-staging` });
    const plantB = await start({ clientId: "plant-b-key", clientSecret: `${CANARY}-plant-b` });
    const body = `config:\n${settings.join("")}resources:\n${provider("staging")}${provider("plant-b")}`;
    const of = (name: string, { graphqlUrl, tokenUrl, clientId }: typeof staging) => ({
      [`${name}Endpoint`]: graphqlUrl,
      [`${name}Auth`]: tokenUrl,
      [`${name}Id`]: clientId,
    });
    const project = await makeYamlProject(body, {
      plain: { ...of("staging", staging), ...of("plant-b", plantB) },
      config: { stagingSecret: staging.clientSecret, "plant-bSecret": plantB.clientSecret },
    });
    await project.up();
    await project.preview("--expect-no-changes");
    expect(staging.store.listReceivers()).toMatchObject([{ name: "staging-erp" }]);
    expect(plantB.store.listReceivers()).toMatchObject([{ name: "plant-b-erp" }]);
    expect(project.emulator.store.listReceivers()).toEqual([]);
    expect(await stateOf(project)).not.toContain(CANARY);

    // A wrong key: the message names the provider, not the stack's config.
    await project.pulumi("config", "set", "--secret", "stagingSecret", "wrong", "--stack", "test");
    const { output } = await project.pulumi("preview", "--run-program", "--stack", "test");
    expect(output.replace(/\s+/g, " ")).toContain('Check clientId of provider "staging"');
    await project.pulumi("config", "set", "--secret", "stagingSecret", staging.clientSecret, "--stack", "test");
    expect((await project.pulumi("destroy", "--yes", "--run-program", "--stack", "test")).code).toBe(0);
    expect([...staging.store.listReceivers(), ...plantB.store.listReceivers()]).toEqual([]);
  });
});

it("the functions read ION, return no secret, and say what is wrong", async () => {
  const LOOK_UP = `variables:
  erp: {fn::invoke: {function: ion:getWebhookReceiver, arguments: {name: ERP}}}
  all: {fn::invoke: {function: ion:getWebhookReceivers, arguments: {}}}
  supported: {fn::invoke: {function: ion:getSupportedResources, arguments: {}}}
  addresses: {fn::invoke: {function: ion:getSourceAddresses, arguments: {region: us}}}
resources:
  parts:
    type: ion:WebhookSubscription
    properties: {receiverId: "\${erp.id}", resource: PARTS, action: UPDATE}
outputs:
  headers: \${erp.headerNames}
  second: \${all.receivers[1].name}
  actions: \${supported.actions}
  address: \${addresses.cidrBlocks[0]}
`;
  const project = await makeYamlProject(LOOK_UP);
  const { store } = project.emulator;
  const { id } = store.createReceiver({ name: "ERP", webhookUri: URI });
  store.createReceiver({ name: "CRM", webhookUri: `${URI}/crm` });
  store.createHeader({ receiverId: id, key: "X-Plant", value: CANARY });
  await project.up();
  const outputs = await project.pulumi("stack", "output", "--json", "--stack", "test");
  expect(JSON.parse(outputs.output)).toMatchObject({
    headers: ["X-Plant"],
    second: "CRM",
    actions: ["CREATE", "UPDATE", "DELETE"],
    address: expect.stringMatching(/^[\d.]+\/32$/),
  });
  expect(store.listSubscriptions()).toMatchObject([{ receiverId: id, resource: "PARTS" }]);
  expect(await stateOf(project)).not.toContain(CANARY);

  await project.write({ "Pulumi.yaml": HEAD + LOOK_UP.replace("{name: ERP}", "{name: MES}") });
  const { output } = await project.pulumi("preview", "--stack", "test");
  expect(output.replace(/\s+/g, " ")).toMatch(
    /getWebhookReceiver: There is no webhook receiver with name "MES" in ION at \S+\. It has "ERP" \(id 1\), "CRM" \(id 2\)\./,
  );
});

it("records a receiver whose headers failed, and finishes it in the next run", async () => {
  const project = await makeYamlProject(RECEIVER);
  const { emulator } = project;
  emulator.faults.add({
    kind: "partial",
    on: { field: "createWebhookHeader" },
    fields: [0],
    message: "Out of headers",
  });
  const failed = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
  expect(failed.code).not.toBe(0);
  expect(failed.output).not.toContain(CANARY);
  expect(emulator.store.listReceivers()).toHaveLength(1);
  await project.up();
  await project.preview("--expect-no-changes");
  expect(emulator.store.listReceivers()).toHaveLength(1);
  expect(emulator.store.listHeaders()).toMatchObject([{ key: "X-Plant" }]);
});

it("the schema that the engine gets is the generated one", async () => {
  const project = await makeYamlProject("resources: {}\n");
  const { output, code } = await project.pulumi(
    "package",
    "get-schema",
    join(ROOT, "provider/bin/pulumi-resource-ion"),
  );
  expect(code, output).toBe(0);
  const generated = JSON.parse(await readFile(join(ROOT, "provider/src/engine/plugin/schema.json"), "utf8"));
  expect(Object.keys(JSON.parse(output).resources)).toEqual(Object.keys(generated.resources).sort());
});

describe("pulumi-ion/native", () => {
  const NODE_HEAD = HEAD.replace("runtime: yaml", "runtime: nodejs");
  const program = (body: string) => `const pulumi = require("@pulumi/pulumi");
const ion = require("pulumi-ion/native");
${body}`;
  const makeNodeProject = (body: string) =>
    makeProject({ files: { "Pulumi.yaml": NODE_HEAD, "package.json": "{}", "index.js": program(body) } });

  it("declares the same with the classes of pulumi-ion, over the plugin", async () => {
    const project = await makeNodeProject(`
      const violet = new ion.VioletWebhooks("violet", { webhookUri: pulumi.secret("${URI}"), headers: { "X-Plant": "${CANARY}-7" } });
      exports.id = violet.receiverId;
    `);
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => {
        expect(store.listReceivers()).toMatchObject([{ name: "Violet", active: true, webhookUri: URI }]);
        expect(store.listSubscriptions()).toHaveLength(34);
      },
      changeOutside: () => {
        store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false });
        store.updateHeader(store.listHeaders()[0]?.id ?? "", { value: "8" });
      },
      drift: [/~ active *: false => true/, "X-Plant", "+ 1 to create", "~ 1 to update"],
    });
    expect(await stateOf(project)).not.toContain(CANARY);
  });

  it("puts the subscriptions of a receiver into the environment of its provider", async () => {
    const staging = await start({ clientId: "staging-key", clientSecret: `${CANARY}-staging` });
    const project = await makeNodeProject(`
      const staging = new ion.Provider("staging", { endpoint: "${staging.graphqlUrl}", authUrl: "${staging.tokenUrl}", clientId: "staging-key", clientSecret: "${CANARY}-staging", deadline: 60 });
      const erp = new ion.WebhookReceiver("erp", { webhookUri: "${URI}" }, { provider: staging });
      new ion.WebhookSubscriptions("erp", { receiver: erp, subscriptions: { PARTS: ["UPDATE"] }, unmanaged: "delete" });
      new ion.WebhookReceiver("other", { webhookUri: "${URI}" });
    `);
    await project.up();
    await project.preview("--expect-no-changes");
    expect(staging.store.listReceivers()).toMatchObject([{ name: "erp" }]);
    expect(staging.store.listSubscriptions()).toHaveLength(1);
    expect(project.emulator.store.listReceivers()).toMatchObject([{ name: "other" }]);
    expect(await stateOf(project)).not.toContain(CANARY);
  });

  it("refuses a program that declares the same receiver with pulumi-ion too", async () => {
    const both = `const dynamic = require("pulumi-ion");
      const erp = new dynamic.WebhookReceiver("erp", { webhookUri: "${URI}" });`;
    const project = await makeNodeProject(`${both} new ion.WebhookReceiver("again", { webhookUri: "${URI}" });`);
    const same = await project.pulumi("preview", "--stack", "test");
    expect(same.code).not.toBe(0);
    expect(same.output).toContain('"erp" and "again" declare the same webhookUri.');
    // In either order, also under one name, which Pulumi accepts because the types differ.
    const declarations = ["dynamic", "ion"].map(
      (from) => `new ${from}.WebhookReceiver("erp", { webhookUri: "${URI}" });`,
    );
    for (const order of [declarations, declarations.toReversed()]) {
      const body = `const dynamic = require("pulumi-ion");\n${order.join("\n")}`;
      await project.write({ "index.js": program(body) });
      const oneName = await project.pulumi("preview", "--stack", "test");
      expect(oneName.code, oneName.output).not.toBe(0);
      expect(oneName.output).toContain('"erp" and "erp" declare the same webhookUri.');
    }
    await project.write({
      "index.js": program(
        `${both} new ion.WebhookSubscription("parts", { receiver: erp, resource: "PARTS", action: "UPDATE" });`,
      ),
    });
    const mixed = await project.pulumi("preview", "--stack", "test");
    expect(mixed.code).not.toBe(0);
    expect(mixed.output).toContain("Import both from the same module");
  });
});

describe("a stack moves between dynamic resources and the plugin", () => {
  const body = `
    const violet = new ion.VioletWebhooks("violet", { webhookUri: pulumi.secret("${URI}"), headers: { "X-Plant": "${CANARY}-7" }, resources: ["PARTS", "RUNS"] });
    exports.id = violet.receiverId;`;
  const programWith = (from: string) => `const pulumi = require("@pulumi/pulumi");
    const ion = require("${from}");${body}`;

  /** The three commands of the documentation. */
  async function migrate(project: Project, to: "plugin" | "dynamic") {
    const commands = [
      ["pulumi", "stack", "export", "--file", "stack.json", "--stack", "test"],
      ["pulumi-ion", "migrate", "stack.json", "--to", to],
      ["pulumi", "stack", "import", "--file", "stack.json", "--stack", "test"],
    ];
    for (const [command = "", ...args] of commands) {
      const { code, output } = await run(command, args, project.dir, project.env);
      expect(code, output).toBe(0);
    }
  }

  it("there and back without a write to ION", async () => {
    const head = HEAD.replace("runtime: yaml", "runtime: nodejs");
    const files = { "Pulumi.yaml": head, "package.json": "{}", "index.js": programWith("pulumi-ion") };
    const project = await makeProject({ files });
    const { emulator } = project;
    await project.up();
    const before = emulator.store.state();
    const directions = [
      ["plugin", "pulumi-ion/native", "ion:index:WebhookReceiver"],
      ["dynamic", "pulumi-ion", "pulumi-nodejs:dynamic/ion:WebhookReceiver"],
    ] as const;
    for (const [to, from, type] of directions) {
      await migrate(project, to);
      await project.write({ "index.js": programWith(from) });
      await project.preview("--expect-no-changes", "--run-program");
      await project.up("--run-program");
      await project.preview("--expect-no-changes");
      expect((await project.resources()).map((one) => one.type)).toContain(type);
      expect(await stateOf(project)).not.toContain(CANARY);
    }
    expect(emulator.store.state()).toEqual(before);
    expect((await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")).code).toBe(0);
    expect(emulator.store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });

  it("with a named connection, which becomes a provider, there and back without a write to ION", async () => {
    const staging = await start({ clientId: "staging-key", clientSecret: `${CANARY}-staging` });
    const settings = { endpoint: staging.graphqlUrl, authUrl: staging.tokenUrl, clientId: "staging-key" };
    const programFor = (from: string, declaration: string, args: string, opts: string) => `
      const pulumi = require("@pulumi/pulumi");
      const ion = require("${from}");
      const config = new pulumi.Config("ion-staging");
      ${declaration}
      const own = new ion.WebhookReceiver("own", { webhookUri: "${URI}/own" });
      new ion.WebhookSubscription("parts", { receiver: own, resource: "PARTS", action: "UPDATE" });
      const erp = new ion.WebhookReceiver("erp", { webhookUri: "${URI}/erp", ${args} }${opts});
      new ion.WebhookSubscriptions("erp", { receiver: erp, subscriptions: { RUNS: ["CREATE"] }, unmanaged: "delete" });`;
    const dynamic = programFor("pulumi-ion", "", 'connection: "staging"', "");
    const plugin = programFor(
      "pulumi-ion/native",
      `const staging = new ion.Provider("staging", { endpoint: config.require("endpoint"), authUrl: config.require("authUrl"), clientId: config.require("clientId"), clientSecret: config.requireSecret("clientSecret") });`,
      "",
      ", { provider: staging }",
    );
    const head = HEAD.replace("runtime: yaml", "runtime: nodejs");
    const project = await makeProject({
      files: { "Pulumi.yaml": head, "package.json": "{}", "index.js": dynamic },
      plain: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`ion-staging:${key}`, value])),
      config: { "ion-staging:clientSecret": staging.clientSecret },
    });
    await project.up();
    for (const { requests } of [project.emulator, staging]) requests.length = 0;
    for (const [to, program, changes] of [
      ["plugin", plugin, /Resources:\n +~ 1 to update\n +\d+ unchanged/],
      ["dynamic", dynamic, /Resources:\n +\d+ unchanged/],
    ] as const) {
      await migrate(project, to);
      await project.write({ "index.js": program });
      // The settings of the provider are not in the old state: they are all that changes.
      expect(await project.preview("--run-program")).toMatch(changes);
      await project.up("--run-program");
      await project.preview("--expect-no-changes");
      expect(await stateOf(project)).not.toContain(CANARY);
    }
    expect([...mutationsIn(project.emulator), ...mutationsIn(staging)]).toEqual([]);
    expect(staging.requests.length).toBeGreaterThan(0);
    expect(staging.store.listSubscriptions()).toHaveLength(1);
  });
});
