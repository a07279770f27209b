/** What a process of Pulumi's can do without at its start. */
const { createRequire, enableCompileCache } = require("node:module");
const { join, sep } = require("node:path");

exports.keepCompiled = keepCompiled;
exports.deferCompiler = deferCompiler;
exports.defer = defer;
exports.leaveOut = leaveOut;

/** Has Node keep what it compiles, for the next command, beside the packages that a file is of. */
function keepCompiled(file) {
  // Where tools keep such files, and nobody else may write. Where it cannot be, Node does without.
  const packages = file.slice(0, file.lastIndexOf(`${sep}node_modules${sep}`));
  enableCompileCache(join(packages, "node_modules", ".cache", "pulumi-ion"));
}

/** Puts off half of Pulumi's SDK: the TypeScript compiler, npm's dependency tree, and what starts Pulumi from a program. */
function deferCompiler(asker) {
  for (const name of ["typescript", "@npmcli/arborist", "normalize-package-data", "../../automation"]) {
    defer(asker, name);
  }
}

/**
 * Puts a stand-in where a file will look for a module, which loads the module when it is first used. Functions and classes
 * that the file takes out of it at once can be named: they are stand-ins, too, until they are called.
 */
function defer(asker, name, taken = []) {
  const from = createRequire(asker);
  const path = pathOf(from, name);
  let loaded;
  const load = () => {
    if (!loaded) {
      delete require.cache[path];
      loaded = { exports: from(path) };
    }
    return loaded.exports;
  };
  const get = (_, key) => {
    // Answered without loading: compiled TypeScript asks for it in passing, with each import.
    if (key === "__esModule") return true;
    return !loaded && taken.includes(key) ? callable(() => valueIn(load(), key)) : valueIn(load(), key);
  };
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
  put(path, new Proxy({}, traps));
}

/** Has a file find nothing where it will look for a module. */
function leaveOut(asker, name) {
  put(pathOf(createRequire(asker), name), {});
}

/** Where a module is; undefined where another version has no such module, and there is nothing to put off. */
function pathOf(from, name) {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

function put(path, exports) {
  if (!path) return;
  require.cache[path] = Object.assign(new module.constructor(path), { filename: path, loaded: true, exports });
}

/** A function or a class that is looked up when it is first used. */
function callable(find) {
  return new Proxy(function standIn() {}, {
    apply: (_, self, given) => Reflect.apply(find(), self, given),
    construct: (_, given, target) => Reflect.construct(find(), given, target),
    get: (_, key) => find()[key],
  });
}

/** A property, or the whole module where a default import asks one that has none. */
function valueIn(exports, key) {
  return key === "default" && !(key in exports) ? exports : exports[key];
}
