import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { promisify } from "node:util";
import {
  cruise,
  type ICruiseOptions,
  type ICruiseResult,
  type IFlattenedRuleSet,
  type IForbiddenRuleType,
} from "dependency-cruiser";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

/** The folders of provider/src/, each with the other ones that it may import. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  "model/": [],
  "ion/": ["model/"],
  "lifecycle/": ["model/", "ion/"],
  "engine/shared/": ["model/", "ion/", "lifecycle/"],
  "engine/dynamic/": ["model/", "ion/", "lifecycle/", "engine/shared/"],
  "engine/plugin/": ["model/", "ion/", "lifecycle/", "engine/shared/"],
  "program/": ["model/", "ion/"],
  "functions/": ["model/", "ion/", "program/", "lifecycle/lookUps.ts"],
  "resources/": ["model/", "ion/", "program/", "functions/", "engine/dynamic/providerReference.ts"],
  "native.ts": ["index.ts", "resources/"],
  "index.ts": ["program/", "functions/", "resources/"],
  "cli/": ["model/", "ion/", "lifecycle/", "functions/verifySignature.ts", "engine/dynamic/providerReference.ts"],
};

const layers = Object.entries(LAYERS).map(([layer, below]): IForbiddenRuleType => {
  const allowed = [layer, ...below].map((path) => `^provider/src/${path}`);
  return {
    name: `${layer} imports nothing of ours but ${below.join(", ") || "itself"}`,
    from: { path: `^provider/src/${layer}` },
    to: { path: "^(provider|emulator)/", pathNot: allowed },
  };
});

const RULES: readonly IForbiddenRuleType[] = [
  ...layers,
  { name: "no file imports itself through others", from: {}, to: { circular: true } },
  {
    name: "provider/src/model/ imports no zod and no Pulumi",
    from: { path: "^provider/src/model/" },
    to: { path: "node_modules/(zod|@pulumi)/" },
  },
  {
    name: "provider/src/model/ imports no module of Node",
    from: { path: "^provider/src/model/" },
    to: { dependencyTypes: ["core"] },
  },
  {
    name: "provider/src/ion/ and provider/src/lifecycle/ import no Pulumi",
    from: { path: "^provider/src/(ion|lifecycle)/" },
    to: { path: "node_modules/@pulumi/" },
  },
  {
    name: "the provider imports nothing of the emulator",
    from: { path: "^provider/" },
    to: { path: "^emulator/|node_modules/ion-emulator/" },
  },
  {
    name: "the emulator imports nothing of the provider, and no Pulumi",
    from: { path: "^emulator/" },
    to: { path: "^provider/|node_modules/(pulumi-ion|@pulumi)/" },
  },
  {
    name: "each package imports only packages that it depends on",
    from: { path: "^(provider|emulator)/" },
    to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown"] },
  },
  {
    name: "only provider/src/ion/http/client.ts imports graphql-request",
    from: { path: "^provider/", pathNot: "^provider/src/ion/http/client\\.ts$" },
    to: { path: "node_modules/graphql-request/" },
  },
  {
    name: "only provider/src/ion/http/ and cli/listen/ import an HTTP module",
    from: { path: "^provider/", pathNot: "^provider/src/(ion/http/(transport|loopback)\\.ts$|cli/listen/)" },
    to: { path: "^(http|https|http2|net|tls|dgram|undici)$|node_modules/undici/" },
  },
];

describe("imports", () => {
  let graph: ICruiseResult;

  beforeAll(async () => {
    const options: ICruiseOptions = {
      baseDir: ROOT,
      ruleSet: { forbidden: [...RULES] } satisfies IFlattenedRuleSet,
      validate: true,
      // Types count, too: they are what a reader follows.
      tsPreCompilationDeps: true,
      doNotFollow: { path: "node_modules" },
      exclude: { path: "^(provider|emulator)/(dist|node_modules|template|bin/plugin)/" },
    };
    // Packages that export ES modules only.
    const resolve = { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "types", "default"] };
    const { output } = await cruise(["provider", "emulator"], options, resolve);
    if (typeof output === "string") throw new Error(output);
    graph = output;
  });

  it.each(RULES.map(({ name }) => [name]))("%s", (name) => {
    const found = graph.summary.violations.filter(({ rule }) => rule.name === name);
    expect(found.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it("every file of the provider has its layer", () => {
    const files = graph.modules.map(({ source }) => source).filter((path) => path.startsWith("provider/src/"));
    expect(files.length).toBeGreaterThan(50);
    const layered = new RegExp(`^provider/src/(${Object.keys(LAYERS).join("|")})`);
    expect(files.filter((path) => !layered.test(path))).toEqual([]);
  });

  it("every import is resolved", () => {
    const imports = graph.modules.flatMap(({ dependencies }) => dependencies);
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter(({ couldNotResolve }) => couldNotResolve).map(({ module }) => module)).toEqual([]);
  });
});

describe("globals", () => {
  const config = ts.readConfigFile(join(ROOT, "provider/tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(ROOT, "provider"));
  const program = ts.createProgram(fileNames, options);
  const checker = program.getTypeChecker();

  /** The files of the provider that use, as a value, what Node declares under this name. */
  function usersOf(name: string, declaredIn: RegExp): string[] {
    const uses = (node: ts.Node): boolean => {
      if (ts.isTypeNode(node)) return false;
      if (ts.isIdentifier(node) && node.text === name) {
        const [declaration] = checker.getSymbolAtLocation(node)?.declarations ?? [];
        if (declaration && declaredIn.test(declaration.getSourceFile().fileName)) return true;
      }
      return ts.forEachChild(node, uses) ?? false;
    };
    const files = program.getSourceFiles().filter((file) => fileNames.includes(file.fileName) && uses(file));
    return files.map(({ fileName }) => relative(ROOT, fileName)).sort();
  }

  it("only the transport uses fetch", () => {
    expect(usersOf("fetch", /@types\/node\//)).toEqual(["provider/src/ion/http/transport.ts"]);
  });

  it("only the CLI's terminal and the two engines write to standard output or standard error", () => {
    const writers = [
      ...usersOf("console", /@types\/node\//),
      ...usersOf("stdout", /@types\/node\/process\.d\.ts$/),
      ...usersOf("stderr", /@types\/node\/process\.d\.ts$/),
    ];
    expect([...new Set(writers)].sort()).toEqual([
      "provider/src/cli/terminal.ts",
      "provider/src/engine/dynamic/dynamicProvider.ts",
      "provider/src/engine/plugin/launch.ts",
      "provider/src/engine/plugin/main.ts",
    ]);
  });
});

describe("a process", () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "provider/package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  /** Pulumi's SDK loads these by itself. */
  const OF_PULUMI = ["@grpc/grpc-js", "google-protobuf"];
  const own = Object.keys(dependencies).filter((name) => !OF_PULUMI.includes(name));
  const DEPENDENCIES = new RegExp(`node_modules/(${own.join("|")})/`);

  /** The files that a fresh process loads with a module, by their path from the repository. */
  async function loadedBy(module: string): Promise<string[]> {
    const script = `require("${module}"); console.log(Object.keys(require.cache).join("\\n"))`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd: ROOT });
    return stdout
      .trim()
      .split("\n")
      .map((path) => relative(ROOT, path).replaceAll("\\", "/"));
  }

  it("loads neither a compiler, npm nor the automation API with pulumi-ion", async () => {
    const loaded = await loadedBy("pulumi-ion");
    expect(loaded).toContain("node_modules/@pulumi/pulumi/runtime/resource.js");
    expect(loaded.filter((path) => /pulumi\/automation|\/typescript\/|arborist/.test(path))).toEqual([]);
  });

  it("loads neither the HTTP client, the CLI, the dynamic provider nor a dependency of ours with pulumi-ion", async () => {
    const loaded = await loadedBy("pulumi-ion");
    expect(loaded).toEqual(
      expect.arrayContaining([
        "provider/dist/resources/webhookReceiver.js",
        "provider/dist/functions/getWebhookReceiver.js",
      ]),
    );
    const unwanted = /^provider\/dist\/(ion\/http|cli|engine\/dynamic\/(dynamicProvider|entry))/;
    expect(loaded.filter((path) => unwanted.test(path))).toEqual([]);
    expect(loaded.filter((path) => DEPENDENCIES.test(path))).toEqual([]);
  });

  it("loads no other part of Pulumi's SDK than the protocol with the provider plugin", async () => {
    const loaded = await loadedBy("./provider/dist/engine/plugin/main.js");
    expect(loaded).toContain("node_modules/@pulumi/pulumi/proto/provider_grpc_pb.js");
    expect(loaded.filter((path) => /node_modules\/@pulumi\/pulumi\/(?!proto\/)/.test(path))).toEqual([]);
  });

  it("loads the HTTP client with pulumi-ion/dynamic", async () => {
    const loaded = await loadedBy("pulumi-ion/dynamic");
    expect(loaded).toContain("provider/dist/ion/http/client.js");
    expect(loaded.some((path) => path.startsWith("node_modules/graphql-request/"))).toBe(true);
  });
});
