import { type Command, InvalidArgumentError, Option } from "commander";
import { connectionNameProblem } from "../ion/connectionSettings.ts";
import { describeBug, isIonError } from "../ion/errors.ts";
import { annotation } from "./drift/github.ts";
import type { Terminal } from "./terminal.ts";

/** What a command does: gets its options, and answers with the exit code. */
export type Action<Options> = (options: Options, terminal: Terminal) => Promise<number>;

/** Adds a command to the program. */
export type Register = (
  program: Command,
  act: <Options extends object>(action: Action<Options>) => Handler,
  version: string,
) => void;

/** What commander calls. */
export type Handler = (...args: unknown[]) => Promise<void>;

/** Options that say which ION is meant, the same for all commands. */
export function withStack(command: Command): Command {
  return command
    .option("-s, --stack <name>", "the Pulumi stack whose config names the ION (default: the selected one)")
    .option("--no-stack", "leave Pulumi aside: environment variables alone name the ION")
    .option("-C, --cwd <folder>", "the Pulumi project's folder (default: this one)")
    .addOption(
      new Option(
        "--connection <name>",
        "the ION that the program calls so (ion-NAME:region, or ION_NAME_API_URI, …) rather than the stack's own",
      ).argParser(connectionName),
    );
}

function connectionName(name: string): string {
  const reason = connectionNameProblem(name);
  if (reason) throw new InvalidArgumentError(`It ${reason}.`);
  return name;
}

/** Runs a command; a failure is told in words, and as JSON where that was asked for. */
export async function guarded<Options extends object>(
  action: Action<Options>,
  options: Options,
  terminal: Terminal,
): Promise<number> {
  try {
    return await action(options, terminal);
  } catch (error) {
    const { kind, message } = isIonError(error) ? error : { kind: "unexpected", message: `it ${describeBug(error)}` };
    if ("json" in options && options.json) terminal.out(JSON.stringify({ error: { kind, message } }));
    if ("github" in options && options.github) terminal.out(annotation("error", "ION webhooks", message));
    terminal.err(`pulumi-ion: ${message}`);
    return 1;
  }
}
