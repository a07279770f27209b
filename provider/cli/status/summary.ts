import { GUIDE_EVENTS } from "../../model/events.ts";
import { escapeText, pluralize } from "../../model/text.ts";
import type { WebhookEvent } from "../../model/webhooks.ts";
import type { Finding } from "../drift/detect.ts";
import { type Terminal, wrap } from "../terminal.ts";
import type { Coverage } from "./coverage.ts";

/** Whether a finding means that something is wrong. A duplicate is, even if the stack does not declare it. */
const isProblem = ({ drift, kind }: Finding) => drift || kind === "duplicate";

/** What is wrong, or that nothing is. */
export function problems(
  findings: readonly Finding[],
  { guideMissing, guideInactive }: Coverage,
  terminal: Terminal,
): string[] {
  const { paint, columns } = terminal;
  const problem = (text: string) => block(paint("red", "!!"), text, columns);
  const events = (some: readonly WebhookEvent[]) => wrap(groupedByResource(some), columns, INDENT);
  const total = GUIDE_EVENTS.length;
  const guide =
    guideMissing.length === total
      ? [problem(`No receiver is subscribed to any of the ${total} events of Violet's guide.`)]
      : guideMissing.length > 0
        ? [
            problem(`No receiver is subscribed to ${guideMissing.length} of the ${total} events of Violet's guide:`),
            events(guideMissing),
          ]
        : [];
  const inactive =
    guideInactive.length > 0
      ? [
          problem(
            `Only inactive receivers are subscribed to ${guideInactive.length} of the ${total} events of Violet's guide, so these are not delivered:`,
          ),
          events(guideInactive),
        ]
      : [];
  return [
    ...findings.filter(isProblem).map(({ message }) => problem(message)),
    ...guide,
    ...inactive,
    ...(guide.length + inactive.length === 0
      ? [`${paint("green", "ok")}  All ${total} events of Violet's guide are subscribed to.`]
      : []),
  ];
}

/** What is good to know. */
export function notes(findings: readonly Finding[], { unused, deletions }: Coverage, terminal: Terminal): string[] {
  const { paint, columns } = terminal;
  const note = (text: string) => block(paint("yellow", " i"), text, columns);
  const withoutProblems = findings.filter((one) => !isProblem(one)).map(({ message }) => note(message));
  const deleted =
    deletions.length === 0
      ? "No DELETE subscriptions (Violet's guide has none): Violet is not notified of deletions."
      : `DELETE subscriptions (Violet's guide has none): ${deletions.map(escapeText).join(", ")}.`;
  return [...withoutProblems, note(deleted), ...unusedNotes(unused, note, columns)];
}

function unusedNotes(unused: Coverage["unused"], note: (text: string) => string, columns: number): string[] {
  if (!unused) return [note("ION's schema does not list which other events are available.")];
  if (unused.length === 0) return [];
  const byActions = Map.groupBy(actionsByResource(unused), ([, actions]) => actions.join(", "));
  return [
    note(`Available but unused: ${pluralize(unused.length, "event")} beyond Violet's guide:`),
    ...[...byActions].flatMap(([actions, resources]) => [
      `${INDENT}${escapeText(actions)} of`,
      wrap(
        resources.map(([resource]) => escapeText(resource)),
        columns,
        `${INDENT}  `,
      ),
    ]),
  ];
}

const INDENT = "    ";

/** A symbol of two characters, and text that is wrapped next to it. */
const block = (symbol: string, text: string, columns: number) =>
  symbol + wrap(text.split(" "), columns, INDENT, " ").slice(2);

function actionsByResource(events: readonly WebhookEvent[]): (readonly [resource: string, actions: string[]])[] {
  const byResource = Map.groupBy(events, ({ resource }) => resource);
  return [...byResource].map(([resource, some]) => [resource, some.map(({ action }) => action)] as const);
}

/** "PARTS CREATE+UPDATE" rather than two events. */
const groupedByResource = (events: readonly WebhookEvent[]) =>
  actionsByResource(events).map(([resource, actions]) => escapeText(`${resource} ${actions.join("+")}`));
