/** Every operation that a run can perform in ION: the state before it, and the program that requires it. */
import type { FaultTarget, Store } from "../../emulator/index.ts";
import { CANARY } from "../support/support.ts";
import type { DesiredReceiver } from "./desiredState.ts";

/** A request of an operation that a fault can hit. */
export interface Target {
  readonly on: FaultTarget;
  /** The secrets that were sent or read by then, which ION may repeat in an error. */
  readonly secrets?: readonly string[];
}

/** One operation. */
export interface Operation {
  readonly title: string;
  /** What the stack contains before. */
  readonly before: readonly DesiredReceiver[];
  /** What was changed in ION since. */
  readonly outside?: (store: Store) => void;
  /** Whether a run has reported that change. */
  readonly reported?: true;
  readonly declared: readonly DesiredReceiver[];
  readonly targets: readonly [Target, ...Target[]];
}

const webhookUri = `https://hooks.example/${CANARY}`;
const headers = { "X-Plant": `${CANARY}-plant`, "X-Line": `${CANARY}-line` };
const events = ["PARTS UPDATE", "RUNS CREATE"];
const BASE: DesiredReceiver = {
  name: "erp",
  fields: { webhookUri, sharedSecret: `${CANARY}-shared`, description: "for operators" },
  headers,
  events,
  unmanaged: "delete",
};
const MANY_EVENTS = [...events, "ISSUES CREATE", "PLANS UPDATE", "RUNS UPDATE", "STEPS UPDATE", "SUPPLIERS CREATE"];
const CHANGED: DesiredReceiver = {
  ...BASE,
  fields: {
    webhookUri: `${webhookUri}/new`,
    sharedSecret: `${CANARY}-other`,
    description: "other",
    contentType: "text/plain",
    expectedResponseCode: 204,
    active: false,
  },
};

const READ_SECRETS = [webhookUri, `${CANARY}-shared`, ...Object.values(headers)];
const field = (name: string, secrets: readonly string[] = READ_SECRETS): Target => ({ on: { field: name }, secrets });

function createByHand(store: Store, { name, fields, headers: headersByKey = {}, events }: DesiredReceiver): string {
  const { id } = store.createReceiver({ name, ...fields });
  for (const [key, value] of Object.entries(headersByKey)) store.createHeader({ receiverId: id, key, value });
  for (const event of events) {
    const [resource = "", action = ""] = event.split(" ");
    store.createSubscription({ receiverId: id, resource, action });
  }
  return id;
}

/** A receiver of somebody else in the same ION environment, which no run may change. */
export const OTHERS: DesiredReceiver = {
  name: "somebody else",
  fields: { webhookUri: "https://others.example/hook", description: "not ours" },
  headers: { "X-Others": "1" },
  events: ["PARTS UPDATE", "PARTS CREATE"],
  unmanaged: "ignore",
};
export const createOthers = (store: Store) => createByHand(store, OTHERS);

const receiverIdIn = (store: Store) =>
  store.listReceivers().find((receiver) => receiver.webhookUri === webhookUri)?.id ?? "";

export const OPERATIONS: readonly Operation[] = [
  {
    title: "create receiver",
    before: [],
    declared: [BASE],
    targets: [field("createWebhookReceiver", [webhookUri, `${CANARY}-shared`]), field("createWebhookHeader")],
  },
  {
    title: "adopt",
    before: [],
    outside: (store) => createByHand(store, { ...BASE, events: ["PARTS UPDATE"] }),
    declared: [BASE],
    targets: [{ on: { type: "query" } }, field("createWebhookSubscription")],
  },
  {
    title: "update fields",
    before: [BASE],
    declared: [CHANGED],
    targets: [field("updateWebhookReceiver", [...READ_SECRETS, `${webhookUri}/new`, `${CANARY}-other`])],
  },
  {
    title: "change headers",
    before: [BASE],
    declared: [{ ...BASE, headers: { "X-Plant": `${CANARY}-moved`, "X-New": `${CANARY}-new` } }],
    targets: [
      field("createWebhookHeader", [...READ_SECRETS, `${CANARY}-new`]),
      field("updateWebhookHeader", [...READ_SECRETS, `${CANARY}-moved`]),
      field("deleteWebhookHeader"),
    ],
  },
  {
    title: "subscribe",
    before: [BASE],
    declared: [{ ...BASE, events: MANY_EVENTS }],
    targets: [field("createWebhookSubscription")],
  },
  {
    title: "unsubscribe",
    before: [{ ...BASE, events: MANY_EVENTS }],
    declared: [BASE],
    targets: [field("deleteWebhookSubscription")],
  },
  {
    title: "change events",
    before: [BASE],
    declared: [{ ...BASE, events: ["PARTS UPDATE", "RUNS DELETE"] }],
    targets: [field("createWebhookSubscription"), field("deleteWebhookSubscription")],
  },
  {
    title: "delete receiver",
    before: [BASE],
    declared: [],
    targets: [field("deleteWebhookReceiver")],
  },
  {
    title: "refresh",
    before: [BASE],
    outside: (store) => {
      store.updateReceiver(receiverIdIn(store), { description: "by hand", sharedSecret: `${CANARY}-by-hand` });
      store.createHeader({ receiverId: receiverIdIn(store), key: "X-By-Hand", value: `${CANARY}-by-hand` });
    },
    declared: [BASE],
    targets: [{ on: { type: "query" } }],
  },
  {
    title: "delete unmanaged",
    before: [BASE],
    outside: (store) => {
      for (const action of ["DELETE", "UPDATE"]) {
        store.createSubscription({ receiverId: receiverIdIn(store), resource: "PARTS", action });
      }
    },
    reported: true,
    declared: [BASE],
    targets: [field("deleteWebhookSubscription")],
  },
];
