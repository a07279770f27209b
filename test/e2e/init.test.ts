/** What `pulumi-ion init` asks on a terminal. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openTerminal } from "../support/terminal.ts";
import { ROOT, run } from "./project.ts";

it("asks for the region and the key, and encrypts the secrets without showing them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-init-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "state"));
  const env = {
    ...process.env,
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
    PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const command = `node ${join(ROOT, "provider/bin/pulumi-ion.js")} init plant --language yaml --no-install`;
  const terminal = openTerminal(command, folder, env);
  await terminal.answer(/Region of your ION .*: /, "eu");
  await terminal.answer(/It must be one of us, gov, aus\.[\s\S]*Region of your ION .*: /, "gov");
  await terminal.answer(/Client id of the API key: /, "abc");
  await terminal.answerHidden(/Client secret of the API key:\s[\s\S]*value: /, "canary-secret");
  await terminal.answerHidden(
    /Webhook URL that Violet shows:\s[\s\S]*value: /,
    "https://violet.example/hooks/canary-uri",
  );
  expect(await terminal.exited, terminal.output()).toBe(0);
  expect(terminal.output()).toMatch(/Next:\s+cd plant\s+npx --no-install pulumi-ion doctor\s+npx pulumi preview\s/);
  expect(terminal.output()).not.toContain("canary");

  const project = join(folder, "plant");
  const file = await readFile(join(project, "Pulumi.production.yaml"), "utf8");
  expect(file).toMatch(/ion:region: gov\n/);
  expect(file).not.toContain("canary");
  const config = await run("pulumi", ["config", "--show-secrets", "--json", "--stack", "production"], project, env);
  expect(JSON.parse(config.output)).toMatchObject({
    "ion:clientId": { value: "abc", secret: false },
    "ion:clientSecret": { value: "canary-secret", secret: true },
    "plant:webhookUri": { value: "https://violet.example/hooks/canary-uri", secret: true },
  });
});
