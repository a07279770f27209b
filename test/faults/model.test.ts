import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Emulator, type Fault, startEmulator } from "../../emulator/index.ts";
import { WebhookApi, type WebhookApiOptions } from "../../provider/ion/webhookApi.ts";
import { type Moment, type Outcome, Stack } from "../support/fakeEngine.ts";
import { CANARY, connectionTo } from "../support/support.ts";
import { crashing } from "./crash.ts";
import { programOf, type World } from "./desiredState.ts";
import { doEdit, EDIT_NAMES, type Edit } from "./manualEdits.ts";
import { Model, worldsArbitrary } from "./model.ts";

/** One seed unless FC_SEED gives another, so that a change is judged by its own merit; FC_RUNS tries more. */
const SEED = Number(process.env.FC_SEED ?? 216_833_593);
const RUNS = Number(process.env.FC_RUNS ?? 2_000);

/** Runs at once: most of a run is waiting. */
const LANES = 20;

/** What came about, to tell a test that tries nothing. */
const tally = { ups: 0, edits: 0, faults: 0, failed: 0, died: 0 };

/** A stack, and the ION it is in. */
class Life {
  readonly emulator: Emulator;
  readonly model: Model;
  readonly stack = new Stack();
  /** Everything that a person could have read. */
  readonly said: string[] = [];

  /** The ION's own name among those of this process, which would share what it keeps of a run by id. */
  readonly #place: string;

  constructor(emulator: Emulator, place: string) {
    this.emulator = emulator;
    this.#place = place;
    this.model = new Model(emulator, () => {
      const { remembered, replaced } = this.stack;
      return new Map([...replaced, ...remembered.values()].map(({ kind, id, name }) => [`${kind} ${id}`, name]));
    });
  }

  async up(
    options: WebhookApiOptions = {},
    moment?: Moment,
    unlessDead = (run: Promise<Outcome>): Promise<Outcome | undefined> => run,
  ) {
    tally.ups += 1;
    const outcome = await this.model.watch(this.#named(), () =>
      unlessDead(this.stack.up(programOf(this.model.worlds), this.#process(options), moment)),
    );
    if (!outcome) tally.died += 1;
    if (outcome && outcome.errors.length > 0) tally.failed += 1;
    if (outcome?.errors.length === 0) this.model.expectArriving();
    this.said.push(...(outcome?.errors ?? []));
    expect(
      this.said.filter((words) => words.includes(CANARY)),
      "no secret is told",
    ).toEqual([]);
    return outcome;
  }

  /** Two runs at most, and ION is as declared; one more has nothing to do. */
  async settle() {
    this.emulator.faults.clear();
    let strangers = this.model.strangers();
    let first = await this.up();
    for (const [, id = ""] of (first?.errors ?? []).join("\n").matchAll(/another webhook receiver.*\(id (\d+)\)\./g)) {
      // A person does as the error says.
      this.model.store.deleteReceiver(id);
      strangers = this.model.strangers();
      first = undefined;
    }
    first ??= await this.up();
    // Where all that is left are extras, a person is asked; by the next run what is declared is there again.
    expect(first?.errors.filter((words) => !words.includes("maxDeletions"))).toEqual([]);
    const second = await this.up();
    expect(second?.errors).toEqual([]);
    this.model.expectSettled(strangers);
    if (second?.steps.length === 0) return;
    const preview = () => this.stack.preview(programOf(this.model.worlds), this.#process());
    if ((await preview()).steps.length > 0) {
      // Of a pair that is there twice the oldest stays, and that may be one that somebody edited into a twin of the managed
      // one: the next run takes it over. ION is as declared by then, and stays untouched.
      const { revision } = this.model.store;
      expect((await this.up())?.errors).toEqual([]);
      expect(this.model.store.revision).toBe(revision);
    }
    expect(await preview()).toEqual({ steps: [], errors: [] });
  }

  #process(options: WebhookApiOptions = {}) {
    const quick = { deadlineMs: 2_000, firstWaitMs: 1 };
    const connection = { ...connectionTo(this.emulator), name: this.#place };
    return new WebhookApi(connection, { retry: quick, warn: (words) => this.said.push(words), ...options });
  }

  /** What an earlier run has named as nobody's. */
  #named(): Set<string> {
    const found = [...this.stack.remembered.values()].flatMap(({ kind, state }) =>
      kind === "unmanaged" ? (state.found as string[]) : [],
    );
    return new Set(found.map((name) => /\(id (\w+)\)$/.exec(name)?.[1] ?? ""));
  }
}

type Command = fc.AsyncCommand<object, Life>;

const command = (title: string, run: (life: Life) => unknown): Command => ({
  check: () => true,
  run: async (_model, life) => {
    await run(life);
  },
  toString: () => title,
});

const inProgram = (worlds: readonly World[] | undefined) => (worlds ? `declare ${JSON.stringify(worlds)}` : "up");
const declare = (worlds: readonly World[]) =>
  command(inProgram(worlds), async (life) => {
    life.model.declare(worlds);
    await life.up();
  });
const edit = (what: Edit, at: number) =>
  command(`${what} (${at})`, ({ model }) => {
    tally.edits += 1;
    doEdit(model, what, at);
  });
const declareThrough = (worlds: readonly World[] | undefined, fault: Fault) =>
  command(`${inProgram(worlds)}, through ${JSON.stringify(fault)}`, async (life) => {
    if (worlds) life.model.declare(worlds);
    const { faults } = life.emulator;
    faults.clear();
    faults.add(fault);
    await life.up(fault.kind === "hang" ? { timeoutMs: 400 } : {});
    if ((faults.list()[0]?.hits ?? 0) > 0) tally.faults += 1;
    faults.clear();
  });
const declareAndDie = (worlds: readonly World[] | undefined, at: number) =>
  command(`${inProgram(worlds)}, and die at moment ${at}`, async (life) => {
    if (worlds) life.model.declare(worlds);
    const { fetch, moment, unlessDead } = crashing(at);
    await life.up({ fetch }, moment, unlessDead);
  });
const settle = command("settle", (life) => life.settle());

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
const often = { after: fc.constantFrom(0, 0, 1, 2), times: fc.constantFrom(1, 1, 2, 20) };
const anywhere = fc.constantFrom<Fault[]>(
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
  { kind: "partial", fields: [1] },
  { kind: "slow", ms: 30 },
);
const aimed = fc.constantFrom<Fault[]>(
  { kind: "stale-etag" },
  { kind: "stale-etag", on: { field: "updateWebhookReceiver" }, changes: { description: "theirs" } },
  { kind: "stale-etag", on: { field: "updateWebhookHeader" }, changes: { value: `${CANARY}-theirs` } },
  { kind: "unique-constraint" },
  { kind: "drop-after", on: { kind: "token" } },
  { kind: "bad-gateway-before", on: { kind: "token" } },
  { kind: "html", on: { kind: "token" } },
);
const faults: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(anywhere, fc.record({ on, ...often }))
      .map(([bare, aim]) => ({ ...aim, ...bare, on: aim.on }) as Fault),
  },
  { weight: 1, arbitrary: fc.tuple(aimed, fc.record(often)).map(([bare, aim]) => ({ ...aim, ...bare }) as Fault) },
);
const edits = fc.tuple(fc.constantFrom(...EDIT_NAMES), fc.nat(999)).map(([what, at]) => edit(what, at));
const sometimes = fc.option(worldsArbitrary, { nil: undefined, freq: 3 });
const deaths = fc.tuple(sometimes, fc.integer({ min: 1, max: 30 }));
const commands = fc.commands(
  [
    worldsArbitrary.map(declare),
    edits,
    edits,
    edits,
    ...Array.from({ length: 3 }, () =>
      fc.tuple(sometimes, faults).map(([worlds, fault]) => declareThrough(worlds, fault)),
    ),
    deaths.map(([worlds, at]) => declareAndDie(worlds, at)),
    deaths.map(([worlds, at]) => declareAndDie(worlds, at)),
    fc.constant(settle),
  ],
  { maxCommands: 6, size: "max" },
);

