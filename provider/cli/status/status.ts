import { type Action, type Register, withStack } from "../options.ts";
import { findSettings, ionOf, whereOf } from "../settings.ts";
import type { StackOptions } from "../stack.ts";
import { declaredIn, NOTHING, refuseElsewhere } from "../stackState.ts";
import { escapeText, formatReceiver, pluralize, type Terminal, withSlowNotice } from "../terminal.ts";
import { type ReceiverStatus, receiversOf, verdictOf } from "./coverage.ts";
import { judgement } from "./summary.ts";
import { grid } from "./table.ts";

interface StatusOptions extends StackOptions {
  readonly json?: true;
}

/** `pulumi-ion status`: who is told of what, and is that all? */
export const status: Register = (program, act) => {
  withStack(program.command("status"))
    .summary("who is told of what, and is that all?")
    .description(
      "Shows which receivers ION has and what each is subscribed to, beside what the stack declares, and says what is " +
        "missing by Violet's guide, never arrives, or is on offer and not taken.",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act(run));
};

const HELP = `
Exit codes: 0 it could look, 1 it could not (or was not understood). For a check that fails on drift, see \`drift\`.

Examples:
  pulumi-ion status --stack production
  pulumi-ion status --no-stack                 with ION_API_URI, ION_CLIENT_ID, ION_CLIENT_SECRET alone
  pulumi-ion status --json | jq '.verdict.guideMissing'`;

const run: Action<StatusOptions> = async (options, terminal) => {
  const settings = await findSettings(options, terminal);
  const { stack } = settings;
  const where = whereOf(settings);
  const ion = ionOf(settings, terminal);
  const [live, names, declaredBy] = await Promise.all([
    withSlowNotice(ion.receivers(), terminal),
    ion.subscriptionNames().catch(() => undefined),
    stack && declaredIn(stack),
  ]);
  const declared = declaredBy && (declaredBy.get(options.connection) ?? NOTHING);
  const others = [...(declaredBy?.keys() ?? [])].filter((name) => name !== options.connection);
  if (declared) refuseElsewhere(ion, declared);
  const receivers = receiversOf(live, declared);
  const verdict = verdictOf(live, receivers, names);
  if (options.json) {
    const answer = { ion: ion.environment, ...(stack && { stack: stack.name }), receivers, verdict };
    terminal.out(JSON.stringify(answer, undefined, 2));
    return 0;
  }
  const { paint } = terminal;
  terminal.out(paint("bold", `ION at ${where}: ${pluralize(live.size, "receiver")}`));
  if (receivers.length > 0) terminal.out(`\n${grid(receivers, terminal)}\n`);
  for (const receiver of receivers) terminal.out(inWords(receiver, terminal));
  terminal.out(`\n${judgement(verdict, receivers, terminal)}`);
  for (const name of others) {
    const how = name === undefined ? "without --connection" : `with --connection ${name}`;
    terminal.out(`${paint("yellow", " i")}  Stack ${stack?.name} declares more in another ION: see it ${how}.`);
  }
  return 0;
};

function inWords(receiver: ReceiverStatus, { paint }: Terminal): string {
  const { name, id, exists, active, contentType, expectedResponseCode, headers, declared, pairs } = receiver;
  const title = formatReceiver(name, id);
  if (!exists) return `${title}: ${paint("red", "is gone from ION")}, and the stack declares it`;
  const facts = [
    active ? paint("green", "active") : paint("red", "inactive: ION sends it nothing"),
    ...(pairs.some(({ ids }) => ids.length > 0) ? [] : [paint("red", "subscribed to nothing")]),
    ...(contentType === undefined ? [] : [`sent as ${escapeText(contentType)}`]),
    ...(expectedResponseCode === undefined ? [] : [`expects HTTP ${expectedResponseCode} back`]),
    ...(headers.length === 0
      ? []
      : [`with ${headers.length === 1 ? "header" : "headers"} ${headers.map(escapeText).join(", ")}`]),
    ...(declared === false ? [paint("yellow", "not declared in this stack")] : []),
  ];
  return `${title}: ${facts.join("; ")}`;
}
