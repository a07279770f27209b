/** A sample of every operation that this package sends, to check against a schema. */
import type { Change } from "../../model/changes.ts";
import { ACTIONS, VIOLET_RESOURCES } from "../../model/events.ts";
import { RECEIVER_FIELDS, type Receiver, type ReceiverFields } from "../../model/webhooks.ts";
import { isIonError } from "../errors.ts";
import { permissionFor } from "../facts.ts";
import type { Operation } from "../http/operation.ts";
import { compose, mutationFor } from "../operations/mutations.ts";
import { type List, PAGE_SIZE, type Position, RECEIVERS, START } from "../operations/queries.ts";
import { type Shapes, USUAL_SHAPES } from "./shapes.ts";

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
  /** The operation in a shape, with the etag that its object has, if it takes one. @throws IonError if it has no place */
  readonly build: (shapes: Shapes, etag: string | undefined) => Operation;
  /** The mutation that creates the object whose etag it takes; undefined if it takes none. */
  readonly etagFrom?: (shapes: Shapes) => string;
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
const SAMPLE_HEADER = { key: "X-Sample", value: "sample" };

type Changes = (shapes: Shapes, etag: string | undefined) => readonly Change[];

const changing = (
  purpose: string,
  changes: Changes,
  more: { readonly inGuide?: true; readonly etagFrom?: (shapes: Shapes) => string } = {},
): OperationSample => ({
  purpose,
  field: fieldOf(changes),
  inGuide: false,
  build: (shapes, etag) => compose(changes(shapes, etag).map((change) => shapes.rootField(mutationFor(change)))),
  ...more,
});

function fieldOf(changes: Changes): string {
  const [change] = changes(USUAL_SHAPES, undefined);
  return change ? mutationFor(change).field : "";
}

/** How receivers are read: all of them, or else those that are known. */
function reading(shapes: Shapes, position: (list: List) => Position): Operation {
  try {
    return pageOf(shapes.receivers(), position);
  } catch (error) {
    const byId = shapes.receiversById(["1"]);
    const subscriptions = shapes.subscriptions();
    if (byId && isMissing(error)) return byId;
    if (subscriptions && isMissing(error)) return pageOf(subscriptions, position);
    throw error;
  }
}

const isMissing = (error: unknown) => isIonError(error) && error.kind === "unsupported";

function pageOf(list: List, position: (list: List) => Position): Operation {
  return { document: list.document, variables: list.variables(position(list)) };
}

/** All operations, the most important first, with a resource that can be subscribed to. */
export function operationSamples(resource: string = VIOLET_RESOURCES[0]): readonly OperationSample[] {
  const event = { resource, action: ACTIONS[0] };
  const update =
    (fields: Partial<ReceiverFields>): Changes =>
    (_shapes, etag) => [{ kind: "updateReceiver", receiver: receiver(etag), fields }];
  const ofReceiver = { etagFrom: () => "createWebhookReceiver" };
  const ofHeader = {
    etagFrom: ({ headers }: Shapes) => (headers === "listed" ? "createWebhookReceiver" : "createWebhookHeader"),
  };
  const setHeaders = (etag: string | undefined): Change => ({
    kind: "setHeaders",
    receiver: receiver(etag),
    headers: [SAMPLE_HEADER],
  });
  return [
    changing("create a receiver", () => [{ kind: "createReceiver", fields: GUIDE_FIELDS }], { inGuide: true }),
    changing("create a subscription", () => [{ kind: "createSubscription", receiverId: "1", event }], {
      inGuide: true,
    }),
    {
      purpose: "read ION's webhooks",
      field: RECEIVERS,
      inGuide: false,
      build: (shapes) => reading(shapes, () => START),
    },
    changing("update a receiver", update({}), ofReceiver),
    changing(
      "delete a receiver",
      (_shapes, etag) => [{ kind: "deleteReceiver", receiver: receiver(etag) }],
      ofReceiver,
    ),
    changing(
      "delete a subscription",
      (_shapes, etag) => [
        { kind: "deleteSubscription", receiverId: "1", subscription: { id: "1", _etag: etag, ...event } },
      ],
      { etagFrom: () => "createWebhookSubscription" },
    ),
    changing("create a header", ({ headers }) => {
      if (headers === "listed") return [setHeaders("sample")];
      if (headers === "created") return [{ kind: "createHeader", receiver: receiver(), ...SAMPLE_HEADER }];
      return [
        { kind: "createUnattachedHeader", receiver: receiver(), ...SAMPLE_HEADER },
        { kind: "attachHeader", receiver: receiver(), header: header() },
      ];
    }),
    changing(
      "update a header",
      ({ headers }, etag) =>
        headers === "listed"
          ? [setHeaders(etag)]
          : [{ kind: "updateHeader", receiver: receiver(), header: header(etag), value: "sample" }],
      ofHeader,
    ),
    changing(
      "delete a header",
      ({ headers }, etag) => {
        const deletion: Change = { kind: "deleteHeader", receiver: receiver(), header: header(etag) };
        if (headers === "listed") return [setHeaders(etag)];
        return headers === "attached" ? [{ ...deletion, kind: "detachHeader" }, deletion] : [deletion];
      },
      ofHeader,
    ),
    ...[
      {
        purpose: `read more than ${PAGE_SIZE} receivers`,
        field: RECEIVERS,
        inGuide: false,
        build: (shapes: Shapes) => {
          const next = { cursor: { after: "sample" }, offset: { offset: 99 }, none: {} };
          return reading(shapes, ({ paging }) => ({ ...START, ...next[paging] }));
        },
      },
      ...RECEIVER_FIELDS.filter((field) => !(field in GUIDE_FIELDS)).map((field) =>
        changing(`create a receiver with ${field}`, () => [
          { kind: "createReceiver", fields: { ...GUIDE_FIELDS, [field]: FIELDS[field] } },
        ]),
      ),
      ...RECEIVER_FIELDS.map((field) =>
        changing(`update ${field} of a receiver`, update({ [field]: FIELDS[field] }), ofReceiver),
      ),
    ].map((sample): OperationSample => ({ ...sample, isPart: true })),
  ];
}

/** The permissions that a key needs for everything that this package does (ION's permission list). */
export const NEEDED_PERMISSIONS: readonly string[] = [
  ...new Set(
    operationSamples()
      .filter(({ field }) => field !== RECEIVERS)
      .map(({ field }) => permissionFor(field)),
  ),
];
