import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { Option } from "commander";
import { type ConnectionSettings, requireSettings } from "../../ion/connectionSettings.ts";
import { IonError, sentence } from "../../ion/errors.ts";
import { HOSTS } from "../../ion/facts.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import { type Difference, duplicateReceivers, receiverDifference } from "../../model/difference.ts";
import { describeDifference } from "../../model/messages.ts";
import { escapeText, formatJson, formatReceiver, pluralize } from "../../model/text.ts";
import type { Receiver, Receivers } from "../../model/webhooks.ts";
import { statOf } from "../files.ts";
import { findPackage, isFromRegistry } from "../init/package.ts";
import { type Register, withStack } from "../options.ts";
import { connect, describeSource, findSettings, withoutSecrets } from "../settings.ts";
import { quoted } from "../shell.ts";
import type { StackOptions } from "../stack.ts";
import { asItIs } from "../status/coverage.ts";
import { type Terminal, withSlowNotice } from "../terminal.ts";
import { unquoted } from "./codegen.ts";
import { declarationsOf, type ExportedReceiver } from "./declarations.ts";
import { generateImportFile, IMPORT_FILE } from "./importFile.ts";
import { generateProject, IMPORT_COMMAND, LANGUAGES, type Language } from "./languages/languages.ts";
import { generateProgram, type Program } from "./program.ts";

interface ExportOptions extends StackOptions {
  readonly receiver?: readonly string[];
  readonly out: string;
  readonly force?: true;
  readonly import?: true;
  readonly language?: Language;
  readonly json?: true;
}

/** `pulumi-ion export`: a program that declares what ION has. */
export const exportProgram: Register = (program, act, version) => {
  withStack(program.command("export"))
    .summary("Write a Pulumi program for what ION has")
    .description(
      "Write a Pulumi program that declares ION's receivers and subscriptions as they are. Its first `pulumi up` imports them " +
        "and changes nothing in ION. Secrets are not written.",
    )
    .option("-r, --receiver <ids...>", "only the receivers with these ids (default: all)")
    .option("-o, --out <folder>", "folder to write to; created if it does not exist", "ion-webhooks")
    .option("--import", "write only import.json, for `pulumi import --file` over the provider plugin")
    .addOption(
      new Option("--language <language>", "write a program over the provider plugin, with its import.json")
        .choices(LANGUAGES)
        .conflicts("import"),
    )
    .option("--force", "overwrite existing files")
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act<ExportOptions>((options, terminal) => run(options, terminal, version)));
};

const HELP = `
Exit codes: 0 success, 1 error or invalid arguments; nothing was written.

Examples:
  pulumi-ion export --no-stack                  everything in the environment of ION_API_URI
  pulumi-ion export --receiver 2 --out violet   one receiver, into the folder violet
  pulumi-ion export --language python           a program in Python over the provider plugin
  pulumi-ion export --import --out .            a list for \`pulumi import --file import.json\``;

async function run(options: ExportOptions, terminal: Terminal, version: string): Promise<number> {
  const settings = await findSettings(options, terminal);
  const source = describeSource(settings);
  const connection = requireSettings(settings);
  const api = connect(settings, terminal);
  const live = await withSlowNotice(api.receivers(), terminal);
  const chosen = choose(live, options.receiver);
  const duplicates = new Map(
    duplicateReceivers([...live.values()]).flatMap((one) => one.receivers.map(({ id }) => [id, one] as const)),
  );
  const overPlugin = options.import === true || options.language !== undefined;
  const receivers = await Promise.all(
    chosen.map((receiver) =>
      exportable(api, receiver, duplicates.get(receiver.id), overPlugin ? [] : [DELETE_DUPLICATES]),
    ),
  );
  if (options.import) return writeImportFile(receivers, options, terminal);
  const host = new URL(connection.endpoint).host;
  const program = generate(options.language, receivers, host, version);
  const folder = resolve(terminal.cwd, options.out);
  await write(folder, program.files, options.force === true);
  const steps = nextSteps(connection, relative(terminal.cwd, folder) || ".", program);
  if (options.json) {
    const secrets = program.secrets.flatMap(({ keys }) => keys.map(secretCommand));
    const ids = chosen.map(({ id }) => id);
    const files = Object.keys(program.files);
    const output = { environment: api.environment, folder, files, receivers: ids, steps, secrets };
    terminal.out(formatJson(output, 2));
  } else terminal.out(asText(program, chosen, folder, source, steps, terminal));
  return 0;
}

