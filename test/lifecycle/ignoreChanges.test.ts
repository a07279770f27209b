/**
 * Under `ignoreChanges: ["*"]`, Pulumi's engine replaces the program's inputs with those of the last refresh. Then a check
 * must pass and a diff must show no changes, whatever ION has.
 */
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import type { ResourceHandler, UncheckedInputs } from "../../provider/src/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/src/lifecycle/unmanagedSubscriptions.ts";
import { webhookReceiver } from "../../provider/src/lifecycle/webhookReceiver.ts";
import { webhookSubscription } from "../../provider/src/lifecycle/webhookSubscription.ts";
import { intercept, ionOn, rewrite, start } from "../support/support.ts";

type Store = Emulator["store"];

const RECEIVER = { name: "erp", webhookUri: "https://hooks.example/1" };
const FULL = {
  ...RECEIVER,
  contentType: "text/plain",
  sharedSecret: "declared",
  headers: { "X-Plant": "7" },
};
const EVENT = { receiverId: "1", resource: "PARTS", action: "UPDATE" };

/** An emulator with one receiver that has one subscription. */
async function withSubscription() {
  const emulator = await start();
  emulator.store.createReceiver(RECEIVER);
  emulator.store.createSubscription(EVENT);
  return emulator;
}

const addUnmanaged = (store: Store) =>
  store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });

/** Two runs of a resource under `ignoreChanges: ["*"]`: refresh, check and diff. The second run has the state of the first. */
async function runsWithIgnoredChanges<Inputs, State>(
  { read, check, diff }: ResourceHandler<Inputs, State>,
  api: () => WebhookApi,
  id: string,
  state: State,
) {
  const runs: { readonly failures: unknown; readonly changes: boolean; readonly inputs: UncheckedInputs }[] = [];
  let saved = state;
  for (const _run of [1, 2]) {
    const { found } = await read(api(), id, saved);
    if (!found) throw new Error("The resource does not exist.");
    const { inputs, failures } = await check(api(), { ...found.inputs }, found.inputs);
    runs.push({ failures, inputs, ...diff(id, found.state, inputs as Inputs) });
    saved = found.state;
  }
  return runs;
}

const NO_CHANGES = Array(2).fill(expect.objectContaining({ failures: [], changes: false, replaces: [] }));

describe("receivers", () => {
  it.each<[string, typeof RECEIVER | typeof FULL, (store: Store) => void]>([
    ["nothing drifted", FULL, () => {}],
    ["a declared field drifted", FULL, (store) => store.updateReceiver("1", { name: "by hand" })],
    ["an omitted field drifted", RECEIVER, (store) => store.updateReceiver("1", { active: false })],
    ["a declared secret drifted", FULL, (store) => store.updateReceiver("1", { sharedSecret: "by hand" })],
    ["a generated secret was replaced", RECEIVER, (store) => store.updateReceiver("1", { sharedSecret: "by hand" })],
    ["a header drifted", FULL, (store) => store.updateHeader("1", { value: "8" })],
    ["a header was added", RECEIVER, (store) => store.createHeader({ receiverId: "1", key: "X-New", value: "1" })],
    ["a header is duplicated", FULL, (store) => store.createHeader({ receiverId: "1", key: "x-plant", value: "8" })],
  ])("shows no changes of a receiver if %s", async (_what, program, edit) => {
    const emulator = await start();
    const { id, state } = await webhookReceiver.create(ionOn(emulator), program);
    edit(emulator.store);
    expect(await runsWithIgnoredChanges(webhookReceiver, () => ionOn(emulator), id, state)).toEqual(NO_CHANGES);
  });

  it.each<[string, typeof RECEIVER | typeof FULL, string, string]>([
    ["a declared field", FULL, '"text/plain"', '"weird"'],
    ["an omitted field", RECEIVER, '"application/json"', '"weird"'],
    ["the URL", RECEIVER, "https://", "http://"],
    ["a header name", FULL, '"X-Plant"', '"X Plant"'],
  ])("accepts a receiver if %s has a value in ION that check rejects", async (_what, program, from, to) => {
    const emulator = await start();
    const { id, state } = await webhookReceiver.create(ionOn(emulator), program);
    const fetch = intercept((_sent, pass) => rewrite(pass(), (body) => body.replaceAll(from, to)));
    const api = () => ionOn(emulator, { fetch });
    const runs = await runsWithIgnoredChanges(webhookReceiver, api, id, state);
    expect(runs).toEqual(NO_CHANGES);
    expect(JSON.stringify(runs[0]?.inputs)).toContain(to);
    expect((await webhookReceiver.check(api(), runs[0]?.inputs ?? {}, {})).failures).toHaveLength(1);
  });

  it("accepts a receiver that was imported without a URL", async () => {
    const emulator = await withSubscription();
    const { id, state } = await webhookReceiver.create(ionOn(emulator), { name: "erp", importId: "1" });
    emulator.store.updateReceiver("1", { name: "by hand" });
    expect(await runsWithIgnoredChanges(webhookReceiver, () => ionOn(emulator), id, state)).toEqual(NO_CHANGES);
  });
});

describe("subscriptions", () => {
  it.each<[string, (store: Store) => void]>([
    ["nothing changed", () => {}],
    ["the event changed", (store) => store.updateSubscription("1", { resource: "RUNS", action: "DELETE" })],
    [
      "it moved to another receiver",
      (store) => {
        store.createReceiver({ name: "other", webhookUri: "https://hooks.example/2" });
        store.updateSubscription("1", { receiverId: "2" });
      },
    ],
  ])("shows no changes of a subscription if %s", async (_what, edit) => {
    const emulator = await withSubscription();
    const { id, state } = await webhookSubscription.create(ionOn(emulator), EVENT);
    edit(emulator.store);
    expect(await runsWithIgnoredChanges(webhookSubscription, () => ionOn(emulator), id, state)).toEqual(NO_CHANGES);
  });

  it("accepts a subscription to a resource that check rejects", async () => {
    const emulator = await withSubscription();
    const { id, state } = await webhookSubscription.create(ionOn(emulator), EVENT);
    const fetch = intercept((_sent, pass) => rewrite(pass(), (body) => body.replace(/"PARTS"/g, '"weird"')));
    const api = () => ionOn(emulator, { fetch });
    const runs = await runsWithIgnoredChanges(webhookSubscription, api, id, state);
    expect(runs).toEqual(NO_CHANGES);
    expect(runs[0]?.inputs).toEqual({ ...EVENT, resource: "weird" });
  });
});

describe("unmanaged subscriptions", () => {
  const inputs = { receiverId: "1", declared: ["PARTS UPDATE"] };

  it.each<["delete" | "report", string, (store: Store) => void, (store: Store) => void]>([
    ["delete", "none exist", () => {}, () => {}],
    ["delete", "one was reported", addUnmanaged, () => {}],
    ["delete", "one is newly found", () => {}, addUnmanaged],
    ["delete", "one was reported and one is newly found", addUnmanaged, addUnmanaged],
    ["report", "one exists", addUnmanaged, () => {}],
  ])("shows no changes under %s if %s", async (unmanaged, _what, before, after) => {
    const emulator = await withSubscription();
    before(emulator.store);
    const { id, state } = await unmanagedSubscriptions.create(ionOn(emulator), { ...inputs, unmanaged });
    after(emulator.store);
    expect(await runsWithIgnoredChanges(unmanagedSubscriptions, () => ionOn(emulator), id, state)).toEqual(NO_CHANGES);
  });
});
