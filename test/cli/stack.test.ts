/** How commands read a stack through `pulumi`, which a shell script imitates. */
import { chown, lchown, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { resourcesOf } from "../../provider/src/cli/stack.ts";
import { countOf, start, withoutPort } from "../support/support.ts";
import { declare } from "./declare.ts";
import { cli, folder } from "./run.ts";
import { projectRunning, projectWith } from "./stack.ts";

const VIOLET = { name: "Violet", webhookUri: "https://violet.example/canary", sharedSecret: "canary" };
const ERP = { name: "ERP", webhookUri: "https://erp.example/canary" };

/** A project whose stack "dev" declares Violet with two events, and ERP for the connection "plant-b". */
async function project() {
  const [emulator, plant] = [await start(), await start()];
  const declarations = await declare(emulator, [{ inputs: VIOLET, events: ["PARTS UPDATE", "RUNS UPDATE"] }]);
  const erp = await declare(plant, [{ inputs: ERP, events: [] }]);
  const other = { connection: "plant-b", emulator: plant, declarations: erp };
  const place = await projectWith({ dev: { emulator, declarations, other } });
  return { emulator, place, cwd: place.cwd };
}

type Resource = { type: string; urn: string; outputs: Record<string, unknown> };

/** Edits a JSON file of the project. */
async function edit<T>(cwd: string, file: "dev.config.json" | "dev.state.json", change: (content: T) => T) {
  const path = join(cwd, file);
  await writeFile(path, JSON.stringify(change(JSON.parse(await readFile(path, "utf8")))));
}

/** Edits the resources in the stack's state. */
const editState = (cwd: string, change: (resources: Resource[]) => unknown[]) =>
  edit<{ deployment: { resources: unknown[] } }>(cwd, "dev.state.json", ({ deployment }) => ({
    deployment: { resources: change(deployment.resources as Resource[]) },
  }));

it("drift reads ION once for each environment", async () => {
  const { emulator, place } = await project();
  emulator.requests.length = 0;
  expect((await cli(["drift"], place)).code).toBe(0);
  expect(countOf(emulator, "query")).toBe(1);
});

describe("pulumi", () => {
  it("only shows the stack, and never selects one", async () => {
    const { cwd, place } = await project();
    const bin = join(cwd, "node_modules/.bin");
    await rename(join(bin, "pulumi"), join(bin, "original"));
    const script = `#!/bin/sh\necho "$PULUMI_SKIP_UPDATE_CHECK $*" >> calls\nexec "$(dirname "$0")/original" "$@"\n`;
    await writeFile(join(bin, "pulumi"), script, { mode: 0o755 });
    expect((await cli(["drift"], place)).code).toBe(0);
    expect((await cli(["drift", "--stack", "dev"], place)).code).toBe(0);
    expect(await readFile(join(cwd, "calls"), "utf8")).toMatchInlineSnapshot(`
      "true stack ls --json --non-interactive
      true config --show-secrets --json --stack dev --non-interactive
      true stack export --show-secrets --stack dev --non-interactive
      true config --show-secrets --json --stack dev --non-interactive
      true stack export --show-secrets --stack dev --non-interactive
      "
    `);
  });

  it.each(["Pulumi.yml", "Pulumi.json"])("is also used if the project file is %s", async (file) => {
    const { cwd, place } = await project();
    await rename(join(cwd, "Pulumi.yaml"), join(cwd, file));
    expect((await cli(["drift"], place)).out).toContain("No drift.");
  });

  it("runs in the folder of --cwd, and is the project's own", async () => {
    const { cwd, place } = await project();
    await mkdir(join(cwd, "inner"));
    for (const file of ["dev.config.json", "dev.state.json"]) await rename(join(cwd, file), join(cwd, "inner", file));
    expect((await cli(["drift", "--cwd", "inner"], place)).out).toContain("No drift.");
  });

  it("is the one on the PATH if the project has none, and never another folder's", async () => {
    const { cwd, place } = await project();
    const inner = join(cwd, "inner");
    await mkdir(inner);
    for (const file of ["Pulumi.yaml", "dev.config.json", "dev.state.json"])
      await rename(join(cwd, file), join(inner, file));
    await rename(join(cwd, "node_modules/.bin/pulumi"), join(inner, "pulumi"));
    await writeFile(join(cwd, "node_modules/.bin/pulumi"), "#!/bin/sh\necho 'error: wrong folder' >&2\nexit 255\n", {
      mode: 0o755,
    });
    const PATH = `${inner}:${process.env.PATH}`;
    expect((await cli(["drift"], { cwd: inner, env: { ...place.env, PATH } })).out).toContain("No drift.");
  });

  // Only root can give a file away.
  const isRoot = process.getuid?.() === 0;

  it.runIf(isRoot).each(["Pulumi.yaml", "node_modules/.bin/pulumi"])(
    "is not used if %s belongs to another user",
    async (file) => {
      const { cwd, place } = await project();
      await mkdir(join(cwd, "inner"));
      await chown(join(cwd, file), 12345, 12345);
      for (const folder of [cwd, join(cwd, "inner")]) {
        const { code, err } = await cli(["drift"], { ...place, cwd: folder });
        expect(code).toBe(1);
        expect(err).toContain(`${file} belongs to another user, so it is not used.`);
      }
    },
  );

  it.runIf(isRoot)("is not used if it is a link of another user, whatever it leads to", async () => {
    const { cwd, place } = await project();
    const file = join(cwd, "node_modules/.bin/pulumi");
    await rm(file);
    await symlink("/bin/true", file);
    await lchown(file, 12345, 12345);
    const { code, err } = await cli(["drift"], { ...place, cwd });
    expect(code).toBe(1);
    expect(err).toContain("node_modules/.bin/pulumi belongs to another user, so it is not used.");
  });

  it("is not used with --no-stack", async () => {
    const { code, err } = await cli(["status", "--no-stack"], await projectRunning("#!/bin/sh\nexit 255\n"));
    expect(code).toBe(1);
    expect(err).toContain("ION_API_URI");
  });
});

describe("if the stack cannot be read, the error says what to do", () => {
  const errorOf = async (stderr: string) => {
    const place = await projectRunning(`#!/bin/sh\nprintf "%b\\n" "${stderr.replaceAll("`", "\\`")}" >&2; exit 255\n`);
    const { code, out, err } = await cli(["drift"], place);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    return err;
  };

  it("for each reason that Pulumi gives", async () => {
    const reasons = [
      "error: no stack named 'dev' found",
      "warning: x\\nerror: incorrect passphrase.\\nerror: another",
      "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
      "error: you must be logged in",
      "error: run pulumi login",
      "error: the disk is full",
      "canary, without a reason: error: canary",
    ];
    const errors = await Promise.all(reasons.map(errorOf));
    expect(errors.join("\n")).toMatchInlineSnapshot(`
      "pulumi-ion: Could not read the Pulumi stack: no stack named 'dev' found.
        Run \`pulumi stack ls\` to list the stacks of this project.
      pulumi-ion: Could not read the Pulumi stack: incorrect passphrase.
        Set the stack's passphrase: \`export PULUMI_CONFIG_PASSPHRASE=<passphrase>\`.
      pulumi-ion: Could not read the Pulumi stack: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions.
        Log in with \`pulumi login\`, as for \`pulumi up\`.
      pulumi-ion: Could not read the Pulumi stack: you must be logged in.
        Log in with \`pulumi login\`, as for \`pulumi up\`.
      pulumi-ion: Could not read the Pulumi stack: run pulumi login.
        Log in with \`pulumi login\`, as for \`pulumi up\`.
      pulumi-ion: Could not read the Pulumi stack: the disk is full.
      pulumi-ion: Could not read the Pulumi stack, and Pulumi gave no reason.
        Run \`npx pulumi stack\` to see why."
    `);
  });

  it("if no stack is selected", async () => {
    const { err } = await cli(["drift"], await projectRunning("#!/bin/sh\necho '[]'\n"));
    expect(err).toMatchInlineSnapshot(`
      "pulumi-ion: No Pulumi stack is selected.
        Name one with --stack, select one with \`pulumi stack select\`, or use only environment variables with --no-stack."
    `);
  });

  it("if Pulumi is not installed", async () => {
    const { cwd } = await project();
    await rm(join(cwd, "node_modules"), { recursive: true });
    const { code, out, err } = await cli(["drift"], { cwd, env: { PATH: "" } });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatchInlineSnapshot(`
      "pulumi-ion: The command \`pulumi\` was not found. It is needed to read the stack.
        Install it with \`npm install --save-dev pulumi\`, or use only environment variables with --no-stack."
    `);
  });

  it("if there is no such folder, or no project", async () => {
    const cwd = await folder();
    const errors = [
      await cli(["status", "--cwd", "nowhere"], { cwd }),
      await cli(["status", "--stack", "dev"], { cwd }),
      await cli(["drift"], { cwd }),
    ].map(({ err }) => err.replaceAll(cwd, "<folder>"));
    expect(errors.join("\n")).toMatchInlineSnapshot(`
      "pulumi-ion: The folder <folder>/nowhere does not exist.
      pulumi-ion: Stack dev was not found: there is no Pulumi.yaml in <folder> or above it.
        Set --cwd to the folder of your Pulumi project.
      pulumi-ion: \`drift\` compares ION with a Pulumi stack, and found none.
        Run it in the folder of your Pulumi project or set --cwd, and omit --no-stack."
    `);
    expect((await cli(["drift", "--compare", "a", "b"], { cwd })).err).toContain("there is no Pulumi.yaml in");
  });

  it.each([
    ["config", "dev.config.json", "canary"],
    ["state", "dev.state.json", "canary"],
    ["state", "dev.state.json", '{"canary": 7}'],
  ])("if the %s has an unexpected form", async (_what, file, content) => {
    const { cwd, place } = await project();
    await writeFile(join(cwd, file), content);
    const { code, out, err } = await cli(["drift", "--json"], place);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error: { kind: expect.any(String), hints: expect.any(Array) } });
    expect(out + err).not.toContain("canary");
  });
});

