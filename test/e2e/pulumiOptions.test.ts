/** Pulumi's own options, as docs/pulumi-options.md describes them. */
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, type Project } from "./project.ts";

const program = (body: string) => ({ "index.js": `const ion = require("pulumi-ion");\n${body}` });

/** A receiver and one subscription, each with options and perhaps other arguments. */
const pair = ({ receiver = "", options = "", subscription = "", event = "PARTS", name = "parts" } = {}) =>
  program(`const erp = new ion.WebhookReceiver("erp", { webhookUri: "https://hooks.example/erp", ${receiver} }, { ${options} });
new ion.WebhookSubscription("${name}", { receiver: erp, resource: "${event}", action: "UPDATE" }, { ${subscription} });`);

const subscriptionsIn = ({ emulator }: Project) =>
  emulator.store.listSubscriptions().map(({ id, resource, action }) => `${id}: ${resource} ${action}`);
const receiversIn = ({ emulator }: Project) =>
  emulator.store.listReceivers().map(({ id, name, description }) => ({ id, name, description }));

/** The mutations that ION received since the last call. */
function mutationsIn({ emulator: { requests } }: Project) {
  const mutations = requests.splice(0).filter(({ operation }) => operation?.type === "mutation");
  return mutations.flatMap(({ fields }) => fields.map(({ field }) => field));
}

describe("up --replace and state taint", () => {
  it("adopts the same objects, although Pulumi reports that they are replaced", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    mutationsIn(project);
    expect(await project.up("--replace", "**::erp", "--replace", "**::parts")).toContain("2 replaced");
    const [, { urn = "" } = {}] = (await project.resources()).filter(({ type }) => type.includes("dynamic/ion"));
    expect((await project.pulumi("state", "taint", urn, "--yes")).code).toBe(0);
    expect(await project.up()).toContain("1 replaced");
    expect(mutationsIn(project)).toEqual([]);
    await project.preview("--expect-no-changes");
  });
});

describe("deleteBeforeReplace", () => {
  it("deletes a subscription before the new one is created, so events are lost", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    mutationsIn(project);
    await project.write(pair({ event: "RUNS" }));
    await project.up();
    expect(mutationsIn(project)).toEqual(["createWebhookSubscription", "deleteWebhookSubscription"]);
    await project.write(pair({ subscription: "deleteBeforeReplace: true" }));
    project.emulator.settings.deniedPermissions.add("CreateWebhookSubscription");
    expect((await project.pulumi("up", "--yes", "--skip-preview")).code).not.toBe(0);
    expect(subscriptionsIn(project)).toEqual([]);
    project.emulator.settings.deniedPermissions.clear();
    await project.up();
    expect(subscriptionsIn(project)).toEqual(["3: PARTS UPDATE"]);
  });

  it("keeps a receiver that --replace names, but not its subscriptions", async () => {
    const project = await makeProject({ files: pair({ options: "deleteBeforeReplace: true" }) });
    await project.up();
    mutationsIn(project);
    await project.up("--replace", "**::erp");
    expect(mutationsIn(project)).toEqual(["deleteWebhookSubscription", "createWebhookSubscription"]);
  });
});

describe("replaceOnChanges", () => {
  it("has no effect", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    mutationsIn(project);
    await project.write(pair({ receiver: 'description: "new"', options: 'replaceOnChanges: ["*"]' }));
    expect(await project.up()).toContain("1 updated");
    expect(mutationsIn(project)).toEqual(["updateWebhookReceiver"]);
  });
});

describe("a subscription that is renamed in the program", () => {
  const renamed = pair({ name: "parts-changed" });

  it("is deleted by up --target of its old name or --exclude of its new one, and created again by a full up", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    await project.write(renamed);
    await project.up("--target", "**::parts");
    expect(subscriptionsIn(project)).toEqual([]);
    await project.up();
    expect(subscriptionsIn(project)).toEqual(["2: PARTS UPDATE"]);
    await project.write(pair({ name: "parts-again" }));
    await project.up("--exclude", "**::parts-again");
    expect(subscriptionsIn(project)).toEqual([]);
  });

  it("is kept by up --target of both names, or with an alias", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    mutationsIn(project);
    await project.write(renamed);
    await project.up("--target", "**::parts", "--target", "**::parts-changed");
    await project.write(pair({ name: "parts-again", subscription: 'aliases: [{ name: "parts-changed" }]' }));
    await project.up("--target", "**::parts-changed");
    await project.up("--target", "**::parts-again");
    expect(mutationsIn(project)).toEqual([]);
    expect(subscriptionsIn(project)).toEqual(["1: PARTS UPDATE"]);
    await project.preview("--expect-no-changes");
  });
});

