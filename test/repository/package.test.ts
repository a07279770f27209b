import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");

interface Manifest {
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
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
      /^(package\.json|README\.md|LICENSE|bin\/[\w-]+(\.js|\.cmd)?|bin\/plugin\/(chunks\/[\w-]+\.js|launch\.js|package\.json|schema\.json|troubleshooting\.md|third-party-licenses\.txt)|dist\/(troubleshooting\.md|.*(\.js|\.d\.ts))|engine\/\w+\/[\w.-]+|page\/client\/[\w-]+\.(js|css|html|svg)|graphql\/\w+\.graphql|template\/.*|sdk\/(python|go|dotnet|java)\/.*)$/;
    expect(paths.filter((path) => !needed.test(path) || /egg-info|\/(build|target)\//.test(path))).toEqual([]);
  },
);

it("the plugin listens without the code that only a configured provider needs", () => {
  const chunks = join(ROOT, "provider/bin/plugin/chunks");
  const loaded = execFileSync("node", ["-p", "require('./main.js'), Object.keys(require.cache).join()"], {
    cwd: chunks,
  });
  const files = loaded.toString().trim().split(",");
  expect(files).toContain(join(chunks, "main.js"));
  const texts = files.map((file) => readFileSync(file, "utf8"));
  expect(texts.filter((text) => /_zod|GraphQLSchema/.test(text))).toEqual([]);
});

it("npm audit sees every package that is bundled into the plugin, and its license is shipped", () => {
  const licenses = readFileSync(join(ROOT, "provider/bin/plugin/third-party-licenses.txt"), "utf8");
  const bundled = [...licenses.matchAll(/^((?:@[\w-]+\/)?[\w-]+) \d+\.\d+\.\d+$/gm)].map(([, name = ""]) => name);
  expect(bundled).toEqual(expect.arrayContaining(["@grpc/grpc-js", "@pulumi/pulumi", "google-protobuf", "zod"]));
  const { dependencies, peerDependencies } = manifest("provider");
  const installed = new Set(Object.keys({ ...dependencies, ...peerDependencies }));
  for (const name of installed) {
    for (const own of Object.keys(manifest(`node_modules/${name}`).dependencies ?? {})) installed.add(own);
  }
  expect(bundled.filter((name) => !installed.has(name))).toEqual([]);
});

it.each(["provider/template/common/.github/workflows", ".github/workflows"])(
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
