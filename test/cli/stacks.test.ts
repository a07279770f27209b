/** The commands with a real stack and the real engine. */
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../provider/src/cli/drift/detect.ts";
import { findSettings } from "../../provider/src/cli/settings.ts";
import type { Terminal } from "../../provider/src/cli/terminal.ts";
import { makeProject, type Project, ROOT, run } from "../e2e/project.ts";
import { start } from "../support/support.ts";
import { cli, envOf, type Ran } from "./run.ts";

const URI = "https://violet.example/canary-shown-once";
const PROGRAM = `const ion = require("pulumi-ion");
  const pulumi = require("@pulumi/pulumi");
  const staging = pulumi.getStack() === "staging";
  new ion.VioletWebhooks("violet", {
    webhookUri: "https://violet.example/canary-" + pulumi.getStack(),
    description: staging ? "for trying" : "the real one",
    headers: { "X-Plant": "canary-header" },
    resources: staging ? ["PARTS", "RUNS"] : ["PARTS"],
  });`;

const runIn = (project: Project, ...args: string[]) => cli(args, { cwd: project.dir, env: project.env });
const mutations = ({ emulator }: Project) =>
  emulator.requests.filter(({ operation }) => operation?.type === "mutation").length;
const stateOf = async (project: Project) => (await project.pulumi("stack", "export", "--stack", "test")).output;

describe("with a stack", () => {
  it("drift and status report what differs, and change nothing", async () => {
    const erp = `new ion.WebhookReceiver("erp", { webhookUri: "https://erp.example/canary", connection: "plant-b" });`;
    const project = await makeProject({ files: { "index.js": `${PROGRAM}\n${erp}` } });
    const other = await start();
    for (const [name, value] of Object.entries(envOf(other))) project.env[name.replace("ION_", "ION_PLANT_B_")] = value;
    const { store } = project.emulator;
    await project.up();
    const state = await stateOf(project);
    project.emulator.requests.length = 0;

    const clean = await runIn(project, "drift", "--stack", "test");
    expect(clean.out).toMatch(
      /\(stack test\): 1 receiver and 2 subscriptions declared\nION at .* \(stack test, connection plant-b\): 1 receiver and 0 subscriptions declared\nNo drift\.$/,
    );
    expect(clean).toMatchObject({ code: 0, err: "" });

    const { used } = await findSettings({ stack: "test" }, { cwd: project.dir, env: project.env } as Terminal);
    expect(used).toEqual(
      ["endpoint", "authUrl", "clientId", "clientSecret"].map((key) => ({ key, name: `ion:${key}`, origin: "config" })),
    );

    const [receiver] = store.listReceivers();
    const [deleted, duplicated] = store.listSubscriptions();
    if (!receiver || !deleted || !duplicated) throw new Error("Nothing was created.");
    store.deleteSubscription(deleted.id);
    store.createSubscription({ receiverId: receiver.id, resource: duplicated.resource, action: duplicated.action });
    store.createSubscription({ receiverId: receiver.id, resource: "PARTS", action: "DELETE" });
    store.updateReceiver(receiver.id, { active: false, webhookUri: "https://elsewhere.example/canary-now" });
    other.store.updateReceiver("1", { expectedResponseCode: 204 });
    // Without --stack, the selected stack is used.
    const drifted = await runIn(project, "drift", "--json");
    expect(drifted.code, drifted.err).toBe(2);
    const { findings, ...rest } = JSON.parse(drifted.out);
    expect(rest).toEqual({
      stack: "test",
      drift: true,
      environments: [
        { environment: project.emulator.graphqlUrl, declared: { receivers: 1, subscriptions: 2 } },
        { environment: other.graphqlUrl, connection: "plant-b", declared: { receivers: 1, subscriptions: 0 } },
      ],
    });
    const found = findings.map((one: Finding) => [one.kind, one.fields?.join() ?? `${one.resource} ${one.action}`]);
    expect(found).toEqual([
      ["changed", "webhookUri"],
      ["changed", "active"],
      ["missing", `${deleted.resource} ${deleted.action}`],
      ["duplicate", `${duplicated.resource} ${duplicated.action}`],
      ["unmanaged", "PARTS DELETE"],
      ["changed", "expectedResponseCode"],
    ]);
    const one = await runIn(project, "drift", "--connection", "plant-b");
    expect(one.code).toBe(2);
    expect(one.out).toContain(
      'plant-b: Receiver "erp" (id 1): expectedResponseCode is 204 in ION and 200 in the stack.',
    );
    expect(one.out).toContain("1 changed.");

    const shown = await runIn(project, "status", "--stack", "test");
    for (const text of [
      "+DELETE",
      `!${deleted.action}`,
      `2x${duplicated.action}`,
      "inactive",
      "--connection plant-b",
    ]) {
      expect(shown.out).toContain(text);
    }
    expect(drifted.out + drifted.err + shown.out + shown.err).not.toContain("canary");
    expect(await stateOf(project)).toBe(state);
    expect(mutations(project)).toBe(0);
    // What drift calls drift, a preview shows.
    const preview = await project.pulumi("preview", "--expect-no-changes", "--stack", "test");
    expect(preview.code).not.toBe(0);
  });

  it("drift compares two stacks, and explains why it cannot", async () => {
    const project = await makeProject({ files: { "index.js": PROGRAM } });
    const { dir, env } = project;
    const refused = async (text: RegExp, ran: Promise<Ran>) => {
      const { code, out, err } = await ran;
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(text);
    };
    await refused(/Stack test declares no webhook receiver .*\n.*`pulumi up`/, runIn(project, "drift"));
    await refused(/no stack named 'nope' found\.\n.*`pulumi stack ls`/, runIn(project, "drift", "--stack", "nope"));
    await refused(/The folder .*nowhere does not exist/, runIn(project, "drift", "--cwd", "nowhere"));
    const locked = { ...env, PULUMI_CONFIG_PASSPHRASE: "other" };
    await refused(/incorrect passphrase.*\n.*PULUMI_CONFIG_PASSPHRASE/, cli(["status"], { cwd: dir, env: locked }));
    await mkdir(join(dir, "none"));
    const unselected = { ...env, PULUMI_BACKEND_URL: `file://${join(dir, "none")}` };
    await refused(
      /No Pulumi stack is selected\.\n.*--stack.*--no-stack/,
      cli(["status"], { cwd: dir, env: unselected }),
    );

    await project.up();
    for (const args of [
      ["stack", "init", "staging", "--copy-config-from", "test"],
      ["up", "--yes", "--skip-preview", "--stack", "staging"],
    ]) {
      const done = await run("pulumi", [...args, "--non-interactive"], dir, env);
      expect(done.code, done.output).toBe(0);
    }
    const compared = await runIn(project, "drift", "--compare", "staging", "test");
    expect(compared.code, compared.err).toBe(2);
    expect(compared.out).toContain('"Violet": description is "for trying" in staging and "the real one" in test.');
    expect(compared.out).toContain('"Violet": subscription RUNS UPDATE is in staging but not in test.');
    // The selected stack is the same as before.
    expect((await run("pulumi", ["stack", "--show-name", "--non-interactive"], dir, env)).output.trim()).toBe(
      "staging",
    );
    expect(compared.out).not.toContain("canary");
  });
});

