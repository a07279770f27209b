/** Every kind of change, on an emulator that has something to change and something similar that must stay. */
import type { Emulator } from "../../emulator/index.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import type { Change } from "../../provider/src/model/changes.ts";
import type { Receiver } from "../../provider/src/model/webhooks.ts";
import { CANARY, ionOn, start } from "../support/support.ts";

export const URI = "https://hooks.example/1";

/** One receiver with two headers and two subscriptions. */
export async function startWithReceiver(): Promise<Emulator> {
  const emulator = await start();
  const { store } = emulator;
  const { id: receiverId } = store.createReceiver({ name: "erp", webhookUri: URI });
  store.createHeader({ receiverId, key: "X-Plant", value: "7" });
  store.createHeader({ receiverId, key: "X-Other", value: "3" });
  store.createSubscription({ receiverId, resource: "PARTS", action: "CREATE" });
  store.createSubscription({ receiverId, resource: "RUNS", action: "CREATE" });
  return emulator;
}

/** A receiver as the snapshot of `api` has it. */
export async function receiverOf(api: WebhookApi, id = "1"): Promise<Receiver> {
  const receiver = (await api.receivers()).get(id);
  if (!receiver) throw new Error(`There is no receiver ${id}.`);
  return receiver;
}

/** The state of ION as `api` knows it, without the etags of receivers: they change with their headers, unseen. */
export const knownState = async (api: WebhookApi) =>
  [...(await api.receivers()).values()].map(({ _etag, ...receiver }) => receiver).sort((a, b) => +a.id - +b.id);

/** The state of ION as it is. */
export const liveState = (emulator: Emulator) => knownState(ionOn(emulator));

/** One kind of change. */
export interface ChangeCase {
  readonly kind: Change["kind"];
  /** ION's name for it. */
  readonly field: string;
  /** The change, built from what `api` reads. */
  readonly change: (api: WebhookApi) => Promise<Change>;
  /** The part of the emulator's state that it changes. */
  readonly part: (emulator: Emulator) => unknown;
  /** That part after the change. */
  readonly expected: unknown;
}

const headersIn = ({ store }: Emulator) => store.listHeaders("1").map(({ key, value }) => `${key}: ${value}`);
const resourcesIn = ({ store }: Emulator) => store.listSubscriptions().map(({ resource }) => resource);

/** Applies a change. */
export const applyCase = async ({ change }: ChangeCase, api: WebhookApi) => api.apply(await change(api));

const first = <T>([item]: readonly T[]): T => {
  if (item === undefined) throw new Error("The list is empty.");
  return item;
};

export const EVERY_CHANGE: readonly ChangeCase[] = [
  {
    kind: "createReceiver",
    field: "createWebhookReceiver",
    change: async () => ({ kind: "createReceiver", fields: { name: "second", webhookUri: `${URI}/2` } }),
    part: ({ store }) => store.listReceivers().map(({ name }) => name),
    expected: ["erp", "second"],
  },
  {
    kind: "updateReceiver",
    field: "updateWebhookReceiver",
    change: async (api) => ({
      kind: "updateReceiver",
      receiver: await receiverOf(api),
      fields: { description: "new", sharedSecret: CANARY },
    }),
    part: ({ store }) => store.listReceivers().map(({ description, sharedSecret }) => [description, sharedSecret]),
    expected: [["new", CANARY]],
  },
  {
    kind: "deleteReceiver",
    field: "deleteWebhookReceiver",
    change: async (api) => ({ kind: "deleteReceiver", receiver: await receiverOf(api) }),
    part: ({ store }) => store.listReceivers(),
    expected: [],
  },
  {
    kind: "createSubscription",
    field: "createWebhookSubscription",
    change: async () => ({
      kind: "createSubscription",
      receiverId: "1",
      event: { resource: "RUNS", action: "UPDATE" },
    }),
    part: resourcesIn,
    expected: ["PARTS", "RUNS", "RUNS"],
  },
  {
    kind: "deleteSubscription",
    field: "deleteWebhookSubscription",
    change: async (api) => ({
      kind: "deleteSubscription",
      receiverId: "1",
      subscription: first((await receiverOf(api)).subscriptions),
    }),
    part: resourcesIn,
    expected: ["RUNS"],
  },
  {
    kind: "createHeader",
    field: "createWebhookHeader",
    change: async (api) => ({ kind: "createHeader", receiver: await receiverOf(api), key: "X-Line", value: "3" }),
    part: headersIn,
    expected: ["X-Plant: 7", "X-Other: 3", "X-Line: 3"],
  },
  {
    kind: "updateHeader",
    field: "updateWebhookHeader",
    change: async (api) => {
      const receiver = await receiverOf(api);
      return { kind: "updateHeader", receiver, header: first(receiver.headers), value: "8" };
    },
    part: headersIn,
    expected: ["X-Plant: 8", "X-Other: 3"],
  },
  {
    kind: "deleteHeader",
    field: "deleteWebhookHeader",
    change: async (api) => {
      const receiver = await receiverOf(api);
      return { kind: "deleteHeader", receiver, header: first(receiver.headers) };
    },
    part: headersIn,
    expected: ["X-Other: 3"],
  },
];
