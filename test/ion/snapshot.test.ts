import { describe, expect, it, vi } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { Change } from "../../provider/src/model/changes.ts";
import {
  countOf,
  type Fetch,
  failureOf,
  gate,
  intercept,
  ionOn,
  mutationsIn,
  rewrite,
  type Sent,
  start,
} from "../support/support.ts";

const uri = (number: number) => `https://hooks.example/${number}`;

async function startWith(count: number): Promise<Emulator> {
  const emulator = await start();
  for (let number = 1; number <= count; number += 1) {
    emulator.store.createReceiver({ name: `r${number}`, webhookUri: uri(number) });
  }
  return emulator;
}

/** A fetch that delays the answer to one query until `release` is called; `answered` resolves when ION has answered it. */
function delaying(number: number) {
  const answered = gate();
  const released = gate();
  const fetch = intercept(async (sent, pass) => {
    const answer = await pass();
    if (!sent.mutation && sent.number === number) {
      answered.resolve();
      await released.promise;
    }
    return answer;
  });
  return { fetch, answered: answered.promise, release: released.resolve };
}

const subscribe: Change = {
  kind: "createSubscription",
  receiverId: "1",
  event: { resource: "PARTS", action: "CREATE" },
};

const reply = (data: unknown, ...errors: object[]) => Response.json({ data, ...(errors.length > 0 && { errors }) });
const NODE = { id: "1", name: "erp", subscriptions: [], headers: [] };

