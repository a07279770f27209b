import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type ConnectionSettings, requireSettings, withOtherHosts } from "../../ion/connectionSettings.ts";
import { IonError, type IonErrorKind, isIonError } from "../../ion/errors.ts";
import { EnvironmentCheck, findAccepted } from "../../ion/schema/environmentCheck.ts";
import { RUN_DOCTOR } from "../../ion/schema/shapes.ts";
import { WebhookApi } from "../../ion/webhookApi.ts";
import { escapeLine, escapeText, formatJson, listSome } from "../../model/text.ts";
import { acrossStacks, withStacks } from "../manyStacks.ts";
import type { Register } from "../options.ts";
import { findSettings, originOf, withoutSecrets } from "../settings.ts";
import type { StackOptions } from "../stack.ts";
import { type Style, type Terminal, wrap } from "../terminal.ts";
import {
  type Add,
  canRead,
  type Finding,
  type Outcome,
  reportEnvironment,
  reportLogin,
  reportMorePermissions,
  reportOtherHosts,
  reportSchema,
  reportSettings,
  reportToken,
  reportWebhooks,
  type Verdict,
  verdictOf,
} from "./report.ts";

interface DoctorOptions extends StackOptions {
  readonly json?: true;
  readonly saveSchema?: string;
}

/** `pulumi-ion doctor`: does pulumi-ion work with this ION environment, and if not, who must fix what? */
export const doctor: Register = (program, act, version) => {
  withStacks(program.command("doctor"))
    .summary("Check settings, API key and ION")
    .description(
      "Check the settings, the API key, ION's schema and the webhooks, and list who must fix what. Changes nothing.",
    )
    .option("--json", "print one JSON object")
    .option("--save-schema <file>", "write the webhook part of ION's schema to a new file: names only, no data")
    .addHelpText("after", HELP)
    .action(
      act(acrossStacks((options: DoctorOptions, terminal) => run(options, terminal, version), summarizeFindings)),
    );
};

const HELP = `
Exit codes: 0 everything works, 1 error or invalid arguments, 3 ION's schema or the API key lacks something.

Examples:
  pulumi-ion doctor --stack production
  pulumi-ion doctor --no-stack                 only ION_API_URI, ION_CLIENT_ID, ION_CLIENT_SECRET
  pulumi-ion doctor --json | jq '.verdict'
  pulumi-ion doctor --save-schema ion.graphql  a file for the maintainers of pulumi-ion, without secrets`;

/** One line about one of many stacks: its first failure. */
function summarizeFindings({ findings }: Readonly<Record<string, unknown>>): string {
  const all = findings as readonly Finding[];
  const [first] = (all.find(({ outcome }) => outcome === "failure")?.message ?? "Everything works.").split("\n");
  return escapeText(first ?? "");
}

const MARKS: Readonly<Record<Outcome, { mark: string; style: Style }>> = {
  ok: { mark: "✓", style: "green" },
  warning: { mark: "!", style: "yellow" },
  failure: { mark: "✗", style: "red" },
};

async function run(options: DoctorOptions, terminal: Terminal, version: string): Promise<number> {
  const findings: Finding[] = [];
  const failures: IonError[] = [];
  const add: Add = (step, outcome, message, details = []) => {
    const finding = { step, outcome, message, details };
    findings.push(finding);
    if (!options.json) terminal.out(asText(finding, terminal));
  };
  const attempt = async <T>(step: Finding["step"], check: () => Promise<T> | T): Promise<T | undefined> => {
    try {
      return await check();
    } catch (error) {
      if (!isIonError(error)) throw error;
      failures.push(error);
      const { message } = error.with({ hints: error.hints.filter((hint) => hint !== RUN_DOCTOR) });
      const isRepeated = findings.some((finding) => finding.message === message);
      if (step === "schema" && (error.kind === "refused" || error.kind === "permission")) {
        add(step, "warning", `ION does not show its schema, so names cannot be checked: ${message}`);
      } else add(step, "failure", isRepeated ? `Could not check ION's ${step}, because of the same error.` : message);
      return undefined;
    }
  };

  const settings = await attempt("settings", () => findSettings(options, terminal));
  if (settings) reportSettings(settings, options.stack !== false, add);
  const connection = settings && (await attempt("settings", () => requireSettings(settings)));
  if (connection) reportEnvironment(connection, terminal.env, add);
  const environment = connection && new EnvironmentCheck(connection);
  const token = environment && (await attempt("key", () => environment.token()));
  if (token) reportToken(token, add);
  const schema = token && (await attempt("schema", () => environment.schema()));
  if (environment) reportLogin(environment.login, add);
  if (schema) reportSchema(schema, add);
  if (schema && token) reportMorePermissions(schema, token, add);
  if (environment && schema && options.saveSchema !== undefined) {
    const file = resolve(terminal.cwd, options.saveSchema);
    await attempt("schema", async () => saveSchema(file, await environment.webhookSchema(), add));
  }
  const isReadOneByOne = schema && !schema.hasList && canRead(schema);
  const live = token && !isReadOneByOne && (await attempt("webhooks", () => new WebhookApi(connection).receivers()));
  if (live) reportWebhooks(live, add);
  if (connection && failures.some(({ kind }) => HOST_FAILURES.includes(kind))) {
    reportOtherHosts(await tryOtherHosts(connection, terminal), settings, add);
  }

  const verdict = verdictOf(token, schema, failures);
  const failed = findings.filter(({ outcome }) => outcome === "failure");
  const works = failed.length === 0;
  const isSafe = failed.every(({ step }) => step !== "settings");
  const readFailure = failures.at(-1)?.kind;
  const worksPartly =
    isSafe && schema && (live || isReadOneByOne || readFailure === "unsupported" || readFailure === "permission");
  const code = works ? 0 : worksPartly ? 3 : 1;
  if (options.json) {
    const urls = connection && {
      endpoint: withoutSecrets(connection.endpoint),
      authUrl: withoutSecrets(connection.authUrl),
    };
    const used = settings?.used.map((one) => ({ name: one.name, origin: originOf(one, settings.stack) }));
    const output = { version, stack: settings?.stack?.name, settings: used, ...urls };
    terminal.out(formatJson({ ...output, findings, token, schema, verdict, code }, 2));
  } else terminal.out(`\n${verdictText(verdict, code, version, terminal)}`);
  return code;
}

