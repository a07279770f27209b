import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve("emulator");

/** Folders and files of the emulator. Each may import from those before it. */
const order = [
  "http",
  "store",
  "deliveries",
  "faults",
  "graphql",
  "page",
  "server.ts",
  "emulator.ts",
  "index.ts",
  "cli",
];

test("imports only from earlier layers", () => {
  const sources = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !/^(dist|node_modules)/.test(path),
  );
  expect(sources.length).toBeGreaterThan(20);
  const layer = (path: string) => order.indexOf(path.split("/")[0] ?? "");
  expect(sources.filter((path) => layer(path) < 0)).toEqual([]);
  const upward = sources.flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)]
      .map(([, target = ""]) => relative(root, join(root, dirname(path), target)))
      .filter((target) => layer(target) > layer(path))
      .map((target) => `${path} → ${target}`),
  );
  expect(upward).toEqual([]);
});
