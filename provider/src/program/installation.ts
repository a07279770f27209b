import { createRequire } from "node:module";
import { join } from "node:path";
import { nodeProblem } from "../model/nodeVersion.ts";
import { oncePerProgram, programError } from "./programRun.ts";
import * as pulumi from "./pulumi.ts";

const isChecked = oncePerProgram("installation", () => ({ done: false }));

/**
 * Fails in a version of Node that is too old. Warns once if Pulumi's provider process cannot load this package: it looks in
 * the project's folder, where pnpm installs only what the project's own package.json names.
 */
export function warnIfNotInstalled(): void {
  const check = isChecked();
  if (check.done) return;
  check.done = true;
  const problem = nodeProblem(process.versions.node);
  if (problem) throw programError(problem);
  try {
    createRequire(join(process.cwd(), "index.js")).resolve("pulumi-ion/dynamic");
  } catch {
    void pulumi.log.warn(
      `pulumi-ion is not installed in ${process.cwd()}, where Pulumi loads it from. Add it to the dependencies of the ` +
        "package.json in that folder, even if only a library uses it.",
    );
  }
}
