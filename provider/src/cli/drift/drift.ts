import { IonError } from "../../ion/errors.ts";
import { escapeText, pluralize } from "../../model/text.ts";
import { acrossStacks, withStacks } from "../manyStacks.ts";
import type { Action, Register } from "../options.ts";
import { connect, describeSource, findSettings } from "../settings.ts";
import { findStack, type StackOptions } from "../stack.ts";
import { type Declarations, NO_DECLARATIONS, requireDeclarations, requireSameEnvironment } from "../stackState.ts";
import { type Terminal, withSlowNotice } from "../terminal.ts";
import { print, type Report, type ReportOptions, summarize } from "./report.ts";

interface DriftOptions extends StackOptions, ReportOptions {
  readonly compare?: readonly string[];
}

/** `pulumi-ion drift`: does ION have what the stack declares? */
export const drift: Register = (program, act) => {
  withStacks(program.command("drift"))
    .summary("Compare ION with a stack")
    .description(
      "Compare ION with what a stack declares, and list what is missing, changed, unmanaged or duplicate. Reads the stack's " +
        "state: the program does not run, and nothing is changed.",
    )
    .option("--compare <stacks...>", "compare two stacks with each other instead, by the names of their receivers")
    .option("--strict", "count unmanaged and inactive receivers and masked values as drift too")
    .option("--github", "print annotations for GitHub Actions, and add a job summary")
    .option("--json", "print one JSON object")
    .addHelpText("after", HELP)
    .action(act(acrossStacks(run, summarizeFindings)));
};

const HELP = `
Exit codes: 0 no drift, 2 drift, 1 error or invalid arguments.

Examples:
  pulumi-ion drift --stack production
  pulumi-ion drift --stack production --github       a scheduled check in GitHub Actions
  pulumi-ion drift --all-stacks                      one line for each stack
  pulumi-ion drift --json | jq '.findings[].message'
  pulumi-ion drift --compare staging production      do both stacks declare the same?`;

/** One line about one of many stacks. */
const summarizeFindings = ({ findings }: Readonly<Record<string, unknown>>) =>
  summarize(findings as Report["findings"]);

const run: Action<DriftOptions> = async (options, terminal) => {
  const { compare } = options;
  const report = compare ? await comparison(compare, options, terminal) : await check(options, terminal);
  return print(report, options, terminal);
};

async function check(options: DriftOptions, terminal: Terminal): Promise<Report> {
  const settings = await findSettings(options, terminal);
  const [declared, { findDrift }] = await Promise.all([
    requireDeclarations(settings.stack, options.connection),
    import("./detect.ts"),
  ]);
  const checks = [...declared].map(async ([connection, declarations]) => {
    const own = settings.of(connection);
    const api = connect(own, terminal);
    requireSameEnvironment(api, declarations, connection);
    for (const { state } of declarations.receivers) api.hideSecretsIn({ ...state });
    const findings = findDrift(await api.receivers(), declarations);
    return {
      title: `ION at ${describeSource(own)}: ${amount(declarations)} declared`,
      findings: findings.map(forConnection(connection)),
      environment: {
        environment: api.environment,
        ...(connection !== undefined && { connection }),
        declared: {
          receivers: declarations.receivers.length,
          subscriptions: declarations.subscriptions.length,
        },
      },
    };
  });
  const results = await withSlowNotice(Promise.all(checks), terminal);
  return {
    titles: results.map(({ title }) => title),
    findings: results.flatMap(({ findings }) => findings),
    next: "Run `pulumi preview` to see what `pulumi up` would do.",
    json: { stack: settings.stack?.name, environments: results.map(({ environment }) => environment) },
  };
}

/** Says which connection a finding is about, unless it is the default one. */
const forConnection =
  (connection: string | undefined) =>
  <One extends { readonly message: string }>(one: One): One & { readonly connection?: string } =>
    connection === undefined ? one : { ...one, connection, message: `${connection}: ${one.message}` };

async function comparison(stacks: readonly string[], options: DriftOptions, terminal: Terminal): Promise<Report> {
  const [one, other, ...more] = stacks;
  if (!one || !other || more.length > 0 || one === other) {
    throw new IonError("config", "--compare needs the names of two different stacks.", {
      hints: ["Example: `pulumi-ion drift --compare staging production`."],
    });
  }
  const declarationsOf = async (name: string) => {
    return requireDeclarations(
      await findStack({ ...options, stack: name }, terminal.cwd, terminal.env),
      options.connection,
    );
  };
  const [{ compareStacks }, left, right] = await Promise.all([
    import("./compareStacks.ts"),
    declarationsOf(one),
    declarationsOf(other),
  ]);
  const [here, there] = [escapeText(one), escapeText(other)];
  const title = `Stack ${here} (${amount(...left.values())}) compared with stack ${there} (${amount(...right.values())})`;
  return {
    titles: [title],
    findings: [...new Set([...left.keys(), ...right.keys()])].flatMap((connection) =>
      compareStacks(
        { name: here, declarations: left.get(connection) ?? NO_DECLARATIONS },
        { name: there, declarations: right.get(connection) ?? NO_DECLARATIONS },
      ).map(forConnection(connection)),
    ),
    next: "This compares the stacks' saved states: if you have changed the program, run `pulumi up` first.",
    json: { stacks: [one, other] },
  };
}

const countOf = (all: readonly Declarations[], what: "receivers" | "subscriptions") =>
  all.reduce((sum, { [what]: { length } }) => sum + length, 0);

const amount = (...all: readonly Declarations[]) =>
  `${pluralize(countOf(all, "receivers"), "receiver")} and ${pluralize(countOf(all, "subscriptions"), "subscription")}`;
