// The two ways to get an engine: download it with npm's launcher, or compile it with Go.
// Both fill <folder>/versions/<version>/bin and return the problem, in one line, if they fail.

import { chmodSync, copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { fileNames, findProblem, isAtLeast, upstreamHosts } from "./findCli.ts";
import { run, withProgress } from "./run.ts";

/** The input of both. */
export interface Job {
  version: string;
  /** The temporary folder, used as PULUMI_HOME. */
  folder: string;
  nodeModules: string;
  log: (line: string) => void;
}

/** The oldest version of Go that compiles the engine. */
export const minimumGo = "1.25";

/** The `bin` folder that a job fills. */
export function binOf(job: Job): string {
  return join(job.folder, "versions", job.version, "bin");
}

/** Downloads the engine with npm's launcher. */
export async function download(job: Job): Promise<string | undefined> {
  job.log(`downloading Pulumi ${job.version} from get.pulumi.com`);
  const { lines, problem } = await withProgress(
    job.log,
    () => "still downloading",
    () =>
      run(process.execPath, [join(job.nodeModules, "pulumi", "run.js"), "version"], {
        limit: 600_000,
        env: {
          ...temporaryFolders(job),
          PULUMI_HOME: job.folder,
          PULUMI_VERSION: job.version,
          PULUMI_SKIP_UPDATE_CHECK: "true",
          // Without it, Node's fetch ignores HTTPS_PROXY.
          NODE_USE_ENV_PROXY: "1",
        },
      }),
  );
  if (problem === undefined) return findProblem(binOf(job), job.version);
  return findLauncherError(lines) ?? problem;
}

/** Finds the error in the launcher's output. */
export function findLauncherError(lines: string[]): string | undefined {
  const plain = lines.map((line) => stripVTControlCharacters(line).trim());
  const error =
    plain.find((line) => /^(error|curl|wget): /.test(line)) ?? plain.findLast((line) => /^pulumi: /.test(line));
  return error?.replace(/^(pulumi|error): /, "");
}

interface Part {
  file: string;
  /** The Go module in this folder that pins it. */
  module: string;
  /** A package of that module or of its dependencies. */
  package: string;
  linkerFlags: (version: string) => string;
}

const strip = () => "-s -w";

/** The two parts of a language host that needs its runtime options as arguments: the host, and the program that passes them. */
function withOptions(file: string, host: string, module: string, sources: string, options: string): Part[] {
  const values = `-X main.upstream=${host} -X main.options=${options}`;
  return [
    { file: host, module, package: `github.com/pulumi/pulumi/sdk/v3/${sources}`, linkerFlags: strip },
    { file, module: "language-hosts", package: ".", linkerFlags: () => `-s -w ${values}` },
  ];
}

const { node, python, go } = upstreamHosts;

const parts: Part[] = [
  ...withOptions(
    fileNames.nodeHost,
    node,
    "language-hosts",
    "nodejs/cmd/pulumi-language-nodejs",
    "typescript,tsconfig,nodeargs",
  ),
  ...withOptions(fileNames.pythonHost, python, "language-hosts", "python/cmd/pulumi-language-python", "virtualenv"),
  ...withOptions(fileNames.goHost, go, "language-go", "go/pulumi-language-go", "binary,buildTarget"),
  {
    file: fileNames.javaHost,
    module: "language-java",
    package: "github.com/pulumi/pulumi-java/pkg/cmd/pulumi-language-java",
    linkerFlags: strip,
  },
  {
    file: fileNames.yamlHost,
    module: "language-yaml",
    package: "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
    linkerFlags: strip,
  },
  {
    file: fileNames.cli,
    module: "pulumi",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    linkerFlags: (version) => `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
  },
];

/** Compiles the engine from the Go modules that are pinned in this folder. */
export async function compile(job: Job): Promise<string | undefined> {
  const go = await findGo();
  if ("problem" in go) return go.problem;
  const pinned = readPinnedVersion();
  if (pinned !== job.version) return `tools/engine/pulumi/go.mod pins ${pinned}, not ${job.version}`;

  job.log(
    `compiling Pulumi ${job.version} with Go ${go.version}: about 6 minutes on two cores the first time, ` +
      "seconds if Go has it in its cache",
  );
  const bin = binOf(job);
  mkdirSync(bin, { recursive: true });
  for (const [index, part] of parts.entries()) {
    job.log(`${part.file} (${index + 1} of ${parts.length})`);
    const problem = await compilePart(job, part, join(bin, part.file));
    if (problem !== undefined) return `${part.file}: ${problem}`;
  }
  const sdk = await findPythonSdk();
  if ("problem" in sdk) return sdk.problem;
  copyScript(join(job.nodeModules, "@pulumi", "pulumi", fileNames.dynamicProvider), bin);
  copyScript(join(sdk.folder, "cmd", "pulumi-language-python-exec"), bin);
  return findProblem(bin, job.version);
}

/** Finds Pulumi's Python sources in Go's module cache. The Python host starts a script of theirs, which must be next to it. */
async function findPythonSdk(): Promise<{ folder: string } | { problem: string }> {
  const cwd = join(import.meta.dirname, "language-hosts");
  const args = ["list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"];
  const { lines, problem } = await run("go", args, { cwd, env: { GOWORK: "off" } });
  const [folder] = lines;
  return problem === undefined && folder !== undefined
    ? { folder: join(folder, "python") }
    : { problem: `\`go ${args.join(" ")}\`: ${problem ?? "it printed nothing"}` };
}

function copyScript(file: string, bin: string): void {
  const copy = join(bin, basename(file));
  copyFileSync(file, copy);
  chmodSync(copy, 0o755);
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
      if (line.startsWith(downloading)) modules++;
      else if (parsePackage(line) !== undefined) packages.push(line);
    };
    const { lines, problem } = await run("go", args, { cwd, env, onLine });
    return problem && (findGoError(job, lines) ?? problem);
  };

  return withProgress(
    job.log,
    () => {
      if (total === undefined) return `${part.file}: ${modules} Go modules downloaded`;
      const latest = packages.at(-1);
      return `${part.file}: ${packages.length} of at most ${total} packages${latest ? `, now ${latest}` : ""}`;
    },
    async () => {
      const problem = await go("list", "-mod=readonly", "-deps", part.package);
      if (problem !== undefined) return problem;
      total = packages.length;
      const flags = ["-v", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", part.linkerFlags(job.version)];
      return go("build", ...flags, "-o", output, part.package);
    },
  );
}

