/** Puts what was measured into words and tables; Markdown that also reads well in a terminal. */
import { type Check, TERRAFORM_SECONDS } from "./checks.ts";
import { type Growth, MEMORY_LIMIT_MB, type Spent } from "./growth.ts";
import { LOAD_LIMIT_MS, type Load, loadTable } from "./loadTime.ts";
import { type Condition, OPERATIONS, type Operation, type Result } from "./measure.ts";
import type { State } from "./state.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

/** Seconds of each row by condition, then how often the floor and the limit that is. */
export function rowTables(results: readonly Result[]): string {
  return OPERATIONS.map((operation) => {
    const name = operation === "up" ? "`up` from nothing" : "`preview` with refresh, nothing changed";
    return `### ${name}\n\n${secondsTable(results, operation)}\n\n${ratioTable(results, operation)}`;
  }).join("\n\n");
}

/** Whether each limit holds. */
export function checkTable(checks: readonly Check[]): string {
  return table(
    ["what", "limit", "measured", "holds"],
    checks.map(({ what, limit, measured, holds }) => [what, limit, measured, holds ? "yes" : "NO"]),
  );
}

/** Requests, time, memory and state by size. */
export function growthTables(growths: readonly Growth[]): string {
  const by = (head: readonly string[], cells: (growth: Growth) => readonly string[]) =>
    table(
      ["subscriptions, receivers", ...head],
      growths.map((growth) => [`${growth.subscriptions}, ${growth.receivers}`, ...cells(growth)]),
    );
  const requests = by(["writes", "requests, up", "requests, preview"], ({ receivers, subscriptions, up, preview }) =>
    [receivers + subscriptions, up.requests, preview.requests].map(String),
  );
  const times = by(["up", "idle up", "preview", "idle preview", "up, each step saved"], (growth) =>
    [growth.up, growth.idle.up, growth.preview, growth.idle.preview, growth.checkpointed].map((spent) =>
      spent
        ? `${spent.seconds.toFixed(1)} s, ${((spent.seconds / growth.subscriptions) * 1000).toFixed(0)} ms each`
        : "not measured",
    ),
  );
  const sizes = by(["up", "preview", "idle up", "idle preview", "export"], ({ up, preview, idle, state }) => [
    ...[up, preview, idle.up, idle.preview].map(megabytes),
    `${state.share.toFixed(0)} bytes each`,
  ]);
  return [requests, times, sizes].join("\n\n");
}

/** What one subscription's state consists of. */
export function stateTable({ parts, own }: State): string {
  const rows = Object.entries(parts).map(([name, size]) => [
    name,
    size.toFixed(0),
    `${((size / own) * 100).toFixed(0)} %`,
  ]);
  return table(["of one subscription", "bytes", "share"], [...rows, ["all", own.toFixed(0), "100 %"]]);
}

