import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { table } from "../../bench/table.ts";
import { type Emulator, type Fault, type FaultTarget, faultKinds, startEmulator } from "../../emulator/index.ts";
import type { RetryOptions } from "../../provider/ion/http/retry.ts";
import { Stack } from "../support/fakeEngine.ts";
import { CANARY, ionOn } from "../support/support.ts";
import { clear, distance, programOf } from "./desiredState.ts";
import { makeOthers, OPERATIONS, type Operation, OTHERS, type Target } from "./operations.ts";
import { chanceOf, SEED } from "./seed.ts";

/** A fault without where and how often. */
type Bare = { [Kind in Fault["kind"]]: Omit<Extract<Fault, { kind: Kind }>, "on" | "after" | "times"> }[Fault["kind"]];

interface Row {
  readonly title: string;
  /** undefined where it has nothing to hit at that target. */
  readonly fault: (target: Target) => Bare | undefined;
  /** Whether a run that meets it once ends well all the same. */
  readonly passes: "always" | "writes" | "never";
  readonly token?: true;
}

const always = (title: string, fault: Bare, passes: Row["passes"] = "always"): Row => ({
  title,
  fault: () => fault,
  passes,
});
const onToken = (title: string, fault: Bare, passes: Row["passes"] = "always"): Row => ({
  ...always(`token: ${title}`, fault, passes),
  token: true,
});
const isChange = ({ on }: Target) => /^(update|delete)/.test(on.field ?? "");

const ROWS: readonly Row[] = [
  always("drop before", { kind: "drop-before" }),
  always("drop after", { kind: "drop-after" }),
  always("502 before", { kind: "bad-gateway-before" }),
  always("502 after", { kind: "bad-gateway-after" }),
  always("429", { kind: "rate-limit" }),
  always("429, Retry-After", { kind: "rate-limit", retryAfter: 1 }),
  always("401 expired", { kind: "expired-token" }),
  always("401 revoked", { kind: "revoked-token" }),
  always("hang before", { kind: "hang" }),
  always("hang after", { kind: "hang", done: true }),
  // What reads as HTML at a look is more likely a wrong address than a moment's trouble.
  always("HTML before", { kind: "html" }, "writes"),
  always("HTML after", { kind: "html", done: true }, "writes"),
  always("data in part", { kind: "partial" }, "never"),
  {
    title: "secrets repeated",
    fault: ({ secrets = [] }) =>
      secrets.length > 0 ? { kind: "partial", message: `Refused: ${secrets.join(", ")}` } : undefined,
    passes: "never",
  },
  {
    title: "etag stale",
    fault: (target) => (isChange(target) ? { kind: "stale-etag" } : undefined),
    passes: "always",
  },
  {
    title: "edited meanwhile",
    fault: ({ on: { field = "" } }) => {
      if (field === "updateWebhookReceiver") return { kind: "stale-etag", changes: { description: "theirs" } };
      if (field === "updateWebhookHeader") return { kind: "stale-etag", changes: { value: "theirs" } };
      return undefined;
    },
    passes: "always",
  },
  {
    title: "unique constraint",
    fault: ({ on }) => (on.field?.startsWith("create") ? { kind: "unique-constraint" } : undefined),
    passes: "never",
  },
  always("slow", { kind: "slow", ms: 40 }),
  onToken("drop before", { kind: "drop-before" }),
  onToken("drop after", { kind: "drop-after" }),
  onToken("502 before", { kind: "bad-gateway-before" }),
  onToken("502 after", { kind: "bad-gateway-after" }),
  onToken("429", { kind: "rate-limit", retryAfter: 1 }),
  onToken("hang before", { kind: "hang" }),
  onToken("hang after", { kind: "hang", done: true }),
  onToken("HTML before", { kind: "html" }, "never"),
  onToken("HTML after", { kind: "html", done: true }, "never"),
  onToken("slow", { kind: "slow", ms: 40 }),
];

/** What became of all runs of one fault at one operation. */
interface Cell {
  runs: number;
  converged: number;
  duplicates: number;
  lost: number;
  leaked: number;
}

const cells = new Map<string, Cell>();
const emulators: Emulator[] = [];
const waiting: ((emulator: Emulator) => void)[] = [];

beforeAll(async () => {
  const options = { clientSecret: `${CANARY}-key` };
  emulators.push(...(await Promise.all(Array.from({ length: 24 }, () => startEmulator(options)))));
});

afterAll(async () => {
  const head = ["fault", ...OPERATIONS.map(({ title }) => title)];
  const rows = ROWS.map(({ title }) => [
    title,
    ...OPERATIONS.map((operation) => {
      const cell = cells.get(`${title} × ${operation.title}`);
      return cell ? `${cell.converged}/${cell.runs} ${cell.duplicates} ${cell.lost} ${cell.leaked}` : "";
    }),
  ]);
  console.log(`converged/runs duplicates lost leaked; FAULT_SEED=${SEED} repeats it\n${table(head, rows)}`);
  await Promise.all(emulators.splice(0).map((emulator) => emulator.close()));
});

