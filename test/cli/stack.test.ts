/** What the commands ask `pulumi` for, and what they make of what it says. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { start } from "../support/support.ts";
import { declare } from "./declare.ts";
import { cli, folder } from "./run.ts";
import { projectAsking, projectWith } from "./stack.ts";

const VIOLET = { name: "Violet", webhookUri: "https://violet.example/canary", sharedSecret: "canary" };
const ERP = { name: "ERP", webhookUri: "https://erp.example/canary" };

/** A project whose stack "dev" declares Violet with two pairs, and, over the connection "plant-b", ERP with one. */
async function project() {
  const [emulator, there] = [await start(), await start()];
  const declared = await declare(emulator, [{ inputs: VIOLET, pairs: ["PARTS UPDATE", "RUNS UPDATE"] }]);
  const other = {
    connection: "plant-b",
    emulator: there,
    declared: await declare(there, [{ inputs: ERP, pairs: [] }]),
  };
  const place = await projectWith({ dev: { emulator, declared, other } });
  return { emulator, there, place, cwd: String(place.cwd) };
}

interface State {
  readonly deployment: { resources: { type: string; urn: string; outputs: Record<string, unknown> }[] };
}

/** Changes a file that a stack is kept in. */
async function change<T>(cwd: string, file: "dev.config.json" | "dev.state.json", by: (kept: T) => T) {
  const path = join(cwd, file);
  await writeFile(path, JSON.stringify(by(JSON.parse(await readFile(path, "utf8")))));
}

/** Changes what the stack's last `up` left of its resources. */
const changeState = (cwd: string, by: (resources: State["deployment"]["resources"]) => unknown[]) =>
  change<State>(cwd, "dev.state.json", ({ deployment }) => ({
    deployment: { resources: by(deployment.resources) as State["deployment"]["resources"] },
  }));

/** A project in which `pulumi` is this shell script. */
const withPulumi = (script: string) => projectAsking(`#!/bin/sh\n${script}\n`);

describe("pulumi is asked", () => {
  it("to show the stack, and for nothing else", async () => {
    const { cwd, place } = await project();
    const bin = join(cwd, "node_modules/.bin");
    await rename(join(bin, "pulumi"), join(bin, "shows"));
    const script = `#!/bin/sh\necho "$PULUMI_SKIP_UPDATE_CHECK $PWD $*" >> asked\nexec "$(dirname "$0")/shows" "$@"\n`;
    await writeFile(join(bin, "pulumi"), script, { mode: 0o755 });
    expect((await cli(["drift"], place)).code).toBe(0);
    expect((await cli(["drift", "--stack", "dev"], place)).code).toBe(0);
    const asked = (await readFile(join(cwd, "asked"), "utf8")).replaceAll(/ \S*pulumi-ion-cli-\S+ /g, " <folder> ");
    expect(asked).toMatchInlineSnapshot(`
      "true <folder> stack --show-name --color=never --non-interactive
      true <folder> config --json --show-secrets --stack=dev --color=never --non-interactive
      true <folder> stack export --show-secrets --stack=dev --color=never --non-interactive
      true <folder> config --json --show-secrets --stack=dev --color=never --non-interactive
      true <folder> stack export --show-secrets --stack=dev --color=never --non-interactive
      "
    `);
  });

  it.each(["Pulumi.yml", "Pulumi.json"])("where the project is a %s, too", async (file) => {
    const { cwd, place } = await project();
    await rename(join(cwd, "Pulumi.yaml"), join(cwd, file));
    expect((await cli(["drift"], place)).out).toContain("No drift.");
  });

  it("in the folder of --cwd, with the pulumi of a folder above it", async () => {
    const { cwd, place } = await project();
    await mkdir(join(cwd, "inner/node_modules"), { recursive: true });
    for (const file of ["dev.config.json", "dev.state.json"]) await rename(join(cwd, file), join(cwd, "inner", file));
    expect((await cli(["drift", "--cwd", "inner"], place)).out).toContain("No drift.");
  });

  it("as it is on the PATH, where the project has none of its own", async () => {
    const { cwd, place } = await project();
    await rename(join(cwd, "node_modules/.bin"), join(cwd, "bin"));
    const PATH = `${join(cwd, "bin")}:${process.env.PATH}`;
    expect((await cli(["drift"], { ...place, env: { PATH } })).out).toContain("No drift.");
  });

  it("not with --no-stack, nor for a folder that is not there", async () => {
    const { code, err } = await cli(["status", "--no-stack"], await withPulumi("exit 255"));
    expect(code).toBe(1);
    expect(err).toContain("ION_API_URI");
    const { cwd } = await project();
    expect((await cli(["status", "--cwd", "gone"], { cwd })).err).toBe(
      `pulumi-ion: There is no folder ${join(cwd, "gone")}.`,
    );
  });
});

