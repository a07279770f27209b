import { describe, expect, it } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { WebhookApi } from "../../../provider/src/ion/webhookApi.ts";
import type { UncheckedInputs } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import { CANARY, connectionTo, failureOf, intercept, ionOn, masking, mutationsIn } from "../../support/support.ts";
import {
  createReceiver,
  DEFAULTS,
  FULL,
  type Inputs,
  PLAIN,
  preview,
  recordMutations,
  storedReceiver,
  URI,
} from "./receivers.ts";

const { read, update } = webhookReceiver;

type Edit = Parameters<Emulator["store"]["updateReceiver"]>[1];

it("returns the same inputs and state if nothing changed in ION", async () => {
  for (const inputs of [PLAIN, FULL]) {
    const { emulator, id, state } = await createReceiver(inputs);
    expect(await read(ionOn(emulator), id, state)).toEqual({ found: { inputs, state }, warnings: [] });
  }
});

it("returns nothing for a receiver that was deleted", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
  emulator.store.deleteReceiver(id);
  expect(await read(ionOn(emulator), id, state)).toEqual({ warnings: [] });
});

it("warns if ION shows no receiver at all", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.deleteReceiver(id);
  const fetchLocally: typeof fetch = (url, init) =>
    fetch(String(url).replace("https://api.example", emulator.url), init);
  const settings = { ...connectionTo(emulator), endpoint: "https://api.example/graphql" };
  const { found, warnings } = await read(new WebhookApi(settings, { fetch: fetchLocally }), id, state);
  expect(found).toBeUndefined();
  expect(warnings).toMatchInlineSnapshot(`
    [
      "ION shows this API key no webhook receivers. Either all were deleted, or the key is not allowed to read them. In the second case, do not run \`pulumi up\`: it would create them a second time.",
    ]
  `);
});

it("says that up is right if an emulator was restarted", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.deleteReceiver(id);
  expect((await read(ionOn(emulator), id, state)).warnings).toEqual([
    "The emulator has no webhook receivers. If it was restarted without --data, it has forgotten them: `pulumi up` creates them again.",
  ]);
});

it("throws if ION cannot be read, because that does not prove a deletion", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  const ion = ionOn(emulator, { fetch: intercept(async () => new Response("", { status: 403 })) });
  expect((await failureOf(read(ion, id, state))).kind).toBe("permission");
});

it("warns about another receiver with the same URL in any spelling, without the URL", async () => {
  const { emulator, id, state } = await createReceiver(PLAIN);
  emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
  // Those of other receivers are no matter of this one.
  const { id: third } = emulator.store.createReceiver({ name: "other too", webhookUri: `${URI}/other` });
  expect((await read(ionOn(emulator), id, state)).warnings).toEqual([]);
  emulator.store.deleteReceiver(third);
  emulator.store.createReceiver({ name: "by hand", webhookUri: URI.replace("hooks.example", "HOOKS.example:443") });
  const { warnings } = await read(ionOn(emulator), id, state);
  expect(warnings).toEqual([expect.not.stringContaining(CANARY)]);
  expect(warnings).toMatchInlineSnapshot(`
    [
      "Receivers "erp" (id 1) and "by hand" (id 4) have the same URL: events that more than one of them is subscribed to are delivered more than once.",
    ]
  `);
});

it("keeps the recorded secrets if ION masks them, and reports no drift", async () => {
  const { emulator, id, state } = await createReceiver(FULL);
  const refreshed = await preview(ionOn(emulator, { fetch: masking() }), id, state, FULL);
  expect(refreshed).toMatchObject({ changes: false, inputs: FULL, state });
});

