import type { Emulator } from "../../../emulator/index.ts";
import { CANARY, type Fetch, ionOn } from "../../support/support.ts";

/** What every such message ends with. */
export const DOCTOR = "Run `npx pulumi-ion doctor`: it lists every name that differs.";

/** A run of the provider, with what it tells. */
export function meet(emulator: Emulator, fetch: Fetch = globalThis.fetch) {
  const told: string[] = [];
  return { ion: ionOn(emulator, { fetch, warn: (words) => told.push(words) }), told };
}

/** A receiver with a header and two subscriptions that ION has, and what Pulumi remembers of them. */
export function furnish({ store }: Emulator) {
  const name = `erp-${store.listReceivers().length}`;
  const inputs = { name, webhookUri: `https://${name}.example/${CANARY}`, active: true, headers: { "X-A": CANARY } };
  const { id } = store.createReceiver({ name, webhookUri: inputs.webhookUri, active: true });
  store.createHeader({ receiverId: id, key: "X-A", value: CANARY });
  const pair = { receiverId: id, resource: "PARTS", action: "CREATE" };
  const subscriptionId = store.createSubscription(pair).id;
  const extra = store.createSubscription({ ...pair, resource: "RUNS" }).id;
  const ionEndpoint = "loopback";
  const pinned = { ...inputs, description: "", contentType: "application/json", expectedResponseCode: 200 };
  const declared = ["name", "webhookUri", "active", "headers"] as const;
  const unmanaged = { receiverId: id, unmanaged: "report", declared: ["PARTS CREATE"] } as const;
  return {
    id,
    inputs,
    state: { ...pinned, ionEndpoint, declaredFields: declared, pinned, reverted: [] },
    subscription: { id: subscriptionId, inputs: pair, state: { ...pair, ionEndpoint } },
    extras: { id: `unmanaged-${id}`, inputs: unmanaged, state: { ...unmanaged, ionEndpoint, found: [] }, extra },
  };
}

/** What a mutation says that needs an etag of an ION that shows none. */
export const etag = (mutation: string) =>
  `${mutation} needs the etag that the object has now, and this ION's schema shows none.`;
