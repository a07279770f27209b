import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { CANARY, configOf, countOf, mutationsIn, start, withoutPort } from "../../support/support.ts";
import {
  captureWarnings,
  createResource,
  errorOf,
  FULL,
  type Properties,
  type Provider,
  plainTextOf,
  RECEIVER,
  SUBSCRIPTION,
  startProcess,
  startProcessOn,
  URI,
  unwrapSecrets,
} from "./providers.ts";

const STAGING = { ...RECEIVER, connection: "staging" };

/** Two emulators, and a config with one as the default connection and the other as the connection "staging". */
async function withTwoEnvironments() {
  const [production, staging] = [await start(), await start({ clientSecret: "staging-secret" })];
  return { production, staging, config: { ...configOf(production), ...configOf(staging, "ion-staging") } };
}

/** An emulator in place of ION's US production environment, and a config with several connections to it. */
async function withProductionEnvironment(connections: readonly string[]) {
  const emulator = await start();
  const realFetch = globalThis.fetch;
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    const { host } = new URL(url);
    return realFetch(host === "api.buildwithion.com" ? emulator.graphqlUrl : emulator.tokenUrl, init);
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  const settings = { region: "us", clientId: emulator.clientId, clientSecret: emulator.clientSecret };
  const config = Object.fromEntries(
    connections.flatMap((name) =>
      Object.entries(settings).map(([key, value]) => [`ion${name && `-${name}`}:${key}`, value]),
    ),
  );
  return { emulator, config };
}

it("a named connection reaches its own environment, and the state records only its name", async () => {
  const { production, staging, config } = await withTwoEnvironments();
  const { webhookReceiver, webhookSubscription } = await startProcess(config);
  const own = await createResource(webhookReceiver, RECEIVER);
  const other = await createResource(webhookReceiver, { ...STAGING, name: "other" });
  const subscription = await createResource(webhookSubscription, { ...SUBSCRIPTION, connection: "staging" });
  expect([production.store.listReceivers(), staging.store.listReceivers()]).toMatchObject([
    [{ id: "1", name: "erp" }],
    [{ id: "1", name: "other" }],
  ]);
  expect([production.store.listSubscriptions().length, staging.store.listSubscriptions().length]).toEqual([0, 1]);
  expect("connection" in own.outs).toBe(false);
  expect([other.outs.connection, other.outs.ionEndpoint]).toEqual(["staging", staging.graphqlUrl]);
  expect(subscription.outs).toEqual({
    receiverId: "1",
    resource: "PARTS",
    action: "UPDATE",
    connection: "staging",
    ionEndpoint: staging.graphqlUrl,
  });
  const next = await startProcess(config);
  expect(await next.webhookReceiver.read(other.id, other.state)).toMatchObject({
    id: "1",
    inputs: { name: "other", connection: "staging" },
    props: { name: "other" },
  });
  expect(await next.webhookReceiver.diff("1", other.state, { ...STAGING, name: "other" })).toEqual({
    changes: false,
    replaces: [],
  });
  await next.webhookReceiver.update("1", other.state, { ...STAGING, name: "new" });
  await next.webhookSubscription.delete(subscription.id, subscription.state);
  expect([production.store.listReceivers(), staging.store.listReceivers()]).toMatchObject([
    [{ name: "erp" }],
    [{ name: "new" }],
  ]);
  expect(staging.store.listSubscriptions()).toEqual([]);
});

it("a receiver without one of its headers is recorded with its connection", async () => {
  const { staging, config } = await withTwoEnvironments();
  staging.settings.deniedPermissions.add("CreateWebhookHeader");
  const { webhookReceiver } = await startProcess(config);
  const error = await errorOf(webhookReceiver.create({ ...FULL, connection: "staging" }));
  expect(error.properties).toMatchObject({ connection: "staging", ionEndpoint: staging.graphqlUrl });
});

it("an object that the program declares in one environment is still deleted in another", async () => {
  const { production, staging, config } = await withTwoEnvironments();
  const first = await startProcess(config);
  const own = await createResource(first.webhookReceiver, RECEIVER);
  await createResource(first.webhookReceiver, STAGING);
  const { webhookReceiver } = await startProcess(config);
  await webhookReceiver.check({}, STAGING);
  await webhookReceiver.delete(own.id, own.state);
  expect([production.store.listReceivers().length, staging.store.listReceivers().length]).toEqual([0, 1]);
});

