import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Emulator } from "../../../emulator/index.ts";
import { startProviders } from "../../../provider/engine/dynamic/entry.ts";
import { providerText } from "../../../provider/engine/dynamic/providerReference.ts";
import { VIOLET_RESOURCES } from "../../../provider/ion/facts.ts";
import { UNKNOWN } from "../../../provider/lifecycle/resourceHandler.ts";
import { CANARY, configOf, countOf, mutationsIn, start } from "../../support/support.ts";

type Provider = Required<pulumi.dynamic.ResourceProvider>;
type Properties = Record<string, unknown>;
type Providers = Record<"webhookReceiver" | "webhookSubscription" | "unmanagedSubscriptions", Provider>;

const URI = `https://hooks.example/${CANARY}`;
const TEXT = "__provider";
const RECEIVER = { name: "erp", webhookUri: URI, [TEXT]: providerText("webhookReceiver") };
const FULL = { ...RECEIVER, sharedSecret: `${CANARY}-secret`, headers: { "X-Plant": `${CANARY}-7` } };
const PAIR = { receiverId: "1", resource: "PARTS", action: "UPDATE", [TEXT]: providerText("webhookSubscription") };

/** The providers as a fresh process of Pulumi's dynamic provider has them, configured by a stack's config. */
async function processWith(config: Record<string, string>): Promise<Providers> {
  for (const name of ["ION_API_URI", "ION_AUTH_SERVER", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]) vi.stubEnv(name, "");
  const providers = startProviders() as Providers;
  const read = { get: (key: string) => config[key] } as unknown as pulumi.dynamic.Config;
  for (const provider of Object.values(providers)) await provider.configure({ config: read });
  return providers;
}

const processOn = (emulator: Emulator) => processWith(configOf(emulator));

const isSealed = (value: unknown): value is { value: unknown } =>
  value !== null &&
  typeof value === "object" &&
  (value as Properties)[pulumi.runtime.specialSigKey] === pulumi.runtime.specialSecretSig;

/** What Pulumi hands back to the provider of what it was handed: it unwraps secrets. */
const remembered = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, isSealed(value) ? value.value : value]));

const sealedIn = (properties: Properties) => Object.keys(properties).filter((name) => isSealed(properties[name]));

/** Everything of `properties` that is not sealed. */
const openIn = (properties: Properties) =>
  JSON.stringify(Object.fromEntries(Object.entries(properties).filter(([, value]) => !isSealed(value))));

async function errorOf(promise: Promise<unknown>): Promise<Error & Properties> {
  const outcome: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("It did not fail.");
  return outcome as Error & Properties;
}

/** Checks and makes a resource as the engine does; what it remembers of it is what comes back. */
async function up(provider: Provider, inputs: Properties) {
  const { failures } = await provider.check({}, inputs);
  expect(failures).toEqual([]);
  const { id, outs } = await provider.create(inputs);
  return { id, outs: outs as Properties, state: remembered(outs as Properties) };
}

