import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import type { IonError } from "../../provider/ion/errors.ts";
import type { Receiver } from "../../provider/ion/operations.ts";
import { WebhookApi } from "../../provider/ion/webhookApi.ts";
import {
  CANARY,
  connectionReset,
  connectionTo,
  countOf,
  type Fetch,
  failureOf,
  intercept,
  ionOn,
  mutationsIn,
  rewrite,
  type Sent,
  start,
} from "../support/support.ts";

const URI = "https://hooks.example/1";

/** One receiver with a header and a subscription. */
async function furnished(): Promise<Emulator> {
  const emulator = await start();
  const { store } = emulator;
  const { id: receiverId } = store.createReceiver({ name: "erp", webhookUri: URI });
  store.createHeader({ receiverId, key: "X-Plant", value: "7" });
  store.createSubscription({ receiverId, resource: "PARTS", action: "CREATE" });
  return emulator;
}

/** The same with another header and another subscription beside, which nothing is to be taken for. */
async function crowded(): Promise<Emulator> {
  const emulator = await furnished();
  emulator.store.createHeader({ receiverId: "1", key: "X-Other", value: "3" });
  emulator.store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  return emulator;
}

async function receiverIn(ion: WebhookApi, id = "1"): Promise<Receiver> {
  const receiver = (await ion.receivers()).get(id);
  if (!receiver) throw new Error(`There is no receiver ${id}.`);
  return receiver;
}

/** What an Ion believes; etags of receivers change with their headers, and its belief in them need not. */
const beliefOf = async (ion: WebhookApi) =>
  [...(await ion.receivers()).values()].map(({ _etag, ...receiver }) => receiver).sort((a, b) => +a.id - +b.id);

/** What an Ion believes is what there is. */
async function expectTruth(ion: WebhookApi, emulator: Emulator) {
  expect(await beliefOf(ion)).toEqual(await beliefOf(ionOn(emulator)));
}

const subscribe = (ion: WebhookApi, resources: readonly string[]) =>
  Promise.allSettled(resources.map((resource) => ion.createSubscription("1", resource, "UPDATE")));
const reasonOf = (outcome: PromiseSettledResult<unknown> | undefined) =>
  (outcome as PromiseRejectedResult | undefined)?.reason as IonError;

describe("writes that arrive together", () => {
  it("are one request, in order, of whatever kind they are", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator);
    const receiver = await receiverIn(ion);
    await Promise.all([
      ion.createSubscription("1", "RUNS", "CREATE"),
      ion.createHeader(receiver, "X-Line", "3"),
      ion.createReceiver({ name: "second", webhookUri: `${URI}2` }),
      ion.createSubscription("1", "RUNS", "UPDATE"),
    ]);
    expect(mutationsIn(emulator)).toEqual([
      ["createWebhookSubscription", "createWebhookHeader", "createWebhookSubscription", "createWebhookReceiver"],
    ]);
    await expectTruth(ion, emulator);
  });

  it("each get their own outcome", async () => {
    const emulator = await furnished();
    emulator.settings.deniedPermissions.add("CreateWebhookHeader");
    const ion = ionOn(emulator);
    const receiver = await receiverIn(ion);
    const outcomes = await Promise.allSettled([
      ion.createSubscription("1", "RUNS", "CREATE"),
      ion.createSubscription("99", "RUNS", "CREATE"),
      ion.createHeader(receiver, "X-Line", CANARY),
      ion.updateReceiver({ ...receiver, _etag: "old" }, { description: "new" }),
      ion.updateReceiver(receiver, { contentType: "" }),
      ion.createSubscription("1", "RUNS", "UPDATE"),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "rejected",
      "rejected",
      "rejected",
      "fulfilled",
    ]);
    expect(outcomes.slice(1, 5).map((outcome) => [reasonOf(outcome).kind, reasonOf(outcome).message])).toEqual([
      ["gone", 'ION did not subscribe receiver 99 to RUNS CREATE: WebhookReceiver with id "99" not found.'],
      [
        "permission",
        'ION did not add the header X-Line to the webhook receiver "erp" (id 1): User does not have permission to create ' +
          "this resource. The API key needs the permission CreateWebhookHeader: an org admin of ION can make a key that has it.",
      ],
      [
        "conflict",
        'ION did not update description of the webhook receiver "erp" (id 1): WebhookReceiver 1 was changed by another ' +
          "writer: etag mismatch. Read it again and retry.",
      ],
      [
        "invalid",
        'ION did not update contentType of the webhook receiver "erp" (id 1): contentType must be a media type, such as ' +
          "application/json.",
      ],
    ]);
    expect(mutationsIn(emulator)).toHaveLength(1);
    await expectTruth(ion, emulator);
  });

  it("leave in requests of 40 at most, and at most four of these at once", async () => {
    const emulator = await furnished();
    let under = 0;
    let most = 0;
    const ion = ionOn(emulator, {
      fetch: intercept(async (_sent, pass) => {
        most = Math.max(most, ++under);
        try {
          return await pass();
        } finally {
          under -= 1;
        }
      }),
    });
    const outcomes = await subscribe(ion, Array<string>(245).fill("RUNS"));
    expect(outcomes.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(Math.max(...mutationsIn(emulator).map((fields) => fields.length))).toBe(40);
    expect(most).toBeLessThanOrEqual(4);
    expect(emulator.store.listSubscriptions()).toHaveLength(246);
  });
});