describe("an exported program", () => {
  it("imports what exists and changes nothing", async () => {
    const project = await makeProject({ files: { "index.js": "" } });
    const { store } = project.emulator;
    const violet = store.createReceiver({ name: "Violet", webhookUri: URI, sharedSecret: "canary-secret" });
    for (const resource of ["PARTS", "RUNS", "ISSUES"]) {
      store.createSubscription({ receiverId: violet.id, resource, action: "CREATE" });
      if (resource !== "RUNS") store.createSubscription({ receiverId: violet.id, resource, action: "UPDATE" });
    }
    const other = store.createReceiver({
      name: `ERP "7" \`\${process.exit(1)}\` \u2028\n// 🏭`,
      webhookUri: "https://erp.example/canary",
      description: "line\nbreak",
      active: false,
      expectedResponseCode: 204,
      contentType: "application/cloudevents+json",
    });
    store.createHeader({ key: "X-Plant", value: "canary-header", receiverId: other.id });
    store.createSubscription({ receiverId: other.id, resource: "PARTS", action: "DELETE" });
    const before = store.state();

    const exported = await runIn(project, "export", "--out", "program");
    expect(exported.code, exported.err).toBe(0);
    const dir = join(project.dir, "program");
    await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
    const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], dir, project.env);
    const { graphqlUrl, tokenUrl, clientId, clientSecret } = project.emulator;
    await pulumi("stack", "init", "dev");
    const plain = { "ion:endpoint": graphqlUrl, "ion:authUrl": tokenUrl, "ion:clientId": clientId };
    const pairs = Object.entries(plain).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    await pulumi("config", "set-all", ...pairs, "--secret", `ion:clientSecret=${clientSecret}`);
    const up = await pulumi("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    const preview = await pulumi("preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
    expect(store.state()).toEqual(before);
    expect(mutations(project)).toBe(0);
    // What the printed commands set is what the program reads.
    const key = /config set --secret (violet\w+Uri)$/m.exec(exported.out)?.[1] ?? "";
    const path = /config set --secret --path '(.*)'$/m.exec(exported.out)?.[1] ?? "";
    for (const args of [
      ["--secret", key, `${URI}-other`],
      ["--secret", "--path", path, "canary-other"],
    ]) {
      const set = await pulumi("config", "set", ...args);
      expect(set.code, set.output).toBe(0);
    }
    const set = await pulumi("preview", "--diff");
    expect(set.output).toMatch(/~ 2 to update/);
    expect(set.output).toMatch(/\+ webhookUri +: \[secret\]/);
    expect(set.output).toMatch(/\+ headers +: \[secret\]/);
    const files = ["index.ts", "Pulumi.yaml", "package.json", "tsconfig.json"];
    const written = await Promise.all(files.map((file) => readFile(join(dir, file), "utf8")));
    expect(written.join() + exported.out + exported.err).not.toContain("canary");
  });
});
