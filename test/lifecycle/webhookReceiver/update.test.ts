import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { CANARY, failureOf, ionOn, masking, mutationsIn, withoutPort } from "../../support/support.ts";
import {
  createReceiver,
  FULL,
  type Inputs,
  maskingWithDrop,
  PLAIN,
  partialFailureOf,
  recordMutations,
  storedReceiver,
  URI,
} from "./receivers.ts";

const { diff, update } = webhookReceiver;

it("sends only the fields that changed", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const { fetch, sent } = recordMutations();
  const now = { ...FULL, name: "new", active: true };
  const updated = await update(ionOn(emulator, { fetch }), id, state, now);
  expect(sent).toEqual([{ input0: { id, etag: expect.any(String), name: "new", active: true } }]);
  expect(updated.state).toEqual({ ...state, name: "new", active: true, pinned: now });
});

it("sends nothing if nothing changed", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  expect(await update(ionOn(emulator), id, state, FULL)).toEqual({ state });
  expect(mutationsIn(emulator)).toEqual([]);
});

it("creates, updates and deletes single headers and leaves the others alone", async () => {
  const { emulator, id, state } = await createReceiver({ ...FULL, headers: { A: "1", B: "2", C: "3" } });
  const before = emulator.store.listHeaders(id);
  await update(ionOn(emulator), id, state, { ...FULL, headers: { a: "1", C: "4", D: "5" } });
  expect(mutationsIn(emulator).flat().sort()).toEqual([
    "createWebhookHeader",
    "deleteWebhookHeader",
    "updateWebhookHeader",
  ]);
  expect(storedReceiver(emulator).headers).toEqual({ A: "1", C: "4", D: "5" });
  expect(emulator.store.listHeaders(id)[0]).toEqual(before[0]);
});

it("refuses a URL that another receiver has in any spelling, and changes nothing", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  const url = `${URI}/new`;
  emulator.store.createReceiver({ name: "by hand", webhookUri: url.replace("hooks.example", "HOOKS.example:443") });
  const before = emulator.store.state();
  const now = { ...PLAIN, webhookUri: url, description: "new" };
  const { kind, message } = await failureOf(update(ionOn(emulator), id, state, now));
  expect([kind, emulator.store.state()]).toEqual(["ambiguous", before]);
  expect(message).toMatchInlineSnapshot(
    `"ION already has another webhook receiver with the new webhookUri of "erp" (id 1): "by hand" (id 2). Two receivers with this URL would deliver every event twice. Delete the other one in ION, or give it another webhookUri first."`,
  );
  expect(message).not.toContain(CANARY);
  emulator.store.updateReceiver("2", { webhookUri: `${URI}/elsewhere` });
  await update(ionOn(emulator), id, state, now);
  expect(storedReceiver(emulator)).toMatchObject(now);
});

it("fails if the receiver was deleted, and says how to create it again", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.deleteReceiver(id);
  const { kind, message } = await failureOf(update(ionOn(emulator), id, state, { ...PLAIN, name: "new" }));
  expect(kind).toBe("notFound");
  expect(withoutPort(message)).toMatchInlineSnapshot(
    `"The webhook receiver "new" (id 1) does not exist in ION at http://<host>/graphql. If it was deleted in ION, run \`pulumi refresh\` and then \`pulumi up\` to create it again."`,
  );
});

it("fails in the same way if the receiver is deleted between read and write", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  const { fetch } = recordMutations((number) => number === 1 && emulator.store.deleteReceiver(id));
  const { kind, message } = await failureOf(update(ionOn(emulator, { fetch }), id, state, { ...PLAIN, name: "new" }));
  expect(kind).toBe("notFound");
  expect(message).toContain("`pulumi refresh` and then `pulumi up`");
});

it("records the headers that ION accepted if it rejects another one", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  emulator.settings.deniedPermissions.add("UpdateWebhookHeader");
  const now = { ...FULL, name: "new", headers: { "X-Plant": "8", "X-New": "9" } };
  const { state: partial } = await partialFailureOf(update(ionOn(emulator), id, state, now));
  expect(partial).toMatchObject({ name: "new", headers: { "X-Plant": `${CANARY}-7`, "X-New": "9" }, pinned: now });
  expect(diff(id, partial, now).changes).toBe(true);
  emulator.settings.deniedPermissions.clear();
  expect((await update(ionOn(emulator), id, partial, now)).state.headers).toEqual(now.headers);
});

