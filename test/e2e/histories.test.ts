import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../emulator/index.ts";
import { sourceOf } from "../faults/desiredState.ts";
import { applyEdit, EDIT_NAMES } from "../faults/manualEdits.ts";
import { desiredStates, Model } from "../faults/model.ts";
import { CARRIERS } from "../support/carriers.ts";
import fc from "../support/fastCheck.ts";
import { CANARY } from "../support/support.ts";
import { makeProject, type Project } from "./project.ts";

/** The seed is fixed unless FC_SEED sets another one. FC_STEPS sets the number of steps over each engine. */
const FC_SEED = Number(process.env.FC_SEED ?? 214_218_676);
const STEPS = Number(process.env.FC_STEPS ?? 10);

/** Faults after which a run still succeeds. */
const survivableFaults = fc.constantFrom<Fault[]>(
  { kind: "drop-before" },
  { kind: "drop-after" },
  { kind: "bad-gateway-after" },
  { kind: "rate-limit" },
  { kind: "expired-token" },
  { kind: "html", done: true, on: { type: "mutation" } },
  { kind: "stale-etag" },
  { kind: "drop-after", on: { kind: "token" } },
);
const step = fc.record({
  desired: fc.option(desiredStates, { freq: 2, nil: undefined }),
  edits: fc.array(fc.tuple(fc.constantFrom(...EDIT_NAMES), fc.nat(999)), { minLength: 1, maxLength: 3 }),
  fault: fc.option(
    survivableFaults.chain((fault) => fc.integer({ min: 0, max: 2 }).map((after) => ({ ...fault, after }) as Fault)),
    { nil: undefined },
  ),
});

/** The managed objects and the reported unmanaged subscriptions in the stack's state file. */
async function readState(project: Project) {
  const file = join(project.dir, "state/.pulumi/stacks/project/test.json");
  const { checkpoint } = JSON.parse(await readFile(file, "utf8")) as {
    checkpoint: {
      latest?: { resources?: { type: string; urn: string; id?: string; outputs?: { reported?: string[] } }[] };
    };
  };
  const managed = new Map<string, string>();
  const reported = new Set<string>();
  for (const { type, urn, id, outputs } of checkpoint.latest?.resources ?? []) {
    const name = urn.slice(urn.lastIndexOf(":") + 1);
    if (type.endsWith(":WebhookReceiver")) managed.set(`receiver ${id}`, name);
    if (type.endsWith(":WebhookSubscription")) managed.set(`subscription ${id}`, name);
    for (const subscription of outputs?.reported ?? []) reported.add(/\(id (\w+)\)$/.exec(subscription)?.[1] ?? "");
  }
  return { managed, reported };
}

/** Enough on a busy machine. */
const LONG = 20 * 60_000;

describe.each(CARRIERS)("random histories with the real engine (%s)", (carrier) => {
  it(`at most two runs of up make ION exactly as declared (${STEPS} steps)`, { timeout: LONG }, async () => {
    console.log(`FC_SEED=${FC_SEED} repeats it; FC_STEPS=${STEPS}`);
    const project = await makeProject({ files: { "index.js": sourceOf([]) }, carrier });
    const { emulator } = project;
    let { managed, reported }: Awaited<ReturnType<typeof readState>> = { managed: new Map(), reported: new Set() };
    const model = new Model(emulator, () => managed);

    const up = async (at: string) => {
      const { code, output } = await model.watch(reported, async () => {
        const outcome = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
        ({ managed, reported } = await readState(project));
        return outcome;
      });
      expect(output, at).not.toContain(CANARY);
      if (code === 0) {
        model.expectSubscribed();
        return true;
      }
      const [, conflictingId] =
        /another webhook receiver with the new webhookUri.*\(id (\d+)\)\. Two receivers/.exec(output) ?? [];
      // Does what the error says. If every subscription is unmanaged, the run asks for maxDeletions.
      if (conflictingId) emulator.store.deleteReceiver(conflictingId);
      else expect(output, at).toContain("maxDeletions");
      return false;
    };

    const steps = fc.sample(step, { seed: FC_SEED, numRuns: STEPS });
    let succeeded = true;
    for (const [number, { desired, edits, fault }] of steps.entries()) {
      const declared =
        desired ?? (number === 0 ? fc.sample(desiredStates, { seed: FC_SEED, numRuns: 1 })[0] : undefined);
      if (declared) {
        model.declare(declared);
        await project.write({ "index.js": sourceOf(declared) });
      }
      for (const [name, index] of edits) applyEdit(model, name, index);
      emulator.faults.clear();
      if (fault) emulator.faults.add(fault);
      succeeded = await up(`FC_SEED=${FC_SEED} step ${number}: ${JSON.stringify({ declared, edits, fault })}`);
    }

    emulator.faults.clear();
    if (!succeeded) await up("after a failure");
    const unmanaged = model.unmanaged();
    await up("first run");
    await up("second run");
    model.expectConverged(unmanaged);
    await project.preview("--expect-no-changes");
  });
});
