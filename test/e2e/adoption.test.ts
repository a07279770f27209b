import { GraphQLClient } from "graphql-request";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { createReceiver, createSubscriptions } from "../emulator/violetGuide.ts";
import { CARRIERS } from "../support/carriers.ts";
import { makeProject, type Project } from "./project.ts";

const URI = "https://violet.example/canary-shown-once";
const violet = (more = "") => ({
  "index.js": `const ion = require("pulumi-ion");
    new ion.VioletWebhooks("violet", { webhookUri: "${URI}", ${more} });`,
});

/** What Violet's customers do by hand: pastes the two mutations of Violet's guide. */
async function pasteGuide(emulator: Emulator) {
  const { tokenUrl, graphqlUrl, clientId, clientSecret } = emulator;
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const answer = (await (await fetch(tokenUrl, { method: "POST", body })).json()) as { access_token: string };
  const client = new GraphQLClient(graphqlUrl, { headers: { authorization: `Bearer ${answer.access_token}` } });
  const created = await client.request<{ createWebhookReceiver: { webhookReceiver: { id: string } } }>(createReceiver, {
    input: { name: "Violet", webhookUri: URI },
  });
  await client.request(
    createSubscriptions.replaceAll('"2"', JSON.stringify(created.createWebhookReceiver.webhookReceiver.id)),
  );
  emulator.requests.length = 0;
}

const mutations = ({ emulator }: Project) =>
  emulator.requests
    .splice(0)
    .flatMap(({ operation, fields }) => (operation?.type === "mutation" ? fields.map(({ field }) => field) : []));

const destroy = (project: Project) => project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test");

const addUnmanaged = ({ emulator }: Project, action = "DELETE") =>
  emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action });

