/** Mutations whose outcome is unknown: they are verified before anything is sent again, so that nothing is applied twice. */
import { describe, expect, it } from "vitest";
import type { IonError } from "../../provider/src/ion/errors.ts";
import type { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import {
  connectionReset,
  countOf,
  type Fetch,
  failureOf,
  intercept,
  ionOn,
  mutationsIn,
  rewrite,
  type Sent,
} from "../support/support.ts";
import {
  applyCase,
  type ChangeCase,
  EVERY_CHANGE,
  knownState,
  liveState,
  receiverOf,
  startWithReceiver,
  URI,
} from "./everyChange.ts";

/** What happens in place of an answer. */
type Fault = (sent: Sent, pass: () => Promise<Response>) => Promise<Response>;

const reset: Fault = async () => {
  throw connectionReset();
};
const badGateway: Fault = async () => new Response("<html>", { status: 502 });
/** An error of GraphQL without data. */
const failWith =
  (error: object): Fault =>
  async () =>
    Response.json({ data: { m0: null }, errors: [error] });
/** ION applies the mutation, and the fault follows. */
const afterApplied =
  (fault: Fault): Fault =>
  async (sent, pass) => {
    await (await pass()).text();
    return fault(sent, pass);
  };
const unexpectedForm: Fault = (_sent, pass) =>
  rewrite(pass(), (text) => text.replace(/\{"(id|webhook\w+)":.*\}/, '"?"}}'));
const onFirstMutation = (fault: Fault): Fetch =>
  intercept((sent, pass) => (sent.mutation && sent.number === 1 ? fault(sent, pass) : pass()));

const belowMutation = failWith({ message: "Boom.", path: ["m0", "webhookReceiver", "name"] });

/** Applies a change with a fault at the first mutation. */
async function applyWith(one: ChangeCase, fault: Fault) {
  const emulator = await startWithReceiver();
  let sent = 0;
  const faulty = onFirstMutation(fault);
  const api = ionOn(emulator, {
    fetch: (input, init) => {
      if (String(init?.body).includes('"query":"mutation')) sent += 1;
      return faulty(input, init);
    },
  });
  // As in a run: ION accepted a token before anything was changed.
  await api.receivers();
  const outcome = await applyCase(one, api).then(
    () => "applied",
    (error: IonError) => error,
  );
  return { emulator, api, outcome, sent, queries: countOf(emulator, "query") };
}

async function expectFound(one: ChangeCase, fault: Fault) {
  const { emulator, api, outcome, sent } = await applyWith(one, fault);
  expect(outcome).toBe("applied");
  expect(sent).toBe(1);
  expect(one.part(emulator)).toEqual(one.expected);
  expect(await knownState(api)).toEqual(await liveState(emulator));
}

async function expectSentAgain(one: ChangeCase, fault: Fault) {
  const { emulator, api, outcome, sent } = await applyWith(one, fault);
  expect(outcome).toBe("applied");
  expect(sent).toBe(2);
  expect(one.part(emulator)).toEqual(one.expected);
  expect(mutationsIn(emulator)).toEqual([[one.field]]);
  expect(await knownState(api)).toEqual(await liveState(emulator));
}

describe.each(EVERY_CHANGE)("$kind", (one) => {
  it.each<[what: string, fault: Fault]>([
    ["the connection closed", afterApplied(reset)],
    ["HTTP 502", afterApplied(badGateway)],
    ["an error below the mutation, and null for its data", afterApplied(belowMutation)],
    ["an answer of another form", unexpectedForm],
  ])("finds a change that ION applied, and does not send it twice: %s", (_what, fault) => expectFound(one, fault));

  it.each<[what: string, fault: Fault]>([
    ["the connection closed", reset],
    ["HTTP 502", badGateway],
    ["an error below the mutation, and null for its data", belowMutation],
    ["HTTP 429", async () => new Response("", { status: 429 })],
    ["HTTP 401", async () => new Response("", { status: 401 })],
  ])("sends a change again that ION did not apply: %s", (_what, fault) => expectSentAgain(one, fault));

  it("accepts a change without verification if only a nullable field below it failed", async () => {
    const { emulator, outcome, sent, queries } = await applyWith(one, (_sent, pass) =>
      rewrite(pass(), (text) =>
        JSON.stringify({
          ...(JSON.parse(text) as object),
          errors: [{ message: "User does not have permission.", path: ["m0", "webhookReceiver", "description"] }],
        }),
      ),
    );
    expect(outcome).toBe("applied");
    expect([sent, queries]).toEqual([1, 1]);
    expect(one.part(emulator)).toEqual(one.expected);
  });
});

describe("an error of ION", () => {
  const [createReceiver] = EVERY_CHANGE as [ChangeCase];

  const UNKNOWN: [what: string, fault: Fault][] = [
    [
      "a permission error below the mutation",
      failWith({ message: "User does not have permission.", path: ["m0", "webhookReceiver", "sharedSecret"] }),
    ],
    [
      "THROTTLED below the mutation",
      failWith({ message: "Wait.", path: ["m0", "webhookReceiver"], extensions: { code: "THROTTLED" } }),
    ],
    ["an error without a path", failWith({ message: "Boom." })],
    [
      "INTERNAL_SERVER_ERROR of the mutation",
      failWith({ message: "No.", path: ["m0"], extensions: { code: "INTERNAL_SERVER_ERROR" } }),
    ],
    ["a database fault of the mutation", failWith({ message: "(psycopg2.OperationalError) x", path: ["m0"] })],
    ["a timeout of the mutation", failWith({ message: "The request timed out", path: ["m0"] })],
    [
      "a server fault of the whole document",
      async () =>
        Response.json({ data: null, errors: [{ message: "No.", extensions: { code: "SERVICE_UNAVAILABLE" } }] }),
    ],
  ];

  it.each(UNKNOWN)("verifies an error that may follow the change, and sends nothing twice: %s", (_what, fault) =>
    expectFound(createReceiver, afterApplied(fault)),
  );

  it.each(UNKNOWN)("verifies an error that may precede the change, and sends it again: %s", (_what, fault) =>
    expectSentAgain(createReceiver, fault),
  );

  it.each<[what: string, fault: Fault]>([
    ["THROTTLED of the mutation", failWith({ message: "Wait.", path: ["m0"], extensions: { code: "THROTTLED" } })],
    ["a rate limit without a path", failWith({ message: "Rate limit exceeded" })],
    [
      "THROTTLED for the whole document",
      async () => Response.json({ errors: [{ message: "Wait.", extensions: { code: "THROTTLED" } }] }),
    ],
  ])("sends a change again without verification if ION asks to wait: %s", async (_what, fault) => {
    await expectSentAgain(createReceiver, fault);
    expect((await applyWith(createReceiver, fault)).queries).toBe(1);
  });

  it.each<[what: string, fault: Fault, kind: string]>([
    ["of the mutation", failWith({ message: "No.", path: ["m0"] }), "invalid"],
    [
      "of a mutation that may not be null",
      async () => Response.json({ data: null, errors: [{ message: "No.", path: ["m0"] }] }),
      "invalid",
    ],
    ["that the object does not exist", failWith({ message: "It does not exist.", path: ["m0"] }), "notFound"],
    ["about a permission, without a path", failWith({ message: "User does not have permission." }), "permission"],
    ["about a conflict, without a path", failWith({ message: "etag mismatch" }), "conflict"],
  ])("rejects a change without verification: an error %s", async (_what, fault, kind) => {
    const { outcome, sent, queries } = await applyWith(createReceiver, fault);
    expect(outcome).toMatchObject({ kind });
    expect([sent, queries]).toEqual([1, 1]);
  });
});

describe("verification", () => {
  const event = (resource: string) => ({ resource, action: "UPDATE" });
  const subscribe = (api: WebhookApi, resource = "RUNS") =>
    api.apply({ kind: "createSubscription", receiverId: "1", event: event(resource) });

  it("finds a created receiver also if ION spells its URL in another way", async () => {
    const emulator = await startWithReceiver();
    const faulty = onFirstMutation(afterApplied(reset));
    const api = ionOn(emulator, {
      fetch: (input, init) =>
        rewrite(faulty(input, init), (text) => text.replaceAll("https://Second.Example", "https://second.example/")),
    });
    const fields = { name: "second", webhookUri: "https://Second.Example" };
    const { id } = await api.apply({ kind: "createReceiver", fields });
    expect(emulator.store.listReceivers().map((receiver) => receiver.id)).toEqual(["1", id]);
  });

  it.each<[string, (emulator: Awaited<ReturnType<typeof startWithReceiver>>) => void, (api: WebhookApi) => unknown]>([
    [
      "receivers with its name or its URL alone",
      ({ store }) => {
        store.createReceiver({ name: "second", webhookUri: `${URI}/other` });
        store.createReceiver({ name: "other", webhookUri: `${URI}/2` });
      },
      (api) => api.apply({ kind: "createReceiver", fields: { name: "second", webhookUri: `${URI}/2` } }),
    ],
    [
      "subscriptions with another receiver, resource or action",
      ({ store }) => {
        store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
        for (const difference of [{ receiverId: "2" }, { resource: "PLANS" }, { action: "DELETE" }]) {
          store.createSubscription({ receiverId: "1", ...event("RUNS"), ...difference });
        }
      },
      (api) => subscribe(api),
    ],
    [
      "another header with the new value",
      ({ store }) => void store.createHeader({ receiverId: "1", key: "X-Line", value: "8" }),
      async (api) => {
        const receiver = await receiverOf(api);
        const [header] = receiver.headers;
        if (header) await api.apply({ kind: "updateHeader", receiver, header, value: "8" });
      },
    ],
  ])("does not accept what somebody else created in the meantime: %s", async (_what, change, run) => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: onFirstMutation(async () => {
        change(emulator);
        throw connectionReset();
      }),
    });
    await api.receivers();
    await run(api);
    expect(mutationsIn(emulator)).toHaveLength(1);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("verifies a whole batch, and sends again only what is missing", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: onFirstMutation(async (_sent, pass) => {
        await (await pass()).text();
        for (const { id } of emulator.store.listSubscriptions().slice(-2)) emulator.store.deleteSubscription(id);
        throw connectionReset();
      }),
    });
    await Promise.all(["RUNS", "STEPS", "PLANS", "ISSUES"].map((resource) => subscribe(api, resource)));
    expect(mutationsIn(emulator).map((fields) => fields.length)).toEqual([4, 2]);
    const resources = emulator.store.listSubscriptions().map(({ resource }) => resource);
    expect(resources).toEqual(["PARTS", "RUNS", "RUNS", "STEPS", "PLANS", "ISSUES"]);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("verifies only the changes of a batch whose outcome is unknown", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: onFirstMutation(async (_sent, pass) => {
        const { data } = (await (await pass()).json()) as { data: Record<string, unknown> };
        // ION applied m1, but not m2 and m3.
        for (const { id } of emulator.store.listSubscriptions().slice(-2)) emulator.store.deleteSubscription(id);
        return Response.json({
          data: { ...data, m1: null, m2: null, m3: null },
          errors: [
            { message: "Boom.", path: ["m1", "webhookSubscription"] },
            { message: "Boom.", path: ["m2", "webhookSubscription"] },
            { message: "Wait.", path: ["m3"], extensions: { code: "THROTTLED" } },
          ],
        });
      }),
    });
    const resources = ["RUNS", "STEPS", "PLANS", "ISSUES"];
    const created = await Promise.all(resources.map((resource) => subscribe(api, resource)));
    expect(new Set(created.map(({ id }) => id)).size).toBe(4);
    expect(mutationsIn(emulator).map((fields) => fields.length)).toEqual([4, 2]);
    const updates = emulator.store.listSubscriptions().filter(({ action }) => action === "UPDATE");
    expect(updates.map(({ resource }) => resource)).toEqual(resources);
    expect(await knownState(api)).toEqual(await liveState(emulator));
  });

  it("verifies again if the verification fails for a moment", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: intercept((sent, pass) => {
        if (sent.mutation && sent.number === 1) return afterApplied(reset)(sent, pass);
        return !sent.mutation && sent.number <= 8 ? badGateway(sent, pass) : pass();
      }),
    });
    await subscribe(api);
    expect(emulator.store.listSubscriptions()).toHaveLength(3);
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("verifies with a read that started after the mutation", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      now: () => 0,
      fetch: intercept(async (sent, pass) => {
        const answer = await pass();
        if (sent.mutation && sent.number === 1) {
          await answer.text();
          throw connectionReset();
        }
        if (!sent.mutation && sent.number === 1) {
          // Another resource started this read before the mutation, and it is answered after it.
          await expect.poll(() => emulator.store.listSubscriptions()).toHaveLength(3);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return answer;
      }),
    });
    const other = api.receivers();
    await expect.poll(() => countOf(emulator, "query")).toBe(1);
    await subscribe(api);
    await other;
    expect(emulator.store.listSubscriptions()).toHaveLength(3);
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("uses the data of an answer whose errors have no path", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: (input, init) =>
        rewrite(globalThis.fetch(input, init), (text) => text.replace(/,?"path":\[[^\]]*\]/g, "")),
    });
    const changes = [
      ["1", "RUNS"],
      ["9", "STEPS"],
      ["1", "PLANS"],
    ] as const;
    const outcomes = await Promise.allSettled(
      changes.map(([receiverId, resource]) =>
        api.apply({ kind: "createSubscription", receiverId, event: event(resource) }),
      ),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({
      kind: "unknownOutcome",
      detail: expect.stringContaining('WebhookReceiver with id "9" not found.'),
    });
    expect(mutationsIn(emulator).map((fields) => fields.length)).toEqual([3, 1, 1, 1, 1, 1]);
  });

  it("says how often it was tried, and that the outcome is unknown, if nothing is ever answered", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, { fetch: intercept((sent, pass) => (sent.mutation ? reset(sent, pass) : pass())) });
    const failure = await failureOf(subscribe(api));
    expect(failure.kind).toBe("unknownOutcome");
    expect(stable(failure)).toMatchInlineSnapshot(
      `"Could not subscribe receiver 1 to RUNS UPDATE. ION at HOST closed the connection before it answered. Tried 6 times in 1 s. It is unknown whether ION applied it. The next \`pulumi up\` checks before it changes anything."`,
    );
    expect(countOf(emulator, "query")).toBe(5);
  });

  it("says why the verification failed, and that the outcome is unknown", async () => {
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: intercept((sent, pass) =>
        sent.mutation ? afterApplied(reset)(sent, pass) : Promise.resolve(new Response("", { status: 403 })),
      ),
    });
    const failure = await failureOf(subscribe(api));
    expect(failure.kind).toBe("unknownOutcome");
    expect(stable(failure)).toMatchInlineSnapshot(
      `"Could not subscribe receiver 1 to RUNS UPDATE. ION did not return its webhook receivers: HOST answered with HTTP 403 Forbidden and no message from ION. A firewall or proxy may have answered instead. That does not mean that none exist. Tried 2 times in 1 s. It is unknown whether ION applied it. The next \`pulumi up\` checks before it changes anything. The API key needs permission to read webhook receivers."`,
    );
    expect(failure.message).not.toContain("CreateWebhookSubscription");
    expect(mutationsIn(emulator)).toHaveLength(1);
  });

  it("says what ION said if it always answers with an error below the mutation", async () => {
    const error = { message: "Boom", path: ["m0", "webhookSubscription"] };
    const emulator = await startWithReceiver();
    const api = ionOn(emulator, {
      fetch: intercept((sent, pass) => (sent.mutation ? failWith(error)(sent, pass) : pass())),
    });
    const failure = await failureOf(subscribe(api));
    expect(failure.kind).toBe("unknownOutcome");
    expect(stable(failure)).toMatchInlineSnapshot(
      `"Could not subscribe receiver 1 to RUNS UPDATE. ION answered with an error: Boom. Tried 6 times in 1 s. It is unknown whether ION applied it. The next \`pulumi up\` checks before it changes anything."`,
    );
  });
});

/** The host and the time of a message differ in every run. */
const stable = ({ message }: IonError) => message.replace(/127\.0\.0\.1:\d+/g, "HOST").replace(/in \d+ s\./, "in 1 s.");
