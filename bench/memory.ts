/** The memory of Pulumi's dynamic provider process, seen through /proc (Linux). */
import { readdirSync, readFileSync } from "node:fs";

const POLL_MS = 50;
const PROVIDER = /@pulumi\/pulumi\/cmd\/dynamic-provider|pulumi-ion\/engine\/preload\/startProvider\.js/;

/** A watch over the descendants of a process. */
export interface MemoryWatch {
  /** Ends the watch; the most that the provider process held, in MB, or undefined if none was seen. */
  stop(): number | undefined;
}

/** Watches the dynamic provider process among the descendants of `pid`. */
export function watchMemory(pid: number): MemoryWatch {
  let provider: number | undefined;
  let peak: number | undefined;
  const timer = setInterval(() => {
    provider ??= descendants(pid).find((found) => PROVIDER.test(read(found, "cmdline")) && isNode(found));
    // The kernel keeps the high-water mark, so nothing is missed between two looks but the process's very end.
    const kilobytes = provider && /^VmHWM:\s+(\d+) kB/m.exec(read(provider, "status"))?.[1];
    if (kilobytes) peak = Number(kilobytes) / 1024;
  }, POLL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peak;
    },
  };
}

// A shell script starts it, and asks another node first where it is (`node -e …`).
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
