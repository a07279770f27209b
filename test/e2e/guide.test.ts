import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { deletePartsUpdate } from "../support/byHand.ts";
import { start } from "../support/support.ts";
import { killTree } from "./processes.ts";
import { ROOT, run } from "./project.ts";

const GUIDE = "docs/importing.md";
const LOCKS = "state/.pulumi/locks/organization/ion-webhooks/dev";

const runtime = (option: string) =>
  `sed -i 's|^runtime: .*|runtime: {name: nodejs, options: {${option}}}|' Pulumi.yaml`;

/** Pulumi's own errors in the troubleshooting guide, each with a command that causes it. */
const PULUMI_ERRORS = {
  "passphrase must be set": "unset PULUMI_CONFIG_PASSPHRASE; pulumi preview",
  "incorrect passphrase": "PULUMI_CONFIG_PASSPHRASE=wrong pulumi preview",
  "no stack named": "pulumi preview --stack nowhere",
  "the stack is currently locked": `mkdir -p ${LOCKS}; echo "{}" > ${LOCKS}/1.json; pulumi destroy --yes; e=$?; rm ${LOCKS}/1.json; exit $e`,
  "Cannot find module 'pulumi-ion/dynamic'": "pulumi destroy --yes --skip-preview",
  "is not supported in strip-only mode": `${runtime("typescript: false")}; echo "enum E { A }" >> index.ts; pulumi preview --refresh=false`,
  "no folder at path": `printf 'plugins: {providers: [{name: ion, path: node_modules/pulumi-ion/bin}]}' >> Pulumi.yaml; pulumi preview`,
};

const blocks = (page: string, language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, block = ""]) => block);

