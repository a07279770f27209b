import { describe, expect, it } from "vitest";
import type { Emulator, Receiver } from "../../emulator/index.ts";
import type { WebhookApi } from "../../provider/ion/webhookApi.ts";
import { PartialStateError, UNKNOWN, type UncheckedInputs } from "../../provider/lifecycle/resourceHandler.ts";
import { webhookReceiver } from "../../provider/lifecycle/webhookReceiver.ts";
import {
  CANARY,
  connectionReset,
  type Fetch,
  failureOf,
  intercept,
  ionOn,
  mask,
  masking,
  mutationsIn,
  type Sent,
  start,
} from "../support/support.ts";

const { check, create, delete: remove, diff, read, update } = webhookReceiver;
type Inputs = Parameters<typeof create>[1];
type State = Parameters<typeof read>[2];

const URI = `https://hooks.example/${CANARY}`;
const PLAIN = { name: "erp", webhookUri: URI } satisfies Inputs;
const FULL = {
  ...PLAIN,
  description: "for people",
  contentType: "application/json; charset=utf-8",
  expectedResponseCode: 204,
  active: false,
  sharedSecret: `${CANARY}-secret`,
  headers: { "X-Plant": `${CANARY}-7`, "X-Line": "3" },
} satisfies Inputs;
/** What the emulator chooses for what is left out. */
const CHOSEN = { contentType: "application/json", expectedResponseCode: 200, active: true };

/** A receiver made by the provider, on an ION that remembers nothing of it. */
async function made(inputs: Inputs) {
  const emulator = await start();
  const { id, state } = await create(ionOn(emulator), inputs);
  emulator.requests.length = 0;
  return { emulator, id, state };
}

/** The receiver as the store has it. */
const shown = ({ store }: Emulator, id = "1") => ({
  ...store.findReceiver(id),
  headers: Object.fromEntries(store.listHeaders(id).map(({ key, value }) => [key, value])),
});

/** What a run of the engine would do next: refresh, then check and diff, and the inputs to update with. */
async function preview(ion: WebhookApi, id: string, state: State, program: Inputs) {
  const found = await read(ion, id, state);
  if (!found) throw new Error("It is gone.");
  const { inputs, failures } = await check(ion, { ...program }, found.inputs);
  expect(failures).toEqual([]);
  return { ...found, next: inputs as unknown as Inputs, ...diff(id, found.state, inputs as unknown as Inputs) };
}

/** A fetch that does something just before the mutation of a number, and tells what all mutations carried. */
function beforeMutation(change: (number: number) => void) {
  const sent: Sent["variables"][] = [];
  const fetch: Fetch = intercept((request, pass) => {
    if (request.mutation) {
      sent.push(request.variables);
      change(request.number);
    }
    return pass();
  });
  return { fetch, sent };
}

