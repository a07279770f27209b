import { describe, expect, it } from "vitest";
import {
  type ConfigKey,
  configuredEnvironment,
  connectionNameProblem,
  environmentOf,
  resolveSettings,
} from "../../provider/ion/connectionSettings.ts";
import { IonError } from "../../provider/ion/errors.ts";
import { CANARY } from "../support/support.ts";

type Config = Partial<Record<ConfigKey, string>>;

const KEY = { clientId: "id", clientSecret: CANARY };
const TOKEN_PATH = "/realms/api-keys/protocol/openid-connect/token";
const resolve = (config: Config, env: NodeJS.ProcessEnv = {}) => resolveSettings((key) => config[key], env);

function complaints(config: Config, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    resolve(config, env);
  } catch (error) {
    expect(error).toBeInstanceOf(IonError);
    expect(error).toMatchObject({ kind: "config" });
    return (error as IonError).message.split("\n");
  }
  return [];
}

describe("ion:region and ion:stage", () => {
  it.each([
    ["us", undefined, "api.buildwithion.com", "auth.buildwithion.com"],
    ["us", "production", "api.buildwithion.com", "auth.buildwithion.com"],
    ["us", "staging", "staging-api.buildwithion.com", "staging-auth.buildwithion.com"],
    ["gov", "production", "api.ion-gov.com", "auth.ion-gov.com"],
    ["gov", "staging", "staging-api.ion-gov.com", "staging-auth.ion-gov.com"],
    ["aus", "production", "api-production-aus.buildwithion.com", "auth.ion-aus.com"],
    ["aus", "staging", "api-staging-aus.buildwithion.com", "staging-auth.ion-aus.com"],
  ])("%s %s is at %s with tokens from %s", (region, stage, api, auth) => {
    expect(resolve({ ...KEY, region, ...(stage && { stage }) })).toEqual({
      endpoint: `https://${api}/graphql`,
      authUrl: `https://${auth}${TOKEN_PATH}`,
      clientId: "id",
      clientSecret: CANARY,
    });
  });

  it.each([
    [{ region: "eu" }, 'ion:region is "eu": it has to be one of us, gov, aus'],
    [{ region: "constructor" }, 'ion:region is "constructor": it has to be one of us, gov, aus'],
    [{ region: "us", stage: "sandbox" }, 'ion:stage is "sandbox": it has to be one of production, staging'],
    [{ region: "us", stage: "toString" }, 'ion:stage is "toString": it has to be one of production, staging'],
    [
      { stage: "staging" },
      "ion:stage is set and ion:region is not: run `pulumi config set ion:region us` (or gov, aus)",
    ],
  ])("%o is refused", (config, words) => {
    expect(complaints({ ...KEY, ...config })).toEqual([words]);
  });
});

describe("precedence", () => {
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
    ["the environment stands in for everything that config leaves out", {}, fromEnv],
    ["a config key goes before its variable", { clientId: "own" }, { ...fromEnv, clientId: "own" }],
    ["an empty config key is as good as none", { clientId: " ", endpoint: "" }, fromEnv],
    ["a region goes before ION_API_URI and ION_AUTH_SERVER", { region: "us" }, { ...fromEnv, ...us }],
    [
      "an endpoint goes before a region, and takes no other ION's token endpoint along",
      { region: "us", endpoint: "https://own.example/graphql" },
      { ...fromEnv, endpoint: "https://own.example/graphql" },
    ],
    [
      "a documented endpoint brings its own token endpoint, whatever the region says",
      { region: "gov", endpoint: us.endpoint },
      { ...fromEnv, ...us },
    ],
    [
      "an authUrl goes before everything else",
      { region: "us", authUrl: "https://own.example/token" },
      { ...fromEnv, ...us, authUrl: "https://own.example/token" },
    ],
  ])("%s", (_what, config, expected) => {
    expect(resolve(config, env)).toEqual(expected);
  });

  it("a documented endpoint needs no token endpoint", () => {
    expect(resolve({ ...KEY, endpoint: us.endpoint })).toMatchObject(us);
    expect(resolve(KEY, { ION_API_URI: us.endpoint })).toMatchObject(us);
  });

  it("ION_AUTH_SERVER goes before the token endpoint that belongs to ION_API_URI", () => {
    expect(resolve(KEY, { ION_API_URI: us.endpoint, ION_AUTH_SERVER: "own.example" })).toMatchObject({
      authUrl: `https://own.example${TOKEN_PATH}`,
    });
  });

  it("spaces and line breaks around a value do not count", () => {
    expect(resolve({ region: " us\n" }, { ...env, ION_CLIENT_SECRET: "env-secret\n" })).toEqual({ ...fromEnv, ...us });
  });
});

