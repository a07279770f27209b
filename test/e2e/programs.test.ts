import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAST_START } from "../../tools/fastStart.ts";
import { live, liveBriefly, makeProject, type Project, ROOT, run } from "./project.ts";

const BODY = `const pulumiIsThere: string = pulumi.getStack();
const webhookUri = new Config("other").get("uri") ?? "https://violet.example/x";
new ion.VioletWebhooks("violet-" + pulumiIsThere, { webhookUri, resources: ["PARTS"] });`;
const IMPORTS =
  'import * as pulumi from "@pulumi/pulumi";\nimport { Config } from "@pulumi/pulumi/config.js";\nimport * as ion from "pulumi-ion";\n';

/** A program with a dynamic resource of its own, which uses what pulumi-ion's plugin puts off. */
const NEIGHBOUR = `const { dynamic } = require("@pulumi/pulumi");
const { VioletWebhooks } = require("pulumi-ion");
class Neighbour extends dynamic.Resource {
  constructor(name) {
    const provider = {
      async create() {
        const { version } = require("typescript");
        const { LocalWorkspace } = require("@pulumi/pulumi").automation;
        return { id: "1", outs: { version, create: typeof LocalWorkspace.create } };
      },
    };
    super(provider, name, { version: undefined, create: undefined });
  }
}
new Neighbour("neighbour");
new VioletWebhooks("violet", { webhookUri: "https://violet.example/x", resources: ["PARTS"] });
`;

const STARTED_FAST = `name: project\n${FAST_START}options:\n  refresh: always\n`;

/** Pulumi's TypeScript template, word for word where it matters: its compiler options. */
const TEMPLATE_TSCONFIG = {
  compilerOptions: {
    strict: true,
    outDir: "bin",
    target: "es2020",
    module: "commonjs",
    moduleResolution: "node",
    sourceMap: true,
    experimentalDecorators: true,
    pretty: true,
    noFallthroughCasesInSwitch: true,
    noImplicitReturns: true,
    forceConsistentCasingInFileNames: true,
  },
  files: ["index.ts"],
};

const PROGRAMS: Record<string, Record<string, string>> = {
  "CommonJS TypeScript, as Pulumi's template has it": {
    "package.json": JSON.stringify({ main: "index.ts" }),
    "tsconfig.json": JSON.stringify(TEMPLATE_TSCONFIG),
    "index.ts": IMPORTS + BODY,
  },
  "ESM TypeScript": {
    "package.json": JSON.stringify({ type: "module", main: "index.ts" }),
    "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, module: "nodenext", target: "es2022" } }),
    "index.ts": `import { VioletWebhooks } from "pulumi-ion";\n${IMPORTS}${BODY}\nvoid VioletWebhooks;`,
  },
  "plain JavaScript": {
    "package.json": "{}",
    "index.js": `const pulumi = require("@pulumi/pulumi");\nconst { Config } = require("@pulumi/pulumi/config");\nconst ion = require("pulumi-ion");\n${BODY.replace(": string", "")}`,
  },
};

