import { describe, expect, it } from "vitest";
import type { Receiver } from "../../../emulator/index.ts";
import { webhookReceiver } from "../../../provider/src/lifecycle/webhookReceiver.ts";
import {
  CANARY,
  failureOf,
  intercept,
  ionOn,
  masking,
  mutationsIn,
  start,
  withoutPort,
} from "../../support/support.ts";
import {
  createReceiver,
  DEFAULTS,
  FULL,
  type Inputs,
  maskingWithDrop,
  PLAIN,
  partialFailureOf,
  preview,
  recordMutations,
  storedReceiver,
  URI,
} from "./receivers.ts";

const { create, diff, update } = webhookReceiver;

it("sends only declared fields, and records and pins the defaults that ION chose", async () => {
  const emulator = await start();
  const { fetch, sent } = recordMutations();
  const { id, state, warnings } = await create(ionOn(emulator, { fetch }), PLAIN);
  expect(sent).toEqual([{ input0: PLAIN }]);
  const { sharedSecret } = emulator.store.findReceiver("1") as Receiver;
  expect(id).toBe("1");
  expect(warnings).toEqual([]);
  expect(state).toEqual({
    ...PLAIN,
    ...DEFAULTS,
    sharedSecret,
    headers: {},
    ionEndpoint: emulator.graphqlUrl,
    declaredFields: ["name", "webhookUri"],
    pinned: { ...PLAIN, ...DEFAULTS, sharedSecret, headers: {}, description: "" },
    reverted: [],
  });
});

it("sets every field and every header", async () => {
  const { emulator, state } = await createReceiver(FULL);
  expect(storedReceiver(emulator)).toMatchObject(FULL);
  expect(state).toMatchObject(FULL);
  expect(state.pinned).toEqual(FULL);
});

it("creates a second receiver if only the name is the same", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ ...PLAIN, webhookUri: `${URI}/other` });
  expect((await create(ionOn(emulator), PLAIN)).id).toBe("2");
});

it("names the receiver and no secret if ION rejects it, and leaves nothing behind", async () => {
  const emulator = await start();
  emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
  const { kind, message } = await failureOf(create(ionOn(emulator), FULL));
  expect([kind, emulator.store.listReceivers()]).toEqual(["permission", []]);
  expect(message).toContain('create the webhook receiver "erp"');
  expect(message).not.toContain(CANARY);
});

it("warns if ION's schema has no list of receivers, and creates the receiver", async () => {
  const emulator = await start({ hide: ["webhookReceivers"] });
  const { id, warnings } = await create(ionOn(emulator), PLAIN);
  expect(id).toBe("1");
  expect(warnings).toMatchInlineSnapshot(`
    [
      "Could not read ION's webhooks: ION's schema has no webhookReceivers. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs. The webhook receiver "erp" is created without checking whether ION already has it.",
    ]
  `);
});

describe("adoption", () => {
  it("adopts a receiver with the same name and URL without changing it", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, description: "by hand", active: false });
    emulator.store.createHeader({ receiverId: "1", key: "X-Old", value: "1" });
    const ion = ionOn(emulator);
    const inputs = { ...PLAIN, contentType: "text/plain", headers: { "X-New": "2" } };
    const { id, state } = await create(ion, inputs);
    expect(id).toBe("1");
    expect(mutationsIn(emulator)).toEqual([]);
    expect(state).toMatchObject({ contentType: "application/json", active: false, headers: { "X-Old": "1" } });
    expect(state.pinned).toMatchObject({
      description: "by hand",
      active: false,
      contentType: "text/plain",
      headers: { "X-New": "2" },
    });
    expect(diff(id, state, inputs).changes).toBe(true);
    expect((await preview(ion, id, state, PLAIN)).changes).toBe(true);
  });

  it("has no changes after adoption if the program declares nothing else", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, description: "by hand", active: false });
    const { id, state } = await create(ionOn(emulator), PLAIN);
    expect(await preview(ionOn(emulator), id, state, PLAIN)).toMatchObject({ changes: false, inputs: PLAIN, state });
  });

  it("adopts a receiver whose URL has another spelling", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://Hooks.example" });
    const { id } = await create(ionOn(emulator), { name: "erp", webhookUri: "https://hooks.example/" });
    expect([id, mutationsIn(emulator)]).toEqual(["1", []]);
  });

  it("refuses to adopt a receiver with the same URL and another name, and names its id", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, name: "by hand" });
    const { kind, message } = await failureOf(create(ionOn(emulator), PLAIN));
    expect([kind, mutationsIn(emulator)]).toEqual(["ambiguous", []]);
    expect(message).toMatchInlineSnapshot(
      `"ION already has a webhook receiver with the webhookUri of "erp": "by hand" (id 1). Two receivers with this URL would deliver every event twice. To import it, add importId: "1"."`,
    );
  });

  it("refuses to choose between two receivers with the same URL", async () => {
    const emulator = await start();
    emulator.store.createReceiver(PLAIN);
    emulator.store.createReceiver({ ...PLAIN, name: "other" });
    const { kind, message } = await failureOf(create(ionOn(emulator), PLAIN));
    expect([kind, mutationsIn(emulator)]).toEqual(["ambiguous", []]);
    expect(message).toMatchInlineSnapshot(
      `"ION already has 2 webhook receivers with the webhookUri of "erp": "erp" (id 1), "other" (id 2). ION delivers every event once for each of them. Delete all but one in ION, or import one with importId."`,
    );
  });
});

