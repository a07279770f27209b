// Pulumi CLIs that are there already: which of them will do, and which one `npx pulumi` runs.

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

/** The files of an engine, as they are called on this system. */
export const fileNames = {
  cli: executable("pulumi"),
  languageHost: executable("pulumi-language-nodejs"),
  dynamicProvider: windows ? "pulumi-resource-pulumi-nodejs.cmd" : "pulumi-resource-pulumi-nodejs",
};

/** What the language host starts where it was compiled here (language-nodejs/host.go). */
export const upstreamHost = executable("nodejs-host-3.68");

/** The version in a line such as `v3.255.0` or `3.256.0-dev.1`, without prefix and suffix. */
export function parseVersion(line: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)(?![\w.])/.exec(line.trim())?.[1];
}

/** Whether a dotted version is the wanted one or newer; parts that are left out count as 0. */
export function atLeast(version: string, wanted: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, part] of wanted.split(".").map(Number).entries()) {
    const difference = (parts[index] ?? 0) - part;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** What `pulumi version` of this binary says, or why it does not say it. */
export async function versionOf(binary: string, limit: number): Promise<{ version: string } | { trouble: string }> {
  const { lines, trouble } = await run(binary, ["version"], {
    limit,
    env: {
      // the check for a newer release would ask the network, and may hang there
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // every command writes a log into its home; one that cannot be made is no trouble to it
      PULUMI_HOME: join(devNull, "no-home"),
    },
  });
  if (trouble !== undefined) return { trouble: `\`pulumi version\`: ${trouble}` };
  const version = lines.map(parseVersion).find((found) => found !== undefined);
  return version === undefined ? { trouble: "`pulumi version` names no version" } : { version };
}

/** What is wrong with the engine in this `bin` folder; undefined when it is complete and answers. */
export async function troubleIn(bin: string, pinned: string): Promise<string | undefined> {
  for (const name of Object.values(fileNames)) {
    if (!isExecutable(join(bin, name))) return `${name} is missing or cannot be run`;
  }
  const answer = await versionOf(join(bin, fileNames.cli), 60_000);
  if ("trouble" in answer) return answer.trouble;
  if (answer.version !== pinned) return `it is ${answer.version}`;
  // The host of 3.68 by itself, as this script compiled it once: it never looks at the options in Pulumi.yaml.
  const { lines } = await run(join(bin, fileNames.languageHost), ["-help"], { limit: 10_000 });
  return lines.some((line) => line.includes("-nodeargs")) ? "its language host leaves out runtime.options" : undefined;
}

/** The first Pulumi CLI on PATH that is new enough and has its Node.js parts; says why it skips others. */
export async function findOnPath(
  pinned: string,
  say: (line: string) => void,
): Promise<{ binary: string; version: string } | undefined> {
  const folders = pathFolders(process.env.PATH ?? "");
  const seen = new Set<string>();
  for (const folder of folders) {
    const binary = join(folder, fileNames.cli);
    if (!isExecutable(binary)) continue;
    const real = realpathSync(binary);
    // a global install of npm's launcher, which would start to download
    if (seen.has(real) || real.includes(`${sep}node_modules${sep}`)) continue;
    seen.add(real);

    const answer = await versionOf(binary, 10_000);
    if ("trouble" in answer) {
      say(`skipping ${binary}: ${answer.trouble}`);
      continue;
    }
    if (!atLeast(answer.version, pinned)) {
      say(`skipping ${binary}: it is ${answer.version}, and ${pinned} or newer is needed`);
      continue;
    }
    const places = [folder, dirname(real), ...folders];
    const missing = [fileNames.languageHost, fileNames.dynamicProvider].find(
      (name) => !places.some((place) => isExecutable(join(place, name))),
    );
    if (missing !== undefined) {
      say(`skipping ${binary}: there is no ${missing} beside it or on PATH`);
      continue;
    }
    return { binary, version: answer.version };
  }
  return undefined;
}

/** PATH's folders in order, without those where npm puts its launchers. */
export function pathFolders(path: string): string[] {
  const folders = path
    .split(delimiter)
    .filter((folder) => folder !== "" && !/node_modules[\\/]\.bin[\\/]?$/.test(folder));
  return [...new Set(folders.map((folder) => resolve(folder)))];
}

/**
 * Makes `npx pulumi` run `destination` (relative to `binFolder`, or absolute) by one rename.
 * Returns whether anything changed. Does nothing on Windows, where npm makes scripts instead of links.
 */
export function linkCli(binFolder: string, destination: string): boolean {
  if (windows) return false;
  const link = join(binFolder, "pulumi");
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === destination) return false;
  mkdirSync(binFolder, { recursive: true });
  const fresh = join(binFolder, `.pulumi-${process.pid}-${Date.now()}`);
  symlinkSync(destination, fresh);
  renameSync(fresh, link);
  return true;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    const found = statSync(file);
    return found.isFile() && found.size > 0;
  } catch {
    return false;
  }
}