/** A program, and the commands around it. */
interface ExportedProgram extends Program {
  /** The commands that install what it needs. */
  readonly install: readonly string[];
  /** The commands that import the receivers. */
  readonly adopt: readonly string[];
}

function generate(
  language: Language | undefined,
  receivers: readonly ExportedReceiver[],
  host: string,
  version: string,
): ExportedProgram {
  if (language === undefined) {
    const program = generateProgram(receivers, host, requirement(version));
    return { ...program, install: [], adopt: ["npx pulumi up"] };
  }
  const declared = declarationsOf(receivers);
  const project = generateProject(language, declared, unquoted(host), requirement(version), version);
  return { ...project, secrets: [], adopt: [`npx ${IMPORT_COMMAND}`] };
}

async function writeImportFile(exported: readonly ExportedReceiver[], options: ExportOptions, terminal: Terminal) {
  const folder = resolve(terminal.cwd, options.out);
  const chosen = exported.map(({ receiver }) => receiver);
  await write(folder, { [IMPORT_FILE]: generateImportFile(declarationsOf(exported)) }, options.force === true);
  const file = quoted(relative(terminal.cwd, join(folder, IMPORT_FILE)));
  const steps = [`pulumi import --file ${file} --protect=false`];
  if (options.json)
    terminal.out(formatJson({ folder, files: [IMPORT_FILE], receivers: chosen.map(({ id }) => id), steps }, 2));
  else terminal.out(`Wrote ${file}. In a project that names the provider plugin, run:\n  ${steps.join("\n  ")}`);
  return 0;
}

/**
 * What the program's package.json requires: this version if it came from a registry, else the package that runs. While the package
 * is not published, its name may be anybody's there.
 */
function requirement(version: string): string {
  const root = findPackage();
  return isFromRegistry(root) ? `^${version}` : `file:${root}`;
}

function choose(live: Receivers, ids: readonly string[] | undefined): Receiver[] {
  if (live.size === 0) {
    throw new IonError("notFound", "ION shows this API key no webhook receivers, so there is nothing to export.");
  }
  if (!ids) return [...live.values()];
  return [...new Set(ids)].map((id) => {
    const receiver = live.get(id);
    if (receiver) return receiver;
    const all = [...live.values()].map(formatReceiver).join(", ");
    throw new IonError("notFound", `ION has no webhook receiver with id ${escapeText(id)}.`, {
      hints: [`It has ${all}.`],
    });
  });
}

/** A receiver without the fields that the resource would reject: imported as it is, it keeps them. */
async function exportable(
  api: WebhookApi,
  receiver: Receiver,
  duplicate: Difference | undefined,
  hints: readonly string[],
): Promise<ExportedReceiver> {
  const { webhookReceiver } = await import("../../lifecycle/webhookReceiver.ts");
  const { id, name, contentType, expectedResponseCode, description } = receiver;
  const fields = { name, contentType, expectedResponseCode, description, importId: id };
  const inputs = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const checked = await webhookReceiver.check(api, inputs, {});
  const failures = checked.failures.filter(({ property }) => property !== "name");
  const rejected = Object.fromEntries(failures.map(({ property }) => [property, undefined]));
  const differences = [...receiverDifference(asItIs(receiver), receiver), ...(duplicate ? [duplicate] : [])];
  const remarks = [
    ...failures.map(({ property, reason }) => {
      return `${property} is omitted and keeps its value in ION, which pulumi-ion rejects: it ${sentence(reason)}`;
    }),
    ...differences.map(describeDifference),
    ...(differences.some(({ kind, object }) => kind === "duplicate" && object === "subscription") ? hints : []),
  ];
  return { receiver: { ...receiver, ...rejected }, remarks };
}

const DELETE_DUPLICATES =
  'To delete all but the oldest, set unmanaged: "delete". A `pulumi up` reports them, and the next one deletes them.';

