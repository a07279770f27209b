import { Command, CommanderError } from "commander";
import { escapeLines } from "../model/text.ts";
import { doctor } from "./doctor/doctor.ts";
import { drift } from "./drift/drift.ts";
import { exportProgram } from "./export/export.ts";
import { init } from "./init/init.ts";
import { listen } from "./listen/listen.ts";
import { migrate } from "./migrate/migrate.ts";
import { guarded, type Register } from "./options.ts";
import { status } from "./status/status.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const COMMANDS: readonly Register[] = [init, doctor, status, drift, exportProgram, listen, migrate];

/** Runs one command line. Returns its exit code. */
export async function main(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let code = 0;
  const act: Parameters<Register>[1] =
    (action) =>
    async (...given) => {
      // Commander passes arguments, options and the command.
      const args = given.slice(0, -2) as string[];
      const options = given.at(-2) as Parameters<typeof action>[0];
      code = await guarded(() => action(options, terminal, ...args), options, terminal);
    };
  const program = new Command("pulumi-ion")
    .description(
      "Companion to Pulumi for ION webhooks. It never changes ION. `init` creates a project with its stack, `export` and `migrate` write files.",
    )
    .version(version)
    .helpCommand(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      // It repeats arguments.
      writeErr: (text) => terminal.err(escapeLines(text.trimEnd())),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .addHelpText("after", HELP);
  for (const register of COMMANDS) register(program, act, version);
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode;
  }
  return code;
}

/** Runs the command line of this process. */
export async function start(version: string): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processTerminal(), version);
}

const HELP = `
The ION environment comes from the config of a Pulumi stack (ion:region, ion:clientId, …). Outside a Pulumi project, it
comes from ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID and ION_CLIENT_SECRET. Secrets are never printed.

Exit codes: 0 success, 1 error or invalid arguments, 2 drift (\`drift\` only), 3 partly supported (\`doctor\` only).`;
