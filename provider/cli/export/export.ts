import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import type { ConnectionSettings } from "../../ion/connectionSettings.ts";
import { IonError } from "../../ion/errors.ts";
import { HOSTS } from "../../ion/facts.ts";
import type { Receiver } from "../../ion/operations.ts";
import type { Receivers } from "../../ion/snapshot.ts";
import type { WebhookApi } from "../../ion/webhookApi.ts";
import { sharedUrls } from "../drift/twins.ts";
import { type Register, withStack } from "../options.ts";
import { connectionOf, findSettings, ionOf, whereOf } from "../settings.ts";
import type { StackOptions } from "../stack.ts";
import { formatReceiver, pluralize, type Terminal, withSlowNotice } from "../terminal.ts";
import { type Exported, programOf } from "./program.ts";

interface ExportOptions extends StackOptions {
  readonly receiver?: readonly string[];
  readonly out: string;
  readonly force?: true;
  readonly json?: true;
}

/** `pulumi-ion export`: the program that declares what ION has. */
export const exportProgram: Register = (program, act, version) => {
  withStack(program.command("export"))
    .summary("write the program that declares what ION has now")
    .description(
      "Writes a Pulumi program that declares ION's receivers and subscriptions as they are and takes them over: the first " +
        "`pulumi up` changes nothing in ION. Secrets are not written; they stay as they are in ION.",
    )
    .option("-r, --receiver <ids...>", "only these receivers, by id (default: all)")
    .option("-o, --out <folder>", "where to write; made if it is not there", "ion-webhooks")
    .option("--force", "write over files that are there")
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act<ExportOptions>((options, terminal) => run(options, terminal, version)));
};

const HELP = `
Exit codes: 0 written, 1 nothing was written (or the command was not understood).

Examples:
  pulumi-ion export --no-stack                  all of the ION that ION_API_URI and the key name
  pulumi-ion export --receiver 2 --out violet   one receiver, into the folder violet`;

async function run(options: ExportOptions, terminal: Terminal, version: string): Promise<number> {
  const settings = await findSettings(options, terminal);
  const where = whereOf(settings);
  const ion = ionOf(settings, terminal);
  const connection = connectionOf(settings);
  const live = await withSlowNotice(ion.receivers(), terminal);
  const chosen = choose(live, options.receiver);
  const { fitting, remarks } = await fit(ion, chosen, [...live.values()]);
  const made = programOf(
    fitting,
    (receiver) => remarks.get(receiver.id) ?? [],
    new URL(connection.endpoint).host,
    version,
  );
  const folder = resolve(terminal.cwd, options.out);
  await write(folder, made.files, options.force === true);
  const steps = stepsFor(connection, relative(terminal.cwd, folder) || ".");
  if (options.json) {
    const secrets = made.secrets.flatMap(({ keys }) => keys.map(secretCommand));
    const ids = chosen.map(({ id }) => id);
    terminal.out(
      JSON.stringify(
        { ion: ion.environment, folder, files: Object.keys(made.files), receivers: ids, steps, secrets },
        undefined,
        2,
      ),
    );
  } else terminal.out(inText(made, chosen, folder, where, steps, terminal));
  return 0;
}

function choose(live: Receivers, ids: readonly string[] | undefined): Receiver[] {
  const all = [...live.values()].map(({ name, id }) => formatReceiver(name, id)).join(", ");
  if (live.size === 0) {
    throw new IonError("gone", "ION shows this key no webhook receiver: there is nothing to export.");
  }
  if (!ids) return [...live.values()];
  return [...new Set(ids)].map((id) => {
    const found = live.get(id);
    if (!found) throw new IonError("gone", `ION shows no webhook receiver with id ${id}. There are: ${all}.`);
    return found;
  });
}