describe("a receiver that moves into a component", () => {
  it("is kept with its subscriptions", async () => {
    const project = await makeProject({ files: pair() });
    await project.up();
    mutationsIn(project);
    const inComponent = pair({ options: "parent", subscription: "parent" })["index.js"];
    const parent = `const { ComponentResource } = require("@pulumi/pulumi");\nconst parent = new ComponentResource("my:Group", "group");\n`;
    await project.write({ "index.js": parent + inComponent });
    await project.up();
    expect(mutationsIn(project)).toEqual([]);
    await project.preview("--expect-no-changes");
  });
});

describe("protect and retainOnDelete", () => {
  it("apply to every resource of a component", async () => {
    const violet = (options: string) =>
      program(
        `new ion.VioletWebhooks("violet", { webhookUri: "https://hooks.example/v", resources: ["PARTS"] }, { ${options} });`,
      );
    const project = await makeProject({ files: violet("protect: true") });
    await project.up();
    mutationsIn(project);
    await project.write({ "index.js": "" });
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).not.toBe(0);
    expect(output).toContain("pulumi state unprotect");
    expect(mutationsIn(project)).toEqual([]);

    await project.write(violet("retainOnDelete: true"));
    await project.up();
    await project.write({ "index.js": "" });
    await project.up();
    expect(await project.resources()).toHaveLength(1);
    expect(receiversIn(project)).toHaveLength(1);
    expect(subscriptionsIn(project)).toHaveLength(2);

    // A later declaration adopts what was retained.
    await project.write(violet(""));
    await project.up();
    expect(mutationsIn(project)).toEqual([]);
  });

  it("keep the old subscription of a changed event", async () => {
    const project = await makeProject({ files: pair({ subscription: "retainOnDelete: true" }) });
    await project.up();
    await project.write(pair({ event: "RUNS", subscription: "retainOnDelete: true" }));
    await project.up();
    expect(subscriptionsIn(project)).toEqual(["1: PARTS UPDATE", "2: RUNS UPDATE"]);

    await project.write(pair({ event: "ISSUES", subscription: "protect: true" }));
    await project.up();
    await project.write(pair({ event: "STEPS", subscription: "protect: true" }));
    const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).not.toBe(0);
    expect(output).toContain("unable to replace resource");
  });
});

describe.each(CARRIERS)('ignoreChanges: ["*"] (%s)', (carrier) => {
  it('leaves a receiver with "*" as it is in ION, and reverts it once the option is removed', async () => {
    const declared = { receiver: 'description: "declared", headers: { "X-Plant": "7" }' };
    const project = await makeProject({ carrier, files: pair({ ...declared, options: 'ignoreChanges: ["*"]' }) });
    await project.up();
    const { store } = project.emulator;
    store.updateReceiver("1", { description: "by hand", active: false, sharedSecret: "by hand" });
    store.updateHeader("1", { value: "8" });
    await project.preview("--expect-no-changes");
    mutationsIn(project);
    await project.up();
    expect(mutationsIn(project)).toEqual([]);

    // The other resources go on.
    await project.write(pair({ ...declared, options: 'ignoreChanges: ["*"]', event: "RUNS" }));
    await project.up();
    expect(subscriptionsIn(project)).toEqual(["2: RUNS UPDATE"]);
    expect(receiversIn(project)).toEqual([{ id: "1", name: "erp", description: "by hand" }]);

    await project.write(pair({ ...declared, event: "RUNS" }));
    await project.up();
    expect(store.listReceivers()[0]).toMatchObject({ description: "declared", active: true });
    expect(store.listHeaders("1")).toMatchObject([{ value: "7" }]);
    await project.preview("--expect-no-changes");
  });
});

/** Two subscriptions of a component that deletes unmanaged ones, with options, and more of the program. */
const exclusive = (options: string, more = "") =>
  program(`const erp = new ion.WebhookReceiver("erp", { webhookUri: "https://hooks.example/erp" });
new ion.WebhookSubscriptions("erp", { receiver: erp, subscriptions: { RUNS: ["CREATE", "UPDATE"] }, unmanaged: "delete" }, { ${options} });
${more}`);

