/**
 * Makes the program's own process start faster, if Pulumi.yaml names it (`nodeargs: --require=pulumi-ion/preload`): Node caches
 * compiled code, and Pulumi's SDK loads its compiler and its tracing when they are used. Node itself maps the lines of compiled
 * programs to their sources, and leaves packages alone: mapping the SDK's own was half of what each resource cost a program.
 */
const nodeModule = require("node:module");
const { join } = require("node:path");
const { cacheCompiledCode, deferCompiler, deferModule, skipModule } = require("./deferModules.js");

// Resolved from the program's folder, as Pulumi's language host resolves its SDK.
const main = nodeModule.createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/run");
cacheCompiledCode(main);
deferCompiler(main);

/** What the SDK destructures of each tracing package at its start, and uses only if tracing is enabled. */
const TRACING = {
  "exporter-zipkin": ["ZipkinExporter"],
  instrumentation: ["registerInstrumentations"],
  "instrumentation-grpc": ["GrpcInstrumentation"],
  resources: ["defaultResource", "resourceFromAttributes"],
  "sdk-trace-base": ["SimpleSpanProcessor"],
  "sdk-trace-node": ["NodeTracerProvider"],
};
for (const [name, destructured] of Object.entries(TRACING)) deferModule(main, `@opentelemetry/${name}`, destructured);
deferModule(main, "js-yaml");

// Since Node 22.14. Before it, the SDK maps the lines.
if (nodeModule.setSourceMapsSupport) {
  nodeModule.setSourceMapsSupport(true, { nodeModules: false });
  skipModule(main, "source-map-support/register");
}
