/** What the real engine prints of a hostile ION. */
import { expect, it } from "vitest";
import { makeProject } from "../e2e/project.ts";
import { EVIL, unsafeIn } from "./unsafe.ts";

const FILES = {
  "a dynamic resource": {
    "index.js": `const ion = require("pulumi-ion");
const receiver = new ion.WebhookReceiver("erp", { webhookUri: "https://hooks.example/1", description: "plain" });
exports.description = receiver.description;
exports.name = receiver.name;`,
  },
  "the provider plugin": {
    "Pulumi.yaml": `name: project
runtime: yaml
options: {refresh: always}
plugins: {providers: [{name: ion, path: node_modules/pulumi-ion/bin}]}
resources:
  erp:
    type: ion:WebhookReceiver
    properties: {webhookUri: "https://hooks.example/1", description: plain}
outputs: {description: "\${erp.description}", name: "\${erp.name}"}
`,
  },
};

it.each(Object.entries(FILES))(
  "no command prints text of ION that acts on a terminal or a CI runner, through %s",
  async (_way, files) => {
    const project = await makeProject({ files });
    await project.up();
    const { store } = project.emulator;
    const [{ id } = { id: "" }] = store.listReceivers();
    store.createReceiver({ name: EVIL, webhookUri: "https://hooks.example/1" });
    store.updateReceiver(id, { name: EVIL, description: `${EVIL}\nmore` });
    const outputs: string[] = [];
    for (const args of [
      ["preview", "--diff"],
      ["refresh", "--yes", "--diff"],
      ["stack", "output"],
      ["up", "--yes"],
    ]) {
      const { code, output } = await project.pulumi(...args, "--stack", "test", "--color", "never");
      expect(code, output).toBe(0);
      outputs.push(output);
    }
    expect(unsafeIn(outputs.join("\n"))).toEqual([]);
    // The warning shows the name in escapes, and the diff hides it.
    expect(outputs[0]).toContain("\\u001b[31mred");
    expect(outputs[0]).toMatch(/description *: "plain" => \[secret\]/);
    expect(store.listReceivers().find((one) => one.id === id)).toMatchObject({ description: "plain" });
  },
);