describe("check", () => {
  const failuresOf = async (news: UncheckedInputs, olds: UncheckedInputs = {}) => {
    const emulator = await start();
    const { failures } = await check(ionOn(emulator), news, olds);
    expect(emulator.requests).toEqual([]);
    return failures.map(({ property, reason }) => `${property}: ${reason}`);
  };
  const header = (key: string, value: unknown) => ({ ...PLAIN, headers: { [key]: value } });

  it.each<[string, UncheckedInputs]>([
    ["the least", PLAIN],
    ["everything", FULL],
    ["importId instead of a URL", { name: "erp", importId: "7" }],
    ["plain HTTP on this machine", { ...PLAIN, webhookUri: "http://localhost:8080/x" }],
    ["an empty description", { ...PLAIN, description: "" }],
    ["no headers", { ...PLAIN, headers: {} }],
    ["an empty header", header("X-A", "")],
    ["a tab in a header", header("X-A", "a\tb")],
    ["a header with other letters", header("X-A", "é 🙂")],
    ["a status at the edge", { ...PLAIN, expectedResponseCode: 599 }],
    ["everything unknown", Object.fromEntries(Object.keys(FULL).map((field) => [field, UNKNOWN]))],
    ["an unknown importId", { name: "erp", importId: UNKNOWN }],
    ["an unknown header value", header("X-A", UNKNOWN)],
  ])("lets %s through", async (_what, news) => {
    expect(await failuresOf(news)).toEqual([]);
  });

  const https = "webhookUri: has to be an https:// URL: ION sends events to no other";
  const noUrl = "webhookUri: is not a URL; it has to look like https://example.com/path";
  const media = "contentType: has to be a media type such as application/json";
  const status = "expectedResponseCode: has to be an HTTP status from 100 to 599";
  const lines = "headers.X-A: cannot hold line breaks or control characters";
  it.each<[string, UncheckedInputs, string | RegExp]>([
    [
      "no URL and no importId",
      { name: "erp" },
      "webhookUri: is missing; give the https:// URL that ION is to send events to",
    ],
    ["what is no URL", { ...PLAIN, webhookUri: CANARY }, noUrl],
    ["an empty URL", { ...PLAIN, webhookUri: "" }, noUrl],
    ["plain HTTP", { ...PLAIN, webhookUri: `http://hooks.example/${CANARY}` }, https],
    ["plain HTTP to what only looks like this machine", { ...PLAIN, webhookUri: "http://127.0.0.1.example" }, https],
    ["another protocol to this machine", { ...PLAIN, webhookUri: `ftp://127.0.0.1/${CANARY}` }, https],
    ["another protocol", { ...PLAIN, webhookUri: `javascript:${CANARY}` }, https],
    [
      "a URL with a line break after it",
      { ...PLAIN, webhookUri: `${URI}\n` },
      "webhookUri: cannot hold spaces, line breaks or control characters",
    ],
    [
      "a URL with a space before it",
      { ...PLAIN, webhookUri: ` ${URI}` },
      "webhookUri: cannot hold spaces, line breaks or control characters",
    ],
    ["a number for a URL", { ...PLAIN, webhookUri: 7 }, "webhookUri: has to be a text"],
    ["no name", { webhookUri: URI }, "name: has to be a text"],
    ["an empty name", { ...PLAIN, name: " \n" }, "name: cannot be empty"],
    ["a number for a description", { ...PLAIN, description: 7 }, "description: has to be a text"],
    ["a content type that is none", { ...PLAIN, contentType: "json" }, media],
    ["a content type with a line break", { ...PLAIN, contentType: "text/plain; a\r\nX-B: c" }, media],
    ["status 99", { ...PLAIN, expectedResponseCode: 99 }, status],
    ["status 600", { ...PLAIN, expectedResponseCode: 600 }, status],
    ["half a status", { ...PLAIN, expectedResponseCode: 200.5 }, status],
    ["a status as text", { ...PLAIN, expectedResponseCode: "200" }, status],
    ["a text for active", { ...PLAIN, active: "yes" }, "active: has to be true or false"],
    ["an empty sharedSecret", { ...PLAIN, sharedSecret: "" }, /^sharedSecret: cannot be empty; leave it out/],
    ["an empty importId", { ...PLAIN, importId: "" }, "importId: cannot be empty"],
    ["a number for importId", { ...PLAIN, importId: 7 }, "importId: has to be the id of a receiver, as a text"],
    ["a header name with a space", header("X A", CANARY), "headers.X A: is not a name that an HTTP header can have"],
    ["an empty header name", header("", CANARY), /^headers\.?: is not a name that an HTTP header can have$/],
    ["a header name with a colon", header("X:A", CANARY), "headers.X:A: is not a name that an HTTP header can have"],
    ["a header with CR and LF", header("X-A", `${CANARY}\r\nX-B: 1`), lines],
    ["a header with a null character", header("X-A", `${CANARY}\0`), lines],
    ["a header with a delete character", header("X-A", `${CANARY}\u007f`), lines],
    ["a header that ends in a space", header("X-A", `${CANARY} `), "headers.X-A: cannot begin or end with a space"],
    ["a number for a header", header("X-A", 7), "headers.X-A: has to be a text"],
    [
      "one header in two cases",
      { ...PLAIN, headers: { "X-A": CANARY, "x-a": CANARY } },
      "headers: name x-a twice: HTTP does not tell upper from lower case",
    ],
    ["a property that is not there", { ...PLAIN, webHookUri: CANARY }, /^inputs: .*"webHookUri"/],
  ])("refuses %s, without its value", async (_what, news, expected) => {
    const failures = await failuresOf(news);
    expect(failures).toEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
    expect(failures.join()).not.toContain(CANARY);
  });

  it("names everything that is wrong at once", async () => {
    const failures = await failuresOf({ name: "", webhookUri: "x", active: 1, headers: { "X-A": "a\nb", "X B": "" } });
    const properties = failures.map((line) => line.split(":")[0]);
    expect(properties.sort()).toEqual(["active", "headers.X B", "headers.X-A", "name", "webhookUri"]);
  });
});

describe("a receiver is the same by", () => {
  it.each<[string, Inputs, string | undefined, string[]]>([
    ["its URL", { ...FULL, name: "other" }, undefined, [`url ${URI}`]],
    [
      "its URL, however it is written",
      { ...PLAIN, webhookUri: "https://A.example:443" },
      undefined,
      ["url https://a.example/"],
    ],
    ["its id, where there is one", PLAIN, "7", [`url ${URI}`, "id 7"]],
    ["importId alone", { name: "erp", importId: "7" }, undefined, ["id 7"]],
    ["importId or its URL", { ...PLAIN, importId: "7" }, undefined, [`url ${URI}`, "id 7"]],
    ["nothing that is not known", { ...PLAIN, webhookUri: UNKNOWN, importId: UNKNOWN }, undefined, []],
  ])("%s", (_what, inputs, id, expected) => {
    expect(webhookReceiver.identities(inputs, id)).toEqual(expected);
  });
});