/** Leaves out of each receiver what the resource would refuse: the takeover holds it to that all the same. */
async function fit(ion: WebhookApi, chosen: readonly Receiver[], live: readonly Receiver[]) {
  const { webhookReceiver } = await import("../../lifecycle/webhookReceiver.ts");
  const remarks = new Map<string, string[]>();
  const shared = sharedUrls(live);
  const fitting: Receiver[] = [];
  for (const receiver of chosen) {
    const { id, name, contentType, expectedResponseCode, description } = receiver;
    const fields = { name, contentType, expectedResponseCode, description, importId: id };
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const checked = await webhookReceiver.check(ion, given, {});
    const failures = checked.failures.filter(({ property }) => property !== "name");
    const unfit = new Set(failures.map(({ property }) => property));
    const own = shared.find((same) => same.some((one) => one.id === id))?.filter((one) => one.id !== id) ?? [];
    remarks.set(id, [
      ...failures.map(
        ({ property, reason }) =>
          `${property} stays as it is in ION and is left out here: for this provider it ${reason}.`,
      ),
      ...(own.length > 0
        ? [
            `${own.map((one) => formatReceiver(one.name, one.id)).join(" and ")} in ION has the same URL: what both are subscribed to arrives twice.`,
          ]
        : []),
    ]);
    fitting.push({ ...receiver, ...Object.fromEntries([...unfit].map((property) => [property, undefined])) });
  }
  return { fitting, remarks };
}

async function write(folder: string, files: Exported["files"], force: boolean): Promise<void> {
  const there = Object.keys(files).filter((name) => existsSync(join(folder, name)));
  if (there.length > 0 && !force) {
    throw new IonError(
      "config",
      `${there.join(", ")} in ${folder} would be written over, so nothing was written: give another folder with --out, or say --force.`,
    );
  }
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text, { flag: force ? "w" : "wx" });
    }
  } catch (error) {
    throw new IonError("config", `Could not write to ${folder}: ${error instanceof Error ? error.message : error}`);
  }
}

/** What to type to take over what was exported. */
function stepsFor({ endpoint, authUrl, clientId }: ConnectionSettings, folder: string): string[] {
  const hosts = Object.entries(HOSTS).flatMap(([region, stages]) =>
    Object.entries(stages).map(([stage, host]) => ({ region, stage, host })),
  );
  const known = hosts.find(({ host }) => host.endpoint === endpoint);
  const set = (key: string, value: string) => `npx pulumi config set ${key} ${quoted(value)}`;
  const place = known
    ? [set("ion:region", known.region), ...(known.stage === "production" ? [] : [set("ion:stage", known.stage)])]
    : [set("ion:endpoint", endpoint), set("ion:authUrl", authUrl)];
  return [
    `cd ${quoted(folder)}`,
    "npm install",
    `npx pulumi stack init ${known?.stage ?? "dev"}`,
    ...place,
    set("ion:clientId", clientId),
    "npx pulumi config set --secret ion:clientSecret",
    "npx pulumi up",
    "npx pulumi preview",
  ];
}

const secretCommand = (key: string) =>
  `npx pulumi config set --secret ${/^\w+$/.test(key) ? key : `--path ${quoted(key)}`}`;

function inText(
  { files, secrets }: Exported,
  chosen: readonly Receiver[],
  folder: string,
  where: string,
  steps: readonly string[],
  { paint }: Terminal,
): string {
  const subscriptions = chosen.reduce((sum, receiver) => sum + receiver.subscriptions.length, 0);
  const said: Record<string, string> = {
    "npx pulumi config set --secret ion:clientSecret": "asks for it",
    "npx pulumi up": 'says "create", and means taking over: nothing in ION changes',
    "npx pulumi preview": "shows no changes",
  };
  const width = Math.max(...Object.keys(said).map((step) => step.length));
  return [
    `${paint("bold", `ION at ${where}`)}: wrote ${pluralize(chosen.length, "receiver")} and ${pluralize(subscriptions, "subscription")} as a program to ${folder}`,
    `(${Object.keys(files).join(", ")}).`,
    "",
    paint("bold", "To take them over:"),
    ...steps.map((step) => `  ${said[step] ? `${step.padEnd(width)}  ${paint("dim", `# ${said[step]}`)}` : step}`),
    "",
    `${paint("bold", "Secrets")} stay as they are in ION, and none was written. To have one in the stack's config (needed to make these`,
    "receivers in another ION), set it; of a receiver's headers, all or none. Each command asks for the value:",
    ...secrets.flatMap(({ receiver, keys }) => [
      `  ${paint("dim", `# ${formatReceiver(receiver.name, receiver.id)}`)}`,
      ...keys.map((key) => `  ${secretCommand(key)}`),
    ]),
  ].join("\n");
}

/** A value as a shell takes it. */
const quoted = (text: string) => (/^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
