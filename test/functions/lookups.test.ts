import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Emulator, EmulatorOptions } from "../../emulator/index.ts";
import {
  getSupportedResources,
  getSupportedResourcesOutput,
  getWebhookReceiver,
  getWebhookReceiverOutput,
  getWebhookReceivers,
  getWebhookReceiversOutput,
} from "../../provider/src/index.ts";
import { VIOLET_RESOURCES } from "../../provider/src/model/events.ts";
import { errorOf } from "../program/declare.ts";
import { quiet, runProgram, settled } from "../support/pulumiMocks.ts";
import { CANARY, configOf, countOf, mask, reversed, start, withoutPort } from "../support/support.ts";

const URI = `https://hooks.example/${CANARY}`;

/** Starts an emulator with two receivers of one name, and a third that has everything that a receiver can have. */
async function startWithThree(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await start(options);
  const { store } = emulator;
  store.createReceiver({ name: "crm", webhookUri: "https://hooks.example/1" });
  store.createReceiver({ name: "crm", webhookUri: "https://hooks.example/2" });
  store.createReceiver({
    name: "erp",
    webhookUri: URI,
    description: "free text",
    active: false,
    sharedSecret: CANARY,
  });
  store.createHeader({ receiverId: "3", key: "X-Plant", value: CANARY });
  store.createSubscription({ receiverId: "3", resource: "PARTS", action: "UPDATE" });
  store.createSubscription({ receiverId: "3", resource: "RUNS", action: "CREATE" });
  return emulator;
}

/** The third receiver, as a look-up returns it. */
const ERP = {
  id: "3",
  name: "erp",
  description: "free text",
  contentType: "application/json",
  expectedResponseCode: 200,
  active: false,
  connection: undefined,
  subscriptions: [
    { id: "1", resource: "PARTS", action: "UPDATE" },
    { id: "2", resource: "RUNS", action: "CREATE" },
  ],
  headerNames: ["X-Plant"],
};

/** Runs a program on an emulator, and returns its result. */
async function runOn<T>(emulator: Emulator, program: () => T | Promise<T>): Promise<T> {
  quiet();
  return (await runProgram(configOf(emulator), program)).result;
}

/** The message of the error that a program on an emulator fails with. */
function errorOn(emulator: Emulator, program: () => unknown): Promise<string> {
  quiet();
  return errorOf(program, configOf(emulator));
}

/** An ION environment on another machine that is an emulator with changed responses. */
function changeResponses(emulator: Emulator, change: (response: Promise<Response>) => Promise<Response>): Emulator {
  const graphqlUrl = "https://ion.example/graphql";
  const { fetch } = globalThis;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    expect(url).toBe(graphqlUrl);
    return change(fetch(emulator.graphqlUrl, init));
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return { ...emulator, graphqlUrl };
}