describe("diff", () => {
  it.each<[string, Inputs, Inputs, boolean]>([
    ["nothing changed", PLAIN, PLAIN, false],
    ["nothing changed in everything", FULL, FULL, false],
    ["the headers' order", FULL, { ...FULL, headers: { "X-Line": "3", "X-Plant": `${CANARY}-7` } }, false],
    ["the case of a header's name", FULL, { ...FULL, headers: { "x-plant": `${CANARY}-7`, "X-Line": "3" } }, false],
    [
      "the same URL, written in another way",
      PLAIN,
      { ...PLAIN, webhookUri: URI.replace("hooks.example", "HOOKS.example:443") },
      false,
    ],
    ["an empty description where there was none", PLAIN, { ...PLAIN, description: "" }, false],
    ["what ION chose, now said", PLAIN, { ...PLAIN, ...CHOSEN }, false],
    ["fields that are left out from now on", FULL, PLAIN, false],
    ["a name", PLAIN, { ...PLAIN, name: "new" }, true],
    ["a URL", PLAIN, { ...PLAIN, webhookUri: `${URI}x` }, true],
    ["a description", PLAIN, { ...PLAIN, description: "new" }, true],
    ["a description that was emptied", FULL, { ...FULL, description: "" }, true],
    ["a content type", PLAIN, { ...PLAIN, contentType: "text/plain" }, true],
    ["a status", PLAIN, { ...PLAIN, expectedResponseCode: 201 }, true],
    ["active", PLAIN, { ...PLAIN, active: false }, true],
    ["a shared secret", FULL, { ...FULL, sharedSecret: "new" }, true],
    ["a first header", PLAIN, { ...PLAIN, headers: { "X-A": "1" } }, true],
    ["one more header", FULL, { ...FULL, headers: { ...FULL.headers, "X-A": "1" } }, true],
    ["a header's value", FULL, { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } }, true],
    ["no headers any more", FULL, { ...FULL, headers: {} }, true],
    ["something unknown", FULL, { ...FULL, sharedSecret: UNKNOWN }, true],
  ])("of %s", async (_what, before, now, changes) => {
    const { id, state } = await made(before);
    expect(diff(id, state, now)).toEqual({ changes, replaces: [] });
  });

  it("of importId asks for nothing where it is this receiver, or not known yet", async () => {
    const { id, state } = await made(PLAIN);
    expect(diff(id, state, { ...PLAIN, importId: id })).toEqual({ changes: false, replaces: [] });
    expect(diff(id, state, { ...PLAIN, importId: UNKNOWN })).toEqual({ changes: false, replaces: [] });
  });

  it("refuses an importId that is another receiver", async () => {
    const { id, state } = await made(PLAIN);
    expect(() => diff(id, state, { ...PLAIN, importId: "7" })).toThrow(
      expect.objectContaining({
        kind: "ambiguous",
        message:
          "importId is 7, and this resource is the webhook receiver with id 1. importId is looked at only when a resource is " +
          "created: give the other receiver a resource of its own.",
      }),
    );
  });
});

