/** Where teams keep Pulumi's state: locks, kills and secrets in each kind of backend, with the real servers. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { BACKENDS, type Backend } from "../support/backends.ts";
import { killGroup, signalProcess } from "./processes.ts";
import { makeProject, type Outcome, type Project } from "./project.ts";

const SECRETS = {
  webhookUri: "https://violet.example/hooks/canary-uri",
  header: "canary-header",
  sharedSecret: "canary-of-a-shared-secret",
};

/** A program in YAML, which starts fast. */
const program = (...events: readonly string[]) => {
  const subscriptions = events.map((event) => {
    const [resource, action] = event.split(" ");
    return `  ${event.replace(" ", "-")}:
    type: ion:WebhookSubscription
    properties: { receiverId: "\${erp.id}", resource: ${resource}, action: ${action} }
`;
  });
  const config = Object.keys(SECRETS).map((key) => `  ${key}: { type: string, secret: true }\n`);
  const text = `name: backends
runtime: yaml
options: { refresh: always }
plugins: { providers: [{ name: ion, path: node_modules/pulumi-ion/bin }] }
config:
${config.join("")}resources:
  erp:
    type: ion:WebhookReceiver
    properties: { webhookUri: "\${webhookUri}", sharedSecret: "\${sharedSecret}", headers: { X-Plant: "\${header}" } }
${subscriptions.join("")}`;
  return { "Pulumi.yaml": text };
};

describe.each(Object.entries(BACKENDS))("a stack in %s", { timeout: 10 * 60_000 }, (_name, start) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await start();
  });
  afterAll(() => backend?.stop());

  it("repairs drift, lets one of two runs write, survives a kill and stores no secret in plain text", async () => {
    const project = await makeProject({
      files: program("PARTS UPDATE"),
      config: SECRETS,
      emulator: { clientSecret: "canary-of-the-key" },
      env: { ...backend.env, PULUMI_CONFIG_PASSPHRASE: "canary-of-the-passphrase" },
    });
    const { store, settings } = project.emulator;
    const outputs: string[] = [];
    const pulumi = async (...args: string[]): Promise<Outcome> => {
      const outcome = await project.pulumi(...args, "--stack", "test");
      outputs.push(outcome.output);
      return outcome;
    };
    const up = () => pulumi("up", "--yes", "--skip-preview");
    const preview = () => pulumi("preview", "--expect-no-changes");
    const events = () => store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);
    const expectInIon = (...expected: readonly string[]) => {
      expect(store.listReceivers()).toMatchObject([{ webhookUri: SECRETS.webhookUri }]);
      expect(events().sort()).toEqual([...expected].sort());
    };
    /** Starts `up`, and returns while ION's answer about this new subscription is on its way. */
    const startUp = async (event: string) => {
      settings.latencyMs = 200;
      const run = startInBackground(project);
      while (!events().includes(event)) {
        if (run.hasExited()) throw new Error(`up exited early:\n${(await run.outcome).output}`);
        await sleep(10);
      }
      settings.latencyMs = 0;
      return run;
    };

    expect(await up()).toMatchObject({ code: 0 });
    store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
    expect((await preview()).code).not.toBe(0);
    expect(await up()).toMatchObject({ code: 0 });
    expectInIon("PARTS UPDATE");
    expect(await preview()).toMatchObject({ code: 0 });

    // A second run while the first one writes: it is refused and changes nothing.
    await project.write(program("PARTS UPDATE", "RUNS CREATE"));
    const first = await startUp("RUNS CREATE");
    signalProcess(-first.pid, "SIGSTOP");
    expect(await up()).toMatchObject({ code: 1, output: expect.stringContaining("the stack is currently locked") });
    signalProcess(-first.pid, "SIGCONT");
    expect(await first.outcome).toMatchObject({ code: 0 });
    expectInIon("PARTS UPDATE", "RUNS CREATE");

    // Two runs that start at the same time: each succeeds or is refused, and nothing is created twice.
    await project.write(program("PARTS UPDATE", "ISSUES CREATE"));
    for (const { code, output } of await Promise.all([up(), up()])) {
      if (code !== 0) expect(output).toContain("the stack is currently locked");
    }
    expect(await up()).toMatchObject({ code: 0 });
    expectInIon("PARTS UPDATE", "ISSUES CREATE");

    // A killed run leaves its lock.
    await project.write(program("PARTS UPDATE", "PLANS UPDATE"));
    const killed = await startUp("PLANS UPDATE");
    killGroup(killed.pid);
    await killed.outcome;
    expect(await up()).toMatchObject({ code: 1, output: expect.stringContaining("the stack is currently locked") });
    expect(await pulumi("cancel", "--yes")).toMatchObject({ code: 0 });
    expect(await up()).toMatchObject({ code: 0 });
    expectInIon("PARTS UPDATE", "PLANS UPDATE");
    expect(await preview()).toMatchObject({ code: 0 });

    outputs.push((await first.outcome).output, (await killed.outcome).output);
    const contents = await backend.contents();
    // What must be there is found, so that the search would find a secret, too.
    expect(contents).toMatch(/ion:index:WebhookSubscription[\s\S]*PLANS/);
    expect(contents + outputs.join("\n")).not.toMatch(/canary|eyJhbGciOi/);
  });
});

/** Starts `up` in a process group of its own. */
function startInBackground({ dir, env }: Project) {
  const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--stack", "test", "--non-interactive"], {
    cwd: dir,
    env: env as NodeJS.ProcessEnv,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const pid = child.pid as number;
  // A test that fails may leave it stopped.
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) signalProcess(-pid, "SIGKILL");
  });
  const outcome = new Promise<Outcome>((done) => {
    child.once("close", (code) => done({ code: code ?? -1, output }));
  });
  return { pid, outcome, hasExited: () => child.exitCode !== null };
}