describe("getWebhookReceiver", () => {
  it.each([
    ["id", { id: "3" }],
    ["name", { name: "erp" }],
    ["webhookUri in any spelling", { webhookUri: URI.replace("hooks", "HOOKS") }],
    ["id, name and webhookUri together", { id: "3", name: "erp", webhookUri: URI }],
  ])("finds a receiver by its %s, and returns no secret", async (_criteria, args) => {
    const found = await runOn(await startWithThree(), () => getWebhookReceiver(args));
    expect(found).toEqual(ERP);
    expect(JSON.stringify(found)).not.toContain(CANARY);
  });

  it("refuses to search without criteria", async () => {
    const emulator = await startWithThree();
    const message = await errorOn(emulator, () => getWebhookReceiver({}));
    expect(message).toMatchInlineSnapshot(`"getWebhookReceiver: Set an id, a name or a webhookUri."`);
    const undefinedCriteria = { id: undefined, name: undefined, connection: undefined };
    expect(await errorOn(emulator, () => getWebhookReceiver(undefinedCriteria))).toBe(message);
  });

  it("lists the existing receivers if none matches", async () => {
    const emulator = await startWithThree();
    const message = await errorOn(emulator, () => getWebhookReceiver({ name: "Erp" }));
    expect(withoutPort(message)).toMatchInlineSnapshot(
      `"getWebhookReceiver: There is no webhook receiver with name "Erp" in ION at http://<host>/graphql. It has "crm" (id 1), "crm" (id 2), "erp" (id 3). If this program declares the receiver, use that resource instead: ION has it only after \`pulumi up\`."`,
    );
    const byId = await errorOn(emulator, () => getWebhookReceiver({ id: "33" }));
    expect(byId).toBe(message.replace('name "Erp"', "id 33"));
    const byTwo = await errorOn(emulator, () => getWebhookReceiver({ id: "1", webhookUri: URI }));
    expect(byTwo).toBe(message.replace('name "Erp"', "id 1 and the given webhookUri"));
  });

  it("lists the matching receivers if there are several", async () => {
    const emulator = await startWithThree();
    expect(withoutPort(await errorOn(emulator, () => getWebhookReceiver({ name: "crm" })))).toMatchInlineSnapshot(
      `"getWebhookReceiver: There are 2 webhook receivers with name "crm" in ION at http://<host>/graphql: "crm" (id 1), "crm" (id 2). Look one up by its id."`,
    );
  });

  it("reports that there is no receiver at all, and lists at most 20", async () => {
    const emulator = await start();
    const notFound = () => errorOn(emulator, () => getWebhookReceiver({ name: "x" }));
    expect(await notFound()).toContain("ION shows this API key no webhook receivers.");
    for (let number = 1; number <= 23; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
    }
    expect(await notFound()).toMatch(/ It has "r1" \(id 1\), .* "r20" \(id 20\) and 3 more\. /);
  });

  it("suggests other criteria if ION masks URLs", async () => {
    const emulator = changeResponses(await startWithThree(), mask);
    const message = await errorOn(emulator, () => getWebhookReceiver({ webhookUri: URI }));
    expect(message).toContain("ION does not show this API key every webhookUri: look the receiver up by name or id.");
    expect(message).not.toContain(CANARY);
  });

  it("returns and lists everything from old to new, in whatever order ION returns it", async () => {
    const emulator = await startWithThree();
    for (let number = 4; number <= 11; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
      emulator.store.createSubscription({
        receiverId: "3",
        resource: VIOLET_RESOURCES[number] ?? "",
        action: "DELETE",
      });
    }
    const ion = changeResponses(emulator, reversed);
    const all = await runOn(ion, () => getWebhookReceivers());
    const ids = (some: readonly { readonly id: string }[] = []) => some.map(({ id }) => Number(id));
    expect(ids(all)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(ids(all[2]?.subscriptions)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const message = await errorOn(ion, () => getWebhookReceiver({ name: "crm" }));
    expect(message).toContain('"crm" (id 1), "crm" (id 2).');
  });

  it("reads the environment of a named connection, also from environment variables", async () => {
    const [production, staging] = [await startWithThree(), await start()];
    staging.store.createReceiver({ name: "other", webhookUri: URI });
    for (const [name, value] of Object.entries({
      ION_STAGING_API_URI: staging.graphqlUrl,
      ION_STAGING_AUTH_SERVER: staging.tokenUrl,
      ION_STAGING_CLIENT_ID: staging.clientId,
      ION_STAGING_CLIENT_SECRET: staging.clientSecret,
    })) {
      vi.stubEnv(name, value);
    }
    const program = () => getWebhookReceiver({ webhookUri: URI, connection: "staging" });
    expect(await runOn(production, program)).toMatchObject({ id: "1", name: "other", connection: "staging" });
    vi.unstubAllEnvs();
    expect(await errorOn(production, program)).toMatch(/^getWebhookReceiver: ion-staging:region is not set[.:]/);
  });

  it("refuses an invalid name of a connection", async () => {
    const program = () => getWebhookReceiver({ id: "1", connection: "Staging" });
    expect(await errorOn(await startWithThree(), program)).toMatch(/^The connection of getWebhookReceiver must be /);
  });

  it("reports ION's errors with its name, and without secrets", async () => {
    const emulator = await startWithThree();
    emulator.rotateKey("new");
    const message = await errorOn({ ...emulator, clientSecret: CANARY }, () => getWebhookReceiver({ id: "1" }));
    expect(message).toMatch(/^getWebhookReceiver: ION's token endpoint at .* rejected the API key/);
    expect(message).not.toContain(CANARY);
  });
});

describe("getWebhookReceiverOutput", () => {
  it("waits for its arguments, and returns no secret for a secret webhookUri", async () => {
    const emulator = await startWithThree();
    const { found, isSecret } = await runOn(emulator, async () => {
      const output = getWebhookReceiverOutput({ webhookUri: pulumi.secret(Promise.resolve(URI)) });
      return { found: await settled(output), isSecret: await pulumi.isSecret(output) };
    });
    expect(found).toEqual(ERP);
    expect(isSecret).toBe(false);
  });
});

describe("look-ups", () => {
  it("return the same as outputs and as promises", async () => {
    const emulator = await startWithThree();
    await runOn(emulator, async () => {
      expect(await settled(getWebhookReceiverOutput({ id: "3" }).name)).toBe("erp");
      expect(await settled(getWebhookReceiversOutput())).toEqual(await getWebhookReceivers());
      expect(await settled(getSupportedResourcesOutput())).toEqual(await getSupportedResources());
    });
  });

  it("share one token, one read of the receivers and one of the schema in each run", async () => {
    const emulator = await startWithThree();
    const program = async () => {
      getWebhookReceiverOutput({ name: "erp" });
      await Promise.all([getWebhookReceivers(), getSupportedResources()]);
      await Promise.all([getSupportedResources(), getWebhookReceiver({ name: "erp" })]);
    };
    await runOn(emulator, program);
    expect([countOf(emulator, "token"), countOf(emulator, "query")]).toEqual([1, 2]);
    emulator.store.createReceiver({ name: "new", webhookUri: "https://hooks.example/new" });
    expect(await runOn(emulator, () => getWebhookReceivers())).toHaveLength(4);
  });
});

describe("getWebhookReceivers", () => {
  it("returns all receivers, oldest first", async () => {
    const found = await runOn(await startWithThree(), () => getWebhookReceivers());
    expect(found.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(found.at(-1)).toEqual(ERP);
  });
});

describe("getSupportedResources", () => {
  it("returns the names in ION's live schema", async () => {
    const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
    const { resources, actions } = await runOn(emulator, () => getSupportedResources());
    expect(resources).toContain("USERS");
    expect(resources).not.toContain("RUNS");
    expect(actions).toEqual(["CREATE", "UPDATE", "DELETE"]);
  });
});
