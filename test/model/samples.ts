/** Small objects to compare. */
import type { Header, Receiver, Receivers, Subscription, WebhookEvent } from "../../provider/src/model/webhooks.ts";

export const URI = "https://hooks.example/erp";
export const PARTS: WebhookEvent = { resource: "PARTS", action: "UPDATE" };
export const RUNS: WebhookEvent = { resource: "RUNS", action: "CREATE" };

/** A receiver in ION, without subscriptions and headers. */
export const receiver = (parts: Partial<Receiver> = {}): Receiver => ({
  id: "1",
  name: "erp",
  webhookUri: URI,
  subscriptions: [],
  headers: [],
  ...parts,
});

export const subscription = (id: string, event: WebhookEvent = PARTS): Subscription => ({ id, ...event });

/** A header whose value ION shows, or masks if it is omitted. */
export const header = (id: string, key: string, value?: string): Header => ({ id, key, value });

/** The state of an ION environment. */
export const liveState = (...receivers: readonly Receiver[]): Receivers =>
  new Map(receivers.map((one) => [one.id, one]));