/** The start of a line in which Go announces a download. */
const downloading = "go: downloading ";

/** The package in a line of `go build -v` or `go list`. Returns undefined for other messages. */
export function parsePackage(line: string): string | undefined {
  return /^[^\s:#]+$/.test(line) ? line : undefined;
}

/** Logs Go's last messages, and returns the error. */
function findGoError(job: Job, lines: string[]): string | undefined {
  const messages = lines.filter((line) => parsePackage(line) === undefined && !line.startsWith(downloading));
  for (const line of messages.slice(-5)) job.log(`  ${line}`);
  const error = messages.find((line) => line.startsWith("go: ")) ?? messages.at(-1);
  if (error?.includes("GOTOOLCHAIN=local")) return `${error}; install a newer Go or set GOTOOLCHAIN=auto`;
  return error;
}

async function findGo(): Promise<{ version: string } | { problem: string }> {
  const { lines, problem } = await run("go", ["version"], { limit: 120_000 });
  if (problem !== undefined)
    return { problem: problem === "go not found" ? "Go is not on PATH" : `\`go version\`: ${problem}` };
  const version = lines
    .map((line) => /^go version .*?\bgo(\d+(\.\d+)+)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (version === undefined) return { problem: "`go version` printed no version" };
  return isAtLeast(version, minimumGo) ? { version } : { problem: `Go ${version} is too old` };
}

function readPinnedVersion(): string | undefined {
  const goMod = readFileSync(join(import.meta.dirname, "pulumi", "go.mod"), "utf8");
  return /github\.com\/pulumi\/pulumi\/pkg\/v3 v(\S+)/.exec(goMod)?.[1];
}

/** Keeps a killed child process from leaving files outside of the job's folder. */
function temporaryFolders({ folder }: Job): Record<string, string> {
  return { TMPDIR: folder, TMP: folder, TEMP: folder, GOTMPDIR: folder };
}
