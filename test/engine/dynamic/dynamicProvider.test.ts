import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { UNKNOWN } from "../../../provider/src/lifecycle/resourceHandler.ts";
import { VIOLET_RESOURCES } from "../../../provider/src/model/events.ts";
import { CANARY, configOf, mutationsIn, start, withoutPort } from "../../support/support.ts";
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
  secretsIn,
  startProcess,
  startProcessOn,
  URI,
  unwrapSecrets,
} from "./providers.ts";

it("one process uses one snapshot, one token and one batch for all resources", async () => {
  const emulator = await start();
  emulator.store.createReceiver({ name: "erp", webhookUri: URI });
  const { webhookReceiver, webhookSubscription } = await startProcessOn(emulator);
  await Promise.all([
    createResource(webhookReceiver, RECEIVER),
    ...VIOLET_RESOURCES.map((resource) => createResource(webhookSubscription, { ...SUBSCRIPTION, resource })),
  ]);
  expect(emulator.requests.map(({ kind, operation, fields }) => operation?.type ?? `${kind}${fields.length}`)).toEqual([
    "token0",
    "query",
    "mutation",
  ]);
});

describe("properties", () => {
  it("marks all secrets and drops undefined values in the results of create, read, update and check", async () => {
    const emulator = await start();
    const { webhookReceiver } = await startProcessOn(emulator);
    const { id, outs, state } = await createResource(webhookReceiver, FULL);
    const { props = {}, inputs = {} } = await webhookReceiver.read(id, state);
    const now = { ...FULL, sharedSecret: `${CANARY}-new` };
    const { outs: updated = {} } = await webhookReceiver.update(id, state, now);
    const { inputs: checked = {} } = await webhookReceiver.check({}, FULL);
    const expected: [Properties, string[]][] = [
      [outs, ["headers", "pinned", "sharedSecret", "webhookUri"]],
      [props, ["headers", "pinned", "sharedSecret", "webhookUri"]],
      [inputs, ["headers", "sharedSecret", "webhookUri"]],
      [updated, ["headers", "pinned", "sharedSecret", "webhookUri"]],
      [checked, ["headers", "sharedSecret", "webhookUri"]],
    ];
    for (const [properties, secrets] of expected) {
      expect(secretsIn(properties)).toEqual(secrets);
      expect(plainTextOf(properties)).not.toContain(CANARY);
      expect(Object.values(properties)).not.toContain(undefined);
    }
    expect(unwrapSecrets(updated)).toMatchObject({ name: "erp", sharedSecret: `${CANARY}-new`, webhookUri: URI });
  });

  it("marks pinned fields as secret", async () => {
    const emulator = await start();
    const { webhookReceiver } = await startProcessOn(emulator);
    const { id, state } = await createResource(webhookReceiver, RECEIVER);
    emulator.store.createHeader({ receiverId: id, key: "X-New", value: CANARY });
    const { inputs = {} } = await (await startProcessOn(emulator)).webhookReceiver.read(id, state);
    expect(secretsIn(inputs)).toEqual(["headers", "pinned", "webhookUri"]);
    expect(plainTextOf(inputs)).not.toContain(CANARY);
    const { inputs: next = {} } = await webhookReceiver.check(unwrapSecrets(inputs), RECEIVER);
    expect(secretsIn(next)).toEqual(["headers", "pinned", "webhookUri"]);
  });

  it("keeps Pulumi's placeholder for an unknown value", async () => {
    const { webhookReceiver } = await startProcessOn(await start());
    const { inputs, failures } = await webhookReceiver.check({}, { ...RECEIVER, webhookUri: UNKNOWN });
    expect([inputs.webhookUri, failures]).toEqual([UNKNOWN, []]);
    expect(UNKNOWN).toBe(pulumi.runtime.unknownValue);
  });

  it("marks no property of a subscription as secret", async () => {
    const emulator = await start();
    const { webhookReceiver, webhookSubscription } = await startProcessOn(emulator);
    await createResource(webhookReceiver, RECEIVER);
    const { id, outs, state } = await createResource(webhookSubscription, SUBSCRIPTION);
    const { __provider, ...inputs } = SUBSCRIPTION;
    expect([id, outs]).toEqual(["1", { ...inputs, ionEndpoint: emulator.graphqlUrl }]);
    expect(await webhookSubscription.read(id, state)).toEqual({ id, props: outs, inputs });
  });
});

