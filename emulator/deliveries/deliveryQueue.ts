import pLimit from "p-limit";
import Queue from "yocto-queue";

/** Waits until a connection may be used, and then runs. */
export type Slot = <Result>(run: () => Promise<Result>) => Promise<Result>;

/** Jobs of one kind. They are unfolded late: a million of them take no more memory than one. */
export interface Order {
  readonly count: number;
  /** Does the job with this number, from 0 on; what it does over the network belongs in a slot. */
  readonly run: (index: number, slot: Slot) => Promise<void>;
}

interface Lane {
  readonly queue: Queue<{ readonly order: Order; begun: number }>;
  readonly slot: Slot;
  open: number;
  scheduled: boolean;
}

/** Orders that wait. */
const mostQueued = 100_000;
/** Jobs of one lane that are begun and not done, which is mostly waiting for another attempt. */
const mostOpen = 256;
const slots = { each: 16, all: 256 };

/** Works orders off in lanes, side by side, so that a slow one holds up no other. Its memory is bounded. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #all = pLimit(slots.all);
  #queued = 0;
  #pending = 0;
  #settled = Promise.withResolvers<void>();

  /** Jobs that are not done yet, begun or not. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether so many more orders can be taken. */
  hasRoomFor(orders: number): boolean {
    return this.#queued + orders <= mostQueued;
  }

  /** Takes an order; it is begun after those that its lane has already. */
  add(name: string, order: Order): void {
    const lane = this.#lane(name);
    if (this.#pending === 0) this.#settled = Promise.withResolvers();
    this.#pending += order.count;
    this.#queued++;
    lane.queue.enqueue({ order, begun: 0 });
    this.#schedule(name, lane);
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    if (this.#pending > 0) await this.#settled.promise;
  }

  /** Forgets every job that is not begun. */
  clear(): void {
    for (const lane of this.#lanes.values()) {
      for (const { order, begun } of lane.queue.drain()) {
        this.#queued--;
        this.#done(order.count - begun);
      }
    }
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const own = pLimit(slots.each);
    const slot: Slot = (run) => own(() => this.#all(run));
    const lane: Lane = { queue: new Queue(), slot, open: 0, scheduled: false };
    this.#lanes.set(name, lane);
    return lane;
  }

  // Once a turn of the event loop: jobs that are done at once must not keep everything else from its turn.
  #schedule(name: string, lane: Lane): void {
    if (lane.scheduled) return;
    lane.scheduled = true;
    setImmediate(() => {
      lane.scheduled = false;
      this.#begin(name, lane);
    });
  }

  #begin(name: string, lane: Lane): void {
    for (let next = lane.queue.peek(); next && lane.open < mostOpen; next = lane.queue.peek()) {
      const index = next.begun++;
      if (next.begun === next.order.count) {
        lane.queue.dequeue();
        this.#queued--;
      }
      lane.open++;
      void next.order.run(index, lane.slot).finally(() => {
        lane.open--;
        this.#done(1);
        this.#schedule(name, lane);
      });
    }
    if (lane.open === 0) this.#lanes.delete(name);
  }

  #done(jobs: number): void {
    this.#pending -= jobs;
    if (this.#pending === 0) this.#settled.resolve();
  }
}