it("unmanaged subscriptions are deleted only in the environment in which they were reported", async () => {
  const lines = captureWarnings();
  const { production, staging, config } = await withTwoEnvironments();
  for (const { store } of [production, staging]) store.createReceiver({ name: "erp", webhookUri: URI });
  const subscribe = ({ store }: Emulator, ...resources: string[]) => {
    for (const resource of resources) store.createSubscription({ receiverId: "1", resource, action: "UPDATE" });
  };
  subscribe(production, "PARTS", "RUNS");
  subscribe(staging, "PARTS", "RUNS", "ISSUES");
  const inputs = { receiverId: "1", unmanaged: "delete", declared: ["PARTS UPDATE"] };
  const programs: Properties[] = [inputs, { ...inputs, connection: "staging" }];
  const created = await Promise.all(
    programs.map(async (program) => createResource((await startProcess(config)).unmanagedSubscriptions, program)),
  );
  // Only staging reported a subscription with this event and id.
  subscribe(production, "ISSUES");
  const { unmanagedSubscriptions } = await startProcess(config);
  for (const [at, program] of programs.entries()) {
    const { id = "", state = {} } = created[at] ?? {};
    const read = await unmanagedSubscriptions.read(id, state);
    const checked = await unmanagedSubscriptions.check(unwrapSecrets(read.inputs ?? {}), program);
    await unmanagedSubscriptions.update(id, unwrapSecrets(read.props ?? {}), checked.inputs ?? {});
  }
  expect([production, staging].map(({ store }) => store.listSubscriptions().map(({ resource }) => resource))).toEqual([
    ["PARTS", "ISSUES"],
    ["PARTS"],
  ]);
  expect(lines.filter((line) => line.includes("Deleted"))).toMatchInlineSnapshot(`
    [
      "pulumi-ion: Deleted subscriptions of receiver "erp" (id 1): RUNS UPDATE (id 2).",
      "pulumi-ion: connection "staging": Deleted subscriptions of receiver "erp" (id 1): RUNS UPDATE (id 2), ISSUES UPDATE (id 3).",
    ]
  `);
});

describe("errors", () => {
  it.each<[string, (emulator: Emulator) => void, RegExp]>([
    [
      "key",
      ({ rotateKey }) => rotateKey("new"),
      /ion-staging:clientId and ion-staging:clientSecret \(or ION_STAGING_CLIENT_ID and/,
    ],
    [
      "token",
      ({ faults }) => faults.add({ kind: "revoked-token", times: 2 }),
      /ion-staging:region.*ion-staging:stage.*ion-staging:clientId/,
    ],
  ])("names the settings of the connection if ION rejects its %s", async (_what, reject, expected) => {
    const { staging, config } = await withTwoEnvironments();
    reject(staging);
    const { webhookReceiver } = await startProcess(config);
    const { message } = await errorOf(webhookReceiver.create(STAGING));
    expect(message).toMatch(expected);
    expect(message).not.toMatch(/\bion:/);
  });

  it.each(["Staging", "", 7])(
    "rejects the connection name %j without a request and without a secret",
    async (connection) => {
      const emulator = await start();
      const { webhookReceiver } = await startProcessOn(emulator);
      const { inputs = {}, failures } = await webhookReceiver.check({}, { ...FULL, connection });
      expect(failures).toEqual([
        { property: "connection", reason: expect.stringMatching(/^must be lowercase letters/) },
      ]);
      expect(plainTextOf(inputs)).not.toContain(CANARY);
      expect(emulator.requests).toEqual([]);
    },
  );

  it("names the config keys of a connection without config", async () => {
    const { webhookReceiver } = await startProcessOn(await start());
    const { message } = await errorOf(webhookReceiver.check({}, STAGING));
    expect(message.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "ion-staging:region",
      "ion-staging:clientId",
      "ion-staging:clientSecret",
    ]);
  });

  it("names the config keys of a connection that now names another environment", async () => {
    const { config } = await withTwoEnvironments();
    const { id, state } = await createResource((await startProcess(config)).webhookReceiver, STAGING);
    const moved = { "ion-staging:endpoint": undefined, "ion-staging:authUrl": undefined, "ion-staging:region": "us" };
    const { webhookReceiver } = await startProcess({ ...config, ...moved });
    expect(withoutPort((await errorOf(webhookReceiver.read(id, state))).message)).toMatchInlineSnapshot(
      `"The webhook receiver with id 1 belongs to ION at http://<host>/graphql, but the config of connection "staging" now names ION at https://api.buildwithion.com/graphql. Nothing was read or changed. Restore ion-staging:endpoint (or ion-staging:region and ion-staging:stage, or ION_STAGING_API_URI). To manage another ION environment, use another stack (\`pulumi stack init\`) or another connection. If it is the same environment at a new URL, set ion-staging:formerEndpoint to the old URL. If you have just changed this stack's config, add --run-program to the command: without it, Pulumi refreshes and destroys with the config of the last \`pulumi up\`."`,
    );
  });
});

