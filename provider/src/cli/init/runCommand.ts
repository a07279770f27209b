import { spawn } from "node:child_process";
import { IonError } from "../../ion/errors.ts";

interface CommandOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Written to its standard input, such as a secret. @default the terminal's */
  readonly input?: string;
  /** Whether its output is returned and not printed. */
  readonly isCaptured?: boolean;
}

/**
 * Runs a command of npm or Pulumi. Returns its output if that is captured.
 *
 * @throws IonError "config" if it fails. It has printed why.
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const { cwd, env, input, isCaptured = false } = options;
  const output = isCaptured ? "pipe" : "inherit";
  const child = spawn(command, args, {
    cwd,
    env,
    stdio: [input === undefined ? "inherit" : "pipe", output, isCaptured ? "ignore" : output],
    // npm and pulumi are .cmd files there, which only a shell runs. No argument comes from outside of this machine.
    shell: process.platform === "win32",
  });
  child.stdin?.end(input);
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new IonError("config", `\`${command} ${args[0]}\` ${reason}.`));
    child.once("error", () => fail("was not found"));
    child.once("close", (code) => (code === 0 ? resolve(text) : fail(`failed with exit code ${code}`)));
  });
}
