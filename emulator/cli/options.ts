import { type Command, InvalidArgumentError, Option } from "commander";

/** The API key options of every command. */
export interface ApiKeyOptions {
  readonly clientId: string;
  readonly clientSecret: string;
}

export function addApiKeyOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--client-id <id>", "client ID of the API key").env("ION_EMULATOR_CLIENT_ID").default("emulator"),
    )
    .addOption(
      new Option("--client-secret <secret>", "client secret of the API key")
        .env("ION_EMULATOR_CLIENT_SECRET")
        .default("emulator-secret"),
    );
}

/** A parser for an option that is a whole number. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (argument: string): number => {
    const value = Number(argument);
    if (/^\d+$/.test(argument) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}
