/**
 * Starts Pulumi's own provider process for dynamic resources faster than Pulumi's script does: what no resource needs at once is
 * loaded when it is first used, and Node caches compiled code. It saves most of the start and a third of the memory
 * (docs/performance.md). Other dynamic resources of the program find everything as usual.
 */
const { createRequire, flushCompileCache } = require("node:module");
const { join } = require("node:path");
const { cacheCompiledCode, deferCompiler, deferModule } = require("./deferModules.js");

// Resolved from the program's folder, as Pulumi's own script resolves its SDK.
const main = createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/dynamic-provider");
cacheCompiledCode(main);
deferCompiler(main);
const GRAPHQL = ["./graphql", "./type", "./execution", "./validation", "./utilities"];
for (const name of GRAPHQL) deferModule(require.resolve("graphql"), name);
deferModule(require.resolve("zod"), "./v4/locales");
require(main);
require("../../dist/engine/dynamic/entry.js");
// Pulumi kills this process without a warning, so there is no later moment.
setImmediate(flushCompileCache);