describe("create", () => {
  it("sends only what is given, and records and holds what ION chose", async () => {
    const emulator = await start();
    const { fetch, sent } = beforeMutation(() => {});
    const { id, state } = await create(ionOn(emulator, { fetch }), PLAIN);
    expect(sent).toEqual([{ input0: PLAIN }]);
    const { sharedSecret } = emulator.store.findReceiver("1") as Receiver;
    expect(id).toBe("1");
    expect(state).toEqual({
      ...PLAIN,
      ...CHOSEN,
      sharedSecret,
      headers: {},
      ionEndpoint: "loopback",
      declaredFields: ["name", "webhookUri"],
      pinned: { ...PLAIN, ...CHOSEN, sharedSecret, headers: {}, description: "" },
      reverted: [],
    });
  });

  it("sets every field and every header", async () => {
    const { emulator, state } = await made(FULL);
    expect(shown(emulator)).toMatchObject(FULL);
    expect(state).toMatchObject(FULL);
    expect(state.pinned).toEqual(FULL);
  });

  it("takes over what is exactly that, and changes nothing by it", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, description: "by hand", active: false });
    emulator.store.createHeader({ receiverId: "1", key: "X-Old", value: "1" });
    const ion = ionOn(emulator);
    const { id, state } = await create(ion, { ...PLAIN, contentType: "text/plain", headers: { "X-New": "2" } });
    expect(id).toBe("1");
    expect(mutationsIn(emulator)).toEqual([]);
    expect(state).toMatchObject({ contentType: "application/json", active: false, headers: { "X-Old": "1" } });
    expect(state.pinned).toMatchObject({
      description: "by hand",
      active: false,
      contentType: "text/plain",
      headers: { "X-New": "2" },
    });
    expect(diff(id, state, { ...PLAIN, contentType: "text/plain", headers: { "X-New": "2" } }).changes).toBe(true);
    expect((await preview(ion, id, state, PLAIN)).changes).toBe(true);
  });

  it("that took over is clean where nothing else was declared", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, description: "by hand", active: false });
    const { id, state } = await create(ionOn(emulator), PLAIN);
    expect(await preview(ionOn(emulator), id, state, PLAIN)).toMatchObject({ changes: false, inputs: PLAIN, state });
  });

  it("takes over a receiver whose URL is written in another way", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "erp", webhookUri: "https://Hooks.example" });
    const { id } = await create(ionOn(emulator), { name: "erp", webhookUri: "https://hooks.example/" });
    expect([id, mutationsIn(emulator)]).toEqual(["1", []]);
  });

  it("names a receiver with that URL and another name, and how to take it over", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, name: "by hand" });
    const { kind, message } = await failureOf(create(ionOn(emulator), PLAIN));
    expect(kind).toBe("ambiguous");
    expect(message).toMatch(/"erp" already, named "by hand" \(id 1\)\. .* add importId: "1"\.$/);
    expect(message).not.toContain(CANARY);
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("never guesses between two", async () => {
    const emulator = await start();
    emulator.store.createReceiver(PLAIN);
    emulator.store.createReceiver({ ...PLAIN, name: "other" });
    const { kind, message } = await failureOf(create(ionOn(emulator), PLAIN));
    expect(kind).toBe("ambiguous");
    expect(message).toMatch(
      /^ION has 2 webhook receivers with the webhookUri of "erp": "erp" \(id 1\), "other" \(id 2\)\. .* Delete all but one in ION/,
    );
    expect(message).not.toContain(CANARY);
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("of the same name with another URL makes a second one", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, webhookUri: `${URI}/other` });
    expect((await create(ionOn(emulator), PLAIN)).id).toBe("2");
  });

  it.each([
    ["a receiver of another name", { name: "erp", webhookUri: URI, importId: "2" }],
    ["a receiver, and leaves its URL as it is", { name: "erp", importId: "2" }],
  ])("with importId takes over %s", async (_what, inputs: Inputs) => {
    const emulator = await start();
    emulator.store.createReceiver({ ...PLAIN, name: "first" });
    emulator.store.createReceiver({ ...PLAIN, name: "second" });
    const { id, state } = await create(ionOn(emulator), inputs);
    expect([id, mutationsIn(emulator)]).toEqual(["2", []]);
    expect(state).toMatchObject({ name: "second", webhookUri: URI });
    const { next, changes } = await preview(ionOn(emulator), id, state, inputs);
    expect(changes).toBe(true);
    await update(ionOn(emulator), id, state, next);
    expect(shown(emulator, "2")).toMatchObject({ name: "erp", webhookUri: URI });
  });

  it("with an importId that is not there says so and makes nothing", async () => {
    const emulator = await start();
    const { kind, message } = await failureOf(create(ionOn(emulator), { ...PLAIN, importId: "7" }));
    expect([kind, mutationsIn(emulator)]).toEqual(["gone", []]);
    expect(message).toMatch(/^There is no webhook receiver with id 7 \("erp"\) in the ION at loopback\./);
  });

  it("that ION refuses names the receiver and nothing secret, and leaves nothing", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
    const { kind, message } = await failureOf(create(ionOn(emulator), FULL));
    expect([kind, emulator.store.listReceivers()]).toEqual(["permission", []]);
    expect(message).toContain('create the webhook receiver "erp"');
    expect(message).not.toContain(CANARY);
  });
});

