import { createHmac } from "node:crypto";

/** A change of an object in ION. */
export interface Change {
  /** A value of `ResourceEnum`. */
  readonly resource: string;
  /** CREATE, UPDATE or DELETE. */
  readonly action: string;
  /** The id of the object that changed. */
  readonly entityId: string;
  /** Time of the change in ISO 8601. */
  readonly at: string;
  /** The changed fields with their new values. */
  readonly changedFields: Readonly<Record<string, unknown>>;
}

/** The body of a delivery. INFERRED: it is public that the body is JSON, but not which fields it has. */
export function eventBody(id: string, { resource, action, entityId, at, changedFields }: Change): string {
  return JSON.stringify({ id, resource, action, entityId, timestamp: at, changedFields });
}

/**
 * The value of `x-ion-signature`: the HMAC-SHA256 of the body in lower-case hex. INFERRED: it is public that this is an
 * HMAC with the receiver's `sharedSecret`, but not the hash and the encoding.
 */
export function signatureOf(body: string, sharedSecret: string): string {
  return createHmac("sha256", sharedSecret).update(body).digest("hex");
}

/** Changes for which ION sends no events. KNOWN from Violet's guide. */
const silentChanges = [{ resource: "PURCHASE_ORDER_LINES", action: "CREATE" }];

/** Whether ION sends no events for such a change, even to subscribed receivers. */
export function isSilent(resource: string, action: string): boolean {
  return silentChanges.some((change) => change.resource === resource && change.action === action);
}
