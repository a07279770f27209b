/** Everything that a run can do in ION, each as a stack before it and a program that asks for it. */
import type { FaultTarget, Store } from "../../emulator/index.ts";
import { CANARY } from "../support/support.ts";
import type { World } from "./desiredState.ts";

/** A place for a fault in an operation. */
export interface Target {
  readonly on: FaultTarget;
  /** Secrets that were sent by then or read, which ION may repeat. */
  readonly secrets?: readonly string[];
}

/** Something that a run does. */
export interface Operation {
  readonly title: string;
  /** What the stack has before. */
  readonly before: readonly World[];
  /** What happened in ION since. */
  readonly outside?: (store: Store) => void;
  /** Whether a run has seen since what happened. */
  readonly met?: true;
  readonly declared: readonly World[];
  readonly targets: readonly [Target, ...Target[]];
}

const webhookUri = `https://hooks.example/${CANARY}`;
const headers = { "X-Plant": `${CANARY}-plant`, "X-Line": `${CANARY}-line` };
const pairs = ["PARTS UPDATE", "RUNS CREATE"];
const BASE: World = {
  name: "erp",
  fields: { webhookUri, sharedSecret: `${CANARY}-shared`, description: "for people" },
  headers,
  pairs,
  unmanaged: "delete",
};
const MANY = [...pairs, "ISSUES CREATE", "PLANS UPDATE", "RUNS UPDATE", "STEPS UPDATE", "SUPPLIERS CREATE"];
const changed: World = {
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

const READ = [webhookUri, `${CANARY}-shared`, ...Object.values(headers)];
const field = (name: string, secrets: readonly string[] = READ): Target => ({ on: { field: name }, secrets });

function makeByHand(store: Store, { name, fields, headers: own = {}, pairs: some }: World): string {
  const { id } = store.createReceiver({ name, ...fields });
  for (const [key, value] of Object.entries(own)) store.createHeader({ receiverId: id, key, value });
  for (const pair of some) {
    const [resource = "", action = ""] = pair.split(" ");
    store.createSubscription({ receiverId: id, resource, action });
  }
  return id;
}

/** What others have in the same ION, and nobody may touch. */
export const OTHERS: World = {
  name: "of others",
  fields: { webhookUri: "https://others.example/hook", description: "not ours" },
  headers: { "X-Others": "1" },
  pairs: ["PARTS UPDATE", "PARTS CREATE"],
  unmanaged: "ignore",
};
export const makeOthers = (store: Store) => makeByHand(store, OTHERS);

const ours = (store: Store) => store.listReceivers().find((one) => one.webhookUri === webhookUri)?.id ?? "";

export const OPERATIONS: readonly Operation[] = [
  {
    title: "create receiver",
    before: [],
    declared: [BASE],
    targets: [field("createWebhookReceiver", [webhookUri, `${CANARY}-shared`]), field("createWebhookHeader")],
  },
  {
    title: "take over",
    before: [],
    outside: (store) => makeByHand(store, { ...BASE, pairs: ["PARTS UPDATE"] }),
    declared: [BASE],
    targets: [{ on: { type: "query" } }, field("createWebhookSubscription")],
  },
  {
    title: "update fields",
    before: [BASE],
    declared: [changed],
    targets: [field("updateWebhookReceiver", [...READ, `${webhookUri}/new`, `${CANARY}-other`])],
  },
  {
    title: "change headers",
    before: [BASE],
    declared: [{ ...BASE, headers: { "X-Plant": `${CANARY}-moved`, "X-New": `${CANARY}-new` } }],
    targets: [
      field("createWebhookHeader", [...READ, `${CANARY}-new`]),
      field("updateWebhookHeader", [...READ, `${CANARY}-moved`]),
      field("deleteWebhookHeader"),
    ],
  },
  {
    title: "subscribe",
    before: [BASE],
    declared: [{ ...BASE, pairs: MANY }],
    targets: [field("createWebhookSubscription")],
  },
  {
    title: "unsubscribe",
    before: [{ ...BASE, pairs: MANY }],
    declared: [BASE],
    targets: [field("deleteWebhookSubscription")],
  },
  {
    title: "swap pairs",
    before: [BASE],
    declared: [{ ...BASE, pairs: ["PARTS UPDATE", "RUNS DELETE"] }],
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
      store.updateReceiver(ours(store), { description: "by hand", sharedSecret: `${CANARY}-by-hand` });
      store.createHeader({ receiverId: ours(store), key: "X-By-Hand", value: `${CANARY}-by-hand` });
    },
    declared: [BASE],
    targets: [{ on: { type: "query" } }],
  },
  {
    title: "remove extras",
    before: [BASE],
    outside: (store) => {
      for (const action of ["DELETE", "UPDATE"]) {
        store.createSubscription({ receiverId: ours(store), resource: "PARTS", action });
      }
    },
    met: true,
    declared: [BASE],
    targets: [field("deleteWebhookSubscription")],
  },
];
