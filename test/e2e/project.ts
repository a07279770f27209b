import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/index.ts";

/** The repository. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly code: number;
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
}

/** One resource as `pulumi stack export` shows it. */
interface ExportedResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly initErrors?: readonly string[];
}

/** A Pulumi project in a temporary folder, with a file backend of its own and an emulator to speak to. */
export interface Project {
  readonly dir: string;
  readonly emulator: Emulator;
  /** Environment of every command; may be changed. */
  readonly env: Record<string, string | undefined>;
  /** Runs the real `pulumi`. */
  pulumi(...args: string[]): Promise<Outcome>;
  /** Runs `pulumi up`, which has to succeed. */
  up(...args: string[]): Promise<string>;
  /** Runs `pulumi preview --diff`, which has to succeed. */
  preview(...args: string[]): Promise<string>;
  /** The resources of the exported stack. */
  resources(): Promise<ExportedResource[]>;
  /** Replaces the program. */
  write(files: Record<string, string>): Promise<void>;
}

/** What a project consists of. */
export interface ProjectOptions {
  /** Files by path; `index.js` at least, unless they come from `folder`. */
  readonly files?: Record<string, string>;
  /** A folder of the repository to copy, such as an example. */
  readonly folder?: string;
  /** Config of the stack beside what names the emulator; all of it secret. */
  readonly config?: Record<string, string>;
  /** More config of the stack, in plain. */
  readonly plain?: Record<string, string>;
  /** Where packages are; the repository's own by default. */
  readonly nodeModules?: string | null;
  /** How the emulator differs from the usual one. */
  readonly emulator?: EmulatorOptions;
}

const STACK = "test";

/** Makes a project and its stack; both and the emulator are gone when the test is over. */
export async function makeProject(options: ProjectOptions): Promise<Project> {
  const emulator = await startEmulator({ port: 0, ...options.emulator });
  onTestFinished(() => emulator.close());
  const dir = await mkdtemp(join(tmpdir(), "pulumi-ion-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await mkdir(join(dir, "state"));
  if (options.folder) {
    const folder = resolve(ROOT, options.folder);
    for (const entry of (await readdir(folder)).filter((name) => name !== "node_modules")) {
      await cp(join(folder, entry), join(dir, entry), { recursive: true });
    }
  } else {
    await writeFile(join(dir, "Pulumi.yaml"), "name: project\nruntime: nodejs\noptions:\n  refresh: always\n");
    await writeFile(join(dir, "package.json"), "{}");
  }
  if (options.nodeModules !== null) {
    await symlink(options.nodeModules ?? join(ROOT, "node_modules"), join(dir, "node_modules"));
  }

  const env: Record<string, string | undefined> = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
  };
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], dir, env);
  const succeed = async (...args: string[]) => {
    const { code, output } = await pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  };
  const write = async (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) await writeFile(join(dir, path), text);
  };

  await write(options.files ?? {});
  await succeed("stack", "init", STACK);
  const plain = {
    "ion:endpoint": emulator.graphqlUrl,
    "ion:authUrl": emulator.tokenUrl,
    "ion:clientId": emulator.clientId,
    ...options.plain,
  };
  const secret = { "ion:clientSecret": emulator.clientSecret, ...options.config };
  const pairs = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  await succeed("config", "set-all", "--stack", STACK, ...pairs("--plaintext", plain), ...pairs("--secret", secret));

  return {
    dir,
    emulator,
    env,
    pulumi,
    up: (...args) => succeed("up", "--yes", "--skip-preview", "--stack", STACK, ...args),
    preview: (...args) => succeed("preview", "--diff", "--stack", STACK, ...args),
    resources: async () => {
      const exported = JSON.parse(await succeed("stack", "export", "--stack", STACK)) as {
        deployment: { resources?: ExportedResource[] };
      };
      return exported.deployment.resources ?? [];
    },
    write,
  };
}

/** Runs a command to its end, whatever that is. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Record<string, string | undefined> = process.env,
): Promise<Outcome> {
  return new Promise((done) => {
    const child = execFile(command, args, { cwd, env, maxBuffer: 64 << 20 });
    let output = "";
    child.stdout?.on("data", (text: string) => {
      output += text;
    });
    child.stderr?.on("data", (text: string) => {
      output += text;
    });
    child.on("error", (error) => done({ code: -1, output: `${output}${error.message}` }));
    child.on("close", (code) => done({ code: code ?? -1, output }));
  });
}

/** What a stack's life consists of. */
interface Steps {
  /** What has to be in ION after `up`. */
  readonly made: () => void;
  /** Changes ION behind Pulumi's back. */
  readonly outside: () => void;
  /** What the preview has to say of it. */
  readonly shown: readonly (string | RegExp)[];
}

/**
 * The life of a stack: up → preview clean → refresh clean → a change outside → preview shows it → up repairs it →
 * preview clean → destroy → nothing left in ION.
 */
export async function live(project: Project, steps: Steps): Promise<void> {
  const { expect } = await import("vitest");
  await project.up();
  steps.made();
  await project.preview("--expect-no-changes");
  const refreshed = await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK);
  expect(refreshed.code, refreshed.output).toBe(0);
  steps.outside();
  // Pulumi pads names to one width.
  const shown = (await project.preview()).replace(/ +:/g, ":");
  for (const line of steps.shown) expect(shown).toMatch(line);
  await project.up();
  steps.made();
  // Nothing at all to say: neither a change to make nor one found by the refresh.
  expect(await project.preview("--expect-no-changes")).not.toMatch(/^\s*[~+-] pulumi-nodejs/m);
  await end(project);
}

/** The short life of a stack: up → preview clean → destroy → nothing left in ION. */
export async function liveBriefly(project: Project, made: () => void | Promise<void>): Promise<void> {
  await project.up();
  await made();
  await project.preview("--expect-no-changes");
  await end(project);
}

async function end(project: Project): Promise<void> {
  const { expect } = await import("vitest");
  const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK);
  expect(destroyed.code, destroyed.output).toBe(0);
  expect(project.emulator.store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
}
