import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { table } from "../../bench/table.ts";
import { type Emulator, type Fault, type FaultTarget, faultKinds, startEmulator } from "../../emulator/index.ts";
import type { RetryOptions } from "../../provider/src/ion/http/retry.ts";
import { CARRIERS, type Carrier } from "../support/carriers.ts";
import { Stack } from "../support/fakeEngine.ts";
import { type ProcessOptions, type ProviderProcess, startProvider } from "../support/providerProcess.ts";
import { CANARY } from "../support/support.ts";
import { clear, findDeviations, programOf } from "./desiredState.ts";
import { createOthers, OPERATIONS, type Operation, OTHERS, type Target } from "./operations.ts";
import { chanceOf, SEED } from "./seed.ts";

/** A fault without its target and frequency. */
type FaultKind = {
  [Kind in Fault["kind"]]: Omit<Extract<Fault, { kind: Kind }>, "on" | "after" | "times">;
}[Fault["kind"]];

interface Row {
  readonly title: string;
  /** Returns undefined if the fault cannot occur at the target. */
  readonly faultFor: (target: Target) => FaultKind | undefined;
  /** Whether a run succeeds even though the fault occurs once. */
  readonly succeeds: "always" | "writes" | "never";
  /** Whether the fault hits token requests. */
  readonly token?: true;
  /** Whether a run that the fault hits from the start must not change ION. */
  readonly changesNothing?: true;
}

const anywhere = (title: string, fault: FaultKind, succeeds: Row["succeeds"] = "always"): Row => ({
  title,
  faultFor: () => fault,
  succeeds,
});
const onToken = (title: string, fault: FaultKind, succeeds: Row["succeeds"] = "always"): Row => ({
  ...anywhere(`token: ${title}`, fault, succeeds),
  token: true,
});
/** An answer with null in place of a list, which proves nothing about it. */
const nullList = (name: string, error: boolean): Row => ({
  title: `null ${name}${error ? ", error" : ""}`,
  faultFor: ({ on }) => (on.type === "query" ? { kind: "null-list", name, error } : undefined),
  succeeds: "never",
  changesNothing: true,
});
const isChange = ({ on }: Target) => /^(update|delete)/.test(on.field ?? "");

const ROWS: readonly Row[] = [
  anywhere("drop before", { kind: "drop-before" }),
  anywhere("drop after", { kind: "drop-after" }),
  anywhere("502 before", { kind: "bad-gateway-before" }),
  anywhere("502 after", { kind: "bad-gateway-after" }),
  anywhere("429", { kind: "rate-limit" }),
  anywhere("429, Retry-After", { kind: "rate-limit", retryAfter: 1 }),
  anywhere("401 expired", { kind: "expired-token" }),
  anywhere("401 revoked", { kind: "revoked-token" }),
  anywhere("hang before", { kind: "hang" }),
  anywhere("hang after", { kind: "hang", done: true }),
  // A query that returns HTML more likely has the wrong URL than a temporary failure.
  anywhere("HTML before", { kind: "html" }, "writes"),
  anywhere("HTML after", { kind: "html", done: true }, "writes"),
  anywhere("partial data", { kind: "partial" }, "never"),
  {
    title: "secrets repeated",
    faultFor: ({ secrets = [] }) =>
      secrets.length > 0 ? { kind: "partial", message: `Refused: ${secrets.join(", ")}` } : undefined,
    succeeds: "never",
  },
  {
    title: "stale etag",
    faultFor: (target) => (isChange(target) ? { kind: "stale-etag" } : undefined),
    succeeds: "always",
  },
  {
    title: "concurrent edit",
    faultFor: ({ on: { field = "" } }) => {
      if (field === "updateWebhookReceiver") return { kind: "stale-etag", changes: { description: "theirs" } };
      if (field === "updateWebhookHeader") return { kind: "stale-etag", changes: { value: "theirs" } };
      return undefined;
    },
    succeeds: "always",
  },
  {
    title: "unique constraint",
    faultFor: ({ on }) => (on.field?.startsWith("create") ? { kind: "unique-constraint" } : undefined),
    succeeds: "never",
  },
  anywhere("slow", { kind: "slow", ms: 40 }),
  anywhere("throttled", { kind: "throttled" }),
  ...["subscriptions", "headers", "node", "edges"].flatMap((name) => [nullList(name, false), nullList(name, true)]),
  anywhere("nested error", { kind: "nested-error" }),
  anywhere("nested error, no path", { kind: "nested-error", path: false }),
  anywhere("JSON as HTML", { kind: "content-type" }),
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
  onToken("JSON as HTML", { kind: "content-type" }),
];

/** The totals of all runs with one fault at one operation. */
interface Cell {
  runs: number;
  converged: number;
  duplicates: number;
  missing: number;
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
  for (const carrier of CARRIERS) {
    const rows = ROWS.map(({ title }) => [
      title,
      ...OPERATIONS.map((operation) => {
        const cell = cells.get(`${carrier}: ${title} × ${operation.title}`);
        return cell ? `${cell.converged}/${cell.runs} ${cell.duplicates} ${cell.missing} ${cell.leaked}` : "";
      }),
    ]);
    console.log(
      `${carrier}: converged/runs duplicates missing leaked; FAULT_SEED=${SEED} repeats it\n${table(head, rows)}`,
    );
  }
  await Promise.all(emulators.splice(0).map((emulator) => emulator.close()));
});

/** Runs on an emulator that no other run uses at the same time. */
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

/** Long enough for every attempt in the retry policy. */
const RETRY: RetryOptions = { deadlineMs: 5_000, firstWaitMs: 1 };

