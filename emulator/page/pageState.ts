import type { Delivery } from "../deliveries/deliveries.ts";
import type { Fault, Faults, FaultTarget } from "../faults/faults.ts";
import type { LoggedRequest, Outcome } from "../http/requestLog.ts";
import type { Receiver, Store, StoreChange } from "../store/store.ts";
import { Burst, isReceiver, isSubscription, type ShownBurst } from "./recentChanges.ts";
import { RecentLog, type ShownLog } from "./recentLog.ts";

/** A receiver as the page has it: nothing of it is secret. */
export interface ShownReceiver {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly contentType: string;
  readonly expectedResponseCode: number;
  readonly active: boolean;
  readonly headers: readonly { readonly id: string; readonly key: string }[];
  readonly subscriptions: readonly { readonly id: string; readonly resource: string; readonly action: string }[];
}

/** A request as the page has it. */
export interface ShownRequest {
  /** 1 for the first one. */
  readonly id: number;
  /** When it was answered, in milliseconds since 1970. */
  readonly at: number;
  readonly kind: LoggedRequest["kind"];
  readonly type: string | null;
  readonly operation: string | null;
  /** The first 50 root fields. */
  readonly fields: readonly { readonly alias: string; readonly field: string; readonly outcome: Outcome }[];
  readonly fieldCount: number;
  readonly failedCount: number;
  readonly status: number;
  readonly milliseconds: number;
  readonly fault: string | null;
}

/** A delivery as the page has it: `id` is 1 for the first one. */
export type ShownDelivery = Omit<Delivery, "id"> & { readonly id: number };

/** A fault as the page has it, without what it changes. */
export interface ShownFault {
  readonly id: number;
  readonly kind: string;
  readonly on: FaultTarget;
  readonly after: number;
  /** Null is without end. */
  readonly times: number | null;
  readonly matched: number;
  readonly hits: number;
}

/** What changed since somebody last looked; what is left out is as it was. */
export interface Update {
  /** The ids of all receivers, oldest first. */
  readonly order?: readonly string[];
  /** The receivers that are new or other than before. */
  readonly receivers?: readonly ShownReceiver[];
  readonly burst?: ShownBurst;
  readonly faults?: readonly ShownFault[];
  readonly requests?: ShownLog<ShownRequest>;
  readonly deliveries?: ShownLog<ShownDelivery>;
}

const mostFields = 50;
const longestName = 80;

/**
 * What the page shows, kept up to date and within fixed bounds: each log is short, and all else is as big as what is in
 * the store. Every change is an instant of its own, so that who knows the last instant seen can be told the rest,
 * however much has happened in between.
 */
export class Live {
  readonly #store: Store;
  readonly #faults: Pick<Faults, "list">;
  readonly #burst: Burst;
  readonly #requests = new RecentLog<{ readonly at: number; readonly request: LoggedRequest }>();
  readonly #deliveries = new RecentLog<Delivery>();
  /** When each receiver last changed, by id. */
  readonly #receivers = new Map<string, number>();
  readonly #faultIds = new WeakMap<Fault, number>();
  #lastFaultId = 0;
  #now = 1;
  #order = 1;
  #burstAt = 1;
  #faultsAt = 1;

  constructor(store: Store, faults: Pick<Faults, "list" | "watch">) {
    this.#store = store;
    this.#faults = faults;
    this.#burst = new Burst(store);
    for (const { id } of store.listReceivers()) this.#receivers.set(id, this.#now);
  }

  /** The last instant at which something changed. */
  get now(): number {
    return this.#now;
  }

  storeChanged(change: StoreChange): void {
    this.#burstAt = ++this.#now;
    this.#burst.add(change, Date.now());
    for (const item of [change.before, change.after]) {
      if (!item) continue;
      if (isSubscription(item)) this.#receiverChanged(item.receiverId);
      else if (isReceiver(item)) this.#receiverChanged(item.id);
      else
        for (const one of this.#store.listReceivers())
          if (one.headerIds.includes(item.id)) this.#receiverChanged(one.id);
    }
  }

  faultsChanged(): void {
    this.#faultsAt = ++this.#now;
  }

  requested(request: LoggedRequest): void {
    this.#now++;
    if (request.fault !== undefined) this.#faultsAt = this.#now;
    this.#requests.put(this.#now, { at: Date.now(), request });
  }

  delivered(delivery: Delivery): void {
    this.#deliveries.put(++this.#now, delivery);
  }

  /** What changed after an instant; after 0, all there is. */
  since(instant: number): Update {
    const receivers = [...this.#receivers].filter(([, at]) => at > instant).map(([id]) => this.#store.findReceiver(id));
    const burst = this.#burst.shown();
    const requests = this.#requests.since(instant, shownRequest);
    const deliveries = this.#deliveries.since(instant, (delivery, id) => ({ ...delivery, id }));
    return {
      ...(this.#order > instant && { order: this.#store.listReceivers().map(({ id }) => id) }),
      ...(receivers.length > 0 && { receivers: receivers.flatMap((one) => (one ? this.#shown(one) : [])) }),
      ...(burst && this.#burstAt > instant && { burst }),
      ...(this.#faultsAt > instant && { faults: this.#shownFaults() }),
      ...(requests && { requests }),
      ...(deliveries && { deliveries }),
    };
  }

  /** The fault that the page knows by this id, if it is still there. */
  findFault(id: unknown): Fault | undefined {
    return this.#faults.list().find(({ fault }) => this.#faultIds.get(fault) === id)?.fault;
  }

  #receiverChanged(id: string): void {
    const known = this.#receivers.has(id);
    const exists = this.#store.findReceiver(id) !== undefined;
    if (known !== exists) this.#order = this.#now;
    if (exists) this.#receivers.set(id, this.#now);
    else this.#receivers.delete(id);
  }

  #shown({ id, name, description, contentType, expectedResponseCode, active }: Receiver): ShownReceiver {
    return {
      id,
      name,
      description,
      contentType,
      expectedResponseCode,
      active,
      headers: this.#store.listHeaders(id).map(({ id, key }) => ({ id, key })),
      subscriptions: this.#store.listSubscriptions(id).map(({ id, resource, action }) => ({ id, resource, action })),
    };
  }

  #shownFaults(): ShownFault[] {
    return this.#faults.list().map(({ fault, matched, hits }) => {
      const { kind, on = {}, after = 0, times = 1 } = fault;
      const id = this.#faultIds.get(fault) ?? ++this.#lastFaultId;
      this.#faultIds.set(fault, id);
      return { id, kind, on, after, times: Number.isFinite(times) ? times : null, matched, hits };
    });
  }
}

function shownRequest(
  { at, request }: { readonly at: number; readonly request: LoggedRequest },
  id: number,
): ShownRequest {
  const { kind, operation, fields, status, milliseconds, fault } = request;
  return {
    id,
    at,
    kind,
    type: operation?.type ?? null,
    operation: operation?.name?.slice(0, longestName) ?? null,
    fields: fields.slice(0, mostFields).map(({ alias, field, outcome }) => ({
      alias: alias.slice(0, longestName),
      field: field.slice(0, longestName),
      outcome,
    })),
    fieldCount: fields.length,
    failedCount: fields.filter(({ outcome }) => outcome !== "ok").length,
    status,
    milliseconds: Math.round(milliseconds),
    fault: fault ?? null,
  };
}
