// Finds an installed Pulumi CLI that can be used, and makes `npx pulumi` run it.

import {
  accessSync,
  constants,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { devNull } from "node:os";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { run } from "./run.ts";

const windows = process.platform === "win32";

const executable = (name: string) => (windows ? `${name}.exe` : name);

/** The files of an engine, by their names on this system. */
export const fileNames = {
  cli: executable("pulumi"),
  nodeHost: executable("pulumi-language-nodejs"),
  pythonHost: executable("pulumi-language-python"),
  goHost: executable("pulumi-language-go"),
  javaHost: executable("pulumi-language-java"),
  yamlHost: executable("pulumi-language-yaml"),
  dynamicProvider: windows ? "pulumi-resource-pulumi-nodejs.cmd" : "pulumi-resource-pulumi-nodejs",
};

/** The programs that language hosts compiled here start (language-hosts/host.go). */
export const upstreamHosts = {
  node: executable("nodejs-host-3.68"),
  python: executable("python-host-3.68"),
  go: executable("go-host-3.60"),
};

/** The version in a line such as `v3.255.0` or `3.256.0-dev.1`, without prefix and suffix. */
export function parseVersion(line: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)(?![\w.])/.exec(line.trim())?.[1];
}

/** Whether a dotted version is the minimum or newer. Omitted parts count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, part] of minimum.split(".").map(Number).entries()) {
    const difference = (parts[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The version of a binary according to `pulumi version`, or the problem that prevents it. */
export async function readVersion(binary: string, limit: number): Promise<{ version: string } | { problem: string }> {
  const { lines, problem } = await run(binary, ["version"], {
    limit,
    env: {
      // The check for a newer release uses the network and may hang.
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Every command writes a log to its home folder, and ignores one that does not exist.
      PULUMI_HOME: join(devNull, "no-home"),
    },
  });
  if (problem !== undefined) return { problem: `\`pulumi version\`: ${problem}` };
  const version = lines.map(parseVersion).find((found) => found !== undefined);
  return version === undefined ? { problem: "`pulumi version` printed no version" } : { version };
}

/** Checks the engine in a `bin` folder. Returns undefined if it is complete and works. */
export async function findProblem(bin: string, pinned: string): Promise<string | undefined> {
  for (const name of Object.values(fileNames)) {
    if (!isExecutable(join(bin, name))) return `${name} is missing or not executable`;
  }
  const result = await readVersion(join(bin, fileNames.cli), 60_000);
  if ("problem" in result) return result.problem;
  if (result.version !== pinned) return `its version is ${result.version}`;
  // The host of 3.68 itself, which an earlier version of this script installed, ignores the options in Pulumi.yaml.
  const { lines } = await run(join(bin, fileNames.nodeHost), ["-help"], { limit: 10_000 });
  return lines.some((line) => line.includes("-nodeargs")) ? "its language host ignores runtime.options" : undefined;
}

/** Finds the first Pulumi CLI on PATH that is new enough and complete. Logs why it skips others. */
export async function findOnPath(
  pinned: string,
  log: (line: string) => void,
): Promise<{ binary: string; version: string } | undefined> {
  const folders = parsePath(process.env.PATH ?? "");
  const seen = new Set<string>();
  for (const folder of folders) {
    const binary = join(folder, fileNames.cli);
    if (!isExecutable(binary)) continue;
    const real = realpathSync(binary);
    // npm's launcher, installed globally, would start a download.
    if (seen.has(real) || real.includes(`${sep}node_modules${sep}`)) continue;
    seen.add(real);

    const result = await readVersion(binary, 10_000);
    if ("problem" in result) {
      log(`skipping ${binary}: ${result.problem}`);
      continue;
    }
    if (!isAtLeast(result.version, pinned)) {
      log(`skipping ${binary}: version ${result.version} is older than ${pinned}`);
      continue;
    }
    const searched = [folder, dirname(real), ...folders];
    const { cli: _, ...companions } = fileNames;
    const missing = Object.values(companions).find(
      (name) => !searched.some((candidate) => isExecutable(join(candidate, name))),
    );
    if (missing !== undefined) {
      log(`skipping ${binary}: ${missing} is neither next to it nor on PATH`);
      continue;
    }
    return { binary, version: result.version };
  }
  return undefined;
}

/** The folders of PATH in order, without those that contain npm's launchers. */
export function parsePath(path: string): string[] {
  const folders = path
    .split(delimiter)
    .filter((folder) => folder !== "" && !/node_modules[\\/]\.bin[\\/]?$/.test(folder));
  return [...new Set(folders.map((folder) => resolve(folder)))];
}

/**
 * Makes `npx pulumi` run `destination` (absolute or relative to `binFolder`) with one atomic rename.
 * Returns whether the link changed. Does nothing on Windows, where npm creates scripts instead of links.
 */
export function linkCli(binFolder: string, destination: string): boolean {
  if (windows) return false;
  const link = join(binFolder, "pulumi");
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === destination) return false;
  mkdirSync(binFolder, { recursive: true });
  const temporary = join(binFolder, `.pulumi-${process.pid}-${Date.now()}`);
  symlinkSync(destination, temporary);
  renameSync(temporary, link);
  return true;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    const stats = statSync(file);
    return stats.isFile() && stats.size > 0;
  } catch {
    return false;
  }
}
