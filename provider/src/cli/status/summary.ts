import { GUIDE_EVENTS } from "../../model/events.ts";
import { escapeText, pluralize } from "../../model/text.ts";
import type { WebhookEvent } from "../../model/webhooks.ts";
import type { Finding } from "../drift/detect.ts";
import { type Terminal, wrap } from "../terminal.ts";
import type { Coverage } from "./coverage.ts";

/** Whether a finding means that something is wrong. A duplicate is, even if the stack does not declare it. */
export const isProblem = ({ drift, kind }: Finding) => drift || kind === "duplicate";

/** What is wrong, or that nothing is. */
export function problems(
  findings: readonly Finding[],
  { guideMissing, guideInactive }: Coverage,
  { paint, columns }: Terminal,
): string[] {
  const total = `the ${GUIDE_EVENTS.length} events of Violet's guide`;
  const problem = (text: string) => block(paint("red", "!!"), text, columns);
  const lines = findings.filter(isProblem).map(({ message }) => problem(message));
  if (guideMissing.length === GUIDE_EVENTS.length) {
    lines.push(problem(`No receiver is subscribed to any of ${total}.`));
  } else if (guideMissing.length > 0) {
    const text = `No receiver is subscribed to ${guideMissing.length} of ${total}:`;
    lines.push(problem(text), list(guideMissing, columns));
  }
  if (guideInactive.length > 0) {
    const text = `Only inactive receivers are subscribed to ${guideInactive.length} of ${total}, so these are not delivered:`;
    lines.push(problem(text), list(guideInactive, columns));
  }
  if (guideMissing.length + guideInactive.length === 0) {
    lines.push(`${paint("green", "ok")}  A receiver is subscribed to each of ${total}.`);
  }
  return lines;
}

/** What is good to know. */
export function notes(findings: readonly Finding[], { unused, deletions }: Coverage, terminal: Terminal): string[] {
  const { paint, columns } = terminal;
  const note = (text: string) => block(paint("yellow", " i"), text, columns);
  const deleted =
    deletions.length === 0
      ? "No DELETE subscriptions (Violet's guide has none): Violet is not notified of deletions."
      : `DELETE subscriptions (Violet's guide has none): ${deletions.map(escapeText).join(", ")}.`;
  const available = unused
    ? [note(`Available but unused: ${pluralize(unused.length, "event")} beyond Violet's guide:`), list(unused, columns)]
    : [note("ION's schema does not list which other events are available, or lists too many to show.")];
  return [
    ...findings.filter((one) => !isProblem(one)).map(({ message }) => note(message)),
    note(deleted),
    ...(unused?.length === 0 ? [] : available),
  ];
}

const INDENT = "    ";

/** A symbol of two characters, and text that is wrapped next to it. */
const block = (symbol: string, text: string, columns: number) =>
  symbol + wrap(text.split(" "), columns, INDENT, " ").slice(2);

/** Events by resource, such as "PARTS CREATE+UPDATE". */
function list(events: readonly WebhookEvent[], columns: number): string {
  const byResource = Map.groupBy(events, ({ resource }) => resource);
  const items = [...byResource].map(([resource, some]) => `${resource} ${some.map(({ action }) => action).join("+")}`);
  return wrap(items.map(escapeText), columns, INDENT);
}