describe("the packed package, installed, works in a program in", () => {
  let folder = "";

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "pulumi-ion-packed-"));
    const packed = await run("npm", ["pack", "--workspace", "provider", "--pack-destination", folder], ROOT);
    expect(packed.code, packed.output).toBe(0);
    const [tarball] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    await mkdir(join(folder, "app"));
    const dependencies = {
      "pulumi-ion": `file:../${tarball}`,
      "@pulumi/pulumi": "^3.270.0",
      "@types/node": "^24.0.0",
      "ts-node": "^10.9.2",
      typescript: "^5.9.0",
    };
    await writeFile(join(folder, "app/package.json"), JSON.stringify({ private: true, dependencies }));
    const installed = await run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], join(folder, "app"));
    expect(installed.code, installed.output).toBe(0);
  });

  it("a shell, by its command", async () => {
    const { code, output } = await run(join(folder, "app/node_modules/.bin/pulumi-ion"), ["--version"], folder);
    expect({ code, output }).toEqual({ code: 0, output: "0.1.0\n" });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.entries(PROGRAMS))("%s", async (_name, files) => {
    const project = await makeProject({ files, nodeModules: join(folder, "app/node_modules") });
    // Types are checked here, as Pulumi does by default.
    project.env.PULUMI_NODEJS_TRANSPILE_ONLY = undefined;
    const { store } = project.emulator;
    await live(project, {
      made: () => expect(store.listSubscriptions()).toHaveLength(2),
      outside: () => store.deleteSubscription(store.listSubscriptions()[0]?.id ?? ""),
      shown: ["+ 1 to create", /violet-test-PARTS-(CREATE|UPDATE)/],
    });
  });

  it.each(Object.entries(PROGRAMS))("%s, started fast", async (_name, files) => {
    const project = await makeProject({
      files: { "Pulumi.yaml": STARTED_FAST, ...files },
      nodeModules: join(folder, "app/node_modules"),
    });
    const { processes } = await spyOn(project);
    await liveBriefly(project, () => expect(project.emulator.store.listSubscriptions()).toHaveLength(2));
    const started = await processes();
    expect(started).toMatch(/cmd\/run.* --require=pulumi-ion\/preload typescript=false$/m);
    expect(started).toMatch(/pulumi-ion\/engine\/preload\/startProvider\.js .* typescript=false$/m);
    expect(started).not.toMatch(/dynamic-provider|typescript=true/);
  });

  it("ESM TypeScript that Pulumi compiles, started fast", async () => {
    const files = {
      "Pulumi.yaml": STARTED_FAST.replace(/^ +typescript: false.*\n/m, ""),
      ...PROGRAMS["ESM TypeScript"],
    };
    const project = await makeProject({ files, nodeModules: join(folder, "app/node_modules") });
    const { processes } = await spyOn(project);
    await liveBriefly(project, () => expect(project.emulator.store.listSubscriptions()).toHaveLength(2));
    expect(await processes()).toMatch(/cmd\/run.* --require=pulumi-ion\/preload typescript=true$/m);
  });

  it("a project that is started fast, beside other dynamic resources", async () => {
    const files = { "Pulumi.yaml": STARTED_FAST, "package.json": "{}", "index.js": NEIGHBOUR };
    const project = await makeProject({ files, nodeModules: join(folder, "app/node_modules") });
    await liveBriefly(project, async () => {
      expect(project.emulator.store.listSubscriptions()).toHaveLength(2);
      const neighbour = (await project.resources()).find(({ urn }) => urn.endsWith("::neighbour"));
      const typescript = await readFile(join(folder, "app/node_modules/typescript/package.json"), "utf8");
      expect(neighbour?.outputs).toMatchObject({ version: JSON.parse(typescript).version, create: "function" });
    });
  });
});

/** Has each of a project's Node processes note, when it ends, what it was and whether the TypeScript compiler was loaded. */
async function spyOn(project: Project): Promise<{ processes(): Promise<string> }> {
  const [spy, notes] = [join(project.dir, "spy.cjs"), join(project.dir, "processes")];
  await project.write({
    "spy.cjs": `const note = () => {
      const { isProxy } = require("node:util/types");
      const compiler = Object.values(require.cache).find(({ id }) => /node_modules.typescript.lib/.test(id));
      const typescript = compiler !== undefined && !isProxy(compiler.exports);
      const what = [process.argv[1], ...process.execArgv, "typescript=" + typescript].join(" ");
      require("node:fs").appendFileSync(${JSON.stringify(notes)}, what + "\\n");
    };
    process.once("exit", note);
    // Pulumi interrupts its provider process.
    process.once("SIGINT", () => process.exit());`,
  });
  project.env.NODE_OPTIONS = `--require ${spy}`;
  return { processes: () => readFile(notes, "utf8") };
}
