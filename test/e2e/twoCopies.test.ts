/** A program with two copies of the package, as pnpm installs them if a library resolves another version of a dependency. */
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { makeProject, ROOT } from "./project.ts";

/** Installs a library with its own copy of pulumi-ion, and `packages` in the project. */
async function installLibrary(dir: string, packages = ["@pulumi", "pulumi-ion"]): Promise<void> {
  const library = join(dir, "node_modules/lib");
  const copy = join(library, "node_modules/pulumi-ion");
  await mkdir(copy, { recursive: true });
  for (const part of ["dist", "package.json"])
    await cp(join(ROOT, "provider", part), join(copy, part), { recursive: true });
  const installed = join(ROOT, "node_modules");
  for (const name of packages) await symlink(join(installed, name), join(dir, "node_modules", name));
  // The copy is a real folder, so its own dependencies are not found from there.
  for (const name of ["@pulumi", "p-limit", "p-retry", "graphql", "graphql-request", "zod", "leven", "dataloader"]) {
    await symlink(join(installed, name), join(library, "node_modules", name));
  }
}

const FILES = {
  "node_modules/lib/index.js": `const ion = require("pulumi-ion");
exports.copy = ion.WebhookSubscription;
exports.subscribe = (receiverId) => new ion.WebhookSubscription("also-runs", { receiverId, resource: "RUNS", action: "UPDATE" });`,
  "index.js": `const ion = require("pulumi-ion");
const lib = require("lib");
if (lib.copy === ion.WebhookSubscription) throw new Error("The library has no copy of its own.");
const violet = new ion.VioletWebhooks("violet", { webhookUri: "https://hooks.example/violet", resources: ["PARTS"] });
lib.subscribe(violet.receiverId);`,
};

it("never deletes what a library with its own copy of the package declares", async () => {
  const project = await makeProject({ files: {}, nodeModules: null });
  await installLibrary(project.dir);
  await project.write(FILES);
  const { store } = project.emulator;
  const events = () => store.listSubscriptions().map(({ id, resource, action }) => `${resource} ${action} (id ${id})`);
  await project.up();
  const created = events();
  expect(created.map((event) => event.replace(/ \(.*/, "")).sort()).toEqual([
    "PARTS CREATE",
    "PARTS UPDATE",
    "RUNS UPDATE",
  ]);
  for (const _run of [2, 3, 4, 5]) {
    expect(await project.up()).not.toContain("RUNS UPDATE");
    expect(events()).toEqual(created);
  }
  await project.preview("--expect-no-changes");
});

it("rejects a subscription that both copies declare", async () => {
  const project = await makeProject({ files: {}, nodeModules: null });
  await installLibrary(project.dir);
  await project.write({ ...FILES, "index.js": FILES["index.js"].replace('["PARTS"]', '["RUNS"]') });
  const { code, output } = await project.pulumi("up", "--yes", "--skip-preview");
  expect(code, output).not.toBe(0);
  expect(output).toMatch(
    /"also-runs" and "violet-RUNS-UPDATE" declare the same|"violet-RUNS-UPDATE" and "also-runs" declare the same/,
  );
  expect(project.emulator.store.listSubscriptions().length).toBeLessThan(3);
});

it("rejects a receiver that one copy declares as a dynamic resource and the other over the plugin", async () => {
  const project = await makeProject({ files: {}, nodeModules: null });
  await installLibrary(project.dir);
  const declare = (from: string) =>
    `new (require("${from}").WebhookReceiver)("erp", { webhookUri: "https://hooks.example/erp" });`;
  await project.write({
    "Pulumi.yaml": `name: project\nruntime: nodejs\nplugins: {providers: [{name: ion, path: ${join(ROOT, "provider/bin")}}]}\n`,
    "node_modules/lib/index.js": `exports.declare = () => ${declare("pulumi-ion/native")}`,
  });
  const [own, others] = [declare("pulumi-ion"), 'require("lib").declare();'];
  for (const order of [own + others, others + own]) {
    await project.write({ "index.js": order });
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code, output).not.toBe(0);
    expect(output).toContain('"erp" and "erp" declare the same webhookUri.');
  }
});

it("says where to install the package if only a library has it", async () => {
  const project = await makeProject({ files: {}, nodeModules: null });
  await installLibrary(project.dir, ["@pulumi"]);
  await project.write({ ...FILES, "index.js": 'require("lib").subscribe("1");' });
  const { code, output } = await project.pulumi("preview");
  expect(code, output).not.toBe(0);
  expect(output).toContain("Cannot find module 'pulumi-ion/dynamic'");
  expect(output).toContain("Add it to the dependencies of the package.json in that folder");
});
