/** Changes to headers in each of the ways in which an ION may keep them. */
import { describe, expect, it } from "vitest";
import type { Emulator, EmulatorOptions } from "../../emulator/index.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import type { Header, Receiver } from "../../provider/src/model/webhooks.ts";
import { type Fetch, failureOf, intercept, ionOn, mutationsIn, rewrite, schemaOf, start } from "../support/support.ts";

/** An ION with a receiver whose headers are X-A and X-B, and with another receiver. */
async function startWith(file: string, options: EmulatorOptions = {}) {
  const emulator = await start({ schema: schemaOf(file), ...options });
  const { store } = emulator;
  for (const name of ["erp", "other"]) store.createReceiver({ name, webhookUri: `https://hooks.example/${name}` });
  for (const key of ["X-A", "X-B"]) store.addHeader("1", store.createHeader({ key, value: `${key}-old` }).id);
  return emulator;
}

/** The receiver and its header X-A, as ION shows them. */
async function read(api: WebhookApi): Promise<{ receiver: Receiver; header: Header }> {
  const receiver = await api.knownReceiver("1");
  const header = receiver?.headers.find(({ key }) => key === "X-A");
  if (!receiver || !header) throw new Error("ION does not show the receiver.");
  return { receiver, header };
}

const headersOf = ({ store }: Emulator, receiverId = "1") =>
  store.listHeaders(receiverId).map(({ key, value }) => `${key}: ${value}`);
const OLD = ["X-A: X-A-old", "X-B: X-B-old"];

/** A fetch that calls `before` before the first mutation of a field is sent. */
function beforeFirst(field: string, before: () => void): Fetch {
  let isFirst = true;
  return intercept(({ query }, pass) => {
    if (isFirst && query.includes(`: ${field}(`)) {
      isFirst = false;
      before();
    }
    return pass();
  });
}

describe("headers that are attached", () => {
  const FILE = "headersAttached";

  it("are created without their value, attached, and then get it", async () => {
    const emulator = await startWith(FILE);
    const values: unknown[] = [];
    const fetch = intercept(({ mutation, variables }, pass) => {
      if (mutation) values.push(...Object.values(variables).map((input) => (input as { value?: string }).value));
      return pass();
    });
    const api = ionOn(emulator, { fetch });
    const { receiver } = await read(api);
    const created = await api.apply({ kind: "createHeader", receiver, key: "X-C", value: "new" });
    expect(created).toMatchObject({ key: "X-C", value: "new" });
    expect(headersOf(emulator)).toEqual([...OLD, "X-C: new"]);
    // After the first document, which this ION refuses.
    expect(mutationsIn(emulator).slice(1)).toEqual([
      ["createWebhookHeader"],
      ["addHeaderToWebhookReceiver"],
      ["updateWebhookHeader"],
    ]);
    expect(values.at(-3)).toMatch(/^pending-[0-9a-f-]{36}$/);
    expect(values.slice(-2)).toEqual([undefined, "new"]);
    // The result is known without another read.
    expect((await api.knownReceiver("1"))?.headers.map(({ key }) => key)).toEqual(["X-A", "X-B", "X-C"]);
  });

  it("are deleted again if they cannot be attached", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver } = await read(api);
    emulator.settings.deniedPermissions.add("AddHeaderToWebhookReceiver");
    const { kind } = await failureOf(api.apply({ kind: "createHeader", receiver, key: "X-C", value: "new" }));
    expect(kind).toBe("permission");
    expect(emulator.store.listHeaders()).toHaveLength(2);
    // The first failure is reported, not that of the deletion.
    emulator.settings.deniedPermissions.add("DeleteWebhookHeader");
    const again = await failureOf(api.apply({ kind: "createHeader", receiver, key: "X-C", value: "new" }));
    expect(again.message).toContain("AddHeaderToWebhookReceiver");
  });

  it("get their value also if somebody changes them at the same time", async () => {
    const emulator = await startWith(FILE);
    const fetch = beforeFirst("updateWebhookHeader", () => emulator.store.updateHeader("3", { value: "by hand" }));
    const api = ionOn(emulator, { fetch });
    const { receiver } = await read(api);
    await api.apply({ kind: "createHeader", receiver, key: "X-C", value: "new" });
    expect(headersOf(emulator)).toEqual([...OLD, "X-C: new"]);
  });

  it("fail to get their value for any other reason", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver } = await read(api);
    emulator.settings.deniedPermissions.add("UpdateWebhookHeader");
    const change = { kind: "createHeader", receiver, key: "X-C", value: "new" } as const;
    expect((await failureOf(api.apply(change))).kind).toBe("permission");
    expect(
      mutationsIn(emulator)
        .flat()
        .filter((field) => field === "updateWebhookHeader"),
    ).toHaveLength(1);
  });

  it("are updated in place if only this receiver has them", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver, header } = await read(api);
    expect(await api.apply({ kind: "updateHeader", receiver, header, value: "new" })).toMatchObject({ id: header.id });
    expect(headersOf(emulator)).toEqual(["X-A: new", "X-B: X-B-old"]);
    expect(mutationsIn(emulator)).toEqual([["updateWebhookHeader"]]);
  });

  it("lose their value before they are detached and deleted", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver, header } = await read(api);
    await api.apply({ kind: "deleteHeader", receiver, header });
    expect(emulator.store.listHeaders().map(({ key }) => key)).toEqual(["X-B"]);
    expect(mutationsIn(emulator).slice(-3)).toEqual([
      ["updateWebhookHeader"],
      ["removeHeaderFromWebhookReceiver"],
      ["deleteWebhookHeader"],
    ]);
    expect((await api.knownReceiver("1"))?.headers.map(({ key }) => key)).toEqual(["X-B"]);
  });

  it("are replaced on this receiver, and stay as they are on another one", async () => {
    const emulator = await startWith(FILE);
    emulator.store.addHeader("2", "1");
    const api = ionOn(emulator);
    const { receiver, header } = await read(api);
    const updated = await api.apply({ kind: "updateHeader", receiver, header, value: "new" });
    expect(updated.id).not.toBe(header.id);
    expect(headersOf(emulator)).toEqual(["X-B: X-B-old", "X-A: new"]);
    expect(headersOf(emulator, "2")).toEqual(["X-A: X-A-old"]);
    expect(mutationsIn(emulator).flat()).not.toContain("deleteWebhookHeader");
  });

  it("are only detached if another receiver has them", async () => {
    const emulator = await startWith(FILE);
    emulator.store.addHeader("2", "1");
    const api = ionOn(emulator);
    await api.apply({ kind: "deleteHeader", ...(await read(api)) });
    expect([headersOf(emulator), headersOf(emulator, "2")]).toEqual([["X-B: X-B-old"], ["X-A: X-A-old"]]);
    expect(new Set(mutationsIn(emulator).flat())).toEqual(new Set(["removeHeaderFromWebhookReceiver"]));
  });

  describe("in an ION that does not show all receivers", () => {
    /** An API that knows how this ION keeps headers. */
    async function apiOn(emulator: Emulator) {
      const api = ionOn(emulator);
      const { receiver } = await read(api);
      await api.apply({ kind: "createHeader", receiver, key: "X-C", value: "first" });
      return api;
    }

    it.each([false, true])("are never changed, since another receiver may have them: %s", async (isShared) => {
      const emulator = await startWith(FILE, { hide: ["webhookReceivers"] });
      if (isShared) emulator.store.addHeader("2", "1");
      const api = await apiOn(emulator);
      const { receiver, header } = await read(api);
      await api.apply({ kind: "updateHeader", receiver, header, value: "new" });
      expect(headersOf(emulator)).toEqual(["X-B: X-B-old", "X-C: first", "X-A: new"]);
      expect(headersOf(emulator, "2")).toEqual(isShared ? ["X-A: X-A-old"] : []);
      expect(emulator.store.listHeaders()).toHaveLength(isShared ? 4 : 3);
    });

    it.each([false, true])("are detached, and deleted unless ION refuses: shared %s", async (isShared) => {
      const emulator = await startWith(FILE, { hide: ["webhookReceivers"] });
      if (isShared) emulator.store.addHeader("2", "1");
      const api = await apiOn(emulator);
      await api.apply({ kind: "deleteHeader", ...(await read(api)) });
      expect(headersOf(emulator)).toEqual(["X-B: X-B-old", "X-C: first"]);
      expect(emulator.store.listHeaders()).toHaveLength(isShared ? 3 : 2);
    });

    it("fail to be deleted for any other reason", async () => {
      const emulator = await startWith(FILE, { hide: ["webhookReceivers"] });
      const api = await apiOn(emulator);
      emulator.settings.deniedPermissions.add("DeleteWebhookHeader");
      const { kind } = await failureOf(api.apply({ kind: "deleteHeader", ...(await read(api)) }));
      expect(kind).toBe("permission");
    });
  });
});

