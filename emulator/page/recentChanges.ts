import type { Header, Receiver, Store, StoreChange, Subscription } from "../store/store.ts";

/** What happened to an object since the first recent change. */
export type Mark = "created" | "changed" | "deleted";

/** The recent changes, as the page shows them. */
export interface ChangeSummary {
  /** Whether the changes were made outside the API. */
  readonly byHand: boolean;
  /** Time of the last change, in milliseconds since 1970. */
  readonly at: number;
  /** By receiver id. */
  readonly receivers: Readonly<Record<string, Mark>>;
  /** By receiver id, resource and action, separated by spaces. */
  readonly cells: Readonly<Record<string, Mark>>;
  /** Numbers of subscriptions. A cell can have several. */
  readonly subscriptions: Readonly<Record<Mark, number>>;
  /** The names of the changed properties, by receiver id. */
  readonly properties: Readonly<Record<string, readonly string[]>>;
}

/** Longer than a client waits before a retry, and shorter than the time between two `pulumi up` by a person. */
const MAX_GAP_MS = 5_000;
const MAX_MARKS = 2_000;

interface Content {
  readonly receivers: Map<string, Receiver>;
  readonly headers: Map<string, Header>;
  readonly subscriptions: Map<string, Subscription>;
}

/**
 * The most recent changes: all changes from the same side (the API or by hand) with less than 5 s between them. They are
 * summarized by comparing the store with its content before the first of them.
 */
export class RecentChanges {
  readonly #store: Store;
  #before: Content | undefined;
  #byHand = false;
  #at = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Adds a change that was made at `now`, in milliseconds. */
  add(change: StoreChange, now: number): void {
    if (!this.#before || change.byHand !== this.#byHand || now - this.#at > MAX_GAP_MS) {
      this.#before = contentBefore(change, this.#store);
      this.#byHand = change.byHand;
    }
    this.#at = now;
  }

  /** The difference that the recent changes made; undefined if there was no change yet. */
  summarize(): ChangeSummary | undefined {
    if (!this.#before) return undefined;
    const [before, after] = [this.#before, contentOf(this.#store)];
    const [cellsBefore, cellsAfter] = [etagsByCell(before), etagsByCell(after)];
    const cells = marks(cellsBefore, cellsAfter);
    const receivers = marks(etagsByReceiver(before), etagsByReceiver(after));
    const growth = [...new Set([...cellsBefore.keys(), ...cellsAfter.keys()])].map(
      (cell) => (cellsAfter.get(cell)?.length ?? 0) - (cellsBefore.get(cell)?.length ?? 0),
    );
    return {
      byHand: this.#byHand,
      at: this.#at,
      receivers: Object.fromEntries(receivers),
      cells: Object.fromEntries(cells.slice(0, MAX_MARKS)),
      subscriptions: {
        created: sum(growth.map((count) => Math.max(0, count))),
        changed: cells.filter(([cell]) => cellsBefore.get(cell)?.length === cellsAfter.get(cell)?.length).length,
        deleted: sum(growth.map((count) => Math.max(0, -count))),
      },
      properties: Object.fromEntries(
        receivers.filter(([, mark]) => mark === "changed").map(([id]) => [id, changedProperties(id, before, after)]),
      ),
    };
  }
}

function contentOf(store: Store): Content {
  const byId = <Item extends { readonly id: string }>(items: readonly Item[]) =>
    new Map(items.map((item) => [item.id, item]));
  const { receivers, headers, subscriptions } = store.state();
  return { receivers: byId(receivers), headers: byId(headers), subscriptions: byId(subscriptions) };
}

function contentBefore({ before, after }: StoreChange, store: Store): Content {
  const content = contentOf(store);
  const item = before ?? after;
  if (!item) return content;
  const type = "receiverId" in item ? "subscriptions" : "webhookUri" in item ? "receivers" : "headers";
  if (before) (content[type] as Map<string, object>).set(before.id, before);
  else content[type].delete(item.id);
  return content;
}

function etagsByCell({ subscriptions }: Content): Map<string, string[]> {
  const cells = new Map<string, string[]>();
  for (const { receiverId, resource, action, _etag } of subscriptions.values()) {
    const cell = `${receiverId} ${resource} ${action}`;
    cells.set(cell, [...(cells.get(cell) ?? []), _etag]);
  }
  return cells;
}

/** A receiver changes with its headers. */
function etagsByReceiver(content: Content): Map<string, string[]> {
  return new Map(
    [...content.receivers.values()].map((receiver) => [
      receiver.id,
      [receiver._etag, ...headerEtags(receiver, content)],
    ]),
  );
}

function headerEtags({ headerIds }: Receiver, { headers }: Content): string[] {
  return headerIds.map((id) => headers.get(id)?._etag ?? "");
}

function marks(before: ReadonlyMap<string, string[]>, after: ReadonlyMap<string, string[]>): [string, Mark][] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key): [string, Mark][] => {
    const [from, to] = [before.get(key), after.get(key)];
    if (from?.join() === to?.join()) return [];
    return [[key, from === undefined ? "created" : to === undefined ? "deleted" : "changed"]];
  });
}

function changedProperties(id: string, before: Content, after: Content): string[] {
  const [from, to] = [before.receivers.get(id), after.receivers.get(id)];
  if (!from || !to) return [];
  const { _etag, headerIds, ...properties } = to;
  const names = Object.keys(properties).filter((name) => Reflect.get(from, name) !== Reflect.get(to, name));
  return headerEtags(from, before).join() === headerEtags(to, after).join() ? names : [...names, "headers"];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
