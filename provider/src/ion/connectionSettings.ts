/** How to reach one ION environment: its settings, where each value comes from, and what is wrong with them. */
import { escapeText } from "../model/text.ts";
import { trimSlashes } from "../model/url.ts";
import { IonError } from "./errors.ts";
import { HOSTS, OTHER_HOSTS, TOKEN_PATH } from "./facts.ts";

/** The address of an ION environment and the API key for it. Holds secrets: never put it into state, a message or a log. */
export interface ConnectionSettings {
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  /** The token endpoint. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The name of the connection. @default the stack's default connection */
  readonly name?: string | undefined;
  /** The GraphQL endpoint that this environment had before it was renamed. */
  readonly formerEndpoint?: string | undefined;
  /** Milliseconds for all attempts of one request. */
  readonly deadlineMs?: number | undefined;
  /** How its settings are spelled. @default as stack config of the connection `name` */
  readonly names?: SettingNames | undefined;
}

/** The stack config keys of a connection, without their namespace. */
export const CONFIG_KEYS = [
  "region",
  "stage",
  "endpoint",
  "authUrl",
  "clientId",
  "clientSecret",
  "formerEndpoint",
  "deadline",
] as const;

/** A stack config key of a connection, without its namespace. */
export type ConfigKey = (typeof CONFIG_KEYS)[number];

/** Whether a full key is in a connection's namespace and is no setting, such as `ion:regoin`. */
export function isUnknownKey(full: string): boolean {
  const [, key] = /^ion(?:-[a-z0-9-]+)?:([^:]+)$/.exec(full) ?? [];
  return key !== undefined && !(CONFIG_KEYS as readonly string[]).includes(key);
}

/** Reads a stack config key of a connection's namespace; undefined if it is not set. */
export type ReadConfig = (key: ConfigKey) => string | undefined;

/** The environment variables that are used for config keys that are not set. */
const ENVIRONMENT = {
  endpoint: "ION_API_URI",
  authUrl: "ION_AUTH_SERVER",
  clientId: "ION_CLIENT_ID",
  clientSecret: "ION_CLIENT_SECRET",
} as const;

/** How the settings of one connection are spelled. */
export interface SettingNames {
  /** A stack config key with its namespace: `ion:region`, or `ion-staging:region` for the connection "staging". */
  key(key: ConfigKey): string;
  /** The environment variable for a key: `ION_CLIENT_ID`, or `ION_STAGING_CLIENT_ID`. */
  variable(key: keyof typeof ENVIRONMENT): string;
  /** How to set a key, without a full stop: "Run `pulumi config set ion:region us`". */
  howToSet(key: ConfigKey, value: string): string;
  /** Where the keys are, inside a sentence. */
  readonly place: string;
}

/** How the settings of a connection are spelled; of the default connection without a name. */
export function settingNames(connection?: string): SettingNames {
  const namespace = connection === undefined ? "ion" : `ion-${connection}`;
  const key = (name: ConfigKey) => `${namespace}:${name}`;
  return {
    key,
    variable: variableOf(namespace),
    howToSet: (name, value) => {
      const flag = name === "clientSecret" ? "--secret " : "";
      return `Run \`pulumi config set ${flag}${key(name)}${value && ` ${value}`}\``;
    },
    place: connection === undefined ? "this stack's config" : `the config of ${formatConnection(connection)}`,
  };
}

/** How the settings of a Pulumi provider that a program declares are spelled. */
export function providerSettingNames(provider: string): SettingNames {
  const place = `provider "${provider}"`;
  return {
    key: (name) => `${name} of ${place}`,
    variable: variableOf(`ion-${provider}`),
    howToSet: () => "Set it in the program",
    place,
  };
}

const variableOf = (namespace: string) => (key: keyof typeof ENVIRONMENT) =>
  ENVIRONMENT[key].replace("ION", namespace.toUpperCase().replace(/[^A-Z0-9]/g, "_"));

/** Why a value cannot name a connection, to follow a subject; undefined if it can. */
export function connectionNameProblem(connection: unknown): string | undefined {
  if (typeof connection === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(connection)) return undefined;
  return 'must be lowercase letters, digits and dashes, such as "staging"; its settings are then ion-staging:region and so on';
}

/** One value that is in use. */
export interface UsedSetting {
  readonly key: ConfigKey;
  /** As a person sets it: `ion:region`, `ION_CLIENT_ID`. */
  readonly name: string;
  readonly origin: "config" | "environment";
}

/** What the settings of a connection come to. */
export interface SettingsReport {
  /** Undefined if there are problems. */
  readonly settings: ConnectionSettings | undefined;
  /** The values in use, by name only. */
  readonly used: readonly UsedSetting[];
  /** What is missing or wrong, each with the ways to set it. */
  readonly problems: readonly string[];
}

