/** The plugin in bench/goPlugin, which does nothing. It is compiled with Go; without Go, the benchmark omits its row. */
import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

/** Why it cannot be compared; undefined if it can. */
export const goProblem = findProblem();

function findProblem(): string | undefined {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
    return undefined;
  } catch {
    return "A plugin that does nothing is not compared: it is compiled with Go 1.25 or newer, which is not installed.";
  }
}

/** Compiles it into bench/.go-plugin, and returns that folder. */
export function compileGoPlugin(): string {
  const folder = join(import.meta.dirname, ".go-plugin");
  const file = join(folder, "pulumi-resource-ion");
  execFileSync("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", file], {
    cwd: join(import.meta.dirname, "goPlugin"),
    env: { ...process.env, CGO_ENABLED: "0" },
  });
  copyFileSync(join(import.meta.dirname, "../provider/src/engine/plugin/schema.json"), `${file}.schema.json`);
  return folder;
}