describe("an error that ION names no field for", () => {
  it("is that of the field without data, and of no other", async () => {
    const emulator = await furnished();
    const fetch: Fetch = (input, init) =>
      rewrite(globalThis.fetch(input, init), (text) => text.replace(/,?"path":\[[^\]]*\]/g, ""));
    const ion = ionOn(emulator, { fetch });
    const outcomes = await Promise.allSettled(
      ["1", "9", "1"].map((receiverId, at) =>
        ion.createSubscription(receiverId, ["RUNS", "STEPS", "PLANS"][at] ?? "", "UPDATE"),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(reasonOf(outcomes[1]).message).toMatch(/^ION did not subscribe receiver 9 to STEPS UPDATE: .*9/);
  });
});

describe("a write that ION refuses the whole document for", () => {
  it("is not taken for an object that is gone, whatever ION says does not exist", async () => {
    const emulator = await furnished();
    const refusal = { errors: [{ message: "The type WebhookSubscription does not exist." }] };
    const fetch = intercept(async ({ mutation }, pass) =>
      mutation ? Response.json(refusal, { status: 400 }) : pass(),
    );
    const failure = await failureOf(ionOn(emulator, { fetch }).createSubscription("1", "RUNS", "UPDATE"));
    expect([failure.kind, failure.message]).toEqual([
      "invalid",
      "ION did not subscribe receiver 1 to RUNS UPDATE: The type WebhookSubscription does not exist.",
    ]);
  });

  it("is split off, and fails alone with its own message", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator);
    const outcomes = await subscribe(ion, ["RUNS", "STEPS", "NOPE", "PLANS", "ISSUES", "RECEIPTS", "NEITHER"]);
    expect(outcomes.map(({ status }) => status[0]).join("")).toBe("ffrfffr");
    expect(reasonOf(outcomes[2]).message).toMatch(
      /^ION did not subscribe receiver 1 to NOPE UPDATE: NOPE is not in its ResourceEnum\.$/,
    );
    expect(reasonOf(outcomes[2]).message).not.toContain("NEITHER");
    expect(reasonOf(outcomes[6]).message).toMatch(
      /^ION did not subscribe receiver 1 to NEITHER UPDATE: NEITHER is not in its/,
    );
    expect(reasonOf(outcomes[6]).kind).toBe("invalid");
    const made = emulator.store.listSubscriptions().map(({ resource }) => resource);
    expect(made.sort()).toEqual(["ISSUES", "PARTS", "PLANS", "RECEIPTS", "RUNS", "STEPS"]);
    await expectTruth(ion, emulator);
  });

  it("is split off also where ION's schema lacks a name that it needs", async () => {
    const emulator = await start({ hide: ["createWebhookHeader"] });
    emulator.store.createReceiver({ name: "erp", webhookUri: URI });
    const ion = ionOn(emulator);
    const receiver = await receiverIn(ion);
    const [before, header, after] = await Promise.allSettled([
      ion.createSubscription("1", "RUNS", "CREATE"),
      ion.createHeader(receiver, "X-Line", CANARY),
      ion.createSubscription("1", "RUNS", "UPDATE"),
    ]);
    expect([before.status, after.status]).toEqual(["fulfilled", "fulfilled"]);
    const { kind, message } = reasonOf(header);
    expect(kind).toBe("unsupported");
    expect(message).toMatch(
      /^Could not add the header X-Line to the webhook receiver "erp" \(id 1\)\. .*createWebhookHeader/,
    );
    expect(message).not.toMatch(/\s$/);
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
  });

  it("is told without its secrets, which ION repeats", async () => {
    const fetch = onFirstWrite(async ({ variables }) => {
      const message = `Variable "$input0" got invalid value ${JSON.stringify(variables.input0)}`;
      return Response.json({ errors: [{ message }] }, { status: 400 });
    });
    const ion = ionOn(await furnished(), { fetch });
    const { message } = await failureOf(
      ion.createReceiver({ name: "x", webhookUri: `https://hooks.example/${CANARY}`, sharedSecret: `"${CANARY}"` }),
    );
    expect(message).toContain('invalid value {"name":"x","webhookUri":"[secret]"');
    expect(message).not.toContain(CANARY);
  });
});