describe('unmanaged: "delete"', () => {
  it("keeps a subscription whose event a transform changes", async () => {
    const transform = `transforms: [({ props, opts }) =>
      props.resource === "RUNS" && props.action === "UPDATE" ? { props: { ...props, action: "DELETE" }, opts } : undefined]`;
    const project = await makeProject({ files: exclusive(transform) });
    await project.up();
    const before = subscriptionsIn(project);
    expect(before.map((one) => one.slice(3)).sort()).toEqual(["RUNS CREATE", "RUNS DELETE"]);
    mutationsIn(project);
    for (const _run of [1, 2, 3]) await project.up();
    expect([subscriptionsIn(project), mutationsIn(project)]).toEqual([before, []]);
  });

  it("keeps a subscription next to it that ignores its changes, whatever its event is in ION", async () => {
    const one = `new ion.WebhookSubscription("one", { receiver: erp, resource: "PARTS", action: "UPDATE" }, { ignoreChanges: ["*"] });`;
    const project = await makeProject({ files: exclusive("", one) });
    await project.up();
    const { store } = project.emulator;
    const parts = store.listSubscriptions().find(({ resource }) => resource === "PARTS");
    store.updateSubscription(parts?.id ?? "", { resource: "ISSUES" });
    const before = subscriptionsIn(project);
    mutationsIn(project);
    for (const _run of [1, 2, 3]) await project.up();
    expect([subscriptionsIn(project), mutationsIn(project)]).toEqual([before, []]);
    // A subscription that no resource has is still deleted.
    store.createSubscription({ receiverId: "1", resource: "PLANS", action: "UPDATE" });
    for (const _run of [1, 2]) await project.up();
    expect(subscriptionsIn(project)).toEqual(before);
  });
});

describe("ignoreChanges", () => {
  it("leaves one field alone, and reverts the others", async () => {
    const options = 'ignoreChanges: ["description"]';
    const project = await makeProject({ files: pair({ receiver: 'description: "declared"', options }) });
    await project.up();
    project.emulator.store.updateReceiver("1", { description: "by hand", active: false });
    await project.write(pair({ receiver: 'description: "new"', options }));
    await project.up();
    expect(project.emulator.store.listReceivers()[0]).toMatchObject({ description: "by hand", active: true });
    await project.preview("--expect-no-changes");
  });

  it("applies to every resource of a component as a transform", async () => {
    const ignored = `{ transforms: [({ props, opts }) => ({ props, opts: { ...opts, ignoreChanges: ["*"] } })] }`;
    const violet = (options: string) =>
      program(
        `new ion.VioletWebhooks("violet", { webhookUri: "https://hooks.example/v", resources: ["PARTS"] }, ${options});`,
      );
    const project = await makeProject({ files: violet(ignored) });
    await project.up();
    const { store } = project.emulator;
    store.updateReceiver("1", { description: "by hand", contentType: "text/html" });
    store.updateSubscription("1", { action: "DELETE" });
    store.createSubscription({ receiverId: "1", resource: "STEPS", action: "UPDATE" });
    mutationsIn(project);
    for (const _run of [1, 2]) {
      await project.preview("--expect-no-changes");
      await project.up();
    }
    expect(mutationsIn(project)).toEqual([]);

    // Pulumi does not pass the option of a component to its resources.
    await project.write(violet('{ ignoreChanges: ["*"] }'));
    await project.up();
    await project.up();
    expect(store.listReceivers()).toMatchObject([{ description: "", contentType: "application/json" }]);
    expect(
      store
        .listSubscriptions()
        .map(({ action }) => action)
        .sort(),
    ).toEqual(["CREATE", "UPDATE"]);
    await project.preview("--expect-no-changes");
  });
});

describe("id and import", () => {
  it("do not work as pulumi import either", async () => {
    const project = await makeProject({ files: pair() });
    const { code, output } = await project.pulumi(
      "import",
      "--yes",
      "pulumi-nodejs:dynamic/ion:WebhookReceiver",
      "x",
      "1",
    );
    expect(code, output).not.toBe(0);
    expect(output).toContain("code must be a string, not undefined");
  });

  it.each([
    [
      "id of a receiver",
      pair({ options: 'id: "1"' }),
      "set importId. To look one up without managing it, use getWebhookReceiver",
    ],
    ["import of a subscription", pair({ subscription: 'import: "1"' }), "is adopted automatically"],
  ])("are refused: %s", async (_what, files, advice) => {
    const project = await makeProject({ files });
    const { code, output } = await project.pulumi("preview");
    expect(code, output).not.toBe(0);
    expect(output).toMatch(/The option (id|import) of Webhook\w+ "\w+" is not supported\./);
    expect(output).toContain(advice);
    expect(output).not.toMatch(/^\s+at /m);
  });
});
