import { escapeText, formatJson, formatReceiver, pluralize } from "../../model/text.ts";
import { type Finding, findingsFor } from "../drift/detect.ts";
import { acrossStacks, withStacks } from "../manyStacks.ts";
import type { Action, Register } from "../options.ts";
import { connect, describeSource, findSettings } from "../settings.ts";
import type { StackOptions } from "../stack.ts";
import { NO_DECLARATIONS, readDeclarations, requireSameEnvironment } from "../stackState.ts";
import { type Terminal, withSlowNotice } from "../terminal.ts";
import { type Coverage, coverageOf, type ReceiverStatus, receiverStatuses, statusDifferences } from "./coverage.ts";
import { isProblem, notes, problems } from "./summary.ts";
import { renderTable } from "./table.ts";

interface StatusOptions extends StackOptions {
  readonly json?: true;
}

/** `pulumi-ion status`: which receivers are there, and which events do they get? */
export const status: Register = (program, act) => {
  withStacks(program.command("status"))
    .summary("Show receivers and subscriptions")
    .description(
      "Show ION's receivers and their subscriptions, compared with what the stack declares and with Violet's guide. What is " +
        "wrong comes first.",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act(acrossStacks(run, summarizeStatus)));
};

const HELP = `
Exit codes: 0 success, 1 error or invalid arguments. For a check that fails on drift, use \`drift\`.

Examples:
  pulumi-ion status --stack production
  pulumi-ion status --no-stack                 only ION_API_URI, ION_CLIENT_ID, ION_CLIENT_SECRET
  pulumi-ion status --json | jq '.coverage.guideMissing'`;

/** One line about one of many stacks. */
function summarizeStatus({ receivers, findings, coverage }: Readonly<Record<string, unknown>>): string {
  const all = receivers as readonly ReceiverStatus[];
  const problems = (findings as readonly Finding[]).filter(isProblem).length;
  const { guideMissing } = coverage as Coverage;
  return [
    pluralize(all.length, "receiver"),
    problems === 0 ? "no problem" : pluralize(problems, "problem"),
    ...(guideMissing.length === 0 ? [] : [`${pluralize(guideMissing.length, "event")} of Violet's guide missing`]),
  ].join(", ");
}

const run: Action<StatusOptions> = async (options, terminal) => {
  const settings = await findSettings(options, terminal);
  const { stack } = settings;
  const source = describeSource(settings);
  const api = connect(settings, terminal);
  const [live, names, byConnection] = await Promise.all([
    withSlowNotice(api.receivers(), terminal),
    api.subscriptionNames().catch(() => undefined),
    stack && readDeclarations(stack),
  ]);
  const declarations = byConnection && (byConnection.get(options.connection) ?? NO_DECLARATIONS);
  if (declarations) requireSameEnvironment(api, declarations, options.connection);
  const differences = statusDifferences(live, declarations);
  const findings = findingsFor(differences, declarations ?? NO_DECLARATIONS);
  const receivers = receiverStatuses(live, differences, declarations);
  const coverage = coverageOf(receivers, names);
  if (options.json) {
    const stackName = stack && { stack: stack.name };
    const output = { environment: api.environment, ...stackName, receivers, findings, coverage };
    terminal.out(formatJson(output, 2));
    return 0;
  }
  const { paint } = terminal;
  terminal.out(paint("bold", `ION at ${source}: ${pluralize(live.size, "receiver")}`));
  for (const line of problems(findings, coverage, terminal)) terminal.out(line);
  if (receivers.length > 0) terminal.out(`\n${renderTable(receivers, terminal)}\n`);
  for (const receiver of receivers) terminal.out(describeReceiver(receiver, terminal));
  terminal.out("");
  for (const line of notes(findings, coverage, terminal)) terminal.out(line);
  const others = [...(byConnection?.keys() ?? [])].filter((name) => name !== options.connection);
  for (const name of others) {
    const how = name === undefined ? "omit --connection" : `add --connection ${name}`;
    terminal.out(
      `${paint("yellow", " i")}  Stack ${escapeText(stack?.name ?? "")} also uses another ION environment. To see it, ${how}.`,
    );
  }
  return 0;
};

function describeReceiver(receiver: ReceiverStatus, { paint }: Terminal): string {
  const { exists, active, contentType, expectedResponseCode, headers, declared, events } = receiver;
  const title = `Receiver ${formatReceiver(receiver)}`;
  if (!exists) return `${title}: ${paint("red", "does not exist in ION")}`;
  const facts = [
    active ? paint("green", "active") : paint("red", "inactive"),
    ...(events.some(({ ids }) => ids.length > 0) ? [] : [paint("red", "no subscriptions")]),
    ...(contentType === undefined ? [] : [escapeText(contentType)]),
    ...(expectedResponseCode === undefined ? [] : [`expects HTTP ${expectedResponseCode}`]),
    ...(headers.length === 0
      ? []
      : [`${headers.length === 1 ? "header" : "headers"} ${headers.map(escapeText).join(", ")}`]),
    ...(declared === false ? [paint("yellow", "not in this stack")] : []),
  ];
  return `${title}: ${facts.join("; ")}`;
}
