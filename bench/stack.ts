/** A Pulumi stack in a temporary folder, with the time that its commands take. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { writeArchive } from "../tools/pluginArchive.ts";
import type { Connection } from "./emulator.ts";
import { watchMemory } from "./memory.ts";

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, "..");

/** The folder with the programs of the scenarios. */
export const PROGRAMS = join(import.meta.dirname, "programs");

const PROJECT = "bench";
const STACK = "bench";

/** The lines of Pulumi.yaml that name the plugin. */
export const pluginIn = (folder = "node_modules/pulumi-ion/bin") =>
  `plugins:\n  providers:\n    - name: ion\n      path: ${folder}\n`;

/** The engine's own folder, so that no launcher in Node adds its time. */
const VERSIONS = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "versions");
const ENGINE = join(VERSIONS, versionOf("pulumi"), "bin");

function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
}

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A command that succeeded. */
export interface Run {
  readonly seconds: number;
  /** Its standard output. */
  readonly output: string;
  /** The peak memory of the provider process in MB. Undefined unless measured. */
  readonly memory: number | undefined;
}

/** Options for a command. */
export interface RunOptions extends Pick<StackOptions, "measureMemory"> {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a program is run: as JavaScript with dynamic resources, or over the provider plugin as JavaScript or YAML. */
export type Carrier = "dynamic" | "native" | "yaml";

/** Options for a stack. */
export interface StackOptions {
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** @default "dynamic" */
  readonly carrier?: Carrier;
  /** Whether the plugin is installed from its archive, and not named in Pulumi.yaml. */
  readonly installed?: boolean;
  /** The folder of another plugin. @default that of pulumi-ion */
  readonly plugin?: string;
  /** Whether to measure the memory of the provider process, which costs some time. */
  readonly measureMemory?: boolean;
}

/** A stack that can be reset. */
export interface Stack {
  /** Restores the empty state. */
  wipe(): Promise<void>;
  up(...args: string[]): Promise<Run>;
  /** Previews with a refresh. @throws Error if anything would change. */
  preview(...args: string[]): Promise<Run>;
  /** The state, as the backend stores it. */
  state(): Promise<string>;
}

/** A folder that is deleted when this process exits. */
export async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(import.meta.dirname, ".stack-"));
  folders.push(dir);
  return dir;
}

/**
 * Creates a stack that runs a program against an emulator, in a folder that is deleted when this process exits. The folder
 * is close to the packages, as in a user's project: the state contains their paths relative to the project.
 */
export async function createStack(program: string, connection: Connection, options: StackOptions = {}): Promise<Stack> {
  const dir = await makeFolder();
  const [state, emptyState] = [join(dir, "state"), join(dir, "empty-state")];
  await mkdir(state);
  await cp(PROGRAMS, dir, { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
  await writeFile(join(dir, "Pulumi.yaml"), await projectFile(program, options));

  const env = {
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(options.installed && (await makePulumiHome(dir))),
    ...options.env,
  };
  const pulumi = (...args: string[]) =>
    run("pulumi", [...args, "--non-interactive"], { cwd: dir, env, measureMemory: options.measureMemory ?? false });

  const { graphqlUrl, tokenUrl, clientId, clientSecret } = connection;
  const plain = { "ion:endpoint": graphqlUrl, "ion:authUrl": tokenUrl, "ion:clientId": clientId, ...options.config };
  const secret = { "ion:clientSecret": clientSecret, webhookUri: "https://violet.example/hooks/bench" };
  const flags = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  if (options.installed) {
    const archive = join(dir, "plugin.tar.gz");
    writeArchive(archive);
    await pulumi("plugin", "install", "resource", "ion", versionOf("pulumi-ion"), "--file", archive);
  }
  await pulumi("stack", "init", STACK, "--no-select");
  await pulumi("config", "set-all", "--stack", STACK, ...flags("--plaintext", plain), ...flags("--secret", secret));
  await cp(state, emptyState, { recursive: true });

  return {
    wipe: async () => {
      await rm(state, { recursive: true });
      await cp(emptyState, state, { recursive: true });
    },
    up: (...args) => pulumi("up", "--yes", "--skip-preview", "--stack", STACK, ...args),
    preview: (...args) => pulumi("preview", "--expect-no-changes", "--stack", STACK, ...args),
    state: () => readFile(join(state, `.pulumi/stacks/${PROJECT}/${STACK}.json`), "utf8"),
  };
}

/** The environment of a Pulumi without plugins. Without node_modules/.bin on PATH, where Pulumi would find the plugin. */
async function makePulumiHome(dir: string): Promise<Record<string, string>> {
  const home = join(dir, "home");
  await mkdir(home);
  await symlink(VERSIONS, join(home, "versions"));
  const others = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { PULUMI_HOME: home, PATH: [ENGINE, dirname(process.execPath), ...others].join(delimiter) };
}

async function projectFile(program: string, options: StackOptions): Promise<string> {
  const { carrier = "dynamic", installed } = options;
  const head = `name: ${PROJECT}\noptions:\n  refresh: always\n`;
  const plugin = carrier === "dynamic" || installed ? "" : pluginIn(options.plugin);
  if (carrier === "yaml") {
    return `${head}runtime: yaml\n${plugin}${await readFile(join(PROGRAMS, `${program}.yaml`), "utf8")}`;
  }
  return `${head}runtime: nodejs\n${plugin}main: ${program}.js\n`;
}

/**
 * Runs a command as a child process and measures its wall-clock time.
 *
 * @throws Error with its output if it fails.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const path = [ENGINE, join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, ...options.env };
  const started = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const watch = options.measureMemory && child.pid !== undefined ? watchMemory(child.pid) : undefined;
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const code = await new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  }).finally(() => watch?.stop());
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${code}:\n${output}${errors}`);
  return { seconds, output, memory: watch?.stop() };
}