describe("what goes out", () => {
  it("of create, read, update and check has all secrets sealed, and nothing undefined", async () => {
    const emulator = await start();
    const { webhookReceiver } = await processOn(emulator);
    const { id, outs, state } = await up(webhookReceiver, FULL);
    const { props = {}, inputs = {} } = await webhookReceiver.read(id, state);
    const now = { ...FULL, sharedSecret: `${CANARY}-new` };
    const { outs: updated = {} } = await webhookReceiver.update(id, state, now);
    const { inputs: checked = {} } = await webhookReceiver.check({}, FULL);
    const all: Record<string, [Properties, string[]]> = {
      outs: [outs, ["webhookUri", "sharedSecret", "headers", "pinned"]],
      props: [props, ["webhookUri", "sharedSecret", "headers", "pinned"]],
      inputs: [inputs, ["webhookUri", "sharedSecret", "headers"]],
      updated: [updated, ["webhookUri", "sharedSecret", "headers", "pinned"]],
      checked: [checked, ["webhookUri", "sharedSecret", "headers"]],
    };
    for (const [properties, secrets] of Object.values(all)) {
      expect(sealedIn(properties).sort()).toEqual(secrets.sort());
      expect(openIn(properties)).not.toContain(CANARY);
      expect(Object.values(properties)).not.toContain(undefined);
    }
    expect(remembered(updated)).toMatchObject({ name: "erp", sharedSecret: `${CANARY}-new`, webhookUri: URI });
  });

  it("of fields that were changed by hand and are held has their secrets sealed, too", async () => {
    const emulator = await start();
    const { webhookReceiver } = await processOn(emulator);
    const { id, state } = await up(webhookReceiver, RECEIVER);
    emulator.store.createHeader({ receiverId: id, key: "X-New", value: CANARY });
    const { inputs = {} } = await (await processOn(emulator)).webhookReceiver.read(id, state);
    expect(sealedIn(inputs).sort()).toEqual(["headers", "pinned", "webhookUri"]);
    expect(openIn(inputs)).not.toContain(CANARY);
    const { inputs: next = {} } = await webhookReceiver.check(remembered(inputs), RECEIVER);
    expect(sealedIn(next).sort()).toEqual(["headers", "pinned", "webhookUri"]);
  });

  it("leaves what is not known yet as it is", async () => {
    const { webhookReceiver } = await processOn(await start());
    const { inputs, failures } = await webhookReceiver.check({}, { ...RECEIVER, webhookUri: UNKNOWN });
    expect([inputs.webhookUri, failures]).toEqual([UNKNOWN, []]);
    expect(UNKNOWN).toBe(pulumi.runtime.unknownValue);
  });

  it("of a subscription is plain", async () => {
    const emulator = await start();
    const { webhookReceiver, webhookSubscription } = await processOn(emulator);
    await up(webhookReceiver, RECEIVER);
    const { id, outs, state } = await up(webhookSubscription, PAIR);
    expect([id, outs]).toEqual([
      "1",
      { receiverId: "1", resource: "PARTS", action: "UPDATE", ionEndpoint: "loopback" },
    ]);
    const { [TEXT]: _text, ...inputs } = PAIR;
    expect(await webhookSubscription.read(id, state)).toEqual({ id, props: outs, inputs });
  });

  it("of what is gone is an empty id", async () => {
    const emulator = await start();
    const { webhookReceiver } = await processOn(emulator);
    const { id, state } = await up(webhookReceiver, RECEIVER);
    emulator.store.deleteReceiver(id);
    expect(await (await processOn(emulator)).webhookReceiver.read(id, state)).toEqual({ id: "" });
  });

  it("names a secret property that will not do so that Pulumi has no value to print", async () => {
    const { webhookReceiver } = await processOn(await start());
    const { failures } = await webhookReceiver.check({}, { ...RECEIVER, webhookUri: CANARY, name: "" });
    expect(failures).toEqual([
      { property: "name", reason: "cannot be empty" },
      { property: "webhookUri (secret)", reason: "is not a URL; it has to look like https://example.com/path" },
    ]);
  });
});

describe("a diff", () => {
  it("is told as Pulumi wants it", async () => {
    const emulator = await start();
    const { webhookReceiver, webhookSubscription } = await processOn(emulator);
    const receiver = await up(webhookReceiver, RECEIVER);
    const subscription = await up(webhookSubscription, PAIR);
    expect(await webhookReceiver.diff(receiver.id, receiver.state, { ...RECEIVER, name: "new" })).toEqual({
      changes: true,
      replaces: [],
    });
    expect(await webhookReceiver.diff(receiver.id, receiver.state, RECEIVER)).toEqual({ changes: false, replaces: [] });
    expect(await webhookSubscription.diff(subscription.id, subscription.state, { ...PAIR, action: "CREATE" })).toEqual({
      changes: true,
      replaces: ["action"],
    });
  });
});

