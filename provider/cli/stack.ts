/** A stack's config and state, read through the real `pulumi`, which knows every backend and secrets provider. Never written. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { IonError } from "../ion/errors.ts";

/** Which stack a person means. */
export interface StackOptions {
  /** A stack by name; the selected one where it is left out, and none where it is false. */
  readonly stack?: string | false | undefined;
  /** A folder of the Pulumi project. */
  readonly cwd?: string | undefined;
  /** What the program calls the connection to the ION; the stack's own where it is left out. */
  readonly connection?: string | undefined;
}

/** One resource as a stack's state holds it, with secrets in plain. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A Pulumi stack, read only. */
export interface Stack {
  readonly name: string;
  /** Everything that is configured, by full key such as `ion:region`, secrets in plain. */
  config(): Promise<ReadonlyMap<string, string>>;
  /** What the stack's last `up` left, without what is only waiting to be deleted. */
  resources(): Promise<readonly StateResource[]>;
}

const PROJECT_FILES = ["Pulumi.yaml", "Pulumi.yml", "Pulumi.json"];

/** The folder of the Pulumi project that a folder belongs to; undefined where it belongs to none. */
function projectOf(folder: string): string | undefined {
  return above(folder).find((parent) => PROJECT_FILES.some((file) => existsSync(join(parent, file))));
}

/**
 * Finds the stack that is meant: by name, or the selected one of the Pulumi project. Undefined where there is no project,
 * or no stack is wanted.
 *
 * @throws IonError "config" that says what to type.
 */
export function findStack(
  options: StackOptions & { readonly stack: string },
  from: string,
  env: NodeJS.ProcessEnv,
): Promise<Stack>;
export function findStack(options: StackOptions, from: string, env: NodeJS.ProcessEnv): Promise<Stack | undefined>;
export async function findStack(
  { stack, cwd }: StackOptions,
  from: string,
  env: NodeJS.ProcessEnv,
): Promise<Stack | undefined> {
  const folder = resolve(from, cwd ?? ".");
  if (!existsSync(folder)) throw new IonError("config", `There is no folder ${folder}.`);
  if (stack === false) return undefined;
  if (!projectOf(folder)) {
    if (stack === undefined) return undefined;
    throw new IonError(
      "config",
      `There is no Pulumi.yaml in ${folder} or above it, so there is no stack ${stack}: name the project's folder with --cwd.`,
    );
  }
  const pulumi = (...args: string[]) => run(folder, env, [...args, "--non-interactive"]);
  const name = stack ?? (await pulumi("stack", "--show-name", "--color=never")).trim();
  // A value that looks like an option stays a value.
  const ofStack = [`--stack=${name}`, "--color=never"];
  return {
    name,
    config: async () => configOf(await pulumi("config", "--json", "--show-secrets", ...ofStack)),
    resources: async () => resourcesOf(await pulumi("stack", "export", "--show-secrets", ...ofStack)),
  };
}

const configSchema = z.record(z.string(), z.object({ value: z.string().optional() }));

function configOf(json: string): ReadonlyMap<string, string> {
  const config = parse(configSchema, json, "config");
  return new Map(Object.entries(config).flatMap(([key, { value }]) => (value === undefined ? [] : [[key, value]])));
}

const properties = z.record(z.string(), z.unknown()).default({});
const stateSchema = z.object({
  deployment: z.object({
    resources: z
      .array(
        z.object({
          urn: z.string(),
          type: z.string(),
          id: z.string().default(""),
          delete: z.boolean().default(false),
          inputs: properties,
          outputs: properties,
        }),
      )
      .default([]),
  }),
});

/** Reads what `pulumi stack export --show-secrets` prints. */
export function resourcesOf(json: string): StateResource[] {
  const { resources } = parse(stateSchema, json, "state").deployment;
  return resources
    .filter((resource) => !resource.delete)
    .map(({ urn, type, id, inputs, outputs }) => ({ urn, type, id, inputs: opened(inputs), outputs: opened(outputs) }));
}

/** Pulumi's mark of a secret in state (sdk/go/common/resource/sig). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Takes secrets out of Pulumi's envelope. */
function opened<T>(value: T): T;
function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (value === null || typeof value !== "object") return value;
  if (SIGNATURE in value && "plaintext" in value) return opened(JSON.parse(String(value.plaintext)));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

function parse<T>(schema: z.ZodType<T>, json: string, what: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    // Never the text itself: it holds secrets.
    throw new IonError("unexpectedAnswer", `\`pulumi\` shows the stack's ${what} in a form that is not as expected.`);
  }
}

function run(cwd: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  const own = above(cwd).map((folder) => join(folder, "node_modules/.bin"));
  const PATH = [...own.filter((folder) => existsSync(folder)), env.PATH ?? ""].join(delimiter);
  const options = { cwd, env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...env, PATH }, maxBuffer: 1 << 30 };
  return new Promise((done, fail) => {
    execFile("pulumi", args, options, (error, stdout, stderr) => {
      if (error) fail(new IonError("config", inWords(error, stderr)));
      else done(stdout);
    });
  });
}

/** What a person can do about each thing that keeps `pulumi` from showing a stack. */
const ADVICE: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /no stack selected/,
    "name one with --stack, choose one with `pulumi stack select`, or use environment variables alone with --no-stack",
  ],
  [/no stack named/, "see `pulumi stack ls`"],
  [/passphrase/, "it is the passphrase that the stack was made with"],
  [/PULUMI_ACCESS_TOKEN|must be logged in|pulumi login/, "log in with `pulumi login`, as for `pulumi up`"],
];

function inWords(error: Error & { readonly code?: unknown }, stderr: string): string {
  if (error.code === "ENOENT") {
    return (
      "The command `pulumi` is not there, and the stack is read through it: install it (`npm install --save-dev pulumi`), " +
      "or use environment variables alone with --no-stack."
    );
  }
  const [said = "it says nothing"] = [...stderr.matchAll(/^error: (.*)$/gm)].map(([, words]) => words);
  const advice = ADVICE.find(([pattern]) => pattern.test(said))?.[1];
  return `\`pulumi\` did not show the stack: ${said.replace(/\.$/, "")}.${advice ? ` To go on: ${advice}.` : ""}`;
}

function above(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...above(parent)];
}