describe("where pulumi does not show the stack, what to do is said:", () => {
  const first = "`pulumi` did not show the stack: ";
  it.each([
    ["error: no stack named 'dev' found", `${first}no stack named 'dev' found. To go on: see \`pulumi stack ls\`.`],
    [
      "error: no stack selected; please use `pulumi stack select`",
      `${first}no stack selected; please use \`pulumi stack select\`. To go on: name one with --stack, choose one with \`pulumi stack select\`, or use environment variables alone with --no-stack.`,
    ],
    [
      "warning: x\\nerror: incorrect passphrase.\\nerror: another",
      `${first}incorrect passphrase. To go on: it is the passphrase that the stack was made with.`,
    ],
    [
      "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
      `${first}PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions. To go on: log in with \`pulumi login\`, as for \`pulumi up\`.`,
    ],
    [
      "error: you must be logged in",
      `${first}you must be logged in. To go on: log in with \`pulumi login\`, as for \`pulumi up\`.`,
    ],
    [
      "error: run pulumi login",
      `${first}run pulumi login. To go on: log in with \`pulumi login\`, as for \`pulumi up\`.`,
    ],
    ["error: the disk is full", `${first}the disk is full.`],
    ["canary is said in another way: error: canary", `${first}it says nothing.`],
  ])("%s", async (said, words) => {
    const place = await withPulumi(`printf "%b\\n" "${said.replaceAll("`", "\\`")}" >&2; exit 255`);
    expect(await cli(["drift"], place)).toEqual({ code: 1, out: "", err: `pulumi-ion: ${words}` });
  });

  it("there is none", async () => {
    const { cwd, place } = await project();
    await rm(join(cwd, "node_modules"), { recursive: true });
    expect(await cli(["drift"], { ...place, env: {} })).toEqual({
      code: 1,
      out: "",
      err: "pulumi-ion: The command `pulumi` is not there, and the stack is read through it: install it (`npm install --save-dev pulumi`), or use environment variables alone with --no-stack.",
    });
  });

  it.each([
    ["config", "dev.config.json"],
    ["state", "dev.state.json"],
  ])("its %s is in another form", async (what, file) => {
    const { cwd, place } = await project();
    await writeFile(join(cwd, file), '{"canary": 7}');
    const { code, out } = await cli(["drift", "--json"], place);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: {
        kind: "unexpectedAnswer",
        message: `\`pulumi\` shows the stack's ${what} in a form that is not as expected.`,
      },
    });
  });

  it("there is no project, and a stack is named", async () => {
    const cwd = await folder();
    expect((await cli(["status", "--stack", "dev"], { cwd })).err).toBe(
      `pulumi-ion: There is no Pulumi.yaml in ${cwd} or above it, so there is no stack dev: name the project's folder with --cwd.`,
    );
    expect((await cli(["drift", "--compare", "a", "b"], { cwd })).err).toMatch(/There is no Pulumi\.yaml in/);
  });
});

