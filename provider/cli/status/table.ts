import Table from "cli-table3";
import { ACTIONS } from "../../ion/facts.ts";
import { escapeText, type Style, type Terminal } from "../terminal.ts";
import { type ReceiverStatus, rowsOf, type Taken } from "./coverage.ts";

/** A table with a column a receiver; as many tables as the terminal is narrow, and a list where it is too narrow for any. */
export function grid(receivers: readonly ReceiverStatus[], terminal: Terminal): string {
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
  const plain = escapeText(name);
  return `${plain.length > 24 ? `${plain.slice(0, 23)}…` : plain} (${escapeText(id)})`;
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
  return { text: `${found?.mark ?? ""}${escapeText(action)}`, style: found?.style ?? "green" };
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
