import { describe, expect, it } from "vitest";
import {
  type ConfigKey,
  configuredEnvironment,
  connectionNameProblem,
  environmentOf,
  isLoopback,
  readSettings,
  requireSettings,
  settingNames,
} from "../../provider/src/ion/connectionSettings.ts";
import { CANARY, failureOf } from "../support/support.ts";

type Config = Partial<Record<ConfigKey, string>>;

const KEY = { clientId: "id", clientSecret: CANARY };
const OWN = { ...KEY, endpoint: "https://own.example/graphql", authUrl: "https://own.example/token" };
const TOKEN_PATH = "/realms/api-keys/protocol/openid-connect/token";
const resolve = (config: Config, env: NodeJS.ProcessEnv = {}, connection?: string) =>
  requireSettings(readSettings((key) => config[key], env, connection));
const problemsWith = (config: Config, env: NodeJS.ProcessEnv = {}, connection?: string) =>
  readSettings((key) => config[key], env, connection).problems;

describe("ion:region and ion:stage", () => {
  it.each([
    ["us", undefined, "api.buildwithion.com", "auth.buildwithion.com"],
    ["us", "production", "api.buildwithion.com", "auth.buildwithion.com"],
    ["us", "staging", "staging-api.buildwithion.com", "staging-auth.buildwithion.com"],
    ["gov", "production", "api.ion-gov.com", "auth.ion-gov.com"],
    ["gov", "staging", "staging-api.ion-gov.com", "staging-auth.ion-gov.com"],
    ["aus", "production", "api-production-aus.buildwithion.com", "auth.ion-aus.com"],
    ["aus", "staging", "api-staging-aus.buildwithion.com", "staging-auth.ion-aus.com"],
  ])("resolves ion:region and ion:stage: %s %s is %s with tokens of %s", (region, stage, api, auth) => {
    expect(resolve({ ...KEY, region, ...(stage && { stage }) })).toEqual({
      endpoint: `https://${api}/graphql`,
      authUrl: `https://${auth}${TOKEN_PATH}`,
      clientId: "id",
      clientSecret: CANARY,
    });
  });

  it.each<[Config, ConfigKey]>([
    [{ region: "eu" }, "region"],
    [{ region: "constructor" }, "region"],
    [{ region: "us", stage: "sandbox" }, "stage"],
    [{ region: "us", stage: "toString" }, "stage"],
    [{ stage: "staging" }, "stage"],
  ])("rejects a region or a stage: %o", (config, key) => {
    const problems = problemsWith({ ...KEY, ...config });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^ion:${key} is `));
  });
});

describe("precedence of settings", () => {
  const env = {
    ION_API_URI: "https://env.example/graphql",
    ION_AUTH_SERVER: "env-auth.example",
    ION_CLIENT_ID: "env-id",
    ION_CLIENT_SECRET: "env-secret",
  };
  const fromEnv = {
    endpoint: "https://env.example/graphql",
    authUrl: `https://env-auth.example${TOKEN_PATH}`,
    clientId: "env-id",
    clientSecret: "env-secret",
  };
  const us = {
    endpoint: "https://api.buildwithion.com/graphql",
    authUrl: `https://auth.buildwithion.com${TOKEN_PATH}`,
  };

  it.each<[string, Config, object]>([
    ["environment variables replace everything that config omits", {}, fromEnv],
    ["a config key wins over its variable", { clientId: "own" }, { ...fromEnv, clientId: "own" }],
    ["an empty config key counts as omitted", { clientId: " ", endpoint: "" }, fromEnv],
    ["a region wins over ION_API_URI and ION_AUTH_SERVER", { region: "us" }, { ...fromEnv, ...us }],
    [
      "an endpoint wins over ION_API_URI, and ION_AUTH_SERVER has its token endpoint",
      { endpoint: "https://own.example/graphql" },
      { ...fromEnv, endpoint: "https://own.example/graphql" },
    ],
    ["a region may stand next to its own endpoint", { region: "us", endpoint: us.endpoint }, { ...fromEnv, ...us }],
    [
      "an authUrl wins over everything else",
      { region: "us", authUrl: "https://own.example/token" },
      { ...fromEnv, ...us, authUrl: "https://own.example/token" },
    ],
  ])("resolves settings in order: %s", (_title, config, expected) => {
    expect(resolve(config, env)).toEqual(expected);
  });

  it("needs no authUrl for a documented endpoint", () => {
    expect(resolve({ ...KEY, endpoint: us.endpoint })).toMatchObject(us);
    expect(resolve(KEY, { ION_API_URI: us.endpoint })).toMatchObject(us);
  });

  it("prefers ION_AUTH_SERVER to the token endpoint of ION_API_URI", () => {
    expect(resolve(KEY, { ION_API_URI: us.endpoint, ION_AUTH_SERVER: "own.example" })).toMatchObject({
      authUrl: `https://own.example${TOKEN_PATH}`,
    });
  });

  it("ignores spaces and line breaks around a value", () => {
    expect(resolve({ region: " us\n" }, { ...env, ION_CLIENT_SECRET: "env-secret\n" })).toEqual({ ...fromEnv, ...us });
  });
});

describe("contradicting settings", () => {
  it.each<[Config, string[]]>([
    [{ region: "us" }, ["region"]],
    [{ stage: "staging" }, ["stage"]],
    [{ region: "gov", stage: "staging" }, ["region", "stage"]],
    [{ region: "us", stage: "staging", endpoint: "https://api.buildwithion.com/graphql" }, ["region", "stage"]],
  ])("are refused, because only one of two environments is meant: %o", (config, keys) => {
    expect(problemsWith({ ...OWN, ...config })).toEqual(
      keys.map(
        (key) => `ion:endpoint and ion:${key} are both set, and name different ION environments. Remove one of them.`,
      ),
    );
  });

  it.each(["https://api.buildwithion.com", "https://api.buildwithion.com/", "http://127.0.0.1:8787"])(
    "an endpoint without a path is refused: %s",
    (endpoint) => {
      const path = `${new URL(endpoint).origin}/graphql`;
      const expected = (name: string) => [`${name} has no path. ION's GraphQL endpoint ends in /graphql: ${path}.`];
      expect(problemsWith({ ...OWN, endpoint })).toEqual(expected("ion:endpoint"));
      const { authUrl } = OWN;
      expect(problemsWith({ ...KEY, authUrl }, { ION_API_URI: endpoint })).toEqual(expected("ION_API_URI"));
    },
  );
});

describe("readSettings", () => {
  it("reports the origin of every value in use, and no value", () => {
    const config: Config = { region: "us", clientId: "own", formerEndpoint: "https://old.example/graphql" };
    const env = { ION_CLIENT_ID: "unused", ION_CLIENT_SECRET: CANARY, ION_AUTH_SERVER: "unused.example" };
    const { used, problems } = readSettings((key) => config[key], env);
    expect(problems).toEqual([]);
    expect(used).toEqual([
      { key: "region", name: "ion:region", origin: "config" },
      { key: "clientId", name: "ion:clientId", origin: "config" },
      { key: "clientSecret", name: "ION_CLIENT_SECRET", origin: "environment" },
      { key: "formerEndpoint", name: "ion:formerEndpoint", origin: "config" },
    ]);
  });

  it("reports what it can use also if something is missing", () => {
    const { settings, used, problems } = readSettings(() => undefined, { ION_STAGING_CLIENT_ID: "id" }, "staging");
    expect(settings).toBeUndefined();
    expect(used).toEqual([{ key: "clientId", name: "ION_STAGING_CLIENT_ID", origin: "environment" }]);
    expect(problems).toHaveLength(2);
  });

  it("returns what is set and nothing else", () => {
    expect(resolve(OWN)).toStrictEqual(OWN);
    const all = { ...OWN, formerEndpoint: "https://old.example/graphql" };
    expect(resolve({ ...all, deadline: "2" })).toStrictEqual({ ...all, deadlineMs: 2000 });
    expect(resolve(all, {}, "staging")).toStrictEqual({ ...all, name: "staging" });
  });

  it("reports every problem with the ways to fix it", () => {
    const configs: Record<string, [Config, NodeJS.ProcessEnv?]> = {
      "nothing is set": [{}],
      "an unknown region": [{ ...KEY, region: "eu" }],
      "an unknown stage": [{ ...KEY, region: "us", stage: "sandbox" }],
      "a stage without a region": [{ ...KEY, stage: "staging" }],
      "an endpoint without its token endpoint": [KEY, { ION_API_URI: "https://ion.example/graphql" }],
      "an endpoint without TLS": [{ ...OWN, endpoint: "http://api.buildwithion.com/graphql" }],
      "an endpoint with a password": [{ ...OWN, endpoint: "https://me:secret@own.example/graphql" }],
      "a host in a variable": [KEY, { ION_API_URI: "ion.example", ION_AUTH_SERVER: "http://ion.example" }],
      "a host as endpoint": [{ ...OWN, endpoint: "api.buildwithion.com" }],
      "a deadline with a unit": [{ ...OWN, deadline: "2m" }],
    };
    const problems = Object.entries(configs).map(([what, [config, env]]) => [what, problemsWith(config, env)]);
    expect(Object.fromEntries(problems)).toMatchInlineSnapshot(`
      {
        "a deadline with a unit": [
          "ion:deadline is "2m". It must be a number of seconds.",
        ],
        "a host as endpoint": [
          "ion:endpoint is not a URL.",
        ],
        "a host in a variable": [
          "ION_API_URI is not a URL.",
          "ION_AUTH_SERVER must be an https:// URL, because the API key and secrets are sent to it.",
        ],
        "a stage without a region": [
          "ion:stage is set, but ion:region is not. Run \`pulumi config set ion:region us\` (or gov, aus).",
        ],
        "an endpoint with a password": [
          "ion:endpoint contains a user name or password. Remove it from the URL.",
        ],
        "an endpoint without TLS": [
          "ion:endpoint must be an https:// URL, because the API key and secrets are sent to it.",
        ],
        "an endpoint without its token endpoint": [
          "ion:authUrl is not set. Run \`pulumi config set ion:authUrl <token endpoint>\`, or set ION_AUTH_SERVER.",
        ],
        "an unknown region": [
          "ion:region is "eu". It must be one of us, gov, aus.",
        ],
        "an unknown stage": [
          "ion:stage is "sandbox". It must be one of production, staging.",
        ],
        "nothing is set": [
          "ion:region is not set. Run \`pulumi config set ion:region us\` (or gov, aus), or set ION_API_URI to ION's GraphQL endpoint.",
          "ion:clientId is not set. Run \`pulumi config set ion:clientId <client id>\`, or set ION_CLIENT_ID.",
          "ion:clientSecret is not set. Run \`pulumi config set --secret ion:clientSecret\`, or set ION_CLIENT_SECRET.",
        ],
      }
    `);
  });

  it("reports all problems at once, and never a secret", () => {
    expect(problemsWith({}).map((problem) => problem.split(" ")[0])).toEqual([
      "ion:region",
      "ion:clientId",
      "ion:clientSecret",
    ]);
    expect(problemsWith({ clientSecret: CANARY, region: "eu" }).join()).not.toContain(CANARY);
  });

  it.each<[missing: ConfigKey, named: string]>([
    ["endpoint", "ion:region"],
    ["authUrl", "ion:authUrl"],
    ["clientId", "ion:clientId"],
    ["clientSecret", "ion:clientSecret"],
  ])("reports only a missing %s, as %s", (missing, named) => {
    const { [missing]: _omitted, ...rest }: Config = OWN;
    expect(problemsWith(rest).map((problem) => problem.split(" ")[0])).toEqual([named]);
  });
});

it("throws every problem as one config error", async () => {
  const { kind, message } = await failureOf((async () => resolve({}))());
  expect(kind).toBe("config");
  expect(message.split("\n")).toEqual(problemsWith({}));
});

describe("a named connection", () => {
  it("uses the variables of a named connection, and none of the default connection", () => {
    const staging = {
      ION_PLANT_2_API_URI: "https://env.example/graphql",
      ION_PLANT_2_AUTH_SERVER: "env-auth.example",
      ION_PLANT_2_CLIENT_ID: "env-id",
      ION_PLANT_2_CLIENT_SECRET: "env-secret",
    };
    const own = { ION_API_URI: "https://own.example/graphql", ION_CLIENT_ID: "own", ION_CLIENT_SECRET: CANARY };
    expect(resolve({}, { ...own, ...staging }, "plant-2")).toEqual({
      name: "plant-2",
      endpoint: "https://env.example/graphql",
      authUrl: `https://env-auth.example${TOKEN_PATH}`,
      clientId: "env-id",
      clientSecret: "env-secret",
    });
    expect(problemsWith({ region: "us" }, own, "plant-2").join()).toContain("ION_PLANT_2_CLIENT_ID");
  });

  it("spells the settings of a connection with its name", () => {
    const names = [settingNames(), settingNames("plant-2")];
    expect(names.map(({ key }) => key("region"))).toEqual(["ion:region", "ion-plant-2:region"]);
    expect(names.map(({ variable }) => variable("endpoint"))).toEqual(["ION_API_URI", "ION_PLANT_2_API_URI"]);
  });

  it.each<[Config, ConfigKey]>([
    [{}, "region"],
    [{ region: "eu" }, "region"],
    [{ region: "us", stage: "x" }, "stage"],
    [{ stage: "x" }, "stage"],
    [{ endpoint: "https://own.example/graphql" }, "authUrl"],
    [{ endpoint: "http://own.example/graphql", authUrl: "own.example" }, "endpoint"],
    [{ region: "us", formerEndpoint: "x" }, "formerEndpoint"],
    [{ region: "us", deadline: "x" }, "deadline"],
  ])("reports problems of a named connection by its own keys and variables: %o", (config, key) => {
    const [problem = ""] = problemsWith({ ...KEY, ...config }, {}, "staging");
    expect(problem).toMatch(new RegExp(`^ion-staging:${key} `));
    expect(problem).not.toMatch(/\bion:|\bION_(?!STAGING_)/);
  });

  it.each(["staging", "plant-2", "a", "us-east-1"])("accepts the connection name %s", (name) => {
    expect(connectionNameProblem(name)).toBeUndefined();
  });

  it.each(["", "Staging", "my staging", "a_b", "2nd", "-a", "a-", "a--b", "a:b", "clientSecret=x", 2, null, {}])(
    "rejects the connection name %j",
    (name) => {
      expect(connectionNameProblem(name)).toBeDefined();
    },
  );

  it("says what a connection name must be", () => {
    expect(`connection ${connectionNameProblem("Staging")}`).toMatchInlineSnapshot(
      `"connection must be lowercase letters, digits and dashes, such as "staging"; its settings are then ion-staging:region and so on"`,
    );
  });

  it.each<[Config, NodeJS.ProcessEnv, string | undefined]>([
    [{ region: "us", stage: "staging" }, {}, "https://staging-api.buildwithion.com/graphql"],
    [{ endpoint: "https://own.example/graphql", region: "us" }, {}, "https://own.example/graphql"],
    [{}, { ION_STAGING_API_URI: "http://127.0.0.1:1/g" }, "http://127.0.0.1:1/g"],
    [{ region: "eu" }, {}, undefined],
    [{ endpoint: "x" }, {}, undefined],
    [{}, { ION_API_URI: "https://own.example/graphql" }, undefined],
    [{ endpoint: " https://own.example/graphql\n" }, {}, "https://own.example/graphql"],
    [{ region: " ", endpoint: "" }, { ION_STAGING_API_URI: " http://127.0.0.1:1/g " }, "http://127.0.0.1:1/g"],
  ])("determines the environment of a connection without its API key: %o %o", (config, env, environment) => {
    expect(configuredEnvironment((key) => config[key], env, "staging")).toBe(environment);
  });
});

describe("ion:authUrl", () => {
  it.each([
    ["a host", "auth.example", `https://auth.example${TOKEN_PATH}`],
    ["a host with a port", "auth.example:8443", `https://auth.example:8443${TOKEN_PATH}`],
    ["a host with Keycloak's old prefix", "auth.example/auth", `https://auth.example/auth${TOKEN_PATH}`],
    ["the path to the realm", "auth.example/auth/realms/api-keys", `https://auth.example/auth${TOKEN_PATH}`],
    ["the path to the realms", "https://auth.example/realms/", `https://auth.example${TOKEN_PATH}`],
    ["an origin", "https://auth.example", `https://auth.example${TOKEN_PATH}`],
    ["an origin with a slash", "https://auth.example/", `https://auth.example${TOKEN_PATH}`],
    ["an origin on this machine", "http://localhost:8787", `http://localhost:8787${TOKEN_PATH}`],
    ["the whole URL", `https://auth.example${TOKEN_PATH}`, `https://auth.example${TOKEN_PATH}`],
    ["an origin with slashes", "https://auth.example//", `https://auth.example${TOKEN_PATH}`],
    ["a host with a URL in its path", "auth.example/https://x", `https://auth.example/https://x${TOKEN_PATH}`],
    ["a path that only starts with token", "https://a.example/token/x", `https://a.example/token/x${TOKEN_PATH}`],
    ["any URL whose path is token and a slash", "https://a.example/token/", "https://a.example/token/"],
    [
      "any URL whose path finishes with token",
      "https://auth.example/oauth2/token",
      "https://auth.example/oauth2/token",
    ],
  ])("accepts as ion:authUrl %s", (_what, authUrl, expected) => {
    const { endpoint } = OWN;
    expect(resolve({ ...KEY, endpoint, authUrl }).authUrl).toBe(expected);
    expect(resolve({ ...KEY, endpoint }, { ION_AUTH_SERVER: authUrl }).authUrl).toBe(expected);
  });
});

describe("an endpoint", () => {
  it.each<[what: string, config: Config, key: ConfigKey]>([
    ["without TLS", { endpoint: "http://own.example/graphql" }, "endpoint"],
    ["for tokens without TLS", { authUrl: "http://own.example/token" }, "authUrl"],
    ["whose host only looks like this machine", { endpoint: "http://127.0.0.1.example/graphql" }, "endpoint"],
    ["whose host only starts like this machine", { endpoint: "http://localhost.example/graphql" }, "endpoint"],
    ["with another protocol", { endpoint: "ftp://own.example/graphql" }, "endpoint"],
    ["with another protocol on this machine", { endpoint: "ftp://localhost/graphql" }, "endpoint"],
    ["with a user name", { endpoint: "https://me@own.example/graphql" }, "endpoint"],
    ["with a password", { authUrl: "https://:canary@own.example/token" }, "authUrl"],
    ["that is no URL", { endpoint: "own.example/graphql" }, "endpoint"],
    ["for tokens that is no URL", { authUrl: "no host" }, "authUrl"],
  ])("rejects an endpoint %s", (_what, config, key) => {
    expect(problemsWith({ ...OWN, ...config }).map((problem) => problem.split(" ")[0])).toEqual([`ion:${key}`]);
  });

  it.each([
    "http://localhost:1/graphql",
    "http://ion.localhost/graphql",
    "http://127.0.0.2/graphql",
    "http://[::1]:1/g",
  ])("accepts an endpoint on this machine without TLS: %s", (endpoint) => {
    expect(resolve({ ...KEY, endpoint, authUrl: "http://localhost/token" }).endpoint).toBe(endpoint);
  });
});

describe("ion:deadline", () => {
  it("reads ion:deadline as a number of seconds", () => {
    expect(resolve({ ...OWN, deadline: "90" }).deadlineMs).toBe(90_000);
    expect(resolve(OWN).deadlineMs).toBeUndefined();
  });

  it.each(["soon", "0", "-1", "2m"])("rejects %s as ion:deadline", (deadline) => {
    const [problem] = problemsWith({ ...OWN, deadline });
    expect(problem).toContain(`ion:deadline is "${deadline}"`);
  });
});

describe("environmentOf", () => {
  it.each([
    ["http://127.0.0.1:4000/graphql", "http://127.0.0.1:4000/graphql"],
    ["http://localhost:5000/graphql", "http://127.0.0.1:5000/graphql"],
    ["https://[::1]/graphql", "https://127.0.0.1/graphql"],
    ["http://127.10.20.130:1/graphql", "http://127.0.0.1:1/graphql"],
    ["http://ION.localhost/1/graphql", "http://127.0.0.1/1/graphql"],
    ["https://notlocalhost/graphql", "https://notlocalhost/graphql"],
    ["https://localhost.example/graphql", "https://localhost.example/graphql"],
    ["https://127.0.0.1.example/graphql", "https://127.0.0.1.example/graphql"],
    ["https://api.example/a/b//", "https://api.example/a/b"],
    ["https://API.BuildWithIon.com/graphql/", "https://api.buildwithion.com/graphql"],
    ["https://api.buildwithion.com:443/graphql?x=1#y", "https://api.buildwithion.com/graphql"],
    ["https://user:pass@api.example/graphql", "https://api.example/graphql"],
    ["https://api.example:8443/graphql", "https://api.example:8443/graphql"],
  ])("identifies %s as %s", (endpoint, environment) => {
    expect(environmentOf(endpoint)).toBe(environment);
    expect(isLoopback(new URL(endpoint).hostname)).toBe(new URL(environment).hostname === "127.0.0.1");
  });
});
