import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { live, liveBriefly, makeProject } from "./project.ts";

const violetUri = "https://violet.example/hooks/canary";

/** What each example needs beside the ION to speak to, and how many subscriptions it declares. */
const EXAMPLES: Record<string, { config: Record<string, string>; subscriptions: number }> = {
  pieces: { config: { webhookUri: "https://erp.example/hooks/canary", plantKey: "canary-key" }, subscriptions: 4 },
  violet: { config: { webhookUri: violetUri }, subscriptions: 34 },
};

/** Those with a test of their own below or elsewhere. */
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
