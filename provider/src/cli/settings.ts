import {
  readSettings,
  requireSettings,
  type SettingsReport,
  settingNames,
  type UsedSetting,
} from "../ion/connectionSettings.ts";
import { unknownKeys } from "../ion/unknownKeys.ts";
import { WebhookApi } from "../ion/webhookApi.ts";
import { escapeLines, escapeText } from "../model/text.ts";
import { type ConfigValue, findStack, type Stack, type StackOptions } from "./stack.ts";
import type { Terminal } from "./terminal.ts";

/** The settings of one connection. */
export interface Settings extends SettingsReport {
  /** The stack whose config is used; undefined if only environment variables are. */
  readonly stack: Stack | undefined;
  /** The name of the connection; undefined for the default connection. */
  readonly connection: string | undefined;
  /** What the stack's config contains that it should not: settings that do not exist, and a client secret in plain text. */
  readonly configProblems: ConfigProblems;
  /** The settings of another connection of the same stack. */
  of(connection: string | undefined): Settings;
}

/**
 * Reads the settings from the stack's config and environment variables.
 *
 * @throws IonError "config" if there is a stack and it cannot be read.
 */
export async function findSettings(options: StackOptions, terminal: Terminal): Promise<Settings> {
  const stack = await findStack(options, terminal.cwd, terminal.env);
  const config = await stack?.config();
  const configProblems = problemsIn(config ?? new Map());
  const settingsOf = (connection: string | undefined): Settings => {
    const { key } = settingNames(connection);
    const report = readSettings(config && ((setting) => config.get(key(setting))?.value), terminal.env, connection);
    return { ...report, stack, connection, configProblems, of: settingsOf };
  };
  return settingsOf(options.connection);
}

/** What is wrong with a stack's config as a whole. */
interface ConfigProblems {
  /** A message for each key in a namespace of pulumi-ion that it does not read. */
  readonly unknown: readonly string[];
  /** The keys of client secrets that are not encrypted. */
  readonly plaintext: readonly string[];
}

function problemsIn(config: ReadonlyMap<string, ConfigValue>): ConfigProblems {
  const isPlainSecret = ([key, { secret }]: readonly [string, ConfigValue]) =>
    /^ion(-[a-z0-9-]+)?:clientSecret$/.test(key) && !secret;
  return {
    unknown: unknownKeys(config.keys()).map(({ message }) => message),
    plaintext: [...config].filter(isPlainSecret).map(([key]) => key),
  };
}

/** Connects to the ION environment. Nothing is sent before the first read. */
export const connect = (settings: Settings, terminal: Terminal): WebhookApi =>
  new WebhookApi(requireSettings(settings), { warn: (message) => terminal.err(`pulumi-ion: ${escapeLines(message)}`) });

/** Names an ION environment and where its settings come from, for the first line of an output. */
export function describeSource(settings: Settings): string {
  const { endpoint } = requireSettings(settings);
  const { stack, connection } = settings;
  const suffix = connection === undefined ? "" : `, connection ${connection}`;
  return `${new URL(endpoint).host} (${stack ? `stack ${escapeText(stack.name)}` : "environment variables"}${suffix})`;
}

/** A URL without the parts that may be secret. */
export function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Where a setting comes from, for people. */
export const originOf = ({ origin }: UsedSetting, stack: Stack | undefined): string =>
  origin === "config" ? `stack ${escapeText(stack?.name ?? "")}` : "the environment";
