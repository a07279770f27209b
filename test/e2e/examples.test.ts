import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventOf } from "../faults/desiredState.ts";
import { start } from "../support/support.ts";
import { makeProject, testLifecycle, testShortLifecycle } from "./project.ts";

const violetUri = "https://violet.example/hooks/canary";

/** The examples that run the whole lifecycle: their stack config, and the number of subscriptions they declare. */
const EXAMPLES: Record<string, { config: Record<string, string>; subscriptions: number }> = {
  pieces: { config: { webhookUri: "https://erp.example/hooks/canary", plantKey: "canary-key" }, subscriptions: 4 },
  violet: { config: { webhookUri: violetUri }, subscriptions: 34 },
};

/** The examples with their own tests: below, in languages.test.ts or in test/examples. */
const OTHERS = [
  "vendor",
  "command",
  "receiver",
  "staging-and-production",
  "subset",
  "import",
  "yaml",
  "native",
  "python",
  "go",
  "java",
];

describe("examples", () => {
  it("every example has a test", () => {
    expect(readdirSync("examples").sort()).toEqual([...Object.keys(EXAMPLES), ...OTHERS].sort());
  });

  it.each(Object.entries(EXAMPLES))("%s runs its whole lifecycle", async (name, example) => {
    const project = await makeProject({ folder: `examples/${name}`, config: example.config });
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => {
        expect(store.listReceivers()).toMatchObject([{ active: true, webhookUri: example.config.webhookUri }]);
        expect(store.listSubscriptions()).toHaveLength(example.subscriptions);
      },
      changeOutside: () => {
        store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false });
      },
      drift: ["~ active: false => true", "+ 1 to create", "~ 1 to update"],
    });
  });

  it("subset subscribes to the listed resources without the excluded events", async () => {
    const project = await makeProject({ folder: "examples/subset", config: { webhookUri: violetUri } });
    await testShortLifecycle(project, () => {
      const events = project.emulator.store.listSubscriptions().map(eventOf);
      expect(events).toHaveLength(8);
      expect(events).not.toContain("PURCHASE_ORDER_LINES CREATE");
      expect(events).not.toContain("ISSUES UPDATE");
    });
  });

  it("staging-and-production creates one set of subscriptions in each environment, with its own key", async () => {
    const staging = await start({ clientId: "staging-key", clientSecret: "canary-staging" });
    const project = await makeProject({
      folder: "examples/staging-and-production",
      config: { stagingUri: `${violetUri}-staging`, productionUri: violetUri },
    });
    const production = project.emulator;
    for (const [name, { graphqlUrl, tokenUrl, clientId, clientSecret }] of Object.entries({ staging, production })) {
      const plain = [`endpoint=${graphqlUrl}`, `authUrl=${tokenUrl}`, `clientId=${clientId}`];
      const flags = plain.flatMap((setting) => ["--plaintext", `ion-${name}:${setting}`]);
      const secret = ["--secret", `ion-${name}:clientSecret=${clientSecret}`];
      await project.pulumi("config", "set-all", "--stack", "test", ...flags, ...secret);
    }
    await testShortLifecycle(project, () => {
      expect(staging.store.listReceivers()).toMatchObject([{ webhookUri: `${violetUri}-staging` }]);
      expect(production.store.listReceivers()).toMatchObject([{ webhookUri: violetUri }]);
      for (const { store } of [staging, production]) expect(store.listSubscriptions()).toHaveLength(34);
    });
    expect(staging.store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });

  it("receiver accepts only events signed with the shared secret", async () => {
    const project = await makeProject({ folder: "examples/receiver", config: { webhookUri: violetUri } });
    await testShortLifecycle(project, async () => {
      const output = ["stack", "output", "sharedSecret", "--show-secrets", "--stack", "test"];
      const secret = (await project.pulumi(...output)).output.trim();
      expect(project.emulator.store.listReceivers()).toMatchObject([
        { sharedSecret: secret, expectedResponseCode: 204 },
      ]);

      const env = { ...project.env, ION_SHARED_SECRET: `the-next-one ${secret}`, PORT: "0" };
      const server = spawn(process.execPath, ["receiver.ts"], {
        cwd: project.dir,
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      onTestFinished(() => void server.kill());
      let printed = "";
      server.stdout.setEncoding("utf8").on("data", (text) => {
        printed += text;
      });
      const [line] = (await once(createInterface(server.stdout), "line")) as [string];
      const url = `http://127.0.0.1:${/port: (\d+)/.exec(line)?.[1]}`;
      const post = async (body: string, signed: string, key = secret) => {
        const signature = createHmac("sha256", key).update(signed).digest("hex");
        const answer = await fetch(url, { method: "POST", body, headers: { "x-ion-signature": signature } });
        return answer.status;
      };
      // Signed by ION, here the emulator.
      const { emulator } = project;
      const id = emulator.store.listReceivers()[0]?.id ?? "";
      emulator.store.updateReceiver(id, { webhookUri: url });
      emulator.emit("PARTS", "UPDATE");
      await emulator.settled();
      expect(emulator.deliveries).toMatchObject([{ state: "delivered", attempts: [{ status: 204 }] }]);
      emulator.store.updateReceiver(id, { webhookUri: violetUri });
      // Sent by somebody else.
      const event = '{ "resource": "PARTS" }';
      expect(await post(event, event, "the-next-one")).toBe(204);
      expect(await post(event, '{"resource":"PARTS"}')).toBe(401);
      expect(await fetch(url, { method: "POST", body: event })).toMatchObject({ status: 401 });
      expect(await post("no JSON", "no JSON")).toBe(500);
      expect(printed.match(/received an event:/g)).toHaveLength(2);
    });
  });

  it("import creates only the missing subscription", async () => {
    const project = await makeProject({ folder: "examples/import" });
    const { store, requests } = project.emulator;
    const receiver = store.createReceiver({ name: "ERP hooks", webhookUri: "https://erp.example/created-by-hand" });
    for (const action of ["CREATE", "UPDATE"]) {
      store.createSubscription({ receiverId: receiver.id, resource: "PARTS", action });
    }
    await project.pulumi("config", "set", "receiverId", receiver.id, "--stack", "test");
    const before = store.state();
    await testShortLifecycle(project, () => {
      expect(store.listReceivers()).toEqual([receiver]);
      expect(store.state().subscriptions.slice(0, 2)).toEqual(before.subscriptions);
      expect(store.listSubscriptions()).toHaveLength(3);
      const mutations = requests.filter(({ operation }) => operation?.type === "mutation");
      expect(mutations.flatMap(({ fields }) => fields.map(({ field }) => field))).toEqual([
        "createWebhookSubscription",
      ]);
    });
  });
});
