/** Tests provider/engine/preload, which starts Pulumi's processes faster. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PRELOAD = join(ROOT, "provider/engine/preload");

/** The compiler and the package manager, which Pulumi's SDK imports at its start. */
const COMPILER = ["typescript", "@npmcli/arborist", "normalize-package-data", "./automation"];

/** The modules that each process defers, by the package that imports them. */
const DEFERRED = {
  provider: {
    "@pulumi/pulumi": COMPILER,
    graphql: ["./graphql", "./type", "./execution", "./validation", "./utilities"],
    zod: ["./v4/locales"],
  },
  program: { "@pulumi/pulumi": COMPILER },
};

/** More modules that the program's process defers, with the exports that the SDK reads at its start. */
const TRACING = {
  "@opentelemetry/exporter-zipkin": ["ZipkinExporter"],
  "@opentelemetry/instrumentation": ["registerInstrumentations"],
  "@opentelemetry/instrumentation-grpc": ["GrpcInstrumentation"],
  "@opentelemetry/resources": ["defaultResource", "resourceFromAttributes"],
  "@opentelemetry/sdk-trace-base": ["SimpleSpanProcessor"],
  "@opentelemetry/sdk-trace-node": ["NodeTracerProvider"],
  "js-yaml": [],
};

const HELPERS = `
  const { createRequire } = require("node:module");
  const { isProxy } = require("node:util/types");
  const requireOf = (name) => createRequire(createRequire(${JSON.stringify(join(PRELOAD, "startProvider.js"))}).resolve(name));`;

/** Runs code in a provider process, and returns its result. */
async function inProvider(code: string, cwd = ROOT): Promise<unknown> {
  const script = `
    process.argv.splice(1, Infinity, "startProvider.js", "127.0.0.1:1");
    require(${JSON.stringify(join(PRELOAD, "startProvider.js"))});
    ${HELPERS}
    const { log } = console;
    // The process prints its port when it is ready.
    console.log = (port) => {
      log(port);
      log(JSON.stringify({ result: (() => { ${code} })() }));
      process.exit();
    };`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd });
  const [port, output = "null"] = stdout.trim().split("\n");
  expect(Number(port)).toBeGreaterThan(0);
  return (JSON.parse(output) as { readonly result: unknown }).result;
}

/** Runs code in a program's process before Pulumi's SDK is loaded, and returns its result. */
async function inProgram(code: string, cwd = ROOT): Promise<unknown> {
  const script = `${HELPERS}\nconsole.log(JSON.stringify({ result: (() => { ${code} })() }));`;
  const args = ["--require=pulumi-ion/preload", "-e", script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as { readonly result: unknown }).result;
}

/** A folder with a copy of Pulumi's SDK and links to all other packages. */
async function createPackages(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-preload-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(ROOT, "node_modules/@pulumi/pulumi"), join(folder, "node_modules/@pulumi/pulumi"), { recursive: true });
  for (const name of await readdir(join(ROOT, "node_modules"))) {
    if (!/^(@pulumi|\..*)$/.test(name)) {
      await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
    }
  }
  return folder;
}

const PROCESSES = { provider: inProvider, program: inProgram };

const CASES = Object.entries(DEFERRED).flatMap(([process, packages]) =>
  Object.entries(packages).flatMap(([importer, names]) => names.map((name) => [process, importer, name] as const)),
);

it.each(CASES)(
  "the %s process defers the import by %s of %s, and returns the whole module on first use",
  async (process, importer, name) => {
    const result = await PROCESSES[process as keyof typeof PROCESSES](`
      const require = requireOf(${JSON.stringify(importer)});
      const path = require.resolve(${JSON.stringify(name)});
      const before = isProxy(require.cache[path].exports);
      const proxy = require(path);
      const keys = Object.keys(proxy).sort();
      const real = require(path);
      return {
        before, after: isProxy(real), same: keys.every((key) => key in proxy && proxy[key] === real[key]),
        whole: keys.length === Object.keys(real).length, default: proxy.default === (real.default ?? real),
      };`);
    expect(result).toEqual({ before: true, after: false, same: true, whole: true, default: true });
  },
);

