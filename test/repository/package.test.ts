import { execFileSync } from "node:child_process";
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

it("the examples depend on the current version of pulumi-ion", () => {
  const folders = readdirSync(join(ROOT, "examples")).map((name) => `examples/${name}`);
  expect(folders.length).toBeGreaterThan(5);
  for (const folder of folders) {
    expect(manifest(folder).dependencies, folder).toMatchObject({ "pulumi-ion": `^${manifest("provider").version}` });
  }
});

it.each(["provider", "emulator"])(
  "the package in %s holds what runs, its types and its README, and nothing else",
  (folder) => {
    const [packed] = JSON.parse(
      execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "--workspace", folder], {
        cwd: ROOT,
      }).toString(),
    ) as readonly { readonly files: readonly { readonly path: string }[] }[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    expect(paths).toContain("README.md");
    const needed =
      /^(package\.json|README\.md|LICENSE|bin\/[\w-]+(\.js|\.cmd)?|dist\/.*(\.js|\.d\.ts)|engine\/\w+\/[\w.-]+|page\/client\/[\w-]+\.(js|css|html|svg)|graphql\/\w+\.graphql|template\/.*|sdk\/(python|go|dotnet|java)\/.*)$/;
    expect(paths.filter((path) => !needed.test(path) || /egg-info|\/(build|target)\//.test(path))).toEqual([]);
  },
);

it.each(["provider/template/typescript/.github/workflows", ".github/workflows"])(
  "the workflows in %s name every action by its commit, because their jobs hold secrets",
  (path) => {
    const folder = join(ROOT, path);
    const uses = readdirSync(folder).flatMap((file) => [
      ...readFileSync(join(folder, file), "utf8").matchAll(/^.*\buses:.*$/gm),
    ]);
    expect(uses.length).toBeGreaterThan(3);
    for (const [line] of uses) expect(line).toMatch(/^ +- uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  },
);
