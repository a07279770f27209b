import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ROOT, run } from "../e2e/project.ts";
import { start } from "../support/support.ts";

it.each([
  { language: "typescript", flags: [] },
  { language: "yaml", flags: ["--language", "yaml"] },
])(
  "the demo writes only to its own emulator, whatever Pulumi.dev.yaml and the environment name: $language",
  async ({ flags }) => {
    const other = await start();
    const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-demo-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const name of ["Pulumi.yaml", "index.ts", "tools", "provider/template/yaml"]) {
      await cp(join(ROOT, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const { graphqlUrl, tokenUrl, clientId, clientSecret } = other;
    const config = { endpoint: graphqlUrl, authUrl: tokenUrl, clientId, clientSecret };
    const lines = Object.entries(config).map(([key, value]) => `  ion:${key}: ${value}\n`);
    await writeFile(join(folder, "Pulumi.dev.yaml"), `config:\n${lines.join("")}`);

    const env = {
      ...process.env,
      PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
      ION_API_URI: graphqlUrl,
      ION_AUTH_SERVER: tokenUrl,
      ION_CLIENT_ID: clientId,
      ION_CLIENT_SECRET: clientSecret,
    };
    const { code, output } = await run(process.execPath, ["tools/demo.ts", ...flags], folder, env);
    expect(code, output).toBe(0);
    expect(output).toContain('receiver 1 "Violet", NOT ACTIVE, 33 subscriptions');
    expect(output).toContain("Done. No process is left running");
    expect(other.requests).toEqual([]);
  },
);
