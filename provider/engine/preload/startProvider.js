/**
 * Starts Pulumi's own provider process for dynamic resources, faster than Pulumi's script does: what no resource needs
 * at once is loaded when something first asks for it, and Node keeps what it compiled for the next command. Most of
 * the start and a third of the memory go (docs/performance.md). Other dynamic resources of the program find all as ever.
 */
const { createRequire, flushCompileCache } = require("node:module");
const { join } = require("node:path");
const { defer, deferCompiler, keepCompiled } = require("./deferModules.js");

// From the program's folder, as Pulumi's own script finds its SDK.
const main = createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/dynamic-provider");
keepCompiled(main);
deferCompiler(main);
const GRAPHQL = ["./graphql", "./type", "./execution", "./validation", "./utilities"];
for (const name of GRAPHQL) defer(require.resolve("graphql"), name);
defer(require.resolve("zod"), "./v4/locales");
require(main);
require("../../dist/engine/dynamic/entry.js");
// Pulumi ends this process without a warning: there is no later.
setImmediate(flushCompileCache);
