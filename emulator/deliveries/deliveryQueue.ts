import { setImmediate } from "node:timers/promises";
import PQueue from "p-queue";

/** Runs a request as soon as a connection is free. */
export type WithConnection = <Result>(request: () => Promise<Result>) => Promise<Result>;

/** Deliveries that differ only in their index. They start one by one, so a million need no more memory than one. */
export interface Batch {
  readonly count: number;
  /** Runs the delivery with this index, starting at 0. */
  readonly run: (index: number, withConnection: WithConnection) => Promise<void>;
}

const MAX_BATCHES = 100_000;
/** Started deliveries of one receiver. Most of them wait for their next attempt. */
const MAX_STARTED = 256;
const MAX_CONNECTIONS = 256;
const MAX_CONNECTIONS_PER_RECEIVER = 16;

/** Runs batches of deliveries in bounded memory. A slow receiver does not delay the others. */
export class DeliveryQueue {
  readonly #receivers = new Map<string, ReceiverQueue>();
  readonly #connections = new PQueue({ concurrency: MAX_CONNECTIONS });

  /** Deliveries that are not finished, whether they have started or not. */
  get pending(): number {
    return this.#sum(({ pending }) => pending);
  }

  /** Whether this many more batches can be added. */
  hasRoomFor(batches: number): boolean {
    return this.#sum(({ batches: waiting }) => waiting) + batches <= MAX_BATCHES;
  }

  /** Adds a batch. It starts after the earlier batches of the same receiver. */
  add(receiverId: string, batch: Batch): void {
    let queue = this.#receivers.get(receiverId);
    if (!queue) {
      queue = new ReceiverQueue(this.#connections, () => this.#receivers.delete(receiverId));
      this.#receivers.set(receiverId, queue);
    }
    queue.add(batch);
  }

  /** Resolves when nothing is pending. */
  async settled(): Promise<void> {
    while (this.pending > 0) {
      await Promise.all([...this.#receivers.values()].map((queue) => queue.startedSettled()));
      // Lets the next deliveries start.
      await setImmediate();
    }
  }

  /** Drops every delivery that has not started. */
  clear(): void {
    for (const queue of this.#receivers.values()) queue.clear();
  }

  #sum(count: (queue: ReceiverQueue) => number): number {
    return [...this.#receivers.values()].reduce((sum, queue) => sum + count(queue), 0);
  }
}

class ReceiverQueue {
  /** Batches with deliveries that have not started, oldest first. */
  readonly #batches = new Set<Batch>();
  readonly #started = new PQueue({ concurrency: MAX_STARTED });
  readonly #connections = new PQueue({ concurrency: MAX_CONNECTIONS_PER_RECEIVER });
  readonly #withConnection: WithConnection;
  /** Deliveries of all batches that have not started. */
  #waiting = 0;
  #isStarting = false;

  constructor(allConnections: PQueue, onIdle: () => void) {
    this.#withConnection = (request) => this.#connections.add(() => allConnections.add(request));
    this.#started.addEventListener("idle", () => {
      if (this.pending === 0) onIdle();
    });
  }

  get pending(): number {
    return this.#waiting + this.#started.size + this.#started.pending;
  }

  get batches(): number {
    return this.#batches.size;
  }

  startedSettled(): Promise<void> {
    return this.#started.onIdle();
  }

  add(batch: Batch): void {
    this.#waiting += batch.count;
    this.#batches.add(batch);
    if (!this.#isStarting) void this.#start();
  }

  clear(): void {
    this.#batches.clear();
    this.#waiting = 0;
  }

  async #start(): Promise<void> {
    this.#isStarting = true;
    let startedCount = 0;
    // Visits the batches that are added meanwhile, too.
    for (const batch of this.#batches) {
      for (let index = 0; index < batch.count; index++) {
        // Deliveries that finish without I/O must not block the event loop.
        if (startedCount++ % MAX_STARTED === 0) await setImmediate();
        if (this.#started.size >= MAX_STARTED) await this.#started.onSizeLessThan(1);
        if (!this.#batches.has(batch)) break;
        this.#waiting--;
        void this.#started.add(() => batch.run(index, this.#withConnection));
      }
      this.#batches.delete(batch);
    }
    this.#isStarting = false;
  }
}
