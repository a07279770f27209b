import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeProject, ROOT, run, testLifecycle, testShortLifecycle } from "./project.ts";

const BODY = `const stackName: string = pulumi.getStack();
const webhookUri = new Config("other").get("uri") ?? "https://violet.example/x";
new ion.VioletWebhooks("violet-" + stackName, { webhookUri, resources: ["PARTS"] });`;
const IMPORTS =
  'import * as pulumi from "@pulumi/pulumi";\nimport { Config } from "@pulumi/pulumi/config.js";\nimport * as ion from "pulumi-ion";\n';

/** Node runs TypeScript itself. */
const WITHOUT_COMPILER = `name: project
runtime: { name: nodejs, options: { typescript: false } }
options: { refresh: always }
`;

/** The compiler options of Pulumi's TypeScript template. */
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
  "CommonJS TypeScript with the options of Pulumi's template": {
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

describe("the packed and installed package", () => {
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

  it("runs as a shell command", async () => {
    const { code, output } = await run(join(folder, "app/node_modules/.bin/pulumi-ion"), ["--version"], folder);
    const { version } = JSON.parse(await readFile(join(ROOT, "provider/package.json"), "utf8"));
    expect({ code, output }).toEqual({ code: 0, output: `${version}\n` });
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(Object.entries(PROGRAMS))("works in %s", async (_name, files) => {
    const project = await makeProject({ files, nodeModules: join(folder, "app/node_modules") });
    // Pulumi checks types by default.
    project.env.PULUMI_NODEJS_TRANSPILE_ONLY = undefined;
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => expect(store.listSubscriptions()).toHaveLength(2),
      changeOutside: () => store.deleteSubscription(store.listSubscriptions()[0]?.id ?? ""),
      drift: ["+ 1 to create", /violet-test-PARTS-(CREATE|UPDATE)/],
    });
  });

  it.each(Object.entries(PROGRAMS).filter(([name]) => name.includes("TypeScript")))(
    "works in %s that Node runs itself",
    async (_name, files) => {
      const project = await makeProject({
        files: { "Pulumi.yaml": WITHOUT_COMPILER, ...files },
        nodeModules: join(folder, "app/node_modules"),
      });
      await testShortLifecycle(project, () => expect(project.emulator.store.listSubscriptions()).toHaveLength(2));
    },
  );
});
