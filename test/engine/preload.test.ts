/** What starts Pulumi's provider process: provider/engine/preload. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const PLUGIN = join(ROOT, "provider/engine/preload");

/** Half of Pulumi's SDK. */
const COMPILER = ["typescript", "@npmcli/arborist", "normalize-package-data", "./automation"];

/** Modules that the processes put off, by who asks for them. */
const DEFERRED = {
  provider: {
    "@pulumi/pulumi": COMPILER,
    graphql: ["./graphql", "./type", "./execution", "./validation", "./utilities"],
    zod: ["./v4/locales"],
  },
  program: { "@pulumi/pulumi": COMPILER },
};

/** More that the program's process puts off, and what the SDK takes of them at its start. */
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
  const from = (asker) => createRequire(createRequire(${JSON.stringify(join(PLUGIN, "startProvider.js"))}).resolve(asker));`;

/** Runs code in a provider process that the plugin has started; what the code returns. */
async function inProvider(code: string, cwd = ROOT): Promise<unknown> {
  const script = `
    process.argv.splice(1, Infinity, "startProvider.js", "127.0.0.1:1");
    require(${JSON.stringify(join(PLUGIN, "startProvider.js"))});
    ${HELPERS}
    const { log } = console;
    // Pulumi's process prints its port when it is ready.
    console.log = (port) => {
      log(port);
      log(JSON.stringify({ result: (() => { ${code} })() }));
      process.exit();
    };`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd });
  const [port, answer = "null"] = stdout.trim().split("\n");
  expect(Number(port)).toBeGreaterThan(0);
  return (JSON.parse(answer) as { readonly result: unknown }).result;
}

/** Runs code in a process that Node has started as a program's, before Pulumi's SDK is loaded; what the code returns. */
async function inProgram(code: string, cwd = ROOT): Promise<unknown> {
  const script = `${HELPERS}\nconsole.log(JSON.stringify({ result: (() => { ${code} })() }));`;
  const args = ["--require=pulumi-ion/preload", "-e", script];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd });
  expect(stderr).toBe("");
  return (JSON.parse(stdout) as { readonly result: unknown }).result;
}

/** A folder of packages that has Pulumi's SDK as a copy: what belongs to where the SDK is belongs to it. */
async function packages(): Promise<string> {
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

const CASES = Object.entries(DEFERRED).flatMap(([process, askers]) =>
  Object.entries(askers).flatMap(([asker, names]) => names.map((name) => [process, asker, name] as const)),
);

it.each(CASES)(
  "the %s process has not loaded what %s asks for as %s, and gives all of it to who uses it",
  async (process, asker, name) => {
    const found = await PROCESSES[process as keyof typeof PROCESSES](`
      const require = from(${JSON.stringify(asker)});
      const path = require.resolve(${JSON.stringify(name)});
      const before = isProxy(require.cache[path].exports);
      const standIn = require(path);
      const keys = Object.keys(standIn).sort();
      const real = require(path);
      return {
        before, after: isProxy(real), same: keys.every((key) => key in standIn && standIn[key] === real[key]),
        whole: keys.length === Object.keys(real).length, default: standIn.default === (real.default ?? real),
      };`);
    expect(found).toEqual({ before: true, after: false, same: true, whole: true, default: true });
  },
);

describe("the provider process", () => {
  it("has our code loaded before it is asked for anything", async () => {
    const loaded = await inProvider(
      `return Object.keys(require.cache).some((path) => /dynamic.entry\\.js$/.test(path));`,
    );
    expect(loaded).toBe(true);
  });

  it("is started the same way on Windows", async () => {
    const [shell, cmd] = await Promise.all(
      ["", ".cmd"].map((end) => readFile(join(PLUGIN, `pulumi-resource-pulumi-nodejs${end}`), "utf8")),
    );
    expect(shell).toContain(`node --max-semi-space-size=1 --heap-growing-percent=20 "\${0%/*}/startProvider.js" "$@"`);
    expect(cmd).toBe('@node --max-semi-space-size=1 --heap-growing-percent=20 "%~dp0startProvider.js" %*\r\n');
  });
});

describe("the program's process", () => {
  it.each(Object.entries(TRACING))(
    "has not loaded %s when the SDK takes of it %j, and has it when used",
    async (name, taken) => {
      const found = await inProgram(`
      const require = from("@pulumi/pulumi/cmd/run");
      const path = require.resolve(${JSON.stringify(name)});
      const standIn = require(path);
      const parts = ${JSON.stringify(taken)}.map((key) => [key, standIn[key]]);
      const before = isProxy(require.cache[path].exports) && parts.every(([, part]) => isProxy(part));
      const keys = Object.keys(standIn);
      const real = require(path);
      return {
        before, after: isProxy(real), whole: keys.length > 0 && keys.length === Object.keys(real).length,
        same: parts.every(([key, part]) => part.prototype === real[key].prototype && standIn[key] === real[key]),
      };`);
      expect(found).toEqual({ before: true, after: false, whole: true, same: true });
    },
  );

  it("traces where it is told to", async () => {
    const found = await inProgram(`
      const require = from("@pulumi/pulumi/cmd/run");
      const { NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");
      const { SimpleSpanProcessor } = require("@opentelemetry/sdk-trace-base");
      const { defaultResource, resourceFromAttributes } = require("@opentelemetry/resources");
      const ended = [];
      const exporter = { export: (spans, done) => { ended.push(...spans); done({ code: 0 }); }, shutdown: async () => {} };
      const processor = new SimpleSpanProcessor(exporter);
      const resource = defaultResource().merge(resourceFromAttributes({ "service.name": "here" }));
      const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
      provider.getTracer("test").startSpan("one").end();
      class Mine extends SimpleSpanProcessor {}
      return {
        ended: ended.map(({ name }) => name),
        processor: processor instanceof SimpleSpanProcessor && new Mine(exporter) instanceof Mine,
        service: provider.getTracer("test").startSpan("two").resource.attributes["service.name"],
      };`);
    expect(found).toEqual({ ended: ["one"], processor: true, service: "here" });
  });

  it("starts where a version of the SDK has none of what is put off", async () => {
    const folder = await packages();
    for (const name of ["source-map-support", "js-yaml", "typescript", "@npmcli", "@opentelemetry"]) {
      await rm(join(folder, "node_modules", name));
    }
    expect(await inProgram("return 3;", folder)).toBe(3);
  });

  it("maps a line of a compiled program to its source, and those of packages to none", async () => {
    const folder = await packages();
    const [mine, theirs] = [join(folder, "mine"), join(folder, "node_modules/theirs")];
    for (const place of [mine, theirs]) {
      await mkdir(place);
      const map = { version: 3, sources: ["source.ts"], names: [], mappings: ";;AAYI" };
      const text = `// compiled\n\nexports.stack = () => new Error("here").stack;\n//# sourceMappingURL=index.js.map\n`;
      await writeFile(join(place, "index.js"), text);
      await writeFile(join(place, "index.js.map"), JSON.stringify(map));
    }
    const stacks = await inProgram(
      `createRequire(${JSON.stringify(join(folder, "index.js"))})("source-map-support/register");
      return [${JSON.stringify(mine)}, ${JSON.stringify(theirs)}].map((path) => require(path).stack().split("\\n")[1]);`,
      folder,
    );
    expect(stacks).toEqual([expect.stringContaining("source.ts:13:"), expect.stringContaining("index.js:3:")]);
  });
});

it.each(Object.entries(PROCESSES))(
  "the %s process keeps what Node compiled beside the packages, and does without where it may not",
  async (_, inProcess) => {
    const folder = await packages();
    const load = `from("graphql"); require("graphql"); return`;
    expect(await inProcess(`${load} 1;`, folder)).toBe(1);
    expect(await readdir(join(folder, "node_modules/.cache/pulumi-ion"))).not.toEqual([]);
    await rm(join(folder, "node_modules/.cache"), { recursive: true });
    await symlink("/dev/null", join(folder, "node_modules/.cache"));
    expect(await inProcess(`${load} 2;`, folder)).toBe(2);
  },
);