describe("of what a stack declares", () => {
  it("the stack's own ION comes first, whatever the order of its state", async () => {
    const { cwd, place } = await project();
    await changeState(cwd, (resources) => resources.reverse());
    const { out } = await cli(["drift"], place);
    expect(out.replaceAll(/:\d+/g, ":<port>")).toBe(
      "ION at 127.0.0.1:<port> (stack dev), 1 receiver and 2 subscriptions declared; ION at 127.0.0.1:<port> (stack dev, connection plant-b), 1 receiver and 0 subscriptions declared. No drift.",
    );
  });

  it("status shows one ION, and says where there is more", async () => {
    const { place } = await project();
    const own = await cli(["status"], { ...place, colours: true });
    expect(own.out).toContain('"Violet" (id 1): <green>active</green>');
    expect(own.out).not.toContain("not declared in this stack");
    expect(own.out.split("\n").at(-1)).toBe(
      "<yellow> i</yellow>  Stack dev declares more in another ION: see it with --connection plant-b.",
    );
    const other = await cli(["status", "--connection", "plant-b"], place);
    expect(other.out).toMatch(/^ION at 127\.0\.0\.1:\d+ \(stack dev, connection plant-b\): 1 receiver\n/);
    expect(other.out).toContain('"ERP" (id 1): active');
    expect(other.out.split("\n").at(-1)).toBe(
      " i  Stack dev declares more in another ION: see it without --connection.",
    );
  });

  it("what other packages and the program's own classes declare counts for nothing", async () => {
    const { cwd, place } = await project();
    const outputs = { connection: "theirs" };
    await changeState(cwd, (resources) => [
      ...resources,
      { urn: "urn:pulumi:a::b::pulumi-nodejs:dynamic/mine:X::x", type: "pulumi-nodejs:dynamic/mine:X", outputs },
      { urn: "urn:pulumi:a::b::ion:VioletWebhooks::y", type: "ion:VioletWebhooks", outputs },
    ]);
    expect((await cli(["drift"], place)).out).toContain("No drift.");
    expect((await cli(["status"], place)).out).not.toContain("theirs");
  });

  it("what nobody looks for is no drift", async () => {
    const { cwd, emulator, place } = await project();
    emulator.store.createSubscription({ receiverId: "1", resource: "PLANS", action: "DELETE" });
    expect((await cli(["drift"], place)).code).toBe(2);
    await changeState(cwd, (resources) => resources.filter(({ type }) => !type.endsWith("UnmanagedSubscriptions")));
    const { code, out } = await cli(["drift"], place);
    expect(code).toBe(0);
    expect(out).toContain("which nobody declared (the program does not look for others on this receiver).");
  });

  it.each(["WebhookReceiver", "WebhookSubscription"])("a %s that lives in another ION proves nothing", async (type) => {
    const { cwd, place } = await project();
    await changeState(cwd, (resources) =>
      resources.map((one) => {
        if (!one.type.endsWith(`:${type}`) || one.outputs.connection !== undefined) return one;
        return { ...one, outputs: { ...one.outputs, ionEndpoint: "https://api.ion-gov.com/graphql" } };
      }),
    );
    const name = type === "WebhookReceiver" ? "Violet" : "Violet-PARTS-UPDATE";
    for (const command of ["drift", "status"]) {
      expect(await cli([command], place)).toEqual({
        code: 1,
        out: "",
        err: `pulumi-ion: "${name}" lives in the ION at https://api.ion-gov.com/graphql, and the settings now name the ION at loopback: comparing the two would prove nothing. Check which stack is meant, and ion:endpoint, ion:region, ion:stage or ION_API_URI.`,
      });
    }
  });

  it("what another version wrote is not guessed at", async () => {
    const { cwd, place } = await project();
    await changeState(cwd, (resources) => resources.map((one) => ({ ...one, outputs: { name: 7, canary: "canary" } })));
    const { code, out } = await cli(["drift", "--json"], place);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      error: {
        kind: "unexpectedAnswer",
        message: 'The state of "Violet" is not what this version of pulumi-ion writes: run `pulumi up` and try again.',
      },
    });
  });

  it("nothing is no green check", async () => {
    const { cwd, place } = await project();
    const words = (over: string) =>
      `pulumi-ion: Stack dev has no webhook receiver and no subscription${over}: run \`pulumi up\` first, or name another stack with --stack.`;
    expect(await cli(["drift", "--connection", "plant-c"], place)).toEqual({
      code: 1,
      out: "",
      err: words(" over connection plant-c"),
    });
    await changeState(cwd, (resources) => resources.filter(({ type }) => type.endsWith("UnmanagedSubscriptions")));
    expect((await cli(["drift"], place)).err).toBe(words(""));
    await writeFile(join(cwd, "dev.state.json"), '{"deployment": {}}');
    expect((await cli(["drift"], place)).err).toBe(words(""));
  });

  it("status shows what it has, where that is nothing, as not declared", async () => {
    const { cwd, place } = await project();
    await writeFile(join(cwd, "dev.state.json"), '{"deployment": {}}');
    expect((await cli(["status"], place)).out).toMatch(/"Violet" \(id 1\): .*; not declared in this stack$/m);
  });
});

it("a stack's settings count as they are trimmed, and an empty one as none", async () => {
  const { cwd, emulator, place } = await project();
  await change<Record<string, { value?: string }>>(cwd, "dev.config.json", (config) => ({
    ...Object.fromEntries(Object.entries(config).map(([key, { value }]) => [key, { value: ` ${value}\n` }])),
    "ion:clientId": { value: " " },
    "ion:stage": {},
  }));
  const { code, err } = await cli(["status"], place);
  expect(code).toBe(1);
  expect(err).toContain("ion:clientId is not set");
  const env = { ...place.env, ION_CLIENT_ID: emulator.clientId };
  const { out } = await cli(["doctor"], { ...place, env, columns: 2000 });
  expect(out.split("\n")[0]).toBe(
    "✓ Settings: ion:endpoint, ion:authUrl, ion:clientSecret from stack dev; ION_CLIENT_ID from the environment.",
  );
  expect((await cli(["status"], { ...place, env })).code).toBe(0);
});
