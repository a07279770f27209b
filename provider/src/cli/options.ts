import { type Command, InvalidArgumentError, Option } from "commander";
import { connectionNameProblem } from "../ion/connectionSettings.ts";
import { describeBug, isIonError } from "../ion/errors.ts";
import { helpFor } from "../ion/help.ts";
import { escapeLines, formatJson } from "../model/text.ts";
import { annotation } from "./drift/github.ts";
import type { Terminal } from "./terminal.ts";

/** What a command does. Returns the exit code. */
export type Action<Options> = (options: Options, terminal: Terminal) => Promise<number>;

/** Adds a command to the program. An action also gets the command's arguments. */
export type Register = (
  program: Command,
  act: <Options extends object>(
    action: (options: Options, terminal: Terminal, ...args: string[]) => Promise<number>,
  ) => Handler,
  version: string,
) => void;

/** What commander calls. */
type Handler = (...args: unknown[]) => Promise<void>;

/** Adds the options that choose the ION environment, the same for all commands. */
export function withStack(command: Command): Command {
  return command
    .option(
      "-s, --stack <name>",
      "use the ION environment of this Pulumi stack's config (default: the selected stack)",
      notEmpty,
    )
    .option("--no-stack", "ignore Pulumi: use only environment variables")
    .option("-C, --cwd <folder>", "folder of the Pulumi project (default: this folder)")
    .addOption(
      new Option(
        "--connection <name>",
        "use the settings of a named connection (ion-NAME:region, ION_NAME_API_URI, …) instead of the default one",
      ).argParser(connectionName),
    );
}

/** Refuses an empty value: a script's variable may be unset. */
function notEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty.");
  return value;
}

function connectionName(name: string): string {
  const problem = connectionNameProblem(name);
  if (problem) throw new InvalidArgumentError(`It ${problem}.`);
  return name;
}

/** An error as a command prints it. */
function describeError(error: unknown) {
  if (!isIonError(error)) {
    const summary = `The command ${describeBug(error)}`;
    return { kind: "unexpected", summary, detail: undefined, hints: [], message: summary, help: undefined };
  }
  const { kind, summary, detail, hints, message } = error;
  return { kind, summary, detail, hints, message, help: helpFor(message) };
}

/** An error as text: what happened, then each hint on a line of its own. */
function errorText(error: unknown): string {
  const { summary, detail, hints, help } = describeError(error);
  const lines = [[summary, detail].filter(Boolean).join(" "), ...hints, ...(help ? [`Help: ${help}`] : [])];
  const [first = "", ...more] = lines.join("\n").split("\n");
  return escapeLines([first, ...more.map((line) => `  ${line}`)].join("\n"));
}

/** Runs a command. An error is printed as text, and also as JSON or for GitHub if that was asked for. */
export async function guarded<Options extends object>(
  action: Action<Options>,
  options: Options,
  terminal: Terminal,
): Promise<number> {
  try {
    return await action(options, terminal);
  } catch (error) {
    const described = describeError(error);
    if ("json" in options && options.json) terminal.out(formatJson({ error: described }));
    if ("github" in options && options.github) terminal.out(annotation("error", "ION webhooks", described.message));
    terminal.err(`pulumi-ion: ${errorText(error)}`);
    return 1;
  }
}