it.each<[string, (ion: WebhookApi, receiver: Receiver) => Promise<unknown>]>([
  ["a new header", (ion, receiver) => ion.createHeader(receiver, "X-Line", CANARY)],
  [
    "a header",
    (ion, receiver) => Promise.all(receiver.headers.map((header) => ion.updateHeader(receiver, header, CANARY))),
  ],
])("a refusal of %s is told without its value, which ION repeats", async (_what, run) => {
  const fetch = onFirstWrite(async ({ variables }) =>
    Response.json({ errors: [{ message: JSON.stringify(variables) }] }),
  );
  const ion = ionOn(await furnished(), { fetch });
  const { message } = await failureOf(run(ion, await receiverIn(ion)));
  expect(message).toContain('"value":"[secret]"');
  expect(message).not.toContain(CANARY);
});

it("a refusal is told without secrets that other requests sent or read, as in a database's words about a whole row", async () => {
  const emulator = await furnished();
  emulator.store.createReceiver({ name: "read", webhookUri: `${URI}/${CANARY}-read`, sharedSecret: `${CANARY}-key` });
  emulator.store.createHeader({ receiverId: "2", key: "X-Plant", value: `${CANARY}-plant` });
  const ion = ionOn(emulator);
  const read = await receiverIn(ion, "2");
  const sent = await ion.createReceiver({ name: "sent", webhookUri: `${URI}/${CANARY}-sent` });
  for (const receiver of [read, sent]) {
    const { webhookUri, sharedSecret, headers } = receiver;
    const message = `Failing row contains (${webhookUri}, ${sharedSecret}, ${headers[0]?.value}).`;
    emulator.faults.add({ kind: "partial", message, on: { field: "updateWebhookReceiver" } });
    const failure = await failureOf(ion.updateReceiver(receiver, { description: "" }));
    expect(failure.message).toContain("Failing row contains ([secret], [secret], ");
    expect(failure.message).not.toContain(CANARY);
  }
});

