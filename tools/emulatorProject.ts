/** A Pulumi project whose stack is on an emulator: how its commands run, and how they stop. */
import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Emulator } from "ion-emulator";

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, "..");

/** Encrypts the stack's secrets. It protects nothing: they are the emulator's. */
export const PASSPHRASE = "emulator";

/** The languages of the program. */
const LANGUAGES = ["typescript", "yaml"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Where a project is. */
export interface ProjectPlace {
  readonly folder: string;
  /** The folder of Pulumi's state: a backend of its own, so that the user's `pulumi login` is neither used nor changed. */
  readonly state: string;
  readonly stack: string;
}

/** Aborted by the first Ctrl-C. */
export const stopped = new AbortController();

/** The commands that run. */
const running = new Set<ChildProcess>();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, stop);

/** The first signal asks all commands to stop, so that Pulumi finishes what it has begun. The second one ends them. */
function stop() {
  const isFirst = !stopped.signal.aborted;
  stopped.abort();
  for (const child of running) signalGroup(child, isFirst ? "SIGINT" : "SIGKILL");
  if (!isFirst) process.exit(1);
}

/** Each command leads a group, so that it and what it starts get the same signals, whoever sent them. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals) {
  if (process.platform === "win32" || child.pid === undefined) return void child.kill(signal);
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has exited.
  }
}

/** Runs a tool's main function. What it throws is printed without a stack. */
export async function runTool(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    console.error(stopped.signal.aborted ? "\nStopped." : `\n${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

/** The language that an option names. @throws Error if there is no such language */
export function languageOf(option: string): Language {
  const language = LANGUAGES.find((one) => one === option);
  if (language) return language;
  throw new Error(`--language must be ${LANGUAGES.join(" or ")}.`);
}

/** How the output of a command is treated. */
interface RunOptions {
  /** More environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard output. @default printed */
  readonly onLine?: (line: string) => void;
  /** Whether the output is printed only if the command fails. */
  readonly isQuiet?: boolean;
}

/** Runs a command in a project. @throws Error if it fails, or was stopped */
export async function run(place: ProjectPlace, command: string, args: readonly string[], options: RunOptions = {}) {
  stopped.signal.throwIfAborted();
  const { env, onLine, isQuiet = false } = options;
  const child = spawn(command, args, {
    cwd: place.folder,
    stdio: ["ignore", onLine || isQuiet ? "pipe" : "inherit", isQuiet ? "pipe" : "inherit"],
    detached: process.platform !== "win32",
    env: { ...withoutIonSettings(process.env), ...settingsOf(place), PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (onLine) output = passLines(output, onLine);
    });
  }
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    child.once("close", done);
  }).finally(() => running.delete(child));
  stopped.signal.throwIfAborted();
  if (code === 0) return;
  if (isQuiet) console.error(output);
  throw new Error(`${command} ${args[0]} exited with ${code}`);
}

/** Passes each whole line on. Returns what is left. */
function passLines(text: string, onLine: (line: string) => void): string {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  for (const line of lines) onLine(line);
  return rest;
}

/** Runs Pulumi with a project's stack. @throws Error if it fails, or was stopped */
export function pulumi(place: ProjectPlace, args: readonly string[], options: RunOptions = {}) {
  const color = process.stdout.isTTY ? "always" : "never";
  // On Windows, a file of npm's there is no program.
  const command = process.platform === "win32" ? "pulumi" : join(place.folder, "node_modules/.bin/pulumi");
  return run(place, command, [...args, "--stack", place.stack, "--non-interactive", "--color", color], options);
}

/** The variables with which Pulumi finds a project's state and reads its secrets. */
export const settingsOf = ({ state }: ProjectPlace) => ({
  PULUMI_BACKEND_URL: pathToFileURL(state).href,
  PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
});

/** An environment without settings of ION, so that the config alone says which ION is used. */
function withoutIonSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("ION_")));
}

/** Finds, downloads or compiles Pulumi. */
export const ensureEngine = () =>
  run({ folder: ROOT, state: ROOT, stack: "" }, process.execPath, [join(ROOT, "tools/engine/ensure.ts")]);

export function printHeading(text: string) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 76 - text.length))}\n`);
}

export function disposable(emulator: Emulator) {
  return Object.assign(emulator, { [Symbol.asyncDispose]: () => emulator.close() });
}
