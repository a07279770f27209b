import Table from "cli-table3";
import { ACTIONS } from "../ion/facts.ts";
import type { Action, Register } from "./command.ts";
import { withStack } from "./command.ts";
import { declaredIn, NOTHING, refuseElsewhere } from "./declared.ts";
import {
  GUIDE,
  type Pair,
  type ReceiverStatus,
  receiversOf,
  rowsOf,
  type Taken,
  type Verdict,
  verdictOf,
} from "./matrix.ts";
import type { StackOptions } from "./pulumi.ts";
import { findSettings, ionOf, whereOf } from "./settings.ts";
import { count, named, patiently, type Style, shown, type Terminal, wrap } from "./terminal.ts";

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
    patiently(ion.receivers(), terminal),
    ion.subscriptionNames().catch(() => undefined),
    stack && declaredIn(stack),
  ]);
  const declared = declaredBy && (declaredBy.get(options.connection) ?? NOTHING);
  const others = [...(declaredBy?.keys() ?? [])].filter((name) => name !== options.connection);
  if (declared) refuseElsewhere(ion, declared);
  const receivers = receiversOf(live, declared);
  const verdict = verdictOf(live, receivers, names);
  if (options.json) {
    const answer = { ion: ion.place, ...(stack && { stack: stack.name }), receivers, verdict };
    terminal.out(JSON.stringify(answer, undefined, 2));
    return 0;
  }
  const { paint } = terminal;
  terminal.out(paint("bold", `ION at ${where}: ${count(live.size, "receiver")}`));
  if (receivers.length > 0) terminal.out(`\n${matrix(receivers, terminal)}\n`);
  for (const receiver of receivers) terminal.out(inWords(receiver, terminal));
  terminal.out(`\n${judgement(verdict, receivers, terminal)}`);
  for (const name of others) {
    const how = name === undefined ? "without --connection" : `with --connection ${name}`;
    terminal.out(`${paint("yellow", " i")}  Stack ${stack?.name} declares more in another ION: see it ${how}.`);
  }
  return 0;
};

/** A table with a column a receiver; as many tables as the terminal is narrow, and a list where it is too narrow for any. */
function matrix(receivers: readonly ReceiverStatus[], terminal: Terminal): string {
  const rows = rowsOf(receivers);
  const first = Math.max(...rows.map((row) => row.length), "Resource".length) + GAP;
  const tables: ReceiverStatus[][] = [];
  let left = 0;
  for (const receiver of receivers) {
    const width = widthOf(receiver, rows);
    if (first + width > terminal.columns) return receivers.map((one) => list(one, rows, terminal)).join("\n\n");
    if (width > left) {
      tables.push([]);
      left = terminal.columns - first;
    }
    tables.at(-1)?.push(receiver);
    left -= width;
  }
  const text = tables.map((some) => table(some, rows, terminal)).join("\n\n");
  return [text, legend(receivers)].filter(Boolean).join("\n");
}

const GAP = 2;

