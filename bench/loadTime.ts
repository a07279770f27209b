/**
 * Measures how long the provider's code takes to load into Pulumi's dynamic provider process, without the code that this
 * process loads anyway. Run it alone with `node bench/loadTime.ts`.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "./stack.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

/** The budget for loading the provider's code in milliseconds (issue 4). */
export const LOAD_LIMIT_MS = 150;

/** The time to load the provider. */
export interface Load {
  readonly ms: number;
  /** Milliseconds for the code of each package, without the packages that it loads. */
  readonly byPackage: Readonly<Record<string, number>>;
}

/** Loads the provider several times, each in a new process. Returns medians. */
export async function measureLoad(times: number): Promise<Load> {
  const plain: Load[] = [];
  const detailed: Load[] = [];
  for (let left = times; left > 0; left -= 1) {
    plain.push(await loadInProcess("plain"));
    detailed.push(await loadInProcess("detailed"));
  }
  const packages = Object.keys(detailed[0]?.byPackage ?? {});
  const byPackage = packages.map((name) => [name, median(detailed.map((load) => load.byPackage[name] ?? 0))] as const);
  return { ms: median(plain.map(({ ms }) => ms)), byPackage: Object.fromEntries(byPackage) };
}

/** A table of the packages that take the most time. */
export function formatLoad({ byPackage }: Load): string {
  const slowest = Object.entries(byPackage).sort(([, a], [, b]) => b - a);
  return table(
    ["package", "its own code"],
    slowest.slice(0, 8).map(([name, ms]) => [name, `${ms.toFixed(1)} ms`]),
  );
}

type Detail = "plain" | "detailed";

async function loadInProcess(detail: Detail): Promise<Load> {
  // Pulumi's process prints its port, which is not needed.
  const child = fork(import.meta.filename, [detail], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [load] = (await once(child, "message")) as [Load];
  child.kill();
  return load;
}

function load(detail: Detail): Load {
  const require = createRequire(join(ROOT, "index.ts"));
  process.argv.splice(2, Number.POSITIVE_INFINITY, "127.0.0.1:1");
  require("@pulumi/pulumi/cmd/dynamic-provider");
  const byPackage: Record<string, number> = {};
  if (detail === "detailed") {
    onLoad((file, ms) => {
      const [, name = "pulumi-ion"] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
      byPackage[name] = (byPackage[name] ?? 0) + ms;
    });
  }
  const started = performance.now();
  require("pulumi-ion/dynamic");
  return { ms: performance.now() - started, byPackage };
}

/** Calls `report` for each required module with the milliseconds for it alone. `import` is not intercepted. */
function onLoad(report: (file: string, ms: number) => void) {
  type Loader = (request: string, parent: NodeModule, isMain: boolean) => unknown;
  const internals = Module as unknown as { _load: Loader; _resolveFilename: (...args: Parameters<Loader>) => string };
  const original = internals._load;
  let inner = 0;
  internals._load = (...args) => {
    const outside = inner;
    inner = 0;
    const started = performance.now();
    try {
      return original.apply(Module, args);
    } finally {
      const took = performance.now() - started;
      report(internals._resolveFilename(...args), took - inner);
      inner = outside + took;
    }
  };
}

const detail = process.argv[2];
if (process.send && (detail === "plain" || detail === "detailed")) process.send(load(detail));
else if (import.meta.main) {
  const result = await measureLoad(10);
  console.log(
    `pulumi-ion/dynamic loads in ${result.ms.toFixed(0)} ms (limit ${LOAD_LIMIT_MS} ms).\n\n${formatLoad(result)}`,
  );
}
