import { describe, expect, it, vi } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import {
  countOf,
  type Fetch,
  failureOf,
  gate,
  intercept,
  ionOn,
  rewrite,
  type Sent,
  start,
} from "../support/support.ts";

const uri = (number: number) => `https://hooks.example/${number}`;

async function withReceivers(count: number): Promise<Emulator> {
  const emulator = await start();
  for (let number = 1; number <= count; number += 1) {
    emulator.store.createReceiver({ name: `r${number}`, webhookUri: uri(number) });
  }
  return emulator;
}

/** A fetch that holds the answer to one query back until the gate opens; `arrived` tells that ION has answered it. */
function holding(number: number) {
  const arrived = gate();
  const open = gate();
  const fetch = intercept(async (sent, pass) => {
    const answer = await pass();
    if (!sent.mutation && sent.number === number) {
      arrived.resolve();
      await open.promise;
    }
    return answer;
  });
  return { fetch, arrived: arrived.promise, open: open.resolve };
}

describe("a read", () => {
  it("is shared by all who look at once and later", async () => {
    const emulator = await withReceivers(2);
    const ion = ionOn(emulator);
    const [first, second] = await Promise.all([ion.receivers(), ion.receivers()]);
    expect([...first.keys()]).toEqual(["1", "2"]);
    expect(second).toBe(first);
    expect(await ion.receivers()).toBe(first);
    expect(countOf(emulator, "query")).toBe(1);
  });

  it.each([
    [0, 1],
    [100, 1],
    [101, 2],
    [250, 3],
  ])("of %i receivers takes %i queries", async (receivers, queries) => {
    const emulator = await withReceivers(receivers);
    expect((await ionOn(emulator).receivers()).size).toBe(receivers);
    expect(countOf(emulator, "query")).toBe(queries);
  });

  it("begins anew where a receiver is deleted between two pages, which would hide another", async () => {
    const emulator = await withReceivers(150);
    const fetch = intercept((sent, pass) => {
      if (!sent.mutation && sent.number === 2) emulator.store.deleteReceiver("5");
      return pass();
    });
    const receivers = await ionOn(emulator, { fetch }).receivers();
    expect([...receivers.keys()]).toEqual(emulator.store.listReceivers().map(({ id }) => id));
    expect(countOf(emulator, "query")).toBe(4);
  });

  it.each([
    [4, true],
    [5, false],
  ])("that the list changes under %s times is given up after the fifth", async (changes, ends) => {
    const emulator = await withReceivers(150);
    let left = changes;
    const fetch = intercept((sent, pass) => {
      if (sent.variables.after !== undefined && left > 0) {
        left -= 1;
        emulator.store.deleteReceiver(emulator.store.listReceivers()[0]?.id ?? "");
      }
      return pass();
    });
    const read = ionOn(emulator, { fetch }).receivers();
    if (ends) expect((await read).size).toBe(150 - changes);
    else {
      const { kind, message } = await failureOf(read);
      expect([kind, message]).toEqual([
        "unexpectedAnswer",
        "ION's list of webhook receivers changes while it is read: try again later.",
      ]);
    }
    expect(countOf(emulator, "query")).toBe(10);
  });

  it.each<[string, string | undefined]>([
    ["none", undefined],
    ["the one that it had", "same"],
  ])("that is to go on from %s is an error, and no endless loop", async (_what, cursor) => {
    const emulator = await withReceivers(250);
    let second = "";
    const fetch: Fetch = async (input, init) =>
      rewrite(globalThis.fetch(input, init), (text) => {
        if (!text.includes('"edges"')) return text;
        const answer = JSON.parse(text) as { data: { webhookReceivers: { edges: { cursor?: string | undefined }[] } } };
        const { edges } = answer.data.webhookReceivers;
        const before = edges.at(-2);
        if (before) {
          if (cursor === undefined) before.cursor = undefined;
          else if (second === "") second = before.cursor ?? "";
          else before.cursor = second;
        }
        return JSON.stringify(answer);
      });
    const { kind, message } = await failureOf(ionOn(emulator, { fetch }).receivers());
    expect([kind, message]).toEqual([
      "unexpectedAnswer",
      "ION's list of webhook receivers has a next page and no way to it.",
    ]);
    expect(countOf(emulator, "query")).toBe(cursor === undefined ? 1 : 2);
  });

  it("holds all subscriptions and headers of a receiver", async () => {
    const emulator = await withReceivers(1);
    for (const action of ["CREATE", "UPDATE"])
      emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action });
    emulator.store.createHeader({ receiverId: "1", key: "X-Plant", value: "7" });
    expect((await ionOn(emulator).receivers()).get("1")).toMatchObject({
      name: "r1",
      webhookUri: uri(1),
      description: undefined,
      contentType: "application/json",
      expectedResponseCode: 200,
      active: true,
      subscriptions: [
        { id: "1", resource: "PARTS", action: "CREATE" },
        { id: "2", resource: "PARTS", action: "UPDATE" },
      ],
      headers: [{ id: "1", key: "X-Plant", value: "7" }],
    });
  });

  it("is taken again after a minute, and not before", async () => {
    const emulator = await withReceivers(1);
    const clock = { now: 1_000_000 };
    const ion = ionOn(emulator, { now: () => clock.now });
    await ion.receivers();
    emulator.store.deleteReceiver("1");
    clock.now += 59_999;
    expect((await ion.receivers()).size).toBe(1);
    clock.now += 1;
    expect((await ion.receivers()).size).toBe(0);
  });

  it("is taken again after forget", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator);
    await ion.receivers();
    emulator.store.deleteReceiver("1");
    ion.invalidate();
    expect((await ion.receivers()).size).toBe(0);
  });

  it("that was under way at forget is not what the next one gets", async () => {
    const emulator = await withReceivers(1);
    const { fetch, arrived, open } = holding(1);
    const ion = ionOn(emulator, { fetch });
    const before = ion.receivers();
    await arrived;
    emulator.store.deleteReceiver("1");
    ion.invalidate();
    const after = ion.receivers();
    open();
    expect((await before).size).toBe(1);
    expect((await after).size).toBe(0);
    expect((await ion.receivers()).size).toBe(0);
    expect(countOf(emulator, "query")).toBe(2);
  });
});

