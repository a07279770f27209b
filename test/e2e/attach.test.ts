/** A plugin that was started by hand, as under a debugger: the engine attaches to it instead of starting one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeProject, ROOT } from "./project.ts";

/** Starts the plugin, and stops it at the end of the test. Returns its port. */
async function startPlugin(): Promise<string> {
  const child = spawn(process.execPath, [join(ROOT, "provider/bin/pulumi-resource-ion")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return line.toString().trim();
}

const ERP = `const ion = require("pulumi-ion");
const erp = new ion.WebhookReceiver("erp", { webhookUri: "https://events.example/erp" });
new ion.WebhookSubscriptions("erp", { receiver: erp, subscriptions: { PARTS: ["UPDATE"] } });`;

it("serves run after run with PULUMI_DEBUG_PROVIDERS, warnings included, and refuses a second provider", async () => {
  const project = await makeProject({ files: { "index.js": ERP }, carrier: "plugin" });
  project.env.PULUMI_DEBUG_PROVIDERS = `ion:${await startPlugin()}`;
  await project.up();
  const { store } = project.emulator;
  store.createSubscription({ receiverId: "1", resource: "RUNS", action: "CREATE" });
  for (let run = 0; run < 2; run += 1) {
    const { code, output } = await project.pulumi("preview", "--stack", "test");
    expect(code, output).toBe(0);
    expect(output).toContain("RUNS CREATE");
  }
  expect(store.listReceivers()).toHaveLength(1);

  await project.write({
    "index.js": `${ERP}
const other = new ion.Provider("other", { endpoint: "http://127.0.0.1:9/graphql", authUrl: "http://127.0.0.1:9/token", clientId: "x", clientSecret: "x" });
new ion.WebhookReceiver("mes", { webhookUri: "https://events.example/mes" }, { provider: other });`,
  });
  const { code, output } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
  expect(code).not.toBe(0);
  expect(output).toContain("This process of the plugin already serves another provider.");
  expect(store.listReceivers()).toHaveLength(1);
});
