/**
 * A part of `npm run prepare-release`, after Changesets has set the version of both packages: writes it into the examples, the guides, the
 * plugin's schema and the SDKs.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "..");
const versionIn = (file: string) => (JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { version: string }).version;

// The schema is generated, so it still has the old version.
const [before, now] = [versionIn("provider/src/engine/plugin/schema.json"), versionIn("provider/package.json")];
for (const file of globSync(["examples/*/package.json", "examples/go/go.mod", "docs/*.md"], { cwd: ROOT })) {
  const text = readFileSync(join(ROOT, file), "utf8");
  writeFileSync(join(ROOT, file), text.replaceAll(before, now));
}
for (const script of ["schema", "sdks"])
  execFileSync("npm", ["run", "--silent", script], { cwd: ROOT, stdio: "inherit" });
execFileSync("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"], { cwd: ROOT, stdio: "inherit" });
console.log(`${before} → ${now}. Read the changelogs and commit.`);