describe("read", () => {
  it("returns an empty id for an object that does not exist", async () => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    emulator.store.deleteReceiver(id);
    emulator.store.createReceiver({ name: "other", webhookUri: `${URI}/other` });
    expect(await (await startProcessOn(emulator)).webhookReceiver.read(id, state)).toEqual({ id: "" });
  });
});

describe("diff", () => {
  it("returns the changes and the properties that replace a resource", async () => {
    const emulator = await start();
    const { webhookReceiver, webhookSubscription } = await startProcessOn(emulator);
    const receiver = await createResource(webhookReceiver, RECEIVER);
    const subscription = await createResource(webhookSubscription, SUBSCRIPTION);
    expect(await webhookReceiver.diff(receiver.id, receiver.state, { ...RECEIVER, name: "new" })).toEqual({
      changes: true,
      replaces: [],
    });
    expect(await webhookReceiver.diff(receiver.id, receiver.state, RECEIVER)).toEqual({ changes: false, replaces: [] });
    const news = { ...SUBSCRIPTION, action: "CREATE" };
    expect(await webhookSubscription.diff(subscription.id, subscription.state, news)).toEqual({
      changes: true,
      replaces: ["action"],
    });
  });
});

describe("the connection of a state", () => {
  it("is dropped by the update of a program that does not name it any more", async () => {
    const emulator = await start();
    const config = { ...configOf(emulator), ...configOf(emulator, "ion-b") };
    const { webhookReceiver, webhookSubscription } = await startProcess(config);
    await createResource(webhookReceiver, { ...RECEIVER, connection: "b" });
    const { id, state } = await createResource(webhookSubscription, { ...SUBSCRIPTION, connection: "b" });
    expect(state.connection).toBe("b");
    expect((await webhookSubscription.diff(id, state, SUBSCRIPTION)).changes).toBe(true);
    const { outs = {} } = await webhookSubscription.update(id, state, SUBSCRIPTION);
    expect(outs).not.toHaveProperty("connection");
    expect((await webhookSubscription.diff(id, outs, SUBSCRIPTION)).changes).toBe(false);
  });
});

describe("warnings", () => {
  it("prints each warning once per process", async () => {
    const lines = captureWarnings();
    const emulator = await start();
    const first = await startProcessOn(emulator);
    const receiver = await createResource(first.webhookReceiver, RECEIVER);
    const duplicate = emulator.store.createReceiver({ name: "duplicate", webhookUri: URI });
    const { webhookReceiver } = await startProcessOn(emulator);
    await webhookReceiver.read(receiver.id, receiver.state);
    await webhookReceiver.read(receiver.id, receiver.state);
    await webhookReceiver.read(duplicate.id, receiver.state);
    expect(lines).toEqual([expect.stringMatching(/^pulumi-ion: Receivers "erp" .* have the same URL/)]);
    await (await startProcessOn(emulator)).webhookReceiver.read(receiver.id, receiver.state);
    expect(lines).toHaveLength(2);
  });

  it("prints the warnings of check", async () => {
    const lines = captureWarnings();
    const { unmanagedSubscriptions } = await startProcessOn(await start());
    const inputs = { receiverId: "1", unmanaged: "delete", declared: [] };
    const olds = { ...inputs, reported: ["PARTS UPDATE (id 1)"] };
    await unmanagedSubscriptions.check(olds, { ...inputs, incomplete: true });
    expect(lines).toEqual([
      expect.stringMatching(/^pulumi-ion: Unmanaged subscriptions of receiver with id 1 are not deleted/),
    ]);
  });

  it("prints the warnings of create", async () => {
    const lines = captureWarnings();
    const { webhookReceiver } = await startProcessOn(await start({ hide: ["webhookReceivers"] }));
    await createResource(webhookReceiver, RECEIVER);
    expect(lines.at(-1)).toContain("is created without checking whether ION already has it");
  });

  it("prints the warnings of update", async () => {
    const lines = captureWarnings();
    const emulator = await start();
    emulator.store.createReceiver({ name: "erp", webhookUri: URI });
    const { id } = emulator.store.createSubscription({ receiverId: "1", resource: "PARTS", action: "UPDATE" });
    const inputs = { receiverId: "1", unmanaged: "delete", declared: [], maxDeletions: 1 };
    const { unmanagedSubscriptions } = await startProcessOn(emulator);
    const created = await createResource(unmanagedSubscriptions, inputs);
    await unmanagedSubscriptions.update(created.id, created.state, inputs);
    expect(emulator.store.findSubscription(id)).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^pulumi-ion: Receiver "erp" \(id 1\) has subscriptions that are not in your program/),
      'pulumi-ion: Deleted subscriptions of receiver "erp" (id 1): PARTS UPDATE (id 1).',
    ]);
  });
});

