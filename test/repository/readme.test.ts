import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { SECTIONS, sectionFor } from "../../provider/src/model/troubleshooting.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

const README = read("README.md");
const GUIDES = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
const EXAMPLES = readdirSync(join(ROOT, "examples"));

/** What users read, by path. The reference is generated, and checked by `npm run check`. */
const PAGES = new Map(
  [
    "README.md",
    "provider/README.md",
    "provider/template/typescript/README.md",
    "provider/template/yaml/README.md",
    "provider/template/python/README.md",
    ...GUIDES.map((name) => `docs/${name}`),
    ...EXAMPLES.map((name) => `examples/${name}/README.md`),
  ].map((path) => [path, read(path)]),
);

/** The fenced blocks of one language, also those indented in a list. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(([, block = ""]) => block);

/** All of our code, without the seams of its texts: what is computed is "…". */
const SOURCE = readdirSync(join(ROOT, "provider/src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => read(join("provider/src", path)))
  .join("\n")
  .replace(/["`] \+\s+["`]/g, "")
  .replace(/\$\{key\("(\w+)"\)\}/g, "ion:$1")
  .replace(/\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, "…")
  .replaceAll('\\"', '"');

/** The titles of a part of the troubleshooting guide. */
const titles = (part: string) => {
  const [, text = ""] = read("docs/troubleshooting.md").split(`\n## ${part}\n`);
  const [own = ""] = text.split("\n## ");
  return [...own.matchAll(/^### (.*)$/gm)].map(([, title = ""]) => title);
};

describe("what users read", () => {
  it("has programs that type-check", () => {
    const programs = [...PAGES.values()].flatMap((page) => blocks(page, "ts"));
    expect(programs.length).toBeGreaterThanOrEqual(6);
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

  it("names only npm scripts, and commands of pulumi-ion, that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
    const commands = [...SOURCE.matchAll(/\.command\("([\w-]+)/g)].map(([, command]) => command);
    const named = (pattern: RegExp) =>
      [...PAGES.values()].flatMap((page) => [...page.matchAll(pattern)].map(([, name]) => name));
    const [scriptsNamed, commandsNamed] = [named(/npm run ([\w:-]+)/g), named(/npx --no-install pulumi-ion ([\w-]+)/g)];
    expect(scriptsNamed.length).toBeGreaterThan(0);
    expect(commandsNamed.length).toBeGreaterThan(5);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(scriptsNamed));
    expect(commands).toEqual(expect.arrayContaining(commandsNamed));
  });

  it.each([...PAGES])("%s names only config keys and variables that are read", (_path, page) => {
    const named = [...page.matchAll(/\bion(?:-\w+)?:([a-z]\w+)|\b(ION_\w+)/g)].map(
      ([, key, variable]) => key ?? variable ?? "",
    );
    for (const name of new Set(named)) expect(SOURCE).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it.each([...PAGES])("%s links to what is there", (path, page) => {
    for (const [, link = ""] of page.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [file = "", anchor] = link.split("#");
      const target = file ? join(dirname(path), file) : path;
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor) expect(headingsOf(read(target)), link).toContain(anchor);
    }
  });

  it.each(titles("From pulumi-ion"))("an error begins as in %s", (title) => {
    const [, text = ""] = /^`(.*)`$/.exec(title) ?? [];
    const parts = text.split("…").map((part) => part.trim());
    expect(parts.some((part) => part.length > 8)).toBe(true);
    // What stands between is computed, or an alternative.
    const pattern = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^\n]{0,120}?");
    expect(new RegExp(pattern).test(SOURCE), title).toBe(true);
  });

  it("errors refer to every section about them, by the anchor that it has", () => {
    const page = read("docs/troubleshooting.md");
    const isError = (title: string) => !/^(A warning\b|This is not an error)/.test(page.split(`${title}\n\n`)[1] ?? "");
    const errors = titles("From pulumi-ion").filter(isError);
    expect(SECTIONS.map((title) => `\`${title}\``)).toEqual(errors);
    const anchors = SECTIONS.map((title) => sectionFor(`Before: ${title.replaceAll("…", "x y")}. After.`));
    expect(headingsOf(page)).toEqual(expect.arrayContaining(anchors));
    expect(new Set(anchors).size).toBe(SECTIONS.length);
    expect(sectionFor("Something else.")).toBeUndefined();
    // What is shipped with the errors has the same headings, and no link to a page that is not there.
    const shipped = read("provider/bin/plugin/troubleshooting.md");
    expect(headingsOf(shipped)).toEqual(headingsOf(page));
    expect(shipped).not.toMatch(/\]\(/);
  });

  it("fits the commands that CI runs", () => {
    const ci = read(".ci/run");
    expect(README).toContain("npm ci && npm test");
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).toMatch(/npm test/);
  });
});

/** Headings as a link to them names them. */
const headingsOf = (page: string) =>
  [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .trim()
      .replace(/\s/g, "-"),
  );
