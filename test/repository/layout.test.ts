import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The TypeScript sources below a folder, by their path from the root, without comments. */
function sourcesIn(folder: string): [path: string, text: string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !/(^|[\\/])(dist|node_modules)[\\/]/.test(path))
    .map((path) => join(folder, path))
    .map((path) => [path, readFileSync(join(root, path), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")]);
}

/** What a source imports: files as their path from the root, packages by name. */
function importsOf([path, text]: [string, string]): string[] {
  const found = text.matchAll(/(?:from|import|import\(|require\(|resolve\()\s*"([^"]+)"/g);
  return [...found].map(([, name = ""]) =>
    name.startsWith(".") ? relative(".", normalize(join(dirname(path), name))) : name,
  );
}

const provider = sourcesIn("provider");
const emulator = sourcesIn("emulator");
const filesWith = (sources: typeof provider, pattern: RegExp) =>
  sources.filter(([, text]) => pattern.test(text)).map(([path]) => path);
const importersOf = (sources: typeof provider, pattern: RegExp) =>
  sources.filter((source) => importsOf(source).some((name) => pattern.test(name))).map(([path]) => path);
const below = (folder: string) => provider.filter(([path]) => path.startsWith(`${folder}/`));

it("the sources are found", () => {
  expect(provider.length).toBeGreaterThan(15);
  expect(emulator.length).toBeGreaterThan(5);
  expect(importsOf(["provider/x.ts", 'import a from "./ion/b.ts";\nexport { c } from "d";'])).toEqual([
    "provider/ion/b.ts",
    "d",
  ]);
});

it.each([
  ["ion", /^provider\/ion\//],
  ["logic", /^provider\/(ion|logic)\//],
])("provider/%s imports neither Pulumi nor anything of ours that is above it", (folder, own) => {
  const imports = below(`provider/${folder}`).flatMap(importsOf);
  expect(imports.length).toBeGreaterThan(10);
  expect(imports.filter((name) => name.startsWith("@pulumi/"))).toEqual([]);
  expect(imports.filter((name) => name.endsWith(".ts") && !own.test(name))).toEqual([]);
});

it("what carries the resources into Pulumi knows no resource", () => {
  const imports = below("provider/dynamic")
    .flatMap(importsOf)
    .filter((name) => name.endsWith(".ts"));
  expect(imports.filter((name) => !/^provider\/(ion|dynamic)\//.test(name))).toEqual(["provider/logic/resource.ts"]);
});

/** What is loaded with a source: types are not, and what is imported in passing comes when it is needed. */
function loadedWith(path: string): string[] {
  const byPath = new Map(provider);
  const seen = new Set<string>();
  const visit = (name: string) => {
    if (seen.has(name)) return;
    seen.add(name);
    const text = byPath.get(name)?.replace(/^(im|ex)port type [^;]*;|\bimport\([^)]*\)/gm, "");
    if (text !== undefined) for (const next of importsOf([name, text])) visit(next);
  };
  visit(path);
  return [...seen];
}

it("programs load neither the code that Pulumi's provider process does, nor the commands', nor what speaks to ION", () => {
  const loaded = loadedWith("provider/index.ts");
  expect(loaded).toEqual(expect.arrayContaining(["provider/webhookReceiver.ts", "provider/lookups.ts"]));
  expect(
    loaded.filter((name) => /providers\.ts|carry\.ts|provider\/cli\/|transport\.ts|client\.ts/.test(name)),
  ).toEqual([]);
  // The text that goes into the state names pulumi-ion/dynamic, and loads nothing.
  expect(loaded.filter((name) => !/^(node:|@pulumi\/pulumi\/|provider\/|pulumi-ion\/dynamic$)/.test(name))).toEqual([]);
  expect(loadedWith("provider/providers.ts")).toEqual(expect.arrayContaining(["graphql-request", "zod"]));
});

it("programs load of Pulumi's SDK neither the automation API, nor a compiler, nor npm", async () => {
  const script = `require("pulumi-ion"); console.log(Object.keys(require.cache).join("\\n"))`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: root });
  const loaded = stdout.split("\n");
  expect(loaded.some((path) => /pulumi.runtime.resource\.js$/.test(path))).toBe(true);
  expect(loaded.filter((path) => /pulumi.automation|typescript|arborist/.test(path))).toEqual([]);
});

it("the emulator and the provider share no code", () => {
  expect(importersOf(provider, /emulator/)).toEqual([]);
  expect(importersOf(emulator, /provider|pulumi/)).toEqual([]);
});

it("neither imports what its package does not depend on", () => {
  for (const [folder, sources] of Object.entries({ provider, emulator })) {
    const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly dependencies?: object;
      readonly peerDependencies?: object;
    };
    const depended = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const allowed = [manifest.name, ...depended, ...builtinModules];
    const packages = sources.flatMap(importsOf).filter((name) => !name.endsWith(".ts") && !name.startsWith("node:"));
    const names = packages.map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    );
    expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
  }
});

it("only the client of ION's API imports graphql-request", () => {
  expect(importersOf(provider, /^graphql-request/)).toEqual(["provider/ion/client.ts"]);
});

it("only the transport speaks HTTP", () => {
  // The client hands graphql-request a fetch that is the transport.
  expect(filesWith(provider, /(?<![#\w])fetch\(/)).toEqual(["provider/ion/transport.ts"]);
  const speakers = importersOf(provider, /^(node:)?(http|https|net|tls|http2|undici|dgram)$/);
  // `pulumi-ion listen` is spoken to.
  expect(speakers.filter((path) => path !== "provider/cli/listen.ts")).toEqual([]);
});

it("only the commands' terminal and what carries the resources into Pulumi write to it, and provider/ion logs nothing", () => {
  const writers = filesWith(provider, /\bconsole\.|process\.std(out|err)/);
  expect(writers).toEqual(["provider/cli/terminal.ts", "provider/dynamic/carry.ts"]);
  expect(below("provider/ion").filter(([, text]) => /\blog\./.test(text))).toEqual([]);
});
