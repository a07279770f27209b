/** How what is not as declared is told: as text, to GitHub Actions, or to a machine. */

import { pluralize, type Terminal } from "../terminal.ts";
import type { Finding } from "./detect.ts";
import { annotation, markdown, summarise } from "./github.ts";

/** What there is to say: a title, then findings. */
export interface Report {
  readonly title: string;
  readonly findings: readonly Pick<Finding, "kind" | "drift" | "message">[];
  /** What to type next, where there is drift. */
  readonly next: string;
  /** What a machine is told beside the findings. */
  readonly json: object;
}

/** Whom to tell, and how strictly. */
export interface ReportOptions {
  readonly json?: true;
  readonly github?: true;
  /** Counts as drift what is only noted. */
  readonly strict?: true;
}

/** Tells a report, and answers with the exit code: 2 where there is drift. */
export async function tell(report: Report, options: ReportOptions, terminal: Terminal): Promise<number> {
  const findings = options.strict ? report.findings.map((one) => ({ ...one, drift: true })) : report.findings;
  const drift = findings.some((one) => one.drift);
  if (options.json) terminal.out(JSON.stringify({ ...report.json, drift, findings }, undefined, 2));
  else if (options.github) await tellGitHub({ ...report, findings }, terminal);
  else terminal.out(inText({ ...report, findings }, terminal));
  return drift ? 2 : 0;
}

const MARKS = {
  missing: "-",
  changed: "~",
  extra: "+",
  twin: "=",
  inactive: "!",
  undeclared: "?",
  unseen: "?",
} as const;

function inText({ title, findings, next }: Report, { paint }: Terminal): string {
  const drifted = findings.filter((one) => one.drift);
  const notes = findings.filter((one) => !one.drift);
  const line = ({ kind, message }: Report["findings"][number], style: "red" | "yellow") =>
    `  ${paint(style, MARKS[kind])} ${kind.padEnd("undeclared".length)}  ${message}`;
  return [
    `${paint("bold", title)}. ${paint(drifted.length > 0 ? "red" : "green", verdictOf(drifted.length))}`,
    ...drifted.map((one) => line(one, "red")),
    ...(drifted.length > 0 ? [next] : []),
    ...(notes.length > 0 ? ["Good to know, and no drift:"] : []),
    ...notes.map((one) => line(one, "yellow")),
  ].join("\n");
}

const verdictOf = (drifted: number) => (drifted === 0 ? "No drift." : `${pluralize(drifted, "difference")}:`);

async function tellGitHub({ title, findings, next }: Report, terminal: Terminal): Promise<void> {
  const drifted = findings.filter((one) => one.drift);
  // The old form of workflow commands is read anywhere in a line.
  const print = (line: string) => terminal.out(line.replaceAll("##[", "## ["));
  print(`${title}. ${verdictOf(drifted.length)}`);
  annotate("warning", drifted).forEach(print);
  annotate(
    "notice",
    findings.filter((one) => !one.drift),
  ).forEach(print);
  const rows = findings.map(
    ({ kind, drift, message }) => `| ${drift ? kind : `${kind} (no drift)`} | ${markdown(message)} |`,
  );
  const table = rows.length > 0 ? `\n\n| | |\n| --- | --- |\n${rows.join("\n")}` : "";
  const verdict = drifted.length === 0 ? "No drift." : `${pluralize(drifted.length, "difference")}. ${next}`;
  await summarise(terminal.env, `### ION webhooks\n\n${markdown(title)}. ${verdict}${table}\n`);
}

/** Annotations of one level that GitHub shows of a step (its "Usage limits"). */
const SHOWN = 10;

function annotate(level: "warning" | "notice", findings: Report["findings"]): string[] {
  const first = findings.length > SHOWN ? findings.slice(0, SHOWN - 1) : findings;
  const left = findings.length - first.length;
  return [
    ...first.map(({ kind, message }) => annotation(level, `ION webhooks: ${kind}`, message)),
    ...(left > 0 ? [annotation(level, "ION webhooks", `There are ${left} more: the job's summary has all.`)] : []),
  ];
}
