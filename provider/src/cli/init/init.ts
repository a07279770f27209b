import { existsSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { Option } from "commander";
import { IonError } from "../../ion/errors.ts";
import { escapeText } from "../../model/text.ts";
import { statOf } from "../files.ts";
import type { Register } from "../options.ts";
import { quoted } from "../shell.ts";
import type { Terminal } from "../terminal.ts";
import { alreadyHas, findPackage, requirementOf } from "./package.ts";
import { conflictsWith, LANGUAGES, projectFiles, writeProject } from "./projectFiles.ts";
import { runCommand } from "./runCommand.ts";
import { askSettings, createStack, type InitSettings, REGIONS, STAGES } from "./stackConfig.ts";

interface InitOptions extends InitSettings {
  readonly language: (typeof LANGUAGES)[number];
  readonly install: boolean;
}

/** `pulumi-ion init`: writes a project that works at once. */
export const init: Register = (program, act, version) => {
  program
    .command("init")
    .argument("[folder]", "folder of the new project; it is created if it does not exist", ".")
    .summary("Create a Pulumi project for ION's webhooks")
    .description(
      "Create a Pulumi project for ION's webhooks and install its packages. If pulumi-ion was not installed from a registry, the project gets a " +
        "copy of it. On a terminal, it asks for what it needs; secrets are hidden and encrypted at once. No file is overwritten.",
    )
    .addOption(new Option("--language <language>", "language of the program").choices(LANGUAGES).default("typescript"))
    .option("-s, --stack <name>", "name of the stack to create", "production")
    .addOption(new Option("--region <region>", "region of the ION environment").choices(REGIONS))
    .addOption(new Option("--stage <stage>", "its stage").choices(STAGES))
    .option("--endpoint <url>", "ION's GraphQL endpoint, instead of region and stage")
    .option("--auth-url <url>", "ION's token endpoint, for an endpoint that is not ION's own")
    .option("--client-id <id>", "client id of the API key; its secret comes from ION_CLIENT_SECRET")
    .option("--no-install", "do not run npm install")
    .addHelpText("after", HELP)
    .action(act((options: InitOptions, terminal, folder: string) => run(folder, options, terminal, version)));
};

const HELP = `
Without a terminal, the secrets come from ION_CLIENT_SECRET and ION_WEBHOOK_URI. The stack is created only if a
region or an endpoint is given.

Exit codes: 0 success, 1 error or invalid arguments.

Examples:
  pulumi-ion init ../ion-webhooks
  pulumi-ion init ../ion-webhooks --language python
  pulumi-ion init ion-webhooks --region us --client-id abc     with ION_CLIENT_SECRET and ION_WEBHOOK_URI set`;

async function run(folder: string, options: InitOptions, terminal: Terminal, version: string): Promise<number> {
  const target = resolve(terminal.cwd, folder);
  requireOwnFolder(target);
  const files = await projectFiles(options.language, projectName(target));
  const conflicts = conflictsWith(target, files);
  if (conflicts.length > 0) throw alreadyHas(target, conflicts);
  await mkdir(target, { recursive: true });
  const requirement = await requirementOf(findPackage(), version, target, terminal);
  await writeProject(target, files, requirement);
  terminal.out(`Created a project in ${escapeText(target)}.`);
  if (options.install) {
    terminal.out("Installing its packages with npm …");
    await runCommand("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: target,
      env: forNpm(terminal.env),
    });
  }
  const settings = await askSettings(options, terminal);
  const isConfigured = settings.region !== undefined || settings.endpoint !== undefined;
  const next = (hasStack: boolean) => `\n${nextSteps(relative(terminal.cwd, target), settings.stack, hasStack)}`;
  try {
    if (isConfigured) await createStack(target, settings, terminal);
  } catch (error) {
    // The project is complete: only its stack is missing.
    terminal.out(next(false));
    throw error;
  }
  terminal.out(next(isConfigured));
  return 0;
}

/**
 * Refuses a folder that another user can change while npm runs in it. A folder that exists must belong to this user. A new one may
 * also be in a folder of root's, such as /tmp.
 *
 * @throws IonError "config"
 */
function requireOwnFolder(target: string): void {
  if (statOf(target)?.isSymbolicLink()) {
    throw new IonError("config", `${escapeText(target)} is a link, so it is not used.`, {
      hints: ["Name the folder itself, or a new one."],
    });
  }
  const existing = nearestExisting(target);
  if (!statSync(existing).isDirectory()) throw new IonError("config", `${escapeText(existing)} is not a folder.`);
  const me = process.getuid?.();
  const trusted = existing === target ? [me] : [me, 0];
  if (me === undefined || trusted.includes(statSync(existing).uid)) return;
  throw new IonError("config", `${escapeText(existing)} belongs to another user, so it is not used.`, {
    hints: ["Choose a folder of your own."],
  });
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

/** The environment for npm, whose packages may run scripts: they need no secret of ION or Pulumi. */
const forNpm = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^(ION_|PULUMI_)/.test(name)));

/** A project's name as Pulumi and npm accept it. */
function projectName(target: string): string {
  const words = basename(target)
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["ion", "webhooks"];
  return words.join("-");
}

function nextSteps(folder: string, stack: string, isConfigured: boolean): string {
  const enter = folder === "" ? [] : [`  cd ${quoted(folder)}`];
  const create = [
    `  npx pulumi stack init ${quoted(stack)}`,
    "  npx pulumi config set ion:region us",
    "  npx pulumi config set ion:clientId <client id>",
    "  npx pulumi config set --secret ion:clientSecret",
    "  npx pulumi config set --secret webhookUri",
  ];
  const check = ["  npx --no-install pulumi-ion doctor", "  npx pulumi preview"];
  return ["Next:", ...enter, ...(isConfigured ? [] : create), ...check].join("\n");
}
