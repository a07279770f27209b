/**
 * `npm run demo`: the whole way once, with the real Pulumi engine and a local ION: create, look, a clean preview, drift
 * found and repaired. Everything it keeps is in `.demo`, which is made anew each time. With `--watch` the emulator and
 * its page stay until Ctrl-C.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Emulator, startEmulator } from "ion-emulator";

const ROOT = resolve(import.meta.dirname, "..");
const FOLDER = join(ROOT, ".demo");
const CONFIG = join(FOLDER, "Pulumi.dev.yaml");
const STACK = [
  "--stack",
  "dev",
  "--config-file",
  CONFIG,
  "--non-interactive",
  "--color",
  process.stdout.isTTY ? "always" : "never",
];

const { watch = false } = parseArgs({ options: { watch: { type: "boolean" } } }).values;
const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
process.once("SIGTERM", () => stopped.abort());

try {
  await main();
} catch (error) {
  console.error(stopped.signal.aborted ? "\nStopped." : `\n${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function main() {
  say("A local ION, and the Pulumi engine");
  await run(process.execPath, [join(ROOT, "tools/engine/ensure.ts")]);
  await using emulator = disposable(await startEmulator({ port: 0 }));
  console.log(`ION emulator at ${emulator.url}: open it in a browser, and watch what follows`);
  await prepare(emulator);

  say("`pulumi up`: Violet's receiver and its 34 subscriptions");
  await pulumi("up", "--yes", "--skip-preview", "--suppress-progress");

  say("What is in ION now, read back from it");
  table(emulator);

  say("`pulumi preview`: nothing to do");
  await pulumi("preview", "--diff", "--expect-no-changes");

  say("Somebody ends one subscription in ION, and switches the receiver off");
  meddle(emulator);
  table(emulator);

  say("`pulumi preview --diff`: what differs, by name");
  await pulumi("preview", "--diff");

  say("`pulumi up`: repaired");
  await pulumi("up", "--yes", "--skip-preview", "--diff");
  table(emulator);
  await pulumi("preview", "--diff", "--expect-no-changes");

  if (watch) await keepOpen(emulator);

  say("That was it. Nothing is left running");
  console.log(`To play with it yourself, in two terminals:

  npm run emulator
  export PULUMI_CONFIG_PASSPHRASE=emulator; npx pulumi stack init dev; npx pulumi up

To use it with your own ION (README, "Against a real ION"):

  npx pulumi stack init production
  npx pulumi config set ion:region us
  npx pulumi config set ion:clientId <client id>
  npx pulumi config set --secret ion:clientSecret
  npx pulumi config set --secret webhookUri
  npx pulumi up`);
}

/** Leaves the emulator to whoever watches, until Ctrl-C. */
async function keepOpen({ url }: Emulator) {
  say("Your turn");
  console.log(`The emulator stays at ${url} until Ctrl-C. Change something there, and then, in another terminal:

  export PULUMI_BACKEND_URL=file://${join(FOLDER, "state")} PULUMI_CONFIG_PASSPHRASE=emulator
  npx pulumi preview --diff --stack dev --config-file ${CONFIG}`);
  if (!stopped.signal.aborted) await once(stopped.signal, "abort");
}

/** The stack `dev` as it is in the repository, pointed at the emulator's port, with a state of its own. */
async function prepare(emulator: Emulator) {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(join(FOLDER, "state"), { recursive: true });
  await cp(join(ROOT, "Pulumi.dev.yaml"), CONFIG);
  const config = await readFile(CONFIG, "utf8");
  await writeFile(CONFIG, config.replaceAll("http://127.0.0.1:8787", emulator.url));
  await run("pulumi", ["stack", "init", "dev", "--no-select", "--non-interactive"]);
}

/** Does what a person might do in ION's UI. */
function meddle({ store }: Emulator) {
  const parts = store.listSubscriptions().find(({ resource, action }) => resource === "PARTS" && action === "UPDATE");
  const [receiver] = store.listReceivers();
  if (!parts || !receiver) throw new Error("`pulumi up` did not make what the demo is about.");
  store.deleteSubscription(parts.id);
  store.updateReceiver(receiver.id, { active: false });
  console.log(`ended: PARTS UPDATE (id ${parts.id}); switched off: receiver ${receiver.id}`);
}

/** Shows receivers, and a row a resource with its actions. */
function table({ store }: Emulator) {
  for (const receiver of store.listReceivers()) {
    const subscriptions = store.listSubscriptions(receiver.id);
    const { id, name, active } = receiver;
    console.log(`receiver ${id} "${name}", ${active ? "active" : "NOT ACTIVE"}, ${subscriptions.length} subscriptions`);
    const resources = [...new Set(subscriptions.map(({ resource }) => resource))].sort();
    const has = (resource: string, action: string) =>
      subscriptions.some((one) => one.resource === resource && one.action === action) ? "yes" : "";
    console.table(
      Object.fromEntries(
        resources.map((resource) => [resource, { CREATE: has(resource, "CREATE"), UPDATE: has(resource, "UPDATE") }]),
      ),
    );
  }
}

function pulumi(...args: string[]) {
  return run("pulumi", [...args, ...STACK]);
}

/** Runs a command to its end; a failure ends the demo. */
async function run(command: string, args: string[]) {
  const child = spawn(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    signal: stopped.signal,
    env: {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${join(FOLDER, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "emulator",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    },
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  });
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}`);
}

function say(text: string) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 76 - text.length))}\n`);
}

function disposable(emulator: Emulator) {
  return Object.assign(emulator, { [Symbol.asyncDispose]: () => emulator.close() });
}
