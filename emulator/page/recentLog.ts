/** The newest entries of a log, oldest first, and how many there ever were. */
export interface ShownLog<Entry> {
  readonly total: number;
  readonly entries: readonly Entry[];
}

/** How many entries of a log are kept for the page. */
const mostShown = 200;

/** A log that forgets its oldest items, and knows when each last changed. */
export class RecentLog<Item extends object> {
  readonly #items = new Map<number, { readonly at: number; readonly item: Item }>();
  readonly #ids = new WeakMap<Item, number>();
  #total = 0;

  /** Notes that an item is new, or has changed; what is forgotten stays so. */
  put(at: number, item: Item): void {
    const known = this.#ids.get(item);
    if (known !== undefined && !this.#items.has(known)) return;
    const id = known ?? ++this.#total;
    this.#ids.set(item, id);
    this.#items.set(id, { at, item });
    this.#items.delete(id - mostShown);
  }

  /** The items that came or changed after an instant, as they are shown, if any did. */
  since<Entry>(instant: number, show: (item: Item, id: number) => Entry): ShownLog<Entry> | undefined {
    const fresh = [...this.#items].filter(([, { at }]) => at > instant);
    return fresh.length > 0
      ? { total: this.#total, entries: fresh.map(([id, { item }]) => show(item, id)) }
      : undefined;
  }
}
