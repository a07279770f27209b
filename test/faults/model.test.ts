import { describe, expect, it } from "vitest";
import { type Emulator, type Fault, startEmulator } from "../../emulator/index.ts";
import { CARRIERS, type Carrier } from "../support/carriers.ts";
import { type Outcome, type RunOptions, Stack } from "../support/fakeEngine.ts";
import fc from "../support/fastCheck.ts";
import { type ProcessOptions, type ProviderProcess, startProvider } from "../support/providerProcess.ts";
import { CANARY } from "../support/support.ts";
import { crashAt } from "./crash.ts";
import { type DesiredReceiver, programOf } from "./desiredState.ts";
import { applyEdit, EDIT_NAMES, type Edit } from "./manualEdits.ts";
import { desiredStatesWithOptions as desiredStates, Model } from "./model.ts";

/** The seed is fixed so that a failure is caused by the change under test. FC_SEED sets another one, FC_RUNS the number of histories over each engine. */
const SEED = Number(process.env.FC_SEED ?? 216_833_593);
const RUNS = Number(process.env.FC_RUNS ?? 1_000);

/** Histories that run at once, because each mostly waits. */
const LANES = 20;

/** How often each thing happened, to detect a test that tries nothing. */
const tally = { ups: 0, upsWithOptions: 0, partialUps: 0, replaces: 0, edits: 0, faults: 0, failures: 0, crashes: 0 };

/** A stack and its emulator. */
class Simulation {
  readonly emulator: Emulator;
  readonly model: Model;
  readonly stack = new Stack();
  /** Everything printed for the user. */
  readonly printed: string[] = [];

  readonly #carrier: Carrier;
  readonly #processes: ProviderProcess[] = [];

  constructor(emulator: Emulator, carrier: Carrier) {
    this.emulator = emulator;
    this.#carrier = carrier;
    this.model = new Model(emulator, () => {
      const { resources, replaced } = this.stack;
      return new Map([...replaced, ...resources.values()].map(({ kind, id, name }) => [`${kind} ${id}`, name]));
    });
  }