type Action = readonly [
  what: string,
  field: string,
  run: (ion: WebhookApi) => Promise<unknown>,
  done: (emulator: Emulator) => unknown,
  expected: unknown,
  inWords: string,
];
const ACTIONS: readonly Action[] = [
  [
    "a receiver made",
    "createWebhookReceiver",
    (ion) => ion.createReceiver({ name: "second", webhookUri: `${URI}/2` }),
    ({ store }) => store.listReceivers().map(({ name }) => name),
    ["erp", "second"],
    'create the webhook receiver "second"',
  ],
  [
    "a receiver changed",
    "updateWebhookReceiver",
    async (ion) => ion.updateReceiver(await receiverIn(ion), { description: "new", sharedSecret: CANARY }),
    ({ store }) => store.findReceiver("1"),
    expect.objectContaining({ description: "new", sharedSecret: CANARY }),
    'update description, sharedSecret of the webhook receiver "erp" (id 1)',
  ],
  [
    "a receiver deleted",
    "deleteWebhookReceiver",
    async (ion) => ion.deleteReceiver(await receiverIn(ion)),
    ({ store }) => store.listReceivers(),
    [],
    'delete the webhook receiver "erp" (id 1)',
  ],
  [
    "a subscription made",
    "createWebhookSubscription",
    (ion) => ion.createSubscription("1", "RUNS", "UPDATE"),
    ({ store }) => store.listSubscriptions().map(({ resource }) => resource),
    ["PARTS", "RUNS", "RUNS"],
    "subscribe receiver 1 to RUNS UPDATE",
  ],
  [
    "a subscription ended",
    "deleteWebhookSubscription",
    async (ion) => {
      const [subscription] = (await receiverIn(ion)).subscriptions;
      if (subscription) await ion.deleteSubscription("1", subscription);
    },
    ({ store }) => store.listSubscriptions().map(({ resource }) => resource),
    ["RUNS"],
    "end the subscription of receiver 1 to PARTS CREATE (id 1)",
  ],
  [
    "a header added",
    "createWebhookHeader",
    async (ion) => ion.createHeader(await receiverIn(ion), "X-Line", "3"),
    ({ store }) => store.listHeaders("1").map(({ key, value }) => `${key}: ${value}`),
    ["X-Plant: 7", "X-Other: 3", "X-Line: 3"],
    'add the header X-Line to the webhook receiver "erp" (id 1)',
  ],
  [
    "a header changed",
    "updateWebhookHeader",
    async (ion) => {
      const receiver = await receiverIn(ion);
      const [header] = receiver.headers;
      if (header) await ion.updateHeader(receiver, header, "8");
    },
    ({ store }) => store.listHeaders("1").map(({ key, value }) => `${key}: ${value}`),
    ["X-Plant: 8", "X-Other: 3"],
    'change the header X-Plant of the webhook receiver "erp" (id 1)',
  ],
  [
    "a header removed",
    "deleteWebhookHeader",
    async (ion) => {
      const receiver = await receiverIn(ion);
      const [header] = receiver.headers;
      if (header) await ion.deleteHeader(receiver, header);
    },
    ({ store }) => store.listHeaders("1").map(({ key, value }) => `${key}: ${value}`),
    ["X-Other: 3"],
    'remove the header X-Plant from the webhook receiver "erp" (id 1)',
  ],
];

type Fault = (sent: Sent, pass: () => Promise<Response>) => Promise<Response>;
const reset: Fault = async () => {
  throw connectionReset();
};
const badGateway: Fault = async () => new Response("<html>", { status: 502 });
const after =
  (fault: Fault): Fault =>
  async (sent, pass) => {
    await (await pass()).text();
    return fault(sent, pass);
  };
/** Does something to the first mutation, and to nothing else. */
const onFirstWrite = (fault: Fault): Fetch =>
  intercept((sent, pass) => (sent.mutation && sent.number === 1 ? fault(sent, pass) : pass()));

