import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { start } from "../support/support.ts";
import { live, liveBriefly, makeProject } from "./project.ts";

const violetUri = "https://violet.example/hooks/canary";

/** What each example needs beside the ION to speak to, and how many subscriptions it declares. */
const EXAMPLES: Record<string, { config: Record<string, string>; subscriptions: number }> = {
  pieces: { config: { webhookUri: "https://erp.example/hooks/canary", plantKey: "canary-key" }, subscriptions: 4 },
  violet: { config: { webhookUri: violetUri }, subscriptions: 34 },
};

/** Those with a test of their own, below or in test/examples. */
const OTHERS = ["command", "receiver", "staging-and-production", "subset", "take-over"];

describe("the example", () => {
  it("of every folder is here", () => {
    expect(readdirSync("examples").sort()).toEqual([...Object.keys(EXAMPLES), ...OTHERS].sort());
  });

  it.each(Object.entries(EXAMPLES))("%s lives: up, clean, drift shown and repaired, destroy", async (name, example) => {
    const project = await makeProject({ folder: `examples/${name}`, config: example.config });
    const { store } = project.emulator;
    await live(project, {
      made: () => {
        expect(store.listReceivers()).toMatchObject([{ active: true, webhookUri: example.config.webhookUri }]);
        expect(store.listSubscriptions()).toHaveLength(example.subscriptions);
      },
      outside: () => {
        store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false });
      },
      shown: ["~ active: false => true", "+ 1 to create", "~ 1 to update"],
    });
  });

  it("subset subscribes to what it names, without what it excludes", async () => {
    const project = await makeProject({ folder: "examples/subset", config: { webhookUri: violetUri } });
    await liveBriefly(project, () => {
      const made = project.emulator.store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);
      expect(made).toHaveLength(8);
      expect(made).not.toContain("PURCHASE_ORDER_LINES CREATE");
      expect(made).not.toContain("ISSUES UPDATE");
    });
  });

  it("staging-and-production has one set in each ION, and neither key in the other", async () => {
    const staging = await start({ clientId: "staging-key", clientSecret: "canary-staging" });
    const project = await makeProject({
      folder: "examples/staging-and-production",
      config: { stagingUri: `${violetUri}-staging`, productionUri: violetUri },
    });
    const production = project.emulator;
    for (const [name, { graphqlUrl, tokenUrl, clientId, clientSecret }] of Object.entries({ staging, production })) {
      const plain = [`endpoint=${graphqlUrl}`, `authUrl=${tokenUrl}`, `clientId=${clientId}`];
      const pairs = plain.flatMap((pair) => ["--plaintext", `ion-${name}:${pair}`]);
      const secret = ["--secret", `ion-${name}:clientSecret=${clientSecret}`];
      await project.pulumi("config", "set-all", "--stack", "test", ...pairs, ...secret);
    }
    await liveBriefly(project, () => {
      expect(staging.store.listReceivers()).toMatchObject([{ webhookUri: `${violetUri}-staging` }]);
      expect(production.store.listReceivers()).toMatchObject([{ webhookUri: violetUri }]);
      for (const { store } of [staging, production]) expect(store.listSubscriptions()).toHaveLength(34);
    });
    expect(staging.store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });

  it("receiver takes what is signed with the secret that ION made, and nothing else", async () => {
    const project = await makeProject({ folder: "examples/receiver", config: { webhookUri: violetUri } });
    await liveBriefly(project, async () => {
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
      // As ION delivers, which here is the emulator.
      const { emulator } = project;
      const id = emulator.store.listReceivers()[0]?.id ?? "";
      emulator.store.updateReceiver(id, { webhookUri: url });
      emulator.emit("PARTS", "UPDATE");
      await emulator.settled();
      expect(emulator.deliveries).toMatchObject([{ state: "delivered", attempts: [{ status: 204 }] }]);
      emulator.store.updateReceiver(id, { webhookUri: violetUri });
      // As somebody else might.
      const event = '{ "resource": "PARTS" }';
      expect(await post(event, event, "the-next-one")).toBe(204);
      expect(await post(event, '{"resource":"PARTS"}')).toBe(401);
      expect(await fetch(url, { method: "POST", body: event })).toMatchObject({ status: 401 });
      expect(await post("no JSON", "no JSON")).toBe(500);
      expect(printed.match(/received an event:/g)).toHaveLength(2);
    });
  });

  it("take-over makes only what is missing of a set-up made by hand", async () => {
    const project = await makeProject({ folder: "examples/take-over" });
    const { store, requests } = project.emulator;
    const receiver = store.createReceiver({ name: "ERP hooks", webhookUri: "https://erp.example/made-by-hand" });
    for (const action of ["CREATE", "UPDATE"]) {
      store.createSubscription({ receiverId: receiver.id, resource: "PARTS", action });
    }
    await project.pulumi("config", "set", "receiverId", receiver.id, "--stack", "test");
    const before = store.state();
    await liveBriefly(project, () => {
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
