/** How receivers are read from an ION that has no list of them, or another one. */
import { describe, expect, it } from "vitest";
import type { EmulatorOptions } from "../../emulator/index.ts";
import { countOf, failureOf, intercept, rewrite, schemaOf, start } from "../support/support.ts";
import { startRun } from "./schema/missingNames.ts";

/** An ION with some receivers, each with a subscription if it is odd. */
async function startWith(file: string, count: number, options: EmulatorOptions = {}) {
  const emulator = await start({ schema: schemaOf(file), ...options });
  for (let number = 1; number <= count; number += 1) {
    const { id } = emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://r.example/${number}` });
    if (number % 2 === 1) emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "UPDATE" });
  }
  return emulator;
}

const ONE_BY_ONE = [
  "This API key cannot list ION's webhook receivers, so pulumi-ion reads those of this stack one by one. It cannot find " +
    "duplicates of them, receivers that no program manages, or existing receivers to import.",
];

describe("without a list", () => {
  it("reads those that are asked for, once, and warns once", async () => {
    const emulator = await startWith("noList", 3);
    const { api, warnings } = startRun(emulator);
    await failureOf(api.receivers());
    const [first, third, missing] = await Promise.all(["1", "3", "9"].map((id) => api.receiversWith(id)));
    for (const found of [first, third, missing]) expect(found?.isComplete).toBe(false);
    expect(first?.receivers.get("1")).toMatchObject({ name: "r1", subscriptions: [{ id: "1", resource: "PARTS" }] });
    expect(third?.receivers.get("3")?.name).toBe("r3");
    // ION says that it does not exist.
    expect(missing?.receivers.has("9")).toBe(false);
    const before = countOf(emulator, "query");
    expect((await api.receiversWith("1")).receivers.get("1")?.name).toBe("r1");
    expect(countOf(emulator, "query")).toBe(before);
    expect((await api.receiversWith("2")).receivers.get("2")?.name).toBe("r2");
    expect(countOf(emulator, "query")).toBe(before + 1);
    expect(warnings).toEqual(ONE_BY_ONE);
  });

  it("takes null for no proof that a receiver does not exist", async () => {
    const emulator = await startWith("noList", 1);
    const fetch = intercept(({ query }, pass) =>
      query.includes("r0:") ? rewrite(pass(), () => '{"data":{"r0":null}}') : pass(),
    );
    const { kind, message } = await failureOf(startRun(emulator, fetch).api.receiversWith("1"));
    expect(kind).toBe("permission");
    expect(message).toBe(
      "ION answered null for the webhook receiver with id 1. That does not mean that it does not exist. The API key needs permission to read webhook receivers.",
    );
  });

  it.each([
    ["unexpectedAnswer", { data: { r0: { id: "1" } } }],
    [
      "permission",
      { data: { r0: null }, errors: [{ message: "No.", path: ["r0"], extensions: { code: "FORBIDDEN" } }] },
    ],
    [
      "permission",
      { data: { r0: null }, errors: [{ message: "No.", path: ["r0", "headers"], extensions: { code: "NOT_FOUND" } }] },
    ],
  ])("fails with the kind %s for the answer %j", async (kind, answer) => {
    const emulator = await startWith("noList", 1);
    const fetch = intercept(({ query }, pass) =>
      query.includes("r0:") ? Promise.resolve(Response.json(answer)) : pass(),
    );
    expect((await failureOf(startRun(emulator, fetch).api.receiversWith("1"))).kind).toBe(kind);
  });

  it("knows a receiver that it created, and reads it with the others later", async () => {
    const emulator = await startWith("noList", 1);
    const { api } = startRun(emulator);
    const fields = { name: "new", webhookUri: "https://new.example" };
    const { id } = await api.apply({ kind: "createReceiver", fields });
    const before = countOf(emulator, "query");
    expect((await api.receiversWith(id)).receivers.get(id)?.name).toBe("new");
    expect(countOf(emulator, "query")).toBe(before);
    emulator.store.updateReceiver(id, { name: "by hand" });
    api.invalidate();
    const { receivers } = await api.receiversWith("1");
    expect([receivers.get("1")?.name, receivers.get(id)?.name]).toEqual(["r1", "by hand"]);
  });

  it("reads the list's error in full the first time that somebody asks for all", async () => {
    const emulator = await startWith("guide", 1);
    emulator.settings.deniedPermissions.add("ReadWebhookReceivers");
    const { api, warnings } = startRun(emulator);
    expect((await api.receiversWith("1")).receivers.get("1")?.name).toBe("r1");
    expect(warnings).toEqual(ONE_BY_ONE);
    const first = await failureOf(api.receivers());
    expect(first.message).toContain("The API key needs permission to read webhook receivers.");
    expect((await failureOf(api.receivers())).message).toContain("See the first error for details.");
  });

  it("fails if there is no other way to read receivers", async () => {
    const { api, warnings } = startRun(await startWith("onlyGuide", 1));
    const { kind, message } = await failureOf(api.receiversWith("1"));
    expect([kind, warnings]).toEqual(["unsupported", []]);
    expect(message).toContain("ION's schema has no webhookReceivers.");
  });
});

