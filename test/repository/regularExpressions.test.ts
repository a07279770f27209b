/** No text from outside can make a regular expression slow: each takes time in proportion to the text. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "recheck";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

interface RegularExpression {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** The regular expressions in a file, and where it creates others from text. */
function readExpressions(file: string) {
  const text = readFileSync(join(ROOT, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: RegularExpression[] = [];
  const computed: string[] = [];
  const visit = (node: ts.Node) => {
    const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf("/");
      found.push({ place, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    const isCreated = ts.isNewExpression(node) || ts.isCallExpression(node);
    if (isCreated && node.expression.getText(source) === "RegExp") computed.push(place);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { found, computed };
}

const files = globSync("{provider,emulator}/**/*.{ts,js}", {
  cwd: ROOT,
  exclude: ["**/node_modules", "**/dist", "provider/bin/plugin"],
});
const all = files.map(readExpressions);

const isLinear = async ({ source, flags }: Pick<RegularExpression, "source" | "flags">) =>
  (await check(source, flags, { timeout: 30_000 })).status === "safe";

describe("regular expressions", () => {
  it("are never made from text", () => {
    expect(all.flatMap(({ computed }) => computed)).toEqual([]);
  });

  it("take time in proportion to the text", async () => {
    const found = all.flatMap((one) => one.found);
    expect(found.length).toBeGreaterThan(50);
    const slow: string[] = [];
    for (const one of found) if (!(await isLinear(one))) slow.push(`${one.place} /${one.source}/${one.flags}`);
    expect(slow).toEqual([]);
  }, 120_000);

  it.each([
    ["\\s*[\\r\\n]+\\s*", "g", false],
    ["^(a+)+$", "", false],
    ["-+$", "", false],
    ["^[a-z]+$", "i", true],
  ])("are distinguished by the check: /%s/%s", async (source, flags, expected) => {
    expect(await isLinear({ source, flags })).toBe(expected);
  });
});