describe("a read that fails", () => {
  const answer = (status: number, body: unknown) =>
    Response.json(body, { status, headers: { "content-type": "application/json" } });
  const pageInfo = { hasNextPage: true };
  const node = { id: "1", name: "a" };

  it.each<[string, (sent: Sent) => Response, string, RegExp]>([
    [
      "by HTTP 403",
      () => answer(403, {}),
      "permission",
      /^ION did not show its webhook receivers: .* HTTP 403 Forbidden/,
    ],
    [
      "by an error beside data",
      () =>
        answer(200, {
          data: { webhookReceivers: null },
          errors: [{ message: "Not authorized", path: ["webhookReceivers"] }],
        }),
      "permission",
      /^ION did not show its webhook receivers: Not authorized\. Nothing is concluded from that/,
    ],
    [
      "by an error alone",
      () => answer(200, { errors: [{ message: "Not today" }] }),
      "refused",
      /^ION did not show its webhook receivers: Not today\. Nothing is concluded from that\.$/,
    ],
    [
      "by null for the list",
      () => answer(200, { data: { webhookReceivers: null } }),
      "unexpectedAnswer",
      /not as expected\. webhookReceivers: /,
    ],
    [
      "by a receiver without an id",
      () => answer(200, { data: { webhookReceivers: { edges: [{ node: { name: "a" } }], pageInfo } } }),
      "unexpectedAnswer",
      /webhookReceivers\.edges\.0\.node\.id: /,
    ],
    [
      "by a next page that cannot be reached",
      () => answer(200, { data: { webhookReceivers: { edges: [{ node }], pageInfo } } }),
      "unexpectedAnswer",
      /has a next page and no way to it/,
    ],
    [
      "by a next page that is always the same",
      () =>
        answer(200, { data: { webhookReceivers: { edges: [{ node }], pageInfo: { ...pageInfo, endCursor: "x" } } } }),
      "unexpectedAnswer",
      /has a next page and no way to it/,
    ],
  ])("%s is an error, and nothing of it is kept", async (_what, reply, kind, words) => {
    const emulator = await withReceivers(2);
    let broken = true;
    const ion = ionOn(emulator, { fetch: intercept(async (sent, pass) => (broken ? reply(sent) : pass())) });
    const failure = await failureOf(ion.receivers());
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(words);
    broken = false;
    ion.invalidate();
    expect((await ion.receivers()).size).toBe(2);
  });

  it("speaks for all who ask at once or in the next ten seconds, in full to one of them", async () => {
    const emulator = await withReceivers(1);
    let now = 0;
    const asked = vi.fn(intercept(async () => answer(403, {})));
    const ion = ionOn(emulator, { fetch: asked, now: () => now });
    const together = await Promise.all([failureOf(ion.receivers()), failureOf(ion.receivers())]);
    const requests = asked.mock.calls.length;
    now = 9_999;
    const later = await failureOf(ion.receivers());
    const rest = / Nothing is concluded from that\./;
    expect([...together, later].map(({ message }) => rest.test(message))).toEqual([true, false, false]);
    expect(later.message).toMatch(
      /^ION did not show its webhook receivers: 127\.0\.0\.1:\d+ answered with [^.]*\. The error of another resource tells the rest\.$/,
    );
    expect(asked.mock.calls.length).toBe(requests);
    now = 10_000;
    expect((await failureOf(ion.receivers())).message).toMatch(rest);
  });

  it("on its second page keeps nothing of the first", async () => {
    const emulator = await withReceivers(150);
    const ion = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? answer(403, {}) : pass())),
    });
    await failureOf(ion.receivers());
    ion.invalidate();
    expect((await ion.receivers()).size).toBe(150);
  });

  it("for a moment on its second page goes on with that page", async () => {
    const emulator = await withReceivers(150);
    const ion = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? answer(502, {}) : pass())),
    });
    expect((await ion.receivers()).size).toBe(150);
    expect(countOf(emulator, "query")).toBe(2);
  });

  it("by ION's words for a pause is tried again", async () => {
    const emulator = await withReceivers(2);
    const pause = { message: "Rate limit exceeded", path: ["webhookReceivers"] };
    const ion = ionOn(emulator, {
      fetch: intercept(async (sent, pass) =>
        sent.number < 3 ? answer(200, { data: { webhookReceivers: null }, errors: [pause] }) : pass(),
      ),
    });
    expect((await ion.receivers()).size).toBe(2);
  });

  it("leaves what was known before in place for nobody", async () => {
    const emulator = await withReceivers(1);
    const ion = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? answer(403, {}) : pass())),
    });
    await ion.receivers();
    ion.invalidate();
    await failureOf(ion.receivers());
    ion.invalidate();
    emulator.store.deleteReceiver("1");
    expect((await ion.receivers()).size).toBe(0);
  });
});