describe.each(ACTIONS)("%s", (_what, field, run, done, expected, inWords) => {
  it("is told in words where ION refuses it", async () => {
    const emulator = await crowded();
    emulator.faults.add({ kind: "partial", message: "No.", on: { field } });
    expect((await failureOf(run(ionOn(emulator)))).message).toBe(`ION did not ${inWords}: No.`);
  });

  it.each<[string, Fault, number]>([
    ["is done", (_sent, pass) => pass(), 1],
    ["is looked up where the connection dropped after it, and not done twice", after(reset), 1],
    ["is looked up where a 502 came after it, and not done twice", after(badGateway), 1],
    ["is sent again where the connection dropped before it", reset, 1],
    ["is sent again where a 502 came before it", badGateway, 1],
    ["is sent again where ION asked for a pause", async () => new Response("", { status: 429 }), 1],
    ["is sent again with a new token", async () => new Response("", { status: 401 }), 1],
    [
      "is looked up where its answer does not fit, and not done twice",
      (_sent, pass) => rewrite(pass(), (text) => text.replace(/\{"(id|webhook\w+)":.*\}/, '"?"}}')),
      1,
    ],
  ])("%s", async (_how, fault, sent) => {
    const emulator = await crowded();
    const ion = ionOn(emulator, { fetch: onFirstWrite(fault) });
    await run(ion);
    expect(done(emulator)).toEqual(expected);
    expect(mutationsIn(emulator)).toEqual(Array(sent).fill([field]));
    await expectTruth(ion, emulator);
  });
});

it("a receiver whose answer was lost is found also where ION writes its URL in another way", async () => {
  const emulator = await furnished();
  const lost = onFirstWrite(after(reset));
  const ion = ionOn(emulator, {
    fetch: (input, init) =>
      rewrite(lost(input, init), (text) => text.replaceAll("https://Second.Example", "https://second.example/")),
  });
  const { id } = await ion.createReceiver({ name: "second", webhookUri: "https://Second.Example" });
  expect(emulator.store.listReceivers().map((receiver) => receiver.id)).toEqual(["1", id]);
});

it.each<[string, (store: Emulator["store"]) => void, (ion: WebhookApi) => Promise<unknown>]>([
  [
    "a receiver, of its name or of its URL alone",
    (store) => {
      store.createReceiver({ name: "second", webhookUri: `${URI}/other` });
      store.createReceiver({ name: "other", webhookUri: `${URI}/2` });
    },
    (ion) => ion.createReceiver({ name: "second", webhookUri: `${URI}/2` }),
  ],
  [
    "a subscription, of its receiver, its resource and its action but one",
    (store) => {
      store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
      for (const near of [{ receiverId: "2" }, { resource: "PLANS" }, { action: "DELETE" }]) {
        store.createSubscription({ receiverId: "1", resource: "RUNS", action: "UPDATE", ...near });
      }
    },
    (ion) => ion.createSubscription("1", "RUNS", "UPDATE"),
  ],
  [
    "a header's new value, on another header",
    (store) => void store.createHeader({ receiverId: "1", key: "X-Line", value: "8" }),
    async (ion) => {
      const receiver = await receiverIn(ion);
      for (const header of receiver.headers) await ion.updateHeader(receiver, header, "8");
    },
  ],
])("what another made meanwhile is not taken for what was lost: %s", async (_what, byHand, run) => {
  const emulator = await furnished();
  const lost = onFirstWrite(async () => {
    byHand(emulator.store);
    throw connectionReset();
  });
  const ion = ionOn(emulator, { fetch: lost });
  await ion.receivers();
  await run(ion);
  expect(mutationsIn(emulator)).toHaveLength(1);
  await expectTruth(ion, emulator);
});