describe("errors", () => {
  it("throws errors of one line without a stack and without a secret", async () => {
    const emulator = await start();
    emulator.settings.deniedPermissions.add("CreateWebhookReceiver");
    const { webhookReceiver } = await startProcessOn(emulator);
    const error = await errorOf(webhookReceiver.create(FULL));
    expect(error.stack).toBe(error.message);
    expect(error.message.split("\n")).toHaveLength(1);
    expect(`${error}`).toBe("pulumi-ion");
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(CANARY);
    expect([error.id, error.properties]).toEqual([undefined, undefined]);
  });

  it("names each missing config key, in check and in create", async () => {
    const { webhookReceiver } = await startProcess({ "ion:clientSecret": CANARY });
    for (const call of [webhookReceiver.check({}, RECEIVER), webhookReceiver.create(RECEIVER)]) {
      const { message } = await errorOf(call);
      expect(message).toMatch(/^ion:region is not set.*\nion:clientId is not set.*$/);
      expect(message).not.toContain(CANARY);
    }
  });

  it("asks for a bug report after an unexpected error, without a stack", async () => {
    const emulator = await start();
    const { webhookReceiver } = await startProcessOn(emulator);
    const state = { ionEndpoint: emulator.graphqlUrl, headers: { X: CANARY } };
    const error = await errorOf(webhookReceiver.diff("1", state, RECEIVER));
    expect(error.message.replace(/\w+\.ts:\d+/, "<place>")).toMatchInlineSnapshot(
      `"pulumi-ion failed unexpectedly (TypeError at <place>). Please report this bug."`,
    );
    expect(error.stack).toBe(error.message);
    expect(error.message).not.toContain(CANARY);
  });

  it("renames an invalid secret property in a failure, so that Pulumi does not print its value", async () => {
    const { webhookReceiver } = await startProcessOn(await start());
    const { failures } = await webhookReceiver.check({}, { ...RECEIVER, webhookUri: CANARY, name: "" });
    expect(failures).toEqual([
      { property: "name", reason: "must not be empty" },
      { property: "webhookUri (secret)", reason: expect.stringMatching(/^is not a URL/) },
    ]);
  });

  it("says how to continue if ION's schema lacks what read and delete need", async () => {
    const emulator = await start({ hide: ["webhookReceivers", "webhookReceiver", "webhookSubscriptions"] });
    const created = await createResource((await startProcessOn(await start())).webhookReceiver, RECEIVER);
    const [id, state] = [created.id, { ...created.state, ionEndpoint: emulator.graphqlUrl }];
    const unsupported = async () => (await startProcessOn(emulator)).webhookReceiver;
    const read = await errorOf((await unsupported()).read(id, state));
    const deletion = await errorOf((await unsupported()).delete(id, state));
    expect([read.message, deletion.message]).toMatchInlineSnapshot(`
      [
        "Could not read ION's webhooks: ION's schema has no webhookReceivers. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs. To continue without reading ION, add --refresh=false to \`pulumi preview\`, \`pulumi up\` or \`pulumi destroy\`.",
        "Could not read ION's webhooks: ION's schema has no webhookReceivers. Run \`npx --no-install pulumi-ion doctor\`: it lists every name that differs. Delete the object in ION yourself, then remove it from the stack with \`pulumi state delete\` (\`pulumi stack --show-urns\` lists the URNs).",
      ]
    `);
  });

  it("does not say so if read and delete fail for another reason", async () => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await startProcessOn(emulator);
    emulator.rotateKey("newer");
    for (const call of [webhookReceiver.read(id, state), webhookReceiver.delete(id, state)]) {
      expect((await errorOf(call)).message).not.toMatch(/refresh=false|state delete/);
    }
  });

  it("recommends --run-program once if read or delete cannot connect, and never for create", async () => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    const startProcess = async () => (await startProcessOn(emulator)).webhookReceiver;
    const [reading, deleting, creating] = [await startProcess(), await startProcess(), await startProcess()];
    emulator.rotateKey("newer");
    expect((await errorOf(reading.read(id, state))).message).toContain("add --run-program to the command");
    expect((await errorOf(reading.read(id, state))).message).toMatch(/See the first error for details\.$/);
    expect((await errorOf(deleting.delete(id, state))).message).toContain("add --run-program to the command");
    expect((await errorOf(creating.create(RECEIVER))).message).not.toContain("--run-program");
  });
});

