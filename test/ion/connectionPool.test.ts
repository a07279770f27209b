import { expect, it } from "vitest";
import { ConnectionPool } from "../../provider/ion/connectionPool.ts";
import { settingNames } from "../../provider/ion/connectionSettings.ts";

const KEY = { endpoint: "https://a.example/graphql", authUrl: "https://a.example", clientId: "id", clientSecret: "s" };

/** The IONs that stack config names, and what is told of them. */
function connectionsTo(config: Record<string, Record<string, string>>) {
  const told: string[] = [];
  const values = Object.entries(config).flatMap(([name, settings]) =>
    Object.entries(settings).map(([key, value]) => [`${name}:${key}`, value]),
  );
  const read: Record<string, string> = Object.fromEntries(values);
  const connections = new ConnectionPool((key) => read[key], {}, { warn: (words) => told.push(words) });
  return { connections, told, read };
}

it("an ION is one, whatever names it; another key or place is another", () => {
  const { connections } = connectionsTo({
    ion: KEY,
    "ion-same": KEY,
    "ion-key": { ...KEY, clientId: "other" },
    "ion-place": { ...KEY, endpoint: "https://b.example/graphql" },
  });
  const own = connections.get();
  expect(connections.get()).toBe(own);
  expect(connections.get("same")).toBe(own);
  expect(connections.get("key")).not.toBe(own);
  expect(connections.get("key")).toBe(connections.get("key"));
  expect(connections.get("place")).not.toBe(own);
});

it("a connection stays what it was found to be", () => {
  const { connections, read } = connectionsTo({ ion: KEY });
  const own = connections.get();
  read[settingNames().key("clientId")] = "other";
  expect(connections.get()).toBe(own);
});

it("what is told of an ION says which it is, but for the stack's own", () => {
  const { connections, told } = connectionsTo({ ion: KEY, "ion-staging": { ...KEY, clientId: "other" } });
  connections.get().warn("One.");
  connections.get("staging").warn("Two.");
  expect(told).toEqual(["One.", 'connection "staging": Two.']);
});
