/** Everything that this package ever asks of ION, as samples to hold against a schema. */

import { ACTIONS, VIOLET_RESOURCES } from "../facts.ts";
import type { Operation } from "../http/client.ts";
import * as operations from "../operations.ts";
import { compose, type Mutation, RECEIVER_FIELDS_SETTABLE, type ReceiverInput } from "../operations.ts";

/** One thing that is asked of ION. */
export interface Sample {
  /** What it is for, to follow "pulumi-ion cannot". */
  readonly does: string;
  /** ION's name for it. */
  readonly field: string;
  /** Violet's guide asks it word for word; the rest is inferred. */
  readonly guide: boolean;
  /** A part of another that ION may take without it: one field of an input, a further page. */
  readonly part?: true;
  /** The document, with the etag that its object is said to have where it takes one. */
  readonly ask: (etag: string | undefined) => Operation;
  /** The mutation that makes the object whose etag it takes; undefined where it takes none. */
  readonly etagOf?: string;
}

const ID = "1";
const RECEIVER: ReceiverInput = {
  name: "sample",
  webhookUri: "https://sample.example",
  description: "sample",
  contentType: "application/json",
  expectedResponseCode: 200,
  active: true,
  sharedSecret: "sample",
};
const GUIDE = { name: RECEIVER.name, webhookUri: RECEIVER.webhookUri };
const createReceiver = operations.createWebhookReceiver(GUIDE);
const createHeader = operations.createWebhookHeader({ receiverId: ID, key: "X-Sample", value: "sample" });
const only = (field: keyof ReceiverInput) => ({ [field]: RECEIVER[field] });

const listed = (does: string, variables: Record<string, unknown>): Sample => ({
  does,
  field: operations.LIST,
  guide: false,
  ask: () => ({ document: operations.WEBHOOK_RECEIVERS, variables }),
});
const made = (does: string, mutation: Mutation<unknown>, guide = false): Sample => ({
  does,
  field: mutation.field,
  guide,
  ask: () => compose([mutation]),
});
const changed = (
  does: string,
  of: Mutation<unknown>,
  change: (etag: string | undefined) => Mutation<unknown>,
): Sample => ({
  does,
  field: change(undefined).field,
  guide: false,
  ask: (etag) => compose([change(etag)]),
  etagOf: of.field,
});

/** All of it, most needed first; with a resource that can be subscribed to. */
export function samples(resource: string = VIOLET_RESOURCES[0]): readonly Sample[] {
  const pair = { receiverId: ID, resource, action: ACTIONS[0] };
  const createSubscription = operations.createWebhookSubscription(pair);
  return [
    made("create a receiver", createReceiver, true),
    made("subscribe it", createSubscription, true),
    listed("look at what ION has", { first: operations.PAGE_SIZE }),
    changed("change a receiver", createReceiver, (etag) => operations.updateWebhookReceiver(ID, etag, {})),
    changed("delete a receiver", createReceiver, (etag) => operations.deleteWebhookReceiver(ID, etag)),
    changed("end a subscription", createSubscription, (etag) => operations.deleteWebhookSubscription(ID, etag)),
    made("add a header", createHeader),
    changed("change a header", createHeader, (etag) => operations.updateWebhookHeader(ID, etag, "sample")),
    changed("remove a header", createHeader, (etag) => operations.deleteWebhookHeader(ID, etag)),
    ...[
      listed(`look at more than ${operations.PAGE_SIZE} receivers`, { first: operations.PAGE_SIZE, after: "sample" }),
      ...RECEIVER_FIELDS_SETTABLE.filter((field) => !(field in GUIDE)).map((field) =>
        made(`create a receiver with ${field}`, operations.createWebhookReceiver({ ...GUIDE, ...only(field) })),
      ),
      ...RECEIVER_FIELDS_SETTABLE.map((field) =>
        changed(`change a receiver's ${field}`, createReceiver, (etag) =>
          operations.updateWebhookReceiver(ID, etag, only(field)),
        ),
      ),
    ].map((sample): Sample => ({ ...sample, part: true })),
  ];
}
