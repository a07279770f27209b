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
} from "../../provider/index.ts";
import { VIOLET_RESOURCES } from "../../provider/ion/facts.ts";
import { runProgram, settled } from "../support/pulumiMocks.ts";
import { CANARY, configOf, countOf, mask, reversed, start } from "../support/support.ts";

const URI = `https://hooks.example/${CANARY}`;

/** Two receivers of one name, and a third with all that a receiver can have. */
async function three(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await start(options);
  const { store } = emulator;
  store.createReceiver({ name: "twin", webhookUri: "https://hooks.example/1" });
  store.createReceiver({ name: "twin", webhookUri: "https://hooks.example/2" });
  store.createReceiver({
    name: "erp",
    webhookUri: URI,
    description: "for people",
    active: false,
    sharedSecret: CANARY,
  });
  store.createHeader({ receiverId: "3", key: "X-Plant", value: CANARY });
  store.createSubscription({ receiverId: "3", resource: "PARTS", action: "UPDATE" });
  store.createSubscription({ receiverId: "3", resource: "RUNS", action: "CREATE" });
  return emulator;
}

const ERP = {
  id: "3",
  name: "erp",
  description: "for people",
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

/** What a program that runs against an emulator comes to. */
const inProgram = async <T>(emulator: Emulator, program: () => T | Promise<T>) =>
  (await runProgram(configOf(emulator), program)).result;

/** Has everything that ION answers changed, until the test is over. */
function changeAnswers(change: (answer: Promise<Response>) => Promise<Response>) {
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => change(real(url, init)));
  onTestFinished(() => void vi.unstubAllGlobals());
}

const messageOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  return (error as Error).message;
};

