import { Command, CommanderError } from "commander";
import { doctor } from "./doctor/doctor.ts";
import { drift } from "./drift/drift.ts";
import { exportProgram } from "./export/export.ts";
import { listen } from "./listen/listen.ts";
import { type Action, guarded, type Handler, type Register } from "./options.ts";
import { status } from "./status/status.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** Each is loaded when the program is put together, and what it needs only when it runs. */
const COMMANDS: readonly Register[] = [doctor, status, drift, exportProgram, listen];

/** Runs one command line and answers with its exit code. */
export async function main(args: readonly string[], terminal: Terminal, version: string): Promise<number> {
  let code = 0;
  const act =
    <Options extends object>(action: Action<Options>): Handler =>
    async (...given) => {
      // Commander hands over arguments, options and the command.
      const options = given.at(-2) as Options;
      code = await guarded(action, options, terminal);
    };
  const program = new Command("pulumi-ion")
    .description(
      "Looks at ION's webhooks beside Pulumi. Nothing here changes anything in ION or in a stack, but `export` writes files.",
    )
    .version(version)
    .helpCommand(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
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

/** Runs this process's command line. */
export async function start(version: string): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processTerminal(), version);
}

const HELP = `
The ION is the one that a Pulumi stack's config names (ion:region, ion:clientId, …), or, where the folder has no Pulumi
project, ION_API_URI, ION_AUTH_SERVER, ION_CLIENT_ID and ION_CLIENT_SECRET. Secrets are never printed.

Exit codes: 0 all is well, 1 it failed or was not understood, 2 there is drift (\`drift\` only), 3 it works with this ION in
part (\`doctor\` only).`;
