/** The stack of a new project, with its secrets encrypted. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HOSTS } from "../../ion/facts.ts";
import type { Terminal } from "../terminal.ts";
import { runCommand } from "./runCommand.ts";

/** The regions that ION documents. */
export const REGIONS: readonly string[] = Object.keys(HOSTS);

/** The stages of each region. */
export const STAGES: readonly string[] = ["production", "staging"];

/** What names the ION environment of the stack. Secrets are never among it. */
export interface InitSettings {
  readonly stack: string;
  readonly region?: string;
  readonly stage?: string;
  readonly endpoint?: string;
  readonly authUrl?: string;
  readonly clientId?: string;
}

/** Asks for what the options do not say, if there is a person to ask. */
export async function askSettings(options: InitSettings, terminal: Terminal): Promise<InitSettings> {
  const { ask } = terminal;
  if (!ask) return options;
  const isLocated = options.region !== undefined || options.endpoint !== undefined;
  const region = isLocated ? options.region : await askRegion(ask, terminal);
  if (region === "") return options;
  const clientId = options.clientId ?? (await ask("Client id of the API key: ")).trim();
  return { ...options, ...(region && { region }), ...(clientId && { clientId }) };
}

/** Asks until the answer is a region, or nothing. */
async function askRegion(ask: NonNullable<Terminal["ask"]>, { out }: Terminal): Promise<string> {
  const list = REGIONS.join(", ");
  for (;;) {
    const region = (await ask(`Region of your ION (${list}; empty to set it later): `)).trim();
    if (region === "" || REGIONS.includes(region)) return region;
    out(`It must be one of ${list}.`);
  }
}

const PLAIN_KEYS = ["region", "stage", "endpoint", "authUrl", "clientId"] as const;

/** Secrets by config key, with the variable that holds each if there is no terminal. */
const SECRETS = [
  { key: "ion:clientSecret", variable: "ION_CLIENT_SECRET", title: "Client secret of the API key" },
  { key: "webhookUri", variable: "ION_WEBHOOK_URI", title: "Webhook URL that Violet shows" },
] as const;

/** Creates the stack and sets its config. Pulumi itself asks for secrets, so that they are nowhere in plain text. */
export async function createStack(target: string, settings: InitSettings, terminal: Terminal): Promise<void> {
  const { env, ask, out } = terminal;
  const own = join(target, "node_modules/.bin/pulumi");
  const pulumi = (args: readonly string[], input?: string) => {
    const interactive = ask ? [] : ["--non-interactive"];
    return runCommand(existsSync(own) ? own : "pulumi", [...args, ...interactive], {
      cwd: target,
      env: { PULUMI_SKIP_UPDATE_CHECK: "true", ...env },
      ...(input !== undefined && { input }),
    });
  };
  const stack = ["--stack", settings.stack];
  await pulumi(["stack", "init", settings.stack]);
  const plain = PLAIN_KEYS.flatMap((key) => {
    const value = settings[key];
    return value === undefined ? [] : ["--plaintext", `ion:${key}=${value}`];
  });
  await pulumi(["config", "set-all", ...plain, ...stack]);
  for (const { key, variable, title } of SECRETS) {
    const value = env[variable];
    if (value !== undefined && value !== "") await pulumi(["config", "set", "--secret", key, ...stack], value);
    else if (ask) {
      out(`${title}:`);
      await pulumi(["config", "set", "--secret", key, ...stack]);
    } else out(`Not set: ${key}. Run \`npx pulumi config set --secret ${key}\`.`);
  }
}