describe("webhooks created by hand with Violet's guide", () => {
  it("adopts webhooks created by hand without a change in ION, and destroys them with the stack", async () => {
    const project = await makeProject({ files: violet() });
    const { emulator } = project;
    await pasteGuide(emulator);
    const before = emulator.store.state();
    await project.up();
    expect(mutations(project)).toEqual([]);
    expect(emulator.store.state()).toEqual(before);
    const adopted = (await project.resources()).filter(({ type }) => /dynamic\/ion:Webhook/.test(type));
    expect(adopted).toHaveLength(35);
    await project.preview("--expect-no-changes");
    expect((await destroy(project)).code).toBe(0);
    expect(emulator.store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });

  it("creates only the missing subscriptions", async () => {
    const project = await makeProject({ files: violet() });
    const { store } = project.emulator;
    await pasteGuide(project.emulator);
    for (const { id } of store.listSubscriptions().slice(0, 3)) store.deleteSubscription(id);
    await project.up();
    expect(mutations(project)).toEqual(Array(3).fill("createWebhookSubscription"));
    await project.preview("--expect-no-changes");
  });

  it("imports a receiver by importId, and pins the omitted URL to its value in ION", async () => {
    const files = (id: string) => ({
      "index.js": `require("pulumi-ion").VioletWebhooks.length;
        new (require("pulumi-ion").VioletWebhooks)("violet", { importId: "${id}", name: "Ours" });`,
    });
    const project = await makeProject({ files: files("1") });
    const { store } = project.emulator;
    await pasteGuide(project.emulator);
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

  it("never adopts a receiver with another name: the error contains its id, or the ids of both candidates", async () => {
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

  it("keeps adopted webhooks in ION if the stack is destroyed with retainOnDelete", async () => {
    const project = await makeProject({
      files: {
        "index.js": `const ion = require("pulumi-ion");
          new ion.VioletWebhooks("violet", { webhookUri: "${URI}" }, { retainOnDelete: true,
            transforms: [({ props, opts }) => ({ props, opts: { ...opts, retainOnDelete: true } })] });`,
      },
    });
    await pasteGuide(project.emulator);
    await project.up();
    expect((await destroy(project)).code).toBe(0);
    expect(project.emulator.store.listSubscriptions()).toHaveLength(34);
  });
});

describe.each(CARRIERS)("the deletion of unmanaged subscriptions (%s)", (carrier) => {
  it("reports unmanaged subscriptions and duplicates, lists them in the next preview, and only then deletes them", async () => {
    const project = await makeProject({ carrier, files: violet() });
    const { store } = project.emulator;
    store.createReceiver({ name: "other", webhookUri: "https://other.example/" });
    await project.up();
    const receiverId = store.listReceivers().find(({ name }) => name === "Violet")?.id ?? "";
    const other = store.createSubscription({ receiverId: "1", resource: "PARTS", action: "DELETE" });
    const added = store.createSubscription({ receiverId, resource: "PARTS", action: "DELETE" });
    const duplicate = store.createSubscription({ receiverId, resource: "PARTS", action: "UPDATE" });
    const descriptions = [`PARTS DELETE (id ${added.id})`, `PARTS UPDATE (id ${duplicate.id})`];

    const reported = await project.preview();
    for (const description of descriptions) expect(reported).toContain(description);
    expect(reported).toContain("+ deletingNext");
    mutations(project);
    await project.up();
    expect(mutations(project)).toEqual([]);

    const listed = await project.preview();
    expect(listed).toContain("+ deleting");
    for (const description of descriptions) expect(listed).toContain(description);
    await project.up();
    expect(mutations(project)).toEqual(["deleteWebhookSubscription", "deleteWebhookSubscription"]);
    expect([added.id, duplicate.id].map((id) => store.findSubscription(id))).toEqual([undefined, undefined]);
    expect(store.findSubscription(other.id)).toEqual(other);
    expect(store.listSubscriptions(receiverId)).toHaveLength(34);
    await project.preview("--expect-no-changes");
  });
});

describe("unmanaged subscriptions", () => {
  it("lists and deletes reported subscriptions also without a refresh", async () => {
    const project = await makeProject({ files: violet() });
    await pasteGuide(project.emulator);
    const { id } = addUnmanaged(project);
    expect(await project.up()).toContain(`PARTS DELETE (id ${id})`);
    await project.up("--refresh=false");
    expect(project.emulator.store.findSubscription(id)).toBeUndefined();
  });

  it("only reports unmanaged subscriptions with unmanaged: report, and ignores them with unmanaged: ignore", async () => {
    for (const [unmanaged, isReported] of [
      ["report", true],
      ["ignore", false],
    ] as const) {
      const project = await makeProject({ files: violet(`unmanaged: "${unmanaged}"`) });
      await project.up();
      const { id } = addUnmanaged(project);
      expect((await project.preview("--expect-no-changes")).includes(`PARTS DELETE (id ${id})`)).toBe(isReported);
      await project.up();
      await project.up();
      expect(project.emulator.store.findSubscription(id)).toBeDefined();
    }
  });

  it("lists reported subscriptions in a preview before it deletes them if unmanaged changes from report to delete", async () => {
    const project = await makeProject({ files: violet('unmanaged: "report"') });
    const { store } = project.emulator;
    await pasteGuide(project.emulator);
    const { id } = addUnmanaged(project);
    await project.up();
    await project.write(violet('unmanaged: "delete"'));
    await project.up();
    expect(store.findSubscription(id)).toBeDefined();
    expect(await project.preview()).toMatch(new RegExp(`\\+ deleting[^]*PARTS DELETE \\(id ${id}\\)`));
    await project.up();
    expect(store.findSubscription(id)).toBeUndefined();
    await project.preview("--expect-no-changes");
  });

  it("keeps subscriptions that the program declares elsewhere", async () => {
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

  it("deletes more than 20 unmanaged subscriptions only if maxDeletions allows it", async () => {
    const withSet = (more = "") => ({
      "index.js": `const ion = require("pulumi-ion");
        new ion.WebhookSubscriptions("set", { receiverId: "1", subscriptions: { PARTS: ["UPDATE"] }, unmanaged: "delete", ${more} });`,
    });
    const project = await makeProject({ files: withSet() });
    const { store } = project.emulator;
    await pasteGuide(project.emulator);
    await project.up();
    const rejected = await project.pulumi("preview", "--stack", "test");
    expect(rejected.code).not.toBe(0);
    expect(rejected.output).toContain("your program does not declare 33 of the 34 subscriptions of receiver");
    expect(rejected.output).toContain("maxDeletions: 33");
    expect(store.listSubscriptions()).toHaveLength(34);
    await project.write(withSet("maxDeletions: 33"));
    await project.up();
    expect(store.listSubscriptions()).toMatchObject([{ resource: "PARTS", action: "UPDATE" }]);
  });
});

describe("an emulator that has forgotten everything", () => {
  it("causes a warning in the preview before up creates anything again", async () => {
    const project = await makeProject({ files: violet() });
    await project.up();
    project.emulator.store.deleteReceiver("1");
    expect(await project.preview()).toContain("The emulator has no webhook receivers");
  });
});

describe("an ION environment with a new URL", () => {
  it("works with the existing stack and ion:formerEndpoint", async () => {
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
      `"ionEndpoint": "${project.emulator.graphqlUrl}"`,
      '"ionEndpoint": "https://old.example/graphql"',
    );
    await writeFile(file, moved);
    await project.pulumi("stack", "import", "--stack", "test", "--file", "state.json");
    const rejected = await project.pulumi("preview", "--stack", "test");
    expect(rejected.output).toMatch(/belongs to .*https:\/\/old\.example\/graphql/);
    await project.pulumi("config", "set", "ion:formerEndpoint", "https://old.example/graphql", "--stack", "test");
    await project.preview("--expect-no-changes", "--run-program");
    await project.up("--run-program");
    await project.pulumi("config", "rm", "ion:formerEndpoint", "--stack", "test");
    await project.preview("--expect-no-changes", "--run-program");
  });
});
