// Child processes: each in a process group of its own, so that a limit or an interrupt ends all of it.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** How a command ended. */
export interface Outcome {
  /** What it printed, both streams, line by line, without blank lines. */
  lines: string[];
  /** Why it did not succeed, in a few words; undefined when it did. */
  trouble?: string;
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Milliseconds after which it is killed; no limit when left out. */
  limit?: number;
  onLine?: (line: string) => void;
}

const running = new Set<ChildProcess>();

/** Runs a command to its end, without a terminal and without input. Never rejects. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    running.add(child);
    let timer: NodeJS.Timeout | undefined;
    const settle = (trouble?: string) => {
      clearTimeout(timer);
      running.delete(child);
      resolve(trouble === undefined ? { lines } : { lines, trouble });
    };
    if (options.limit !== undefined) {
      timer = setTimeout(() => {
        kill(child);
        child.stdout.destroy();
        child.stderr.destroy();
        settle(`no answer within ${elapsed(options.limit ?? 0)}`);
      }, options.limit);
    }
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (line.trim() === "") return;
        lines.push(line);
        options.onLine?.(line);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) =>
      settle(error.code === "ENOENT" ? `${command} not found` : error.message),
    );
    child.on("close", (code, signal) => {
      settle(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit code ${code}`);
    });
  });
}

/** Kills every command that still runs, with its children, at once. */
export function killAll(): void {
  for (const child of running) kill(child);
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}

/** A time span in words: `8 s`, `2 min 05 s`. */
export function elapsed(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Does some work, and says every 15 s how long it has taken and how far it is. */
export async function withReports<T>(
  say: (line: string) => void,
  status: () => string,
  work: () => Promise<T>,
): Promise<T> {
  const start = Date.now();
  const timer = setInterval(() => say(`  ${elapsed(Date.now() - start)}: ${status()}`), 15_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