describe("read", () => {
  it("of what nobody touched gives back inputs and state as they were", async () => {
    for (const inputs of [PLAIN, FULL]) {
      const { emulator, id, state } = await made(inputs);
      expect(await read(ionOn(emulator), id, state)).toEqual({ inputs, state });
    }
  });

  it("says in words that another receiver has the same URL, however it is written, and not the URL", async () => {
    const { emulator, id, state } = await made(PLAIN);
    const told: string[] = [];
    const warn = (words: string) => told.push(words);
    emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
    await read(ionOn(emulator, { warn }), id, state);
    expect(told).toEqual([]);
    emulator.store.createReceiver({ name: "by hand", webhookUri: URI.replace("hooks.example", "HOOKS.example:443") });
    await read(ionOn(emulator, { warn }), id, state);
    expect(told).toEqual([
      'ION has another webhook receiver with the webhookUri of "erp" (id 1): "by hand" (id 3). What both are subscribed to arrives twice.',
    ]);
  });

  it.each([
    ["the last one says that the key may not see it", false],
    ["one of several says nothing", true],
  ])("of what is gone gives nothing, and of %s", async (_what, another) => {
    const { emulator, id, state } = await made(PLAIN);
    if (another) emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
    emulator.store.deleteReceiver(id);
    const told: string[] = [];
    expect(await read(ionOn(emulator, { warn: (words) => told.push(words) }), id, state)).toBeUndefined();
    const words =
      "ION shows this API key no webhook receiver at all. Either all were deleted, or the key may not see them: then do not run " +
      "`pulumi up`, which would make them a second time.";
    expect(told).toEqual(another ? [] : [words]);
  });

  it("that fails proves nothing", async () => {
    const { emulator, id, state } = await made(PLAIN);
    const ion = ionOn(emulator, { fetch: intercept(async () => new Response("", { status: 403 })) });
    expect((await failureOf(read(ion, id, state))).kind).toBe("permission");
  });

  type Edit = Parameters<Emulator["store"]["updateReceiver"]>[1];
  it.each<[string, Edit, string[]]>([
    ["name", { name: "by hand" }, []],
    ["webhookUri", { webhookUri: `${URI}/by-hand` }, ["webhookUri"]],
    ["description", { description: "by hand" }, []],
    ["description, emptied", { description: null }, []],
    ["contentType", { contentType: "text/plain" }, []],
    ["expectedResponseCode", { expectedResponseCode: 418 }, []],
    ["active", { active: true }, []],
    ["sharedSecret", { sharedSecret: "by hand" }, ["sharedSecret"]],
  ])("shows a declared %s that was changed by hand, and update puts only that back", async (field, edit, words) => {
    const { emulator, id, state } = await made(FULL);
    emulator.store.updateReceiver(id, edit);
    const { fetch, sent } = beforeMutation(() => {});
    const ion = ionOn(emulator, { fetch });
    const seen = await preview(ion, id, state, FULL);
    const [name] = field.split(",") as [keyof Edit & keyof Inputs];
    expect(seen.inputs[name]).toBe(edit[name] ?? undefined);
    expect(seen.state.pinned).toEqual(FULL);
    expect(seen.state.driftedSecrets).toEqual(words.length > 0 ? words : undefined);
    expect(seen.inputs.pinned).toBeUndefined();
    expect(seen.changes).toBe(true);
    const after = await update(ion, id, seen.state, seen.next);
    expect(sent).toEqual([{ input0: { id, etag: expect.any(String), [name]: FULL[name] } }]);
    expect(shown(emulator)).toMatchObject(FULL);
    expect(after).toEqual(state);
  });

  it.each<[string, Edit, UncheckedInputs]>([
    ["description", { description: "by hand" }, { description: "" }],
    ["contentType", { contentType: "text/plain" }, { contentType: "application/json" }],
    ["expectedResponseCode", { expectedResponseCode: 418 }, { expectedResponseCode: 200 }],
    ["active", { active: false }, { active: true }],
  ])(
    "shows a %s that the program leaves out and somebody changed, going back to what ION chose",
    async (name, edit, pinned) => {
      const { emulator, id, state } = await made(PLAIN);
      emulator.store.updateReceiver(id, edit);
      const { fetch, sent } = beforeMutation(() => {});
      const ion = ionOn(emulator, { fetch });
      const seen = await preview(ion, id, state, PLAIN);
      expect(seen.inputs).toEqual({ ...PLAIN, ...edit, pinned });
      expect(seen.next).toEqual({ ...PLAIN, ...pinned, pinned });
      expect(seen.changes).toBe(true);
      const after = await update(ion, id, seen.state, seen.next);
      expect(sent).toEqual([{ input0: { id, etag: expect.any(String), ...pinned } }]);
      expect(after.declaredFields).toEqual(["name", "webhookUri"]);
      expect(after.pinned).toEqual(state.pinned);
      expect(await preview(ionOn(emulator), id, after, PLAIN)).toMatchObject({ changes: false, inputs: PLAIN });
      expect(shown(emulator)).toMatchObject({
        ...PLAIN,
        ...CHOSEN,
        [name]: name === "description" ? "" : expect.anything(),
      });
    },
  );

  it("holds a field that the program sets itself to the program, and not to what it was", async () => {
    const { emulator, id, state } = await made(PLAIN);
    emulator.store.updateReceiver(id, { active: false });
    const program = { ...PLAIN, active: false };
    expect(await preview(ionOn(emulator), id, state, program)).toMatchObject({ changes: false, next: program });
  });

  it("holds a field that the program no longer gives to what it was set to", async () => {
    const { emulator, id, state } = await made(FULL);
    const kept = await update(ionOn(emulator), id, state, PLAIN);
    expect(mutationsIn(emulator)).toEqual([]);
    emulator.store.updateReceiver(id, { description: "by hand" });
    const { next, changes, state: seen } = await preview(ionOn(emulator), id, kept, PLAIN);
    expect([changes, next.description]).toEqual([true, "for people"]);
    await update(ionOn(emulator), id, seen, next);
    expect(shown(emulator)).toMatchObject(FULL);
  });

  it("takes over a new shared secret where ION had made the old one", async () => {
    const { emulator, id, state } = await made(PLAIN);
    emulator.store.updateReceiver(id, { sharedSecret: "rotated" });
    const seen = await preview(ionOn(emulator), id, state, PLAIN);
    expect(seen).toMatchObject({
      changes: false,
      state: { sharedSecret: "rotated", driftedSecrets: ["sharedSecret"] },
    });
    expect(seen.state.pinned.sharedSecret).toBe("rotated");
    expect(seen.inputs).toEqual({ ...PLAIN, driftedSecrets: ["sharedSecret"] });
    expect(await read(ionOn(emulator), id, seen.state)).toMatchObject({
      inputs: PLAIN,
      state: { sharedSecret: "rotated" },
    });
    await update(ionOn(emulator), id, seen.state, { ...PLAIN, description: "new" });
    expect(shown(emulator).sharedSecret).toBe("rotated");
  });

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
    ["removed", (store) => store.deleteHeader("1"), ["header X-Plant was removed"], ["createWebhookHeader"]],
    ["taken off", (store) => store.removeHeader("1", "1"), ["header X-Plant was removed"], ["createWebhookHeader"]],
    [
      "renamed",
      (store) => store.updateHeader("1", { key: "X-New" }),
      ["header X-Plant was removed", "header X-New was added"],
      ["createWebhookHeader", "deleteWebhookHeader"],
    ],
    [
      "made twice",
      (store) => store.createHeader({ receiverId: "1", key: "X-Plant", value: "8" }),
      ["header X-Plant (twice, id 3) was added"],
      ["deleteWebhookHeader"],
    ],
    [
      "made twice in another case",
      (store) => store.createHeader({ receiverId: "1", key: "x-plant", value: "8" }),
      ["header x-plant (twice, id 3) was added"],
      ["deleteWebhookHeader"],
    ],
  ])("shows a header that was %s, in words, and update mends just that", async (_what, edit, words, mutations) => {
    const { emulator, id, state } = await made(FULL);
    edit(emulator.store);
    const ion = ionOn(emulator);
    const seen = await preview(ion, id, state, FULL);
    expect(seen.state.driftedSecrets).toEqual(words);
    expect(seen.changes).toBe(true);
    const after = await update(ion, id, seen.state, seen.next);
    expect(mutationsIn(emulator).flat().sort()).toEqual(mutations);
    expect(shown(emulator).headers).toEqual(FULL.headers);
    expect(after.headers).toEqual(FULL.headers);
    expect(after.driftedSecrets).toBeUndefined();
    expect(await preview(ionOn(emulator), id, after, FULL)).toMatchObject({ changes: false, inputs: FULL });
  });

  it("shows a header that was added where the program gives none", async () => {
    const { emulator, id, state } = await made(PLAIN);
    emulator.store.createHeader({ receiverId: "1", key: "X-New", value: CANARY });
    const seen = await preview(ionOn(emulator), id, state, PLAIN);
    expect(seen).toMatchObject({ changes: true, next: { headers: {}, pinned: { headers: {} } } });
    await update(ionOn(emulator), id, seen.state, seen.next);
    expect(shown(emulator).headers).toEqual({});
  });
});

