import { IonError } from "./errors.ts";
import { HOSTS, TOKEN_PATH } from "./facts.ts";

/** Where an ION is and the key to it. Holds secrets: never put it into state, a message or a log. */
export interface ConnectionSettings {
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  /** The token endpoint. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What the program calls this connection; undefined for the stack's own. */
  readonly name?: string | undefined;
  /** The GraphQL endpoint that this same ION had before, for resources that remember it. */
  readonly formerEndpoint?: string | undefined;
  /** Milliseconds over all tries of one request. */
  readonly deadlineMs?: number | undefined;
}

/** The stack config keys of a connection, without their namespace. */
export type ConfigKey =
  | "region"
  | "stage"
  | "endpoint"
  | "authUrl"
  | "clientId"
  | "clientSecret"
  | "formerEndpoint"
  | "deadline";

/** Reads a stack config key of a connection's namespace; undefined where it is not set. */
export type ReadConfig = (key: ConfigKey) => string | undefined;

/** The environment variables that stand in for config keys. */
export const ENVIRONMENT = {
  endpoint: "ION_API_URI",
  authUrl: "ION_AUTH_SERVER",
  clientId: "ION_CLIENT_ID",
  clientSecret: "ION_CLIENT_SECRET",
} as const;

/** What the settings of one connection are called. */
export interface SettingNames {
  /** A stack config key with its namespace: `ion:region`, or `ion-staging:region` for the connection "staging". */
  key(key: ConfigKey): string;
  /** The environment variable that stands in for a key: `ION_CLIENT_ID`, or `ION_STAGING_CLIENT_ID`. */
  variable(key: keyof typeof ENVIRONMENT): string;
}

/** What the settings of a connection are called; of the stack's own where no name is given. */
export function settingNames(connection?: string): SettingNames {
  const namespace = connection === undefined ? "ion" : `ion-${connection}`;
  const prefix = namespace.toUpperCase().replaceAll("-", "_");
  return { key: (key) => `${namespace}:${key}`, variable: (key) => ENVIRONMENT[key].replace("ION", prefix) };
}

/** Says why a text will not do as the name of a connection; undefined where it will. */
export function connectionNameProblem(connection: unknown): string | undefined {
  const fits = typeof connection === "string" && /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(connection);
  if (fits) return undefined;
  return 'has to be a plain name of small letters, digits and dashes, such as "staging"; its settings are then ion-staging:region and so on';
}

/**
 * Settles which ION to speak to, from stack config with environment variables standing in for what is absent there.
 *
 * `ion:endpoint` and `ion:authUrl` go before `ion:region` (us, gov, aus) with `ion:stage` (production, staging;
 * default production), which go before `ION_API_URI` and `ION_AUTH_SERVER`. For a connection with a name, these are
 * `ion-NAME:endpoint`, `ION_NAME_API_URI` and so on, and nothing is taken from the stack's own.
 *
 * @param connection what the program calls it; the stack's own where it is left out.
 * @throws IonError of kind "config" that lists each missing or wrong key with both ways to set it.
 */
export function resolveSettings(config: ReadConfig, env: NodeJS.ProcessEnv, connection?: string): ConnectionSettings {
  const { key, variable } = settingNames(connection);
  const wrong: string[] = [];
  const { set, stand } = readersOf(config, env, variable);

  const { configured, endpoint } = endpointFrom(config, env, connection, wrong);
  // Where the endpoint is documented its issuer is, too: the key is never sent to another ION's.
  const issuer = issuerOf(endpoint);
  const authUrl = set("authUrl") ?? (configured ? (issuer ?? stand("authUrl")) : (stand("authUrl") ?? issuer));
  const clientId = set("clientId") ?? stand("clientId");
  const clientSecret = set("clientSecret") ?? stand("clientSecret");

  if (!endpoint && wrong.length === 0) {
    wrong.push(
      `${key("region")} is not set: run \`pulumi config set ${key("region")} us\` (or gov, aus), or set ${variable("endpoint")} to ION's GraphQL endpoint`,
    );
  }
  if (endpoint && !authUrl) {
    wrong.push(
      `${key("authUrl")} is not set: run \`pulumi config set ${key("authUrl")} <token URL>\`, or set ${variable("authUrl")} to it`,
    );
  }
  if (!clientId) {
    wrong.push(
      `${key("clientId")} is not set: run \`pulumi config set ${key("clientId")} <client id>\`, or set ${variable("clientId")}`,
    );
  }
  if (!clientSecret) {
    wrong.push(
      `${key("clientSecret")} is not set: run \`pulumi config set --secret ${key("clientSecret")}\`, or set ${variable("clientSecret")}`,
    );
  }
  if (endpoint) checkUrl(key("endpoint"), endpoint, wrong);
  const tokenUrl = authUrl && tokenUrlOf(authUrl);
  if (tokenUrl) checkUrl(key("authUrl"), tokenUrl, wrong);
  const formerEndpoint = set("formerEndpoint");
  if (formerEndpoint) checkUrl(key("formerEndpoint"), formerEndpoint, wrong);
  const deadline = set("deadline");
  if (deadline !== undefined && !(Number(deadline) > 0)) {
    wrong.push(`${key("deadline")} is "${deadline}": it has to be a number of seconds`);
  }
  if (wrong.length > 0 || !endpoint || !tokenUrl || !clientId || !clientSecret) {
    throw new IonError("config", wrong.join("\n"));
  }
  return {
    endpoint,
    authUrl: tokenUrl,
    clientId,
    clientSecret,
    ...(connection !== undefined && { name: connection }),
    ...(formerEndpoint && { formerEndpoint }),
    ...(deadline && { deadlineMs: Number(deadline) * 1000 }),
  };
}

