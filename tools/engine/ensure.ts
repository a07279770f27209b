// Finds, downloads or compiles a Pulumi CLI, so that `npx pulumi` works in this repository. See README.md.

import { existsSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { binOf, compile, download, type Job, minimumGo } from "./build.ts";
import {
  type BuildDirectory,
  createBuildDirectory,
  findEarlierRun,
  install,
  removeAbandoned,
} from "./buildDirectory.ts";
import { findOnPath, findProblem, linkCli } from "./findCli.ts";
import { killAll, withProgress } from "./run.ts";

const { values } = parseArgs({ options: { root: { type: "string" } } });
/** The folder with the node_modules to use: this repository, or a test's folder. */
const root = resolve(values.root ?? join(import.meta.dirname, "..", ".."));
const nodeModules = join(root, "node_modules");
const versions = join(resolve(process.env.PULUMI_HOME || join(homedir(), ".pulumi")), "versions");

let buildDirectory: BuildDirectory | undefined;

async function ensure(): Promise<void> {
  const pinned = pinnedVersion();
  const target = join(versions, pinned);
  const bin = join(target, "bin");
  removeAbandoned(versions);

  const found = await findOnPath(pinned, log);
  if (found !== undefined) {
    if (process.platform === "win32") log(`use ${found.binary} (${found.version}) instead of \`npx pulumi\``);
    else {
      linkCli(join(nodeModules, ".bin"), found.binary);
      log(`npx pulumi runs ${found.binary} (${found.version})`);
    }
    return;
  }
  if (linkCli(join(nodeModules, ".bin"), join("..", "pulumi", "run.js"))) log("npx pulumi runs npm's launcher again");

  if (existsSync(target)) {
    const problem = await findProblem(bin, pinned);
    if (problem === undefined) return reportReady(pinned, bin);
    log(`the Pulumi in ${bin} does not work and is replaced: ${problem}`);
  }

  buildDirectory = createBuildDirectory(versions);
  try {
    await waitForTurn(buildDirectory);
    if ((await findProblem(bin, pinned)) !== undefined) await build(pinned, target, buildDirectory);
    reportReady(pinned, bin);
  } finally {
    buildDirectory.remove();
  }
}

async function build(pinned: string, target: string, buildDirectory: BuildDirectory): Promise<void> {
  const job: Job = { version: pinned, folder: buildDirectory.folder, nodeModules, log };
  const downloadProblem = await download(job);
  if (downloadProblem !== undefined) {
    log(`download failed: ${downloadProblem}`);
    rmSync(join(job.folder, "versions"), { recursive: true, force: true });
    const compileProblem = await compile(job);
    if (compileProblem !== undefined) throw new Error(describeFailure(pinned, downloadProblem, compileProblem));
  }
  const isValid = async () => (await findProblem(join(target, "bin"), pinned)) === undefined;
  const outcome = await install(dirname(binOf(job)), target, buildDirectory, isValid);
  if (outcome === "exists") log("another run finished first: its Pulumi is used");
}

async function waitForTurn(own: BuildDirectory): Promise<void> {
  let other = findEarlierRun(versions, own);
  if (other === undefined) return;
  log(`another run (process ${other}) is already building Pulumi: waiting for it`);
  const status = () => `waiting for process ${other}`;
  await withProgress(log, status, async () => {
    while (other !== undefined) {
      await sleep(200);
      other = findEarlierRun(versions, own);
    }
  });
}

function reportReady(pinned: string, bin: string): void {
  log(`npx pulumi runs Pulumi ${pinned} from ${bin}`);
  const other = process.env.PULUMI_VERSION;
  if (other && other !== pinned)
    log(`but PULUMI_VERSION is set to ${other}, and npx pulumi runs that version: unset it`);
}

function pinnedVersion(): string {
  const file = join(nodeModules, "pulumi", "package.json");
  if (!existsSync(file)) throw new Error(`${relative(process.cwd(), dirname(file))} is missing: run \`npm ci\` first`);
  return JSON.parse(readFileSync(file, "utf8")).version;
}

function describeFailure(pinned: string, downloadProblem: string, compileProblem: string): string {
  return [
    "no Pulumi CLI was found, and none could be downloaded or compiled. Provide one of these and try again:",
    `  - Pulumi ${pinned} or newer on PATH: https://www.pulumi.com/docs/install/`,
    `  - or a network that reaches https://get.pulumi.com, to download it (failed: ${downloadProblem})`,
    `  - or Go ${minimumGo} or newer on PATH, to compile it: https://go.dev/dl/ (failed: ${compileProblem})`,
  ].join("\n");
}

function log(line: string): void {
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
      buildDirectory?.remove();
    } finally {
      console.error("engine: interrupted");
      process.exit(128 + number);
    }
  });
}
// A closed pipe must not stop the build.
process.stdout.on("error", () => {});

try {
  await ensure();
} catch (error) {
  console.error(`engine: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