describe("the provider process", () => {
  it("loads our code before its first call", async () => {
    const loaded = await inProvider(
      `return Object.keys(require.cache).some((path) => /dynamic.entry\\.js$/.test(path));`,
    );
    expect(loaded).toBe(true);
  });

  it("starts with the same options on Windows", async () => {
    const [shell, cmd] = await Promise.all(
      ["", ".cmd"].map((end) => readFile(join(PRELOAD, `pulumi-resource-pulumi-nodejs${end}`), "utf8")),
    );
    expect(shell).toContain(`node --max-semi-space-size=1 --heap-growing-percent=20 "\${0%/*}/startProvider.js" "$@"`);
    expect(cmd).toBe('@node --max-semi-space-size=1 --heap-growing-percent=20 "%~dp0startProvider.js" %*\r\n');
  });
});

describe("the program's process", () => {
  it.each(Object.entries(TRACING))(
    "defers %s when the SDK reads its exports %j, and loads it on first use",
    async (name, exports) => {
      const result = await inProgram(`
      const require = requireOf("@pulumi/pulumi/cmd/run");
      const path = require.resolve(${JSON.stringify(name)});
      const proxy = require(path);
      const parts = ${JSON.stringify(exports)}.map((key) => [key, proxy[key]]);
      const before = isProxy(require.cache[path].exports) && parts.every(([, part]) => isProxy(part));
      const keys = Object.keys(proxy);
      const real = require(path);
      return {
        before, after: isProxy(real), whole: keys.length > 0 && keys.length === Object.keys(real).length,
        same: parts.every(([key, part]) => part.prototype === real[key].prototype && proxy[key] === real[key]),
      };`);
      expect(result).toEqual({ before: true, after: false, whole: true, same: true });
    },
  );

  it("exports traces with the deferred tracing modules", async () => {
    const result = await inProgram(`
      const require = requireOf("@pulumi/pulumi/cmd/run");
      const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");
      const { SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");
      const { defaultResource, resourceFromAttributes } = require("@opentelemetry/resources");
      const exported = [];
      const exporter = { export: (spans, done) => { exported.push(...spans); done({ code: 0 }); }, shutdown: async () => {} };
      const processor = new SimpleSpanProcessor(exporter);
      const resource = defaultResource().merge(resourceFromAttributes({ "service.name": "test-service" }));
      const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
      provider.getTracer("test").startSpan("one").end();
      class Subclass extends SimpleSpanProcessor {}
      return {
        exported: exported.map(({ name }) => name),
        processor: processor instanceof SimpleSpanProcessor && new Subclass(exporter) instanceof Subclass,
        service: provider.getTracer("test").startSpan("two").resource.attributes["service.name"],
      };`);
    expect(result).toEqual({ exported: ["one"], processor: true, service: "test-service" });
  });

  it("starts with an SDK that has none of the deferred modules", async () => {
    const folder = await createPackages();
    for (const name of ["source-map-support", "js-yaml", "typescript", "@npmcli", "@opentelemetry"]) {
      await rm(join(folder, "node_modules", name));
    }
    expect(await inProgram("return 3;", folder)).toBe(3);
  });

  it("maps stack traces of a compiled program to its source, and those of packages to none", async () => {
    const folder = await createPackages();
    const [program, dependency] = [join(folder, "program"), join(folder, "node_modules/dependency")];
    for (const directory of [program, dependency]) {
      await mkdir(directory);
      const map = { version: 3, sources: ["source.ts"], names: [], mappings: ";;AAYI" };
      const text = `// compiled\n\nexports.stack = () => new Error("test").stack;\n//# sourceMappingURL=index.js.map\n`;
      await writeFile(join(directory, "index.js"), text);
      await writeFile(join(directory, "index.js.map"), JSON.stringify(map));
    }
    const stacks = await inProgram(
      `createRequire(${JSON.stringify(join(folder, "index.js"))})("source-map-support/register");
      return [${JSON.stringify(program)}, ${JSON.stringify(dependency)}].map((path) => require(path).stack().split("\\n")[1]);`,
      folder,
    );
    expect(stacks).toEqual([expect.stringContaining("source.ts:13:"), expect.stringContaining("index.js:3:")]);
  });
});

it.each(Object.entries(PROCESSES))(
  "the %s process caches compiled code in node_modules, and runs without the cache if it cannot be written",
  async (_, inProcess) => {
    const folder = await createPackages();
    const load = `requireOf("graphql"); require("graphql"); return`;
    expect(await inProcess(`${load} 1;`, folder)).toBe(1);
    expect(await readdir(join(folder, "node_modules/.cache/pulumi-ion"))).not.toEqual([]);
    await rm(join(folder, "node_modules/.cache"), { recursive: true });
    await symlink("/dev/null", join(folder, "node_modules/.cache"));
    expect(await inProcess(`${load} 2;`, folder)).toBe(2);
  },
);