describe("a connection with a name", () => {
  const read = (config: Config, env: NodeJS.ProcessEnv, name?: string) =>
    resolveSettings((key) => config[key], env, name);

  it("takes its own variables, and none of the stack's own", () => {
    const staging = {
      ION_PLANT_2_API_URI: "https://env.example/graphql",
      ION_PLANT_2_AUTH_SERVER: "env-auth.example",
      ION_PLANT_2_CLIENT_ID: "env-id",
      ION_PLANT_2_CLIENT_SECRET: "env-secret",
    };
    const own = { ION_API_URI: "https://own.example/graphql", ION_CLIENT_ID: "own", ION_CLIENT_SECRET: CANARY };
    expect(read({}, { ...own, ...staging }, "plant-2")).toEqual({
      name: "plant-2",
      endpoint: "https://env.example/graphql",
      authUrl: `https://env-auth.example${TOKEN_PATH}`,
      clientId: "env-id",
      clientSecret: "env-secret",
    });
    expect(() => read({ region: "us" }, own, "plant-2")).toThrow("ION_PLANT_2_CLIENT_ID");
  });

  it.each<[Config, RegExp]>([
    [{}, /^ion-staging:region is not set: run `pulumi config set ion-staging:region us`.* ION_STAGING_API_URI /],
    [{ region: "eu" }, /^ion-staging:region is "eu"/],
    [{ region: "us", stage: "x" }, /^ion-staging:stage is "x"/],
    [{ stage: "x" }, /^ion-staging:stage is set and ion-staging:region is not: .* ion-staging:region us/],
    [{ endpoint: "https://own.example/graphql" }, /^ion-staging:authUrl is not set: .* ION_STAGING_AUTH_SERVER/],
    [{ endpoint: "http://own.example/graphql", authUrl: "own.example" }, /^ion-staging:endpoint has to be an https/],
    [{ region: "us", formerEndpoint: "x" }, /^ion-staging:formerEndpoint is not a URL/],
    [{ region: "us", deadline: "x" }, /^ion-staging:deadline is "x"/],
  ])("is told by its own keys and variables what is wrong with %o", (config, words) => {
    let message = "";
    try {
      read({ ...KEY, ...config }, {}, "staging");
    } catch (error) {
      message = (error as IonError).message;
    }
    expect(message).toMatch(words);
    expect(message).not.toMatch(/\bion:|\bION_(?!STAGING_)/);
  });

  it.each(["staging", "plant-2", "a", "us-east-1"])("may be called %s", (name) => {
    expect(connectionNameProblem(name)).toBeUndefined();
  });

  it.each(["", "Staging", "my staging", "a_b", "2nd", "-a", "a-", "a--b", "a:b", "clientSecret=x", 2, null, {}])(
    "may not be called %j",
    (name) => {
      expect(connectionNameProblem(name)).toMatch(/^has to be a plain name/);
    },
  );

  it("to this machine is a place of its own: two of them are two emulators", () => {
    expect(environmentOf("http://localhost:1/graphql", "staging")).toBe("loopback (staging)");
    expect(environmentOf("https://api.example/graphql", "staging")).toBe("https://api.example/graphql");
  });

  it.each<[Config, NodeJS.ProcessEnv, string | undefined]>([
    [{ region: "us", stage: "staging" }, {}, "https://staging-api.buildwithion.com/graphql"],
    [{}, { ION_STAGING_API_URI: "http://127.0.0.1:1/g" }, "loopback (staging)"],
    [{ region: "eu" }, {}, undefined],
    [{ endpoint: "x" }, {}, undefined],
    [{}, { ION_API_URI: "https://own.example/graphql" }, undefined],
  ])("is known to be at a place without its key: %o %o", (config, env, place) => {
    expect(configuredEnvironment((key) => config[key], env, "staging")).toBe(place);
  });
});