describe("getWebhookReceiver", () => {
  it.each([
    ["id", { id: "3" }],
    ["name", { name: "erp" }],
    ["webhookUri, however it is written", { webhookUri: URI.replace("hooks", "HOOKS") }],
    ["all three", { id: "3", name: "erp", webhookUri: URI }],
  ])("finds one by its %s, and shows no secret", async (_what, args) => {
    const emulator = await three();
    const found = await inProgram(emulator, () => getWebhookReceiver(args));
    expect(found).toEqual(ERP);
    expect(JSON.stringify(found)).not.toContain(CANARY);
  });

  it.each<[string, Parameters<typeof getWebhookReceiver>[0], string]>([
    ["nothing to look for", {}, "getWebhookReceiver needs an id, a name or a webhookUri to look for."],
    [
      "nothing to look for in so many words",
      { id: undefined, name: undefined, connection: undefined },
      "getWebhookReceiver needs an id, a name or a webhookUri to look for.",
    ],
    [
      "a name that nothing has",
      { name: "Erp" },
      'There is no webhook receiver with name "Erp" in the ION at loopback. There are "twin" (id 1), "twin" (id 2), "erp" (id 3). ' +
        "What this program itself declares is there only after `pulumi up`: use that resource's id.",
    ],
    [
      "an id that nothing has",
      { id: "33" },
      'There is no webhook receiver with id 33 in the ION at loopback. There are "twin" (id 1), "twin" (id 2), "erp" (id 3). ' +
        "What this program itself declares is there only after `pulumi up`: use that resource's id.",
    ],
    [
      "what does not fit together",
      { id: "1", webhookUri: URI },
      'There is no webhook receiver with id 1 and that webhookUri in the ION at loopback. There are "twin" (id 1), "twin" (id 2), "erp" (id 3). ' +
        "What this program itself declares is there only after `pulumi up`: use that resource's id.",
    ],
    [
      "a name that two have",
      { name: "twin" },
      'There are 2 webhook receivers with name "twin" in the ION at loopback: "twin" (id 1), "twin" (id 2). Look one up by its id.',
    ],
    [
      "a connection that cannot be",
      { id: "1", connection: "Staging" },
      'The connection of getWebhookReceiver has to be a plain name of small letters, digits and dashes, such as "staging"; ' +
        "its settings are then ion-staging:region and so on.",
    ],
  ])("refuses %s", async (_what, args, message) => {
    const refused = messageOf(inProgram(await three(), () => getWebhookReceiver(args)));
    expect(await refused).toBe(message);
  });

  it("names what there is as far as it can be read, and says where there is nothing", async () => {
    const emulator = await start();
    const missing = () => messageOf(inProgram(emulator, () => getWebhookReceiver({ name: "x" })));
    expect(await missing()).toContain("It shows this API key none at all.");
    for (let number = 1; number <= 23; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
    }
    expect(await missing()).toMatch(/There are "r1" \(id 1\), .* "r20" \(id 20\), and 3 more\. /);
  });

  it("shows what there is oldest first, in whatever order ION does", async () => {
    const emulator = await three();
    for (let number = 4; number <= 11; number += 1) {
      emulator.store.createReceiver({ name: `r${number}`, webhookUri: `https://hooks.example/${number}` });
      emulator.store.createSubscription({
        receiverId: "3",
        resource: VIOLET_RESOURCES[number] ?? "",
        action: "DELETE",
      });
    }
    changeAnswers(reversed);
    const all = await inProgram(emulator, () => getWebhookReceivers());
    const ids = (some: readonly { readonly id: string }[] = []) => some.map(({ id }) => Number(id));
    expect(ids(all)).toEqual(ids(all).toSorted((one, other) => one - other));
    expect(ids(all[2]?.subscriptions)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(all).toHaveLength(11);
    const message = await messageOf(inProgram(emulator, () => getWebhookReceiver({ name: "twin" })));
    expect(message).toContain('"twin" (id 1), "twin" (id 2).');
  });

  it("says so where ION masks the URLs that it is to look among", async () => {
    const emulator = await three();
    changeAnswers(mask);
    const message = await messageOf(inProgram(emulator, () => getWebhookReceiver({ webhookUri: URI })));
    expect(message).toContain(
      "ION does not show the webhookUri of all of them to this API key: look it up by name or id.",
    );
    expect(message).not.toContain(CANARY);
  });

  it("looks in the ION of the connection that it names, also from the environment", async () => {
    const [production, staging] = [await three(), await start()];
    staging.store.createReceiver({ name: "other", webhookUri: URI });
    for (const [name, value] of Object.entries({
      ION_STAGING_API_URI: staging.graphqlUrl,
      ION_STAGING_AUTH_SERVER: staging.tokenUrl,
      ION_STAGING_CLIENT_ID: staging.clientId,
      ION_STAGING_CLIENT_SECRET: staging.clientSecret,
    })) {
      vi.stubEnv(name, value);
    }
    const look = () => getWebhookReceiver({ webhookUri: URI, connection: "staging" });
    expect(await inProgram(production, look)).toMatchObject({ id: "1", name: "other", connection: "staging" });
    vi.unstubAllEnvs();
    expect(await messageOf(inProgram(production, look))).toMatch(
      /^getWebhookReceiver: ion-staging:region is not set: /,
    );
  });

  it("says in words what ION says, and no secret", async () => {
    const emulator = await three();
    emulator.rotateKey("new");
    const message = await messageOf(
      runProgram({ ...configOf(emulator), "ion:clientSecret": CANARY }, () => getWebhookReceiver({ id: "1" })),
    );
    expect(message).toMatch(/^getWebhookReceiver: ION's token endpoint at .* did not accept the API key/);
    expect(message).not.toContain(CANARY);
  });
});

describe("a look-up as an output", () => {
  it("waits for what it looks for, and is no secret although its webhookUri is one", async () => {
    const emulator = await three();
    const { found, secret } = await inProgram(emulator, async () => {
      const output = getWebhookReceiverOutput({ webhookUri: pulumi.secret(Promise.resolve(URI)) });
      return { found: await settled(output), secret: await pulumi.isSecret(output) };
    });
    expect(found).toEqual(ERP);
    expect(secret).toBe(false);
  });

  it("is as good as one that is waited for", async () => {
    const emulator = await three();
    await inProgram(emulator, async () => {
      expect(await settled(getWebhookReceiverOutput({ id: "3" }).name)).toBe("erp");
      expect(await settled(getWebhookReceiversOutput())).toEqual(await getWebhookReceivers());
      expect(await settled(getSupportedResourcesOutput())).toEqual(await getSupportedResources());
    });
  });
});

it("getWebhookReceivers gives all there are, oldest first", async () => {
  const found = await inProgram(await three(), () => getWebhookReceivers());
  expect(found.map(({ id }) => id)).toEqual(["1", "2", "3"]);
  expect(found.at(-1)).toEqual(ERP);
});

it("getSupportedResources gives what ION takes today", async () => {
  const emulator = await start({ hide: ["ResourceEnum.RUNS"] });
  const { resources, actions } = await inProgram(emulator, () => getSupportedResources());
  expect(resources).toContain("USERS");
  expect(resources).not.toContain("RUNS");
  expect(actions).toEqual(["CREATE", "UPDATE", "DELETE"]);
});

it("all look-ups of one run share one token, one read of the receivers and one of the schema; the next run looks anew", async () => {
  const emulator = await three();
  const program = async () => {
    getWebhookReceiverOutput({ name: "erp" });
    await Promise.all([getWebhookReceivers(), getSupportedResources()]);
    await Promise.all([getSupportedResources(), getWebhookReceiver({ name: "erp" })]);
  };
  await inProgram(emulator, program);
  expect([countOf(emulator, "token"), countOf(emulator, "query")]).toEqual([1, 2]);
  emulator.store.createReceiver({ name: "new", webhookUri: "https://hooks.example/new" });
  expect(await inProgram(emulator, () => getWebhookReceivers())).toHaveLength(4);
});
