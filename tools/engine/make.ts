// The two ways to make an engine: npm's launcher downloads it, or Go compiles it.
// Both fill <folder>/versions/<version>/bin and return why they could not, in one line.

import { chmodSync, copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { atLeast, fileNames, troubleIn, upstreamHost } from "./candidates.ts";
import { run, withReports } from "./run.ts";

/** What both ways need to know. */
export interface Job {
  version: string;
  /** The temporary folder; it takes the place of PULUMI_HOME. */
  folder: string;
  nodeModules: string;
  say: (line: string) => void;
}

/** The oldest Go that compiles the engine. */
export const oldestGo = "1.25";

/** The `bin` folder that a job fills. */
export function binOf(job: Job): string {
  return join(job.folder, "versions", job.version, "bin");
}

/** Has npm's launcher download the engine. */
export async function download(job: Job): Promise<string | undefined> {
  job.say(`downloading Pulumi ${job.version} from get.pulumi.com`);
  const { lines, trouble } = await withReports(
    job.say,
    () => "still downloading",
    () =>
      run(process.execPath, [join(job.nodeModules, "pulumi", "run.js"), "version"], {
        limit: 600_000,
        env: {
          ...temporaryFolders(job),
          PULUMI_HOME: job.folder,
          PULUMI_VERSION: job.version,
          PULUMI_SKIP_UPDATE_CHECK: "true",
          // without it Node's fetch goes past HTTPS_PROXY
          NODE_USE_ENV_PROXY: "1",
        },
      }),
  );
  if (trouble === undefined) return troubleIn(binOf(job), job.version);
  return launcherTrouble(lines) ?? trouble;
}

/** The line among the launcher's output that says what went wrong; undefined when none does. */
export function launcherTrouble(lines: string[]): string | undefined {
  const plain = lines.map((line) => stripVTControlCharacters(line).trim());
  const why =
    plain.find((line) => /^(error|curl|wget): /.test(line)) ?? plain.findLast((line) => /^pulumi: /.test(line));
  return why?.replace(/^(pulumi|error): /, "");
}

interface Part {
  file: string;
  /** The Go module beside this file that pins it. */
  module: string;
  /** In the module, or that it requires. */
  package: string;
  linkerFlags: (version: string) => string;
}

const parts: Part[] = [
  {
    file: upstreamHost,
    module: "language-nodejs",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    linkerFlags: () => "-s -w",
  },
  { file: fileNames.languageHost, module: "language-nodejs", package: ".", linkerFlags: () => "-s -w" },
  {
    file: fileNames.cli,
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    linkerFlags: (version) => `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
  },
];

/** Compiles the engine from the Go modules that are pinned beside this file. */
export async function compile(job: Job): Promise<string | undefined> {
  const go = await goVersion();
  if ("trouble" in go) return go.trouble;
  const pinned = pinnedInGoMod();
  if (pinned !== job.version) return `tools/engine/pulumi/go.mod pins ${pinned}, not ${job.version}`;

  job.say(
    `compiling Pulumi ${job.version} with Go ${go.version}: about 6 minutes on two cores the first time, ` +
      "seconds when Go has it in its cache",
  );
  const bin = binOf(job);
  mkdirSync(bin, { recursive: true });
  for (const [index, part] of parts.entries()) {
    job.say(`${part.file} (${index + 1} of ${parts.length})`);
    const trouble = await compilePart(job, part, join(bin, part.file));
    if (trouble !== undefined) return `${part.file}: ${trouble}`;
  }
  const script = join(bin, fileNames.dynamicProvider);
  copyFileSync(join(job.nodeModules, "@pulumi", "pulumi", fileNames.dynamicProvider), script);
  chmodSync(script, 0o755);
  return troubleIn(bin, job.version);
}

async function compilePart(job: Job, part: Part, output: string): Promise<string | undefined> {
  const cwd = join(import.meta.dirname, part.module);
  const env = { ...temporaryFolders(job), CGO_ENABLED: "0", GOWORK: "off" };
  let modules = 0;
  let packages: string[] = [];
  let total: number | undefined;
  const go = async (...args: string[]) => {
    packages = [];
    const onLine = (line: string) => {
      if (line.startsWith(fetching)) modules++;
      else if (packageIn(line) !== undefined) packages.push(line);
    };
    const { lines, trouble } = await run("go", args, { cwd, env, onLine });
    return trouble && (goTrouble(job, lines) ?? trouble);
  };

  return withReports(
    job.say,
    () => {
      if (total === undefined) return `${part.file}: ${modules} Go modules fetched`;
      const latest = packages.at(-1);
      return `${part.file}: ${packages.length} of at most ${total} packages${latest ? `, now ${latest}` : ""}`;
    },
    async () => {
      const trouble = await go("list", "-mod=readonly", "-deps", part.package);
      if (trouble !== undefined) return trouble;
      total = packages.length;
      const flags = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", part.linkerFlags(job.version)];
      return go("build", ...flags, "-o", output, part.package);
    },
  );
}

/** How Go announces that it fetches a module. */
const fetching = "go: downloading ";

/** The package that `go build -v` or `go list` names on this line; undefined for a message. */
export function packageIn(line: string): string | undefined {
  return /^[^\s:#]+$/.test(line) ? line : undefined;
}

/** Shows Go's last messages, and returns the one that says why. */
function goTrouble(job: Job, lines: string[]): string | undefined {
  const messages = lines.filter((line) => packageIn(line) === undefined && !line.startsWith(fetching));
  for (const line of messages.slice(-5)) job.say(`  ${line}`);
  const why = messages.find((line) => line.startsWith("go: ")) ?? messages.at(-1);
  if (why?.includes("GOTOOLCHAIN=local")) return `${why}; a newer Go or GOTOOLCHAIN=auto helps`;
  return why;
}

async function goVersion(): Promise<{ version: string } | { trouble: string }> {
  const { lines, trouble } = await run("go", ["version"], { limit: 120_000 });
  if (trouble !== undefined)
    return { trouble: trouble === "go not found" ? "there is no Go on PATH" : `\`go version\`: ${trouble}` };
  const version = lines
    .map((line) => /^go version .*?\bgo(\d+(\.\d+)+)/.exec(line)?.[1])
    .find((one) => one !== undefined);
  if (version === undefined) return { trouble: "`go version` names no version" };
  return atLeast(version, oldestGo) ? { version } : { trouble: `Go ${version} is too old` };
}

function pinnedInGoMod(): string | undefined {
  const goMod = readFileSync(join(import.meta.dirname, "pulumi", "go.mod"), "utf8");
  return /github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(goMod)?.[1];
}

/** So that a killed child leaves nothing outside the job's own folder either. */
function temporaryFolders({ folder }: Job): Record<string, string> {
  return { TMPDIR: folder, TMP: folder, TEMP: folder, GOTMPDIR: folder };
}
