import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../emulator/index.ts";
import type { World } from "../faults/desiredState.ts";
import { doEdit, EDIT_NAMES } from "../faults/manualEdits.ts";
import { Model, worldsArbitrary } from "../faults/model.ts";
import { CANARY } from "../support/support.ts";
import { makeProject, type Project } from "./project.ts";

/** One seed unless FC_SEED gives another; FC_STEPS tries more. */
const FC_SEED = Number(process.env.FC_SEED ?? 214_218_676);
const STEPS = Number(process.env.FC_STEPS ?? 20);

const program = (worlds: readonly World[]) => ({
  "index.js": `const ion = require("pulumi-ion");
    for (const { name, fields, headers, pairs, unmanaged } of ${JSON.stringify(worlds)}) {
      const { id: receiverId } = new ion.WebhookReceiver(name, { ...fields, headers });
      const subscriptions = {};
      for (const [resource, action] of pairs.map((pair) => pair.split(" "))) {
        subscriptions[resource] = [...(subscriptions[resource] ?? []), action];
      }
      new ion.WebhookSubscriptions(name, { receiverId, subscriptions, unmanaged });
    }`,
});

/** Faults that a run gets over by itself. */
const passing = fc.constantFrom<Fault[]>(
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
  worlds: fc.option(worldsArbitrary, { freq: 1, nil: undefined }),
  edits: fc.array(fc.tuple(fc.constantFrom(...EDIT_NAMES), fc.nat(999)), { minLength: 1, maxLength: 3 }),
  fault: fc.option(
    passing.chain((fault) => fc.integer({ min: 0, max: 2 }).map((after) => ({ ...fault, after }) as Fault)),
    { nil: undefined },
  ),
});

/** What the stack remembers, as its state file has it. */
async function stateOf(project: Project) {
  const file = join(project.dir, "state/.pulumi/stacks/project/test.json");
  const { checkpoint } = JSON.parse(await readFile(file, "utf8")) as {
    checkpoint: {
      latest?: { resources?: { type: string; urn: string; id?: string; outputs?: { found?: string[] } }[] };
    };
  };
  const remembered = new Map<string, string>();
  const named = new Set<string>();
  for (const { type, urn, id, outputs } of checkpoint.latest?.resources ?? []) {
    const name = urn.slice(urn.lastIndexOf(":") + 1);
    if (type.endsWith(":WebhookReceiver")) remembered.set(`receiver ${id}`, name);
    if (type.endsWith(":WebhookSubscription")) remembered.set(`subscription ${id}`, name);
    for (const extra of outputs?.found ?? []) named.add(/\(id (\w+)\)$/.exec(extra)?.[1] ?? "");
  }
  return { remembered, named };
}

/** On a machine that is busy otherwise. */
const LONG = 20 * 60_000;

describe("whatever programs, people and faults do to an ION, through the real engine", () => {
  it(`two runs of up at most make it exactly as declared, after ${STEPS} steps`, { timeout: LONG }, async () => {
    console.log(`FC_SEED=${FC_SEED} repeats it; FC_STEPS=${STEPS}`);
    const project = await makeProject({ files: program([]) });
    const { emulator } = project;
    let { remembered, named }: Awaited<ReturnType<typeof stateOf>> = { remembered: new Map(), named: new Set() };
    const model = new Model(emulator, () => remembered);

    const up = async (at: string) => {
      const { code, output } = await model.watch(named, async () => {
        const outcome = await project.pulumi("up", "--yes", "--skip-preview", "--stack", "test");
        ({ remembered, named } = await stateOf(project));
        return outcome;
      });
      expect(output, at).not.toContain(CANARY);
      if (code === 0) {
        model.expectArriving();
        return true;
      }
      const [, inTheWay] = /another webhook receiver.*\(id (\d+)\)\. With both/.exec(output) ?? [];
      // A person does as the error says, or is asked where all that is left are extras.
      if (inTheWay) emulator.store.deleteReceiver(inTheWay);
      else expect(output, at).toContain("maxDeletions");
      return false;
    };

    const steps = fc.sample(step, { seed: FC_SEED, numRuns: STEPS });
    let fine = true;
    for (const [number, { worlds, edits, fault }] of steps.entries()) {
      const declared =
        worlds ?? (number === 0 ? fc.sample(worldsArbitrary, { seed: FC_SEED, numRuns: 1 })[0] : undefined);
      if (declared) {
        model.declare(declared);
        await project.write(program(declared));
      }
      for (const [what, at] of edits) doEdit(model, what, at);
      emulator.faults.clear();
      if (fault) emulator.faults.add(fault);
      fine = await up(`FC_SEED=${FC_SEED} step ${number}: ${JSON.stringify({ declared, edits, fault })}`);
    }

    emulator.faults.clear();
    if (!fine) await up("as it was left");
    const strangers = model.strangers();
    await up("once more");
    await up("twice more");
    model.expectSettled(strangers);
    await project.preview("--expect-no-changes");
  });
});
