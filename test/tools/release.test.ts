import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { list } from "tar";
import { expect, it, onTestFinished } from "vitest";
import { ROOT, run } from "../e2e/project.ts";

const node = join(ROOT, "node_modules/.bin/node");

/** The environment outside of GitHub Actions. */
const { GITHUB_SERVER_URL: _server, GITHUB_REPOSITORY: _repository, ...env } = process.env;

/** A JSON file in a packed package or an archive. */
async function jsonIn(file: string, path: string): Promise<unknown> {
  const parts: Buffer[] = [];
  await list({
    file,
    onReadEntry: (entry) => {
      if (entry.path === path) entry.on("data", (part: Buffer) => parts.push(part));
    },
  });
  return JSON.parse(Buffer.concat(parts).toString());
}

it("a release is built reproducibly: two packages, plugin archives, the schema, an SBOM, notes and checksums", async () => {
  const { code, output } = await run(node, ["tools/release.ts", "--check"], ROOT, env);
  expect(code, output).toBe(0);
  const { version } = JSON.parse(await readFile(join(ROOT, "provider/package.json"), "utf8"));
  const names = [...output.matchAll(/^[0-9a-f]{64} {2}(.*)$/gm)].map(([, name]) => name);
  expect(names).toEqual([
    `ion-emulator-${version}.tgz`,
    "notes.md",
    `pulumi-ion-${version}-sbom.json`,
    `pulumi-ion-${version}-schema.json`,
    `pulumi-ion-${version}.tgz`,
    `pulumi-resource-ion-v${version}-darwin-amd64.tar.gz`,
    `pulumi-resource-ion-v${version}-darwin-arm64.tar.gz`,
    `pulumi-resource-ion-v${version}-linux-amd64.tar.gz`,
    `pulumi-resource-ion-v${version}-linux-arm64.tar.gz`,
    `pulumi-resource-ion-v${version}-windows-amd64.tar.gz`,
    `pulumi-resource-ion-v${version}-windows-arm64.tar.gz`,
  ]);
  expect(output).toContain("Two builds are equal. Nothing was published.");
  expect(output).toContain("These packages cannot be published: they name no repository. Add --repository <url>");
});

it.each([
  ["--repository", ["--repository", "https://github.com/acme/ion-webhooks.git"], {}],
  ["GitHub Actions", [], { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "acme/ion-webhooks" }],
])(
  "a release names the repository of %s, for npm's provenance and for Pulumi to download the plugin",
  async (_from, args, more) => {
    const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-release-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { code, output } = await run(node, ["tools/release.ts", "--folder", folder, ...args], ROOT, {
      ...env,
      ...more,
    });
    expect(code, output).toBe(0);
    expect(output).toContain("The packages name the repository https://github.com/acme/ion-webhooks.\n");
    const { version } = JSON.parse(await readFile(join(ROOT, "provider/package.json"), "utf8"));
    for (const [name, directory] of [
      ["pulumi-ion", "provider"],
      ["ion-emulator", "emulator"],
    ]) {
      expect(await jsonIn(join(folder, `${name}-${version}.tgz`), "package/package.json")).toMatchObject({
        name,
        version,
        homepage: `https://github.com/acme/ion-webhooks/tree/HEAD/${directory}#readme`,
        bugs: { url: "https://github.com/acme/ion-webhooks/issues" },
        repository: { type: "git", url: "git+https://github.com/acme/ion-webhooks.git", directory },
      });
    }
    const server = "github://api.github.com/acme/ion-webhooks";
    for (const sdk of ["python/pulumi_ion", "go/ion", "dotnet"]) {
      const path = `package/sdk/${sdk}/pulumi-plugin.json`;
      expect(await jsonIn(join(folder, `pulumi-ion-${version}.tgz`), path)).toMatchObject({ name: "ion", server });
    }
    const archive = join(folder, `pulumi-resource-ion-v${version}-linux-amd64.tar.gz`);
    expect(await jsonIn(archive, "plugin/schema.json")).toMatchObject({ pluginDownloadURL: server });
  },
);

it("a release is built into no folder that has files", async () => {
  const { code, output } = await run(node, ["tools/release.ts", "--folder", "docs"], ROOT, env);
  expect(code).toBe(1);
  expect(output).toContain(`${join(ROOT, "docs")} is not empty.`);
  expect(existsSync(join(ROOT, "docs/README.md"))).toBe(true);
});

it("a release refuses a repository that is no URL of one", async () => {
  const { code, output } = await run(node, ["tools/release.ts", "--repository", "acme/ion-webhooks"], ROOT, env);
  expect(code).toBe(1);
  expect(output).toContain("--repository must be a URL such as https://github.com/<owner>/<repository>.");
});
