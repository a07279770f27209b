// Runs child processes. Each has its own process group, so that a timeout or an interrupt kills all of it.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The result of a command. */
export interface Outcome {
  /** The lines of standard output and standard error, without blank ones. */
  lines: string[];
  /** Why it failed, in a few words. Undefined if it succeeded. */
  problem?: string;
}

export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Milliseconds after which it is killed. @default no limit */
  limit?: number;
  onLine?: (line: string) => void;
}

const running = new Set<ChildProcess>();

/** Runs a command without a terminal and without input. Never rejects. */
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
    const settle = (problem?: string) => {
      clearTimeout(timer);
      running.delete(child);
      resolve(problem === undefined ? { lines } : { lines, problem });
    };
    if (options.limit !== undefined) {
      timer = setTimeout(() => {
        kill(child);
        child.stdout.destroy();
        child.stderr.destroy();
        settle(`no answer within ${formatDuration(options.limit ?? 0)}`);
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
      settle(code === 0 ? undefined : signal ? `killed by ${signal}` : `exit code ${code}`);
    });
  });
}

/** Kills every running command with its child processes. */
export function killAll(): void {
  for (const child of running) kill(child);
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill("SIGKILL");
    else process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has already exited.
  }
}

/** Formats a duration: `8 s`, `2 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/** Does some work, and logs the elapsed time and the status every 15 s. */
export async function withProgress<T>(
  log: (line: string) => void,
  status: () => string,
  work: () => Promise<T>,
): Promise<T> {
  const start = Date.now();
  const timer = setInterval(() => log(`  ${formatDuration(Date.now() - start)}: ${status()}`), 15_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