function table(receivers: readonly ReceiverStatus[], rows: readonly string[], { paint }: Terminal): string {
  const made = new Table({
    head: ["Resource", ...receivers.map(headOf)].map((text) => paint("bold", text)),
    chars: { ...NO_LINES },
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
  });
  for (const row of rows) {
    const cells = receivers.map((receiver) =>
      slotsOf(receiver, rows)
        .map(({ action, width }) => {
          const piece = pieceOf(receiver, row, action);
          return piece
            ? paint(piece.style, piece.text) + " ".repeat(width - piece.text.length)
            : paint("dim", "-".padEnd(width));
        })
        .join(" "),
    );
    made.push([row, ...cells]);
  }
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const NO_LINES = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "" },
  ...{ "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};

function list(receiver: ReceiverStatus, rows: readonly string[], { paint }: Terminal): string {
  const lines = rows.flatMap((row) => {
    const pieces = slotsOf(receiver, rows).flatMap(({ action }) => pieceOf(receiver, row, action) ?? []);
    return pieces.length > 0
      ? [`  ${row}`, `    ${pieces.map(({ text, style }) => paint(style, text)).join(" ")}`]
      : [];
  });
  return [paint("bold", headOf(receiver)), ...lines, legend([receiver])].filter(Boolean).join("\n");
}

/** A receiver as the head of a column. */
function headOf({ name, id }: ReceiverStatus): string {
  const plain = shown(name);
  return `${plain.length > 24 ? `${plain.slice(0, 23)}…` : plain} (${shown(id)})`;
}

function widthOf(receiver: ReceiverStatus, rows: readonly string[]): number {
  const slots = slotsOf(receiver, rows).reduce((sum, { width }) => sum + width + 1, -1);
  return Math.max(headOf(receiver).length, slots) + GAP;
}

/** The actions that a receiver has anything of, so that each stands below itself. */
function slotsOf(
  receiver: ReceiverStatus,
  rows: readonly string[],
): { readonly action: string; readonly width: number }[] {
  const known: readonly string[] = ACTIONS;
  const actions = [...new Set(receiver.pairs.map(({ action }) => action))];
  const order = (action: string) => (known.includes(action) ? known.indexOf(action) : known.length);
  return actions
    .sort((one, other) => order(one) - order(other))
    .map((action) => ({
      action,
      width: Math.max(...rows.map((row) => pieceOf(receiver, row, action)?.text.length ?? 0)),
    }));
}

/** One action on one resource, with its mark. */
function pieceOf(receiver: ReceiverStatus, row: string, action: string): { text: string; style: Style } | undefined {
  const pair = receiver.pairs.find((one) => one.resource === row && one.action === action);
  if (!pair) return undefined;
  const found = MARKS.find(({ is }) => is(pair, receiver));
  return { text: `${found?.mark ?? ""}${shown(action)}`, style: found?.style ?? "green" };
}

/** What is to be seen of a pair beyond its being there; the first that fits. */
const MARKS: readonly {
  readonly mark: string;
  readonly style: Style;
  readonly means: string;
  readonly is: (pair: Taken, receiver: ReceiverStatus) => boolean;
}[] = [
  { mark: "!", style: "red", means: "declared, and not in ION", is: ({ ids }) => ids.length === 0 },
  {
    mark: "2x",
    style: "red",
    means: "there more than once: each event arrives as often",
    is: ({ ids }) => ids.length > 1,
  },
  { mark: "+", style: "yellow", means: "in ION, and not declared", is: ({ declared }) => declared === false },
  { mark: "", style: "dim", means: "", is: (_pair, { active }) => !active },
];

function legend(receivers: readonly ReceiverStatus[]): string {
  const used = MARKS.filter(
    ({ mark, is }) => mark && receivers.some((receiver) => receiver.pairs.some((pair) => is(pair, receiver))),
  );
  return used.map(({ mark, means }) => `${mark}ACTION  ${means}`).join("\n");
}

function inWords(receiver: ReceiverStatus, { paint }: Terminal): string {
  const { name, id, exists, active, contentType, expectedResponseCode, headers, declared, pairs } = receiver;
  const title = named(name, id);
  if (!exists) return `${title}: ${paint("red", "is gone from ION")}, and the stack declares it`;
  const facts = [
    active ? paint("green", "active") : paint("red", "inactive: ION sends it nothing"),
    ...(pairs.some(({ ids }) => ids.length > 0) ? [] : [paint("red", "subscribed to nothing")]),
    ...(contentType === undefined ? [] : [`sent as ${shown(contentType)}`]),
    ...(expectedResponseCode === undefined ? [] : [`expects HTTP ${expectedResponseCode} back`]),
    ...(headers.length === 0
      ? []
      : [`with ${headers.length === 1 ? "header" : "headers"} ${headers.map(shown).join(", ")}`]),
    ...(declared === false ? [paint("yellow", "not declared in this stack")] : []),
  ];
  return `${title}: ${facts.join("; ")}`;
}

function judgement(verdict: Verdict, receivers: readonly ReceiverStatus[], { paint, columns }: Terminal): string {
  const { guideMissing, guideInactive, neverDelivered, untaken, oneUrl, deletions } = verdict;
  const good = (text: string) => `${paint("green", "ok")}  ${text}`;
  const bad = (text: string) => `${paint("red", "!!")}  ${text}`;
  const note = (text: string) => `${paint("yellow", " i")}  ${text}`;
  const listed = (words: readonly string[]) => wrap(words, columns, "    ");
  const lines: string[] = [];
  if (guideMissing.length === 0 && guideInactive.length === 0) {
    lines.push(good(`All ${GUIDE.length} pairs of Violet's guide are subscribed.`));
  }
  if (guideMissing.length === GUIDE.length) {
    lines.push(bad(`Nobody is subscribed to any of the ${GUIDE.length} pairs of Violet's guide.`));
  } else if (guideMissing.length > 0) {
    lines.push(
      bad(`Violet's guide lists ${GUIDE.length} pairs, and nobody is subscribed to ${guideMissing.length} of them:`),
    );
    lines.push(listed(grouped(guideMissing)));
  }
  if (guideInactive.length > 0) {
    lines.push(
      bad(`Of Violet's guide, only inactive receivers are subscribed to ${count(guideInactive.length, "pair")}:`),
    );
    lines.push(listed(grouped(guideInactive)));
  }
  const twins = receivers.flatMap(({ pairs }) => pairs.filter(({ ids }) => ids.length > 1));
  if (twins.length > 0)
    lines.push(
      bad(`${count(twins.length, "pair")} subscribed more than once (2x above): each event arrives as often.`),
    );
  for (const ids of oneUrl) {
    const same = receivers.filter(({ id }) => ids.includes(id)).map(({ name, id }) => named(name, id));
    lines.push(bad(`${same.join(" and ")} have one URL: what several of them are subscribed to arrives as often.`));
  }
  for (const { resource, action, why } of neverDelivered) {
    lines.push(
      note(`${resource} ${action} is subscribed and never arrives:`),
      wrap(`${why}.`.split(" "), columns, "    ", " "),
    );
  }
  lines.push(
    note(
      deletions.length === 0
        ? "Nobody is told of deletions. No pair of Violet's guide is a DELETE: what is deleted in ION, Violet is not told."
        : `No pair of Violet's guide is a DELETE. Here, deletions are told of: ${deletions.map(shown).join(", ")}.`,
    ),
  );
  if (!untaken) lines.push(note("ION does not show what else it offers."));
  else if (untaken.length > 0) {
    lines.push(note(`Beyond Violet's guide, ION offers ${count(untaken.length, "pair")} that nobody takes:`));
    const byActions = Map.groupBy(actionsByResource(untaken), ([, actions]) => actions.join(", "));
    for (const [actions, resources] of byActions) {
      lines.push(
        `    ${shown(actions)} of`,
        wrap(
          resources.map(([resource]) => shown(resource)),
          columns,
          "      ",
        ),
      );
    }
  }
  return lines.join("\n");
}

function actionsByResource(pairs: readonly Pair[]): (readonly [resource: string, actions: string[]])[] {
  const byResource = Map.groupBy(pairs, ({ resource }) => resource);
  return [...byResource].map(([resource, some]) => [resource, some.map(({ action }) => action)] as const);
}

/** "PARTS CREATE+UPDATE" rather than two pairs. */
const grouped = (pairs: readonly Pair[]) =>
  actionsByResource(pairs).map(([resource, actions]) => shown(`${resource} ${actions.join("+")}`));
