import { expect } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import type { WebhookApi } from "../../../provider/src/ion/webhookApi.ts";
import { PartialStateError } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import {
  CANARY,
  connectionReset,
  type Fetch,
  intercept,
  ionOn,
  mask,
  type Sent,
  start,
} from "../../support/support.ts";

export type Inputs = Parameters<typeof webhookReceiver.create>[1];
export type State = Parameters<typeof webhookReceiver.read>[2];

export const URI = `https://hooks.example/${CANARY}`;
/** A receiver with only the fields that it must have. */
export const PLAIN = { name: "erp", webhookUri: URI } satisfies Inputs;
/** A receiver with every field. */
export const FULL = {
  ...PLAIN,
  description: "for people",
  contentType: "application/json; charset=utf-8",
  expectedResponseCode: 204,
  active: false,
  sharedSecret: `${CANARY}-secret`,
  headers: { "X-Plant": `${CANARY}-7`, "X-Line": "3" },
} satisfies Inputs;
/** The emulator's defaults for omitted fields. */
export const DEFAULTS = { contentType: "application/json", expectedResponseCode: 200, active: true };

/** Creates a receiver with the provider, on a new emulator. */
export async function createReceiver(inputs: Inputs) {
  const emulator = await start();
  const { id, state } = await webhookReceiver.create(ionOn(emulator), inputs);
  emulator.requests.length = 0;
  return { emulator, id, state };
}

/** A receiver in the emulator's store, with its headers by name. */
export const storedReceiver = ({ store }: Emulator, id = "1") => ({
  ...store.findReceiver(id),
  headers: Object.fromEntries(store.listHeaders(id).map(({ key, value }) => [key, value])),
});

/** Runs what `pulumi preview --refresh` runs: read, check and diff. `next` are the inputs for an update. */
export async function preview(ion: WebhookApi, id: string, state: State, program: Inputs) {
  const { found } = await webhookReceiver.read(ion, id, state);
  if (!found) throw new Error("The receiver does not exist.");
  const { inputs, failures } = await webhookReceiver.check(ion, { ...program }, found.inputs);
  expect(failures).toEqual([]);
  const next = inputs as unknown as Inputs;
  return { ...found, next, ...webhookReceiver.diff(id, found.state, next) };
}

/** A fetch that records the variables of each mutation, and calls `before` with its number before it sends it. */
export function recordMutations(before: (number: number) => void = () => {}) {
  const sent: Sent["variables"][] = [];
  const fetch: Fetch = intercept((request, pass) => {
    if (request.mutation) {
      sent.push(request.variables);
      before(request.number);
    }
    return pass();
  });
  return { fetch, sent };
}

/** A fetch that masks secrets, and drops the connection at the first mutation: after ION applied it, or before. */
export const maskingWithDrop = (isApplied: boolean): Fetch =>
  intercept(async ({ mutation, number }, pass) => {
    if (!mutation || number > 1) return mask(pass());
    if (isApplied) await pass();
    throw connectionReset();
  });

/** The PartialStateError that a promise rejects with. */
export async function partialFailureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof PartialStateError)) throw error;
  return { id: error.id, state: error.state as State, reasons: error.reasons, message: error.message };
}