describe("a read", () => {
  it("shares a read among simultaneous and later callers", async () => {
    const emulator = await startWith(2);
    const api = ionOn(emulator);
    const [first, second] = await Promise.all([api.receivers(), api.receivers()]);
    expect([...first.keys()]).toEqual(["1", "2"]);
    expect(second).toBe(first);
    expect(await api.receivers()).toBe(first);
    expect(countOf(emulator, "query")).toBe(1);
  });

  it("reads all subscriptions and headers of a receiver", async () => {
    const emulator = await startWith(1);
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

  it("reads again after a minute, and not before", async () => {
    const emulator = await startWith(1);
    const clock = { now: 1_000_000 };
    const api = ionOn(emulator, { now: () => clock.now });
    await api.receivers();
    emulator.store.deleteReceiver("1");
    clock.now += 59_999;
    expect((await api.receivers()).size).toBe(1);
    clock.now += 1;
    expect((await api.receivers()).size).toBe(0);
  });

  it("reads again after invalidate", async () => {
    const emulator = await startWith(1);
    const api = ionOn(emulator);
    await api.receivers();
    emulator.store.deleteReceiver("1");
    api.invalidate();
    expect((await api.receivers()).size).toBe(0);
  });

  it("does not use a read that was in progress at invalidate", async () => {
    const emulator = await startWith(1);
    const { fetch, answered, release } = delaying(1);
    const api = ionOn(emulator, { fetch });
    const before = api.receivers();
    await answered;
    emulator.store.deleteReceiver("1");
    api.invalidate();
    const after = api.receivers();
    release();
    expect((await before).size).toBe(1);
    expect((await after).size).toBe(0);
    expect((await api.receivers()).size).toBe(0);
    expect(countOf(emulator, "query")).toBe(2);
  });
});

describe("a read of several pages", () => {
  it.each([
    [0, 1],
    [100, 1],
    [101, 2],
    [250, 3],
  ])("reads %i receivers with %i queries", async (receivers, queries) => {
    const emulator = await startWith(receivers);
    expect((await ionOn(emulator).receivers()).size).toBe(receivers);
    expect(countOf(emulator, "query")).toBe(queries);
  });

  it("starts again if a receiver is deleted between two pages, which would hide another one", async () => {
    const emulator = await startWith(150);
    const fetch = intercept((sent, pass) => {
      if (!sent.mutation && sent.number === 2) emulator.store.deleteReceiver("5");
      return pass();
    });
    const receivers = await ionOn(emulator, { fetch }).receivers();
    expect([...receivers.keys()]).toEqual(emulator.store.listReceivers().map(({ id }) => id));
    expect(countOf(emulator, "query")).toBe(4);
  });

  it.each([
    [4, "succeeds"],
    [5, "fails"],
  ])("starts again at most four times: a list that changes %i times %s", async (changes, outcome) => {
    const emulator = await startWith(150);
    let left = changes;
    const fetch = intercept((sent, pass) => {
      if (sent.variables.after !== undefined && left > 0) {
        left -= 1;
        emulator.store.deleteReceiver(emulator.store.listReceivers()[0]?.id ?? "");
      }
      return pass();
    });
    const read = ionOn(emulator, { fetch }).receivers();
    if (outcome === "succeeds") expect((await read).size).toBe(150 - changes);
    else expect((await failureOf(read)).kind).toBe("unexpectedAnswer");
    expect(countOf(emulator, "query")).toBe(10);
  });

  it("says if the list keeps changing", async () => {
    const emulator = await startWith(150);
    const fetch = intercept((sent, pass) => {
      if (sent.variables.after !== undefined)
        emulator.store.deleteReceiver(emulator.store.listReceivers()[0]?.id ?? "");
      return pass();
    });
    const { message } = await failureOf(ionOn(emulator, { fetch }).receivers());
    expect(message).toMatchInlineSnapshot(
      `"ION's list of webhook receivers keeps changing while it is read. Try again later."`,
    );
  });

  it.each<[string, string | undefined]>([
    ["a page without a cursor", undefined],
    ["a page with the cursor of the page before", "same"],
  ])("fails after %s, and does not read in a loop", async (_what, cursor) => {
    const emulator = await startWith(250);
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
    expect((await failureOf(ionOn(emulator, { fetch }).receivers())).kind).toBe("unexpectedAnswer");
    expect(countOf(emulator, "query")).toBe(cursor === undefined ? 1 : 2);
  });

  /** Pages that never end: each starts with the last receiver of the page before, and has the cursor that `cursorOf` says. */
  function endlessPages(cursorOf: (page: number) => string, beforePage: () => Promise<unknown> = async () => {}) {
    let page = 0;
    return intercept(async () => {
      await beforePage();
      page += 1;
      const edges = [page - 1, page].map((id) => ({
        cursor: cursorOf(page),
        node: { ...NODE, id: String(id + 1) },
      }));
      return reply({ webhookReceivers: { edges, pageInfo: { hasNextPage: true } } });
    });
  }

  it.each<[string, (page: number) => string, pages: number]>([
    ["cursors that repeat", (page) => `c${page % 3}`, 4],
    ["more than 1000 pages", (page) => `c${page}`, 1001],
  ])("fails after %s", async (_what, cursorOf, most) => {
    const fetch = vi.fn(endlessPages(cursorOf));
    const { kind, message } = await failureOf(ionOn(await start(), { fetch }).receivers());
    expect(kind).toBe("unexpectedAnswer");
    expect(message).toContain("does not end");
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(most + 1);
  });

  it("fails if all pages together take longer than the deadline", async () => {
    const slowly = () => new Promise((resolve) => setTimeout(resolve, 30));
    const fetch = endlessPages((page) => `c${page}`, slowly);
    const api = ionOn(await start(), { fetch, retry: { deadlineMs: 20, firstWaitMs: 1 } });
    const { kind, message } = await failureOf(api.receivers());
    expect(kind).toBe("unreachable");
    expect(message.replace(/\d+ s/, "1 s")).toMatchInlineSnapshot(
      `"Reading ION's webhook receivers took more than 1 s. Set ion:deadline to allow more time."`,
    );
  });

  it("keeps nothing of the first page if the second page fails", async () => {
    const emulator = await startWith(150);
    const api = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? Response.json({}, { status: 403 }) : pass())),
    });
    await failureOf(api.receivers());
    api.invalidate();
    expect((await api.receivers()).size).toBe(150);
  });

  it("repeats only the page that fails for a moment", async () => {
    const emulator = await startWith(150);
    const api = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? new Response("", { status: 502 }) : pass())),
    });
    expect((await api.receivers()).size).toBe(150);
    expect(countOf(emulator, "query")).toBe(2);
  });
});

const list = (edge: unknown, pageInfo: unknown = { hasNextPage: false }) => ({
  webhookReceivers: { edges: [edge], pageInfo },
});

