import { IonError } from "../ion/errors.ts";
import type { Action, Register } from "./command.ts";
import { withStack } from "./command.ts";
import { type Declared, somethingDeclaredIn } from "./declared.ts";
import type { Finding } from "./findings.ts";
import { annotation, markdown, summarise } from "./github.ts";
import { findStack, type StackOptions } from "./pulumi.ts";
import { findSettings, ionOf, whereOf } from "./settings.ts";
import { count, type Terminal } from "./terminal.ts";

interface DriftOptions extends StackOptions {
  readonly json?: true;
  readonly github?: true;
  readonly strict?: true;
  readonly compare?: readonly string[];
}

/** What there is to say: a heading, then findings. */
interface Report {
  readonly title: string;
  readonly findings: readonly Pick<Finding, "kind" | "drift" | "message">[];
  /** What to type next, where there is drift. */
  readonly next: string;
  /** For machines. */
  readonly json: object;
}

/** `pulumi-ion drift`: is ION as declared? */
export const drift: Register = (program, act) => {
  withStack(program.command("drift"))
    .summary("is ION as the stack declares it?")
    .description(
      "Holds ION against what a stack's state declares, without running the program and without writing the state: " +
        "what is missing, changed, extra or there twice.",
    )
    .option(
      "--compare <stacks...>",
      "hold two stacks against each other instead, by receiver name: is what was promoted the same?",
    )
    .option("--strict", "count as drift what is only noted, such as receivers that the stack does not declare")
    .option("--github", "print annotations for GitHub Actions, and add a summary to the job")
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act(run));
};

const HELP = `
Exit codes: 0 no drift, 2 drift, 1 it could not tell (or was not understood).

Examples:
  pulumi-ion drift --stack production
  pulumi-ion drift --stack production --github       a scheduled check in GitHub Actions
  pulumi-ion drift --json | jq '.findings[].message'
  pulumi-ion drift --compare staging production      do both declare the same?`;

const run: Action<DriftOptions> = async (options, terminal) => {
  const report = options.compare
    ? await compared(options.compare, options, terminal)
    : await checked(options, terminal);
  const { title, json, next } = report;
  const findings = options.strict ? report.findings.map((one) => ({ ...one, drift: true })) : report.findings;
  const drifted = findings.filter((one) => one.drift);
  const isDrift = drifted.length > 0;
  if (options.json) terminal.out(JSON.stringify({ ...json, drift: isDrift, findings }, undefined, 2));
  else if (options.github) await tellGitHub({ ...report, findings }, terminal);
  else terminal.out(inText({ title, findings, next, json }, terminal));
  return isDrift ? 2 : 0;
};

async function checked(options: DriftOptions, terminal: Terminal): Promise<Report> {
  const settings = await findSettings(options, terminal);
  const { stack } = settings;
  if (!stack) {
    throw new IonError(
      "config",
      "Drift is a difference from what a stack declares, and there is none: run this in the Pulumi project's folder, or name that with --cwd.",
    );
  }
  // Checked first: without it nothing else matters, and it costs nothing.
  const where = whereOf(settings);
  const [declared, { findingsOf }] = await Promise.all([somethingDeclaredIn(stack), import("./findings.ts")]);
  const ion = ionOf(settings, terminal);
  return {
    title: `ION at ${where}, ${amount(declared)} declared`,
    findings: await findingsOf(ion, declared),
    next: "`pulumi preview` shows what `pulumi up` would do about it.",
    json: { ion: ion.place, stack: stack.name, declared: counts(declared) },
  };
}

async function compared(stacks: readonly string[], options: DriftOptions, terminal: Terminal): Promise<Report> {
  const [one, other, ...more] = stacks;
  if (!one || !other || more.length > 0 || one === other) {
    throw new IonError(
      "config",
      "--compare takes the names of two stacks: `pulumi-ion drift --compare staging production`.",
    );
  }
  const declaredBy = async (name: string) => {
    const stack = await findStack({ ...options, stack: name }, terminal.cwd, terminal.env);
    if (!stack) throw new IonError("config", "There is no Pulumi project here: name its folder with --cwd.");
    return somethingDeclaredIn(stack);
  };
  const [{ differencesOf }, left, right] = await Promise.all([
    import("./differences.ts"),
    declaredBy(one),
    declaredBy(other),
  ]);
  return {
    title: `Stack ${one} (${amount(left)}) against stack ${other} (${amount(right)})`,
    findings: differencesOf({ name: one, declared: left }, { name: other, declared: right }),
    next: `What is compared is what each stack's last \`pulumi up\` left: run it where the program is ahead.`,
    json: { stacks: [one, other] },
  };
}

const counts = ({ receivers, subscriptions }: Declared) => ({
  receivers: receivers.length,
  subscriptions: subscriptions.length,
});
const amount = ({ receivers, subscriptions }: Declared) =>
  `${count(receivers.length, "receiver")} and ${count(subscriptions.length, "subscription")}`;

const MARKS = {
  missing: "-",
  changed: "~",
  extra: "+",
  twin: "2",
  inactive: "!",
  undeclared: "?",
  unseen: "?",
} as const;

function inText({ title, findings, next }: Report, { paint }: Terminal): string {
  const drifted = findings.filter((one) => one.drift);
  const notes = findings.filter((one) => !one.drift);
  const verdict = drifted.length === 0 ? paint("green", "No drift.") : paint("red", verdictOf(drifted.length));
  return [
    `${paint("bold", title)}. ${verdict}`,
    ...drifted.map(({ kind, message }) => `  ${paint("red", MARKS[kind])} ${kind.padEnd(10)}  ${message}`),
    ...(notes.length > 0 ? ["Good to know, and no drift:"] : []),
    ...notes.map(({ kind, message }) => `  ${paint("yellow", MARKS[kind])} ${kind.padEnd(10)}  ${message}`),
    ...(drifted.length > 0 ? [next] : []),
  ].join("\n");
}

const verdictOf = (number: number) => `${count(number, "difference")}:`;

async function tellGitHub({ title, findings, next }: Report, terminal: Terminal): Promise<void> {
  const drifted = findings.filter((one) => one.drift);
  // The old form of workflow commands is read anywhere in a line.
  terminal.out(`${title}. ${drifted.length === 0 ? "No drift." : verdictOf(drifted.length)}`.replaceAll("##[", "## ["));
  for (const { kind, drift: isDrift, message } of findings) {
    terminal.out(
      annotation(isDrift ? "warning" : "notice", `ION webhooks: ${kind}`, message).replaceAll("##[", "## ["),
    );
  }
  const rows = findings.map(
    ({ kind, drift: isDrift, message }) => `| ${isDrift ? kind : `${kind} (no drift)`} | ${markdown(message)} |`,
  );
  const table = rows.length > 0 ? `\n\n| | |\n| --- | --- |\n${rows.join("\n")}` : "";
  const verdict = drifted.length === 0 ? "No drift." : `${count(drifted.length, "difference")}. ${next}`;
  await summarise(terminal.env, `### ION webhooks\n\n${markdown(title)}. ${verdict}${table}\n`);
}
