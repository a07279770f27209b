import { ACTIONS } from "../../model/events.ts";
import { escapeText } from "../../model/text.ts";
import type { Style, Terminal } from "../terminal.ts";
import { type EventStatus, type ReceiverStatus, rowsOf } from "./coverage.ts";

/** A table with one column per receiver; several tables in a narrow terminal, and lists if it is too narrow for any. */
export function renderTable(receivers: readonly ReceiverStatus[], terminal: Terminal): string {
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
  const text = tables.map((some) => table(some, rows, first, terminal)).join("\n\n");
  return [text, legend(receivers)].filter(Boolean).join("\n");
}

const GAP = 2;

function table(
  receivers: readonly ReceiverStatus[],
  rows: readonly string[],
  first: number,
  { paint }: Terminal,
): string {
  const columns = receivers.map((receiver) => {
    return { receiver, slots: slotsOf(receiver, rows), head: headOf(receiver), width: widthOf(receiver, rows) };
  });
  const padded = (text: string, style: Style, width: number) => paint(style, text) + " ".repeat(width - text.length);
  const line = (start: string, cells: readonly string[]) => (start + cells.join("")).trimEnd();
  const head = line(
    padded("Resource", "bold", first),
    columns.map((column) => padded(column.head, "bold", column.width)),
  );
  const body = rows.map((row) =>
    line(
      row.padEnd(first),
      columns.map(({ receiver, slots, width }) => {
        const pieces = slots.map((slot) => {
          const { text, style } = pieceOf(receiver, row, slot.action) ?? { text: "-", style: "dim" };
          return padded(text, style, slot.width);
        });
        return pieces.join(" ") + " ".repeat(width - widthOfSlots(slots));
      }),
    ),
  );
  return [head, ...body].join("\n");
}

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
  const escaped = escapeText(name);
  return `${escaped.length > 24 ? `${escaped.slice(0, 23)}…` : escaped} (id ${escapeText(id)})`;
}

interface Slot {
  readonly action: string;
  readonly width: number;
}

/** The actions that a receiver has anything of, so that each action has its own place in the column. */
function slotsOf(receiver: ReceiverStatus, rows: readonly string[]): Slot[] {
  const known: readonly string[] = ACTIONS;
  const actions = [...new Set(receiver.events.map(({ action }) => action))];
  const order = (action: string) => (known.includes(action) ? known.indexOf(action) : known.length);
  return actions
    .sort((one, other) => order(one) - order(other))
    .map((action) => ({
      action,
      width: Math.max(...rows.map((row) => pieceOf(receiver, row, action)?.text.length ?? 0)),
    }));
}

const widthOfSlots = (slots: readonly Slot[]) =>
  slots.reduce((sum, { width }) => sum + width, Math.max(0, slots.length - 1));

const widthOf = (receiver: ReceiverStatus, rows: readonly string[]) =>
  Math.max(headOf(receiver).length, widthOfSlots(slotsOf(receiver, rows))) + GAP;

/** One event with its mark. */
function pieceOf(receiver: ReceiverStatus, row: string, action: string): { text: string; style: Style } | undefined {
  const event = receiver.events.find((one) => one.resource === row && one.action === action);
  if (!event) return undefined;
  const text = escapeText(action);
  if (!event.problem) return { text, style: receiver.active ? "green" : "dim" };
  const { mark, style } = MARKS[event.problem];
  return { text: mark + text, style };
}

const MARKS: Readonly<
  Record<
    NonNullable<EventStatus["problem"]>,
    { readonly mark: string; readonly style: Style; readonly meaning: string }
  >
> = {
  missing: { mark: "!", style: "red", meaning: "declared, but missing in ION" },
  duplicate: { mark: "2x", style: "red", meaning: "duplicate: each event is delivered more than once" },
  unmanaged: { mark: "+", style: "yellow", meaning: "in ION, but not in your program" },
};

function legend(receivers: readonly ReceiverStatus[]): string {
  const problems = new Set(receivers.flatMap(({ events }) => events.map(({ problem }) => problem)));
  const used = Object.entries(MARKS).filter(([problem]) => problems.has(problem as EventStatus["problem"]));
  return used.map(([, { mark, meaning }]) => `${mark}ACTION  ${meaning}`).join("\n");
}
