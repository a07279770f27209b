import { IonError } from "./errors.ts";
import { HOSTS, TOKEN_PATH } from "./facts.ts";

/** Where an ION is and the key to it. Holds secrets: never put it into state, a message or a log. */
export interface Connection {
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  /** The token endpoint. */
  readonly authUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The GraphQL endpoint that this same ION had before, for resources that remember it. */
  readonly formerEndpoint?: string | undefined;
  /** Milliseconds over all tries of one request. */
  readonly deadlineMs?: number | undefined;
}

/** The stack config keys in namespace `ion`, without it. */
export type ConfigKey =
  | "region"
  | "stage"
  | "endpoint"
  | "authUrl"
  | "clientId"
  | "clientSecret"
  | "formerEndpoint"
  | "deadline";

/** Reads a stack config key of namespace `ion`; undefined where it is not set. */
export type ReadConfig = (key: ConfigKey) => string | undefined;

/** The environment variables that stand in for config keys. */
export const ENVIRONMENT = {
  endpoint: "ION_API_URI",
  authUrl: "ION_AUTH_SERVER",
  clientId: "ION_CLIENT_ID",
  clientSecret: "ION_CLIENT_SECRET",
} as const;

/**
 * Settles which ION to speak to, from stack config with environment variables standing in for what is absent there.
 *
 * `ion:endpoint` and `ion:authUrl` go before `ion:region` (us, gov, aus) with `ion:stage` (production, staging;
 * default production), which go before `ION_API_URI` and `ION_AUTH_SERVER`.
 *
 * @throws IonError of kind "config" that lists each missing or wrong key with both ways to set it.
 */
export function resolveConnection(config: ReadConfig, env: NodeJS.ProcessEnv): Connection {
  const wrong: string[] = [];
  const set = (key: ConfigKey) => config(key)?.trim() || undefined;
  const stand = (key: keyof typeof ENVIRONMENT) => env[ENVIRONMENT[key]]?.trim() || undefined;

  const host = hostOf(set("region"), set("stage"), wrong);
  const configured = set("endpoint") ?? host?.endpoint;
  const endpoint = configured ?? stand("endpoint");
  // Where the endpoint is documented its issuer is, too: the key is never sent to another ION's.
  const issuer = issuerOf(endpoint);
  const authUrl = set("authUrl") ?? (configured ? (issuer ?? stand("authUrl")) : (stand("authUrl") ?? issuer));
  const clientId = set("clientId") ?? stand("clientId");
  const clientSecret = set("clientSecret") ?? stand("clientSecret");

  if (!endpoint && wrong.length === 0) {
    wrong.push(
      "ion:region is not set: run `pulumi config set ion:region us` (or gov, aus), or set ION_API_URI to ION's GraphQL endpoint",
    );
  }
  if (endpoint && !authUrl) {
    wrong.push("ion:authUrl is not set: run `pulumi config set ion:authUrl <token URL>`, or set ION_AUTH_SERVER to it");
  }
  if (!clientId) {
    wrong.push("ion:clientId is not set: run `pulumi config set ion:clientId <client id>`, or set ION_CLIENT_ID");
  }
  if (!clientSecret) {
    wrong.push(
      "ion:clientSecret is not set: run `pulumi config set --secret ion:clientSecret`, or set ION_CLIENT_SECRET",
    );
  }
  if (endpoint) checkUrl("ion:endpoint", endpoint, wrong);
  const tokenUrl = authUrl && tokenUrlOf(authUrl);
  if (tokenUrl) checkUrl("ion:authUrl", tokenUrl, wrong);
  const formerEndpoint = set("formerEndpoint");
  if (formerEndpoint) checkUrl("ion:formerEndpoint", formerEndpoint, wrong);
  const deadline = set("deadline");
  if (deadline !== undefined && !(Number(deadline) > 0)) {
    wrong.push(`ion:deadline is "${deadline}": it has to be a number of seconds`);
  }
  if (wrong.length > 0 || !endpoint || !tokenUrl || !clientId || !clientSecret) {
    throw new IonError("config", wrong.join("\n"));
  }
  return {
    endpoint,
    authUrl: tokenUrl,
    clientId,
    clientSecret,
    ...(formerEndpoint && { formerEndpoint }),
    ...(deadline && { deadlineMs: Number(deadline) * 1000 }),
  };
}

function hostOf(region: string | undefined, stage: string | undefined, wrong: string[]) {
  if (region === undefined) {
    if (stage !== undefined) {
      wrong.push("ion:stage is set and ion:region is not: run `pulumi config set ion:region us` (or gov, aus)");
    }
    return undefined;
  }
  const stages = Object.hasOwn(HOSTS, region) ? HOSTS[region] : undefined;
  if (!stages) {
    wrong.push(`ion:region is "${region}": it has to be one of ${Object.keys(HOSTS).join(", ")}`);
    return undefined;
  }
  const host = Object.hasOwn(stages, stage ?? "production") ? stages[stage ?? "production"] : undefined;
  if (!host) wrong.push(`ion:stage is "${stage}": it has to be one of ${Object.keys(stages).join(", ")}`);
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
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    wrong.push(`${key} has to be an https:// URL: a key and secrets travel over it`);
  }
}

/** Whether a host name is this machine itself. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname);
}

/**
 * Names the place an ION lives at, for resources to remember. All loopback addresses are one place: a local
 * emulator comes up on another port each time.
 */
export function placeOf(endpoint: string): string {
  const url = new URL(endpoint);
  return isLoopback(url.hostname) ? "loopback" : `${url.origin}${url.pathname}`.replace(/\/+$/, "").toLowerCase();
}
