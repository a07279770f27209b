import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifest = (folder: string) => JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as Manifest;

it.each(["provider", "emulator"])("the package in %s runs no script when it is installed", (folder) => {
  const { scripts = {} } = manifest(folder);
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare|uninstall)$/.test(name))).toEqual([]);
});

it("the examples and the template depend on the current version of pulumi-ion", () => {
  const folders = ["template", ...readdirSync(join(ROOT, "examples")).map((name) => `examples/${name}`)];
  expect(folders.length).toBeGreaterThan(5);
  for (const folder of folders) {
    expect(manifest(folder).dependencies, folder).toMatchObject({ "pulumi-ion": `^${manifest("provider").version}` });
  }
});