/**
 * Reads the settings of a connection from stack config and environment variables, and reports where each value comes from.
 *
 * `ion:endpoint`, or `ion:region` (us, gov, aus) with `ion:stage` (production, staging; default production), wins over
 * `ION_API_URI` and `ION_AUTH_SERVER`. If both are set, they must name the same environment. A named connection uses
 * `ion-NAME:endpoint`, `ION_NAME_API_URI` and so on, and takes nothing from the default connection.
 *
 * @param config undefined if no stack is used: then problems name environment variables only.
 * @param givenNames how the settings are spelled. @default as stack config
 */
export function readSettings(
  config: ReadConfig | undefined,
  env: NodeJS.ProcessEnv,
  connection?: string,
  givenNames?: SettingNames,
): SettingsReport {
  const names = givenNames ?? settingNames(connection);
  const { key, variable, howToSet } = names;
  const problems: string[] = [];
  const used: UsedSetting[] = [];
  const fromConfig = (setting: ConfigKey) => {
    const value = config?.(setting)?.trim() || undefined;
    if (value) used.push({ key: setting, name: key(setting), origin: "config" });
    return value;
  };
  const fromEnvironment = (setting: keyof typeof ENVIRONMENT) => {
    const value = env[variable(setting)]?.trim() || undefined;
    if (value) used.push({ key: setting, name: variable(setting), origin: "environment" });
    return value;
  };

  const configured = configuredEndpoint(fromConfig, names, problems);
  const endpoint = configured ?? fromEnvironment("endpoint");
  // The token issuer of a documented endpoint is documented too, so the key is never sent to another environment's.
  const issuer = documentedIssuer(endpoint);
  const authUrl =
    fromConfig("authUrl") ??
    (configured ? (issuer ?? fromEnvironment("authUrl")) : (fromEnvironment("authUrl") ?? issuer));
  const clientId = fromConfig("clientId") ?? fromEnvironment("clientId");
  const clientSecret = fromConfig("clientSecret") ?? fromEnvironment("clientSecret");
  const formerEndpoint = fromConfig("formerEndpoint");
  const deadline = fromConfig("deadline");

  if (!endpoint && problems.length === 0) {
    problems.push(
      config
        ? `${key("region")} is not set. ${howToSet("region", "us")} (or gov, aus), or set ${variable("endpoint")} to ION's GraphQL endpoint.`
        : `${variable("endpoint")} is not set. Set it to ION's GraphQL endpoint.`,
    );
  }
  const missing = (setting: keyof typeof ENVIRONMENT, value: string, what: string) =>
    config
      ? `${key(setting)} is not set. ${howToSet(setting, value)}, or set ${variable(setting)}.`
      : `${variable(setting)} is not set. Set it to ${what}.`;
  if (endpoint && !authUrl) problems.push(missing("authUrl", "<token endpoint>", "ION's token endpoint"));
  if (!clientId) problems.push(missing("clientId", "<client id>", "the client id of the API key"));
  if (!clientSecret) problems.push(missing("clientSecret", "", "the client secret of the API key"));
  const tokenUrl = authUrl && tokenUrlOf(authUrl);
  const urls = { endpoint, authUrl: tokenUrl, formerEndpoint };
  for (const [setting, url] of Object.entries(urls) as [ConfigKey, string | undefined][]) {
    const problem = url && (urlProblem(url) ?? (setting === "endpoint" ? pathProblem(url) : undefined));
    const { name } = used.find((one) => one.key === setting) ?? { name: key(setting) };
    if (problem) problems.push(`${name} ${problem}`);
  }
  if (deadline !== undefined && !(Number(deadline) > 0)) {
    problems.push(`${key("deadline")} is "${escapeText(deadline)}". It must be a number of seconds.`);
  }
  if (problems.length > 0 || !endpoint || !tokenUrl || !clientId || !clientSecret) {
    return { settings: undefined, used, problems };
  }
  return {
    settings: {
      endpoint,
      authUrl: tokenUrl,
      clientId,
      clientSecret,
      ...(connection !== undefined && { name: connection }),
      ...(givenNames && { names: givenNames }),
      ...(formerEndpoint && { formerEndpoint }),
      ...(deadline && { deadlineMs: Number(deadline) * 1000 }),
    },
    used,
    problems,
  };
}

/** The settings of a report. @throws IonError "config" that lists everything that is missing or wrong. */
export function requireSettings({ settings, problems }: SettingsReport): ConnectionSettings {
  if (!settings) throw new IonError("config", problems.join("\n"));
  return settings;
}

/** The environment that a connection names, if its endpoint can be determined; the API key is not needed. */
export function configuredEnvironment(
  config: ReadConfig,
  env: NodeJS.ProcessEnv,
  connection?: string,
): string | undefined {
  const names = settingNames(connection);
  const { variable } = names;
  const read = (setting: ConfigKey) => config(setting)?.trim() || undefined;
  const endpoint = configuredEndpoint(read, names, []) ?? env[variable("endpoint")]?.trim();
  return endpoint && URL.canParse(endpoint) ? environmentOf(endpoint) : undefined;
}

