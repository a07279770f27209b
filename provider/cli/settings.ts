import { type ConfigKey, type Connection, ENVIRONMENT, resolveConnection } from "../ion/connection.ts";
import { HOSTS } from "../ion/facts.ts";
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
  return { stack, read, env, sources: sourcesOf(read, env, stack?.name) };
}

/** Names the settings that count, by the order of {@link resolveConnection}, and where each comes from. */
export function sourcesOf(read: Settings["read"], env: NodeJS.ProcessEnv, stack: string | undefined): Source[] {
  const endpoint = read("endpoint");
  const documented = Object.values(HOSTS).flatMap((stages) => Object.values(stages));
  const issued = !endpoint ? read("region") : documented.some((host) => host.endpoint === endpoint);
  return KEYS.flatMap((key): Source[] => {
    if (endpoint && (key === "region" || key === "stage")) return [];
    if (read(key)) return [{ name: `ion:${key}`, from: `stack ${stack}` }];
    if ((key === "endpoint" && read("region")) || (key === "authUrl" && issued)) return [];
    const variable = Object.hasOwn(ENVIRONMENT, key) ? ENVIRONMENT[key as keyof typeof ENVIRONMENT] : undefined;
    return variable && env[variable]?.trim() ? [{ name: variable, from: "the environment" }] : [];
  });
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