it("the import guide, executed block by block, leads from objects created by hand to a clean preview", async () => {
  const page = await readFile(join(ROOT, GUIDE), "utf8");
  const emulator = await start();
  const { store, requests } = emulator;
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-guide-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const modules = join(folder, "node_modules");
  await symlink(join(ROOT, "node_modules"), modules);

  const byHand = blocks(page, "graphql");
  expect(byHand).toHaveLength(1);
  await runMutation(byHand[0] ?? "", emulator);
  const before = store.state();
  requests.length = 0;

  // Each block continues in the folder and with the variables of the previous one.
  const [emulatorBlock, ...rest] = blocks(page, "sh");
  expect(emulatorBlock).toContain("npm run emulator");
  const tail = "\npwd > $STATE.cwd; export -p > $STATE";
  const env = {
    ...process.env,
    STATE: join(folder, "shell"),
    PATH: `${join(ROOT, "provider/bin")}:${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
  };
  const execute = async (block: string) => {
    const script = block
      .replaceAll("http://127.0.0.1:8787", emulator.url)
      .replaceAll("npx --no-install pulumi-ion ", "pulumi-ion.js ")
      .replaceAll("npx ", "")
      // Answers the prompts.
      .replaceAll("pulumi up", "pulumi up --yes --skip-preview")
      .replace(/^(pulumi config set --secret .*)$/gm, `$1 <<< "$ION_CLIENT_SECRET"`);
    const head = "if [ -f $STATE ]; then . $STATE; cd $(cat $STATE.cwd); fi\n";
    const outcome = await run("bash", ["-e", "-c", head + script + tail], folder, env);
    expect(outcome.code, `${script}\n${outcome.output}`).toBe(0);
    expect(outcome.output).not.toContain("shown/once");
    return outcome.output;
  };
  const mutations = () => requests.splice(0).filter(({ operation }) => operation?.type === "mutation");

  const printed: string[] = [];
  for (const block of rest.slice(0, -1)) printed.push(await execute(block));
  expect(printed.join("")).toContain("2xUPDATE");
  // Everything is adopted, and ION is unchanged.
  expect(mutations()).toEqual([]);
  expect(store.state()).toEqual(before);

  const program = join(folder, "try/index.ts");
  await writeFile(program, (await readFile(program, "utf8")).replace('unmanaged: "report"', 'unmanaged: "delete"'));
  const deletion = await execute(rest.at(-1) ?? "");
  expect(deletion).toMatch(/\+ deleting[\s\S]*RUNS UPDATE \(id 4\)/);
  expect(mutations().flatMap(({ fields }) => fields.map(({ field }) => field))).toEqual(["deleteWebhookSubscription"]);
  expect(store.findSubscription("4")).toBeUndefined();

  // The errors in the troubleshooting guide. Some need pulumi-ion to be uninstalled, so they come last.
  await rm(modules);
  await mkdir(modules);
  await symlink(join(ROOT, "node_modules/@pulumi"), join(modules, "@pulumi"));
  const [, titles = ""] = (await readFile(join(ROOT, "docs/troubleshooting.md"), "utf8")).split("\n## From Pulumi\n");
  expect([...titles.matchAll(/^### `(.*)`$/gm)].map(([, title]) => title)).toEqual(Object.keys(PULUMI_ERRORS));
  for (const [error, command] of Object.entries(PULUMI_ERRORS)) {
    const { code, output } = await run("bash", ["-c", `. $STATE; cd $(cat $STATE.cwd); ${command}`], folder, env);
    expect(code).not.toBe(0);
    expect(output).toContain(error);
  }
});

/** Pastes a mutation into the query runner, as ION's users do. */
async function runMutation(
  query: string,
  { graphqlUrl, tokenUrl, clientId, clientSecret }: Awaited<ReturnType<typeof start>>,
) {
  const key = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const token = (await (await fetch(tokenUrl, { method: "POST", body: new URLSearchParams(key) })).json()) as {
    access_token: string;
  };
  const headers = { authorization: `Bearer ${token.access_token}`, "content-type": "application/json" };
  const answer = await fetch(graphqlUrl, { method: "POST", headers, body: JSON.stringify({ query }) });
  expect(await answer.json()).not.toHaveProperty("errors");
}

it("the first ten minutes, executed block by block, lead to a project outside the repository, an event and a repair", async () => {
  const page = await readFile(join(ROOT, "docs/first-ten-minutes.md"), "utf8");
  const inTerminal = (name: string) =>
    [...page.matchAll(new RegExp(`<!-- terminal: ${name} -->\n\n\`\`\`sh\n([\\s\\S]*?)\`\`\``, "g"))].map(
      ([, block = ""]) => block,
    );
  const home = await mkdtemp(join(tmpdir(), "pulumi-ion-home-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  await mkdir(join(home, ".pulumi"));
  const engines = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions");
  if (existsSync(engines)) await symlink(engines, join(home, ".pulumi/versions"));
  // The repository as the guide's reader has it after `npm ci`, in a folder of its own.
  const clone = join(home, "clone");
  await cp(join(ROOT, "tools"), join(clone, "tools"), { recursive: true });
  for (const name of ["node_modules", "provider"]) await symlink(join(ROOT, name), join(clone, name));
  const { scripts } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  await writeFile(join(clone, "package.json"), JSON.stringify({ scripts: { ...scripts, build: "true" } }));
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, STATE: join(home, "shell") };
  // The developer's own login stays as it is.
  env.PULUMI_HOME = join(home, ".pulumi");
  delete env.PULUMI_BACKEND_URL;
  // A Node that is new enough, also if the test was started with an older one.
  delete env.npm_config_user_agent;
  env.PATH = `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`;
  env.PULUMI_SKIP_UPDATE_CHECK = "true";

  const [practice = ""] = inTerminal("practice");
  const child = spawn("bash", ["-e", "-c", practice.replace("npm ci\n", "")], { cwd: clone, env, detached: true });
  onTestFinished(() => killTree(child.pid ?? 0));
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      printed += text;
    });
  }
  const waitFor = (pattern: RegExp) => vi.waitFor(() => expect(printed).toMatch(pattern), { timeout: 120_000 });
  await waitFor(/Press Ctrl-C to stop\. Events appear here:/);
  const [, url = ""] = /ION is at (\S+):/.exec(printed) ?? [];
  // Everything is in the guide as it is printed, except for the port and the whole path of the folder.
  const commands = [...printed.matchAll(/^ {2}(\S.*)$/gm)].map(([, command = ""]) => command);
  const blocks = inTerminal("second")
    .join("")
    .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, url);
  const project = join(home, "ion-practice");
  for (const command of commands) expect(blocks.replace("$PWD", project)).toContain(command);

  const execute = async (block: string) => {
    const head = "if [ -f $STATE ]; then . $STATE; cd $(cat $STATE.cwd); fi\n";
    const tail = "\npwd > $STATE.cwd; export -p > $STATE";
    const script = block
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, url)
      // Answers the prompt.
      .replaceAll("pulumi up", "pulumi up --yes --skip-preview");
    const { code, output } = await run("bash", ["-e", "-c", head + script + tail], clone, env);
    expect(code, `${block}\n${output}`).toBe(0);
    return output;
  };
  const [emit = "", look = "", repair = ""] = inTerminal("second");
  expect(await execute(emit)).toBe("1 change of PARTS UPDATE: 1 delivery.\n");
  await waitFor(/PARTS UPDATE {2}signature/);
  await deletePartsUpdate(url);
  const shown = await execute(look);
  expect(shown).toContain("+ pulumi-nodejs:dynamic/ion:WebhookSubscription: (create)");
  expect(shown).toMatch(/\+ 1 to create\s+38 unchanged/);
  const repaired = await execute(repair);
  expect(repaired).toMatch(/\+ 1 created\s+38 unchanged[\s\S]*No drift\.\s[\s\S]*Everything works: pulumi-ion/);
  expect(await readFile(join(project, "package.json"), "utf8")).toContain("file:pulumi-ion-");
});