/** The endpoint in the stack's config: as it is set, or by region and stage. Two that differ are no guess to make. */
function configuredEndpoint(read: ReadConfig, names: SettingNames, problems: string[]): string | undefined {
  const [endpoint, region, stage] = [read("endpoint"), read("region"), read("stage")];
  if (endpoint === undefined) return documentedEndpoint(region, stage, names, problems);
  const { key } = names;
  const isSame = documentedEndpoint(region, stage, names, []) === endpoint;
  for (const [setting, value] of [["region", region] as const, ["stage", stage] as const]) {
    if (value === undefined || isSame) continue;
    problems.push(
      `${key("endpoint")} and ${key(setting)} are both set, and name different ION environments. Remove one of them.`,
    );
  }
  return endpoint;
}

/** The endpoint that ION documents for a region and a stage. */
function documentedEndpoint(
  region: string | undefined,
  stage: string | undefined,
  { key, howToSet }: SettingNames,
  problems: string[],
): string | undefined {
  if (region === undefined) {
    if (stage !== undefined) {
      problems.push(`${key("stage")} is set, but ${key("region")} is not. ${howToSet("region", "us")} (or gov, aus).`);
    }
    return undefined;
  }
  const stages = Object.hasOwn(HOSTS, region) ? HOSTS[region] : undefined;
  if (!stages) {
    problems.push(`${key("region")} is "${escapeText(region)}". It must be one of ${Object.keys(HOSTS).join(", ")}.`);
    return undefined;
  }
  const host = Object.hasOwn(stages, stage ?? "production") ? stages[stage ?? "production"] : undefined;
  if (!host)
    problems.push(
      `${key("stage")} is "${escapeText(stage ?? "")}". It must be one of ${Object.keys(stages).join(", ")}.`,
    );
  return host?.endpoint;
}

function documentedIssuer(endpoint: string | undefined): string | undefined {
  const hosts = Object.values(HOSTS).flatMap((stages) => Object.values(stages));
  return hosts.find((host) => host.endpoint === endpoint)?.issuer;
}

/**
 * The same settings with the other hosts that public sources name for this environment, the likeliest first. None for an
 * environment or a token endpoint that is not in First Resonance's list.
 */
export function withOtherHosts(settings: ConnectionSettings): ConnectionSettings[] {
  const { endpoint, authUrl } = settings;
  const other = OTHER_HOSTS[endpoint];
  if (!other || tokenUrlOf(documentedIssuer(endpoint) ?? "") !== authUrl) return [];
  const authUrls = [authUrl, tokenUrlOf(other.issuer)];
  const endpoints = [endpoint, ...(other.endpoint ? [other.endpoint] : [])];
  return endpoints
    .flatMap((one) => authUrls.map((url) => ({ ...settings, endpoint: one, authUrl: url })))
    .filter((one) => one.endpoint !== endpoint || one.authUrl !== authUrl);
}

/** Accepts an issuer's host, with or without the path to its realms, or the token endpoint itself: public scripts use all three. */
function tokenUrlOf(authUrl: string): string {
  const url = /^[a-z]+:\/\//i.test(authUrl) ? authUrl : `https://${authUrl}`;
  if (URL.canParse(url) && /\/token\/?$/.test(new URL(url).pathname)) return url;
  const [issuer = ""] = url.split(/\/realms(?=\/|$)/);
  return trimSlashes(issuer) + TOKEN_PATH;
}

function urlProblem(url: string): string | undefined {
  if (!URL.canParse(url)) return "is not a URL.";
  const { protocol, hostname, username, password } = new URL(url);
  if (username || password) return "contains a user name or password. Remove it from the URL.";
  if (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) return undefined;
  return "must be an https:// URL, because the API key and secrets are sent to it.";
}

/** ION answers below its root, too, but with an error that looks like a missing permission. */
function pathProblem(endpoint: string): string | undefined {
  const { origin, pathname } = new URL(endpoint);
  return pathname === "/" ? `has no path. ION's GraphQL endpoint ends in /graphql: ${origin}/graphql.` : undefined;
}

/** Whether a host name is this machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname);
}

/**
 * Identifies the ION environment of an endpoint, for resources to record. An emulator is identified like any other ION, so that
 * a stack never takes the empty state of a second emulator for deletions. All names of this machine are one.
 */
export function environmentOf(endpoint: string): string {
  const { protocol, hostname, host, port, pathname } = new URL(endpoint);
  const authority = isLoopback(hostname) ? `127.0.0.1${port && `:${port}`}` : host;
  return trimSlashes(`${protocol}//${authority}${pathname}`).toLowerCase();
}

/** An environment of {@link environmentOf} as messages name it, inside a sentence. */
export const formatEnvironment = (environment: string): string => `ION at ${environment}`;

/** A connection as messages name it, inside a sentence. */
export const formatConnection = (connection: string | undefined): string =>
  connection === undefined ? "the default connection" : `connection "${connection}"`;

/** A message about one connection: it names the connection, unless that is the default one. */
export const inConnection = (connection: string | undefined, message: string): string =>
  connection === undefined ? message : `${formatConnection(connection)}: ${message}`;
