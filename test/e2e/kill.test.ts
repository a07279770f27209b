import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { glob, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CARRIERS } from "../support/carriers.ts";
import { killGroup } from "./processes.ts";
import { makeProject, type Project } from "./project.ts";

/** KILL_SEED repeats a run. KILL_TIMES sets how often a process is killed, over each engine. */
const SEED = process.env.KILL_SEED ?? String(Date.now());
const TIMES = Number(process.env.KILL_TIMES ?? 21);

/** A pseudorandom number between 0 and 1, always the same for the seed and the keys. */
const chance = (...keys: (string | number)[]) =>
  createHash("sha256")
    .update([SEED, ...keys].join())
    .digest()
    .readUInt32BE() /
  2 ** 32;

const URI = "https://events.example/kill";
const DESIRED_STATES = [
  { description: "one", header: "1", events: ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"] },
  { description: "two", header: "2", events: ["ISSUES CREATE", "PARTS UPDATE", "RUNS UPDATE", "STEPS DELETE"] },
] as const;
type DesiredState = (typeof DESIRED_STATES)[number];

const program = ({ description, header, events }: DesiredState) => ({
  "index.js": `const ion = require("pulumi-ion");
    const erp = new ion.WebhookReceiver("erp", { webhookUri: "${URI}", description: "${description}", headers: { "X-A": "${header}" } });
    for (const event of ${JSON.stringify(events)}) {
      const [resource, action] = event.split(" ");
      new ion.WebhookSubscription(event.replace(" ", "-"), { receiverId: erp.id, resource, action });
    }`,
});

/** Starts a command and kills its process group after some time, unless it exits before. */
async function runAndKill(project: Project, args: readonly string[], milliseconds: number) {
  const child = spawn("pulumi", [...args, "--stack", "test", "--non-interactive"], {
    cwd: project.dir,
    env: project.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: "ignore",
  });
  const exited = new Promise<void>((done) => child.once("close", () => done()));
  await Promise.race([exited, sleep(milliseconds)]);
  if (child.pid !== undefined) killGroup(child.pid);
  await exited;
}

/**
 * Pulumi does not write the attributes of its state file at once: killed in between, it leaves them empty, and then fails with
 * "failed to load checkpoint: EOF". It does not need them.
 */
async function removeEmptyAttributes({ dir }: Project) {
  for await (const file of glob(join(dir, "state/.pulumi/stacks/**/*.attrs"))) {
    if ((await stat(file)).size === 0) await rm(file);
  }
}

describe.each(CARRIERS)("a killed process (%s)", (carrier) => {
  it(
    `one more up makes ION exactly as declared after a kill at any of ${TIMES} moments of up, update and destroy`,
    async () => {
      console.log(`KILL_SEED=${SEED}`);
      const project = await makeProject({ files: program(DESIRED_STATES[0]), carrier });
      const { store, settings } = project.emulator;
      // Slow enough that a kill hits a run halfway.
      settings.latencyMs = 30;
      await project.up();
      for (let step = 0; step < TIMES; step += 1) {
        const desired = DESIRED_STATES[step % 2 === 0 ? 1 : 0];
        const destroy = step % 3 === 2;
        await project.write(program(desired));
        const command = destroy ? ["destroy", "--yes", "--skip-preview"] : ["up", "--yes", "--skip-preview"];
        // Pulumi takes about a second to start. The interesting moments come after that.
        await runAndKill(project, command, 300 + 2_200 * chance("moment", step));
        await removeEmptyAttributes(project);
        await project.pulumi("cancel", "--yes", "--stack", "test");
        await project.up();

        const at = `KILL_SEED=${SEED} step ${step}`;
        const receivers = store.listReceivers();
        expect(receivers, at).toMatchObject([{ name: "erp", webhookUri: URI, description: desired.description }]);
        expect(
          store.listHeaders().map(({ key, value }) => `${key} ${value}`),
          at,
        ).toEqual([`X-A ${desired.header}`]);
        const events = store.listSubscriptions(receivers[0]?.id).map(({ resource, action }) => `${resource} ${action}`);
        expect(events.sort(), at).toEqual([...desired.events].sort());
      }
      await project.preview("--expect-no-changes");
    },
    20 * 60_000,
  );
});