describe("headers that are listed in their receiver", () => {
  const FILE = "headersInReceiver";

  it("are created, updated and deleted with the list, one change after the other", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver, header } = await read(api);
    const [created, updated, deleted] = await Promise.all([
      api.apply({ kind: "createHeader", receiver, key: "X-C", value: "new" }),
      api.apply({ kind: "updateHeader", receiver, header, value: "other" }),
      api.apply({ kind: "deleteHeader", receiver, header: { id: "2", key: "X-B" } }),
    ]);
    expect(headersOf(emulator).sort()).toEqual(["X-A: other", "X-C: new"]);
    expect(created).toMatchObject({ key: "X-C", value: "new" });
    expect(updated).toMatchObject({ key: "X-A", value: "other" });
    expect(deleted).toBeUndefined();
    expect(mutationsIn(emulator).at(-1)).toEqual(["updateWebhookReceiver"]);
  });

  it("can be changed after a change failed", async () => {
    const emulator = await startWith(FILE);
    const api = ionOn(emulator);
    const { receiver } = await read(api);
    emulator.settings.deniedPermissions.add("UpdateWebhookReceiver");
    const create = (key: string) => api.apply({ kind: "createHeader", receiver, key, value: "new" });
    expect((await failureOf(create("X-C"))).kind).toBe("permission");
    emulator.settings.deniedPermissions.clear();
    await create("X-D");
    expect(headersOf(emulator)).toEqual([...OLD, "X-D: new"]);
  });

  it("cannot be changed on a receiver that does not exist, or of which ION masks a value", async () => {
    const emulator = await startWith(FILE);
    const fetch = intercept(({ mutation }, pass) =>
      mutation ? pass() : rewrite(pass(), (body) => body.replace('"value":"X-B-old"', '"value":"********"')),
    );
    const api = ionOn(emulator, { fetch });
    const { receiver } = await read(api);
    const create = (on: Receiver) =>
      failureOf(api.apply({ kind: "createHeader", receiver: on, key: "X-C", value: "new" }));
    const masked = await create(receiver);
    expect([masked.kind, masked.message]).toEqual([
      "unsupported",
      'Could not change the headers of the webhook receiver "erp" (id 1): ION accepts only all of them together, and does not show the value of X-B.',
    ]);
    const missing = await create({ ...receiver, id: "7" });
    expect([missing.kind, missing.message]).toEqual(["notFound", "The webhook receiver with id 7 does not exist."]);
    expect(headersOf(emulator)).toEqual(OLD);
  });
});