describe("declared fields", () => {
  it.each<[string, keyof Edit & keyof Inputs, Edit, string[]?]>([
    ["name", "name", { name: "by hand" }],
    ["webhookUri", "webhookUri", { webhookUri: `${URI}/by-hand` }, ["webhookUri"]],
    ["description", "description", { description: "by hand" }],
    ["emptied description", "description", { description: null }],
    ["contentType", "contentType", { contentType: "text/plain" }],
    ["expectedResponseCode", "expectedResponseCode", { expectedResponseCode: 418 }],
    ["active", "active", { active: true }],
    ["sharedSecret", "sharedSecret", { sharedSecret: "by hand" }, ["sharedSecret"]],
  ])("shows a %s that was changed in ION, and update reverts only that field", async (_what, field, edit, secrets) => {
    const { emulator, id, state } = await createReceiver(FULL);
    emulator.store.updateReceiver(id, edit);
    const { fetch, sent } = recordMutations();
    const ion = ionOn(emulator, { fetch });
    const refreshed = await preview(ion, id, state, FULL);
    expect(refreshed.inputs[field]).toBe(edit[field] ?? undefined);
    expect(refreshed.state.pinned).toEqual(FULL);
    expect(refreshed.state.driftedSecrets).toEqual(secrets);
    expect(refreshed.inputs.pinned).toBeUndefined();
    expect(refreshed.changes).toBe(true);
    const updated = await update(ion, id, refreshed.state, refreshed.next);
    expect(sent).toEqual([{ input0: { id, etag: expect.any(String), [field]: FULL[field] } }]);
    expect(storedReceiver(emulator)).toMatchObject(FULL);
    expect(updated.state).toEqual(state);
  });
});

describe("omitted fields", () => {
  it.each<[string, Edit, UncheckedInputs]>([
    ["description", { description: "by hand" }, { description: "" }],
    ["contentType", { contentType: "text/plain" }, { contentType: "application/json" }],
    ["expectedResponseCode", { expectedResponseCode: 418 }, { expectedResponseCode: 200 }],
    ["active", { active: false }, { active: true }],
  ])("pins a %s that the program omits to the value that ION chose", async (field, edit, pinned) => {
    const { emulator, id, state } = await createReceiver(PLAIN);
    emulator.store.updateReceiver(id, edit);
    const { fetch, sent } = recordMutations();
    const ion = ionOn(emulator, { fetch });
    const refreshed = await preview(ion, id, state, PLAIN);
    expect(refreshed.inputs).toEqual({ ...PLAIN, ...edit, pinned });
    expect(refreshed.next).toEqual({ ...PLAIN, ...pinned, pinned });
    expect(refreshed.changes).toBe(true);
    const updated = await update(ion, id, refreshed.state, refreshed.next);
    expect(sent).toEqual([{ input0: { id, etag: expect.any(String), ...pinned } }]);
    expect(updated.state.declaredFields).toEqual(["name", "webhookUri"]);
    expect(updated.state.pinned).toEqual(state.pinned);
    expect(await preview(ionOn(emulator), id, updated.state, PLAIN)).toMatchObject({ changes: false, inputs: PLAIN });
    expect(storedReceiver(emulator)).toMatchObject({
      ...PLAIN,
      ...DEFAULTS,
      [field]: field === "description" ? "" : expect.anything(),
    });
  });

  it("accepts a drifted value that the program now declares", async () => {
    const { emulator, id, state } = await createReceiver(PLAIN);
    emulator.store.updateReceiver(id, { active: false });
    const program = { ...PLAIN, active: false };
    expect(await preview(ionOn(emulator), id, state, program)).toMatchObject({ changes: false, next: program });
  });

  it("pins a field that the program no longer declares to its last declared value", async () => {
    const { emulator, id, state } = await createReceiver(FULL);
    const { state: updated } = await update(ionOn(emulator), id, state, PLAIN);
    expect(mutationsIn(emulator)).toEqual([]);
    emulator.store.updateReceiver(id, { description: "by hand" });
    const { next, changes, state: refreshed } = await preview(ionOn(emulator), id, updated, PLAIN);
    expect([changes, next.description]).toEqual([true, "for people"]);
    await update(ionOn(emulator), id, refreshed, next);
    expect(storedReceiver(emulator)).toMatchObject(FULL);
  });

  it("accepts a new shared secret if ION generated the old one", async () => {
    const { emulator, id, state } = await createReceiver(PLAIN);
    emulator.store.updateReceiver(id, { sharedSecret: "rotated" });
    const refreshed = await preview(ionOn(emulator), id, state, PLAIN);
    expect(refreshed).toMatchObject({
      changes: false,
      state: { sharedSecret: "rotated", driftedSecrets: ["sharedSecret"] },
    });
    expect(refreshed.state.pinned.sharedSecret).toBe("rotated");
    expect(refreshed.inputs).toEqual({ ...PLAIN, driftedSecrets: ["sharedSecret"] });
    expect((await read(ionOn(emulator), id, refreshed.state)).found).toMatchObject({
      inputs: PLAIN,
      state: { sharedSecret: "rotated" },
    });
    await update(ionOn(emulator), id, refreshed.state, { ...PLAIN, description: "new" });
    expect(storedReceiver(emulator).sharedSecret).toBe("rotated");
  });
});

