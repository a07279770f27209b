import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { mutationsIn } from "../support/support.ts";
import { makeProject, type Project } from "./project.ts";

const PROGRAM = `const ion = require("pulumi-ion");
const erp = new ion.WebhookReceiver("erp", { webhookUri: "https://events.example/cancel", headers: { "X-A": "1" } });
new ion.WebhookSubscriptions("erp", { receiver: erp, subscriptions: { PARTS: ["CREATE", "UPDATE"], RUNS: ["CREATE"] } });`;

/** Starts `pulumi up`, and presses Ctrl-C when ION has received a mutation: a terminal sends the signal to the process group. */
async function upUntilCtrlC(project: Project): Promise<string> {
  const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--stack", "test", "--non-interactive"], {
    cwd: project.dir,
    env: project.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      output += text;
    });
  }
  const exited = new Promise<void>((done) => child.once("close", () => done()));
  let isRunning = true;
  void exited.then(() => {
    isRunning = false;
  });
  while (isRunning && mutationsIn(project.emulator).length === 0) await sleep(10);
  if (isRunning) process.kill(-(child.pid ?? 0), "SIGINT");
  await exited;
  return output;
}

describe.each(CARRIERS)("Ctrl-C during up (%s)", (carrier) => {
  it("records what was already sent, sends nothing else, and leaves the rest to the next up", async () => {
    const project = await makeProject({ files: { "index.js": PROGRAM }, carrier });
    const { emulator } = project;
    // The answer is lost after the signal, so that the write must be verified.
    emulator.settings.latencyMs = 500;
    emulator.faults.add({ kind: "drop-after", on: { field: "createWebhookReceiver" } });
    const output = await upUntilCtrlC(project);
    expect(output).toContain("canceled");
    expect(emulator.store.listReceivers()).toHaveLength(1);
    expect(emulator.store.listSubscriptions()).toEqual([]);
    expect((await project.resources()).map(({ id }) => id)).toContain("1");

    // No `pulumi cancel`, and nothing to repair.
    emulator.settings.latencyMs = 0;
    await project.up();
    await project.preview("--expect-no-changes");
    expect(emulator.store.listReceivers()).toHaveLength(1);
    expect(emulator.store.listHeaders()).toHaveLength(1);
    expect(emulator.store.listSubscriptions()).toHaveLength(3);
  });
});