describe("a write answered during a read", () => {
  it("is not lost where the read was from before it", async () => {
    const emulator = await withReceivers(2);
    const [, second] = emulator.store.listReceivers();
    const { fetch, arrived, open } = holding(1);
    const ion = ionOn(emulator, { fetch });
    const reading = ion.receivers();
    await arrived;
    await ion.createSubscription("1", "PARTS", "CREATE");
    await ion.deleteReceiver({
      ...(second as NonNullable<typeof second>),
      subscriptions: [],
      headers: [],
      description: "",
    });
    open();
    const receivers = await reading;
    expect([...receivers.keys()]).toEqual(["1"]);
    expect(receivers.get("1")?.subscriptions).toHaveLength(1);
    expect(await ion.receivers()).toBe(receivers);
  });

  it("is not in it twice where the read was from after it", async () => {
    const emulator = await withReceivers(1);
    const first = holding(2);
    const written = gate();
    const ion = ionOn(emulator, {
      fetch: async (input, init) => {
        const answer = await first.fetch(input, init);
        if (String(init?.body).includes("mutation ")) await written.promise;
        return answer;
      },
    });
    const receiver = (await ion.receivers()).get("1");
    if (!receiver) throw new Error("It is there.");
    const writing = Promise.all([
      ion.createSubscription("1", "PARTS", "CREATE"),
      ion.createHeader(receiver, "X-Plant", "7"),
    ]);
    await expect.poll(() => emulator.store.listHeaders()).toHaveLength(1);
    ion.invalidate();
    const reading = ion.receivers();
    await first.arrived;
    written.resolve();
    await writing;
    first.open();
    const after = (await reading).get("1");
    expect(after?.subscriptions).toHaveLength(1);
    expect(after?.headers).toHaveLength(1);
  });
});

it("names that ION accepts are read off its live schema, once", async () => {
  const emulator = await start();
  const ion = ionOn(emulator);
  const [names] = await Promise.all([ion.subscriptionNames(), ion.subscriptionNames()]);
  expect(names.action).toEqual(["CREATE", "UPDATE", "DELETE"]);
  expect(names.resource).toEqual(expect.arrayContaining(["PARTS", "USERS"]));
  expect(countOf(emulator, "query")).toBe(1);
});

it("a schema that shows no names is an error", async () => {
  const ion = ionOn(await start(), {
    fetch: intercept((_sent, pass) => rewrite(pass(), (text) => text.replaceAll('"enumValues"', '"hidden"'))),
  });
  const { kind, message } = await failureOf(ion.subscriptionNames());
  expect([kind, message]).toEqual([
    "unexpectedAnswer",
    "ION's schema does not show what a webhook subscription may name.",
  ]);
});
