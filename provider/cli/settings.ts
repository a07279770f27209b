import type { Connection } from "../ion/connection.ts";
import { type ConfigKey, ENVIRONMENT, resolveConnection } from "../ion/connection.ts";
import { Ion } from "../ion/webhooks.ts";
import { findStack, type Stack, type StackOptions } from "./pulumi.ts";
import type { Terminal } from "./terminal.ts";

/** What a command was told of the ION to speak to. */
export interface Settings {
  /** The stack that it comes from; undefined where environment variables are all there is. */
  readonly stack: Stack | undefined;
  /** A value of namespace `ion` of the stack's config. */
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
  const { env } = terminal;
  const stack = await findStack(options, terminal.cwd, env);
  const config = await stack?.config();
  const read = (key: ConfigKey) => config?.get(`ion:${key}`)?.trim() || undefined;
  const sources = KEYS.flatMap((key): Source[] => {
    if (stack && read(key)) return [{ name: `ion:${key}`, from: `stack ${stack.name}` }];
    const variable = Object.hasOwn(ENVIRONMENT, key) ? ENVIRONMENT[key as keyof typeof ENVIRONMENT] : undefined;
    const overridden = (key === "endpoint" || key === "authUrl") && (read("region") || read("endpoint"));
    return variable && env[variable]?.trim() && !overridden ? [{ name: variable, from: "the environment" }] : [];
  });
  return { stack, read, env, sources };
}

/** @throws IonError "config" that lists what is missing or wrong. */
export const connectionOf = ({ read, env }: Settings): Connection => resolveConnection(read, env);

/** Speaks to the ION that is meant. Nothing is sent before something is asked of it. */
export const ionOf = (settings: Settings, terminal: Terminal): Ion =>
  new Ion(connectionOf(settings), { tell: (words) => terminal.err(`pulumi-ion: ${words}`) });

/** Names an ION and where that comes from, for the first line of an answer. */
export function whereOf(settings: Settings): string {
  const { endpoint } = connectionOf(settings);
  return `${new URL(endpoint).host} (${settings.stack ? `stack ${settings.stack.name}` : "from environment variables"})`;
}