/** Runs on an emulator that nobody else uses meanwhile. */
async function withEmulator<T>(run: (emulator: Emulator) => Promise<T>): Promise<T> {
  const emulator = emulators.pop() ?? (await new Promise<Emulator>((resolve) => waiting.push(resolve)));
  try {
    return await run(emulator);
  } finally {
    const next = waiting.shift();
    if (next) next(emulator);
    else emulators.push(emulator);
  }
}

/** Long enough for every try of the retry table. */
const PATIENCE: RetryOptions = { deadlineMs: 5_000, firstWaitMs: 1 };

/** One operation that meets a fault, and one more run without it where the first one failed. */
async function meet(emulator: Emulator, operation: Operation, fault: Fault) {
  const { store, faults, requests } = emulator;
  faults.clear();
  clear(store);
  const others = makeOthers(store);
  const stack = new Stack();
  const told: string[] = [];
  const process = (options = {}) => ionOn(emulator, { warn: (words) => told.push(words), ...options });
  const clean = async (worlds: Operation["before"]) => {
    const { errors } = await stack.up(programOf(worlds), process());
    expect(errors).toEqual([]);
  };
  if (operation.before.length > 0) await clean(operation.before);
  operation.outside?.(store);
  if (operation.met) await clean(operation.before);
  requests.length = 0;

  faults.add(fault);
  const hang = fault.kind === "hang" ? { timeoutMs: 400 } : {};
  const program = programOf(operation.declared);
  const first = await stack.up(program, process({ retry: PATIENCE, ...hang }));
  const hits = faults.list()[0]?.hits ?? 0;
  faults.clear();
  const second = first.errors.length > 0 ? await stack.up(program, process()) : undefined;

  const { duplicates, lost, other } = distance(store, operation.declared, { receivers: new Set([others]) });
  const theirs = distance(store, [OTHERS], {
    receivers: new Set(store.listReceivers().flatMap(({ id }) => (id === others ? [] : [id]))),
  });
  const said = [...first.errors, ...(second?.errors ?? []), ...told, JSON.stringify(requests)];
  return {
    hits,
    errors: first.errors,
    stillFailing: second?.errors ?? [],
    duplicates,
    lost: [...lost, ...theirs.lost],
    other: [...other, ...theirs.other],
    leaked: said.filter((words) => words.includes(CANARY)),
    leftover: (await stack.preview(program, process())).steps,
  };
}

/** The faults to try at one target: once, until it is over for good, and at some moment that the seed picks. */
function faultsAt(row: Row, bare: Bare, on: FaultTarget, words: string): Fault[] {
  const systematic = [1, Number.POSITIVE_INFINITY].map((times) => ({ ...bare, on, times }) as Fault);
  const chance = chanceOf(words);
  const random = { ...bare, on: row.token ? on : {}, after: Math.floor(chance("after") * 3), times: 1 } as Fault;
  // Some hit only what they are aimed at.
  const anywhere = !row.token && !("message" in bare) && !["stale-etag", "unique-constraint"].includes(bare.kind);
  return anywhere ? [...systematic, random] : systematic;
}

describe.concurrent("a run that meets", () => {
  it.for(ROWS)("$title ends, after one more at most, with exactly what is declared", async (row, { expect }) => {
    const failures: unknown[] = [];
    await Promise.all(
      OPERATIONS.flatMap((operation) => {
        const targets: readonly Target[] = row.token ? [{ on: { kind: "token" } }] : operation.targets;
        return targets.flatMap((target) => {
          const bare = row.fault(target);
          if (!bare) return [];
          const key = `${row.title} × ${operation.title}`;
          const cell = cells.get(key) ?? { runs: 0, converged: 0, duplicates: 0, lost: 0, leaked: 0 };
          cells.set(key, cell);
          const query = target.on.type === "query";
          return faultsAt(row, bare, target.on, key).map(async (fault) => {
            const end = await withEmulator((emulator) => meet(emulator, operation, fault));
            const { hits, errors, stillFailing, duplicates, lost, other, leaked, leftover } = end;
            const aimed = fault.on === target.on;
            const passes = row.passes === "always" || (row.passes === "writes" && !query);
            const converged = [stillFailing, duplicates, lost, other, leftover].every(({ length }) => length === 0);
            cell.runs += 1;
            cell.converged += converged ? 1 : 0;
            cell.duplicates += duplicates.length;
            cell.lost += lost.length;
            cell.leaked += leaked.length;
            const asExpected = !aimed || (hits > 0 && (fault.times !== 1 || !passes || errors.length === 0));
            if (!converged || leaked.length > 0 || !asExpected) failures.push({ at: key, fault, ...end });
          });
        });
      }),
    );
    expect(failures, `FAULT_SEED=${SEED}`).toEqual([]);
  });
});

it("the table has every kind of fault that the emulator knows", () => {
  const target: Target = { on: { field: "updateWebhookReceiver" }, secrets: ["x"] };
  const create: Target = { on: { field: "createWebhookReceiver" } };
  const kinds = ROWS.flatMap((row) => [row.fault(target)?.kind, row.fault(create)?.kind]);
  expect(new Set(kinds.filter((kind) => kind !== undefined))).toEqual(new Set(faultKinds.map(({ kind }) => kind)));
});
