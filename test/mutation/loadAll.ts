import { globSync } from "node:fs";
import { resolve } from "node:path";

// Loads every module before the first test, so that code that runs at load is attributed to no test. launch.ts starts the plugin.
const files = globSync("provider/src/**/*.ts", {
  exclude: ["provider/src/engine/plugin/launch.ts"],
});
for (const file of files) await import(resolve(file));
