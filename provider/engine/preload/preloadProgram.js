/**
 * Makes the program's own process start faster, where Pulumi.yaml names it (`nodeargs: --require=pulumi-ion/preload`):
 * Node keeps what it compiled for the next command, and Pulumi's SDK loads its compiler and its tracing when they are used.
 * Lines of compiled programs are mapped to their sources by Node itself, which leaves packages alone: to map the SDK's own
 * was half of what each resource cost a program.
 */
const nodeModule = require("node:module");
const { join } = require("node:path");
const { defer, deferCompiler, keepCompiled, leaveOut } = require("./deferModules.js");

// From the program's folder, as Pulumi's language host finds its SDK.
const main = nodeModule.createRequire(join(process.cwd(), "index.js")).resolve("@pulumi/pulumi/cmd/run");
keepCompiled(main);
deferCompiler(main);

/** What the SDK takes of each at its start, and uses when it is told to trace. */
const TRACING = {
  "exporter-zipkin": ["ZipkinExporter"],
  instrumentation: ["registerInstrumentations"],
  "instrumentation-grpc": ["GrpcInstrumentation"],
  resources: ["defaultResource", "resourceFromAttributes"],
  "sdk-trace-base": ["SimpleSpanProcessor"],
  "sdk-trace-node": ["NodeTracerProvider"],
};
for (const [name, taken] of Object.entries(TRACING)) defer(main, `@opentelemetry/${name}`, taken);
defer(main, "js-yaml");

// Since Node 22.14; before it, Pulumi's way stays.
if (nodeModule.setSourceMapsSupport) {
  nodeModule.setSourceMapsSupport(true, { nodeModules: false });
  leaveOut(main, "source-map-support/register");
}