describe("with a list of subscriptions only", () => {
  it("reads receivers with their subscriptions", async () => {
    const emulator = await startWith("onlySubscriptions", 3);
    emulator.store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
    emulator.store.addHeader("1", emulator.store.createHeader({ key: "X-A", value: "1" }).id);
    const { api, warnings } = startRun(emulator);
    const { receivers, isComplete } = await api.receiversWith("1");
    expect(isComplete).toBe(false);
    expect([...receivers.keys()].sort()).toEqual(["1", "3"]);
    expect(receivers.get("1")).toMatchObject({
      name: "r1",
      webhookUri: "https://r.example/1",
      headers: [{ key: "X-A", value: "1" }],
      subscriptions: [
        { id: "1", resource: "PARTS", action: "UPDATE" },
        { id: "3", resource: "RUNS", action: "CREATE" },
      ],
    });
    expect(receivers.get("1")?.subscriptions[0]).not.toHaveProperty("receiver");
    expect(warnings).toEqual(ONE_BY_ONE);
  });

  it("says that it cannot know whether a receiver without subscriptions exists", async () => {
    const { api } = startRun(await startWith("onlySubscriptions", 2));
    const { kind, message } = await failureOf(api.receiversWith("2"));
    expect(kind).toBe("unsupported");
    expect(message).toContain(
      "ION's schema shows receivers only with their subscriptions, and there are none of the receiver with id 2.",
    );
  });
});

describe("a list that pages by numbers", () => {
  it("is read to its end, each page from the last object of the page before", async () => {
    const emulator = await startWith("limitOffset", 201);
    const offsets: unknown[] = [];
    const fetch = intercept(({ query, variables }, pass) => {
      if (query.includes("webhookReceivers(")) offsets.push(variables.offset);
      return pass();
    });
    const { api } = startRun(emulator, fetch);
    expect((await api.receivers()).size).toBe(201);
    expect(offsets.slice(-3)).toEqual([99, 198, 200]);
  });

  it("is read again from its start if an object was deleted in the meantime", async () => {
    const emulator = await startWith("limitOffset", 150);
    let isDeleted = false;
    const fetch = intercept(({ query, variables }, pass) => {
      if (query.includes("webhookReceivers(") && variables.offset === 99 && !isDeleted) {
        isDeleted = true;
        emulator.store.deleteReceiver("5");
      }
      return pass();
    });
    const receivers = await startRun(emulator, fetch).api.receivers();
    expect([receivers.size, receivers.has("5"), receivers.has("101")]).toEqual([149, false, true]);
  });
});

it.each([
  ["plainList", 250],
  ["nodesList", 201],
  ["noPageInfo", 201],
])("reads all receivers from %s", async (file, count) => {
  const emulator = await startWith(file, count);
  expect((await startRun(emulator).api.receivers()).size).toBe(count);
});

it("refuses a list that is larger than 64 MB", async () => {
  const emulator = await startWith("guide", 2);
  const node = (id: number) => ({
    cursor: String(id),
    node: { id: String(id), name: "x".repeat(1_100_000), subscriptions: [], headers: [] },
  });
  let page = 0;
  const fetch = intercept(async (_sent, _pass) => {
    const first = page * 20;
    page += 1;
    const edges = Array.from({ length: 21 }, (_, at) => node(first + at));
    return Response.json({ data: { webhookReceivers: { edges, pageInfo: { hasNextPage: true } } } });
  });
  const { kind, message } = await failureOf(startRun(emulator, fetch).api.receivers());
  expect(kind).toBe("unexpectedAnswer");
  expect(message).toContain("larger than 64 MB");
  expect(page).toBeLessThan(5);
});
