/**
 * `npm run bench`: this provider beside its alternatives, its floor and its limit. Writes docs/performance.md when all of
 * it was run. Ends with 1 where a limit on requests is broken; seconds never fail it.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkGrowth, checkLoad, checkRows } from "./checks.ts";
import { launchEmulator } from "./emulator.ts";
import { type Growth, grow } from "./growth.ts";
import { measureLoad } from "./loadTime.ts";
import { CONDITIONS, measure } from "./measure.ts";
import { checkTable, document, growthTables, rowTables } from "./report.ts";
import { ROWS } from "./rows.ts";
import { ROOT, run } from "./stack.ts";

const USAGE = `npm run bench -- [--runs <number>] [--only <row>] [--quick]

  --runs   runs of each row under each condition (5)
  --only   measure these rows alone, separated by commas: ${ROWS.map(({ id }) => id).join(", ")}
  --quick  1 run, ION at 0 and 100 ms, 34 subscriptions

docs/performance.md is written only by a run of everything.`;

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
  const rows = ROWS.filter(({ id }) => only?.includes(id) ?? true);
  const known = only?.every((id) => ROWS.some((row) => row.id === id)) ?? true;
  if (values.help || !Number.isInteger(runs) || runs < 1 || !known) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }

  const machine = await describeMachine();
  console.log(`${machine}\n`);
  await using emulator = await launchEmulator();
  const conditions = values.quick
    ? CONDITIONS.filter(({ latencyMs, mutationLatencyMs }) => latencyMs <= 100 && !mutationLatencyMs)
    : CONDITIONS;
  const results = await measure(rows, conditions, runs, emulator, (left, what) => say(`${left} left; ${what}`));
  const rowChecks = checkRows(results);
  console.log(`\n${rowTables(results)}\n`);

  const growths: Growth[] = [];
  for (const receivers of only ? [] : values.quick ? [1] : [1, 10, 100]) {
    growths.push(await grow(receivers, emulator, say));
  }
  if (growths.length > 0) console.log(`\n${growthTables(growths)}\n`);
  if (!only) say("loading the provider's code, 10 times");
  const load = only ? undefined : await measureLoad(10);
  const checks = [...rowChecks, ...checkGrowth(growths), ...(load ? [checkLoad(load)] : [])];
  if (checks.length > 0) console.log(`\n${checkTable(checks)}\n`);

  const [smallest] = growths;
  if (smallest && load && !values.quick) {
    const command = `npm run bench${values.runs === undefined ? "" : ` -- --runs ${runs}`}`;
    const text = document({ machine, command, runs, results, checks, growths, state: smallest.state, load });
    await writeFile(join(ROOT, "docs/performance.md"), text);
    say("docs/performance.md is written");
  }
  if (checks.some(({ counted, holds }) => counted && !holds)) process.exitCode = 1;
}

async function describeMachine(): Promise<string> {
  const { version: sdk } = createRequire(import.meta.url)("@pulumi/pulumi/package.json") as { version: string };
  const pulumi = await run("pulumi", ["version"], { cwd: ROOT, env: { PULUMI_SKIP_UPDATE_CHECK: "true" } });
  const cores = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return (
    `${new Date().toISOString().slice(0, 10)}, ${cores.length} × ${cores[0]?.model.trim()}, ${gigabytes} GB, Node ${process.version}, ` +
    `pulumi ${pulumi.output.trim()}, @pulumi/pulumi ${sdk}; load average when it began: ${loadavg()[0]?.toFixed(1)}.`
  );
}

function say(text: string) {
  console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
}