describe("update", () => {
  it("sends only the fields that changed", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch, sent } = beforeMutation(() => {});
    const now = { ...FULL, name: "new", active: true };
    const after = await update(ionOn(emulator, { fetch }), id, state, now);
    expect(sent).toEqual([{ input0: { id, etag: expect.any(String), name: "new", active: true } }]);
    expect(after).toEqual({ ...state, name: "new", active: true, pinned: now });
  });

  it("changes single headers and nothing else", async () => {
    const { emulator, id, state } = await made({ ...FULL, headers: { A: "1", B: "2", C: "3" } });
    const before = emulator.store.listHeaders(id);
    await update(ionOn(emulator), id, state, { ...FULL, headers: { a: "1", C: "4", D: "5" } });
    expect(mutationsIn(emulator).flat().sort()).toEqual([
      "createWebhookHeader",
      "deleteWebhookHeader",
      "updateWebhookHeader",
    ]);
    expect(shown(emulator).headers).toEqual({ A: "1", C: "4", D: "5" });
    expect(emulator.store.listHeaders(id)[0]).toEqual(before[0]);
  });

  it("to a URL that another receiver has is refused, however it is written, and changes nothing", async () => {
    const { emulator, id, state } = await made(PLAIN);
    const url = `${URI}/new`;
    emulator.store.createReceiver({ name: "by hand", webhookUri: url.replace("hooks.example", "HOOKS.example:443") });
    const before = emulator.store.state();
    const now = { ...PLAIN, webhookUri: url, description: "new" };
    const { kind, message } = await failureOf(update(ionOn(emulator), id, state, now));
    expect([kind, emulator.store.state()]).toEqual(["ambiguous", before]);
    expect(message).toMatch(
      /another webhook receiver .* "erp" \(id 1\) is to have: "by hand" \(id 2\)\. With both, .* first\.$/,
    );
    expect(message).not.toContain(CANARY);
    emulator.store.updateReceiver("2", { webhookUri: `${URI}/elsewhere` });
    await update(ionOn(emulator), id, state, now);
    expect(shown(emulator)).toMatchObject(now);
  });

  it("with nothing to do sends nothing", async () => {
    const { emulator, id, state } = await made(FULL);
    expect(await update(ionOn(emulator), id, state, FULL)).toEqual(state);
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("of what is gone says what to do", async () => {
    const { emulator, id, state } = await made(PLAIN);
    emulator.store.deleteReceiver(id);
    const { kind, message } = await failureOf(update(ionOn(emulator), id, state, { ...PLAIN, name: "new" }));
    expect(kind).toBe("gone");
    expect(message).toMatch(/no webhook receiver with id 1 \("new"\).*`pulumi refresh` and then `pulumi up`/);
  });

  it("of what went while it was looked at says the same", async () => {
    const { emulator, id, state } = await made(PLAIN);
    const { fetch } = beforeMutation((number) => number === 1 && emulator.store.deleteReceiver(id));
    const { kind, message } = await failureOf(update(ionOn(emulator, { fetch }), id, state, { ...PLAIN, name: "new" }));
    expect(kind).toBe("gone");
    expect(message).toMatch(/`pulumi refresh` and then `pulumi up`/);
  });

  it("settles a lost race once, with a fresh look", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch, sent } = beforeMutation((number) => {
      if (number === 1) emulator.store.updateReceiver(id, { description: "by hand", active: true });
    });
    await update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" });
    expect(sent.map(({ input0 }) => Object.keys(input0 as object).slice(2))).toEqual([
      ["name"],
      ["name", "description", "active"],
    ]);
    expect(shown(emulator)).toMatchObject({ ...FULL, name: "new" });
  });

  it("settles a race that only touched what it does not want", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch, sent } = beforeMutation((number) => {
      if (number === 1) emulator.store.updateReceiver(id, { name: "new" });
    });
    await update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" });
    expect(sent).toHaveLength(1);
  });

  it("that loses the race twice says who should look at what", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch, sent } = beforeMutation(() => emulator.store.updateReceiver(id, { description: "by hand" }));
    const { kind, message } = await failureOf(update(ionOn(emulator, { fetch }), id, state, { ...FULL, name: "new" }));
    expect([kind, sent.length]).toEqual(["conflict", 2]);
    expect(message).toMatch(
      /webhook receiver "erp" \(id 1\).*etag mismatch.*find out who works on ION's webhooks.*run `pulumi up` again\.$/,
    );
    expect(message).not.toContain(CANARY);
  });

  it.each<[string, (store: Emulator["store"], headerId: string) => void]>([
    ["changed", (store, headerId) => store.updateHeader(headerId, { value: "by hand" })],
    ["removed", (store, headerId) => store.deleteHeader(headerId)],
  ])("settles a race over a header that was %s", async (_what, edit) => {
    const { emulator, id, state } = await made(FULL);
    const { fetch } = beforeMutation((number) => number === 1 && edit(emulator.store, "2"));
    const now: Inputs = { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } };
    const after = await update(ionOn(emulator, { fetch }), id, state, now);
    expect(shown(emulator).headers).toEqual(now.headers);
    expect(after.headers).toEqual(now.headers);
  });
});

