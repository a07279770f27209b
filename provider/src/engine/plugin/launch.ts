/** Starts the provider plugin. bin/pulumi-resource-ion loads it, bundled: tools/bundlePlugin.ts. */
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { nodeProblem } from "../../model/nodeVersion.ts";

const problem = nodeProblem(process.versions.node);
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}
// Garbage is collected early: with 3,400 subscriptions, the process takes half the memory. V8 reads both flags at each collection.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--heap-growing-percent=20");
const cache = process.env.NODE_COMPILE_CACHE || cacheFolder();
if (cache !== undefined) enableCompileCache(cache);
void launch();

/** Loads the code after the cache is in use. */
async function launch(): Promise<void> {
  const { start } = await import("./main.ts");
  const { version } = JSON.parse(readFileSync(join(__dirname, "package.json"), "utf8")) as { version: string };
  start({ version, schema: join(__dirname, "schema.json") });
}

/** The user's own folder for caches. Node's default is shared with other users, who could plant code there. */
function cacheFolder(): string | undefined {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const folder = process.platform === "win32" ? LOCALAPPDATA : XDG_CACHE_HOME;
  try {
    return join(folder || join(homedir(), ".cache"), "pulumi-ion");
  } catch {
    // The user has no home folder, as in some containers.
    return undefined;
  }
}
