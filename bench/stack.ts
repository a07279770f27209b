/** A Pulumi stack in a temporary folder, and how long its commands take. */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join, resolve } from "node:path";
import { FAST_START } from "../tools/fastStart.ts";
import type { Address } from "./emulator.ts";
import { watchMemory } from "./memory.ts";

/** The repository. */
export const ROOT = resolve(import.meta.dirname, "..");

/** The programs of the rows. */
export const PROGRAMS = join(import.meta.dirname, "programs");

const STACK = "bench";

const RUNTIME = "runtime: nodejs\n";

const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A command that ended well. */
export interface Run {
  readonly seconds: number;
  /** What it printed on standard output. */
  readonly output: string;
  /** MB that Pulumi's dynamic provider process held at most; undefined unless watched. */
  readonly memory: number | undefined;
}

/** How a command is run. */
export interface RunOptions extends Pick<StackOptions, "watch"> {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a stack is set up. */
export interface StackOptions {
  readonly config?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether Pulumi.yaml has the settings of docs/how-it-works.md, with which Pulumi's own processes start faster. */
  readonly fastStart?: boolean;
  /** Whether to watch the memory of the dynamic provider process; it takes some time of its own. */
  readonly watch?: boolean;
}

/** A stack that starts from nothing as often as wanted. */
export interface Stack {
  /** Forgets all that was made. */
  wipe(): Promise<void>;
  up(...args: string[]): Promise<Run>;
  /** Previews with a refresh; fails if anything would change. */
  preview(...args: string[]): Promise<Run>;
  /** What `pulumi stack export` prints. */
  exported(): Promise<string>;
}

/**
 * Makes a stack that runs a program against an emulator; its folder is gone when this process ends. The folder is near the
 * packages, as a user's is: the state names each file of theirs that a resource was made through, by its way from the project.
 */
export async function makeStack(program: string, address: Address, options: StackOptions = {}): Promise<Stack> {
  const dir = await mkdtemp(join(import.meta.dirname, ".stack-"));
  folders.push(dir);
  const [state, nothing] = [join(dir, "state"), join(dir, "nothing")];
  await mkdir(state);
  await cp(PROGRAMS, dir, { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(dir, "node_modules"));
  const project = `name: bench\nmain: ${program}.js\noptions:\n  refresh: always\n`;
  await writeFile(join(dir, "Pulumi.yaml"), project + (options.fastStart ? FAST_START : RUNTIME));

  const env = {
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "bench",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...options.env,
  };
  const pulumi = (...args: string[]) =>
    run("pulumi", [...args, "--non-interactive"], { cwd: dir, env, watch: options.watch ?? false });

  const { graphqlUrl, tokenUrl, clientId, clientSecret } = address;
  const plain = { "ion:endpoint": graphqlUrl, "ion:authUrl": tokenUrl, "ion:clientId": clientId, ...options.config };
  const secret = { "ion:clientSecret": clientSecret, webhookUri: "https://violet.example/hooks/bench" };
  const pairs = (flag: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  await pulumi("stack", "init", STACK, "--no-select");
  await pulumi("config", "set-all", "--stack", STACK, ...pairs("--plaintext", plain), ...pairs("--secret", secret));
  await cp(state, nothing, { recursive: true });

  return {
    wipe: async () => {
      await rm(state, { recursive: true });
      await cp(nothing, state, { recursive: true });
    },
    up: (...args) => pulumi("up", "--yes", "--skip-preview", "--stack", STACK, ...args),
    preview: (...args) => pulumi("preview", "--expect-no-changes", "--stack", STACK, ...args),
    exported: async () => (await pulumi("stack", "export", "--stack", STACK)).output,
  };
}

/**
 * Runs a command as a child process and times the whole of it.
 *
 * @throws Error with what it printed, where it fails.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Run> {
  const path = [join(ROOT, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, ...options.env };
  const started = performance.now();
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const watch = options.watch && child.pid !== undefined ? watchMemory(child.pid) : undefined;
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
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}${errors}`);
  return { seconds, output, memory: watch?.stop() };
}
