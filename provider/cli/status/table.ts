import { ACTIONS } from "../../model/events.ts";
import { escapeText } from "../../model/text.ts";
import type { Style, Terminal } from "../terminal.ts";
import { type EventStatus, type ReceiverStatus, rowsOf } from "./coverage.ts";

/** One event with its mark. */
interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** One receiver. Each of its actions has its own place in the column. */
interface Column {
  readonly receiver: ReceiverStatus;
  readonly head: string;
  readonly width: number;
  /** The widths of the places. */
  readonly slots: readonly number[];
  /** For each row, the piece in each place. */
  readonly cells: readonly (readonly (Piece | undefined)[])[];
}

const GAP = 2;

/** A table with one column per receiver; several tables in a narrow terminal, and lists if it is too narrow for any. */
export function renderTable(receivers: readonly ReceiverStatus[], terminal: Terminal): string {
  const rows = rowsOf(receivers);
  const first = Math.max(...rows.map((row) => escapeText(row).length), "Resource".length) + GAP;
  const columns = receivers.map((receiver) => columnOf(receiver, rows));
  const tables: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    if (first + column.width > terminal.columns) return columns.map((one) => list(one, rows, terminal)).join("\n\n");
    if (column.width > left) {
      tables.push([]);
      left = terminal.columns - first;
    }
    tables.at(-1)?.push(column);
    left -= column.width;
  }
  const text = tables.map((some) => table(some, rows, first, terminal)).join("\n\n");
  return [text, legend(receivers)].filter(Boolean).join("\n");
}

function columnOf(receiver: ReceiverStatus, rows: readonly string[]): Column {
  const known: readonly string[] = ACTIONS;
  const order = (action: string) => (known.includes(action) ? known.indexOf(action) : known.length);
  const actions = [...new Set(receiver.events.map(({ action }) => action))].sort((a, b) => order(a) - order(b));
  const cells = rows.map((row) => actions.map((action) => pieceOf(receiver, row, action)));
  const slots = actions.map((_action, at) => Math.max(...cells.map((cell) => cell[at]?.text.length ?? 0)));
  const name = escapeText(receiver.name);
  const head = `${name.length > 24 ? `${name.slice(0, 23)}…` : name} (id ${escapeText(receiver.id)})`;
  const width = slots.reduce((sum, slot) => sum + slot + 1, -1);
  return { receiver, head, width: Math.max(head.length, width) + GAP, slots, cells };
}

function pieceOf({ events, active }: ReceiverStatus, row: string, action: string): Piece | undefined {
  const event = events.find((one) => one.resource === row && one.action === action);
  if (!event) return undefined;
  const text = escapeText(action);
  if (!event.problem) return { text, style: active ? "green" : "dim" };
  const { mark, style } = MARKS[event.problem];
  return { text: mark + text, style };
}

function table(columns: readonly Column[], rows: readonly string[], first: number, { paint }: Terminal): string {
  const padded = ({ text, style }: Piece, width: number) => paint(style, text) + " ".repeat(width - text.length);
  const lines = rows.map((row, at) => {
    const cells = columns.map(({ width, slots, cells }) => {
      const pieces = slots.map((slot, place) => padded(cells[at]?.[place] ?? { text: "-", style: "dim" }, slot));
      const end = slots.reduce((left, slot) => left - slot - 1, width);
      return pieces.map((piece) => `${piece} `).join("") + " ".repeat(end);
    });
    return escapeText(row).padEnd(first) + cells.join("");
  });
  const heads = columns.map(({ head, width }) => padded({ text: head, style: "bold" }, width));
  const head = padded({ text: "Resource", style: "bold" }, first) + heads.join("");
  return [head, ...lines].map((line) => line.trimEnd()).join("\n");
}

function list({ receiver, head, cells }: Column, rows: readonly string[], { paint }: Terminal): string {
  const lines = rows.flatMap((row, at) => {
    const pieces = cells[at]?.flatMap((piece) => (piece ? [paint(piece.style, piece.text)] : [])) ?? [];
    return pieces.length > 0 ? [`  ${escapeText(row)}`, `    ${pieces.join(" ")}`] : [];
  });
  return [paint("bold", head), ...lines, legend([receiver])].filter(Boolean).join("\n");
}

type Problem = NonNullable<EventStatus["problem"]>;

const MARKS: Readonly<Record<Problem, { readonly mark: string; readonly style: Style; readonly meaning: string }>> = {
  missing: { mark: "!", style: "red", meaning: "declared, but missing in ION" },
  duplicate: { mark: "2x", style: "red", meaning: "duplicate: each event is delivered more than once" },
  unmanaged: { mark: "+", style: "yellow", meaning: "in ION, but not in your program" },
};

function legend(receivers: readonly ReceiverStatus[]): string {
  const problems = new Set(receivers.flatMap(({ events }) => events.map(({ problem }) => problem)));
  const used = Object.entries(MARKS).filter(([problem]) => problems.has(problem as Problem));
  return used.map(([, { mark, meaning }]) => `${mark}ACTION  ${meaning}`).join("\n");
}