describe("a batch whose answer was lost", () => {
  it("is looked up as a whole, and only what did not happen is sent again", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator, {
      fetch: onFirstWrite(async (sent, pass) => {
        await after(reset)(sent, pass).catch(() => {});
        for (const { id } of emulator.store.listSubscriptions().slice(-2)) emulator.store.deleteSubscription(id);
        throw connectionReset();
      }),
    });
    const outcomes = await subscribe(ion, ["RUNS", "STEPS", "PLANS", "ISSUES"]);
    expect(outcomes.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(mutationsIn(emulator).map((fields) => fields.length)).toEqual([4, 2]);
    expect(emulator.store.listSubscriptions().map(({ resource }) => resource)).toEqual([
      "PARTS",
      "RUNS",
      "STEPS",
      "PLANS",
      "ISSUES",
    ]);
    await expectTruth(ion, emulator);
  });

  it("is looked up also where the first looks fail", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator, {
      fetch: intercept((sent, pass) => {
        if (sent.mutation && sent.number === 1) return after(reset)(sent, pass);
        return !sent.mutation && sent.number <= 8 ? badGateway(sent, pass) : pass();
      }),
    });
    await ion.createSubscription("1", "RUNS", "UPDATE");
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("that cannot be looked up may have happened, whatever keeps the look from being taken", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator, {
      fetch: intercept((sent, pass) =>
        sent.mutation ? after(reset)(sent, pass) : Promise.resolve(new Response("", { status: 403 })),
      ),
    });
    const { kind, message } = await failureOf(ion.createSubscription("1", "RUNS", "UPDATE"));
    expect(kind).toBe("unknownOutcome");
    expect(message).toMatch(
      /^Could not subscribe receiver 1 to RUNS UPDATE\. ION did not show .* HTTP 403 .* may or may not have happened/,
    );
    expect(message).not.toContain("CreateWebhookSubscription");
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("is looked up with eyes of its own, not with a read from before it", async () => {
    const emulator = await furnished();
    const clock = { now: 0 };
    const ion = ionOn(emulator, {
      now: () => clock.now,
      fetch: intercept(async (sent, pass) => {
        const answer = await pass();
        if (sent.mutation && sent.number === 1) {
          await answer.text();
          throw connectionReset();
        }
        // The read that another resource began before the write, and that is answered after it.
        if (!sent.mutation && sent.number === 1)
          await expect.poll(() => emulator.store.listSubscriptions()).toHaveLength(2);
        if (!sent.mutation && sent.number === 1) await new Promise((resolve) => setTimeout(resolve, 100));
        return answer;
      }),
    });
    const other = ion.receivers();
    await expect.poll(() => countOf(emulator, "query")).toBe(1);
    await ion.createSubscription("1", "RUNS", "UPDATE");
    await other;
    expect(emulator.store.listSubscriptions()).toHaveLength(2);
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("again and again ends with an error that says how often, and that it may have happened", async () => {
    const emulator = await furnished();
    const ion = ionOn(emulator, { fetch: intercept((sent, pass) => (sent.mutation ? reset(sent, pass) : pass())) });
    const { kind, message } = await failureOf(ion.createSubscription("1", "RUNS", "UPDATE"));
    expect(kind).toBe("unknownOutcome");
    expect(message).toMatch(
      /^Could not subscribe receiver 1 to RUNS UPDATE\. ION at .* dropped the connection before it answered\. Tried 6 times in \d+ s\. It may or may not have happened: the next `pulumi up` looks/,
    );
    expect(countOf(emulator, "query")).toBe(5);
  });
});

it("what can never have been sent says so, and claims nothing else", async () => {
  const ion = ionOn({ ...(await furnished()), tokenUrl: "https://ion.invalid/token" });
  const { kind, message } = await failureOf(ion.createSubscription("1", "RUNS", "UPDATE"));
  expect(kind).toBe("unreachable");
  expect(message).toMatch(/^Could not subscribe receiver 1 to RUNS UPDATE\. Could not reach ION at ion\.invalid/);
  expect(message).toMatch(/Tried 4 times in \d+ s\. It did not happen\.$/);
  expect(message).not.toContain("may or may not");
});

it("the deadline is the config's, and its end says how often and how long it was tried, and that nothing happened", async () => {
  const emulator = await furnished();
  emulator.faults.add({ kind: "rate-limit", on: { type: "mutation" }, times: Number.POSITIVE_INFINITY });
  const ion = new WebhookApi({ ...connectionTo(emulator), deadlineMs: 1_200 });
  const { kind, message } = await failureOf(ion.createSubscription("1", "RUNS", "UPDATE"));
  expect(kind).toBe("rateLimited");
  // Half a second and its double with jitter: not the eight tries that the table has.
  expect(message).toMatch(/asks for a pause \(HTTP 429\).*\. Tried [234] times in [12] s\. It did not happen\.$/);
  expect(emulator.store.listSubscriptions()).toHaveLength(1);
});

it.each([
  [
    "403",
    403,
    "permission",
    /HTTP 403 Forbidden .*a firewall or proxy may stand between\. The API key needs the permission CreateWebhookSubscription/,
  ],
  ["409", 409, "conflict", /HTTP 409 Conflict\.$/],
])("HTTP %s for a request is the same for each of its writes", async (_what, status, kind, words) => {
  const emulator = await furnished();
  const ion = ionOn(emulator, { fetch: onFirstWrite(async () => new Response("", { status })) });
  for (const outcome of await subscribe(ion, ["RUNS", "STEPS"])) {
    expect(reasonOf(outcome).kind).toBe(kind);
    expect(reasonOf(outcome).message).toMatch(words);
  }
});

it("a write that failed makes the next look read again", async () => {
  const emulator = await furnished();
  const ion = ionOn(emulator, { fetch: onFirstWrite(async () => new Response("", { status: 403 })) });
  await ion.receivers();
  emulator.store.deleteSubscription("1");
  await subscribe(ion, ["RUNS"]);
  await expectTruth(ion, emulator);
});

it.each([
  ["createWebhookReceiver", "CreateWebhookReceiver"],
  ["updateWebhookReceiver", "UpdateWebhookReceiver"],
  ["deleteWebhookReceiver", "DeleteWebhookReceiver"],
  ["createWebhookSubscription", "CreateWebhookSubscription"],
  ["deleteWebhookSubscription", "DeleteWebhookSubscription"],
  ["createWebhookHeader", "CreateWebhookHeader"],
  ["updateWebhookHeader", "UpdateWebhookHeader"],
  ["deleteWebhookHeader", "DeleteWebhookHeader"],
])("%s without leave names the permission %s", async (field, permission) => {
  const emulator = await furnished();
  emulator.settings.deniedPermissions.add(permission);
  const run = ACTIONS.find(([, name]) => name === field)?.[2] ?? (() => Promise.resolve());
  const { kind, message } = await failureOf(run(ionOn(emulator)));
  expect(kind).toBe("permission");
  expect(message).toContain(`The API key needs the permission ${permission}:`);
  expect(message).not.toContain(CANARY);
});

it("hostile values are stored exactly as they are", async () => {
  const emulator = await start();
  const name = `${CANARY}") { id } x: deleteWebhookReceiver(id: "1" # {{}} $input0 \n é 🙂 ${"x".repeat(10_000)}`;
  const ion = ionOn(emulator);
  const made = await ion.createReceiver({ name, webhookUri: URI, description: name, sharedSecret: name });
  await ion.createHeader(made, "X-Odd", name.replace("\n", ""));
  expect(emulator.store.findReceiver("1")).toMatchObject({ name, description: name, sharedSecret: name });
  expect(emulator.store.listHeaders("1")).toMatchObject([{ value: name.replace("\n", "") }]);
  await expectTruth(ion, emulator);
});