describe("a read that fails", () => {
  const PATH = { path: ["webhookReceivers"] };

  it.each<[what: string, reply: (sent: Sent) => Response, kind: string]>([
    ["HTTP 403", () => Response.json({}, { status: 403 }), "permission"],
    ["an error of the list", () => reply({ webhookReceivers: null }, { message: "No", ...PATH }), "permission"],
    ["an error of a list that may not be null", () => reply(null, { message: "No", ...PATH }), "permission"],
    [
      "an error of a field in the list",
      () => reply(list({ node: { ...NODE, headers: null } }), { message: "No", path: [...PATH.path, "edges", 0] }),
      "permission",
    ],
    ["an error without data", () => reply(undefined, { message: "Not today" }), "refused"],
    ["a receiver without an id", () => reply(list({ node: { ...NODE, id: undefined } })), "unexpectedAnswer"],
    ["a receiver whose name is null", () => reply(list({ node: { ...NODE, name: null } })), "unexpectedAnswer"],
    ["a text as its subscriptions", () => reply(list({ node: { ...NODE, subscriptions: "x" } })), "unexpectedAnswer"],
    ["no receiver in an edge", () => reply(list({})), "unexpectedAnswer"],
    ["a next page without a cursor", () => reply(list({ node: NODE }, { hasNextPage: true })), "unexpectedAnswer"],
    [
      "a next page that is always the same",
      () => reply(list({ node: NODE }, { hasNextPage: true, endCursor: "x" })),
      "unexpectedAnswer",
    ],
  ])("throws an error of its kind, and keeps nothing: %s", async (_what, answer, kind) => {
    const emulator = await startWith(2);
    let isBroken = true;
    const api = ionOn(emulator, { fetch: intercept(async (sent, pass) => (isBroken ? answer(sent) : pass())) });
    expect((await failureOf(api.receivers())).kind).toBe(kind);
    isBroken = false;
    api.invalidate();
    expect((await api.receivers()).size).toBe(2);
  });

  it("says what ION said and what to do if a read fails", async () => {
    const replies: Record<string, () => Response> = {
      "HTTP 403 without a message": () => Response.json({}, { status: 403 }),
      "a permission error": () =>
        reply({ webhookReceivers: null }, { message: "User does not have permission.", ...PATH }),
      "a permission error about headers": () =>
        reply(list({ node: { ...NODE, headers: null } }), {
          message: "User does not have permission.",
          path: ["webhookReceivers", "edges", 0, "node", "headers"],
        }),
      "an error without data": () => reply(undefined, { message: "Not today" }),
      "a receiver without an id": () => reply(list({ node: { ...NODE, id: undefined } })),
      "a next page without a cursor": () => reply(list({ node: NODE }, { hasNextPage: true })),
    };
    const emulator = await startWith(0);
    const messages = Object.entries(replies).map(async ([what, answer]) => {
      const { message } = await failureOf(ionOn(emulator, { fetch: intercept(async () => answer()) }).receivers());
      return [what, message.replace(/127\.0\.0\.1:\d+/g, "HOST")];
    });
    expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
      {
        "HTTP 403 without a message": "ION did not return its webhook receivers: HOST answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "a next page without a cursor": "ION's list of webhook receivers has a next page but no cursor for it. Contact First Resonance.",
        "a permission error": "ION did not return its webhook receivers: User does not have permission. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "a permission error about headers": "ION did not return its webhook receivers: User does not have permission. That does not mean that none exist. The API key needs permission to read webhook headers.",
        "a receiver without an id": "ION's list of webhook receivers does not have the expected form: webhookReceivers.edges.0.node.id: Invalid input. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs.",
        "an error without data": "ION did not return its webhook receivers: Not today. That does not mean that none exist.",
      }
    `);
  });

  it("caches a failure for ten seconds, and reports it in full only once", async () => {
    const emulator = await startWith(1);
    let now = 0;
    const fetch = vi.fn(intercept(async () => Response.json({}, { status: 403 })));
    const api = ionOn(emulator, { fetch, now: () => now });
    const simultaneous = await Promise.all([failureOf(api.receivers()), failureOf(api.receivers())]);
    const requests = fetch.mock.calls.length;
    now = 9_999;
    const later = await failureOf(api.receivers());
    expect([...simultaneous, later].map(({ detail }) => detail !== undefined)).toEqual([true, false, false]);
    expect(later.message).toBe(`${simultaneous[0].summary} See the first error for details.`);
    expect(fetch.mock.calls.length).toBe(requests);
    now = 10_000;
    expect((await failureOf(api.receivers())).detail).toBeDefined();
  });

  it("does not return an older snapshot after a failure", async () => {
    const emulator = await startWith(1);
    const api = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number === 2 ? Response.json({}, { status: 403 }) : pass())),
    });
    await api.receivers();
    api.invalidate();
    await failureOf(api.receivers());
    api.invalidate();
    emulator.store.deleteReceiver("1");
    expect((await api.receivers()).size).toBe(0);
  });

  it.each<[string, Response]>([
    ["a rate limit of the list", reply({ webhookReceivers: null }, { message: "Rate limit exceeded", ...PATH })],
    ["THROTTLED for the whole document", reply(null, { message: "Wait", extensions: { code: "THROTTLED" } })],
    ["INTERNAL_SERVER_ERROR", reply(null, { message: "No", extensions: { code: "INTERNAL_SERVER_ERROR" } })],
    ["a database fault", reply({ webhookReceivers: null }, { message: "(psycopg2.OperationalError) x", ...PATH })],
    ["a timeout", reply({ webhookReceivers: null }, { message: "The request timed out", ...PATH })],
  ])("reads again after %s, with HTTP 200", async (_what, answer) => {
    const emulator = await startWith(2);
    const api = ionOn(emulator, {
      fetch: intercept(async (sent, pass) => (sent.number < 3 ? answer.clone() : pass())),
    });
    expect((await api.receivers()).size).toBe(2);
    expect(countOf(emulator, "query")).toBe(1);
  });
});

describe("null in place of what a key may not read", () => {
  const answers: Record<string, unknown> = {
    "the list": { webhookReceivers: null },
    "its edges": { webhookReceivers: { edges: null, pageInfo: { hasNextPage: false } } },
    "its page": list({ node: NODE }, null),
    "an edge": list(null),
    "a receiver": list({ node: null }),
    "its subscriptions": list({ node: { ...NODE, subscriptions: null } }),
    "one of its subscriptions": list({ node: { ...NODE, subscriptions: [null] } }),
    "its headers": list({ node: { ...NODE, id: 1, headers: null } }),
    "its headers and its name": list({ node: { ...NODE, name: null, headers: null } }),
  };

  it.each(Object.entries(answers))("fails and creates nothing if ION answers null for %s", async (_what, data) => {
    const emulator = await startWith(1);
    const api = ionOn(emulator, { fetch: intercept(async (sent, pass) => (sent.mutation ? pass() : reply(data))) });
    expect((await failureOf(api.receivers())).kind).toBe("permission");
    const create = api.apply({ kind: "createReceiver", fields: { name: "new", webhookUri: uri(2) } });
    expect((await failureOf(create)).kind).toBe("permission");
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("names the field and the permission if ION answers null", async () => {
    const emulator = await start();
    const messages = Object.entries(answers).map(async ([what, data]) => {
      const api = ionOn(emulator, { fetch: intercept(async () => reply(data)) });
      return [what, (await failureOf(api.receivers())).message];
    });
    expect(Object.fromEntries(await Promise.all(messages))).toMatchInlineSnapshot(`
      {
        "a receiver": "ION answered null for node. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "an edge": "ION answered null for edges. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "its edges": "ION answered null for edges. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "its headers": "ION answered null for headers of receiver "erp" (id 1). That does not mean that none exist. The API key needs permission to read webhook headers.",
        "its headers and its name": "ION answered null for headers. That does not mean that none exist. The API key needs permission to read webhook headers.",
        "its page": "ION answered null for pageInfo. That does not mean that none exist. The API key needs permission to read webhook receivers.",
        "its subscriptions": "ION answered null for subscriptions of receiver "erp" (id 1). That does not mean that none exist. The API key needs permission to read webhook subscriptions.",
        "one of its subscriptions": "ION answered null for subscriptions of receiver "erp" (id 1). That does not mean that none exist. The API key needs permission to read webhook subscriptions.",
        "the list": "ION answered null for webhookReceivers. That does not mean that none exist. The API key needs permission to read webhook receivers.",
      }
    `);
  });

  it("accepts an empty list", async () => {
    const api = ionOn(await start(), { fetch: intercept(async () => reply(list({ node: NODE }))) });
    expect((await api.receivers()).get("1")).toMatchObject({ subscriptions: [], headers: [] });
  });
});

describe("a change", () => {
  it("adds a change to the snapshot, and leaves maps that were returned before as they were", async () => {
    const emulator = await startWith(2);
    const api = ionOn(emulator);
    const before = await api.receivers();
    const receiver = before.get("1");
    await api.apply(subscribe);
    await api.apply({ kind: "createReceiver", fields: { name: "new", webhookUri: uri(3) } });
    const after = await api.receivers();
    expect(after.size).toBe(3);
    expect(after.get("1")?.subscriptions).toHaveLength(1);
    expect([...before.keys()]).toEqual(["1", "2"]);
    expect(before.get("1")).toBe(receiver);
    expect(receiver?.subscriptions).toEqual([]);
    expect(countOf(emulator, "query")).toBe(1);
  });

  it("adds a change to a read in progress that ION answered before it", async () => {
    const emulator = await startWith(2);
    const [, second] = emulator.store.listReceivers();
    const { fetch, answered, release } = delaying(1);
    const api = ionOn(emulator, { fetch });
    const read = api.receivers();
    await answered;
    await api.apply(subscribe);
    const { id = "", name = "", _etag } = second ?? {};
    await api.apply({ kind: "deleteReceiver", receiver: { id, name, _etag, subscriptions: [], headers: [] } });
    release();
    const receivers = await read;
    expect([...receivers.keys()]).toEqual(["1"]);
    expect(receivers.get("1")?.subscriptions).toHaveLength(1);
    expect(await api.receivers()).toBe(receivers);
  });

  it("does not add a change twice to a read in progress that ION answered after it", async () => {
    const emulator = await startWith(1);
    const { fetch, answered, release } = delaying(2);
    const written = gate();
    const api = ionOn(emulator, {
      fetch: async (input, init) => {
        const answer = await fetch(input, init);
        if (String(init?.body).includes("mutation ")) await written.promise;
        return answer;
      },
    });
    const receiver = (await api.receivers()).get("1");
    if (!receiver) throw new Error("There is no receiver 1.");
    const writes = Promise.all([
      api.apply(subscribe),
      api.apply({ kind: "createHeader", receiver, key: "X-Plant", value: "7" }),
    ]);
    await expect.poll(() => emulator.store.listHeaders()).toHaveLength(1);
    api.invalidate();
    const read = api.receivers();
    await answered;
    written.resolve();
    await writes;
    release();
    const after = (await read).get("1");
    expect(after?.subscriptions).toHaveLength(1);
    expect(after?.headers).toHaveLength(1);
  });

  it("keeps the known subscriptions and headers of a receiver if ION's answer has null in their place", async () => {
    const emulator = await startWith(1);
    emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action: "CREATE" });
    emulator.store.createHeader({ receiverId: "1", key: "X-Plant", value: "7" });
    const fetch = intercept((sent, pass) =>
      sent.mutation
        ? rewrite(pass(), (text) => text.replace(/"(subscriptions|headers)":\[[^\]]*\]/g, '"$1":null'))
        : pass(),
    );
    const api = ionOn(emulator, { fetch });
    const receiver = (await api.receivers()).get("1");
    if (!receiver) throw new Error("There is no receiver 1.");
    await api.apply({ kind: "updateReceiver", receiver, fields: { description: "new" } });
    const { subscriptions, headers } = receiver;
    expect((await api.receivers()).get("1")).toMatchObject({ description: "new", subscriptions, headers });
    expect([subscriptions.length, headers.length]).toEqual([1, 1]);
    expect(countOf(emulator, "query")).toBe(1);
  });
});
