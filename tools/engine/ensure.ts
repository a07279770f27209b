// Finds a Pulumi CLI or makes one, so that `npx pulumi` works in this repository. README.md here tells the order.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { findOnPath, linkCli, troubleIn } from "./candidates.ts";
import { binOf, compile, download, type Job, oldestGo } from "./make.ts";
import { killAll, withReports } from "./run.ts";
import { openWorkshop, place, runBefore, sweep, type Workshop } from "./workshop.ts";

const { values } = parseArgs({ options: { root: { type: "string" } } });
/** The folder whose node_modules are used: this repository, or a test's. */
const root = resolve(values.root ?? join(import.meta.dirname, "..", ".."));
const nodeModules = join(root, "node_modules");
const versions = join(resolve(process.env.PULUMI_HOME || join(homedir(), ".pulumi")), "versions");

let workshop: Workshop | undefined;

async function ensure(): Promise<void> {
  const pinned = pinnedVersion();
  const target = join(versions, pinned);
  const bin = join(target, "bin");
  sweep(versions);

  const found = await findOnPath(pinned, say);
  if (found !== undefined) {
    if (process.platform === "win32") say(`use ${found.binary} (${found.version}) instead of \`npx pulumi\``);
    else {
      linkCli(join(nodeModules, ".bin"), found.binary);
      say(`npx pulumi runs ${found.binary} (${found.version})`);
    }
    return;
  }
  if (linkCli(join(nodeModules, ".bin"), join("..", "pulumi", "run.js"))) say("npx pulumi runs npm's launcher again");

  if (existsSync(target)) {
    const trouble = await troubleIn(bin, pinned);
    if (trouble === undefined) return ready(pinned, bin);
    say(`the Pulumi in ${bin} does not work and is made anew: ${trouble}`);
  }

  workshop = openWorkshop(versions);
  try {
    await waitForTurn(workshop);
    if ((await troubleIn(bin, pinned)) !== undefined) await make(pinned, target, workshop);
    ready(pinned, bin);
  } finally {
    workshop.close();
  }
}

async function make(pinned: string, target: string, workshop: Workshop): Promise<void> {
  const job: Job = { version: pinned, folder: workshop.folder, nodeModules, say };
  const downloading = await download(job);
  if (downloading !== undefined) {
    say(`download failed: ${downloading}`);
    rmSync(join(job.folder, "versions"), { recursive: true, force: true });
    const compiling = await compile(job);
    if (compiling !== undefined) throw new Error(nothingHelped(pinned, downloading, compiling));
  }
  const isValid = async () => (await troubleIn(join(target, "bin"), pinned)) === undefined;
  const outcome = await place(dirname(binOf(job)), target, workshop, isValid);
  if (outcome === "taken") say("another run was faster: its Pulumi is used");
}

async function waitForTurn(mine: Workshop): Promise<void> {
  let other = runBefore(versions, mine);
  if (other === undefined) return;
  say(`another run (process ${other}) is making Pulumi already: waiting for it`);
  const status = () => `waiting for process ${other}`;
  await withReports(say, status, async () => {
    while (other !== undefined) {
      await sleep(200);
      other = runBefore(versions, mine);
    }
  });
}

function ready(pinned: string, bin: string): void {
  say(`npx pulumi runs Pulumi ${pinned} from ${bin}`);
  const other = process.env.PULUMI_VERSION;
  if (other && other !== pinned) say(`but PULUMI_VERSION is set to ${other}, which npx pulumi obeys: unset it`);
}

function pinnedVersion(): string {
  const file = join(nodeModules, "pulumi", "package.json");
  if (!existsSync(file)) throw new Error(`${relative(process.cwd(), dirname(file))} is missing: run \`npm ci\` first`);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

function nothingHelped(pinned: string, downloading: string, compiling: string): string {
  return [
    "there is no Pulumi CLI, and none could be made. Provide one of these three and try again:",
    `  - Pulumi ${pinned} or newer on PATH: https://www.pulumi.com/docs/install/`,
    `  - or a network that reaches https://get.pulumi.com, to download it (now: ${downloading})`,
    `  - or Go ${oldestGo} or newer on PATH, to compile it: https://go.dev/dl/ (now: ${compiling})`,
  ].join("\n");
}

function say(line: string): void {
  console.log(`engine: ${line}`);
}

for (const [signal, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
] as const) {
  process.on(signal, () => {
    try {
      killAll();
      workshop?.close();
    } finally {
      console.error("engine: interrupted");
      process.exit(128 + number);
    }
  });
}
// whoever read the output has gone: that is no reason to stop half-way
process.stdout.on("error", () => {});

try {
  await ensure();
} catch (error) {
  console.error(`engine: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