describe("a token endpoint may be given as", () => {
  it.each([
    ["a host", "auth.example", `https://auth.example${TOKEN_PATH}`],
    ["a host with a port", "auth.example:8443", `https://auth.example:8443${TOKEN_PATH}`],
    ["a host with Keycloak's old prefix", "auth.example/auth", `https://auth.example/auth${TOKEN_PATH}`],
    ["an origin", "https://auth.example", `https://auth.example${TOKEN_PATH}`],
    ["an origin with a slash", "https://auth.example/", `https://auth.example${TOKEN_PATH}`],
    ["an origin on this machine", "http://localhost:8787", `http://localhost:8787${TOKEN_PATH}`],
    ["the whole URL", `https://auth.example${TOKEN_PATH}`, `https://auth.example${TOKEN_PATH}`],
    ["an origin with slashes", "https://auth.example//", `https://auth.example${TOKEN_PATH}`],
    ["a host that has a URL in its path", "auth.example/https://x", `https://auth.example/https://x${TOKEN_PATH}`],
    ["a path that only begins with token", "https://a.example/token/x", `https://a.example/token/x${TOKEN_PATH}`],
    ["any URL that ends in token and a slash", "https://a.example/token/", "https://a.example/token/"],
    ["any URL that ends in token", "https://auth.example/oauth2/token", "https://auth.example/oauth2/token"],
  ])("%s", (_what, given, expected) => {
    const endpoint = "https://own.example/graphql";
    expect(resolve({ ...KEY, endpoint, authUrl: given }).authUrl).toBe(expected);
    expect(resolve({ ...KEY, endpoint }, { ION_AUTH_SERVER: given }).authUrl).toBe(expected);
  });
});

describe("what is missing", () => {
  const full: Config = { ...KEY, endpoint: "https://own.example/graphql", authUrl: "https://own.example/token" };
  it.each<[ConfigKey, string]>([
    [
      "endpoint",
      "ion:region is not set: run `pulumi config set ion:region us` (or gov, aus), or set ION_API_URI to ION's GraphQL endpoint",
    ],
    [
      "authUrl",
      "ion:authUrl is not set: run `pulumi config set ion:authUrl <token URL>`, or set ION_AUTH_SERVER to it",
    ],
    ["clientId", "ion:clientId is not set: run `pulumi config set ion:clientId <client id>`, or set ION_CLIENT_ID"],
    [
      "clientSecret",
      "ion:clientSecret is not set: run `pulumi config set --secret ion:clientSecret`, or set ION_CLIENT_SECRET",
    ],
  ])("%s is named with both ways to set it, and nothing else", (key, words) => {
    const { [key]: _removed, ...rest } = full;
    expect(complaints(rest)).toEqual([words]);
  });

  it("is all named at once, and no secret with it", () => {
    expect(complaints({}).map((line) => line.split(" ")[0])).toEqual([
      "ion:region",
      "ion:clientId",
      "ion:clientSecret",
    ]);
    expect(complaints({ clientSecret: CANARY, region: "eu" }).join()).not.toContain(CANARY);
  });
});

