import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nodeProblem } from "../../provider/src/model/nodeVersion.ts";

const ROOT = join(import.meta.dirname, "../..");

it.each([
  ["20.20.2", false],
  ["22.11.0", false],
  ["22.12.0", true],
  ["24.0.0", true],
  ["26.1.0", true],
])("Node %s can run the package: %s", (version, expected) => {
  const problem = expected ? undefined : `pulumi-ion: Node ${version} is too old: it needs Node 22.12 or newer.`;
  expect(nodeProblem(version)).toBe(problem);
});

it.each(["provider/bin/pulumi-ion.js", "provider/bin/pulumi-resource-ion", "emulator/bin/ion-emulator.js"])(
  "%s says so, and does nothing else, in an older version of Node",
  (file) => {
    // The version of Node that runs it is what it reads.
    const script = `Object.defineProperty(process.versions, "node", { value: "20.20.2" }); import(${JSON.stringify(`file://${join(ROOT, file)}`)})`;
    const options = { encoding: "utf8", stdio: "pipe" } as const;
    const run = () => execFileSync(process.execPath, ["--input-type=module", "-e", script], options);
    expect(run).toThrow(/: Node 20\.20\.2 is too old: it needs Node 22\.12 or newer\.\n$/);
  },
);
