/** What the real engine prints of a hostile ION. */
import { expect, it } from "vitest";
import { makeProject } from "../e2e/project.ts";
import { EVIL, unsafeIn } from "./unsafe.ts";

const PROGRAM = `const ion = require("pulumi-ion");
const receiver = new ion.WebhookReceiver("erp", { webhookUri: "https://hooks.example/1", description: "plain" });
exports.description = receiver.description;
exports.name = receiver.name;`;

it("no command prints text of ION that acts on a terminal or a CI runner", async () => {
  const project = await makeProject({ files: { "index.js": PROGRAM } });
  await project.up();
  const { store } = project.emulator;
  const [{ id } = { id: "" }] = store.listReceivers();
  const edit = () => store.updateReceiver(id, { name: EVIL, description: `${EVIL}\nmore` });
  store.createReceiver({ name: EVIL, webhookUri: "https://hooks.example/1" });
  edit();
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
  // Each says that something is wrong, in escapes.
  expect(outputs[0]).toContain("\\u001b[31mred");
  expect(outputs[0]).toMatch(/description *: "plain" => \[secret\]/);
  expect(store.listReceivers().find((one) => one.id === id)).toMatchObject({ description: "plain" });
});
