import { IonError } from "../ion/errors.ts";
import type { Action, Register } from "./command.ts";
import { withStack } from "./command.ts";
import { type Declared, somethingDeclaredIn } from "./declared.ts";
import { findStack, type StackOptions } from "./pulumi.ts";
import { type Report, type ReportOptions, tell } from "./report.ts";
import { findSettings, ionOf, whereOf } from "./settings.ts";
import { count, patiently, type Terminal } from "./terminal.ts";

interface DriftOptions extends StackOptions, ReportOptions {
  readonly compare?: readonly string[];
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
  const { compare } = options;
  const report = compare ? await compared(compare, options, terminal) : await checked(options, terminal);
  return tell(report, options, terminal);
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
    findings: await patiently(findingsOf(ion, declared), terminal),
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
    next: "What is compared is what each stack's last `pulumi up` left: run that where the program is ahead.",
    json: { stacks: [one, other] },
  };
}

const counts = ({ receivers, subscriptions }: Declared) => ({
  receivers: receivers.length,
  subscriptions: subscriptions.length,
});
const amount = ({ receivers, subscriptions }: Declared) =>
  `${count(receivers.length, "receiver")} and ${count(subscriptions.length, "subscription")}`;
