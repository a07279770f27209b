import type { Emulator } from "../../../emulator/index.ts";
import { CANARY, type Fetch, ionOn } from "../../support/support.ts";

/** What every message about a missing name says at the end. */
export const DOCTOR = "Run `npx --no-install pulumi-ion doctor`: it lists every name that differs.";

/** The API of a run, and the warnings that it prints. */
export function startRun(emulator: Emulator, fetch: Fetch = globalThis.fetch) {
  const warnings: string[] = [];
  return { api: ionOn(emulator, { fetch, warn: (message) => warnings.push(message) }), warnings };
}

/** Creates a receiver with a header and two subscriptions in ION, and what Pulumi has recorded about them. */
export function createRecorded({ store, graphqlUrl }: Emulator) {
  const name = `erp-${store.listReceivers().length}`;
  const inputs = { name, webhookUri: `https://${name}.example/${CANARY}`, active: true, headers: { "X-A": CANARY } };
  const { id } = store.createReceiver({ name, webhookUri: inputs.webhookUri, active: true });
  store.createHeader({ receiverId: id, key: "X-A", value: CANARY });
  const event = { receiverId: id, resource: "PARTS", action: "CREATE" };
  const subscriptionId = store.createSubscription(event).id;
  const unmanagedId = store.createSubscription({ ...event, resource: "RUNS" }).id;
  const ionEndpoint = graphqlUrl;
  const pinned = { ...inputs, description: "", contentType: "application/json", expectedResponseCode: 200 };
  const declaredFields = ["name", "webhookUri", "active", "headers"] as const;
  const unmanaged = { receiverId: id, unmanaged: "report", declared: ["PARTS CREATE"] } as const;
  return {
    id,
    inputs,
    state: { ...pinned, ionEndpoint, declaredFields, pinned, reverted: [] },
    subscription: { id: subscriptionId, inputs: event, state: { ...event, ionEndpoint } },
    unmanaged: {
      id: `unmanaged-${id}`,
      inputs: unmanaged,
      state: { ...unmanaged, ionEndpoint, unmanagedNow: [], reported: [] },
      label: `RUNS CREATE (id ${unmanagedId})`,
    },
  };
}
