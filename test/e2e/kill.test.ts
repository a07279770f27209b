import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeProject, type Project } from "./project.ts";

/** KILL_SEED repeats a run, KILL_TIMES makes it longer. */
const SEED = process.env.KILL_SEED ?? String(Date.now());
const TIMES = Number(process.env.KILL_TIMES ?? 42);

/** A number from 0 to 1 that a seed and a step always give. */
const chance = (...words: (string | number)[]) =>
  createHash("sha256")
    .update([SEED, ...words].join())
    .digest()
    .readUInt32BE() /
  2 ** 32;

const URI = "https://events.example/kill";
const WORLDS = [
  { description: "one", header: "1", pairs: ["PARTS CREATE", "PARTS UPDATE", "RUNS CREATE", "RUNS UPDATE"] },
  { description: "two", header: "2", pairs: ["ISSUES CREATE", "PARTS UPDATE", "RUNS UPDATE", "STEPS DELETE"] },
] as const;
type World = (typeof WORLDS)[number];

const program = ({ description, header, pairs }: World) => ({
  "index.js": `const ion = require("pulumi-ion");
    const erp = new ion.WebhookReceiver("erp", { webhookUri: "${URI}", description: "${description}", headers: { "X-A": "${header}" } });
    for (const pair of ${JSON.stringify(pairs)}) {
      const [resource, action] = pair.split(" ");
      new ion.WebhookSubscription(pair.replace(" ", "-"), { receiverId: erp.id, resource, action });
    }`,
});

/** Every process, with the one that started it and the command it runs. */
const processes = () =>
  execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
    });

/** What a process has started, and what that has. */
function startedBy(pid: number, all = processes()): ReturnType<typeof processes> {
  const own = all.filter(({ parent }) => parent === pid);
  return [...own, ...own.flatMap((one) => startedBy(one.pid, all))];
}

/** Ends, or stops, a process, or the group of a negative number, that may have ended by itself. */
function end(pid: number, signal: "SIGKILL" | "SIGSTOP" = "SIGKILL") {
  try {
    process.kill(pid, signal);
  } catch {
    // It had.
  }
}

/** Pulumi gives its plugins groups of their own: killed as people's machines do it, it leaves them, and so the test ends them. */
function endLater(left: ReturnType<typeof processes>) {
  onTestFinished(() => {
    const all = processes();
    const now = new Map(all.map(({ pid, command }) => [pid, command]));
    // A plugin may have been about to start its own process when it was left.
    const still = left.filter(({ pid, command }) => now.get(pid) === command);
    for (const { pid } of still.flatMap((one) => [one, ...startedBy(one.pid, all)])) end(pid);
  });
}

/** Starts a command and kills its whole process group at some moment, or lets it end before. */
async function killSome(project: Project, args: readonly string[], milliseconds: number) {
  const child = spawn("pulumi", [...args, "--stack", "test", "--non-interactive"], {
    cwd: project.dir,
    env: project.env as NodeJS.ProcessEnv,
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  await Promise.race([ended, sleep(milliseconds)]);
  // What it starts while one looks would not be seen.
  end(-(child.pid ?? 0), "SIGSTOP");
  endLater(startedBy(child.pid ?? 0));
  end(-(child.pid ?? 0));
  await ended;
}

describe("a process that dies", () => {
  it(
    `at any of ${TIMES} moments of up, update and destroy leaves what one more up makes exactly as declared`,
    async () => {
      console.log(`KILL_SEED=${SEED}`);
      const project = await makeProject({ files: program(WORLDS[0]) });
      const { store, settings } = project.emulator;
      // So that the middle of things lasts long enough to be hit.
      settings.latencyMs = 30;
      await project.up();
      for (let step = 0; step < TIMES; step += 1) {
        const world = WORLDS[step % 2 === 0 ? 1 : 0];
        const destroy = step % 3 === 2;
        await project.write(program(world));
        const command = destroy ? ["destroy", "--yes", "--skip-preview"] : ["up", "--yes", "--skip-preview"];
        // Starting takes Pulumi about a second; what there is to hit comes after it.
        await killSome(project, command, 300 + 2_200 * chance("moment", step));
        await project.pulumi("cancel", "--yes", "--stack", "test");
        await project.up();

        const at = `KILL_SEED=${SEED} step ${step}`;
        const receivers = store.listReceivers();
        expect(receivers, at).toMatchObject([{ name: "erp", webhookUri: URI, description: world.description }]);
        expect(
          store.listHeaders().map(({ key, value }) => `${key} ${value}`),
          at,
        ).toEqual([`X-A ${world.header}`]);
        const pairs = store.listSubscriptions(receivers[0]?.id).map(({ resource, action }) => `${resource} ${action}`);
        expect(pairs.sort(), at).toEqual([...world.pairs].sort());
      }
      await project.preview("--expect-no-changes");
    },
    20 * 60_000,
  );
});
