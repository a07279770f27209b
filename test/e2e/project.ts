import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../emulator/index.ts";
import type { Carrier } from "../support/carriers.ts";

/** The root of the repository. */
export const ROOT = resolve(import.meta.dirname, "../..");

/** The result of a command. */
export interface Outcome {
  readonly code: number;
  /** Standard output and standard error, in the order of arrival. */
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

/** A Pulumi project in a temporary folder, with its own file backend and its own emulator. */
export interface Project {
  readonly dir: string;
  readonly emulator: Emulator;
  /** The environment of every command. Tests may change it. */
  readonly env: Record<string, string | undefined>;
  /** Runs the real `pulumi`. */
  pulumi(...args: string[]): Promise<Outcome>;
  /** Runs `pulumi up`. @throws Error if it fails. */
  up(...args: string[]): Promise<string>;
  /** Runs `pulumi preview --diff`. @throws Error if it fails. */
  preview(...args: string[]): Promise<string>;
  /** The resources of the exported stack. */
  resources(): Promise<ExportedResource[]>;
  /** Writes files into the project, such as a new program. */
  write(files: Record<string, string>): Promise<void>;
}

/** What the plugin needs in Pulumi.yaml. */
const PLUGIN = "plugins:\n  providers:\n    - name: ion\n      path: node_modules/pulumi-ion/bin\n";

/** Options for makeProject. */
export interface ProjectOptions {
  /** Files by path. Requires at least `index.js` unless `folder` is set. */
  readonly files?: Record<string, string>;
  /** A folder in the repository to copy, such as an example. */
  readonly folder?: string;
  /** Stack config to set as secrets, in addition to the connection to the emulator. */
  readonly config?: Record<string, string>;
  /** More stack config, in plain text. */
  readonly plain?: Record<string, string>;
  /** The node_modules folder to link. @default the repository's */
  readonly nodeModules?: string | null;
  /** Options for the emulator. */
  readonly emulator?: EmulatorOptions;
  /** More environment variables, such as another backend. */
  readonly env?: Readonly<Record<string, string>>;
  /** With "plugin", programs that are written import pulumi-ion/native instead of pulumi-ion. @default "dynamic" */
  readonly carrier?: Carrier;
}

const STACK = "test";
/** The stack that resources are imported into. */
const IMPORTED = "imported";

/** Creates a project with a stack, and deletes both at the end of the test. */
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
    await writeFile(
      join(dir, "Pulumi.yaml"),
      `name: project\nruntime: nodejs\noptions:\n  refresh: always\n${options.carrier === "plugin" ? PLUGIN : ""}`,
    );
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
    ...options.env,
  };
  const pulumi = (...args: string[]) => run("pulumi", [...args, "--non-interactive"], dir, env);
  const succeed = async (...args: string[]) => {
    const { code, output } = await pulumi(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with ${code}:\n${output}`);
    return output;
  };
  const write = async (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      const program = options.carrier === "plugin" ? text.replaceAll('"pulumi-ion"', '"pulumi-ion/native"') : text;
      await writeFile(join(dir, path), program);
    }
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
  const flags = (flag: string, values: Record<string, string>) =>
    Object.entries(values).flatMap(([key, value]) => [flag, `${key}=${value}`]);
  await succeed("config", "set-all", "--stack", STACK, ...flags("--plaintext", plain), ...flags("--secret", secret));

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

/** Runs a command and resolves to its exit code and output. Never rejects. */
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

/** What testLifecycle needs. */
interface Lifecycle {
  /** Checks what `up` created in ION. */
  readonly expectCreated: () => void;
  /** Changes ION outside of Pulumi. */
  readonly changeOutside: () => void;
  /** What the preview must show of that change. */
  readonly drift: readonly (string | RegExp)[];
  /** The resources to import into a new stack, which is destroyed in the end. @default the stack itself is destroyed */
  readonly imports?: () => readonly { readonly type: string; readonly name: string; readonly id: string }[];
}

/**
 * Runs the lifecycle of a stack: up → clean preview → clean refresh → a change outside → the preview shows it → up
 * reverts it → clean preview → import into a new stack, which has a clean preview → destroy → ION is empty.
 */
export async function testLifecycle(project: Project, lifecycle: Lifecycle): Promise<void> {
  const { expect } = await import("vitest");
  await project.up();
  lifecycle.expectCreated();
  await project.preview("--expect-no-changes");
  const refreshed = await project.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK);
  expect(refreshed.code, refreshed.output).toBe(0);
  lifecycle.changeOutside();
  // Pulumi pads names to one width.
  const preview = (await project.preview()).replace(/ +:/g, ":");
  for (const line of lifecycle.drift) expect(preview).toMatch(line);
  await project.up();
  lifecycle.expectCreated();
  // Neither a planned change nor one that the refresh detected.
  expect(await project.preview("--expect-no-changes")).not.toMatch(/^\s*[~+-] (pulumi-nodejs|ion):/m);
  if (lifecycle.imports) await importAll(project, lifecycle.imports());
  await destroy(project, lifecycle.imports ? IMPORTED : STACK);
}

/** Imports resources into a new stack, which has the program and the config of the first one. */
async function importAll(project: Project, resources: readonly object[]): Promise<void> {
  const { expect } = await import("vitest");
  const before = project.emulator.store.state();
  await project.write({ "import.json": JSON.stringify({ resources }) });
  for (const command of [
    ["stack", "init", IMPORTED, "--copy-config-from", STACK],
    ["import", "--file", "import.json", "--protect=false", "--generate-code=false", "--yes", "--stack", IMPORTED],
    ["preview", "--expect-no-changes", "--stack", IMPORTED],
  ]) {
    const { code, output } = await project.pulumi(...command);
    expect(code, output).toBe(0);
  }
  expect(project.emulator.store.state()).toEqual(before);
}

/** Runs a short lifecycle: up → clean preview → destroy → ION is empty. */
export async function testShortLifecycle(project: Project, expectCreated: () => void | Promise<void>): Promise<void> {
  await project.up();
  await expectCreated();
  await project.preview("--expect-no-changes");
  await destroy(project);
}

async function destroy(project: Project, stack = STACK): Promise<void> {
  const { expect } = await import("vitest");
  const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", stack);
  expect(destroyed.code, destroyed.output).toBe(0);
  expect(project.emulator.store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
}