/** Writes all files or none. */
async function write(folder: string, files: Program["files"], force: boolean): Promise<void> {
  const existing = Object.keys(files).filter((name) => statOf(join(folder, name)));
  if (existing.length > 0 && !force) {
    const verb = existing.length === 1 ? "exists" : "exist";
    throw new IonError(
      "config",
      `${existing.join(", ")} already ${verb} in ${escapeText(folder)}. Nothing was written.`,
      {
        hints: ["Choose another folder with --out, or overwrite with --force."],
      },
    );
  }
  // A file that is renamed onto a symbolic link replaces it, and is not written to where it points. A folder cannot be replaced.
  const other = existing.find((name) => statOf(join(folder, name))?.isDirectory());
  if (other) throw new IonError("config", `${other} in ${escapeText(folder)} is a folder. Nothing was written.`);
  let temporary: string | undefined;
  try {
    await mkdir(folder, { recursive: true });
    temporary = await mkdtemp(join(folder, ".pulumi-ion-export-"));
    for (const [name, text] of Object.entries(files)) await writeFile(join(temporary, name), text);
    for (const name of Object.keys(files)) await rename(join(temporary, name), join(folder, name));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new IonError("config", `Could not write to ${escapeText(folder)}: ${sentence(escapeText(reason))}`);
  } finally {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}

/** The commands that import what was exported. */
function nextSteps(
  { endpoint, authUrl, clientId }: ConnectionSettings,
  folder: string,
  { install, adopt }: ExportedProgram,
): string[] {
  const hosts = Object.entries(HOSTS).flatMap(([region, stages]) =>
    Object.entries(stages).map(([stage, host]) => ({ region, stage, host })),
  );
  const known = hosts.find(({ host }) => host.endpoint === endpoint);
  const set = (key: string, value: string) => `npx pulumi config set ${key} ${quoted(value)}`;
  // What a query holds may be a key.
  const setUrl = (key: string, url: string) => [
    withoutSecrets(url) === new URL(url).href ? set(key, url) : `npx pulumi config set --secret ${key}`,
  ];
  const environment = known
    ? [set("ion:region", known.region), ...(known.stage === "production" ? [] : [set("ion:stage", known.stage)])]
    : [...setUrl("ion:endpoint", endpoint), ...setUrl("ion:authUrl", authUrl)];
  return [
    `cd ${quoted(folder)}`,
    "npm install",
    ...install,
    `npx pulumi stack init ${known?.stage ?? "dev"}`,
    ...environment,
    set("ion:clientId", clientId),
    "npx pulumi config set --secret ion:clientSecret",
    ...adopt,
    "npx pulumi preview",
  ];
}

const secretCommand = (key: string) =>
  `npx pulumi config set --secret ${/^\w+$/.test(key) ? key : `--path ${quoted(key)}`}`;

function asText(
  { files, secrets }: Program,
  chosen: readonly Receiver[],
  folder: string,
  source: string,
  steps: readonly string[],
  { paint }: Terminal,
): string {
  const subscriptions = chosen.reduce((sum, receiver) => sum + receiver.subscriptions.length, 0);
  const comments: Record<string, string> = {
    "npx pulumi config set --secret ion:clientSecret": "prompts for it",
    "npx pulumi up": 'lists everything as "create", but imports it: ION is not changed',
    "npx pulumi preview": "shows no changes",
  };
  const width = Math.max(...Object.keys(comments).map((step) => step.length));
  const secretSteps =
    secrets.length === 0
      ? [
          `${paint("bold", "Secrets")} were not written, and stay as they are in ION. To manage one, declare it in the program.`,
        ]
      : [
          `${paint("bold", "Secrets")} were not written, and stay as they are in ION. To manage one in the stack's config, set it (of headers,`,
          "set all or none). Each command prompts for the value:",
          ...secrets.flatMap(({ receiver, keys }) => [
            `  ${paint("dim", `# ${formatReceiver(receiver)}`)}`,
            ...keys.map((key) => `  ${secretCommand(key)}`),
          ]),
        ];
  const counts = `${pluralize(chosen.length, "receiver")} and ${pluralize(subscriptions, "subscription")}`;
  return [
    `${paint("bold", `ION at ${source}`)}: exported ${counts} to ${escapeText(folder)}`,
    `(${Object.keys(files).join(", ")}).`,
    "",
    paint("bold", "Import them:"),
    ...steps.map((step) =>
      comments[step] ? `  ${step.padEnd(width)}  ${paint("dim", `# ${comments[step]}`)}` : `  ${step}`,
    ),
    "",
    ...secretSteps,
  ].join("\n");
}
