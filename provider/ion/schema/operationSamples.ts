/** A sample of every operation that this package sends, to check against a schema. */
import type { Change } from "../../model/changes.ts";
import { ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import { RECEIVER_FIELDS, type Receiver, type ReceiverFields } from "../../model/webhooks.ts";
import type { Operation } from "../http/operation.ts";
import { compose, LIST, mutationFor, PAGE_SIZE, WEBHOOK_RECEIVERS } from "../operations.ts";

/** One operation. */
export interface OperationSample {
  /** What it is for, to follow "pulumi-ion cannot". */
  readonly purpose: string;
  /** ION's name for it. */
  readonly field: string;
  /** Whether Violet's guide shows it; otherwise it is inferred. */
  readonly inGuide: boolean;
  /** A part of another operation that can work without it: one field of an input, a further page. */
  readonly isPart?: true;
  /** The operation, with the etag that its object has, if it takes one. */
  readonly build: (etag: string | undefined) => Operation;
  /** The mutation that creates the object whose etag it takes; undefined if it takes none. */
  readonly etagFrom?: string;
}

const FIELDS: ReceiverFields = {
  name: "sample",
  webhookUri: "https://sample.example",
  description: "sample",
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  sharedSecret: "sample",
};
/** The fields that Violet's guide sets. */
const GUIDE_FIELDS = { name: FIELDS.name, webhookUri: FIELDS.webhookUri };

const receiver = (etag?: string): Receiver => ({
  id: "1",
  _etag: etag,
  name: "sample",
  subscriptions: [],
  headers: [],
});
const header = (etag?: string) => ({ id: "1", _etag: etag, key: "X-Sample", value: "sample" });

const list = (purpose: string, variables: Record<string, unknown>): OperationSample => ({
  purpose,
  field: LIST,
  inGuide: false,
  build: () => ({ document: WEBHOOK_RECEIVERS, variables }),
});
const creation = (purpose: string, change: Change, inGuide = false): OperationSample => ({
  purpose,
  field: mutationFor(change).field,
  inGuide,
  build: () => compose([mutationFor(change)]),
});
const modification = (
  purpose: string,
  etagFrom: Change,
  change: (etag: string | undefined) => Change,
): OperationSample => ({
  purpose,
  field: mutationFor(change(undefined)).field,
  inGuide: false,
  build: (etag) => compose([mutationFor(change(etag))]),
  etagFrom: mutationFor(etagFrom).field,
});

/** All operations, the most important first, with a resource that can be subscribed to. */
export function operationSamples(resource: string = VIOLET_RESOURCES[0]): readonly OperationSample[] {
  const createReceiver: Change = { kind: "createReceiver", fields: GUIDE_FIELDS };
  const event = { resource, action: ACTIONS[0] };
  const createSubscription: Change = { kind: "createSubscription", receiverId: "1", event };
  const createHeader: Change = { kind: "createHeader", receiver: receiver(), key: "X-Sample", value: "sample" };
  const update =
    (fields: Partial<ReceiverFields>) =>
    (etag: string | undefined): Change => ({
      kind: "updateReceiver",
      receiver: receiver(etag),
      fields,
    });
  return [
    creation("create a receiver", createReceiver, true),
    creation("create a subscription", createSubscription, true),
    list("read ION's webhooks", { first: PAGE_SIZE }),
    modification("update a receiver", createReceiver, update({})),
    modification("delete a receiver", createReceiver, (etag) => ({ kind: "deleteReceiver", receiver: receiver(etag) })),
    modification("delete a subscription", createSubscription, (etag) => ({
      kind: "deleteSubscription",
      receiverId: "1",
      subscription: { id: "1", _etag: etag, ...event },
    })),
    creation("create a header", createHeader),
    modification("update a header", createHeader, (etag) => ({
      kind: "updateHeader",
      receiver: receiver(),
      header: header(etag),
      value: "sample",
    })),
    modification("delete a header", createHeader, (etag) => ({
      kind: "deleteHeader",
      receiver: receiver(),
      header: header(etag),
    })),
    ...[
      list(`read more than ${PAGE_SIZE} receivers`, { first: PAGE_SIZE, after: "sample" }),
      ...RECEIVER_FIELDS.filter((field) => !(field in GUIDE_FIELDS)).map((field) =>
        creation(`create a receiver with ${field}`, {
          kind: "createReceiver",
          fields: { ...GUIDE_FIELDS, [field]: FIELDS[field] },
        }),
      ),
      ...RECEIVER_FIELDS.map((field) =>
        modification(`update ${field} of a receiver`, createReceiver, update({ [field]: FIELDS[field] })),
      ),
    ].map((sample): OperationSample => ({ ...sample, isPart: true })),
  ];
}