/** fast-check keeps what went wrong apart from the history that led there. */
function inWords(reason: unknown): string {
  const cause = reason instanceof Error && reason.cause instanceof Error ? reason.cause : undefined;
  return `${reason}\n${cause?.message ?? ""}\n${cause?.stack ?? ""}`;
}

/** On a machine that is busy otherwise. */
const LONG = 20 * 60_000;

describe("whatever programs, people, faults and deaths do to an ION", () => {
  it(`two runs of up at most make it exactly as declared, over ${RUNS} histories`, { timeout: LONG }, async () => {
    console.log(`FC_SEED=${SEED} repeats it; FC_RUNS=${RUNS}`);
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      let life: Life | undefined;
      const emulator = await startEmulator({
        clientSecret: `${CANARY}-key`,
        onRequest: () => life?.model.look(),
      });
      try {
        await fc.assert(
          fc.asyncProperty(worldsArbitrary, commands, async (first, history) => {
            const one = new Life(emulator, `lane-${lane}`);
            life = one;
            one.model.declare(first);
            const toTheEnd = [...history, settle] as unknown as typeof history;
            await fc.asyncModelRun(() => ({ model: {}, real: one }), toTheEnd);
          }),
          { seed: SEED + lane, numRuns: Math.ceil(RUNS / LANES), endOnFailure: process.env.FC_SHRINK === undefined },
        );
      } finally {
        await emulator.close();
      }
    });
    const outcomes = await Promise.allSettled(lanes);
    const failures = outcomes.flatMap((one) => (one.status === "rejected" ? [inWords(one.reason)] : []));
    console.log(
      Object.entries(tally)
        .map(([what, times]) => `${times} ${what}`)
        .join(", "),
    );
    expect(failures, `FC_SEED=${SEED}`).toEqual([]);
    expect(Math.min(...Object.values(tally))).toBeGreaterThanOrEqual(Math.floor(RUNS / 100));
  });
});
