/** The plugin outside the repository: as a user installs it, without npm. */
import { mkdir, readFile, symlink } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { writeArchive } from "../../tools/pluginArchive.ts";
import { CANARY } from "../support/support.ts";
import { makeProject, type Project, ROOT, testShortLifecycle } from "./project.ts";

const URI = `https://erp.example/${CANARY}`;

/** The example in YAML without npm: an empty plugin folder, and Pulumi and Node on PATH. */
async function makeInstallation(): Promise<{ project: Project; program: string }> {
  const example = await readFile(join(ROOT, "examples/yaml/Pulumi.yaml"), "utf8");
  const program = example.replace(/^plugins:\n(?: .*\n)+/m, "");
  expect(program).not.toContain("node_modules");
  const files = { "Pulumi.yaml": program };
  const project = await makeProject({ files, nodeModules: null, config: { webhookUri: URI } });
  const { dir, env } = project;
  const [home, bin] = [join(dir, "home"), join(dir, "bin")];
  await mkdir(home);
  await mkdir(bin);
  await symlink(join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions"), join(home, "versions"));
  await symlink(join(ROOT, "node_modules/pulumi/run.js"), join(bin, "pulumi"));
  const others = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  env.PATH = [bin, dirname(process.execPath), ...others].join(delimiter);
  env.PULUMI_HOME = home;
  return { project, program };
}

it("the plugin is installed from the archive of a release, and runs the example in YAML without npm", async () => {
  const { project, program } = await makeInstallation();
  const { version } = JSON.parse(await readFile(join(ROOT, "provider/package.json"), "utf8")) as { version: string };
  const archive = join(project.dir, "plugin.tar.gz");
  writeArchive(archive);
  const installed = await project.pulumi("plugin", "install", "resource", "ion", `v${version}`, "--file", archive);
  expect(installed.code, installed.output).toBe(0);
  const { store } = project.emulator;
  await testShortLifecycle(project, async () => {
    expect(store.listReceivers()).toMatchObject([{ name: "erp", webhookUri: URI }]);
    expect(store.listSubscriptions()).toHaveLength(2);
    // What `pulumi package add` records.
    await project.write({ "Pulumi.yaml": `${program}packages:\n  ion: ion@${version}\n` });
  });

  // An error refers to a page that was installed with the plugin.
  await project.emulator.close();
  const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
  expect(code, output).not.toBe(0);
  const [, page = ""] = /^ *Help: (\S+)#could-not-reach-ion-at$/m.exec(output) ?? [];
  expect(page, output).toContain(join(project.dir, "home/plugins"));
  expect(await readFile(page, "utf8")).toContain("### `Could not reach ION at …`");
});