describe("a header that ION refuses", () => {
  it("leaves a receiver that is partly made, with the reason, and the next update finishes it", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookHeader");
    const error: unknown = await create(ionOn(emulator), FULL).catch((reason: unknown) => reason);
    if (!(error instanceof PartialStateError)) throw error;
    const state = error.state as State;
    expect([error.id, state.headers, state.pinned]).toEqual(["1", {}, FULL]);
    expect(error.reasons).toHaveLength(2);
    expect(error.reasons[0]).toMatch(
      /add the header X-Plant to the webhook receiver "erp" \(id 1\).*CreateWebhookHeader/,
    );
    expect(error.message).not.toContain(CANARY);
    expect(diff("1", state, FULL).changes).toBe(true);

    emulator.settings.deniedPermissions.clear();
    const { next, changes, state: seen } = await preview(ionOn(emulator), "1", state, FULL);
    expect(changes).toBe(true);
    expect((await update(ionOn(emulator), "1", seen, next)).headers).toEqual(FULL.headers);
    expect(shown(emulator)).toMatchObject(FULL);
    expect(emulator.store.listReceivers()).toHaveLength(1);
  });

  it("keeps no other header from being set", async () => {
    const emulator = await start();
    const headers = { "X-A": "1", "not a name": "2", "X-C": "3" };
    const error: unknown = await create(ionOn(emulator), { ...PLAIN, headers }).catch((reason: unknown) => reason);
    if (!(error instanceof PartialStateError)) throw error;
    expect(error.reasons).toHaveLength(1);
    expect((error.state as State).headers).toEqual({ "X-A": "1", "X-C": "3" });
    expect(shown(emulator).headers).toEqual({ "X-A": "1", "X-C": "3" });
  });

  it("leaves an update partly made, too", async () => {
    const { emulator, id, state } = await made(FULL);
    emulator.settings.deniedPermissions.add("UpdateWebhookHeader");
    const now = { ...FULL, name: "new", headers: { "X-Plant": "8", "X-New": "9" } };
    const error: unknown = await update(ionOn(emulator), id, state, now).catch((reason: unknown) => reason);
    if (!(error instanceof PartialStateError)) throw error;
    const partly = error.state as State;
    expect(partly).toMatchObject({ name: "new", headers: { "X-Plant": `${CANARY}-7`, "X-New": "9" }, pinned: now });
    expect(diff(id, partly, now).changes).toBe(true);
    emulator.settings.deniedPermissions.clear();
    expect((await update(ionOn(emulator), id, partly, now)).headers).toEqual(now.headers);
  });
});