/** Tries the key at the other hosts of its environment, and names them first, because they see it. */
async function tryOtherHosts(connection: ConnectionSettings, terminal: Terminal) {
  const hostsOf = ({ endpoint, authUrl }: ConnectionSettings) => [endpoint, authUrl].map((url) => new URL(url).host);
  const candidates = withOtherHosts(connection);
  const tried = hostsOf(connection);
  const hosts = new Set(candidates.flatMap(hostsOf).filter((host) => !tried.includes(host)));
  if (hosts.size > 0) {
    terminal.err(`pulumi-ion: Trying this key at other hosts of First Resonance: ${[...hosts].join(", ")}.`);
  }
  return findAccepted(candidates);
}

/** Failures that another host may not have. */
const HOST_FAILURES: readonly IonErrorKind[] = ["auth", "unreachable", "unexpectedAnswer"];

/** Writes ION's schema to a new file. */
function saveSchema(file: string, sdl: string, add: Add): void {
  try {
    writeFileSync(file, sdl, { flag: "wx" });
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "EEXIST" ? "it exists already" : (error as Error).message;
    throw new IonError("config", `Could not write ${file}: ${reason}.`);
  }
  add(
    "schema",
    "ok",
    `Wrote the webhook part of ION's schema to ${file}. It holds names only: no data, and no secrets.`,
  );
}

function asText({ outcome, message, details = [] }: Finding, { paint, columns }: Terminal): string {
  const { mark, style } = MARKS[outcome];
  const wrapped = (line: string, indent: string) => wrap(escapeLine(line).split(" "), columns, indent, " ");
  const [first = "", ...more] = message.split("\n").map((line) => wrapped(line, "  "));
  return [`${paint(style, mark)} ${first.trimStart()}`, ...more, ...details.map((line) => wrapped(line, "    "))].join(
    "\n",
  );
}

/** Things to list before a list becomes too long to read. */
const MAX_LISTED = 12;

function verdictText(
  { works, adapted, unsupported, workaround, asks }: Verdict,
  code: number,
  version: string,
  { paint, columns }: Terminal,
): string {
  const lines = (text: string, indent = "") => wrap(escapeLine(text).split(" "), columns, indent, " ");
  const listed = (purposes: readonly string[]) => listSome(purposes, MAX_LISTED);
  const askLines = asks.length > 0 ? ["Ask:", ...asks.map((ask) => `- ${lines(ask, "  ").trimStart()}`)] : [];
  if (code === 0) {
    const head = `Everything works: pulumi-ion ${version} is fully compatible with this ION environment.`;
    const next = "Next: run `pulumi preview` to see what `pulumi up` would do.";
    return [paint("green", head), lines(next), ...askLines].join("\n");
  }
  if (code === 1) {
    return [paint("red", `pulumi-ion ${version} cannot use ION with these settings: see ✗ above.`), ...askLines].join(
      "\n",
    );
  }
  return [
    paint("yellow", `pulumi-ion ${version} works only partly with this ION environment.`),
    ...(unsupported.length > 0
      ? [lines(`It can ${listed([...works, ...adapted]) || "do nothing"}.`), lines(`It cannot ${listed(unsupported)}.`)]
      : []),
    ...(workaround ? [lines(workaround)] : []),
    ...askLines,
  ].join("\n");
}
