/** A stack's config and state, read through Pulumi's Automation API. The program never runs, and nothing is written. */
import { existsSync, lstatSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { z } from "zod";
import { IonError, sentence } from "../ion/errors.ts";
import { declaredProvider, urnOf } from "../model/resourceTypes.ts";
import { escapeText } from "../model/text.ts";

/** Options that choose a stack and one of its connections. */
export interface StackOptions {
  /** The name of the stack; none if it is false. @default the selected stack */
  readonly stack?: string | false | undefined;
  /** A folder of the Pulumi project. @default the current folder */
  readonly cwd?: string | undefined;
  /** The name of a connection. @default the stack's default connection */
  readonly connection?: string | undefined;
}

/** One resource in a stack's state, with its secrets in plain text. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  /** The name of the provider that the program declares for it; undefined for Pulumi's default provider. */
  readonly provider: string | undefined;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** One value in a stack's config. */
export interface ConfigValue {
  /** In plain text. */
  readonly value: string;
  /** Whether it is encrypted in the stack's config. */
  readonly secret: boolean;
}

/** A Pulumi stack, read only. */
export interface Stack {
  readonly name: string;
  /** The whole config by full key such as `ion:region`. */
  config(): Promise<ReadonlyMap<string, ConfigValue>>;
  /** The resources in the state, except those that wait for deletion. */
  resources(): Promise<readonly StateResource[]>;
}

const PROJECT_FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];

/** The folder of the Pulumi project that a folder belongs to, if there is one. @throws IonError if it is another user's */
function findProject(folder: string, owner = ownerOf(folder)): string | undefined {
  const file = PROJECT_FILES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) {
    const parent = dirname(folder);
    return parent === folder ? undefined : findProject(parent, owner);
  }
  requireOwner(join(folder, file), owner);
  return folder;
}

const ownerOf = (path: string) => statSync(path).uid;

/**
 * Pulumi runs what a project names. A project above the folder that is asked for may be somebody else's trap, as in /tmp, where
 * everybody can write. Git refuses such repositories too.
 *
 * @throws IonError "config"
 */
function requireOwner(path: string, owner: number): void {
  // Root can read and change everything anyway, and installs packages in containers.
  const trusted = [owner, process.getuid?.(), 0];
  // A link of somebody else may lead to any file, such as one of root's programs.
  if ([lstatSync(path).uid, ownerOf(path)].every((uid) => trusted.includes(uid))) return;
  throw new IonError("config", `${escapeText(path)} belongs to another user, so it is not used.`, {
    hints: ["Set --cwd to the folder of your own Pulumi project, or use only environment variables with --no-stack."],
  });
}

/**
 * Finds the stack to use: by name, or the selected one of the Pulumi project. Undefined if there is no project, or no stack is
 * wanted.
 *
 * @throws IonError "config" if the stack cannot be read.
 */
export async function findStack(
  { stack, cwd }: StackOptions,
  from: string,
  env: NodeJS.ProcessEnv,
): Promise<Stack | undefined> {
  const folder = resolve(from, cwd ?? ".");
  if (!existsSync(folder)) throw new IonError("config", `The folder ${escapeText(folder)} does not exist.`);
  if (stack === false) return undefined;
  const project = findProject(folder);
  if (project === undefined) {
    if (stack === undefined) return undefined;
    throw new IonError(
      "config",
      `Stack ${escapeText(stack)} was not found: there is no Pulumi.yaml in ${escapeText(folder)} or above it.`,
      {
        hints: ["Set --cwd to the folder of your Pulumi project."],
      },
    );
  }
  const workspace = await openWorkspace(folder, project, env);
  const name = stack ?? (await read(workspace.stack()))?.name;
  if (name === undefined) {
    throw new IonError("config", "No Pulumi stack is selected.", {
      hints: [
        "Name one with --stack, select one with `pulumi stack select`, or use only environment variables with --no-stack.",
      ],
    });
  }
  return {
    name,
    config: async () => {
      const config = await read(workspace.getAllConfig(name));
      return new Map(Object.entries(config).map(([key, { value, secret = false }]) => [key, { value, secret }]));
    },
    resources: async () => resourcesOf(await read(workspace.exportStack(name))),
  };
}