describe("delete", () => {
  it("ends the receiver with its subscriptions, and is content when it is gone already", async () => {
    const { emulator, id, state } = await made(FULL);
    emulator.store.createSubscription({ receiverId: id, resource: "PARTS", action: "CREATE" });
    await remove(ionOn(emulator), id, state, false);
    expect(emulator.store.state()).toMatchObject({ receivers: [], headers: [], subscriptions: [] });
    await remove(ionOn(emulator), id, state, false);
    expect(mutationsIn(emulator)).toEqual([["deleteWebhookReceiver"]]);
  });

  it("is content when it goes while it is looked at", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch } = beforeMutation((number) => number === 1 && emulator.store.deleteReceiver(id));
    await remove(ionOn(emulator, { fetch }), id, state, false);
    expect(emulator.store.listReceivers()).toEqual([]);
  });

  it("settles a lost race once", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch } = beforeMutation(
      (number) => number === 1 && emulator.store.updateReceiver(id, { name: "by hand" }),
    );
    await remove(ionOn(emulator, { fetch }), id, state, false);
    expect(emulator.store.listReceivers()).toEqual([]);
  });

  it("that loses the race twice says so, and leaves the receiver", async () => {
    const { emulator, id, state } = await made(FULL);
    const { fetch } = beforeMutation(() => emulator.store.updateReceiver(id, { name: "by hand" }));
    const { kind, message } = await failureOf(remove(ionOn(emulator, { fetch }), id, state, false));
    expect([kind, emulator.store.listReceivers().length]).toEqual(["conflict", 1]);
    expect(message).toContain("find out who works on ION's webhooks");
  });

  it("leaves a receiver that is declared under another name, unless it is there twice", async () => {
    const { emulator, id, state } = await made(PLAIN);
    emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
    await remove(ionOn(emulator), id, state, true);
    expect(emulator.store.listReceivers()).toHaveLength(2);
    emulator.store.deleteReceiver("2");
    emulator.store.createReceiver({ ...PLAIN, name: "twin" });
    await remove(ionOn(emulator), id, state, true);
    expect(emulator.store.listReceivers().map(({ name }) => name)).toEqual(["twin"]);
  });

  it("that fails proves nothing", async () => {
    const { emulator, id, state } = await made(PLAIN);
    const ion = ionOn(emulator, { fetch: intercept(async () => new Response("", { status: 403 })) });
    expect((await failureOf(remove(ion, id, state, false))).kind).toBe("permission");
  });
});

describe("where ION masks secrets", () => {
  it("they stay as last known, and are no drift", async () => {
    const { emulator, id, state } = await made(FULL);
    const seen = await preview(ionOn(emulator, { fetch: masking() }), id, state, FULL);
    expect(seen).toMatchObject({ changes: false, inputs: FULL, state });
  });

  it("a receiver of that name may be the same: an error says how to take it over or to make another", async () => {
    const emulator = await start();
    emulator.store.createReceiver({ name: "another", webhookUri: `${URI}/another` });
    emulator.store.createReceiver({ ...PLAIN, webhookUri: `${URI}/other` });
    const failure = await failureOf(create(ionOn(emulator, { fetch: masking() }), PLAIN));
    expect([failure.kind, failure.message]).toEqual([
      "ambiguous",
      'ION has a webhook receiver named "erp" (id 2), and does not show its webhookUri. To take it over, add importId: "2"; ' +
        "to make another, give it another name.",
    ]);
    expect((await create(ionOn(emulator, { fetch: masking() }), { ...PLAIN, name: "third" })).id).toBe("3");
  });

  it("a mask is never written back", async () => {
    const { emulator, id, state } = await made(FULL);
    const after = await update(ionOn(emulator, { fetch: masking() }), id, state, { ...FULL, description: "new" });
    expect(shown(emulator)).toMatchObject({ ...FULL, description: "new" });
    expect(JSON.stringify(after)).not.toContain("***");
  });

  it("a receiver that is made records what was set", async () => {
    const emulator = await start();
    const { state } = await create(ionOn(emulator, { fetch: masking() }), FULL);
    expect(state).toMatchObject(FULL);
    expect(shown(emulator)).toMatchObject(FULL);
  });

  it.each<[string, Inputs]>([
    ["shared secret", { ...FULL, sharedSecret: "new" }],
    ["URL", { ...FULL, webhookUri: `${URI}/new` }],
    ["header", { ...FULL, headers: { ...FULL.headers, "X-Line": "4" } }],
  ])("a %s that the program changes is sent all the same", async (_what, now) => {
    const { emulator, id, state } = await made(FULL);
    expect(diff(id, state, now).changes).toBe(true);
    const after = await update(ionOn(emulator, { fetch: masking() }), id, state, now);
    expect(shown(emulator)).toMatchObject(now);
    expect(diff(id, after, now).changes).toBe(false);
  });

  it.each<[string, boolean]>([
    ["before", false],
    ["after", true],
  ])("a changed secret whose answer was lost %s ION took it is set in the end", async (_when, passes) => {
    const { emulator, id, state } = await made(FULL);
    const lost = intercept(async ({ mutation, number }, pass) => {
      if (!mutation || number > 1) return mask(pass());
      if (passes) await pass();
      throw connectionReset();
    });
    await update(ionOn(emulator, { fetch: lost }), id, state, { ...FULL, sharedSecret: "new" });
    expect(shown(emulator)).toMatchObject({ ...FULL, sharedSecret: "new" });
  });

  it("a receiver whose answer was lost is found by its name, and not made twice", async () => {
    const emulator = await start();
    const lost = intercept(async ({ mutation, number }, pass) => {
      if (!mutation || number > 1) return mask(pass());
      await pass();
      throw connectionReset();
    });
    const { state } = await create(ionOn(emulator, { fetch: lost }), FULL);
    expect(emulator.store.listReceivers()).toHaveLength(1);
    expect(state).toMatchObject(FULL);
    expect(shown(emulator)).toMatchObject(FULL);
  });
});
