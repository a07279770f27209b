import { CONFIG_JUST_CHANGED, type IonError, isIonError } from "../../ion/errors.ts";
import { Examination } from "../../ion/schema/environmentCheck.ts";
import { DOCTOR } from "../../ion/schema/schemaAdapter.ts";
import { WebhookApi } from "../../ion/webhookApi.ts";
import { type Register, withStack } from "../options.ts";
import { connectionOf, findSettings } from "../settings.ts";
import type { StackOptions } from "../stack.ts";
import { escapeText, type Style, type Terminal, wrap } from "../terminal.ts";
import {
  bare,
  type Finding,
  type Note,
  noteConnection,
  noteSchema,
  noteSources,
  noteToken,
  noteWebhooks,
  type Outcome,
  type Verdict,
  verdictOf,
} from "./report.ts";

interface DoctorOptions extends StackOptions {
  readonly json?: true;
}

/** `pulumi-ion doctor`: will pulumi-ion work with this ION, and if not, who has to do what? */
export const doctor: Register = (program, act, version) => {
  withStack(program.command("doctor"))
    .summary("will it work with this ION, and if not, who has to do what?")
    .description(
      "Looks at everything that stands between this folder and ION's webhooks, in order: the settings, the API key, ION's " +
        "schema beside every document that pulumi-ion can send, and the webhooks themselves. Changes nothing anywhere.",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act((options: DoctorOptions, terminal) => run(options, terminal, version)));
};

const HELP = `
Exit codes: 0 all works, 1 ION could not be asked or does not let the key in, 3 it works in part: its schema or the key lacks something.

Examples:
  pulumi-ion doctor --stack production
  pulumi-ion doctor --no-stack                 with ION_API_URI, ION_CLIENT_ID, ION_CLIENT_SECRET alone
  pulumi-ion doctor --json | jq '.verdict'`;

const MARKS: Readonly<Record<Outcome, { mark: string; style: Style }>> = {
  ok: { mark: "✓", style: "green" },
  warning: { mark: "!", style: "yellow" },
  failure: { mark: "✗", style: "red" },
};

async function run(options: DoctorOptions, terminal: Terminal, version: string): Promise<number> {
  const findings: Finding[] = [];
  const failures: IonError[] = [];
  const note: Note = (step, outcome, words, details = []) => {
    const finding = { step, outcome, words, details };
    findings.push(finding);
    if (!options.json) terminal.out(inWords(finding, terminal));
  };
  const attempt = async <T>(step: Finding["step"], look: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await look();
    } catch (error) {
      if (!isIonError(error)) throw error;
      failures.push(error);
      // What it says of this command, and of what Pulumi remembers, is of no use here.
      const words = error.message.replace(DOCTOR, "").replace(CONFIG_JUST_CHANGED, "").trim();
      const hidden = step === "schema" && (error.kind === "refused" || error.kind === "permission");
      const again = findings.some((finding) => finding.words === words);
      if (hidden) note(step, "warning", `ION does not show its schema, so names cannot be checked: ${words}`);
      else note(step, "failure", again ? `The ${step}: the same.` : words);
      return undefined;
    }
  };

  const settings = await attempt("settings", () => findSettings(options, terminal));
  if (settings) noteSources(settings, note);
  const connection = settings && (await attempt("settings", () => connectionOf(settings)));
  if (connection) noteConnection(connection, terminal.env, note);
  const examination = connection && new Examination(connection);
  const token = examination && (await attempt("key", () => examination.token()));
  if (token) noteToken(token, note);
  const schema = token && (await attempt("schema", () => examination.schema()));
  if (schema) noteSchema(schema, note);
  const live = token && (await attempt("webhooks", () => new WebhookApi(connection).receivers()));
  if (live) noteWebhooks(live, note);

  const verdict = verdictOf(token, schema, failures);
  const all = findings.every(({ outcome }) => outcome !== "failure");
  const part = schema && (live || failures.at(-1)?.kind === "unsupported");
  const code = all ? 0 : part ? 3 : 1;
  if (options.json) {
    const place = connection && { endpoint: bare(connection.endpoint), authUrl: bare(connection.authUrl) };
    const about = { version, stack: settings?.stack?.name, sources: settings?.sources, ...place };
    terminal.out(JSON.stringify({ ...about, findings, token, schema, verdict, code }, undefined, 2));
  } else terminal.out(`\n${judgement(verdict, code, version, terminal)}`);
  return code;
}

function inWords({ outcome, words, details = [] }: Finding, { paint, columns }: Terminal): string {
  const { mark, style } = MARKS[outcome];
  const [first = "", ...more] = words.split("\n").map((line) => wrap(escapeText(line).split(" "), columns, "  ", " "));
  const lines = details.map((line) => wrap(escapeText(line).split(" "), columns, "    ", " "));
  return [`${paint(style, mark)} ${first.trimStart()}`, ...more, ...lines].join("\n");
}

function judgement(
  { works, lacking, adapted, meanwhile, asks }: Verdict,
  code: number,
  version: string,
  terminal: Terminal,
): string {
  const { paint, columns } = terminal;
  const lines = (words: string, indent = "") => wrap(words.split(" "), columns, indent, " ");
  const head = {
    0: paint("green", `pulumi-ion ${version} can do all that it does with this ION.`),
    3: paint("yellow", `pulumi-ion ${version} works with this ION in part.`),
  }[code];
  const parts = [head ?? paint("red", `pulumi-ion ${version} cannot work like this: see ✗ above.`)];
  if (code === 0) parts.push(lines("Next: `pulumi preview` shows what `pulumi up` would do."));
  if (code === 3) {
    parts.push(lines(`It can ${[...works, ...adapted].slice(0, MANY).join(", ") || "do nothing"}.`));
    if (lacking.length > 0) parts.push(lines(`It cannot ${lacking.slice(0, MANY).join(", ")}.`));
    if (meanwhile) parts.push(lines(meanwhile));
  }
  if (asks.length > 0) parts.push("Ask:", ...asks.map((ask) => `- ${lines(ask, "  ").trimStart()}`));
  return parts.join("\n");
}

/** Things to name before a list gets too long to read. */
const MANY = 12;
