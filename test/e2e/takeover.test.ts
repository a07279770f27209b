import { GraphQLClient } from "graphql-request";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { createReceiver, createSubscriptions } from "../emulator/violetGuide.ts";
import { makeProject, type Project } from "./project.ts";

const URI = "https://violet.example/canary-shown-once";
const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "${URI}", ${more} });`,
});

/** What Violet's customers do today: the guide's two documents, word for word. */
async function pasteTheGuide(emulator: Emulator) {
  const { tokenUrl, graphqlUrl, clientId, clientSecret } = emulator;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const answer = (await (await fetch(tokenUrl, { method: "POST", body })).json()) as { access_token: string };
  const client = new GraphQLClient(graphqlUrl, { headers: { authorization: `Bearer ${answer.access_token}` } });
  const made = await client.request<{ createWebhookReceiver: { webhookReceiver: { id: string } } }>(createReceiver, {
    input: { name: "Violet", webhookUri: URI },
  });
  await client.request(
    createSubscriptions.replaceAll('"2"', JSON.stringify(made.createWebhookReceiver.webhookReceiver.id)),
  );
  emulator.requests.length = 0;
}

const mutations = ({ emulator }: Project) =>
  emulator.requests
    .splice(0)
    .flatMap(({ operation, fields }) => (operation?.type === "mutation" ? fields.map(({ field }) => field) : []));

const destroy = (project: Project) => project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test");

describe("what was made by hand with the guide", () => {
  it("is taken over whole, and destroyed with the stack", async () => {
    const project = await makeProject({ files: violet() });
    const { emulator } = project;
    await pasteTheGuide(emulator);
    const before = emulator.store.state();
    await project.up();
    expect(mutations(project)).toEqual([]);
    expect(emulator.store.state()).toEqual(before);
    const taken = (await project.resources()).filter(({ type }) => /dynamic\/ion:Webhook/.test(type));
    expect(taken).toHaveLength(35);
    await project.preview("--expect-no-changes");
    expect((await destroy(project)).code).toBe(0);
    expect(emulator.store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });

  it("gets only what is missing", async () => {
    const project = await makeProject({ files: violet() });
    const { store } = project.emulator;
    await pasteTheGuide(project.emulator);
    for (const { id } of store.listSubscriptions().slice(0, 3)) store.deleteSubscription(id);
    await project.up();
    expect(mutations(project)).toEqual(Array(3).fill("createWebhookSubscription"));
    await project.preview("--expect-no-changes");
  });

  it("is taken over by importId without the URL, which stays as it is, also when it is changed by hand later", async () => {
    const files = (id: string) => ({
      "index.js": `require("pulumi-ion").VioletWebhooks.length;
        new (require("pulumi-ion").VioletWebhooks)("violet", { importId: "${id}", name: "Ours" });`,
    });
    const project = await makeProject({ files: files("1") });
    const { store } = project.emulator;
    await pasteTheGuide(project.emulator);
    await project.up();
    expect(mutations(project)).toEqual([]);
    await project.up();
    expect(store.listReceivers()).toMatchObject([{ name: "Ours", webhookUri: URI }]);
    store.updateReceiver("1", { webhookUri: "https://elsewhere.example/" });
    expect(await project.preview()).toContain('"webhookUri"');
    await project.up();
    expect(store.listReceivers()).toMatchObject([{ webhookUri: URI }]);
    await project.preview("--expect-no-changes");
  });

  it("is named with its id where it has another name, and never guessed between two", async () => {
    const project = await makeProject({ files: violet() });
    const { store } = project.emulator;
    store.createReceiver({ name: "by hand", webhookUri: URI });
    const first = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(first.output).toContain('add importId: "1"');
    store.createReceiver({ name: "Violet", webhookUri: URI });
    const second = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(second.output).toMatch(/2 webhook receivers .*"by hand" \(id 1\), "Violet" \(id 2\)/);
    for (const { code, output } of [first, second]) {
      expect(code).not.toBe(0);
      expect(output).not.toContain("canary");
    }
    expect(mutations(project)).toEqual([]);
  });

  it("stays when the stack is destroyed with retainOnDelete", async () => {
    const project = await makeProject({
      files: {
        "index.js": `const ion = require("pulumi-ion");
          new ion.VioletWebhooks("violet", { webhookUri: "${URI}" }, { retainOnDelete: true,
            transforms: [({ props, opts }) => ({ props, opts: { ...opts, retainOnDelete: true } })] });`,
      },
    });
    await pasteTheGuide(project.emulator);
    await project.up();
    expect((await destroy(project)).code).toBe(0);
    expect(project.emulator.store.listSubscriptions()).toHaveLength(34);
  });
});

describe("subscriptions that nobody declared", () => {
  const extra = ({ emulator }: Project, action = "DELETE") =>
    emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action });

  it("are named when met, listed by the next preview, and only then ended by up; twins as well", async () => {
    const project = await makeProject({ files: violet() });
    const { store } = project.emulator;
    store.createReceiver({ name: "other", webhookUri: "https://other.example/" });
    await project.up();
    const receiverId = store.listReceivers().find(({ name }) => name === "Violet")?.id ?? "";
    const other = store.createSubscription({ receiverId: "1", resource: "PARTS", action: "DELETE" });
    const added = store.createSubscription({ receiverId, resource: "PARTS", action: "DELETE" });
    const twin = store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
    const names = [`PARTS DELETE (id ${added.id})`, `PARTS UPDATE (id ${twin.id})`];

    const met = await project.preview();
    for (const name of names) expect(met).toContain(name);
    expect(met).toContain("+ removeNext");
    mutations(project);
    await project.up();
    expect(mutations(project)).toEqual([]);

    const listed = await project.preview();
    expect(listed).toContain("- removeNext");
    for (const name of names) expect(listed).toContain(name);
    await project.up();
    expect(mutations(project)).toEqual(["deleteWebhookSubscription", "deleteWebhookSubscription"]);
    expect([added.id, twin.id].map((id) => store.findSubscription(id))).toEqual([undefined, undefined]);
    expect(store.findSubscription(other.id)).toEqual(other);
    expect(store.listSubscriptions(receiverId)).toHaveLength(34);
    await project.preview("--expect-no-changes");
  });

  it("are listed and ended without a refresh, too, once an up has named them", async () => {
    const project = await makeProject({ files: violet() });
    await pasteTheGuide(project.emulator);
    const { id } = extra(project);
    expect(await project.up()).toContain(`PARTS DELETE (id ${id})`);
    await project.up("--refresh=false");
    expect(project.emulator.store.findSubscription(id)).toBeUndefined();
  });

  it("are only named under report, and not looked for under ignore", async () => {
    for (const [unmanaged, named] of [
      ["report", true],
      ["ignore", false],
    ] as const) {
      const project = await makeProject({ files: violet(`unmanaged: "${unmanaged}"`) });
      await project.up();
      const { id } = extra(project);
      expect((await project.preview("--expect-no-changes")).includes(`PARTS DELETE (id ${id})`)).toBe(named);
      await project.up();
      await project.up();
      expect(project.emulator.store.findSubscription(id)).toBeDefined();
    }
  });

  it("under remove instead of report, are listed by a preview of their own before they are ended", async () => {
    const project = await makeProject({ files: violet('unmanaged: "report"') });
    const { store } = project.emulator;
    await pasteTheGuide(project.emulator);
    const { id } = extra(project);
    await project.up();
    await project.write(violet('unmanaged: "delete"'));
    await project.up();
    expect(store.findSubscription(id)).toBeDefined();
    expect(await project.preview()).toMatch(new RegExp(`- removeNext[^]*PARTS DELETE \\(id ${id}\\)`));
    await project.up();
    expect(store.findSubscription(id)).toBeUndefined();
    await project.preview("--expect-no-changes");
  });

  it("are not what the program declares elsewhere for that receiver, further down or in another set", async () => {
    const project = await makeProject({
      files: {
        "index.js": `const ion = require("pulumi-ion");
          const violet = new ion.VioletWebhooks("violet", { webhookUri: "${URI}", resources: ["PARTS"] });
          new ion.WebhookSubscriptions("more", { receiverId: violet.receiver.id, subscriptions: { RUNS: ["DELETE"] }, unmanaged: "delete" });
          new ion.WebhookSubscription("one", { receiverId: violet.receiver.id, resource: "STEPS", action: "DELETE" });`,
      },
    });
    await project.up();
    await project.preview("--expect-no-changes");
    expect(project.emulator.store.listSubscriptions()).toHaveLength(4);
  });

  it("are not ended where that is every one there is, or more than 20, unless maxDeletions says so", async () => {
    const set = (more = "") => ({
      "index.js": `const ion = require("pulumi-ion");
        new ion.WebhookSubscriptions("set", { receiverId: "1", subscriptions: { PARTS: ["UPDATE"] }, unmanaged: "delete", ${more} });`,
    });
    const project = await makeProject({ files: set() });
    const { store } = project.emulator;
    await pasteTheGuide(project.emulator);
    await project.up();
    const refused = await project.pulumi("preview", "--stack", "test");
    expect(refused.code).not.toBe(0);
    expect(refused.output).toContain("33 of the 34 subscriptions of webhook receiver 1 are not declared");
    expect(refused.output).toContain("maxDeletions: 33");
    expect(store.listSubscriptions()).toHaveLength(34);
    await project.write(set("maxDeletions: 33"));
    await project.up();
    expect(store.listSubscriptions()).toMatchObject([{ resource: "PARTS", action: "UPDATE" }]);
  });
});

describe("a key that sees no receiver", () => {
  it("is said to, in words, before anything is made again", async () => {
    const project = await makeProject({ files: violet() });
    await project.up();
    project.emulator.store.deleteReceiver("1");
    expect(await project.preview()).toContain("ION shows this API key no webhook receiver at all");
  });
});

describe("an ION under a new name", () => {
  it("is the same with ion:formerEndpoint", async () => {
    const project = await makeProject({ files: violet('resources: ["PARTS"]') });
    await project.up();
    const exported = await project.pulumi(
      "stack",
      "export",
      "--stack",
      "test",
      "--show-secrets",
      "--file",
      "state.json",
    );
    expect(exported.code).toBe(0);
    const { readFile, writeFile } = await import("node:fs/promises");
    const file = `${project.dir}/state.json`;
    const moved = (await readFile(file, "utf8")).replaceAll(
      '"ionEndpoint": "loopback"',
      '"ionEndpoint": "https://old.example/graphql"',
    );
    await writeFile(file, moved);
    await project.pulumi("stack", "import", "--stack", "test", "--file", "state.json");
    const refused = await project.pulumi("preview", "--stack", "test");
    expect(refused.output).toContain("lives in the ION at https://old.example/graphql");
    await project.pulumi("config", "set", "ion:formerEndpoint", "https://old.example/graphql", "--stack", "test");
    await project.preview("--expect-no-changes", "--run-program");
    await project.up("--run-program");
    await project.pulumi("config", "rm", "ion:formerEndpoint", "--stack", "test");
    await project.preview("--expect-no-changes", "--run-program");
  });
});
