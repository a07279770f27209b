/**
 * Starts Pulumi's own provider process for dynamic resources, without what only programs use of Pulumi's SDK: loading
 * the TypeScript compiler, npm's dependency tree and the automation API is most of its start and a third of its memory
 * (docs/performance.md). Each is loaded when something first asks for it, so that other dynamic resources of the same
 * program find them as ever.
 */
const { createRequire } = require("node:module");
const { join } = require("node:path");

// From the program's folder, as Pulumi's own script finds its SDK.
const main = createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/dynamic-provider");
const sdk = createRequire(main);
for (const name of ["typescript", "@npmcli/arborist", "../../automation"]) defer(name);
sdk(main);

/** Puts a stand-in where the SDK will look for a module, which loads the module when it is first used. */
function defer(name) {
  let path;
  try {
    path = sdk.resolve(name);
  } catch {
    return; // An SDK that has no such thing has nothing to defer.
  }
  let loaded;
  const load = () => {
    if (!loaded) {
      delete sdk.cache[path];
      loaded = { exports: sdk(path) };
    }
    return loaded.exports;
  };
  // Answered without loading: compiled TypeScript asks for it in passing, with each import.
  const get = (_, key) => (key === "__esModule" ? true : of(load(), key));
  const getOwnPropertyDescriptor = (_, key) => {
    const found = Object.getOwnPropertyDescriptor(load(), key);
    return found && { ...found, configurable: true };
  };
  const exports = new Proxy(
    {},
    { get, getOwnPropertyDescriptor, has: (_, key) => key in load(), ownKeys: () => Reflect.ownKeys(load()) },
  );
  sdk.cache[path] = Object.assign(new module.constructor(path), { filename: path, loaded: true, exports });
}

/** A property, or the whole module where a default import asks one that has none. */
function of(exports, key) {
  return key === "default" && !(key in exports) ? exports : exports[key];
}
