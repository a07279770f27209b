/**
 * `npm run sdks`: generates the SDKs of the provider plugin for Python, Go, .NET and Java from its schema, with Pulumi's own generators
 * (tools/sdks, compiled by Go). With `--check`, fails if an SDK is stale or was edited instead, which takes no Go.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const GENERATOR = join(ROOT, "tools/sdks");
const SCHEMA = join(ROOT, "provider/src/engine/plugin/schema.json");
const SDK = join(ROOT, "provider/sdk");
const LANGUAGES = ["python", "go", "dotnet", "java"];
/** Checksums of what the SDKs were generated from, and of the SDKs. */
const CHECKSUMS = join(GENERATOR, "checksums.json");

/** The files of an SDK that are written by hand. Pulumi's generators do not make a Go module. */
const BY_HAND = ["go.mod", "go.sum"];
/** What a build leaves in an SDK. */
const BUILT = /(^|[\\/])(target|build|__pycache__|[^\\/]*\.egg-info)([\\/]|$)/;

function generate(): void {
  const folder = mkdtempSync(join(tmpdir(), "pulumi-ion-sdks-"));
  try {
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" };
    execFileSync("go", ["run", "-trimpath", ".", SCHEMA, folder], { cwd: GENERATOR, env, stdio: "inherit" });
    for (const language of LANGUAGES) {
      for (const file of filesOf(language)) rmSync(join(SDK, language, file));
      cpSync(join(folder, language), join(SDK, language), { recursive: true });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  writeFileSync(CHECKSUMS, `${JSON.stringify(checksums(), null, 2)}\n`);
}

/** The generated files of an SDK. */
function filesOf(language: string): string[] {
  const folder = join(SDK, language);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !BUILT.test(path) && !BY_HAND.includes(path));
}

function checksums() {
  const generator = ["main.go", "go.mod", "go.sum"].map((name) => join(GENERATOR, name));
  const sdks = LANGUAGES.flatMap((language) => filesOf(language).map((file) => join(SDK, language, file)));
  return { sources: checksumOf([SCHEMA, ...generator]), sdks: checksumOf(sdks) };
}

function checksumOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files.toSorted()) {
    hash
      .update(`${relative(ROOT, file).replaceAll("\\", "/")}\n`)
      .update(readFileSync(file))
      .update("\n");
  }
  return hash.digest("hex");
}

if (process.argv.includes("--check")) {
  const recorded = JSON.parse(readFileSync(CHECKSUMS, "utf8")) as ReturnType<typeof checksums>;
  const { sources, sdks } = checksums();
  if (sources !== recorded.sources) fail("provider/sdk is stale: run `npm run sdks` and commit the result.");
  else if (sdks !== recorded.sdks) fail("A generated file in provider/sdk was changed: run `npm run sdks`.");
} else generate();

function fail(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