/** The place of the ION that a connection names, as far as it can be told without its key. */
export function configuredEnvironment(
  config: ReadConfig,
  env: NodeJS.ProcessEnv,
  connection?: string,
): string | undefined {
  const { endpoint } = endpointFrom(config, env, connection, []);
  return endpoint && URL.canParse(endpoint) ? environmentOf(endpoint, connection) : undefined;
}

function readersOf(config: ReadConfig, env: NodeJS.ProcessEnv, variable: SettingNames["variable"]) {
  return {
    set: (key: ConfigKey) => config(key)?.trim() || undefined,
    stand: (key: keyof typeof ENVIRONMENT) => env[variable(key)]?.trim() || undefined,
  };
}

function endpointFrom(config: ReadConfig, env: NodeJS.ProcessEnv, connection: string | undefined, wrong: string[]) {
  const { key, variable } = settingNames(connection);
  const { set, stand } = readersOf(config, env, variable);
  const configured = set("endpoint") ?? hostOf(set("region"), set("stage"), key, wrong)?.endpoint;
  return { configured, endpoint: configured ?? stand("endpoint") };
}

function hostOf(region: string | undefined, stage: string | undefined, key: SettingNames["key"], wrong: string[]) {
  if (region === undefined) {
    if (stage !== undefined) {
      const set = `run \`pulumi config set ${key("region")} us\` (or gov, aus)`;
      wrong.push(`${key("stage")} is set and ${key("region")} is not: ${set}`);
    }
    return undefined;
  }
  const stages = Object.hasOwn(HOSTS, region) ? HOSTS[region] : undefined;
  if (!stages) {
    wrong.push(`${key("region")} is "${region}": it has to be one of ${Object.keys(HOSTS).join(", ")}`);
    return undefined;
  }
  const host = Object.hasOwn(stages, stage ?? "production") ? stages[stage ?? "production"] : undefined;
  if (!host) wrong.push(`${key("stage")} is "${stage}": it has to be one of ${Object.keys(stages).join(", ")}`);
  return host;
}

/** The issuer that belongs to a documented endpoint. */
function issuerOf(endpoint: string | undefined): string | undefined {
  const hosts = Object.values(HOSTS).flatMap((stages) => Object.values(stages));
  return hosts.find((host) => host.endpoint === endpoint)?.issuer;
}

/** Accepts an issuer's bare host, its origin, or the token endpoint itself: public scripts use all three. */
function tokenUrlOf(authUrl: string): string {
  const url = /^[a-z]+:\/\//i.test(authUrl) ? authUrl : `https://${authUrl}`;
  return URL.canParse(url) && /\/token\/?$/.test(new URL(url).pathname) ? url : url.replace(/\/+$/, "") + TOKEN_PATH;
}

function checkUrl(key: string, url: string, wrong: string[]) {
  if (!URL.canParse(url)) {
    wrong.push(`${key} is not a URL`);
    return;
  }
  const { protocol, hostname, username, password } = new URL(url);
  if (username || password) wrong.push(`${key} has a user name or password in it: take that out of the URL`);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    wrong.push(`${key} has to be an https:// URL: a key and secrets travel over it`);
  }
}

/** Whether a host name is this machine itself. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname);
}

/**
 * Names the place an ION lives at, for resources to remember. All loopback addresses of a connection are one place: a
 * local emulator comes up on another port each time. Two connections to this machine are two emulators.
 */
export function environmentOf(endpoint: string, connection?: string): string {
  const url = new URL(endpoint);
  const loopback = connection === undefined ? "loopback" : `loopback (${connection})`;
  return isLoopback(url.hostname) ? loopback : `${url.origin}${url.pathname}`.replace(/\/+$/, "").toLowerCase();
}
