/** The performance budgets (from issues 4 and 18), compared with the measurements. */
import { LOAD_LIMIT_MS, type Load } from "./loadTime.ts";
import type { Operation, Result } from "./measure.ts";
import { MEMORY_LIMIT_MB, PLUGIN_MEMORY_LIMIT_MB, type PluginUsage, type Scaling } from "./scaling.ts";
import { STATE_LIMIT_BYTES } from "./stateSize.ts";
import { median } from "./statistics.ts";

/** The budget of a command in addition to the floor: round trips to ION, and seconds. */
const ABOVE_FLOOR: Readonly<Record<Operation, { readonly trips: number; readonly seconds: number }>> = {
  up: { trips: 5, seconds: 1 },
  preview: { trips: 2, seconds: 0.5 },
};

/** The number of receivers on a page of ION's list. */
const PAGE_SIZE = 100;

/** A budget and its measurement. */
export interface Budget {
  readonly title: string;
  readonly limit: string;
  readonly measured: string;
  readonly met: boolean;
  /** Whether it fails the benchmark. True for requests; time and memory depend on the machine. */
  readonly required: boolean;
}

/** Checks the budgets for requests and time in the scenarios of this provider. */
export function checkScenarios(results: readonly Result[]): Budget[] {
  const budgets: Budget[] = [];
  for (const ours of new Set(
    results.map(({ scenario }) => scenario).filter(({ floors, limits }) => floors ?? limits),
  )) {
    const own = results.filter(({ scenario }) => scenario === ours);
    for (const operation of ["up", "preview"] as const) {
      budgets.push(...checkRequests(own, operation), ...checkTimes(own, operation, results));
    }
  }
  return budgets;
}

/** Checks the budgets for requests, memory and state at each size. */
export function checkScaling(scalings: readonly Scaling[]): Budget[] {
  return scalings.flatMap(({ receivers, subscriptions, up, preview, stateSize, plugin }) => {
    const size = `${subscriptions} subscriptions`;
    const { one, many } = PLUGIN_MEMORY_LIMIT_MB;
    return [
      ...checkSize(size, receivers, { up, preview, stateSize }, MEMORY_LIMIT_MB),
      ...checkSize(`${size}, plugin`, receivers, plugin, receivers === 1 ? one : many),
    ];
  });
}

function checkSize(
  size: string,
  receivers: number,
  { up, preview, stateSize }: PluginUsage,
  maxMemory: number,
): Budget[] {
  const memory = Math.max(up.memory ?? Number.NaN, preview.memory ?? Number.NaN);
  const pages = Math.ceil(receivers / PAGE_SIZE);
  return [
    {
      title: `${size}: requests of preview`,
      limit: `${pages} + token request`,
      measured: `${preview.requests} + ${preview.tokens}`,
      met: preview.requests <= pages && preview.tokens <= 1,
      required: true,
    },
    {
      title: `${size}: memory of the provider process`,
      limit: `${maxMemory} MB`,
      measured: `${memory.toFixed(0)} MB`,
      met: memory <= maxMemory,
      required: false,
    },
    {
      title: `${size}: state of one subscription`,
      limit: `${STATE_LIMIT_BYTES} bytes`,
      measured: `${stateSize.own.toFixed(0)} bytes`,
      met: stateSize.own <= STATE_LIMIT_BYTES,
      required: false,
    },
  ];
}

/** Checks the budget for the time to load the provider's code. */
export function checkLoad({ ms }: Load): Budget {
  return {
    title: "loading the provider's code",
    limit: `${LOAD_LIMIT_MS} ms`,
    measured: `${ms.toFixed(0)} ms`,
    met: ms <= LOAD_LIMIT_MS,
    required: false,
  };
}

function checkRequests(own: readonly Result[], operation: Operation): Budget[] {
  const [first] = own;
  if (!first) return [];
  // If each mutation is slow, a batch is split into several requests on purpose.
  const fast = own.filter(({ condition }) => condition.mutationLatencyMs === 0);
  const samples = fast.flatMap((result) => result.samples[operation]);
  if (samples.length === 0) return [];
  const requests = Math.max(...samples.map(({ graphql }) => graphql));
  const tokens = Math.max(...samples.map((sample) => sample.tokens));
  const limit = first.scenario.maxRequests[operation];
  return [
    {
      title: `${first.scenario.title}: maximum requests of ${operation}`,
      limit: `${limit} + token request`,
      measured: `${requests} + ${tokens}`,
      met: requests <= limit && tokens <= 1,
      required: true,
    },
  ];
}

function checkTimes(own: readonly Result[], operation: Operation, results: readonly Result[]): Budget[] {
  const secondsOf = ({ samples }: Result) => median(samples[operation].map(({ seconds }) => seconds));
  return own.flatMap((result) => {
    const { scenario, condition } = result;
    if (condition.mutationLatencyMs > 0) return [];
    const compareWith = (description: string, limit: number): Budget => ({
      title: `${scenario.title}: ${operation} at ${condition.title}`,
      limit: `${description} = ${limit.toFixed(2)} s`,
      measured: `${secondsOf(result).toFixed(2)} s`,
      met: secondsOf(result) <= limit,
      required: false,
    });
    const { trips, seconds } = ABOVE_FLOOR[operation];
    const sameCondition = results.filter((other) => other.condition === condition);
    const ratios = (scenario.limits ?? []).flatMap(({ to, ratios }) => {
      const ratio = ratios[condition.latencyMs];
      const other = sameCondition.find((one) => one.scenario.id === to);
      if (ratio === undefined || !other) return [];
      return [compareWith(`${ratio} × ${other.scenario.title}`, ratio * secondsOf(other))];
    });
    const floors = sameCondition.filter((other) => scenario.floors?.includes(other.scenario.id));
    const budgets = floors.map((floor) => {
      const description = `${floor.scenario.title} + ${trips} round trips + ${seconds} s`;
      return compareWith(description, secondsOf(floor) + (trips * condition.latencyMs) / 1000 + seconds);
    });
    return [...budgets, ...ratios];
  });
}
