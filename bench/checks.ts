/** What issue 4 asks for, held against what was measured. */
import { type Growth, MEMORY_LIMIT_MB } from "./growth.ts";
import { LOAD_LIMIT_MS, type Load } from "./loadTime.ts";
import type { Operation, Result } from "./measure.ts";
import { STATE_LIMIT_BYTES } from "./state.ts";
import { median } from "./statistics.ts";

/** What Terraform with a generic GraphQL provider took at 300 ms, in seconds: quoted from issue 4, on another machine. */
export const TERRAFORM_SECONDS: Readonly<Record<Operation, number>> = { up: 3.6, preview: 1.9 };

/** What a command may take beyond the floor: round trips to ION, and seconds beside them. */
const BEYOND_FLOOR: Readonly<Record<Operation, { readonly trips: number; readonly seconds: number }>> = {
  up: { trips: 5, seconds: 1 },
  preview: { trips: 2, seconds: 0.5 },
};

/** Receivers that a page of ION's list holds. */
const PAGE = 100;

/** One thing that was asked for. */
export interface Check {
  readonly what: string;
  readonly limit: string;
  readonly measured: string;
  readonly holds: boolean;
  /** Whether it counts requests: then a break fails the benchmark. Time and memory depend on the machine. */
  readonly counted: boolean;
}

/** Checks the rows of this provider. */
export function checkRows(results: readonly Result[]): Check[] {
  const checks: Check[] = [];
  for (const ours of new Set(results.map(({ row }) => row).filter(({ floors }) => floors))) {
    const own = results.filter(({ row }) => row === ours);
    for (const operation of ["up", "preview"] as const) {
      checks.push(...countedIn(own, operation), ...timed(own, operation, results));
    }
  }
  return checks;
}

/** Checks requests, memory and state at each size. */
export function checkGrowth(growths: readonly Growth[]): Check[] {
  return growths.flatMap(({ receivers, subscriptions, up, preview, state }) => {
    const memory = Math.max(up.memory ?? Number.NaN, preview.memory ?? Number.NaN);
    const pages = Math.ceil(receivers / PAGE);
    const size = `${subscriptions} subscriptions`;
    return [
      {
        what: `${size}: requests of preview`,
        limit: `${pages} and the token`,
        measured: `${preview.requests} and ${preview.tokens}`,
        holds: preview.requests <= pages && preview.tokens <= 1,
        counted: true,
      },
      {
        what: `${size}: memory of the provider process`,
        limit: `${MEMORY_LIMIT_MB} MB`,
        measured: `${memory.toFixed(0)} MB`,
        holds: memory <= MEMORY_LIMIT_MB,
        counted: false,
      },
      {
        what: `${size}: state of one`,
        limit: `${STATE_LIMIT_BYTES} bytes`,
        measured: `${state.own.toFixed(0)} bytes`,
        holds: state.own <= STATE_LIMIT_BYTES,
        counted: false,
      },
    ];
  });
}

/** Checks what loading the provider's code takes. */
export function checkLoad({ ms }: Load): Check {
  return {
    what: "loading the provider's code",
    limit: `${LOAD_LIMIT_MS} ms`,
    measured: `${ms.toFixed(0)} ms`,
    holds: ms <= LOAD_LIMIT_MS,
    counted: false,
  };
}

function countedIn(own: readonly Result[], operation: Operation): Check[] {
  const [first] = own;
  if (!first) return [];
  // Where ION takes its time for each mutation, a batch is shared out over several requests on purpose.
  const fast = own.filter(({ condition }) => condition.mutationLatencyMs === 0);
  const samples = fast.flatMap((result) => result.samples[operation]);
  if (samples.length === 0) return [];
  const requests = Math.max(...samples.map(({ graphql }) => graphql));
  const tokens = Math.max(...samples.map((sample) => sample.tokens));
  const most = first.row.most[operation];
  return [
    {
      what: `${first.row.title}: requests of ${operation}, at most`,
      limit: `${most} and the token`,
      measured: `${requests} and ${tokens}`,
      holds: requests <= most && tokens <= 1,
      counted: true,
    },
  ];
}

function timed(own: readonly Result[], operation: Operation, results: readonly Result[]): Check[] {
  const secondsOf = ({ samples }: Result) => median(samples[operation].map(({ seconds }) => seconds));
  return own.flatMap((result) => {
    const { row, condition } = result;
    if (condition.mutationLatencyMs > 0) return [];
    const within = (words: string, most: number): Check => ({
      what: `${row.title}: ${operation} at ${condition.title}`,
      limit: `${words} = ${most.toFixed(2)} s`,
      measured: `${secondsOf(result).toFixed(2)} s`,
      holds: secondsOf(result) <= most,
      counted: false,
    });
    const { trips, seconds } = BEYOND_FLOOR[operation];
    const floors = results.filter((other) => other.condition === condition && row.floors?.includes(other.row.id));
    const checks = floors.map((floor) => {
      const words = `${floor.row.title} + ${trips} round trips + ${seconds} s`;
      return within(words, secondsOf(floor) + (trips * condition.latencyMs) / 1000 + seconds);
    });
    if (condition.latencyMs === 300) checks.push(within("Terraform (quoted)", TERRAFORM_SECONDS[operation]));
    return checks;
  });
}
