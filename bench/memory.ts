/** Measures the memory of our processes through /proc (Linux): Pulumi's dynamic provider, the plugin, or a command. */
import { readdirSync, readFileSync } from "node:fs";

const POLL_MS = 50;
const OURS = /@pulumi\/pulumi\/cmd\/dynamic-provider|bin\/pulumi-resource-ion|bin\/pulumi-ion\.js/;

/** A running measurement. */
export interface MemoryWatch {
  /** Stops it. Returns the peak memory of the largest process in MB, or undefined if there was none. */
  stop(): number | undefined;
}

/** Measures our processes among the descendants of `pid`. */
export function watchMemory(pid: number): MemoryWatch {
  let peak: number | undefined;
  const timer = setInterval(() => {
    for (const process of descendants(pid).filter((one) => OURS.test(read(one, "cmdline")) && isNode(one))) {
      // The kernel records the peak, so polling misses only what happens just before the process exits.
      const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(read(process, "status"))?.[1];
      if (kilobytes) peak = Math.max(peak ?? 0, Number(kilobytes) / 1024);
    }
  }, POLL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

// Ignores the shell script that starts it, and the `node -e …` with which that script finds it.
function isNode(pid: number): boolean {
  const [command, script] = read(pid, "cmdline").split("\0");
  return /(^|\/)node$/.test(command ?? "") && script !== "-e";
}

function descendants(pid: number): number[] {
  const children = tasks(pid).flatMap((task) =>
    read(pid, `task/${task}/children`).split(" ").filter(Boolean).map(Number),
  );
  return [...children, ...children.flatMap(descendants)];
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
