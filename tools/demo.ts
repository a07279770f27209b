/**
 * `npm run demo`: the whole lifecycle with the real Pulumi engine and a local ION: create, a clean preview, drift detected
 * and reverted. All files are in `.demo`, which is recreated each time. With `--language yaml`, the program is YAML, on the provider
 * plugin. With `--watch`, the emulator and its page stay open until Ctrl-C.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "ion-emulator";

const ROOT = resolve(import.meta.dirname, "..");
const FOLDER = join(ROOT, ".demo");
const STATE = join(FOLDER, ".state");
const STACK = ["--stack", "dev", "--non-interactive", "--color", process.stdout.isTTY ? "always" : "never"];

/** The files of each program, by language. A placeholder stands for the project's name. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  typescript: ["Pulumi.yaml", "index.ts"],
  yaml: ["provider/template/yaml/Pulumi.yaml"],
};
const { watch, language } = readOptions();
const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
process.once("SIGTERM", () => stopped.abort());

try {
  await main();
} catch (error) {
  console.error(stopped.signal.aborted ? "\nStopped." : `\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function readOptions() {
  const options = {
    watch: { type: "boolean", default: false },
    language: { type: "string", default: "typescript" },
  } as const;
  const { values } = parseArgs({ options });
  if (Object.hasOwn(PROGRAMS, values.language)) return values;
  console.error(`--language must be ${Object.keys(PROGRAMS).join(" or ")}.`);
  process.exit(1);
}

async function main() {
  printHeading("Start a local ION and find the Pulumi engine");
  await mkdir(FOLDER, { recursive: true });
  await run(process.execPath, [join(ROOT, "tools/engine/ensure.ts")]);
  await using emulator = disposable(await startEmulator({ port: 0 }));
  console.log(`ION emulator at ${emulator.url}: open it in a browser to watch`);
  await prepare(emulator);

  printHeading("`pulumi up` creates Violet's receiver and its 34 subscriptions");
  await pulumi("up", "--yes", "--skip-preview", "--suppress-progress");

  printHeading("ION now contains");
  printState(emulator);

  printHeading("`pulumi preview` shows no changes");
  await pulumi("preview", "--diff", "--expect-no-changes");

  printHeading("Somebody deletes a subscription in ION and deactivates the receiver");
  changeByHand(emulator);
  printState(emulator);

  printHeading("`pulumi preview --diff` shows the drift");
  await pulumi("preview", "--diff");

  printHeading("`pulumi up` reverts it");
  await pulumi("up", "--yes", "--skip-preview", "--diff");
  printState(emulator);
  await pulumi("preview", "--diff", "--expect-no-changes");

  if (watch) await keepOpen(emulator);

  printHeading("Done. No process is left running");
  if (language === "yaml") {
    console.log(`The program is ${join(FOLDER, "Pulumi.yaml")}. To write such a project for your own ION:

  npx --no-install pulumi-ion init <folder> --language yaml`);
    return;
  }
  console.log(`To try it yourself, in two terminals:

  npm run emulator
  export PULUMI_CONFIG_PASSPHRASE=emulator; npx pulumi stack init dev; npx pulumi up

To use it with your own ION (docs/real-ion.md):

  npx pulumi stack init production
  npx pulumi config set ion:region us
  npx pulumi config set ion:clientId <client id>
  npx pulumi config set --secret ion:clientSecret
  npx pulumi config set --secret webhookUri
  npx pulumi up`);
}

/** Keeps the emulator open until Ctrl-C. */
async function keepOpen({ url }: Emulator) {
  printHeading("Your turn");
  console.log(`The emulator stays open at ${url} until Ctrl-C. Change something there. Then run in another terminal:

  cd ${FOLDER}
  export PULUMI_BACKEND_URL=file://${STATE} PULUMI_CONFIG_PASSPHRASE=emulator
  npx pulumi preview --diff --stack dev`);
  if (!stopped.signal.aborted) await once(stopped.signal, "abort");
}

/**
 * Creates a project with this repository's program, or with that of a template, and a stack of its own. The repository's Pulumi.dev.yaml is not used: it may
 * name a real ION.
 */
async function prepare({ graphqlUrl, tokenUrl, clientId, clientSecret }: Emulator) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(STATE, { recursive: true });
  for (const file of PROGRAMS[language] ?? []) {
    const text = await readFile(join(ROOT, file), "utf8");
    await writeFile(join(FOLDER, basename(file)), text.replace("__PROJECT__", "violet-webhooks"));
  }
  await symlink(join(ROOT, "node_modules"), join(FOLDER, "node_modules"), "junction");
  await pulumi("stack", "init");
  const plain = [`ion:endpoint=${graphqlUrl}`, `ion:authUrl=${tokenUrl}`, `ion:clientId=${clientId}`];
  const secret = [`ion:clientSecret=${clientSecret}`, "webhookUri=https://violet.example/webhooks/demo"];
  const flags = [...plain.flatMap((one) => ["--plaintext", one]), ...secret.flatMap((one) => ["--secret", one])];
  await pulumi("config", "set-all", ...flags);
}

/** Makes the changes that a person might make in ION's UI. */
function changeByHand({ store }: Emulator) {
  const parts = store.listSubscriptions().find(({ resource, action }) => resource === "PARTS" && action === "UPDATE");
  const [receiver] = store.listReceivers();
  if (!parts || !receiver) throw new Error("`pulumi up` did not create the expected receiver and subscriptions.");
  store.deleteSubscription(parts.id);
  store.updateReceiver(receiver.id, { active: false });
  console.log(`deleted: PARTS UPDATE (id ${parts.id}); deactivated: receiver ${receiver.id}`);
}

/** Prints each receiver with a table of its subscriptions. */
function printState({ store }: Emulator) {
  for (const receiver of store.listReceivers()) {
    const subscriptions = store.listSubscriptions(receiver.id);
    const { id, name, active } = receiver;
    console.log(`receiver ${id} "${name}", ${active ? "active" : "NOT ACTIVE"}, ${subscriptions.length} subscriptions`);
    const resources = [...new Set(subscriptions.map(({ resource }) => resource))].sort();
    const cell = (resource: string, action: string) =>
      subscriptions.some((subscription) => subscription.resource === resource && subscription.action === action)
        ? action
        : "-".padEnd(action.length);
    for (const resource of resources) {
      console.log(`  ${resource.padEnd(22)}${cell(resource, "CREATE")}  ${cell(resource, "UPDATE")}`);
    }
  }
}

function pulumi(...args: string[]) {
  return run("pulumi", [...args, ...STACK]);
}

/** Runs a command. @throws Error if it fails. */
async function run(command: string, args: string[]) {
  const child = spawn(command, args, {
    cwd: FOLDER,
    stdio: ["ignore", "inherit", "inherit"],
    signal: stopped.signal,
    env: {
      ...withoutIonSettings(process.env),
      PULUMI_BACKEND_URL: `file://${STATE}`,
      PULUMI_CONFIG_PASSPHRASE: "emulator",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  if (code !== 0) throw new Error(`${command} ${args[0]} exited with ${code}`);
}

/** An environment without settings of ION, so that the config alone says which ION is used. */
function withoutIonSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ION_")));
}

function printHeading(text: string) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 76 - text.length))}\n`);
}

function disposable(emulator: Emulator) {
  return Object.assign(emulator, { [Symbol.asyncDispose]: () => emulator.close() });
}
