/**
 * A part of `npm run build`: bundles the provider plugin with everything that it loads into provider/bin/plugin, so that it starts
 * fast and runs without node_modules. The sources are in provider/src/engine/plugin.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";

const PROVIDER = resolve(import.meta.dirname, "../provider");
const FOLDER = join(PROVIDER, "bin/plugin");

/** Loaded only by parts of gRPC that the plugin does not use (channelz, ORCA). */
const UNUSED = ["@grpc/proto-loader"];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

const readManifest = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

const bundle = await rolldown({
  input: join(PROVIDER, "src/engine/plugin/launch.ts"),
  platform: "node",
  external: UNUSED,
  // Two modules are imported in both ways: the dynamic import then saves nothing here, but it does in pulumi-ion itself.
  checks: { ineffectiveDynamicImport: false },
});
const { output } = await bundle.generate({
  format: "cjs",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  // Names stay as they are: a stack trace in a bug report can be read.
  minify: { mangle: false, compress: true, codegen: true },
  comments: { legal: false, annotation: false, jsdoc: false },
});
await bundle.close();

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(join(FOLDER, "chunks"), { recursive: true });
const packages = new Set<string>();
for (const chunk of output) {
  if (chunk.type !== "chunk") throw new Error(`Not code: ${chunk.fileName}`);
  writeFileSync(join(FOLDER, chunk.fileName), chunk.code);
  for (const id of chunk.moduleIds) {
    const [folder] = /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id) ?? [];
    if (folder !== undefined) packages.add(folder);
  }
}
const { name, version } = readManifest(PROVIDER);
writeFileSync(join(FOLDER, "package.json"), `${JSON.stringify({ name, version, type: "commonjs" })}\n`);
copyFileSync(join(PROVIDER, "src/engine/plugin/schema.json"), join(FOLDER, "schema.json"));
// Errors refer to its sections. The other pages are not there, so links to them become their names.
const page = readFileSync(join(PROVIDER, "../docs/troubleshooting.md"), "utf8");
const text = page.replace(/\[([^\]]+)\]\(([\w-]+\.md)[^)]*\)/g, "$1 (docs/$2)").replace(/^<!-- .* -->\n\n/gm, "");
for (const folder of [FOLDER, join(PROVIDER, "dist")]) writeFileSync(join(folder, "troubleshooting.md"), text);
writeFileSync(join(FOLDER, "third-party-licenses.txt"), [...packages].sort().map(licenseOf).join("\n"));

/** The license of a bundled package, which asks to go with its code. */
function licenseOf(folder: string): string {
  const { name, version, license } = readManifest(folder);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file === undefined ? `License: ${license}` : readFileSync(join(folder, file), "utf8");
  return `${name} ${version}\n\n${text.trim()}\n\n`;
}