describe("an endpoint", () => {
  const https = (key: string) => [`${key} has to be an https:// URL: a key and secrets travel over it`];
  const inIt = (key: string) => [`${key} has a user name or password in it: take that out of the URL`];
  it.each<[string, Config, string[]]>([
    ["over plain http", { endpoint: "http://own.example/graphql" }, https("ion:endpoint")],
    ["for tokens over plain http", { authUrl: "http://own.example/token" }, https("ion:authUrl")],
    ["that only looks like this machine", { endpoint: "http://127.0.0.1.example/graphql" }, https("ion:endpoint")],
    ["that only begins like this machine", { endpoint: "http://localhost.example/graphql" }, https("ion:endpoint")],
    ["over another protocol", { endpoint: "ftp://own.example/graphql" }, https("ion:endpoint")],
    ["over another protocol on this machine", { endpoint: "ftp://localhost/graphql" }, https("ion:endpoint")],
    ["with a user name in it", { endpoint: "https://me@own.example/graphql" }, inIt("ion:endpoint")],
    ["with a password in it", { authUrl: "https://:canary@own.example/token" }, inIt("ion:authUrl")],
    ["that is no URL", { endpoint: "own.example/graphql" }, ["ion:endpoint is not a URL"]],
    ["for tokens that is no URL", { authUrl: "no host" }, ["ion:authUrl is not a URL"]],
  ])("%s is refused", (_what, config, words) => {
    const full = { ...KEY, endpoint: "https://own.example/graphql", authUrl: "https://own.example/token" };
    expect(complaints({ ...full, ...config })).toEqual(words);
  });

  it.each([
    "http://localhost:1/graphql",
    "http://ion.localhost/graphql",
    "http://127.0.0.2/graphql",
    "http://[::1]:1/g",
  ])("on this machine may be plain: %s", (endpoint) => {
    expect(resolve({ ...KEY, endpoint, authUrl: "http://localhost/token" }).endpoint).toBe(endpoint);
  });
});

it("what is settled holds what was set, and nothing that was not", () => {
  const own = { ...KEY, endpoint: "https://own.example/graphql", authUrl: "https://own.example/token" };
  expect(resolve(own)).toStrictEqual(own);
  const all = { ...own, formerEndpoint: "https://old.example/graphql" };
  expect(resolve({ ...all, deadline: "2" })).toStrictEqual({ ...all, deadlineMs: 2000 });
  const read = (key: ConfigKey) => ({ ...all, region: undefined, stage: undefined, deadline: undefined })[key];
  expect(resolveSettings(read, {}, "staging")).toStrictEqual({ ...all, name: "staging" });
});

describe("a deadline", () => {
  const full: Config = { ...KEY, endpoint: "https://own.example/graphql", authUrl: "https://own.example/token" };
  it("is a number of seconds", () => {
    expect(resolve({ ...full, deadline: "90" }).deadlineMs).toBe(90_000);
    expect(resolve(full).deadlineMs).toBeUndefined();
  });

  it.each(["soon", "0", "-1", "2m"])("of %s is refused", (deadline) => {
    expect(complaints({ ...full, deadline })).toEqual([
      `ion:deadline is "${deadline}": it has to be a number of seconds`,
    ]);
  });
});

describe("a place", () => {
  it.each([
    ["http://127.0.0.1:4000/graphql", "loopback"],
    ["http://localhost:5000/graphql", "loopback"],
    ["https://[::1]/graphql", "loopback"],
    ["http://127.10.20.130:1/graphql", "loopback"],
    ["http://ION.localhost/graphql", "loopback"],
    ["https://notlocalhost/graphql", "https://notlocalhost/graphql"],
    ["https://localhost.example/graphql", "https://localhost.example/graphql"],
    ["https://127.0.0.1.example/graphql", "https://127.0.0.1.example/graphql"],
    ["https://api.example/a/b//", "https://api.example/a/b"],
    ["https://API.BuildWithIon.com/graphql/", "https://api.buildwithion.com/graphql"],
    ["https://api.buildwithion.com:443/graphql?x=1#y", "https://api.buildwithion.com/graphql"],
    ["https://user:pass@api.example/graphql", "https://api.example/graphql"],
    ["https://api.example:8443/graphql", "https://api.example:8443/graphql"],
  ])("of %s is %s", (endpoint, place) => {
    expect(environmentOf(endpoint)).toBe(place);
  });
});
