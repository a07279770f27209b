import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findSettings } from "../../provider/src/cli/settings.ts";
import type { Terminal } from "../../provider/src/cli/terminal.ts";
import { type ConfigKey, readSettings } from "../../provider/src/ion/connectionSettings.ts";
import { failureOf } from "../support/support.ts";
import { folder } from "./run.ts";

it("settings are the environment's outside a project, each with its origin and without its value", async () => {
  const env = { ION_API_URI: "https://api.ion-gov.com/graphql", ION_CLIENT_ID: "id", ION_CLIENT_SECRET: "canary" };
  const { stack, used, problems } = await findSettings({}, { cwd: await folder(), env } as unknown as Terminal);
  expect({ stack, problems }).toEqual({ stack: undefined, problems: [] });
  expect(used).toEqual([
    { key: "endpoint", name: "ION_API_URI", origin: "environment" },
    { key: "clientId", name: "ION_CLIENT_ID", origin: "environment" },
    { key: "clientSecret", name: "ION_CLIENT_SECRET", origin: "environment" },
  ]);
});

it("settings come from Pulumi in every folder of a project", async () => {
  const cwd = await folder();
  await writeFile(join(cwd, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
  await mkdir(join(cwd, "inner"));
  const terminal = { cwd: join(cwd, "inner"), env: { PATH: "" } } as unknown as Terminal;
  expect((await failureOf(findSettings({}, terminal))).summary).toContain("`pulumi` was not found");
});

describe("the settings in use", () => {
  const ENV = {
    ION_API_URI: "https://a.example/graphql",
    ION_AUTH_SERVER: "b.example",
    ION_CLIENT_ID: "c",
    ION_CLIENT_SECRET: "d",
  };
  const KEY = ["ION_CLIENT_ID", "ION_CLIENT_SECRET"];

  it.each([
    [{}, ["ION_API_URI", "ION_AUTH_SERVER", ...KEY]],
    [{ region: "us" }, ["ion:region", ...KEY]],
    [
      { region: "us", stage: "staging", clientId: "x" },
      ["ion:region", "ion:stage", "ion:clientId", "ION_CLIENT_SECRET"],
    ],
    [{ endpoint: "https://x.example/graphql" }, ["ion:endpoint", "ION_AUTH_SERVER", ...KEY]],
    [{ endpoint: "https://api.ion-gov.com/graphql" }, ["ion:endpoint", ...KEY]],
    [{ endpoint: "https://x.example/graphql", authUrl: "y" }, ["ion:endpoint", "ion:authUrl", ...KEY]],
  ])("with the config %j are %j", (config, names) => {
    const { settings, used } = readSettings((key: ConfigKey) => (config as Record<string, string>)[key], ENV);
    expect(used.map(({ name }) => name)).toEqual(names);
    for (const { name, origin } of used) expect(origin).toBe(name.startsWith("ion:") ? "config" : "environment");
    // What is listed is what is used.
    expect(settings?.endpoint === ENV.ION_API_URI).toBe(names.includes("ION_API_URI"));
    expect(settings?.authUrl.includes(ENV.ION_AUTH_SERVER)).toBe(names.includes("ION_AUTH_SERVER"));
  });

  it("of a connection are its own", () => {
    const env = { ...ENV, ION_PLANT_B_CLIENT_ID: "c", ION_PLANT_B_API_URI: "https://b.example" };
    const { used } = readSettings((key) => (key === "region" ? "us" : undefined), env, "plant-b");
    expect(used.map(({ name }) => name)).toEqual(["ion-plant-b:region", "ION_PLANT_B_CLIENT_ID"]);
  });
});
