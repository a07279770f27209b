/** How findings are printed: as text, for GitHub Actions, or as JSON. */
import { formatJson, pluralize } from "../../model/text.ts";
import type { Terminal } from "../terminal.ts";
import type { StackFinding } from "./compareStacks.ts";
import type { Finding } from "./detect.ts";
import { addToSummary, annotation, markdown } from "./github.ts";

/** Findings with a title. */
export interface Report {
  /** One line for each ION environment that was compared. */
  readonly titles: readonly string[];
  readonly findings: readonly (Pick<Finding, "drift" | "message"> &
    Partial<Pick<Finding, "object">> & {
      readonly kind: Finding["kind"] | StackFinding["kind"];
    })[];
  /** What to do about drift that `pulumi preview` shows. */
  readonly next: string;
  /** What JSON has besides the findings. */
  readonly json: object;
}

/** How to print a report. */
export interface ReportOptions {
  readonly json?: true;
  readonly github?: true;
  /** Counts what is only good to know as drift. */
  readonly strict?: true;
}

/** Prints a report. Returns the exit code: 2 if there is drift. */
export async function print(report: Report, options: ReportOptions, terminal: Terminal): Promise<number> {
  const findings = report.findings.map((one) => (options.strict ? { ...one, drift: isStrictDrift(one) } : one));
  const drift = findings.some((one) => one.drift);
  if (options.json) terminal.out(formatJson({ ...report.json, drift, findings }, 2));
  else if (options.github) await printForGitHub({ ...report, findings }, terminal);
  else terminal.out(asText({ ...report, findings }, terminal));
  return drift ? 2 : 0;
}

/** ION never delivers some events, whatever a stack declares. */
const isStrictDrift = ({ kind }: Report["findings"][number]) => kind !== "neverDelivered";

/** Every kind in the order of the summary, with its symbol and its label. */
const KINDS: Readonly<Record<Report["findings"][number]["kind"], { readonly symbol: string; readonly label: string }>> =
  {
    missing: { symbol: "-", label: "missing" },
    changed: { symbol: "~", label: "changed" },
    unmanaged: { symbol: "+", label: "unmanaged" },
    added: { symbol: "+", label: "added" },
    duplicate: { symbol: "=", label: "duplicate" },
    inactive: { symbol: "!", label: "inactive" },
    masked: { symbol: "?", label: "masked" },
    neverDelivered: { symbol: "!", label: "never delivered" },
    shared: { symbol: "=", label: "shared" },
  };

/** "1 missing, 2 changed." */
export function summarize(findings: Report["findings"]): string {
  const drifted = findings.filter((one) => one.drift);
  if (drifted.length === 0) return "No drift.";
  const counts = Object.entries(KINDS).map(([kind, { label }]) => {
    return { label, count: drifted.filter((one) => one.kind === kind).length };
  });
  const some = counts.filter(({ count }) => count > 0);
  return `${some.map(({ label, count }) => `${count} ${label}`).join(", ")}.`;
}

/** What to do about drift. A program cannot change what it does not declare, so a preview does not show that. */
function nextStep(drifted: Report["findings"], next: string): string {
  const isShown = ({ kind, object }: Report["findings"][number]) =>
    object !== "receiver" || !["unmanaged", "inactive", "masked", "duplicate"].includes(kind);
  return drifted.some(isShown) ? next : "`pulumi up` does not change this: correct it in ION, or declare it.";
}

function asText({ titles, findings, next: shown }: Report, { paint }: Terminal): string {
  const drifted = findings.filter((one) => one.drift);
  const next = nextStep(drifted, shown);
  const notes = findings.filter((one) => !one.drift);
  const width = Math.max(...findings.map(({ kind }) => KINDS[kind].label.length));
  const line = ({ kind, message }: Report["findings"][number], style: "red" | "yellow") =>
    `  ${paint(style, KINDS[kind].symbol)} ${KINDS[kind].label.padEnd(width)}  ${message}`;
  return [
    ...titles.map((title) => paint("bold", title)),
    ...drifted.map((one) => line(one, "red")),
    ...(notes.length > 0 ? ["Good to know, not drift:"] : []),
    ...notes.map((one) => line(one, "yellow")),
    paint(drifted.length > 0 ? "red" : "green", summarize(findings)) + (drifted.length > 0 ? ` ${next}` : ""),
  ].join("\n");
}

async function printForGitHub({ titles, findings, next: shown }: Report, terminal: Terminal): Promise<void> {
  const drifted = findings.filter((one) => one.drift);
  const next = nextStep(drifted, shown);
  const summary = summarize(findings);
  const notes = findings.filter((one) => !one.drift);
  const lines = [...titles, ...annotate("warning", drifted), ...annotate("notice", notes), summary];
  for (const line of lines) terminal.out(line);
  const all = findings.map(({ kind, drift, message }) => {
    return `| ${KINDS[kind].label}${drift ? "" : " (not drift)"} | ${markdown(message)} |`;
  });
  const rows = firstThatFit(all);
  if (rows.length < all.length) rows.push(`| … | ${pluralize(all.length - rows.length, "more finding")} |`);
  const table = rows.length > 0 ? `\n\n| | |\n| --- | --- |\n${rows.join("\n")}` : "";
  const verdict = drifted.length === 0 ? summary : `${summary} ${next}`;
  const text = `### ION webhooks\n\n${titles.map(markdown).join("<br>")}\n\n${verdict}${table}\n`;
  await addToSummary(terminal.env, text);
}

/** Bytes of a job summary, with a margin: GitHub drops a larger one as a whole. */
const MAX_SUMMARY = 900 << 10;

function firstThatFit(rows: readonly string[]): string[] {
  let bytes = 0;
  return rows.filter((row) => {
    bytes += Buffer.byteLength(row) + 1;
    return bytes <= MAX_SUMMARY;
  });
}

/** Annotations of one level that GitHub shows for a step (its "Usage limits"). */
const MAX_ANNOTATIONS = 10;

function annotate(level: "warning" | "notice", findings: Report["findings"]): string[] {
  const first = findings.length > MAX_ANNOTATIONS ? findings.slice(0, MAX_ANNOTATIONS - 1) : findings;
  const more = findings.length - first.length;
  return [
    ...first.map(({ kind, message }) => annotation(level, `ION webhooks: ${KINDS[kind].label}`, message)),
    ...(more > 0
      ? [annotation(level, "ION webhooks", `${pluralize(more, "more finding")}. The job summary lists all.`)]
      : []),
  ];
}
