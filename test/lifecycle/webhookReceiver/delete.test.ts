import { expect, it } from "vitest";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { countOf, failureOf, intercept, ionOn, mutationsIn, start } from "../../support/support.ts";
import { createReceiver, FULL, PLAIN, recordMutations, URI } from "./receivers.ts";

const { delete: deleteReceiver } = webhookReceiver;

it("deletes the receiver with its subscriptions and headers, and succeeds again without a request", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "CREATE" });
  await deleteReceiver(ionOn(emulator), id, state, false);
  expect(emulator.store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
  await deleteReceiver(ionOn(emulator), id, state, false);
  // The headers first: ION may keep them otherwise.
  expect(mutationsIn(emulator)).toEqual([["deleteWebhookHeader", "deleteWebhookHeader"], ["deleteWebhookReceiver"]]);
});

it("reads ION once for a receiver without headers", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  await deleteReceiver(ionOn(emulator), id, state, false);
  expect([countOf(emulator, "query"), mutationsIn(emulator)]).toEqual([1, [["deleteWebhookReceiver"]]]);
});

it("succeeds if somebody else deletes the receiver at the same time", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const { fetch } = recordMutations((number) => number === 1 && emulator.store.deleteReceiver(id));
  await deleteReceiver(ionOn(emulator, { fetch }), id, state, false);
  expect(emulator.store.listReceivers()).toEqual([]);
});

/** A fetch that answers the second header of a deletion with an error. */
const failingToDeleteHeader = (code: string) =>
  intercept(async ({ query }, pass) => {
    const answer = await pass();
    if (!query.includes("deleteWebhookHeader")) return answer;
    const { data } = (await answer.json()) as { data: object };
    const [, alias = ""] = Object.keys(data);
    return Response.json({
      data: { ...data, [alias]: null },
      errors: [{ message: "No.", path: [alias], extensions: { code } }],
    });
  });

it("keeps the receiver if one of its headers cannot be deleted", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const ion = ionOn(emulator, { fetch: failingToDeleteHeader("FORBIDDEN") });
  expect((await failureOf(deleteReceiver(ion, id, state, false))).kind).toBe("permission");
  expect(emulator.store.listReceivers()).toHaveLength(1);
});

it("deletes the receiver if somebody else has deleted one of its headers", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const { fetch } = recordMutations((number) => number === 1 && emulator.store.deleteHeader("2"));
  await deleteReceiver(ionOn(emulator, { fetch }), id, state, false);
  expect(emulator.store.listReceivers()).toEqual([]);
});

it("deletes the receiver also if ION's schema cannot delete headers", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  await emulator.close();
  const other = await start({ hide: ["deleteWebhookHeader"] });
  const { sharedSecret: _secret, headers: _headers, ...fields } = FULL;
  const created = other.store.createReceiver(fields);
  const { id: headerId } = other.store.createHeader({ key: "X-Plant", value: "7" });
  other.store.addHeader(created.id, headerId);
  await deleteReceiver(ionOn(other), id, { ...state, ionEndpoint: other.graphqlUrl }, false);
  expect(other.store.listReceivers()).toEqual([]);
});

it("tries once more after a conflict", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const { fetch } = recordMutations((number) => {
    if (number === 1) emulator.store.updateReceiver(id, { name: "by hand" });
  });
  await deleteReceiver(ionOn(emulator, { fetch }), id, state, false);
  expect(emulator.store.listReceivers()).toEqual([]);
});

it("fails after a second conflict, and keeps the receiver", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const { fetch, sent } = recordMutations(() => emulator.store.updateReceiver(id, { name: "by hand" }));
  const { kind, hints } = await failureOf(deleteReceiver(ionOn(emulator, { fetch }), id, state, false));
  expect([kind, sent.length, emulator.store.listReceivers().length]).toEqual(["conflict", 3, 1]);
  expect(hints).toEqual([expect.stringContaining("Find out who else changes ION's webhooks")]);
});

it("keeps a receiver that is declared under another name, unless ION has a duplicate", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
  await deleteReceiver(ionOn(emulator), id, state, true);
  expect(emulator.store.listReceivers()).toHaveLength(2);
  emulator.store.deleteReceiver("2");
  emulator.store.createReceiver({ ...PLAIN, name: "duplicate" });
  await deleteReceiver(ionOn(emulator), id, state, true);
  expect(emulator.store.listReceivers().map(({ name }) => name)).toEqual(["duplicate"]);
});

it("throws if ION cannot be read", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  const ion = ionOn(emulator, { fetch: intercept(async () => new Response("", { status: 403 })) });
  expect((await failureOf(deleteReceiver(ion, id, state, false))).kind).toBe("permission");
});
