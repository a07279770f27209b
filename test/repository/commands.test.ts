/** Commands that people copy: none of them runs a package of a stranger, because our names are not registered yet (SECURITY.md). */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** Package names of ours that are not published yet. */
const NAMES = ["pulumi-ion", "ion-emulator"];

/** Runs a package, and downloads it if it is not installed. `npx --no-install` only runs what is installed. */
const RUNS_OR_INSTALLS = `(npx|npm (exec|x)|pnpm (dlx|exec)|yarn dlx|bunx|npm (create|init))( --?[a-z-]+)* (${NAMES.join("|")})\\b`;

/** Installs a package by its name. Allowed only on the package's own page on npm, which exists once it is published. */
const INSTALLS = `(npm (install|i|add)|pnpm add|yarn add|bun add)( --?[a-z-]+)* (${NAMES.join("|")})\\b`;
const OWN_PAGES = ["provider/README.md", "emulator/README.md"];

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT })
  .toString()
  .trim()
  .split("\n")
  .filter(
    (file) => /\.(md|ts|js|mjs|yml|yaml|json|graphql)$/.test(file) && !/package-lock|^test\/repository\//.test(file),
  );

function findCommands(pattern: string, text: string): string[] {
  const found = [...text.matchAll(new RegExp(pattern, "g"))].map(([command]) => command);
  return found.filter((command) => !command.startsWith("npx --no-install "));
}

const commandsIn = (pattern: string, file: string) =>
  findCommands(pattern, readFileSync(join(ROOT, file), "utf8")).map((command) => `${file}: ${command}`);

describe("commands that people copy", () => {
  it("run pulumi-ion and ion-emulator only if they are installed", () => {
    expect(files.length).toBeGreaterThan(200);
    expect(files.flatMap((file) => commandsIn(RUNS_OR_INSTALLS, file))).toEqual([]);
  });

  it("do not install a package by a name that is not registered yet", () => {
    const others = files.filter((file) => !OWN_PAGES.includes(file));
    expect(others.flatMap((file) => commandsIn(INSTALLS, file))).toEqual([]);
  });

  it.each([
    ["npx pulumi-ion doctor", RUNS_OR_INSTALLS, 1],
    ["npx --yes ion-emulator", RUNS_OR_INSTALLS, 1],
    ["npm exec pulumi-ion", RUNS_OR_INSTALLS, 1],
    ["npx --no-install pulumi-ion doctor", RUNS_OR_INSTALLS, 0],
    ["npm install pulumi-ion @pulumi/pulumi", INSTALLS, 1],
    ["npm install --save-dev pulumi", INSTALLS, 0],
  ])("are distinguished: %s", (command, pattern, count) => {
    expect(findCommands(pattern, command)).toHaveLength(count);
  });
});
