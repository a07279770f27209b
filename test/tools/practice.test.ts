import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { descendantsOf, killTree } from "../e2e/processes.ts";
import { ROOT, run } from "../e2e/project.ts";
import { deletePartsUpdate } from "../support/byHand.ts";
import { start } from "../support/support.ts";
import { openTerminal } from "../support/terminal.ts";

const TOOL = join(ROOT, "tools/practice.ts");
const NODE = join(ROOT, "node_modules/.bin/node");

/** A folder for practice projects, and the environment of a user who is logged in nowhere. */
async function prepare() {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion practice-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pulumiHome = join(folder, ".pulumi");
  await mkdir(pulumiHome);
  const engines = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions");
  await symlink(engines, join(pulumiHome, "versions"));
  const env: NodeJS.ProcessEnv = { ...process.env, PULUMI_HOME: pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" };
  delete env.PULUMI_BACKEND_URL;
  delete env.PULUMI_CONFIG_PASSPHRASE;
  delete env.npm_config_user_agent;
  env.PATH = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`;
  return { folder, env };
}

/** Starts `npm run practice` and waits until it is ready. */
async function startPractice(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(NODE, [TOOL, ...args], { cwd: ROOT, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const pid = child.pid ?? 0;
  onTestFinished(() => killTree(pid));
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (printed += text));
  const exited = new Promise<number | null>((done) => child.once("close", done));
  const waitFor = (pattern: RegExp) =>
    vi.waitFor(
      () => {
        if (child.exitCode !== null && !pattern.test(printed)) throw new Error(printed);
        expect(printed).toMatch(pattern);
      },
      { timeout: 120_000 },
    );
  await waitFor(/Events appear here:/);
  const [, url = ""] = /ION is at (\S+):/.exec(printed) ?? [];
  return {
    url,
    printed: () => printed,
    /** The commands that it prints: the one that sends an event, and those that show and revert a difference. */
    commands: () => [...printed.matchAll(/^ {2}(\S.*)$/gm)].map(([, command = ""]) => command).slice(-5),
    waitFor,
    async stop() {
      const started = descendantsOf(pid);
      child.kill("SIGINT");
      return { code: await exited, left: started.filter(({ pid }) => isRunning(pid)) };
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it.each(["typescript", "yaml"])(
  "npm run practice starts ION, a project and a receiver; what it prints works when pasted; the next run continues: %s",
  async (language) => {
    const other = await start();
    const { folder, env } = await prepare();
    // Neither of these is used.
    const { graphqlUrl, tokenUrl, clientId, clientSecret } = other;
    const elsewhere = { ION_API_URI: graphqlUrl, ION_AUTH_SERVER: tokenUrl, ION_CLIENT_ID: clientId };
    Object.assign(env, elsewhere, { ION_CLIENT_SECRET: clientSecret });
    const project = join(folder, "my project");

    const first = await startPractice([project, "--language", language], env);
    const [emit = "", ...others] = first.commands();
    const pasted = async (commands: readonly string[]) => {
      const script = commands.join("\n").replace("pulumi up", "pulumi up --yes --skip-preview");
      const { code, output } = await run("bash", ["-e", "-c", script], ROOT, env);
      expect(code, output).toBe(0);
      return output;
    };
    expect(await pasted([emit])).toBe("1 change of PARTS UPDATE: 1 delivery.\n");
    await first.waitFor(/PARTS UPDATE {2}signature/);
    await deletePartsUpdate(first.url);
    expect(await pasted(others.slice(0, -1))).toContain("+ 1 to create");
    expect(await first.stop()).toEqual({ code: 0, left: [] });
    expect(first.printed()).toContain("the next `npm run practice` continues there");

    // What was changed and not reverted is still so, in ION and in the project.
    await writeFile(join(project, "notes.txt"), "mine");
    const again = await startPractice([project], env);
    expect(again.url).toBe(first.url);
    const output = await pasted(again.commands().slice(1));
    expect(output).toContain("+ 1 to create");
    expect(output).toMatch(/\+ 1 created\s+(38|36) unchanged/);
    expect(await pasted([emit])).toContain("1 delivery");
    await again.waitFor(/PARTS UPDATE {2}signature/);

    const twice = await run(NODE, [TOOL, project], ROOT, env);
    expect(twice).toMatchObject({ code: 1, output: expect.stringContaining("runs in another terminal, stop it") });
    expect(await again.stop()).toEqual({ code: 0, left: [] });
    expect(await readFile(join(project, "notes.txt"), "utf8")).toBe("mine");
    expect(existsSync(join(folder, ".pulumi/credentials.json"))).toBe(false);
    expect(other.requests).toEqual([]);
  },
  300_000,
);

it("npm run practice changes no folder that is not its own, and keeps none that is incomplete", async () => {
  const { folder, env } = await prepare();
  const own = join(folder, "own");
  await mkdir(own);
  await writeFile(join(own, "index.ts"), "mine");
  const refused = await run(NODE, [TOOL, own], ROOT, env);
  expect(refused.code).toBe(1);
  expect(refused.output).toContain(
    "own is not a practice project. To use another folder: npm run practice -- <folder>",
  );
  expect(await readFile(join(own, "index.ts"), "utf8")).toBe("mine");

  const failing = join(folder, "failing");
  await mkdir(failing);
  await writeFile(join(failing, "npm"), "#!/bin/sh\necho no network >&2\nexit 1\n", { mode: 0o755 });
  const failed = await run(NODE, [TOOL, join(folder, "new")], ROOT, { ...env, PATH: `${failing}:${env.PATH}` });
  expect(failed.code).toBe(1);
  expect(existsSync(join(folder, "new"))).toBe(false);

  const unknown = await run(NODE, [TOOL, "--language", "go"], ROOT, env);
  expect(unknown.output.trim()).toBe("--language must be typescript or yaml.");
});

it("npm run practice opens the page in a browser on a terminal, unless --no-open is given", async () => {
  const { folder, env } = await prepare();
  const opened = join(folder, "opened");
  await writeFile(join(folder, "xdg-open"), `#!/bin/sh\necho "$1" >> '${opened}'\n`, { mode: 0o755 });
  env.PATH = `${folder}:${env.PATH}`;
  const project = join(folder, "project");
  const practice = (...args: string[]) => openTerminal(`'${NODE}' '${TOOL}' '${project}' ${args.join(" ")}`, ROOT, env);

  const first = practice("--no-open");
  await first.answer(/Events appear here:/, "\u0003");
  expect(await first.exited).toBe(0);
  expect(existsSync(opened)).toBe(false);
  expect(first.output()).not.toContain("export PATH=");

  // The commands in the other terminal run with the user's Node.
  env.npm_config_user_agent = "npm/10.8.2 node/v20.20.2 linux x64 workspaces/false";
  const second = practice();
  await second.answer(/Events appear here:/, "");
  const [, url] = /ION is at (\S+):/.exec(second.output()) ?? [];
  await vi.waitFor(async () => expect(await readFile(opened, "utf8")).toBe(`${url}\n`), { timeout: 20_000 });
  expect(second.output()).toContain(`export PATH=${join(ROOT, "node_modules/.bin")}:$PATH`);
  await second.answer(/^/, "\u0003");
  expect(await second.exited, second.output()).toBe(0);
  // Nothing listens any more.
  const server = createServer();
  await new Promise<void>((done, fail) =>
    server.once("error", fail).listen(Number(new URL(url ?? "").port), "127.0.0.1", done),
  );
  server.close();
}, 180_000);