describe("environments", () => {
  it.each<[string, (provider: Provider, id: string, state: Properties) => Promise<unknown>]>([
    ["read", (provider, id, state) => provider.read(id, state)],
    ["diff", (provider, id, state) => provider.diff(id, state, RECEIVER)],
    ["update", (provider, id, state) => provider.update(id, state, { ...RECEIVER, name: "new" })],
    ["delete", (provider, id, state) => provider.delete(id, state)],
  ])("%s refuses a resource of another ION environment without a request", async (_method, call) => {
    const emulator = await start();
    const { webhookReceiver } = await startProcessOn(emulator);
    const { id, state } = await createResource(webhookReceiver, FULL);
    emulator.requests.length = 0;
    const elsewhere = { ...state, ionEndpoint: "https://api.buildwithion.com/graphql" };
    const error = await errorOf(call(webhookReceiver, id, elsewhere));
    expect(error.kind).toBe("elsewhere");
    expect(error.message).not.toContain(CANARY);
    expect(emulator.requests).toEqual([]);
  });

  it("names both environments and the settings to restore", async () => {
    const { webhookReceiver } = await startProcessOn(await start());
    const state = { ionEndpoint: "https://api.buildwithion.com/graphql" };
    expect(withoutPort((await errorOf(webhookReceiver.read("1", state))).message)).toMatchInlineSnapshot(
      `"The webhook receiver with id 1 belongs to ION at https://api.buildwithion.com/graphql, but this stack's config now names ION at http://<host>/graphql. Nothing was read or changed. Restore ion:endpoint (or ion:region and ion:stage, or ION_API_URI). To manage another ION environment, use another stack (\`pulumi stack init\`) or another connection. If it is the same environment at a new URL, set ion:formerEndpoint to the old URL. If you have just changed this stack's config, add --run-program to the command: without it, Pulumi refreshes and destroys with the config of the last \`pulumi up\`."`,
    );
  });

  it("refuses another emulator, unless it is the same one at a new port", async () => {
    const [first, second] = [await start(), await start()];
    const { id, state } = await createResource((await startProcessOn(first)).webhookReceiver, RECEIVER);
    second.store.createReceiver({ name: "erp", webhookUri: URI });
    expect((await errorOf((await startProcessOn(second)).webhookReceiver.read(id, state))).kind).toBe("elsewhere");
    const { webhookReceiver } = await startProcess({ ...configOf(second), "ion:formerEndpoint": first.graphqlUrl });
    await expect(webhookReceiver.read(id, state)).resolves.toMatchObject({ id });
  });
});