  async up(
    options: ProcessOptions = {},
    { untilCrash = (run) => run, ...runOptions }: RunOptions & { untilCrash?: UntilCrash } = {},
  ) {
    const { target, exclude, replace } = runOptions;
    const isPartial = target !== undefined || exclude !== undefined;
    tally.ups += 1;
    if (this.model.desired.some(({ options }) => options)) tally.upsWithOptions += 1;
    if (isPartial || replace) tally.partialUps += 1;
    if (replace) tally.replaces += 1;
    const run = () => untilCrash(this.stack.up(programOf(this.model.desired), this.#process(options), runOptions));
    const outcome = await this.model.watch(this.#reported(), run, replace);
    if (!outcome) tally.crashes += 1;
    if (outcome && outcome.errors.length > 0) tally.failures += 1;
    if (outcome?.errors.length === 0 && !isPartial) this.model.expectSubscribed();
    this.printed.push(...(outcome?.errors ?? []), ...this.#processes.splice(0).flatMap(({ warnings }) => warnings));
    expect(
      this.printed.filter((text) => text.includes(CANARY)),
      "no secret is printed",
    ).toEqual([]);
    return outcome;
  }

  /** The names of some resources of the program or the state. */
  pickNames(indexes: readonly number[]): Set<string> {
    const names = [...programOf(this.model.desired).map(({ name }) => name), ...this.stack.resources.keys()];
    return new Set(indexes.flatMap((index) => names[index % names.length] ?? []));
  }

  /** Expects that at most two runs make ION exactly as declared, and that one more changes nothing. */
  async converge() {
    this.emulator.faults.clear();
    let unmanaged = this.model.unmanaged();
    const first = await this.#upAsAsked();
    // If every subscription is unmanaged, the run asks for maxDeletions; the next one finds the declared ones again.
    expect(first.errors.filter((message) => !message.includes("maxDeletions"))).toEqual([]);
    if (first.isUnmanagedNew) unmanaged = this.model.unmanaged();
    const second = await this.#upAsAsked();
    expect(second.errors).toEqual([]);
    if (second.isUnmanagedNew) unmanaged = this.model.unmanaged();
    this.model.expectConverged(unmanaged);
    if (second.steps.length === 0) return;
    const preview = () => this.stack.preview(programOf(this.model.desired), this.#process());
    if ((await preview()).steps.length > 0) {
      // Of two duplicates the oldest stays. That may be the unmanaged one, which the next run adopts without a change in ION.
      const { revision } = this.model.store;
      expect((await this.up())?.errors).toEqual([]);
      expect(this.model.store.revision).toBe(revision);
    }
    expect(await preview()).toMatchObject({ steps: [], errors: [] });
  }

  /** A run, repeated after what its errors ask for is done. */
  async #upAsAsked() {
    // What is retained becomes unmanaged.
    let isUnmanagedNew = [...this.stack.replaced, ...this.stack.resources.values()].some(
      ({ options }) => options.retainOnDelete,
    );
    for (;;) {
      const { errors = [], steps = [] } = (await this.up()) ?? {};
      const conflicts = [...errors.join("\n").matchAll(CONFLICT)].map(([, id = ""]) => id);
      const isProtected = errors.some((message) => message.includes("is protected"));
      if (conflicts.length === 0 && !isProtected) return { errors, steps, isUnmanagedNew };
      isUnmanagedNew = true;
      for (const id of conflicts) this.model.store.deleteReceiver(id);
      if (isProtected) this.stack.unprotect();
    }
  }

  #process(options: ProcessOptions = {}) {
    const quick = { deadlineMs: 2_000, firstWaitMs: 1 };
    const process = startProvider(this.#carrier, this.emulator, { retry: quick, ...options });
    this.#processes.push(process);
    return process;
  }

  /** The ids of the unmanaged subscriptions that an earlier run has reported. */
  #reported(): Set<string> {
    const found = [...this.stack.resources.values()].flatMap(({ kind, state }) =>
      kind === "unmanaged" ? (state.reported as string[]) : [],
    );
    return new Set(found.map((description) => /\(id (\w+)\)$/.exec(description)?.[1] ?? ""));
  }
}

/** The other receiver with a URL, in an error that asks to delete it. */
const CONFLICT = /already has (?:a|another) webhook receiver with the (?:new )?webhookUri.*?\(id (\d+)\)\. Two/g;

type UntilCrash = (run: Promise<Outcome>) => Promise<Outcome | undefined>;
type Command = fc.AsyncCommand<object, Simulation>;

const command = (title: string, run: (simulation: Simulation) => unknown): Command => ({
  check: () => true,
  run: async (_model, simulation) => {
    await run(simulation);
  },
  toString: () => title,
});

const describeUp = (desired: readonly DesiredReceiver[] | undefined) =>
  desired ? `declare ${JSON.stringify(desired)}` : "up";
const declare = (desired: readonly DesiredReceiver[]) =>
  command(describeUp(desired), async (simulation) => {
    simulation.model.declare(desired);
    await simulation.up();
  });
const edit = (name: Edit, index: number) =>
  command(`${name} (${index})`, ({ model }) => {
    tally.edits += 1;
    applyEdit(model, name, index);
  });
const declareWithFault = (desired: readonly DesiredReceiver[] | undefined, fault: Fault) =>
  command(`${describeUp(desired)} with the fault ${JSON.stringify(fault)}`, async (simulation) => {
    if (desired) simulation.model.declare(desired);
    const { faults } = simulation.emulator;
    faults.clear();
    faults.add(fault);
    await simulation.up(fault.kind === "hang" ? { timeoutMs: 400 } : {});
    if ((faults.list()[0]?.hits ?? 0) > 0) tally.faults += 1;
    faults.clear();
  });
const declareAndCrash = (desired: readonly DesiredReceiver[] | undefined, crashPoint: number) =>
  command(`${describeUp(desired)}, crash at checkpoint ${crashPoint}`, async (simulation) => {
    if (desired) simulation.model.declare(desired);
    const { fetch, checkpoint, untilCrash } = crashAt(crashPoint);
    await simulation.up({ fetch }, { checkpoint, untilCrash });
  });

/** A partial run: `names` are indexes of resources. */
interface Partial {
  readonly selection: "target" | "exclude" | undefined;
  readonly names: readonly number[];
  readonly replace: readonly number[] | undefined;
  readonly continueOnError: boolean;
  readonly fault: Fault | undefined;
}
const declarePartially = (desired: readonly DesiredReceiver[] | undefined, partial: Partial) =>
  command(`${describeUp(desired)} in part ${JSON.stringify(partial)}`, async (simulation) => {
    if (desired) simulation.model.declare(desired);
    const { selection, names, replace, continueOnError, fault } = partial;
    const { faults } = simulation.emulator;
    faults.clear();
    if (fault) faults.add(fault);
    await simulation.up(fault?.kind === "hang" ? { timeoutMs: 400 } : {}, {
      continueOnError,
      ...(selection && { [selection]: simulation.pickNames(names) }),
      ...(replace && { replace: simulation.pickNames(replace) }),
    });
    faults.clear();
  });
const converge = command("converge", (simulation) => simulation.converge());

const on = fc.constantFrom(
  {},
  {},
  {},
  { type: "mutation" as const },
  { type: "mutation" as const },
  { type: "query" as const },
  { type: "mutation" as const },
  { field: "createWebhookReceiver" },
  { field: "createWebhookSubscription" },
  { field: "createWebhookHeader" },
  { field: "updateWebhookReceiver" },
  { field: "deleteWebhookSubscription" },
);
const frequency = { after: fc.constantFrom(0, 0, 1, 2), times: fc.constantFrom(1, 1, 2, 20) };
const generalFaults = fc.constantFrom<Fault[]>(
  { kind: "drop-before" },
  { kind: "drop-after" },
  { kind: "bad-gateway-before" },
  { kind: "bad-gateway-after" },
  { kind: "rate-limit" },
  { kind: "rate-limit", retryAfter: 0 },
  { kind: "expired-token" },
  { kind: "revoked-token" },
  { kind: "hang", done: true, times: 1 },
  { kind: "html" },
  { kind: "html", done: true },
  { kind: "partial" },
  { kind: "partial", fields: [0] },
  { kind: "partial", fields: [0], message: "Not today" },
  { kind: "partial", fields: [1], message: "Not today" },
  { kind: "slow", ms: 30 },
  { kind: "throttled" },
  { kind: "nested-error" },
  { kind: "nested-error", path: false },
  { kind: "content-type" },
);
const specificFaults = fc.constantFrom<Fault[]>(
  { kind: "stale-etag" },
  { kind: "stale-etag", on: { field: "updateWebhookReceiver" }, changes: { description: "theirs" } },
  { kind: "stale-etag", on: { field: "updateWebhookHeader" }, changes: { value: `${CANARY}-theirs` } },
  { kind: "unique-constraint" },
  { kind: "drop-after", on: { kind: "token" } },
  { kind: "bad-gateway-before", on: { kind: "token" } },
  { kind: "html", on: { kind: "token" } },
  ...["subscriptions", "headers", "node"].flatMap((name): Fault[] =>
    [false, true].map((error) => ({ kind: "null-list", name, error, on: { type: "query" } })),
  ),
);
const faults: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(generalFaults, fc.record({ on, ...frequency }))
      .map(([fault, target]) => ({ ...target, ...fault, on: target.on }) as Fault),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(specificFaults, fc.record(frequency))
      .map(([fault, target]) => ({ ...target, ...fault }) as Fault),
  },
);
const edits = fc.tuple(fc.constantFrom(...EDIT_NAMES), fc.nat(999)).map(([name, index]) => edit(name, index));
const optionalStates = fc.option(desiredStates, { nil: undefined, freq: 3 });
const crashes = fc.tuple(optionalStates, fc.integer({ min: 1, max: 30 }));
const partials: fc.Arbitrary<Partial> = fc.record({
  selection: fc.constantFrom("target" as const, "exclude" as const, undefined),
  names: fc.array(fc.nat(999), { minLength: 1, maxLength: 4 }),
  replace: fc.option(fc.array(fc.nat(999), { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 }),
  continueOnError: fc.boolean(),
  fault: fc.option(faults, { nil: undefined, freq: 2 }),
});
const partialUps = fc.tuple(optionalStates, partials).map(([desired, partial]) => declarePartially(desired, partial));
const commands = fc.commands(
  [
    desiredStates.map(declare),
    edits,
    edits,
    edits,
    ...Array.from({ length: 3 }, () =>
      fc.tuple(optionalStates, faults).map(([desired, fault]) => declareWithFault(desired, fault)),
    ),
    crashes.map(([desired, crashPoint]) => declareAndCrash(desired, crashPoint)),
    crashes.map(([desired, crashPoint]) => declareAndCrash(desired, crashPoint)),
    partialUps,
    partialUps,
    partialUps,
    fc.constant(converge),
  ],
  { maxCommands: 6, size: "max" },
);

/** An error of fast-check with its cause. */
function formatFailure(reason: unknown): string {
  const cause = reason instanceof Error && reason.cause instanceof Error ? reason.cause : undefined;
  return `${reason}\n${cause?.message ?? ""}\n${cause?.stack ?? ""}`;
}

/** Enough on a busy machine. */
const LONG = 20 * 60_000;

describe.each(CARRIERS)("random histories of programs, manual edits, faults and crashes over %s", (carrier) => {
  it(`at most two runs of up make ION exactly as declared (${RUNS} histories)`, { timeout: LONG }, async () => {
    console.log(`FC_SEED=${SEED} repeats it; FC_RUNS=${RUNS}`);
    for (const what of Object.keys(tally) as (keyof typeof tally)[]) tally[what] = 0;
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      let simulation: Simulation | undefined;
      const emulator = await startEmulator({
        clientSecret: `${CANARY}-key`,
        onRequest: () => simulation?.model.checkNow(),
      });
      try {
        await fc.assert(
          fc.asyncProperty(desiredStates, commands, async (first, history) => {
            const real = new Simulation(emulator, carrier);
            simulation = real;
            real.model.declare(first);
            const steps = [...history, converge] as unknown as typeof history;
            await fc.asyncModelRun(() => ({ model: {}, real }), steps);
          }),
          { seed: SEED + lane, numRuns: Math.ceil(RUNS / LANES), endOnFailure: process.env.FC_SHRINK === undefined },
        );
      } finally {
        await emulator.close();
      }
    });
    const outcomes = await Promise.allSettled(lanes);
    const failures = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [formatFailure(outcome.reason)] : [],
    );
    console.log(
      Object.entries(tally)
        .map(([what, count]) => `${count} ${what}`)
        .join(", "),
    );
    expect(failures, `FC_SEED=${SEED}`).toEqual([]);
    expect(Math.min(...Object.values(tally))).toBeGreaterThanOrEqual(Math.floor(RUNS / 100));
  });
});
