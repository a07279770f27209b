import { type Command, InvalidArgumentError, Option } from "commander";

/** The API key of an emulator, as every command takes it. */
export interface ApiKeyOptions {
  readonly clientId: string;
  readonly clientSecret: string;
}

export function addApiKeyOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--client-id <id>", "the API key's client id").env("ION_EMULATOR_CLIENT_ID").default("emulator"),
    )
    .addOption(
      new Option("--client-secret <secret>", "the API key's client secret")
        .env("ION_EMULATOR_CLIENT_SECRET")
        .default("emulator-secret"),
    );
}

/** Reads an option that is a whole number. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}
