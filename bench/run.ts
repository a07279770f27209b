/**
 * `npm run bench`: compares this provider with its alternatives, its floor and its limit. A complete run writes
 * docs/performance.md. Exits with 1 if a budget for requests is exceeded; times never fail it.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkLoad, checkScaling, checkScenarios } from "./budgets.ts";
import { launchEmulator } from "./emulator.ts";
import { goProblem } from "./goPlugin.ts";
import { measureLoad } from "./loadTime.ts";
import { CONDITIONS, measure } from "./measure.ts";
import { OPENTOFU } from "./opentofu.ts";
import { formatBudgets, formatPage, formatScaling, formatScenarios } from "./report.ts";
import { measureScaling, type Scaling } from "./scaling.ts";
import { SCENARIOS } from "./scenarios.ts";
import { ROOT, run } from "./stack.ts";

const USAGE = `npm run bench -- [--runs <number>] [--only <scenario>] [--quick]

  --runs   number of runs of each scenario under each condition (default 5)
  --only   measure only these scenarios, separated by commas: ${SCENARIOS.map(({ id }) => id).join(", ")}
  --quick  1 run, with delays of 0 and 100 ms and 34 subscriptions

Only a complete run writes docs/performance.md.`;

process.once("SIGINT", () => process.exit(130));
await main();

async function main() {
  const { values } = parseArgs({
    options: {
      runs: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 1 : 5));
  const only = values.only?.split(",");
  const scenarios = SCENARIOS.filter(({ id }) => only?.includes(id) ?? true);
  const known = only?.every((id) => SCENARIOS.some((scenario) => scenario.id === id)) ?? true;
  if (values.help || !Number.isInteger(runs) || runs < 1 || !known) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }

  const machine = await describeMachine();
  console.log(`${machine}\n`);
  for (const problem of [OPENTOFU.problem, goProblem]) if (problem) log(problem);
  await using emulator = await launchEmulator();
  const conditions = values.quick
    ? CONDITIONS.filter(({ latencyMs, mutationLatencyMs }) => latencyMs <= 100 && !mutationLatencyMs)
    : CONDITIONS;
  const results = await measure(scenarios, conditions, runs, emulator, (left, what) => log(`${left} left; ${what}`));
  console.log(`\n${formatScenarios(results)}\n`);

  const scalings: Scaling[] = [];
  for (const receivers of only ? [] : values.quick ? [1] : [1, 10, 100]) {
    scalings.push(await measureScaling(receivers, emulator, log));
  }
  if (scalings.length > 0) console.log(`\n${formatScaling(scalings)}\n`);
  if (!only) log("loading the provider's code, 10 times");
  const load = only ? undefined : await measureLoad(10);
  const budgets = [...checkScenarios(results), ...checkScaling(scalings), ...(load ? [checkLoad(load)] : [])];
  if (budgets.length > 0) console.log(`\n${formatBudgets(budgets)}\n`);

  const [smallest] = scalings;
  if (smallest && load && !values.quick) {
    const command = `npm run bench${values.runs === undefined ? "" : ` -- --runs ${runs}`}`;
    const { stateSize } = smallest;
    const text = formatPage({ machine, command, runs, results, budgets, scalings, stateSize, load });
    await writeFile(join(ROOT, "docs/performance.md"), text);
    log("docs/performance.md is written");
  }
  if (budgets.some(({ required, met }) => required && !met)) process.exitCode = 1;
}

async function describeMachine(): Promise<string> {
  const { version: sdk } = createRequire(import.meta.url)("@pulumi/pulumi/package.json") as { version: string };
  const pulumi = await run("pulumi", ["version"], { cwd: ROOT, env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  const cores = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return (
    `${new Date().toISOString().slice(0, 10)}, ${cores.length} × ${cores[0]?.model.trim()}, ${gigabytes} GB, Node ${process.version}, ` +
    `pulumi ${pulumi.output.trim()}, @pulumi/pulumi ${sdk}; load average at the start: ${loadavg()[0]?.toFixed(1)}.`
  );
}

function log(text: string) {
  console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
}