describe("a resource whose connection changes", () => {
  it.each([
    ["the default to a named one", "", "production"],
    ["a named one to the default", "production", ""],
    ["one name to another", "production", "live"],
  ])("changes the state and nothing in ION from %s in the same environment", async (_what, before, after) => {
    const { emulator, config } = await withProductionEnvironment(["", "production", "live"]);
    const { id, state } = await createResource((await startProcess(config)).webhookReceiver, {
      ...RECEIVER,
      ...(before && { connection: before }),
    });
    const { webhookReceiver } = await startProcess(config);
    const news = { ...RECEIVER, ...(after && { connection: after }) };
    await webhookReceiver.check({}, news);
    expect(await webhookReceiver.diff(id, state, news)).toEqual({ changes: true, replaces: [] });
    emulator.requests.length = 0;
    const { outs = {} } = await webhookReceiver.update(id, state, news);
    expect(mutationsIn(emulator)).toEqual([]);
    expect(await webhookReceiver.diff(id, unwrapSecrets(outs), news)).toEqual({ changes: false, replaces: [] });
    expect(outs.connection ?? "").toBe(after);
  });

  it("keeps the receiver if the resource is renamed at the same time", async () => {
    const { emulator, config } = await withProductionEnvironment(["", "live"]);
    const { id, state } = await createResource((await startProcess(config)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await startProcess(config);
    const renamed = await createResource(webhookReceiver, { ...RECEIVER, connection: "live" });
    await webhookReceiver.delete(id, state);
    // One token and one query for each of the two processes: both names share them.
    expect([countOf(emulator, "token"), countOf(emulator, "query")]).toEqual([2, 2]);
    expect([renamed.id, emulator.store.listReceivers().length]).toEqual([id, 1]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookReceiver"]]);
  });

  it.each<[string, (provider: Provider, id: string, state: Properties) => Promise<unknown>]>([
    ["diff", (provider, id, state) => provider.diff(id, state, STAGING)],
    ["update", (provider, id, state) => provider.update(id, state, STAGING)],
  ])("%s refuses a connection to another environment without a request", async (_method, call) => {
    const { production, staging, config } = await withTwoEnvironments();
    const { webhookReceiver } = await startProcess(config);
    const { id, state } = await createResource(webhookReceiver, FULL);
    production.requests.length = 0;
    expect((await errorOf(call(webhookReceiver, id, state))).kind).toBe("elsewhere");
    expect([production.requests, staging.requests]).toEqual([[], []]);
  });

  it("names both environments if the connection reaches another one", async () => {
    const { config } = await withTwoEnvironments();
    const { webhookReceiver } = await startProcess(config);
    const { id, state } = await createResource(webhookReceiver, FULL);
    expect(withoutPort((await errorOf(webhookReceiver.diff(id, state, STAGING))).message)).toMatchInlineSnapshot(
      `"The webhook receiver with id 1 belongs to ION at http://<host>/graphql, but the program now assigns it to connection "staging", which is ION at http://<host>/graphql. Nothing was read or changed. Assign it to the default connection again. To manage the other environment, declare a new resource with another name."`,
    );
  });
});
