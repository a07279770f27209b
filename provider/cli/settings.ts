import {
  type ConfigKey,
  type ConnectionSettings,
  ENVIRONMENT,
  resolveSettings,
  settingNames,
} from "../ion/connectionSettings.ts";
import { HOSTS } from "../ion/facts.ts";
import { WebhookApi } from "../ion/webhookApi.ts";
import { findStack, type Stack, type StackOptions } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/** What a command was told of the ION to speak to. */
export interface Settings {
  /** The stack that it comes from; undefined where environment variables are all there is. */
  readonly stack: Stack | undefined;
  /** What the program calls the connection; undefined for the stack's own. */
  readonly connection: string | undefined;
  /** The stack's settings for another connection. */
  of(connection: string | undefined): Settings;
  /** A value of the connection's namespace of the stack's config. */
  read(key: ConfigKey): string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** What counts, and where it is from. Names, never values. */
  readonly sources: readonly Source[];
}

/** Where one setting comes from. */
interface Source {
  /** As a person sets it: `ion:region`, `ION_CLIENT_ID`. */
  readonly name: string;
  /** "stack dev" or "the environment". */
  readonly from: string;
}

const KEYS: readonly ConfigKey[] = [
  "region",
  "stage",
  "endpoint",
  "authUrl",
  "clientId",
  "clientSecret",
  "formerEndpoint",
  "deadline",
];

/**
 * Reads the settings of the stack that is meant, with environment variables standing in.
 *
 * @throws IonError "config" where there is a stack and it cannot be read.
 */
export async function findSettings(options: StackOptions, terminal: Terminal): Promise<Settings> {
  const stack = await findStack(options, terminal.cwd, terminal.env);
  const config = await stack?.config();
  return settingsFor(options.connection, stack, config, terminal.env);
}

function settingsFor(
  connection: string | undefined,
  stack: Stack | undefined,
  config: ReadonlyMap<string, string> | undefined,
  env: NodeJS.ProcessEnv,
): Settings {
  const { key } = settingNames(connection);
  const read = (setting: ConfigKey) => config?.get(key(setting))?.trim() || undefined;
  const sources = sourcesOf(read, env, stack?.name, connection);
  return { connection, stack, read, env, sources, of: (other) => settingsFor(other, stack, config, env) };
}

/** Names the settings that count, by the order of {@link resolveSettings}, and where each comes from. */
export function sourcesOf(
  read: Settings["read"],
  env: NodeJS.ProcessEnv,
  stack: string | undefined,
  connection?: string,
): Source[] {
  const { key, variable } = settingNames(connection);
  const endpoint = read("endpoint");
  const documented = Object.values(HOSTS).flatMap((stages) => Object.values(stages));
  const issued = !endpoint ? read("region") : documented.some((host) => host.endpoint === endpoint);
  return KEYS.flatMap((setting): Source[] => {
    if (endpoint && (setting === "region" || setting === "stage")) return [];
    if (read(setting)) return [{ name: key(setting), from: `stack ${stack}` }];
    if ((setting === "endpoint" && read("region")) || (setting === "authUrl" && issued)) return [];
    if (!hasVariable(setting) || !env[variable(setting)]?.trim()) return [];
    return [{ name: variable(setting), from: "the environment" }];
  });
}

const hasVariable = (key: ConfigKey): key is keyof typeof ENVIRONMENT => Object.hasOwn(ENVIRONMENT, key);

/** @throws IonError "config" that lists what is missing or wrong. */
export const connectionOf = ({ read, env, connection }: Settings): ConnectionSettings =>
  resolveSettings(read, env, connection);

/** Speaks to the ION that is meant. Nothing is sent before something is asked of it. */
export const ionOf = (settings: Settings, terminal: Terminal): WebhookApi =>
  new WebhookApi(connectionOf(settings), { warn: (words) => terminal.err(`pulumi-ion: ${words}`) });

/** Names an ION and where that comes from, for the first line of an answer. */
export function whereOf(settings: Settings): string {
  const { endpoint } = connectionOf(settings);
  const { stack, connection } = settings;
  const over = connection === undefined ? "" : `, connection ${connection}`;
  return `${new URL(endpoint).host} (${stack ? `stack ${stack.name}` : "from environment variables"}${over})`;
}
