/**
 * Starts Pulumi's own provider process for dynamic resources, faster than Pulumi's script does: what no resource needs
 * at once is loaded when something first asks for it, and Node keeps what it compiled for the next command. Most of
 * the start and a third of the memory go (docs/performance.md). Other dynamic resources of the program find all as ever.
 */
const { createRequire, enableCompileCache, flushCompileCache } = require("node:module");
const { join, sep } = require("node:path");

// From the program's folder, as Pulumi's own script finds its SDK.
const main = createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/dynamic-provider");

// Beside the packages, where tools keep such files, and nobody else may write. Where it cannot be, Node does without.
const packages = main.slice(0, main.lastIndexOf(`${sep}node_modules${sep}`));
enableCompileCache(join(packages, "node_modules", ".cache", "pulumi-ion"));

/** By the package that asks for them: the TypeScript compiler and npm's dependency tree alone are half of Pulumi's SDK. */
const DEFERRED = [
  [main, ["typescript", "@npmcli/arborist", "normalize-package-data", "../../automation"]],
  [require.resolve("graphql"), ["graphql", "type", "execution", "validation", "utilities"].map((name) => `./${name}`)],
  [require.resolve("zod"), ["./v4/locales"]],
];
for (const [asker, names] of DEFERRED) for (const name of names) defer(createRequire(asker), name);
require(main);
require("../dist/providers.js");
// Pulumi ends this process without a warning: there is no later.
setImmediate(flushCompileCache);

/** Puts a stand-in where a module will be looked for, which loads the module when it is first used. */
function defer(from, name) {
  let path;
  try {
    path = from.resolve(name);
  } catch {
    return; // Another version, which has no such module: nothing to defer.
  }
  let loaded;
  const load = () => {
    if (!loaded) {
      delete require.cache[path];
      loaded = { exports: from(path) };
    }
    return loaded.exports;
  };
  // Answered without loading: compiled TypeScript asks for it in passing, with each import.
  const get = (_, key) => (key === "__esModule" ? true : valueIn(load(), key));
  const getOwnPropertyDescriptor = (_, key) => {
    const found = Object.getOwnPropertyDescriptor(load(), key);
    return found && { ...found, configurable: true };
  };
  const traps = {
    get,
    getOwnPropertyDescriptor,
    has: (_, key) => key in load(),
    ownKeys: () => Reflect.ownKeys(load()),
  };
  const exports = new Proxy({}, traps);
  require.cache[path] = Object.assign(new module.constructor(path), { filename: path, loaded: true, exports });
}

/** A property, or the whole module where a default import asks one that has none. */
function valueIn(exports, key) {
  return key === "default" && !(key in exports) ? exports : exports[key];
}
