import type { Deliveries } from "../deliveries/deliveries.ts";
import type { Delivery } from "../deliveries/delivery.ts";
import type { Faults } from "../faults/faults.ts";
import { definitionOf, type Fault, type FaultTarget, faultKinds } from "../faults/kinds.ts";
import type { ApiKey } from "../http/auth.ts";
import type { LoggedRequest, Outcome } from "../http/requestLog.ts";
import type { Receiver, Store } from "../store/store.ts";
import { type ChangeSummary, RecentChanges } from "./recentChanges.ts";

/** Everything that the page shows. It contains no secrets, and its size is bounded. */
export interface PageSnapshot {
  readonly setup: Setup;
  readonly receiverCount: number;
  readonly subscriptionCount: number;
  /** The oldest 25. */
  readonly receivers: readonly ShownReceiver[];
  /** Null if nothing has changed since the start. */
  readonly recentChanges: ChangeSummary | null;
  /** The newest 50, oldest first. */
  readonly faults: readonly ShownFault[];
  readonly requests: ShownLog<ShownRequest>;
  readonly deliveries: ShownLog<Delivery>;
}

/** What the page needs for its forms and instructions. */
export interface Setup {
  readonly clientId: string;
  /** Null unless it is the default secret, which is public. */
  readonly clientSecret: string | null;
  readonly resources: readonly string[];
  /** The resources that are in Violet's guide. */
  readonly guideResources: readonly string[];
  readonly actions: readonly string[];
  readonly faultKinds: typeof faultKinds;
}

/** A receiver without its secrets. */
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

/** A logged request with its number and time. */
export interface ShownRequest {
  /** Starts at 1. */
  readonly id: number;
  /** Time of the response, in milliseconds since 1970. */
  readonly at: number;
  readonly kind: LoggedRequest["kind"];
  readonly type: string | null;
  readonly operation: string | null;
  /** How often each root field occurs, and how many of them succeeded; the first 20 names. */
  readonly counts: readonly { readonly field: string; readonly count: number; readonly succeeded: number }[];
  /** The first 50 root fields. */
  readonly fields: readonly { readonly alias: string; readonly field: string; readonly outcome: Outcome }[];
  readonly fieldCount: number;
  readonly failedCount: number;
  readonly status: number;
  readonly milliseconds: number;
  readonly fault: string | null;
}

/** A fault with its number, without the changes that it makes. */
export interface ShownFault {
  readonly id: number;
  readonly kind: string;
  readonly title: string;
  readonly on: FaultTarget;
  readonly after: number;
  /** Null means unlimited. */
  readonly times: number | null;
  readonly hits: number;
}

/** The newest 200 entries of a log, oldest first. */
export interface ShownLog<Entry> {
  /** How many entries there have been. */
  readonly total: number;
  readonly entries: readonly Entry[];
}

/** What the page shows. */
export interface PageSources {
  readonly store: Store;
  readonly deliveries: Pick<Deliveries, "newest" | "started">;
  readonly faults: Pick<Faults, "list">;
  readonly apiKey: ApiKey;
  /** The only client secret that the page shows. */
  readonly defaultSecret: string;
  readonly resources: readonly string[];
  readonly guideResources: readonly string[];
  readonly actions: readonly string[];
}

const MAX_RECEIVERS = 25;
const MAX_FAULTS = 50;
const MAX_ENTRIES = 200;
const MAX_FIELDS = 50;
const MAX_FIELD_NAMES = 20;
const MAX_NAME_LENGTH = 80;

/** Builds the snapshots for the page. Between them it only keeps the newest requests and the recent changes. */
export class PageState {
  readonly recentChanges: RecentChanges;
  readonly #sources: PageSources;
  readonly #requests: ShownRequest[] = [];
  #requestCount = 0;
  readonly #faultIds = new WeakMap<Fault, number>();
  #lastFaultId = 0;

  constructor(sources: PageSources) {
    this.#sources = sources;
    this.recentChanges = new RecentChanges(sources.store);
  }

  logRequest(request: LoggedRequest): void {
    this.#requests.push(shownRequest(request, ++this.#requestCount));
    if (this.#requests.length > MAX_ENTRIES) this.#requests.shift();
  }

  snapshot(): PageSnapshot {
    const { store, deliveries } = this.#sources;
    const receivers = store.listReceivers();
    return {
      setup: this.#setup(),
      receiverCount: receivers.length,
      subscriptionCount: store.listSubscriptions().length,
      receivers: receivers.slice(0, MAX_RECEIVERS).map((receiver) => this.#shownReceiver(receiver)),
      recentChanges: this.recentChanges.summarize() ?? null,
      faults: this.#shownFaults(),
      requests: { total: this.#requestCount, entries: this.#requests },
      deliveries: { total: deliveries.started, entries: deliveries.newest.slice(-MAX_ENTRIES) },
    };
  }

  /** The fault with this number, if it still exists. */
  findFault(id: unknown): Fault | undefined {
    return this.#sources.faults.list().find(({ fault }) => this.#faultIds.get(fault) === id)?.fault;
  }

  #setup(): Setup {
    const { apiKey, defaultSecret, resources, guideResources, actions } = this.#sources;
    const { clientId, clientSecret } = apiKey;
    return {
      clientId,
      clientSecret: clientSecret === defaultSecret ? clientSecret : null,
      resources,
      guideResources,
      actions,
      faultKinds,
    };
  }

  #shownReceiver({ id, name, description, contentType, expectedResponseCode, active }: Receiver): ShownReceiver {
    const { store } = this.#sources;
    return {
      id,
      name,
      description,
      contentType,
      expectedResponseCode,
      active,
      headers: store.listHeaders(id).map(({ id, key }) => ({ id, key })),
      subscriptions: store.listSubscriptions(id).map(({ id, resource, action }) => ({ id, resource, action })),
    };
  }

  #shownFaults(): ShownFault[] {
    const faults = this.#sources.faults.list().slice(-MAX_FAULTS);
    return faults.map(({ fault, hits }) => {
      const { kind, on = {}, after = 0, times = 1 } = fault;
      const id = this.#faultIds.get(fault) ?? ++this.#lastFaultId;
      this.#faultIds.set(fault, id);
      return {
        id,
        kind,
        title: definitionOf(kind).title,
        on,
        after,
        times: Number.isFinite(times) ? times : null,
        hits,
      };
    });
  }
}

function shownRequest(
  { kind, operation, fields, status, milliseconds, fault }: LoggedRequest,
  id: number,
): ShownRequest {
  const counts = new Map<string, { count: number; succeeded: number }>();
  for (const { field, outcome } of fields) {
    const { count, succeeded } = counts.get(field) ?? { count: 0, succeeded: 0 };
    counts.set(field, { count: count + 1, succeeded: succeeded + (outcome === "ok" ? 1 : 0) });
  }
  return {
    id,
    at: Date.now(),
    kind,
    type: operation?.type ?? null,
    operation: operation?.name ? shorten(operation.name) : null,
    counts: [...counts].slice(0, MAX_FIELD_NAMES).map(([field, count]) => ({ field: shorten(field), ...count })),
    fields: fields
      .slice(0, MAX_FIELDS)
      .map(({ alias, field, outcome }) => ({ alias: shorten(alias), field: shorten(field), outcome })),
    fieldCount: fields.length,
    failedCount: fields.filter(({ outcome }) => outcome !== "ok").length,
    status,
    milliseconds: Math.round(milliseconds),
    fault: fault ?? null,
  };
}

function shorten(name: string): string {
  return name.slice(0, MAX_NAME_LENGTH);
}
