/** A pseudo-terminal, made with `script` (util-linux), for what a command asks a person. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";

/** A command in a pseudo-terminal. */
export interface TerminalSession {
  /** Everything that the person sees. */
  readonly output: () => string;
  /** Waits for a question, and types the answer. */
  answer(question: RegExp, text: string): Promise<void>;
  /** The same, after the command has turned off that the person sees what is typed. */
  answerHidden(question: RegExp, text: string): Promise<void>;
  /** Resolves with the exit code. */
  readonly exited: Promise<number | null>;
}

/** Runs a command, written as for a shell. It ends with the test. */
export function openTerminal(command: string, cwd: string, env: NodeJS.ProcessEnv): TerminalSession {
  // Without exec, some shells wait for the command, and exit with 130 after Ctrl-C whatever the command does.
  const args = ["--quiet", "--return", "--command", `exec ${command}`, "/dev/null"];
  const child = spawn("script", args, { cwd, env: { ...env, SHELL: "/bin/sh" } });
  let output = "";
  /** Where the next question is looked for. */
  let seen = 0;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const exited = new Promise<number | null>((done) => child.once("close", done));
  onTestFinished(() => void child.kill("SIGKILL"));
  const until = async (what: string, isTrue: () => boolean) => {
    while (!isTrue()) {
      if (child.exitCode !== null) throw new Error(`The command exited before ${what}:\n${output}`);
      await sleep(20);
    }
  };
  const ask = async (question: RegExp) => {
    await until(`it asked ${question}`, () => question.test(output.slice(seen)));
    seen = output.length;
  };
  return {
    output: () => output,
    answer: async (question, text) => {
      await ask(question);
      child.stdin.write(`${text}\r`);
    },
    answerHidden: async (question, text) => {
      await ask(question);
      await until("it hid what is typed", () => !echoes(child));
      child.stdin.write(`${text}\r`);
    },
    exited,
  };
}

/** Whether the terminal of the command shows what is typed. */
function echoes({ pid }: ChildProcess): boolean {
  const [tty = ""] = execFileSync("ps", ["-o", "tty=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split("\n");
  return !/ -echo /.test(execFileSync("stty", ["-F", `/dev/${tty}`, "-a"], { encoding: "utf8" }));
}