describe("an error", () => {
  it("is one line for people: no stack, no secret", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
    const { webhookReceiver } = await processOn(emulator);
    const error = await errorOf(webhookReceiver.create(FULL));
    expect(error.stack).toBe(error.message);
    expect(error.message.split("\n")).toHaveLength(1);
    expect(`${error}`).toBe("pulumi-ion");
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(CANARY);
    expect([error.id, error.properties]).toEqual([undefined, undefined]);
  });

  it("of a missing config names each key, whatever is asked", async () => {
    const { webhookReceiver } = await processWith({ "ion:clientSecret": CANARY });
    for (const ask of [webhookReceiver.check({}, RECEIVER), webhookReceiver.create(RECEIVER)]) {
      const { message } = await errorOf(ask);
      expect(message).toMatch(/^ion:region is not set: .*\nion:clientId is not set: .*$/);
      expect(message).not.toContain(CANARY);
    }
  });

  it("that is a bug of ours says so, and shows no stack", async () => {
    const { webhookReceiver } = await processOn(await start());
    const error = await errorOf(
      webhookReceiver.diff("1", { ionEndpoint: "loopback", headers: { X: CANARY } }, RECEIVER),
    );
    expect(error.message).toMatch(
      /^pulumi-ion failed in a way that it should not \(TypeError at \w+\.ts:\d+\)\. Please report this\.$/,
    );
    expect(error.stack).toBe(error.message);
    expect(error.message).not.toContain(CANARY);
  });
});

