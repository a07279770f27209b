/** The example for vendors, with several emulated environments in one process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { asker } from "../emulator/setup.ts";
import { killGroup } from "./processes.ts";
import { ROOT, run } from "./project.ts";

const NODE = join(ROOT, "node_modules/.bin/node");
const NAMES = ["plant-a", "plant-b", "plant-c"];

/** Starts `ion-emulator --environments 3`. */
async function startEnvironments(): Promise<{ readonly graphqlUrl: string; readonly tokenUrl: string }[]> {
  const bin = join(ROOT, "emulator/bin/ion-emulator.js");
  // Slow enough that a kill hits a run halfway.
  const child = spawn(NODE, [bin, "--port", "0", "--environments", "3", "--json", "--mutation-latency", "20"]);
  onTestFinished(async () => {
    child.kill();
    await once(child, "exit");
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  child.stdout.resume();
  return JSON.parse(line).listening;
}

it("applies only what was approved, and finishes after a kill", { timeout: 10 * 60_000 }, async () => {
  const environments = await startEnvironments();
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-vendor-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(ROOT, "examples/vendor"), folder, { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await mkdir(join(folder, "state"));
  const secrets = NAMES.map((name) => {
    const prefix = name.toUpperCase().replace("-", "_");
    return {
      [`${prefix}_CLIENT_SECRET`]: "emulator-secret",
      [`${prefix}_WEBHOOK_URI`]: "https://violet.example/canary",
    };
  });
  const env: NodeJS.ProcessEnv = Object.assign({ ...process.env }, ...secrets, {
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  });
  const list = environments.map(({ graphqlUrl, tokenUrl }, at) => [
    NAMES[at],
    { endpoint: graphqlUrl, authUrl: tokenUrl, clientId: "emulator" },
  ]);
  // JSON is YAML.
  await writeFile(join(folder, "environments.yaml"), JSON.stringify(Object.fromEntries(list)));
  const vendor = (...args: string[]) => run(NODE, ["vendor.ts", ...args], folder, env);
  const progress = async () => {
    const text = await readFile(join(folder, "run.json"), "utf8");
    const entries: Record<string, { progress: string }> = JSON.parse(text);
    return NAMES.map((name) => entries[name]?.progress);
  };
  const asks = await Promise.all(environments.map((environment) => asker(environment)));
  const subscriptions = () =>
    Promise.all(
      asks.map(async (ask) => {
        const { body } = await ask("{ webhookSubscriptions { pageInfo { totalCount } } }");
        return body.data?.webhookSubscriptions.pageInfo.totalCount;
      }),
    );

  const previewed = await vendor("preview");
  expect(previewed, previewed.output).toMatchObject({ code: 0 });
  expect(await progress()).toEqual(["previewed", "previewed", "previewed"]);
  expect(previewed.output).toMatch(/^plant-a {2}previewed {2}[1-9]\d* changes$/m);

  // Changed after the preview: this one must not be applied.
  await asks[2]?.(
    'mutation { createWebhookReceiver(input: { name: "Violet", webhookUri: "https://violet.example/canary" }) { webhookReceiver { id } } }',
  );
  await vendor("approve", "plant-a", "plant-c");
  const apply = spawn(NODE, ["vendor.ts", "apply"], { cwd: folder, env, detached: true, stdio: "ignore" });
  while ((await subscriptions())[0] === 0) await sleep(20);
  killGroup(apply.pid as number);
  await once(apply, "close");
  expect(await progress()).toContain("applying");

  await vendor("approve", "plant-b");
  const applied = await vendor("apply");
  expect(applied.code, applied.output).toBe(1);
  expect(applied.output).toMatch(/^plant-c {2}failed {2}.*has changed since the preview/m);
  expect(await progress()).toEqual(["applied", "applied", "failed"]);
  expect(await subscriptions()).toEqual([34, 34, 0]);

  await vendor("preview");
  await vendor("approve", "--all");
  const all = await vendor("apply");
  expect(all, all.output).toMatchObject({ code: 0 });
  expect(await subscriptions()).toEqual([34, 34, 34]);
  const files = ["run.json", "Pulumi.plant-a.yaml"].map((name) => readFile(join(folder, name), "utf8"));
  const outputs = [previewed.output, applied.output, all.output, ...(await Promise.all(files))].join("\n");
  expect(outputs).not.toMatch(/canary|emulator-secret/);
});
