import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const PACKAGE = readFileSync(join(ROOT, "provider/README.md"), "utf8");

/** The fenced blocks of one language, also those indented in a list. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(([, block = ""]) => block);

describe("the README", () => {
  it("has programs that type-check", () => {
    const programs = [...blocks(README, "ts"), ...blocks(PACKAGE, "ts")];
    expect(programs.length).toBeGreaterThanOrEqual(3);
    // Below node_modules, so that packages resolve as they do for a user.
    const folder = mkdtempSync(join(ROOT, "node_modules/.readme-"));
    try {
      const files = programs.map((program, index) => {
        const file = join(folder, `program${index}.ts`);
        writeFileSync(file, program);
        return file;
      });
      const options = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        module: ts.ModuleKind.NodeNext,
        types: ["node"],
      };
      const found = ts.getPreEmitDiagnostics(ts.createProgram(files, options));
      expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
    const named = [...README.matchAll(/npm run ([\w-]+)/g)].map(([, script]) => script);
    expect(named.length).toBeGreaterThan(0);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });

  it("names only config keys and variables that are read", () => {
    const files = ["provider/ion/connection.ts", "provider/cli/listen.ts"];
    const source = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join();
    const named = [...README.matchAll(/\bion:(\w+)|\b(ION_\w+)/g)].map(([, key, variable]) => key ?? variable ?? "");
    for (const name of new Set(named)) expect(source).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it("fits the commands that CI runs", () => {
    const ci = readFileSync(join(ROOT, ".ci/run"), "utf8");
    expect(README).toContain("npm ci && npm test");
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).toMatch(/npm test/);
  });
});
