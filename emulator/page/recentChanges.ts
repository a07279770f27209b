import type { Header, Receiver, Store, StoreChange, Subscription } from "../store/store.ts";

/** What became of something in a burst, all in all. */
export type Mark = "added" | "changed" | "removed";

/** How many of something were added, changed and removed. */
type Counts = Readonly<Record<Mark, number>>;

/** A burst of changes, in terms of what is seen on the page. */
export interface ShownBurst {
  /** Whether it was made behind the API's back. */
  readonly byHand: boolean;
  /** When the last change of it was made, in milliseconds since 1970. */
  readonly at: number;
  /** By receiver id. */
  readonly receivers: Readonly<Record<string, Mark>>;
  /** By receiver id, resource and action with a space between them. */
  readonly cells: Readonly<Record<string, Mark>>;
  /** How many subscriptions; a cell can have several. */
  readonly subscriptions: Counts;
  /** The names of the properties that changed, by receiver id. */
  readonly properties: Readonly<Record<string, readonly string[]>>;
}

/** Longer than a client waits before it tries again; and shorter than a person takes from one `pulumi up` to the next. */
const gapMs = 5_000;
/** 30 receivers with all that there is; more than can be taken in. */
const mostMarks = 2_000;

/** How many there were when the burst began, and how many there are. */
interface Tally {
  readonly before: number;
  now: number;
}

/**
 * The last burst of changes: all that came with less than 5 s between them and from the same side, the API or a hand.
 * What was added and removed again in the same burst is as if it had never been.
 */
export class Burst {
  readonly #store: Store;
  #byHand = false;
  #at = Number.NEGATIVE_INFINITY;
  readonly #receivers = new Map<string, Tally>();
  readonly #cells = new Map<string, Tally>();
  readonly #properties = new Map<string, Set<string>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Adds a change, which was made just now, to the burst, or begins a new one with it. */
  add({ before, after, byHand }: StoreChange, now: number): void {
    if (byHand !== this.#byHand || now - this.#at > gapMs) {
      for (const noted of [this.#receivers, this.#cells, this.#properties]) noted.clear();
      this.#byHand = byHand;
    }
    this.#at = now;
    const item = after ?? before;
    if (!item) return;
    if (isSubscription(item)) {
      const [from, to] = [before, after].map((end) => (end && isSubscription(end) ? end : undefined));
      if (from && to && cell(from) === cell(to)) this.#touchCell(to, 0);
      else {
        if (from) this.#touchCell(from, -1);
        if (to) this.#touchCell(to, 1);
      }
    } else if (isReceiver(item)) {
      this.#touchReceiver(item.id, (after ? 1 : 0) - (before ? 1 : 0), before && after ? changed(before, after) : []);
    } else {
      const having = this.#store.listReceivers().filter(({ headerIds }) => headerIds.includes(item.id));
      for (const { id } of having) this.#touchReceiver(id, 0, ["headers"]);
    }
  }

  /** What is to be seen of it, if there was any change yet. */
  shown(): ShownBurst | undefined {
    if (this.#at === Number.NEGATIVE_INFINITY) return undefined;
    const tallies = [...this.#cells.values()];
    return {
      byHand: this.#byHand,
      at: this.#at,
      receivers: marks(this.#receivers),
      cells: marks(this.#cells),
      subscriptions: {
        added: sum(tallies, ({ before, now }) => now - before),
        changed: tallies.filter(({ before, now }) => before === now && now > 0).length,
        removed: sum(tallies, ({ before, now }) => before - now),
      },
      properties: Object.fromEntries([...this.#properties].map(([id, names]) => [id, [...names]])),
    };
  }

  #touchCell(subscription: Subscription, delta: number): void {
    const here = cell(subscription);
    touch(this.#cells, here, delta, () => {
      return this.#store.listSubscriptions(subscription.receiverId).filter((one) => cell(one) === here).length;
    });
  }

  #touchReceiver(id: string, delta: number, properties: readonly string[]): void {
    touch(this.#receivers, id, delta, () => (this.#store.findReceiver(id) ? 1 : 0));
    // Of one that is new it goes without saying.
    if (properties.length === 0 || this.#receivers.get(id)?.before !== 1) return;
    this.#properties.set(id, new Set([...(this.#properties.get(id) ?? []), ...properties]));
  }
}

export function isReceiver(item: Receiver | Header | Subscription): item is Receiver {
  return "webhookUri" in item;
}

export function isSubscription(item: Receiver | Header | Subscription): item is Subscription {
  return "receiverId" in item;
}

function touch(tallies: Map<string, Tally>, key: string, delta: number, count: () => number): void {
  const tally = tallies.get(key);
  if (tally) tally.now += delta;
  else if (tallies.size < mostMarks) {
    const now = count();
    tallies.set(key, { before: now - delta, now });
  }
}

function marks(tallies: ReadonlyMap<string, Tally>): Record<string, Mark> {
  return Object.fromEntries(
    [...tallies].flatMap(([key, { before, now }]): [string, Mark][] => {
      if (before === 0 && now === 0) return [];
      return [[key, before === 0 ? "added" : now === 0 ? "removed" : "changed"]];
    }),
  );
}

function sum(tallies: readonly Tally[], difference: (tally: Tally) => number): number {
  return tallies.reduce((total, tally) => total + Math.max(0, difference(tally)), 0);
}

function cell({ receiverId, resource, action }: Subscription): string {
  return `${receiverId} ${resource} ${action}`;
}

function changed(before: object, after: object): string[] {
  const names = Object.keys(after).filter((name) => Reflect.get(before, name) !== Reflect.get(after, name));
  return names.filter((name) => name !== "_etag").map((name) => (name === "headerIds" ? "headers" : name));
}
