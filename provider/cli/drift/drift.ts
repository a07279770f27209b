import { IonError } from "../../ion/errors.ts";
import { type Action, type Register, withStack } from "../options.ts";
import { findSettings, ionOf, whereOf } from "../settings.ts";
import { findStack, type StackOptions } from "../stack.ts";
import { type Declared, NOTHING, somethingDeclaredIn } from "../stackState.ts";
import { pluralize, type Terminal, withSlowNotice } from "../terminal.ts";
import { type Report, type ReportOptions, tell } from "./report.ts";

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
  const [declared, { findingsOf }] = await Promise.all([
    somethingDeclaredIn(stack, options.connection),
    import("./detect.ts"),
  ]);
  const checks = [...declared].map(async ([connection, own]) => {
    const there = settings.of(connection);
    const ion = ionOf(there, terminal);
    const findings = await findingsOf(ion, own);
    const place = { ion: ion.environment, ...(connection !== undefined && { connection }), declared: counts(own) };
    return {
      title: `ION at ${whereOf(there)}, ${amount(own)} declared`,
      findings: findings.map(within(connection)),
      place,
    };
  });
  const done = await withSlowNotice(Promise.all(checks), terminal);
  const places = done.map(({ place }) => place);
  return {
    title: done.map(({ title }) => title).join("; "),
    findings: done.flatMap(({ findings }) => findings),
    next: "`pulumi preview` shows what `pulumi up` would do about it.",
    json: { stack: stack.name, ions: places },
  };
}

/** Says of which connection something is, where that is not the stack's own. */
const within =
  (connection: string | undefined) =>
  <One extends { readonly message: string }>(one: One): One & { readonly connection?: string } =>
    connection === undefined ? one : { ...one, connection, message: `${connection}: ${one.message}` };

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
    return somethingDeclaredIn(stack, options.connection);
  };
  const [{ differencesOf }, left, right] = await Promise.all([
    import("./compareStacks.ts"),
    declaredBy(one),
    declaredBy(other),
  ]);
  return {
    title: `Stack ${one} (${amount(...left.values())}) against stack ${other} (${amount(...right.values())})`,
    findings: [...new Set([...left.keys(), ...right.keys()])].flatMap((connection) => {
      const sides = [left, right].map((side) => side.get(connection) ?? NOTHING) as [Declared, Declared];
      return differencesOf({ name: one, declared: sides[0] }, { name: other, declared: sides[1] }).map(
        within(connection),
      );
    }),
    next: "What is compared is what each stack's last `pulumi up` left: run that where the program is ahead.",
    json: { stacks: [one, other] },
  };
}

const counts = (...declared: readonly Declared[]) => ({
  receivers: declared.reduce((sum, { receivers }) => sum + receivers.length, 0),
  subscriptions: declared.reduce((sum, { subscriptions }) => sum + subscriptions.length, 0),
});

function amount(...declared: readonly Declared[]): string {
  const { receivers, subscriptions } = counts(...declared);
  return `${pluralize(receivers, "receiver")} and ${pluralize(subscriptions, "subscription")}`;
}