/** Runs an operation with a fault, and once more without it if the first run failed. */
async function runWithFault(carrier: Carrier, emulator: Emulator, operation: Operation, fault: Fault) {
  const { store, faults, requests } = emulator;
  faults.clear();
  clear(store);
  const othersReceiverId = createOthers(store);
  const stack = new Stack();
  const processes: ProviderProcess[] = [];
  const process = (options: ProcessOptions = {}) => {
    const started = startProvider(carrier, emulator, options);
    processes.push(started);
    return started;
  };
  const succeed = async (desired: Operation["before"]) => {
    const { errors } = await stack.up(programOf(desired), process());
    expect(errors).toEqual([]);
  };
  if (operation.before.length > 0) await succeed(operation.before);
  operation.outside?.(store);
  if (operation.reported) await succeed(operation.before);
  requests.length = 0;

  faults.add(fault);
  const hang = fault.kind === "hang" ? { timeoutMs: 400 } : {};
  const program = programOf(operation.declared);
  const first = await stack.up(program, process({ retry: RETRY, ...hang }));
  const hits = faults.list()[0]?.hits ?? 0;
  const mutations = requests.filter(({ operation }) => operation?.type === "mutation").length;
  faults.clear();
  const second = first.errors.length > 0 ? await stack.up(program, process()) : undefined;

  const { duplicates, missing, unexpected } = findDeviations(store, operation.declared, {
    receivers: new Set([othersReceiverId]),
  });
  const ofOthers = findDeviations(store, [OTHERS], {
    receivers: new Set(store.listReceivers().flatMap(({ id }) => (id === othersReceiverId ? [] : [id]))),
  });
  const printed = [
    ...first.errors,
    ...(second?.errors ?? []),
    ...processes.flatMap(({ warnings }) => warnings),
    JSON.stringify(requests),
  ];
  return {
    hits,
    mutations,
    errors: first.errors,
    stillFailing: second?.errors ?? [],
    duplicates,
    missing: [...missing, ...ofOthers.missing],
    unexpected: [...unexpected, ...ofOthers.unexpected],
    leaked: printed.filter((text) => text.includes(CANARY)),
    remainingSteps: (await stack.preview(program, process())).steps,
  };
}

/** The faults to try at one target: once, always, and once at a random moment. */
function faultsAt(row: Row, kind: FaultKind, on: FaultTarget, key: string): Fault[] {
  const systematic = [1, Number.POSITIVE_INFINITY].map((times) => ({ ...kind, on, times }) as Fault);
  const chance = chanceOf(key);
  const random = { ...kind, on: row.token ? on : {}, after: Math.floor(chance("after") * 3), times: 1 } as Fault;
  // Some faults can hit only their target.
  const canHitAnyRequest =
    !row.token && !("message" in kind) && !["stale-etag", "unique-constraint"].includes(kind.kind);
  return canHitAnyRequest ? [...systematic, random] : systematic;
}

describe.concurrent.each(CARRIERS)("faults over %s", (carrier) => {
  it.for(ROWS)("$title: at most one more run makes ION exactly as declared", async (row, { expect }) => {
    const failures: unknown[] = [];
    await Promise.all(
      OPERATIONS.flatMap((operation) => {
        const targets: readonly Target[] = row.token ? [{ on: { kind: "token" } }] : operation.targets;
        return targets.flatMap((target) => {
          const kind = row.faultFor(target);
          if (!kind) return [];
          const at = `${row.title} × ${operation.title}`;
          const key = `${carrier}: ${at}`;
          const cell = cells.get(key) ?? { runs: 0, converged: 0, duplicates: 0, missing: 0, leaked: 0 };
          cells.set(key, cell);
          const isQuery = target.on.type === "query";
          return faultsAt(row, kind, target.on, at).map(async (fault) => {
            const result = await withEmulator((emulator) => runWithFault(carrier, emulator, operation, fault));
            const { hits, mutations, errors, stillFailing, duplicates, missing, unexpected, leaked, remainingSteps } =
              result;
            const isRandom = fault.on !== target.on;
            const succeeds = row.succeeds === "always" || (row.succeeds === "writes" && !isQuery);
            const converged = [stillFailing, duplicates, missing, unexpected, remainingSteps].every(
              ({ length }) => length === 0,
            );
            cell.runs += 1;
            cell.converged += converged ? 1 : 0;
            cell.duplicates += duplicates.length;
            cell.missing += missing.length;
            cell.leaked += leaked.length;
            const hasFailedSafely = !row.changesNothing || (mutations === 0 && errors.length > 0);
            const hasSucceeded = fault.times !== 1 || !succeeds || errors.length === 0;
            const asExpected = isRandom || (hits > 0 && hasSucceeded && hasFailedSafely);
            if (!converged || leaked.length > 0 || !asExpected) failures.push({ at: key, fault, ...result });
          });
        });
      }),
    );
    expect(failures, `FAULT_SEED=${SEED}`).toEqual([]);
  });
});

it("the table contains every kind of fault of the emulator", () => {
  const target: Target = { on: { field: "updateWebhookReceiver" }, secrets: ["x"] };
  const create: Target = { on: { field: "createWebhookReceiver" } };
  const query: Target = { on: { type: "query" } };
  const kinds = ROWS.flatMap((row) => [target, create, query].map((at) => row.faultFor(at)?.kind));
  expect(new Set(kinds.filter((kind) => kind !== undefined))).toEqual(new Set(faultKinds.map(({ kind }) => kind)));
});
