import { expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { ConnectionPool } from "../../provider/src/ion/connectionPool.ts";
import { settingNames } from "../../provider/src/ion/connectionSettings.ts";
import { configOf, failureOf, start } from "../support/support.ts";

const KEY = { endpoint: "https://a.example/graphql", authUrl: "https://a.example", clientId: "id", clientSecret: "s" };

/** The settings of a connection as stack config. */
const inNamespace = (namespace: string, settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${namespace}:${key}`, value]));

/** The connections of a stack, and the warnings that they print. */
function poolFor(config: Record<string, string>) {
  const warnings: string[] = [];
  return {
    pool: new ConnectionPool((key) => config[key], {}, { warn: (message) => warnings.push(message) }),
    warnings,
  };
}

it("shares one API among all names of the same environment and key", () => {
  const { pool } = poolFor({
    ...inNamespace("ion", KEY),
    ...inNamespace("ion-same", KEY),
    ...inNamespace("ion-key", { ...KEY, clientId: "other" }),
    ...inNamespace("ion-other", { ...KEY, endpoint: "https://b.example/graphql" }),
  });
  const api = pool.get();
  expect(pool.get()).toBe(api);
  expect(pool.get("same")).toBe(api);
  expect(pool.get("key")).not.toBe(api);
  expect(pool.get("key")).toBe(pool.get("key"));
  expect(pool.get("other")).not.toBe(api);
});

it("reads the settings of a connection once", () => {
  const config = inNamespace("ion", KEY);
  const { pool } = poolFor(config);
  const api = pool.get();
  config[settingNames().key("clientId")] = "other";
  expect(pool.get()).toBe(api);
});

it("lists what is missing in the settings of a connection by its own names", async () => {
  const { pool } = poolFor(inNamespace("ion", KEY));
  const { kind, message } = await failureOf((async () => pool.get("staging"))());
  expect(kind).toBe("config");
  expect(message).toContain("ion-staging:region");
});

it("spells settings as the provider or the connection that they belong to", () => {
  const read = () => undefined;
  const spelled = [new ConnectionPool(read, {}, {}), new ConnectionPool(read, {}, {}, "plant")].map((pool) =>
    [undefined, "staging"].map((name) => pool.names(name).key("region")),
  );
  expect(spelled).toEqual([
    ["ion:region", "ion-staging:region"],
    ['region of provider "plant"', "ion-staging:region"],
  ]);
});

it("names the connection in its warnings, except the default connection", async () => {
  const emulators = await Promise.all([1, 2].map(() => start({ hide: ["WebhookReceiver.active"] })));
  const [own, staging] = emulators as [Emulator, Emulator];
  const { pool, warnings } = poolFor({ ...configOf(own), ...configOf(staging, "ion-staging") });
  await pool.get().receivers();
  await pool.get("staging").receivers();
  const [first = "", second] = warnings;
  expect(first).toMatch(/^ION's schema lacks WebhookReceiver\.active/);
  expect(second).toBe(`connection "staging": ${first}`);
  expect(warnings).toHaveLength(2);
});
