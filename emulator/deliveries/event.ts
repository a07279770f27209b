import { createHmac } from "node:crypto";

/** A committed change of one of ION's objects. */
export interface Change {
  /** A value of `ResourceEnum`. */
  readonly resource: string;
  /** CREATE, UPDATE or DELETE. */
  readonly action: string;
  /** The id of the object that changed. */
  readonly entityId: string;
  /** When it was committed, in ISO 8601. */
  readonly at: string;
  /** The fields that changed, with their new values. */
  readonly changedFields: Readonly<Record<string, unknown>>;
}

/** INFERRED: that a delivery is JSON is public, which fields it has is not. */
export function eventBody(id: string, { resource, action, entityId, at, changedFields }: Change): string {
  return JSON.stringify({ id, resource, action, entityId, timestamp: at, changedFields });
}

/**
 * The value of `x-ion-signature`: the HMAC-SHA256 of the body as it is sent, in lower-case hex. INFERRED: that it is an
 * HMAC with the receiver's `sharedSecret` is public, its hash and its encoding are not.
 */
export function signatureOf(body: string, sharedSecret: string): string {
  return createHmac("sha256", sharedSecret).update(body).digest("hex");
}

/** Changes that ION makes no event of. KNOWN from Violet's guide. */
const silent = [{ resource: "PURCHASE_ORDER_LINES", action: "CREATE" }];

/** Whether ION makes no event of such a change, whoever is subscribed to it. */
export function isSilent(resource: string, action: string): boolean {
  return silent.some((pair) => pair.resource === resource && pair.action === action);
}