describe("conflicts", () => {
  it("reads ION again after one conflict, and reverts what changed in the meantime", async () => {
    const { emulator, id, state } = await createReceiver(FULL);
    const { fetch, sent } = recordMutations((number) => {
      if (number === 1) emulator.store.updateReceiver(id, { description: "by hand", active: true });
    });
    await update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" });
    expect(sent.map(({ input0 }) => Object.keys(input0 as object).slice(2))).toEqual([
      ["name"],
      ["name", "description", "active"],
    ]);
    expect(storedReceiver(emulator)).toMatchObject({ ...FULL, name: "new" });
  });

  it("sends nothing more if the other writer made the same change", async () => {
    const { emulator, id, state } = await createReceiver(FULL);
    const { fetch, sent } = recordMutations((number) => {
      if (number === 1) emulator.store.updateReceiver(id, { name: "new" });
    });
    await update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" });
    expect(sent).toHaveLength(1);
  });

  it("says what to find out after a second conflict", async () => {
    const { emulator, id, state } = await createReceiver(FULL);
    const { fetch, sent } = recordMutations(() => emulator.store.updateReceiver(id, { description: "by hand" }));
    const { kind, message } = await failureOf(update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" }));
    expect([kind, sent.length]).toEqual(["conflict", 2]);
    expect(message).toMatchInlineSnapshot(
      `"ION did not update name, description of the webhook receiver "erp" (id 1): WebhookReceiver 1 was changed by another writer: etag mismatch. Read it again and retry. It was changed again while this ran. Find out who else changes ION's webhooks (a colleague, another stack, a script), then run \`pulumi up\` again."`,
    );
    expect(message).not.toContain(CANARY);
  });

  it.each<[string, (store: Emulator["store"], headerId: string) => void]>([
    ["changed", (store, headerId) => store.updateHeader(headerId, { value: "by hand" })],
    ["deleted", (store, headerId) => store.deleteHeader(headerId)],
  ])("sets a header that was %s in the meantime", async (_what, edit) => {
    const { emulator, id, state } = await createReceiver(FULL);
    const { fetch } = recordMutations((number) => number === 1 && edit(emulator.store, "2"));
    const now: Inputs = { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } };
    const updated = await update(ionOn(emulator, { fetch }), id, state, now);
    expect(storedReceiver(emulator).headers).toEqual(now.headers);
    expect(updated.state.headers).toEqual(now.headers);
  });
});

describe("masked secrets", () => {
  it("never writes a mask back", async () => {
    const { emulator, id, state } = await createReceiver(FULL);
    const updated = await update(ionOn(emulator, { fetch: masking() }), id, state, { ...FULL, description: "new" });
    expect(storedReceiver(emulator)).toMatchObject({ ...FULL, description: "new" });
    expect(JSON.stringify(updated)).not.toContain("***");
  });

  it.each<[string, Inputs]>([
    ["shared secret", { ...FULL, sharedSecret: "new" }],
    ["URL", { ...FULL, webhookUri: `${URI}/new` }],
    ["header", { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } }],
  ])("sends a %s that the program changes", async (_what, now) => {
    const { emulator, id, state } = await createReceiver(FULL);
    expect(diff(id, state, now).changes).toBe(true);
    const updated = await update(ionOn(emulator, { fetch: masking() }), id, state, now);
    expect(storedReceiver(emulator)).toMatchObject(now);
    expect(diff(id, updated.state, now).changes).toBe(false);
  });

  it.each<[string, boolean]>([
    ["did not apply", false],
    ["applied", true],
  ])("sets a secret after a lost response to a request that ION %s", async (_what, isApplied) => {
    const { emulator, id, state } = await createReceiver(FULL);
    const fetch = maskingWithDrop(isApplied);
    await update(ionOn(emulator, { fetch }), id, state, { ...FULL, sharedSecret: "new" });
    expect(storedReceiver(emulator)).toMatchObject({ ...FULL, sharedSecret: "new" });
  });
});

it("accepts a URL that the receiver itself already has in ION", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  const webhookUri = `${URI}/new`;
  emulator.store.updateReceiver(id, { webhookUri });
  const updated = await update(ionOn(emulator), id, state, { ...PLAIN, webhookUri });
  expect(updated.state.webhookUri).toBe(webhookUri);
});