describe("importId", () => {
  it.each<[string, Inputs]>([
    ["a receiver with another name", { name: "erp", webhookUri: URI, importId: "2" }],
    ["a receiver without changing its URL", { name: "erp", importId: "2" }],
  ])("imports %s", async (_description, inputs) => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, name: "first" });
    emulator.store.createReceiver({ ...PLAIN, name: "second" });
    const { id, state } = await create(ionOn(emulator), inputs);
    expect([id, mutationsIn(emulator)]).toEqual(["2", []]);
    expect(state).toMatchObject({ name: "second", webhookUri: URI });
    const { next, changes } = await preview(ionOn(emulator), id, state, inputs);
    expect(changes).toBe(true);
    await update(ionOn(emulator), id, state, next);
    expect(storedReceiver(emulator, "2")).toMatchObject({ name: "erp", webhookUri: URI });
  });

  it("fails and creates nothing if importId names no receiver", async () => {
    const emulator = await start();
    const { kind, message } = await failureOf(create(ionOn(emulator), { ...PLAIN, importId: "7" }));
    expect([kind, mutationsIn(emulator)]).toEqual(["notFound", []]);
    expect(withoutPort(message)).toMatchInlineSnapshot(
      `"The webhook receiver with id 7, the importId of "erp", does not exist in ION at http://<host>/graphql. Correct importId. \`npx --no-install pulumi-ion status\` lists all receivers with their ids."`,
    );
  });
});

describe("rejected headers", () => {
  it("records a receiver without its headers, with a reason for each, and the next update adds them", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookHeader");
    const { id, state, reasons, message } = await partialFailureOf(create(ionOn(emulator), FULL));
    expect([id, state.headers, state.pinned]).toEqual(["1", {}, FULL]);
    expect(reasons).toEqual([
      expect.stringMatching(/create the header X-Plant of the webhook receiver "erp" \(id 1\).*CreateWebhookHeader/),
      expect.stringContaining("create the header X-Line"),
    ]);
    expect(message).not.toContain(CANARY);
    expect(diff("1", state, FULL).changes).toBe(true);

    emulator.settings.deniedPermissions.clear();
    const { next, changes, state: refreshed } = await preview(ionOn(emulator), "1", state, FULL);
    expect(changes).toBe(true);
    expect((await update(ionOn(emulator), "1", refreshed, next)).state.headers).toEqual(FULL.headers);
    expect(storedReceiver(emulator)).toMatchObject(FULL);
    expect(emulator.store.listReceivers()).toHaveLength(1);
  });

  it("records all headers as they were set if ION cannot be read afterwards", async () => {
    const emulator = await start();
    let isReadable = true;
    const fetch = intercept(async ({ mutation, query }, pass) => {
      if (!mutation && !isReadable) return new Response("", { status: 403 });
      const answer = await pass();
      if (query.includes("createWebhookHeader")) {
        isReadable = false;
        ion.invalidate();
      }
      return answer;
    });
    const ion = ionOn(emulator, { fetch });
    const { state } = await create(ion, FULL);
    expect(isReadable).toBe(false);
    expect(state.headers).toEqual(FULL.headers);
    const plain = await create(ionOn(emulator), { name: "plain", webhookUri: `${URI}/plain` });
    expect(plain.state.headers).toEqual({});
  });

  it("sets the other headers", async () => {
    const emulator = await start();
    const headers = { "X-A": "1", "not a name": "2", "X-C": "3" };
    const { state, reasons } = await partialFailureOf(create(ionOn(emulator), { ...PLAIN, headers }));
    expect(reasons).toHaveLength(1);
    expect(state.headers).toEqual({ "X-A": "1", "X-C": "3" });
    expect(storedReceiver(emulator).headers).toEqual({ "X-A": "1", "X-C": "3" });
  });
});

describe("masked secrets", () => {
  it("records the declared secrets", async () => {
    const emulator = await start();
    const { state } = await create(ionOn(emulator, { fetch: masking() }), FULL);
    expect(state).toMatchObject(FULL);
    expect(storedReceiver(emulator)).toMatchObject(FULL);
  });

  it("refuses to guess whether a receiver with the same name is the same one", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "another", webhookUri: `${URI}/another` });
    emulator.store.createReceiver({ ...PLAIN, webhookUri: `${URI}/other` });
    const { kind, message } = await failureOf(create(ionOn(emulator, { fetch: masking() }), PLAIN));
    expect(kind).toBe("ambiguous");
    expect(message).toMatchInlineSnapshot(
      `"ION already has a webhook receiver named "erp" (id 2), and does not show its webhookUri. To import it, add importId: "2". To create another one, choose another name."`,
    );
    expect((await create(ionOn(emulator, { fetch: masking() }), { ...PLAIN, name: "third" })).id).toBe("3");
  });

  it("finds a receiver by its name after a lost response, and does not create it twice", async () => {
    const emulator = await start();
    const { state } = await create(ionOn(emulator, { fetch: maskingWithDrop(true) }), FULL);
    expect(emulator.store.listReceivers()).toHaveLength(1);
    expect(state).toMatchObject(FULL);
    expect(storedReceiver(emulator)).toMatchObject(FULL);
  });
});