describe("partial failures", () => {
  it.each(["create", "update"])(
    "%s records a receiver without one of its headers, with its code and the reasons",
    async (method) => {
      const emulator = await start();
      const { webhookReceiver } = await startProcessOn(emulator);
      const before = method === "update" ? await createResource(webhookReceiver, RECEIVER) : undefined;
      emulator.settings.deniedPermissions.add("CreateWebhookHeader");
      const error = await errorOf(
        before ? webhookReceiver.update(before.id, before.state, FULL) : webhookReceiver.create(FULL),
      );
      const properties = error.properties as Properties;
      expect(error.id).toBe("1");
      expect(error.reasons).toEqual([expect.stringMatching(/create the header X-Plant.*CreateWebhookHeader/)]);
      expect(properties.__provider).toBe(RECEIVER.__provider);
      expect(secretsIn(properties)).toEqual(["headers", "pinned", "sharedSecret", "webhookUri"]);
      expect(plainTextOf(properties)).not.toContain(CANARY);
      expect(error.stack).toBe(error.message);
      expect(error.message).not.toContain(CANARY);

      emulator.settings.deniedPermissions.clear();
      const next = await startProcessOn(emulator);
      const state = unwrapSecrets(properties);
      expect(await next.webhookReceiver.diff("1", state, FULL)).toEqual({ changes: true, replaces: [] });
      await next.webhookReceiver.update("1", state, FULL);
      expect(emulator.store.listHeaders("1")).toMatchObject([{ key: "X-Plant", value: `${CANARY}-7` }]);
    },
  );
});

describe("renaming", () => {
  /** The engine checks and creates the new resource, and then deletes the old one. */
  const rename = async (provider: Provider, inputs: Properties, id: string, state: Properties) => {
    const renamed = await createResource(provider, inputs);
    await provider.delete(id, state);
    return renamed;
  };

  it.each<[string, Properties]>([
    ["the same inputs", RECEIVER],
    ["another spelling of the URL", { ...RECEIVER, webhookUri: URI.replace("hooks", "HOOKS") }],
    ["importId", { ...RECEIVER, importId: "1" }],
    ["importId instead of the URL", { name: "erp", importId: "1", __provider: RECEIVER.__provider }],
    ["importId and another URL", { ...RECEIVER, webhookUri: `${URI}/new`, importId: "1" }],
  ])("keeps the receiver with %s", async (_what, inputs) => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    const renamed = await rename((await startProcessOn(emulator)).webhookReceiver, inputs, id, state);
    expect([renamed.id, emulator.store.listReceivers().length]).toEqual([id, 1]);
    expect(mutationsIn(emulator)).toEqual([["createWebhookReceiver"]]);
  });

  it("keeps the subscription", async () => {
    const emulator = await start();
    const providers = await startProcessOn(emulator);
    await createResource(providers.webhookReceiver, RECEIVER);
    const { id, state } = await createResource(providers.webhookSubscription, SUBSCRIPTION);
    const { webhookSubscription } = await startProcessOn(emulator);
    const renamed = await rename(webhookSubscription, SUBSCRIPTION, id, state);
    expect([renamed.id, emulator.store.listSubscriptions().length]).toEqual([id, 1]);
  });

  it("keeps the receiver if the old resource is deleted in a later run that still declares it", async () => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await startProcessOn(emulator);
    await webhookReceiver.check({}, RECEIVER);
    await webhookReceiver.delete(id, state);
    expect(emulator.store.listReceivers()).toHaveLength(1);
  });

  it.each<[string, Properties, number]>([
    ["declares another URL", { webhookUri: `${URI}/other` }, 0],
    ["fails its check", { name: "" }, 1],
  ])("deletes the old receiver if the new resource %s", async (_what, change, failureCount) => {
    const emulator = await start();
    const { id, state } = await createResource((await startProcessOn(emulator)).webhookReceiver, RECEIVER);
    const { webhookReceiver } = await startProcessOn(emulator);
    expect((await webhookReceiver.check({}, { ...RECEIVER, ...change })).failures ?? []).toHaveLength(failureCount);
    await webhookReceiver.delete(id, state);
    expect(emulator.store.listReceivers()).toEqual([]);
  });
});
