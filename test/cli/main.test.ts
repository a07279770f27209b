import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guarded } from "../../provider/cli/options.ts";
import { findSettings, sourcesOf } from "../../provider/cli/settings.ts";
import { resourcesOf } from "../../provider/cli/stack.ts";
import type { Terminal } from "../../provider/cli/terminal.ts";
import { type ConfigKey, resolveSettings } from "../../provider/ion/connectionSettings.ts";
import { failureOf } from "../support/support.ts";
import { cli, folder } from "./run.ts";

const COMMANDS = ["status", "drift", "export", "listen"];

describe("pulumi-ion", () => {
  it.each(COMMANDS)("%s --help says what it does, how it ends, and shows examples", async (command) => {
    const { code, out } = await cli([command, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: pulumi-ion ${command} [options]`);
    expect(out).toMatch(/^Exit codes: 0 .*, 1 /m);
    expect(out).toMatch(new RegExp(`^Examples:\n {2}(\\S+=\\S+ )?pulumi-ion ${command}`, "m"));
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(120);
  });

  it("--help lists the commands, where settings come from, and exit codes", async () => {
    const { code, out } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const words of [...COMMANDS, "ION_API_URI", "Exit codes:"]) expect(out).toContain(words);
  });

  it.each([
    [["--version"], 0, "1.2.3", ""],
    [["help", "drift"], 0, "Usage: pulumi-ion drift", ""],
    [[], 1, "", "Usage: pulumi-ion"],
    [["statsu"], 1, "", "unknown command 'statsu'"],
    [["status", "--jsn"], 1, "", "unknown option '--jsn'"],
    [["status", "more"], 1, "", "too many arguments"],
    [["listen", "--port", "70000"], 1, "", "It must be a whole number from 0 to 65535."],
    [["export", "--receiver"], 1, "", "argument missing"],
    [["status", "--connection", "Plant B"], 1, "", "It has to be a plain name of small letters"],
    [["status", "--connection", "plant-b"], 1, "", "ION_PLANT_B_API_URI"],
    [["drift", "--compare", "one"], 1, "", "names of two stacks"],
    [["drift", "--compare", "a", "a"], 1, "", "names of two stacks"],
    [["drift", "--no-stack"], 1, "", "Drift is a difference from what a stack declares"],
    [["drift"], 1, "", "name that with --cwd"],
    [["drift", "--stack", "dev"], 1, "", "There is no Pulumi.yaml in"],
  ])("%j ends with %i", async (args, code, out, err) => {
    const ran = await cli(args, { cwd: await folder() });
    expect(ran.code).toBe(code);
    expect(ran.out).toContain(out);
    expect(ran.err).toContain(err);
    expect(ran.out === "").toBe(out === "");
  });

  it("shows no stack, whatever fails, and not what the error says: that may repeat a secret", async () => {
    const err: string[] = [];
    const fails = async () => JSON.parse("canary-not-json") as number;
    expect(await guarded(fails, {}, { err: (text: string) => void err.push(text) } as Terminal)).toBe(1);
    expect(err).toEqual([
      expect.stringMatching(
        /^pulumi-ion: it failed in a way that it should not \(SyntaxError at [\w.]+:\d+\)\. Please report this\.$/,
      ),
    ]);
    expect(err.join()).not.toContain("canary");
  });

  it("annotates a failure for GitHub", async () => {
    const { code, out } = await cli(["drift", "--github"], { cwd: await folder() });
    expect(code).toBe(1);
    expect(out).toMatch(/^::error title=ION webhooks::Drift is a difference/);
  });
});

describe("settings", () => {
  const settingsOf = async (env: NodeJS.ProcessEnv, project = false) => {
    const cwd = await folder();
    if (project) await writeFile(join(cwd, "Pulumi.yaml"), "name: x\nruntime: nodejs\n");
    await mkdir(join(cwd, "inner"));
    return findSettings({}, { cwd: join(cwd, "inner"), env } as Terminal);
  };

  it("are the environment's where there is no project, each with its source and without its value", async () => {
    const env = { ION_API_URI: "https://api.ion-gov.com/graphql", ION_CLIENT_ID: "id", ION_CLIENT_SECRET: "canary" };
    const { stack, sources } = await settingsOf(env);
    expect(stack).toBeUndefined();
    expect(sources).toEqual([
      { name: "ION_API_URI", from: "the environment" },
      { name: "ION_CLIENT_ID", from: "the environment" },
      { name: "ION_CLIENT_SECRET", from: "the environment" },
    ]);
  });

  const ENV = {
    ION_API_URI: "https://a.example",
    ION_AUTH_SERVER: "b.example",
    ION_CLIENT_ID: "c",
    ION_CLIENT_SECRET: "d",
  };
  it.each([
    [{}, ["ION_API_URI", "ION_AUTH_SERVER", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]],
    [{ region: "us" }, ["ion:region", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]],
    [
      { region: "us", stage: "staging", clientId: "x" },
      ["ion:region", "ion:stage", "ion:clientId", "ION_CLIENT_SECRET"],
    ],
    [{ endpoint: "https://x.example" }, ["ion:endpoint", "ION_AUTH_SERVER", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]],
    [
      { endpoint: "https://x.example", region: "us" },
      ["ion:endpoint", "ION_AUTH_SERVER", "ION_CLIENT_ID", "ION_CLIENT_SECRET"],
    ],
    [{ endpoint: "https://api.ion-gov.com/graphql" }, ["ion:endpoint", "ION_CLIENT_ID", "ION_CLIENT_SECRET"]],
    [
      { endpoint: "https://x.example", authUrl: "y" },
      ["ion:endpoint", "ion:authUrl", "ION_CLIENT_ID", "ION_CLIENT_SECRET"],
    ],
  ] as const)("of a stack with %j count in this order: %j", (config, names) => {
    const read = (key: ConfigKey) => (config as Partial<Record<ConfigKey, string>>)[key];
    const sources = sourcesOf(read, ENV, "dev");
    expect(sources.map(({ name }) => name)).toEqual(names);
    for (const { name, from } of sources) expect(from).toBe(name.startsWith("ion:") ? "stack dev" : "the environment");
    // What is named is what was taken, and nothing else: without it, the connection is another.
    const { endpoint, authUrl } = resolveSettings(read, ENV);
    expect(endpoint === ENV.ION_API_URI).toBe((names as readonly string[]).includes("ION_API_URI"));
    expect(authUrl.includes(ENV.ION_AUTH_SERVER)).toBe((names as readonly string[]).includes("ION_AUTH_SERVER"));
  });

  it("of a connection are its own, and never the stack's", () => {
    const env = { ...ENV, ION_PLANT_B_CLIENT_ID: "c", ION_PLANT_B_API_URI: "https://b.example" };
    const read = (key: ConfigKey) => (key === "region" ? "us" : undefined);
    expect(sourcesOf(read, env, "dev", "plant-b")).toEqual([
      { name: "ion-plant-b:region", from: "stack dev" },
      { name: "ION_PLANT_B_CLIENT_ID", from: "the environment" },
    ]);
  });

  it("ask for pulumi where there is a project, also above the folder, and none to ask", async () => {
    const { kind, message } = await failureOf(settingsOf({ PATH: "" }, true));
    expect(kind).toBe("config");
    expect(message).toMatch(/^The command `pulumi` is not there.*npm install --save-dev pulumi.*--no-stack/);
  });
});

describe("a stack's state", () => {
  it("is read with secrets in plain, at any depth, and without what only waits to be deleted", () => {
    const secret = (value: unknown) => ({
      "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
      plaintext: JSON.stringify(value),
    });
    const resources = [
      {
        urn: "a",
        type: "t",
        custom: true,
        inputs: { headers: secret({ a: "b" }) },
        outputs: { list: [{ x: secret("y") }] },
      },
      { urn: "b", type: "t", id: "7", delete: true, outputs: {} },
    ];
    expect(resourcesOf(JSON.stringify({ version: 3, deployment: { resources } }))).toEqual([
      { urn: "a", type: "t", id: "", inputs: { headers: { a: "b" } }, outputs: { list: [{ x: "y" }] } },
    ]);
  });

  it("is read as it stands, where it only looks like a secret, or is none", () => {
    const inputs = {
      none: null,
      off: false,
      masked: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" },
      named: { plaintext: '"x"' },
    };
    const state = { deployment: { resources: [{ urn: "a", type: "t", id: "7", delete: false, inputs }] } };
    expect(resourcesOf(JSON.stringify(state))).toEqual([{ urn: "a", type: "t", id: "7", inputs, outputs: {} }]);
    expect(resourcesOf('{"deployment":{}}')).toEqual([]);
  });

  it.each(["", "{}", '{"deployment":{"resources":[{"canary":1}]}}'])(
    "that is %j is refused without a word of it",
    (json) => {
      expect(() => resourcesOf(json)).toThrow(/^`pulumi` shows the stack's state in a form that is not as expected\.$/);
    },
  );
});
