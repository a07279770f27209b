import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect, it, onTestFinished } from "vitest";
import { serve } from "../support/support.ts";

const FOLDER = resolve(import.meta.dirname, "../../examples/command");

/** A password manager with one item. Returns the folder of its executable. */
async function createVault(item: string, value: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-vault-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const op = join(folder, "op");
  await writeFile(op, `#!/bin/sh\n[ "$*" = "read --no-newline ${item}" ] && printf %s '${value}'\n`);
  await chmod(op, 0o755);
  return folder;
}

it("the example with @pulumi/command keeps the URL secret and delivers one signed event", async () => {
  const received: { signature: unknown; body: string }[] = [];
  const origin = await serve(async (request, response) => {
    const body = (await request.setEncoding("utf8").toArray()).join("");
    received.push({ signature: request.headers["x-ion-signature"], body });
    response.writeHead(204).end();
  });
  const url = `${origin}/canary`;
  const path = [await createVault("op://Plant/ERP/webhook-url", url), dirname(process.execPath), "/usr/bin", "/bin"];

  const registered: pulumi.runtime.MockResourceArgs[] = [];
  // Executes `create` as the plugin of @pulumi/command does. Other resources return their inputs.
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: async (args) => {
      registered.push(args);
      if (args.type !== "command:local:Command")
        return { id: args.name, state: { sharedSecret: "key", ...args.inputs } };
      const { create, environment } = args.inputs as { create: string; environment: object };
      const env = { ...("value" in environment ? Object(environment.value) : environment), PATH: path.join(delimiter) };
      const child = spawn("/bin/sh", ["-c", create], { cwd: FOLDER, env, stdio: ["ignore", "pipe", "inherit"] });
      const [stdout, code] = await Promise.all([
        child.stdout.setEncoding("utf8").toArray(),
        new Promise((done) => child.once("close", done)),
      ]);
      if (code !== 0) throw new Error(`${args.name} exited with ${code}`);
      return { id: args.name, state: { ...args.inputs, stdout: stdout.join("") } };
    },
  });
  pulumi.runtime.setAllConfig({ "project:vaultItem": "op://Plant/ERP/webhook-url", "project:urlVersion": "1" });
  await import("../../examples/command/index.ts");
  await pulumi.runtime.disconnect();

  const commands = registered.filter(({ type }) => type === "command:local:Command").map(({ inputs }) => inputs);
  const receiver = registered.find(({ type }) => type.endsWith("WebhookReceiver"))?.inputs;
  const secret = (value: unknown) => ({ [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig, value });
  expect(receiver).toMatchObject({ webhookUri: secret(url) });
  expect(commands).toMatchObject([
    { logging: "none", triggers: [1] },
    { logging: "none", triggers: secret(["erp", url, "key"]), environment: secret({ WEBHOOK_URI: url }) },
  ]);
  for (const { create } of commands) expect(create).not.toContain(url);
  expect(received).toEqual([{ body: '{"test":true}', signature: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
});