describe("where ION's schema lacks what it takes", () => {
  it("read and delete say how to go on, since no further try will succeed", async () => {
    const full = await start();
    const { id, state } = await up((await processOn(full)).webhookReceiver, RECEIVER);
    const lacking = async () => (await processOn(await start({ hide: ["webhookReceivers"] }))).webhookReceiver;
    const unseen =
      "Could not look at ION's webhooks: this ION's schema has no webhookReceivers. Run `npx pulumi-ion doctor`: it lists every name that differs.";
    expect((await errorOf((await lacking()).read(id, state))).message).toBe(
      `${unseen} Nothing is concluded from that. To go on without a look at ION, add --refresh=false to the command.`,
    );
    expect((await errorOf((await lacking()).delete(id, state))).message).toBe(
      `${unseen} Delete it in ION by hand, and have Pulumi forget it with \`pulumi state delete\` (\`pulumi stack --show-urns\` shows its URN).`,
    );
  });

  it("and nothing of the kind where something else is in the way", async () => {
    const emulator = await start();
    const { id, state } = await up((await processOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await processOn(emulator);
    emulator.rotateKey("newer");
    for (const failing of [webhookReceiver.read(id, state), webhookReceiver.delete(id, state)]) {
      expect((await errorOf(failing)).message).not.toMatch(/refresh=false|by hand/);
    }
  });
});

describe("a resource that lives in another ION", () => {
  it.each<[string, (provider: Provider, id: string, state: Properties) => Promise<unknown>]>([
    ["read", (provider, id, state) => provider.read(id, state)],
    ["diff", (provider, id, state) => provider.diff(id, state, RECEIVER)],
    ["update", (provider, id, state) => provider.update(id, state, { ...RECEIVER, name: "new" })],
    ["delete", (provider, id, state) => provider.delete(id, state)],
  ])("is refused by %s, with nothing sent", async (_what, ask) => {
    const emulator = await start();
    const { webhookReceiver } = await processOn(emulator);
    const { id, state } = await up(webhookReceiver, FULL);
    emulator.requests.length = 0;
    const { message } = await errorOf(
      ask(webhookReceiver, id, { ...state, ionEndpoint: "https://api.buildwithion.com/graphql" }),
    );
    expect(message).toMatch(
      /^The webhook receiver with id 1 lives in the ION at https:\/\/api\.buildwithion\.com\/graphql, and this stack's config now names the ION at loopback\. Nothing was read or changed\. Set ion:endpoint /,
    );
    expect(message).not.toContain(CANARY);
    expect(emulator.requests).toEqual([]);
  });

  it("is the same one where only the port of this machine's emulator changed", async () => {
    const [first, second] = [await start(), await start()];
    const { id, state } = await up((await processOn(first)).webhookReceiver, RECEIVER);
    second.store.createReceiver({ name: "erp", webhookUri: URI });
    await expect((await processOn(second)).webhookReceiver.read(id, state)).resolves.toMatchObject({ id });
  });
});

describe("a receiver that is partly made", () => {
  it.each(["create", "update"])("by %s is recorded, with its code and the reasons", async (how) => {
    const emulator = await start();
    const { webhookReceiver } = await processOn(emulator);
    const before = how === "update" ? await up(webhookReceiver, RECEIVER) : undefined;
    emulator.settings.deniedPermissions.add("CreateWebhookHeader");
    const error = await errorOf(
      before ? webhookReceiver.update(before.id, before.state, FULL) : webhookReceiver.create(FULL),
    );
    const properties = error.properties as Properties;
    expect(error.id).toBe("1");
    expect(error.reasons).toEqual([expect.stringMatching(/add the header X-Plant.*permission CreateWebhookHeader/)]);
    expect(properties[TEXT]).toBe(providerText("webhookReceiver"));
    expect(sealedIn(properties).sort()).toEqual(["headers", "pinned", "sharedSecret", "webhookUri"]);
    expect(openIn(properties)).not.toContain(CANARY);
    expect(error.stack).toBe(error.message);
    expect(error.message).not.toContain(CANARY);

    emulator.settings.deniedPermissions.clear();
    const next = await processOn(emulator);
    const state = remembered(properties);
    expect(await next.webhookReceiver.diff("1", state, FULL)).toEqual({ changes: true, replaces: [] });
    await next.webhookReceiver.update("1", state, FULL);
    expect(emulator.store.listHeaders("1")).toMatchObject([{ key: "X-Plant", value: `${CANARY}-7` }]);
  });
});

describe("a resource that gets another name", () => {
  /** The engine checks and makes the new one, and then deletes the old one. */
  const rename = async (provider: Provider, inputs: Properties, id: string, state: Properties) => {
    const renamed = await up(provider, inputs);
    await provider.delete(id, state);
    return renamed;
  };

  it.each<[string, Properties]>([
    ["is the same receiver after it", RECEIVER],
    [
      "and the same URL written in another way is the same receiver after it",
      { ...RECEIVER, webhookUri: URI.replace("hooks", "HOOKS") },
    ],
    ["and importId is the same receiver after it", { ...RECEIVER, importId: "1" }],
    [
      "and importId instead of its URL is the same receiver after it",
      { name: "erp", importId: "1", [TEXT]: RECEIVER[TEXT] },
    ],
    [
      "and importId with another URL is the same receiver after it",
      { ...RECEIVER, webhookUri: `${URI}/new`, importId: "1" },
    ],
  ])("%s", async (_what, inputs) => {
    const emulator = await start();
    const { id, state } = await up((await processOn(emulator)).webhookReceiver, RECEIVER);
    const renamed = await rename((await processOn(emulator)).webhookReceiver, inputs, id, state);
    expect([renamed.id, emulator.store.listReceivers().length]).toEqual([id, 1]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookReceiver"]]);
  });

  it("is the same subscription after it", async () => {
    const emulator = await start();
    const providers = await processOn(emulator);
    await up(providers.webhookReceiver, RECEIVER);
    const { id, state } = await up(providers.webhookSubscription, PAIR);
    const renamed = await rename((await processOn(emulator)).webhookSubscription, PAIR, id, state);
    expect([renamed.id, emulator.store.listSubscriptions().length]).toEqual([id, 1]);
  });

  it("and whose deletion comes in a later run stays, as long as the program declares it", async () => {
    const emulator = await start();
    const { id, state } = await up((await processOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await processOn(emulator);
    await webhookReceiver.check({}, RECEIVER);
    await webhookReceiver.delete(id, state);
    expect(emulator.store.listReceivers()).toHaveLength(1);
  });

  it("is gone where it only left the program", async () => {
    const emulator = await start();
    const { id, state } = await up((await processOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await processOn(emulator);
    await webhookReceiver.check({}, { ...RECEIVER, webhookUri: `${URI}/other` });
    await webhookReceiver.delete(id, state);
    expect(emulator.store.listReceivers()).toEqual([]);
  });

  it("and failed its check does not keep the old one", async () => {
    const emulator = await start();
    const { id, state } = await up((await processOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await processOn(emulator);
    expect((await webhookReceiver.check({}, { ...RECEIVER, name: "" })).failures).toHaveLength(1);
    await webhookReceiver.delete(id, state);
    expect(emulator.store.listReceivers()).toEqual([]);
  });
});

describe("a connection with a name", () => {
  const STAGING = { ...RECEIVER, connection: "staging" };

  async function two() {
    const [production, staging] = [await start(), await start({ clientSecret: "staging-secret" })];
    return { production, staging, config: { ...configOf(production), ...configOf(staging, "ion-staging") } };
  }

  /** An emulator that answers as the ION of us, production. */
  async function documented(names: readonly string[]) {
    const emulator = await start();
    const real = globalThis.fetch;
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      const { host } = new URL(url);
      return real(host === "api.buildwithion.com" ? emulator.graphqlUrl : emulator.tokenUrl, init);
    });
    onTestFinished(() => void vi.unstubAllGlobals());
    const settings = { region: "us", clientId: emulator.clientId, clientSecret: emulator.clientSecret };
    const config = Object.fromEntries(
      names.flatMap((name) =>
        Object.entries(settings).map(([key, value]) => [`ion${name && `-${name}`}:${key}`, value]),
      ),
    );
    return { emulator, config };
  }

  it("leads to its own ION, and its name is all of it that is remembered", async () => {
    const { production, staging, config } = await two();
    const { webhookReceiver, webhookSubscription } = await processWith(config);
    const mine = await up(webhookReceiver, RECEIVER);
    const other = await up(webhookReceiver, { ...STAGING, name: "other" });
    const pair = await up(webhookSubscription, { ...PAIR, connection: "staging" });
    expect([production.store.listReceivers(), staging.store.listReceivers()]).toMatchObject([
      [{ id: "1", name: "erp" }],
      [{ id: "1", name: "other" }],
    ]);
    expect([production.store.listSubscriptions().length, staging.store.listSubscriptions().length]).toEqual([0, 1]);
    expect("connection" in mine.outs).toBe(false);
    expect([other.outs.connection, other.outs.ionEndpoint]).toEqual(["staging", "loopback (staging)"]);
    expect(pair.outs).toEqual({
      receiverId: "1",
      resource: "PARTS",
      action: "UPDATE",
      connection: "staging",
      ionEndpoint: "loopback (staging)",
    });
    const next = await processWith(config);
    const found = await next.webhookReceiver.read(other.id, other.state);
    expect(found).toMatchObject({
      id: "1",
      inputs: { name: "other", connection: "staging" },
      props: { name: "other" },
    });
    expect(await next.webhookReceiver.diff("1", other.state, { ...STAGING, name: "other" })).toEqual({
      changes: false,
      replaces: [],
    });
    await next.webhookReceiver.update("1", other.state, { ...STAGING, name: "new" });
    await next.webhookSubscription.delete(pair.id, pair.state);
    expect([production.store.listReceivers(), staging.store.listReceivers()]).toMatchObject([
      [{ name: "erp" }],
      [{ name: "new" }],
    ]);
    expect(staging.store.listSubscriptions()).toEqual([]);
  });

  it("whose receiver is only partly made is remembered with it", async () => {
    const { staging, config } = await two();
    staging.settings.deniedPermissions.add("CreateWebhookHeader");
    const { webhookReceiver } = await processWith(config);
    const error = await errorOf(webhookReceiver.create({ ...FULL, connection: "staging" }));
    expect(error.properties).toMatchObject({ connection: "staging", ionEndpoint: "loopback (staging)" });
  });

  it.each<[string, (emulator: Emulator) => void, RegExp]>([
    [
      "key",
      ({ rotateKey }) => rotateKey("new"),
      /Check ion-staging:clientId and ion-staging:clientSecret \(or ION_STAGING_CLIENT_ID and/,
    ],
    [
      "token",
      ({ faults }) => faults.add({ kind: "revoked-token", times: 2 }),
      /that ion-staging:region, ion-staging:stage, .* that ion-staging:clientId/,
    ],
  ])("says by its own settings where to look when its %s is not accepted", async (_what, spoil, words) => {
    const { staging, config } = await two();
    spoil(staging);
    const { webhookReceiver } = await processWith(config);
    const { message } = await errorOf(webhookReceiver.create(STAGING));
    expect(message).toMatch(words);
    expect(message).not.toMatch(/\bion:/);
  });

  it.each(["Staging", "", 7])(
    "that is called %j is refused, with nothing sent and no secret shown",
    async (connection) => {
      const { webhookReceiver } = await processOn(await start());
      const { inputs = {}, failures } = await webhookReceiver.check({}, { ...FULL, connection });
      expect(failures).toEqual([{ property: "connection", reason: expect.stringMatching(/^has to be a plain name/) }]);
      expect(openIn(inputs)).not.toContain(CANARY);
    },
  );

  it("that is not set up is told by its own keys", async () => {
    const { webhookReceiver } = await processOn(await start());
    const { message } = await errorOf(webhookReceiver.check({}, STAGING));
    expect(message.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "ion-staging:region",
      "ion-staging:clientId",
      "ion-staging:clientSecret",
    ]);
  });

  it.each([
    ["gets one", "", "production"],
    ["loses it", "production", ""],
    ["gets another", "production", "live"],
  ])("of a resource that %s for the same ION changes the state and nothing in ION", async (_what, before, after) => {
    const { emulator, config } = await documented(["", "production", "live"]);
    const { id, state } = await up((await processWith(config)).webhookReceiver, {
      ...RECEIVER,
      ...(before && { connection: before }),
    });
    const { webhookReceiver } = await processWith(config);
    const news = { ...RECEIVER, ...(after && { connection: after }) };
    await webhookReceiver.check({}, news);
    expect(await webhookReceiver.diff(id, state, news)).toEqual({ changes: true, replaces: [] });
    emulator.requests.length = 0;
    const { outs = {} } = await webhookReceiver.update(id, state, news);
    expect(mutationsIn(emulator)).toEqual([]);
    expect(await webhookReceiver.diff(id, remembered(outs), news)).toEqual({ changes: false, replaces: [] });
    expect(outs.connection ?? "").toBe(after);
  });

  it("and a resource that both get another name stay the same receiver", async () => {
    const { emulator, config } = await documented(["", "live"]);
    const { id, state } = await up((await processWith(config)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await processWith(config);
    const renamed = await up(webhookReceiver, { ...RECEIVER, connection: "live" });
    await webhookReceiver.delete(id, state);
    // One a process: both names lead to one and the same.
    expect([countOf(emulator, "token"), countOf(emulator, "query")]).toEqual([2, 2]);
    expect([renamed.id, emulator.store.listReceivers().length]).toEqual([id, 1]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookReceiver"]]);
  });

  it.each<[string, (provider: Provider, id: string, state: Properties) => Promise<unknown>]>([
    ["diff", (provider, id, state) => provider.diff(id, state, STAGING)],
    ["update", (provider, id, state) => provider.update(id, state, STAGING)],
  ])("to another ION than a resource lives in is refused by %s, with nothing sent", async (_what, ask) => {
    const { production, staging, config } = await two();
    const { webhookReceiver } = await processWith(config);
    const { id, state } = await up(webhookReceiver, FULL);
    production.requests.length = 0;
    const { message } = await errorOf(ask(webhookReceiver, id, state));
    expect(message).toBe(
      'The webhook receiver with id 1 lives in the ION at loopback, and the program gives it to connection "staging" now, ' +
        "which is the ION at loopback (staging). Nothing was read or changed. Set its connection back; what the other ION " +
        "is to have, declare as a resource of its own, under another name.",
    );
    expect([production.requests, staging.requests]).toEqual([[], []]);
  });

  it("that is pointed at another ION is told to be, by its own keys", async () => {
    const { config } = await two();
    const { id, state } = await up((await processWith(config)).webhookReceiver, STAGING);
    const moved = { "ion-staging:endpoint": undefined, "ion-staging:authUrl": undefined, "ion-staging:region": "us" };
    const { webhookReceiver } = await processWith({ ...config, ...moved } as unknown as typeof config);
    expect((await errorOf(webhookReceiver.read(id, state))).message).toMatch(
      /lives in the ION at loopback \(staging\), and connection "staging" now names the ION at https:\/\/api\.buildwithion\.com\/graphql\. .* Set ion-staging:endpoint \(or ion-staging:region and ion-staging:stage, or ION_STAGING_API_URI\) back; .* set ion-staging:formerEndpoint to/,
    );
  });

  it("keeps what it declares from being deleted in its own ION only", async () => {
    const { production, staging, config } = await two();
    const first = await processWith(config);
    const mine = await up(first.webhookReceiver, RECEIVER);
    await up(first.webhookReceiver, STAGING);
    const { webhookReceiver } = await processWith(config);
    await webhookReceiver.check({}, STAGING);
    await webhookReceiver.delete(mine.id, mine.state);
    expect([production.store.listReceivers().length, staging.store.listReceivers().length]).toEqual([0, 1]);
  });
});

describe("the look for subscriptions that nobody declared", () => {
  it("ends in one ION what was named there, whatever was named for the same id in another", async () => {
    const told = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => told.mockRestore());
    const emulators = [await start(), await start()] as const;
    const config = { ...configOf(emulators[0]), ...configOf(emulators[1], "ion-staging") };
    for (const { store } of emulators) store.createReceiver({ name: "erp", webhookUri: URI });
    const subscribe = (at: 0 | 1, ...resources: string[]) => {
      for (const resource of resources)
        emulators[at].store.createSubscription({ receiverId: "1", resource, action: "UPDATE" });
    };
    subscribe(0, "PARTS", "RUNS");
    subscribe(1, "PARTS", "RUNS", "ISSUES");
    const looks = [{}, { connection: "staging" }].map((placed) => ({
      receiverId: "1",
      unmanaged: "delete",
      declared: ["PARTS UPDATE"],
      ...placed,
    }));
    const named = await Promise.all(
      looks.map(async (inputs) => up((await processWith(config)).unmanagedSubscriptions, inputs)),
    );
    // This one was named in the other ION only.
    subscribe(0, "ISSUES");
    const { unmanagedSubscriptions } = await processWith(config);
    const read = await Promise.all(named.map(({ id, state }) => unmanagedSubscriptions.read(id, state)));
    await Promise.all(
      read.map(({ id, props = {} }, at) => unmanagedSubscriptions.update(id ?? "", remembered(props), looks[at] ?? {})),
    );
    expect(told.mock.calls.flat()).toContainEqual(
      expect.stringMatching(/^pulumi-ion: connection "staging": Subscriptions of webhook receiver 1 /),
    );
    expect(emulators.map(({ store }) => store.listSubscriptions().map(({ resource }) => resource))).toEqual([
      ["PARTS", "ISSUES"],
      ["PARTS"],
    ]);
  });
});

it("all of one process share one snapshot, one token and one batch", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ name: "erp", webhookUri: URI });
  const { webhookReceiver, webhookSubscription } = await processOn(emulator);
  await Promise.all([
    up(webhookReceiver, RECEIVER),
    ...VIOLET_RESOURCES.map((resource) => up(webhookSubscription, { ...PAIR, resource })),
  ]);
  expect(emulator.requests.map(({ kind, operation, fields }) => operation?.type ?? `${kind}${fields.length}`)).toEqual([
    "token0",
    "query",
    "mutation",
  ]);
});

it("what the state keeps as a resource's code is short, for every resource, and names what is there", async () => {
  const providers = await processOn(await start());
  expect(Object.keys(providers)).toEqual(expect.arrayContaining(["webhookReceiver", "webhookSubscription"]));
  for (const name of Object.keys(providers) as (keyof Providers)[]) {
    const text = providerText(name);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200);
    const exported: { handler?: () => unknown } = {};
    const load = (id: string) => (id === "pulumi-ion/dynamic" ? providers : undefined);
    new Function("exports", "require", text)(exported, load);
    expect(exported.handler?.()).toBe(providers[name]);
    expect(Object.keys(providers[name])).toEqual(
      expect.arrayContaining(["configure", "check", "diff", "create", "read", "update", "delete"]),
    );
  }
});

it("every resource's code has a name in the package", async () => {
  const texts = readFileSync(new URL("../../../provider/engine/dynamic/providerReference.ts", import.meta.url), "utf8");
  const [, union = ""] = /providerText\(\s*name:([^)]*)\)/.exec(texts) ?? [];
  const names = [...union.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(names.sort()).toEqual(Object.keys(await processOn(await start())).sort());
});