/** All that goes into docs/performance.md. */
export function document(parts: {
  readonly machine: string;
  readonly command: string;
  readonly runs: number;
  readonly results: readonly Result[];
  readonly checks: readonly Check[];
  readonly growths: readonly Growth[];
  readonly state: State;
  readonly load: Load;
}): string {
  return `# Performance

Written by \`${parts.command}\`. ${parts.machine}

## How to read this

Each figure is the wall-clock time of a whole command, started as a child process, against an emulator of ION in a process
of its own: the median of ${parts.runs} runs, with the shortest and the longest. All rows were run in turns, so what else the machine
did hit all of them. The columns say how slow ION was told to be: milliseconds by which each answer comes later, tokens too,
or milliseconds that each mutation takes.

- **The floor** is an empty program, as anybody has it: what nothing can go below under Pulumi.
- **Fast start**: Pulumi.yaml names what pulumi-ion has to start Pulumi's own processes faster
  ([how it works](how-it-works.md#what-makes-it-faster)). An empty program gains by it, too: that floor is a row of its own, and what is
  held against the floor is held against both.
- **Dynamic resources that do nothing**: as many resources of Pulumi's dynamic provider, with no code and no request behind
  them. What lies between the floor and these rows is Pulumi's: starting the provider process (twice in a preview with
  refresh, once with \`--run-program\`), registering and checkpointing each resource.
- **A hand-written dynamic provider**: one request an operation, after Pulumi's guide (bench/programs/handWritten.js).
- **The limit**: the token and the guide's own two requests from plain Node (for \`preview\`: one query of everything).

## Times and requests

${rowTables(parts.results)}

## What was asked for

Terraform's figures (${TERRAFORM_SECONDS.up} s and ${TERRAFORM_SECONDS.preview} s at 300 ms: Terraform 1.11 with a generic GraphQL provider, one resource a subscription) are quoted
from issue 4. They come from another machine and were not measured here. Only a break of a limit on requests makes the
benchmark fail.

${checkTable(parts.checks)}

## Growth

\`VioletWebhooks\` many times in one stack, \`--parallel 64\`, ION at once, one run each; beside it, as "idle", as many dynamic
resources that do nothing. A file backend writes the whole state twice for each resource, so that the time of each
grows with the stack, whoever provides it: all but the last column of times are with \`PULUMI_SKIP_CHECKPOINTS=true\` (Pulumi's
own, experimental), which leaves what the resources themselves take. All with fast start. The last table is the most memory that the
provider process held (limit ${MEMORY_LIMIT_MB} MB, and "idle" is Pulumi's own share of it) and the export's bytes for each subscription.

${growthTables(parts.growths)}

## State

The export takes ${parts.state.share.toFixed(0)} bytes for each of ${parts.state.subscriptions} subscriptions, the receiver and all else shared out; one subscription alone:

${stateTable(parts.state)}

## Loading

\`pulumi-ion/dynamic\` loads in ${parts.load.ms.toFixed(0)} ms (limit ${LOAD_LIMIT_MS} ms) after all that Pulumi's dynamic provider process loads by itself,
median of 10 fresh processes. What takes the most:

${loadTable(parts.load)}
`;
}

function secondsTable(results: readonly Result[], operation: Operation): string {
  return byRow(
    results,
    ["requests + tokens"],
    (result) => {
      const all = seconds(result, operation);
      return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)})`;
    },
    (own) => [requests(own, operation)],
  );
}

function ratioTable(results: readonly Result[], operation: Operation): string {
  return byRow(results, [], (result) => {
    const against = (id: string) => {
      const base = results.find((other) => other.row.id === id && other.condition === result.condition);
      return base ? (median(seconds(result, operation)) / median(seconds(base, operation))).toFixed(1) : "–";
    };
    return `${against("floor")} × floor, ${against("limit")} × limit`;
  });
}

/** A table of rows by conditions. */
function byRow(
  results: readonly Result[],
  extraHead: readonly string[],
  cell: (result: Result) => string,
  extra: (own: readonly Result[]) => readonly string[] = () => [],
): string {
  const rows = [...new Set(results.map(({ row }) => row))];
  const conditions = [...new Set(results.map(({ condition }) => condition))];
  const find = (own: readonly Result[], condition: Condition) => own.find((result) => result.condition === condition);
  return table(
    ["", ...extraHead, ...conditions.map(({ title }) => title)],
    rows.map((row) => {
      const own = results.filter((result) => result.row === row);
      const cells = conditions.map((condition) => find(own, condition)).map((result) => (result ? cell(result) : ""));
      return [row.title, ...extra(own), ...cells];
    }),
  );
}

/** The fewest and the most requests over all runs, or the one number where they are the same. */
function requests(own: readonly Result[], operation: Operation): string {
  const samples = own.flatMap((result) => result.samples[operation]);
  const range = (numbers: readonly number[]) => [...new Set([Math.min(...numbers), Math.max(...numbers)])].join("–");
  return `${range(samples.map(({ graphql }) => graphql))} + ${range(samples.map(({ tokens }) => tokens))}`;
}

const seconds = (result: Result, operation: Operation) => result.samples[operation].map((sample) => sample.seconds);
const megabytes = ({ memory }: Pick<Spent, "memory">) => (memory === undefined ? "–" : `${memory.toFixed(0)} MB`);
