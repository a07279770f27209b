/** drift over many stacks of the real engine. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/index.ts";
import { openTerminal } from "../support/terminal.ts";
import { makeProject, type Project, ROOT, run } from "./project.ts";

const URI = "https://violet.example/hooks/canary";
const SECRETS = { "ion:clientSecret": "emulator-secret", webhookUri: URI };

/** Adds a stack of another ION environment. */
async function addStack(project: Project, name: string, { graphqlUrl, tokenUrl }: Emulator, passphrase = "test") {
  const env = { ...project.env, PULUMI_CONFIG_PASSPHRASE: passphrase };
  const plain = { "ion:endpoint": graphqlUrl, "ion:authUrl": tokenUrl, "ion:clientId": "emulator" };
  const flags = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  for (const args of [
    ["stack", "init", name, "--no-select"],
    ["config", "set-all", "--stack", name, ...flags("--plaintext", plain), ...flags("--secret", SECRETS)],
  ]) {
    const { code, output } = await run("pulumi", [...args, "--non-interactive"], project.dir, env);
    if (code !== 0) throw new Error(output);
  }
}

it("drift --all-stacks finds the drift of one stack, and prints a row for one whose secrets cannot be read", async () => {
  const project = await makeProject({ folder: "examples/yaml", config: { webhookUri: URI } });
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  await addStack(project, "test-drifted", emulator);
  await addStack(project, "unreadable", emulator, "another passphrase");
  await project.up();
  await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test-drifted");
  emulator.store.deleteSubscription("1");
  const ion = (...args: string[]) =>
    run(
      join(ROOT, "node_modules/.bin/node"),
      [join(ROOT, "provider/bin/pulumi-ion.js"), ...args],
      project.dir,
      project.env,
    );

  const all = await ion("drift", "--all-stacks");
  expect(all.output).toMatchInlineSnapshot(`
    "test          No drift.
    test-drifted  1 missing.
    unreadable    Could not read the Pulumi stack: incorrect passphrase.
    3 stacks checked, 2 with findings. To see them, add --stack <name>.
    "
  `);
  expect(all.code).toBe(1);

  const some = await ion("drift", "--stack", "test*", "--json");
  expect(some.code).toBe(2);
  const { stacks, code } = JSON.parse(some.output);
  expect(code).toBe(2);
  expect(stacks).toMatchObject([
    { stack: "test", code: 0, drift: false, findings: [] },
    { stack: "test-drifted", code: 2, drift: true, findings: [{ kind: "missing", drift: true }] },
  ]);
  expect(all.output + some.output).not.toMatch(/canary|emulator-secret|passphrase"/);

  // On a terminal, progress replaces itself.
  const command = `node ${join(ROOT, "provider/bin/pulumi-ion.js")} drift --stack 'test*'`;
  const terminal = openTerminal(command, project.dir, project.env);
  expect(await terminal.exited).toBe(2);
  expect(terminal.output()).toContain("\r\u001b[2K1 of 2 stacks\r\u001b[2Ktest ");
});
