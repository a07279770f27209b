/** The processes that a test starts, and those that they start. */
import { execFileSync } from "node:child_process";
import { onTestFinished } from "vitest";

/** A running process. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes, each with its parent and its command. */
const processes = (): Process[] =>
  execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return pid ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
    });

/** All descendants of a process. */
export function descendantsOf(pid: number, all = processes()): Process[] {
  const children = all.filter(({ parent }) => parent === pid);
  return [...children, ...children.flatMap((child) => descendantsOf(child.pid, all))];
}

/** Signals a process, or a process group if the id is negative. Ignores one that has already exited. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has exited.
  }
}

/** Kills the process group of a command. Its plugins run in groups of their own, and are killed at the end of the test. */
export function killGroup(leader: number): void {
  // Stops it first, so that it starts no process after its descendants are listed.
  signalProcess(-leader, "SIGSTOP");
  killAtEnd(descendantsOf(leader));
  signalProcess(-leader, "SIGKILL");
}

/** Kills a command and everything that it started, at the end of a test. */
export function killTree(leader: number): void {
  signalProcess(-leader, "SIGSTOP");
  const started = descendantsOf(leader);
  signalProcess(-leader, "SIGKILL");
  for (const { pid } of started) signalProcess(pid, "SIGKILL");
}

function killAtEnd(leftover: readonly Process[]): void {
  onTestFinished(() => {
    const all = processes();
    const commands = new Map(all.map(({ pid, command }) => [pid, command]));
    const running = leftover.filter(({ pid, command }) => commands.get(pid) === command);
    // A plugin may have started another process since.
    for (const { pid } of running.flatMap((process) => [process, ...descendantsOf(process.pid, all)])) {
      signalProcess(pid, "SIGKILL");
    }
  });
}
