/**
 * "waiting": more attempts follow. "delivered": an attempt was answered with `expectedResponseCode`. "failed": the last
 * attempt was not. "dropped": it is not sent, for the reason in `note`.
 */
export type DeliveryState = "waiting" | "delivered" | "failed" | "dropped";

/** An attempt to deliver an event. */
export interface DeliveryAttempt {
  /** Starts at 1. */
  readonly number: number;
  /** Start time in ISO 8601. */
  readonly at: string;
  /** The HTTP status of the response; null if there was none. */
  readonly status: number | null;
  /** The names of the headers that were sent, without their values. */
  readonly headers: readonly string[];
  /** Why the attempt failed; null if it succeeded. */
  readonly reason: string | null;
  /** Duration in milliseconds. */
  readonly milliseconds: number;
}

/** An event for one subscription. Plain data without secrets: no URL path, no header value, no sharedSecret. */
export interface Delivery {
  /** The event's id. It is part of the body and the same in every attempt. */
  readonly id: string;
  /** Time of the change in ISO 8601. */
  readonly at: string;
  readonly resource: string;
  readonly action: string;
  /** The id of the object that changed. */
  readonly entityId: string;
  readonly subscriptionId: string;
  /** The receiver at the last attempt. `host` is the host of its `webhookUri`, including a port. */
  readonly receiver: { readonly id: string; readonly name: string; readonly host: string };
  /** The first 1,000 characters of the body. */
  readonly body: string;
  readonly state: DeliveryState;
  /** Why the delivery is "failed" or "dropped"; null otherwise. */
  readonly note: string | null;
  /** Oldest first. */
  readonly attempts: readonly DeliveryAttempt[];
}

/** Options of a simulated change. */
export interface EmitOptions {
  /** Number of changes. @default 1 */
  readonly count?: number;
  /** The id of the object that changes. @default a new id for each change */
  readonly entityId?: string;
  /** The changed fields with their new values. @default `{ "_updated": … }` with the time of the change */
  readonly changedFields?: Readonly<Record<string, unknown>>;
}

/** The result of simulated changes. */
export interface Emission {
  /** Number of changes. */
  readonly changes: number;
  /** Number of deliveries: one for each change and each matching subscription of an active receiver that may get events. */
  readonly deliveries: number;
  /** Why there are no deliveries, or why some are not sent; null otherwise. */
  readonly note: string | null;
}

/** How events are delivered. ION's numbers are not public, so all defaults are INFERRED. */
export interface DeliveryOptions {
  /** Whether deliveries can leave this machine. @default false: to loopback hosts only */
  readonly anywhere?: boolean;
  /** Number of attempts. @default 10 */
  readonly attempts?: number;
  /** Milliseconds before the second attempt. Each further wait is twice as long, up to a minute. @default 1000 */
  readonly retryAfterMs?: number;
  /** Milliseconds to wait for a response. @default 10_000 */
  readonly timeoutMs?: number;
}
