import { describe, expect, it } from "vitest";
import { WebhookApi } from "../../provider/src/ion/webhookApi.ts";
import { connectionTo, countOf, failureOf, intercept, ionOn, mutationsIn, rewrite, start } from "../support/support.ts";

describe("environment", () => {
  it.each([
    ["https://new.example/graphql", true],
    ["https://old.example/graphql", true],
    ["https://other.example/graphql", false],
  ])("recognizes its present and its former environment: %s: %s", async (environment, expected) => {
    const api = new WebhookApi({
      ...connectionTo(await start()),
      endpoint: "https://new.example/graphql",
      formerEndpoint: "https://old.example/graphql",
    });
    expect(api.environment).toBe("https://new.example/graphql");
    expect(api.isEnvironment(environment)).toBe(expected);
  });

  it("has another environment for each emulator on this machine", async () => {
    const [emulator, other] = [await start(), await start()];
    const api = ionOn(emulator);
    expect(api.isEnvironment(emulator.graphqlUrl)).toBe(true);
    expect(api.isEnvironment(other.graphqlUrl)).toBe(false);
  });
});

describe("receiver", () => {
  it("reads ION again if the snapshot does not have a receiver", async () => {
    const emulator = await start();
    const api = ionOn(emulator);
    await api.receivers();
    emulator.store.createReceiver({ name: "late", webhookUri: "https://hooks.example/late" });
    expect((await api.receiver("1"))?.name).toBe("late");
    expect((await api.receiver("1"))?.name).toBe("late");
    expect(countOf(emulator, "query")).toBe(2);
    expect(await api.receiver("2")).toBeUndefined();
    expect(countOf(emulator, "query")).toBe(3);
  });
});

describe("apply", () => {
  const fields = { name: "erp", webhookUri: "https://hooks.example/1" };

  it("creates a receiver also if ION's schema has no list of receivers", async () => {
    const emulator = await start({ hide: ["webhookReceivers"] });
    const { id } = await ionOn(emulator).apply({ kind: "createReceiver", fields });
    expect(emulator.store.findReceiver(id)).toMatchObject(fields);
  });

  it("creates no receiver if the list cannot be read for another reason", async () => {
    const emulator = await start();
    const fetch = intercept(async (sent, pass) => (sent.mutation ? pass() : new Response("", { status: 403 })));
    const { kind } = await failureOf(ionOn(emulator, { fetch }).apply({ kind: "createReceiver", fields }));
    expect(kind).toBe("permission");
    expect(mutationsIn(emulator)).toEqual([]);
  });
});

it("keeps recorded secrets out of ION's messages, before ION has shown them", async () => {
  const secret = "canary-7f3a-recorded";
  const fetch = intercept(async () => Response.json({ errors: [{ message: `No receiver has ${secret}.` }] }));
  const api = ionOn(await start(), { fetch });
  api.hideSecretsIn({ name: "erp", sharedSecret: secret });
  const { message } = await failureOf(api.receivers());
  expect(message).toContain("No receiver has");
  expect(message).not.toContain(secret);
});

describe("subscriptionNames", () => {
  it("reads the names that ION accepts from its live schema, once", async () => {
    const emulator = await start();
    const api = ionOn(emulator);
    const [names] = await Promise.all([api.subscriptionNames(), api.subscriptionNames()]);
    expect(names.action).toEqual(["CREATE", "UPDATE", "DELETE"]);
    expect(names.resource).toEqual(expect.arrayContaining(["PARTS", "USERS"]));
    expect(countOf(emulator, "query")).toBe(1);
  });

  it("reads the names also if the input type has another name", async () => {
    const emulator = await start({ hide: ["CreateWebhookSubscriptionInput"] });
    const names = await ionOn(emulator).subscriptionNames();
    expect(names.resource).toContain("RUN_STEPS");
    expect(names.action).toEqual(["CREATE", "UPDATE", "DELETE"]);
  });

  it("fails if the schema does not show the names", async () => {
    const api = ionOn(await start(), {
      fetch: intercept((_sent, pass) => rewrite(pass(), (text) => text.replaceAll('"enumValues"', '"hidden"'))),
    });
    const { kind, message } = await failureOf(api.subscriptionNames());
    expect(kind).toBe("unexpectedAnswer");
    expect(message).toMatchInlineSnapshot(
      `"ION's schema does not list the resources and actions of webhook subscriptions."`,
    );
  });

  it("reads the names again after a fault of ION's server", async () => {
    const emulator = await start();
    const fault = { errors: [{ message: "Wait.", extensions: { code: "THROTTLED" } }] };
    const fetch = intercept(async (sent, pass) => (sent.number === 1 ? Response.json(fault) : pass()));
    expect((await ionOn(emulator, { fetch }).subscriptionNames()).resource).toContain("PARTS");
  });
});
