import { ACTIONS } from "../../model/events.ts";
import { escapeText, shorten } from "../../model/text.ts";
import { eventName } from "../../model/webhooks.ts";
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

/** Receivers times resources of a table. */
const MAX_CELLS = 20_000;

/** Actions of one receiver that fit a table. */
const MAX_ACTIONS = 50;

/** Lines of tables before lists are shorter: several tables repeat the rows of receivers that they do not show. */
const MAX_LINES = 300;

/** A table with one column per receiver; several tables in a narrow terminal, and lists if it is too narrow for any. */
export function renderTable(receivers: readonly ReceiverStatus[], terminal: Terminal): string {
  const rows = rowsOf(receivers);
  const lists = () => receivers.map((one) => list(one, terminal)).join("\n\n");
  if (rows.length * receivers.length > MAX_CELLS) return lists();
  const first = widest([...rows.map(escapeText), "Resource"]) + GAP;
  const columns = receivers.map((receiver) => columnOf(receiver, rows));
  const tables: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    if (column.width > left) {
      tables.push([]);
      left = terminal.columns - first;
    }
    tables.at(-1)?.push(column);
    left -= column.width;
  }
  const isTooWide = columns.some(({ width }) => first + width > terminal.columns);
  const isTooLong = tables.length > 1 && tables.length * rows.length > MAX_LINES;
  if (isTooWide || isTooLong) return lists();
  const text = tables.map((some) => table(some, rows, first, terminal)).join("\n\n");
  return [text, legend(receivers)].filter(Boolean).join("\n");
}

const widest = (texts: readonly string[]) => texts.reduce((most, { length }) => Math.max(most, length), 0);

/** Actions in the order of ION's documentation, then the others. */
function actionsOf({ events }: ReceiverStatus): string[] {
  const known: readonly string[] = ACTIONS;
  const order = (action: string) => (known.includes(action) ? known.indexOf(action) : known.length);
  return [...new Set(events.map(({ action }) => action))].sort((a, b) => order(a) - order(b));
}

function columnOf(receiver: ReceiverStatus, rows: readonly string[]): Column {
  const actions = actionsOf(receiver);
  const byName = new Map(receiver.events.map((event) => [eventName(event), event]));
  const pieceAt = (resource: string, action: string) => {
    const event = byName.get(eventName({ resource, action }));
    return event && pieceOf(event, receiver);
  };
  // More actions than a table can show.
  const shown = actions.slice(0, MAX_ACTIONS + 1);
  const cells = rows.map((row) => shown.map((action) => pieceAt(row, action)));
  const slots = shown.map((_action, at) => widest(cells.map((cell) => cell[at]?.text ?? "")));
  const head = headOf(receiver);
  const width = shown.length > MAX_ACTIONS ? Number.POSITIVE_INFINITY : slots.reduce((sum, slot) => sum + slot + 1, -1);
  return { receiver, head, width: Math.max(head.length, width) + GAP, slots, cells };
}

function headOf({ name, id }: ReceiverStatus): string {
  const shown = escapeText(name);
  return `${shown.length > 24 ? shorten(shown, 23) : shown} (id ${escapeText(id)})`;
}

function pieceOf({ action, problem }: EventStatus, { active }: ReceiverStatus): Piece {
  const text = escapeText(action);
  if (!problem) return { text, style: active ? "green" : "dim" };
  const { mark, style } = MARKS[problem];
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

function list(receiver: ReceiverStatus, { paint }: Terminal): string {
  const order = actionsOf(receiver);
  const rank = new Map(order.map((action, at) => [action, at]));
  const byResource = Map.groupBy(receiver.events, ({ resource }) => resource);
  const lines = rowsOf([receiver]).flatMap((row) => {
    const events = byResource.get(row)?.sort((a, b) => (rank.get(a.action) ?? 0) - (rank.get(b.action) ?? 0)) ?? [];
    const pieces = events.map((event) => pieceOf(event, receiver)).map(({ text, style }) => paint(style, text));
    return pieces.length > 0 ? [`  ${escapeText(row)}`, `    ${pieces.join(" ")}`] : [];
  });
  return [paint("bold", headOf(receiver)), ...lines, legend([receiver])].filter(Boolean).join("\n");
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
