import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, run } from "../e2e/project.ts";

const node = join(ROOT, "node_modules/.bin/node");

it("a release is built reproducibly: two packages, plugin archives, the schema, an SBOM, notes and checksums", async () => {
  const { code, output } = await run(node, ["tools/release.ts", "--check"], ROOT);
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
});