/** The names of all stacks of the project. @throws IonError "config" if there is no project, or its stacks cannot be listed */
export async function listStacks({ cwd }: StackOptions, from: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const folder = resolve(from, cwd ?? ".");
  const project = existsSync(folder) ? findProject(folder) : undefined;
  if (project === undefined) {
    throw new IonError("config", `There is no Pulumi project in ${escapeText(folder)} or above it.`, {
      hints: ["Set --cwd to the folder of your Pulumi project."],
    });
  }
  const workspace = await openWorkspace(folder, project, env);
  return (await read(workspace.listStacks())).map(({ name }) => name);
}

/** Opens the project with its own `pulumi`, else with the one on the PATH. Other folders' packages are never run. */
async function openWorkspace(folder: string, project: string, env: NodeJS.ProcessEnv): Promise<LocalWorkspace> {
  const automation = await import("@pulumi/pulumi/automation/index.js");
  const own = join(project, "node_modules/.bin/pulumi");
  if (existsSync(own)) requireOwner(own, ownerOf(folder));
  // PulumiCommand.get() knows only the PATH and a folder with bin/pulumi, and runs `pulumi version` first.
  const command = [existsSync(own) ? own : "pulumi", null];
  return automation.LocalWorkspace.create({
    workDir: folder,
    pulumiCommand: Reflect.construct(automation.PulumiCommand, command) as PulumiCommand,
    envVars: { PULUMI_SKIP_UPDATE_CHECK: "true", ...env } as Record<string, string>,
  });
}

const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().default(""),
  provider: z.string().optional(),
  delete: z.boolean().default(false),
  outputs: z.record(z.string(), z.unknown()).default({}),
});
const stateSchema = z.object({ deployment: z.object({ resources: z.array(resourceSchema).default([]) }) });

/** The resources of an exported stack. */
export function resourcesOf(exported: unknown): StateResource[] {
  const parsed = stateSchema.safeParse(exported);
  // Never the error itself: it may repeat a secret.
  if (!parsed.success) throw new IonError("unexpectedAnswer", "Pulumi's export of the stack has an unexpected form.");
  return parsed.data.deployment.resources
    .filter((resource) => !resource.delete)
    .map(({ urn, type, id, provider, outputs }) => {
      return {
        urn,
        type,
        id,
        provider: provider ? declaredProvider(urnOf(provider)) : undefined,
        outputs: decrypted(outputs),
      };
    });
}

/** Pulumi's mark of a secret in state (sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Unwraps secrets, which `--show-secrets` exports as JSON text. */
function decrypted<T>(value: T): T;
function decrypted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => decrypted(one));
  if (value === null || typeof value !== "object") return value;
  if (SIGNATURE in value && "plaintext" in value) return decrypted(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decrypted(inner)]));
}

/** What to do about a reason that Pulumi gives. */
const HINTS: ReadonlyArray<readonly [reason: RegExp, hint: string]> = [
  [/no stack named/, "Run `pulumi stack ls` to list the stacks of this project."],
  [/passphrase/, "Set the stack's passphrase: `export PULUMI_CONFIG_PASSPHRASE=<passphrase>`."],
  [/PULUMI_ACCESS_TOKEN|must be logged in|pulumi login/, "Log in with `pulumi login`, as for `pulumi up`."],
];

async function read<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (/\bENOENT\b/.test(message)) {
      throw new IonError("config", "The command `pulumi` was not found. It is needed to read the stack.", {
        hints: ["Install it with `npm install --save-dev pulumi`, or use only environment variables with --no-stack."],
      });
    }
    // Only the reason: the rest may repeat what Pulumi printed, with secrets.
    const [, reason] = /^error: (.*)$/m.exec(message) ?? [];
    if (reason === undefined) {
      throw new IonError("config", "Could not read the Pulumi stack, and Pulumi gave no reason.", {
        hints: ["Run `npx pulumi stack` to see why."],
      });
    }
    const hints = HINTS.flatMap(([pattern, hint]) => (pattern.test(reason) ? [hint] : []));
    throw new IonError("config", `Could not read the Pulumi stack: ${sentence(escapeText(reason))}`, { hints });
  }
}