describe("headers", () => {
  it.each<[string, (store: Emulator["store"]) => void, string[], string[]]>([
    [
      "added",
      (store) => store.createHeader({ receiverId: "1", key: "X-New", value: CANARY }),
      ["header X-New was added"],
      ["deleteWebhookHeader"],
    ],
    [
      "changed",
      (store) => store.updateHeader("1", { value: "by hand" }),
      ["header X-Plant was changed"],
      ["updateWebhookHeader"],
    ],
    ["deleted", (store) => store.deleteHeader("1"), ["header X-Plant was removed"], ["createWebhookHeader"]],
    ["detached", (store) => store.removeHeader("1", "1"), ["header X-Plant was removed"], ["createWebhookHeader"]],
    [
      "renamed",
      (store) => store.updateHeader("1", { key: "X-New" }),
      ["header X-Plant was removed", "header X-New was added"],
      ["createWebhookHeader", "deleteWebhookHeader"],
    ],
    [
      "duplicated",
      (store) => store.createHeader({ receiverId: "1", key: "X-Plant", value: "8" }),
      ["header X-Plant (duplicate, id 3) was added"],
      ["deleteWebhookHeader"],
    ],
    [
      "duplicated in another case",
      (store) => store.createHeader({ receiverId: "1", key: "x-plant", value: "8" }),
      ["header x-plant (duplicate, id 3) was added"],
      ["deleteWebhookHeader"],
    ],
  ])("names a header that was %s, and update reverts only that", async (_what, edit, driftedSecrets, mutations) => {
    const { emulator, id, state } = await createReceiver(FULL);
    edit(emulator.store);
    const ion = ionOn(emulator);
    const refreshed = await preview(ion, id, state, FULL);
    expect(refreshed.state.driftedSecrets).toEqual(driftedSecrets);
    expect(refreshed.changes).toBe(true);
    const updated = await update(ion, id, refreshed.state, refreshed.next);
    expect(mutationsIn(emulator).flat().sort()).toEqual(mutations);
    expect(storedReceiver(emulator).headers).toEqual(FULL.headers);
    expect(updated.state.headers).toEqual(FULL.headers);
    expect(updated.state.driftedSecrets).toBeUndefined();
    expect(await preview(ionOn(emulator), id, updated.state, FULL)).toMatchObject({ changes: false, inputs: FULL });
  });

  it("shows a header that was added although the program declares none, and update deletes it", async () => {
    const { emulator, id, state } = await createReceiver(PLAIN);
    emulator.store.createHeader({ receiverId: "1", key: "X-New", value: CANARY });
    const refreshed = await preview(ionOn(emulator), id, state, PLAIN);
    expect(refreshed).toMatchObject({ changes: true, next: { headers: {}, pinned: { headers: {} } } });
    await update(ionOn(emulator), id, refreshed.state, refreshed.next);
    expect(storedReceiver(emulator).headers).toEqual({});
  });
});
