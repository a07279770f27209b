import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { live, makeProject } from "./project.ts";

/** What each example needs beside the ION to speak to, and how many subscriptions it declares. */
const EXAMPLES: Record<string, { config: Record<string, string>; subscriptions: number }> = {
  pieces: { config: { webhookUri: "https://erp.example/hooks/canary", plantKey: "canary-key" }, subscriptions: 4 },
  violet: { config: { webhookUri: "https://violet.example/hooks/canary" }, subscriptions: 34 },
};

describe("the example", () => {
  it("of every folder is here", () => {
    expect(readdirSync("examples").sort()).toEqual(Object.keys(EXAMPLES));
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
});
