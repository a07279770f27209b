/** The commands beside a real stack of the real engine. */
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Finding } from "../../provider/cli/drift/detect.ts";
import { findSettings } from "../../provider/cli/settings.ts";
import type { Terminal } from "../../provider/cli/terminal.ts";
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

const beside = (project: Project, ...args: string[]) => cli(args, { cwd: project.dir, env: project.env });
const mutations = ({ emulator }: Project) =>
  emulator.requests.filter(({ operation }) => operation?.type === "mutation").length;
const stateOf = async (project: Project) => (await project.pulumi("stack", "export", "--stack", "test")).output;

describe("beside a stack", () => {
  it("drift says what differs, in words, and writes nothing", async () => {
    const erp = `new ion.WebhookReceiver("erp", { webhookUri: "https://erp.example/canary", connection: "plant-b" });`;
    const project = await makeProject({ files: { "index.js": `${PROGRAM}\n${erp}` } });
    const other = await start();
    for (const [name, value] of Object.entries(envOf(other))) project.env[name.replace("ION_", "ION_PLANT_B_")] = value;
    const { store } = project.emulator;
    await project.up();
    const state = await stateOf(project);
    project.emulator.requests.length = 0;

    const clean = await beside(project, "drift", "--stack", "test");
    expect(clean.out).toMatch(
      /\(stack test\), 1 receiver and 2 subscriptions declared; ION at .* \(stack test, connection plant-b\), 1 receiver and 0 subscriptions declared\. No drift\.$/,
    );
    expect(clean).toMatchObject({ code: 0, err: "" });

    const { sources } = await findSettings({ stack: "test" }, { cwd: project.dir, env: project.env } as Terminal);
    expect(sources).toEqual(
      ["endpoint", "authUrl", "clientId", "clientSecret"].map((key) => ({ name: `ion:${key}`, from: "stack test" })),
    );

    const [receiver] = store.listReceivers();
    const [gone, twice] = store.listSubscriptions();
    if (!receiver || !gone || !twice) throw new Error("There is nothing.");
    store.deleteSubscription(gone.id);
    store.createSubscription({ receiverId: receiver.id, resource: twice.resource, action: twice.action });
    store.createSubscription({ receiverId: receiver.id, resource: "PARTS", action: "DELETE" });
    store.updateReceiver(receiver.id, { active: false, webhookUri: "https://elsewhere.example/canary-now" });
    other.store.updateReceiver("1", { expectedResponseCode: 204 });
    // The selected stack is taken where none is named.
    const drifted = await beside(project, "drift", "--json");
    expect(drifted.code, drifted.err).toBe(2);
    const { findings, ...rest } = JSON.parse(drifted.out);
    expect(rest).toEqual({
      stack: "test",
      drift: true,
      ions: [
        { ion: "loopback", declared: { receivers: 1, subscriptions: 2 } },
        { ion: "loopback (plant-b)", connection: "plant-b", declared: { receivers: 1, subscriptions: 0 } },
      ],
    });
    const told = findings.map((one: Finding) => [one.kind, one.fields ?? `${one.resource} ${one.action}`]);
    expect(told).toEqual([
      ["changed", ["active", "webhookUri"]],
      ["missing", `${gone.resource} ${gone.action}`],
      ["twin", `${twice.resource} ${twice.action}`],
      ["extra", "PARTS DELETE"],
      ["changed", ["expectedResponseCode"]],
    ]);
    const one = await beside(project, "drift", "--connection", "plant-b");
    expect(one.code).toBe(2);
    expect(one.out).toContain('plant-b: "erp" (id 1): expectedResponseCode is 204, declared 200.');
    expect(one.out).toContain("1 difference:");

    const shown = await beside(project, "status", "--stack", "test");
    for (const words of [
      "+DELETE",
      `!${gone.action}`,
      `2x${twice.action}`,
      "inactive: ION sends it nothing",
      "with --connection plant-b.",
    ]) {
      expect(shown.out).toContain(words);
    }
    expect(drifted.out + drifted.err + shown.out + shown.err).not.toContain("canary");
    expect(await stateOf(project)).toBe(state);
    expect(mutations(project)).toBe(0);
    // What drift calls drift, a preview shows.
    const preview = await project.pulumi("preview", "--expect-no-changes", "--stack", "test");
    expect(preview.code).not.toBe(0);
  });

  it("drift compares two stacks, and says what keeps it from looking", async () => {
    const project = await makeProject({ files: { "index.js": PROGRAM } });
    const { dir, env } = project;
    const refused = async (words: RegExp, ran: Promise<Ran>) => {
      const { code, out, err } = await ran;
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toMatch(words);
    };
    await refused(/Stack test has no webhook receiver .*`pulumi up`/, beside(project, "drift"));
    await refused(/no stack named 'nope' found\. .*`pulumi stack ls`/, beside(project, "drift", "--stack", "nope"));
    await refused(/There is no folder .*nowhere/, beside(project, "drift", "--cwd", "nowhere"));
    const locked = { ...env, PULUMI_CONFIG_PASSPHRASE: "other" };
    await refused(/incorrect passphrase/, cli(["status"], { cwd: dir, env: locked }));
    await mkdir(join(dir, "none"));
    const unselected = { ...env, PULUMI_BACKEND_URL: `file://${join(dir, "none")}` };
    await refused(/no stack selected.*--stack.*--no-stack/, cli(["status"], { cwd: dir, env: unselected }));

    await project.up();
    for (const args of [
      ["stack", "init", "staging", "--copy-config-from", "test"],
      ["up", "--yes", "--skip-preview", "--stack", "staging"],
    ]) {
      const done = await run("pulumi", [...args, "--non-interactive"], dir, env);
      expect(done.code, done.output).toBe(0);
    }
    const compared = await beside(project, "drift", "--compare", "staging", "test");
    expect(compared.code, compared.err).toBe(2);
    expect(compared.out).toContain('"Violet": description is "for trying" in staging and "the real one" in test.');
    expect(compared.out).toContain('"Violet" is subscribed to RUNS UPDATE in staging and not in test.');
    expect(compared.out).not.toContain("canary");
  });
});

describe("an exported program", () => {
  it("takes over what there is and changes nothing", async () => {
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

    const exported = await beside(project, "export", "--out", "program");
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