describe("a stack's declarations", () => {
  it("are listed with the default connection first", async () => {
    const { cwd, place } = await project();
    await editState(cwd, (resources) => resources.reverse());
    const { out } = await cli(["drift"], place);
    expect(out.replaceAll(/:\d+ /g, " ")).toMatchInlineSnapshot(`
      "ION at 127.0.0.1 (stack dev): 1 receiver and 2 subscriptions declared
      ION at 127.0.0.1 (stack dev, connection plant-b): 1 receiver and 0 subscriptions declared
      No drift."
    `);
  });

  it("are shown by status for one connection, with a note about the others", async () => {
    const { place } = await project();
    const own = await cli(["status"], { ...place, colors: true });
    expect(own.out).toContain('Receiver "Violet" (id 1): <green>active</green>');
    expect(own.out).not.toContain("not in this stack");
    expect(own.out.split("\n").at(-1)).toMatchInlineSnapshot(
      `"<yellow> i</yellow>  Stack dev also uses another ION environment. To see it, add --connection plant-b."`,
    );
    const other = await cli(["status", "--connection", "plant-b"], place);
    expect(other.out).toMatch(/^ION at 127\.0\.0\.1:\d+ \(stack dev, connection plant-b\): 1 receiver\n/);
    expect(other.out).toContain('Receiver "ERP" (id 1): active');
    expect(other.out.split("\n").at(-1)).toMatchInlineSnapshot(
      `" i  Stack dev also uses another ION environment. To see it, omit --connection."`,
    );
  });

  it("leave out resources of other packages and components", async () => {
    const { cwd, place } = await project();
    const outputs = { connection: "theirs" };
    await editState(cwd, (resources) => [
      ...resources,
      { urn: "urn:pulumi:a::b::pulumi-nodejs:dynamic/mine:X::x", type: "pulumi-nodejs:dynamic/mine:X", outputs },
      { urn: "urn:pulumi:a::b::ion:index:VioletWebhooks::y", type: "ion:index:VioletWebhooks", outputs },
    ]);
    expect((await cli(["drift"], place)).out).toContain("No drift.");
    expect((await cli(["status"], place)).out).not.toContain("theirs");
  });

  it("decide whether unmanaged subscriptions are drift", async () => {
    const { cwd, emulator, place } = await project();
    emulator.store.createSubscription({ receiverId: "1", resource: "PLANS", action: "DELETE" });
    expect((await cli(["drift"], place)).code).toBe(2);
    await editState(cwd, (resources) => resources.filter(({ type }) => !type.endsWith("UnmanagedSubscriptions")));
    expect((await cli(["drift"], place)).code).toBe(0);
  });

  it.each(["WebhookReceiver", "WebhookSubscription"])(
    "are not compared if a %s is in another ION environment",
    async (type) => {
      const { cwd, place } = await project();
      const ionEndpoint = "https://api.ion-gov.com/graphql";
      await editState(cwd, (resources) =>
        resources.map((one) => {
          if (!one.type.endsWith(`:${type}`) || one.outputs.connection !== undefined) return one;
          return { ...one, outputs: { ...one.outputs, ionEndpoint } };
        }),
      );
      for (const command of ["drift", "status"]) {
        const { code, out, err } = await cli([command], place);
        expect({ code, out }).toEqual({ code: 1, out: "" });
        expect(withoutPort(err.replace(/"Violet[^"]*"/, '"Violet…"'))).toMatchInlineSnapshot(`
          "pulumi-ion: "Violet…" belongs to ION at https://api.ion-gov.com/graphql, but the settings name ION at http://<host>/graphql. Nothing was compared.
            Check --stack, and ion:endpoint, ion:region, ion:stage or ION_API_URI."
        `);
      }
    },
  );

  it("are not read from a state of another version", async () => {
    const { cwd, place } = await project();
    await editState(cwd, (resources) => resources.map((one) => ({ ...one, outputs: { name: 7, canary: "canary" } })));
    const { code, out } = await cli(["drift", "--json"], place);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchInlineSnapshot(`
      {
        "error": {
          "hints": [
            "Run \`pulumi up\` and try again.",
          ],
          "kind": "unexpectedAnswer",
          "message": "The state of "Violet" was not written by this version of pulumi-ion. Run \`pulumi up\` and try again.",
          "summary": "The state of "Violet" was not written by this version of pulumi-ion.",
        },
      }
    `);
  });

  it("must not be empty for drift, and may be for status", async () => {
    const { cwd, place } = await project();
    const errors = [(await cli(["drift", "--connection", "plant-c"], place)).err];
    await editState(cwd, (resources) => resources.filter(({ type }) => type.endsWith("UnmanagedSubscriptions")));
    errors.push((await cli(["drift"], place)).err);
    expect(errors.join("\n")).toMatchInlineSnapshot(`
      "pulumi-ion: Stack dev declares no webhook receiver and no subscription for connection plant-c.
        Run \`pulumi up\` first, or check --stack and --connection.
      pulumi-ion: Stack dev declares no webhook receiver and no subscription.
        Run \`pulumi up\` first, or check --stack."
    `);
    await writeFile(join(cwd, "dev.state.json"), '{"deployment": {}}');
    expect((await cli(["drift"], place)).err).toBe(errors[1]);
    expect((await cli(["status"], place)).out).toMatch(/^Receiver "Violet" \(id 1\): .*; not in this stack$/m);
  });
});

it("trims settings, and ignores empty ones", async () => {
  const { cwd, emulator, place } = await project();
  await edit<Record<string, { value?: string }>>(cwd, "dev.config.json", (config) => ({
    ...Object.fromEntries(
      Object.entries(config).map(([key, { value }]) => [key, { value: ` ${value}\n`, secret: true }]),
    ),
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

describe("an exported stack", () => {
  const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    plaintext: JSON.stringify(value),
  });

  it("is read with secrets at any depth in plain text, and without resources that wait for deletion", () => {
    const outputs = { headers: secret({ a: "b" }), list: [{ x: secret("y") }] };
    const resources = [
      { urn: "a", type: "t", custom: true, outputs },
      { urn: "b", type: "t", id: "7", delete: true, outputs: {} },
    ];
    expect(resourcesOf({ version: 3, deployment: { resources } })).toEqual([
      { urn: "a", type: "t", id: "", outputs: { headers: { a: "b" }, list: [{ x: "y" }] } },
    ]);
  });

  it("keeps what only looks like a secret", () => {
    const outputs = {
      none: null,
      off: false,
      masked: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", ciphertext: "v1:x" },
      named: { plaintext: '"x"' },
    };
    const resource = { urn: "a", type: "t", id: "7", outputs };
    expect(resourcesOf({ deployment: { resources: [{ ...resource, delete: false }] } })).toEqual([resource]);
    expect(resourcesOf({ deployment: {} })).toEqual([]);
  });

  it.each([[{}], [{ deployment: { resources: [{ canary: 1 }] } }]])("that is %j is rejected", (exported) => {
    expect(() => resourcesOf(exported)).toThrowErrorMatchingInlineSnapshot(
      `[IonError: Pulumi's export of the stack has an unexpected form.]`,
    );
  });
});
