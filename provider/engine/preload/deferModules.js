/** Shortens the start of one of Pulumi's Node processes: modules are loaded when they are first used. */
const { createRequire, enableCompileCache } = require("node:module");
const { join, sep } = require("node:path");

exports.cacheCompiledCode = cacheCompiledCode;
exports.deferCompiler = deferCompiler;
exports.deferModule = deferModule;
exports.skipModule = skipModule;

/** Makes Node cache what it compiles for the next command, next to the packages that a file belongs to. */
function cacheCompiledCode(file) {
  // The usual place for such files, and other users cannot write to it. If it is not writable, Node goes without.
  const packages = file.slice(0, file.lastIndexOf(`${sep}node_modules${sep}`));
  enableCompileCache(join(packages, "node_modules", ".cache", "pulumi-ion"));
}

/** Defers half of Pulumi's SDK: the TypeScript compiler, npm's dependency tree, and the Automation API. */
function deferCompiler(importer) {
  for (const name of ["typescript", "@npmcli/arborist", "normalize-package-data", "../../automation"]) {
    deferModule(importer, name);
  }
}

/**
 * Replaces a module by a proxy that loads it when it is first used.
 *
 * @param importer the file that imports the module.
 * @param destructured functions and classes that the file destructures at once; they are proxies too, until they are called.
 */
function deferModule(importer, name, destructured = []) {
  const from = createRequire(importer);
  const path = resolveModule(from, name);
  let loaded;
  const load = () => {
    if (!loaded) {
      delete require.cache[path];
      loaded = { exports: from(path) };
    }
    return loaded.exports;
  };
  const get = (_, key) => {
    // Answered without loading: compiled TypeScript reads it with each import.
    if (key === "__esModule") return true;
    return !loaded && destructured.includes(key) ? deferredFunction(() => read(load(), key)) : read(load(), key);
  };
  const getOwnPropertyDescriptor = (_, key) => {
    const descriptor = Object.getOwnPropertyDescriptor(load(), key);
    return descriptor && { ...descriptor, configurable: true };
  };
  const traps = {
    get,
    getOwnPropertyDescriptor,
    has: (_, key) => key in load(),
    ownKeys: () => Reflect.ownKeys(load()),
  };
  cacheModule(path, new Proxy({}, traps));
}

/** Makes a module empty for a file that imports it. */
function skipModule(importer, name) {
  cacheModule(resolveModule(createRequire(importer), name), {});
}

/** The path of a module; undefined if this version of the SDK does not have it. */
function resolveModule(from, name) {
  try {
    return from.resolve(name);
  } catch {
    return undefined;
  }
}

function cacheModule(path, exports) {
  if (!path) return;
  require.cache[path] = Object.assign(new module.constructor(path), { filename: path, loaded: true, exports });
}

/** A function or class that is looked up when it is first used. */
function deferredFunction(find) {
  return new Proxy(function deferred() {}, {
    apply: (_, self, args) => Reflect.apply(find(), self, args),
    construct: (_, args, target) => Reflect.construct(find(), args, target),
    get: (_, key) => find()[key],
  });
}

/** A property; the whole module for a default import of a module that has no default export. */
function read(exports, key) {
  return key === "default" && !(key in exports) ? exports : exports[key];
}
