import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const DOC = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");

/** The tests that the document names, by file and title. */
const named = [...DOC.matchAll(/^ *- (test\/\S+) › (.+)$/gm)].map(([, file = "", title = ""]) => ({ file, title }));

/** The titles in a test file, as they are written there. */
function titlesIn(file: string): string[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  const titles = text.matchAll(/(?:\bit(?:\.\w+)*|\)|\])\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g);
  return [...titles].map(([, plain, template]) => plain?.replaceAll('\\"', '"') ?? template ?? "");
}

describe("the reliability document", () => {
  it("names only tests that exist", () => {
    expect(named.length).toBeGreaterThan(30);
    const missing = named.filter(({ file, title }) => !existsSync(join(ROOT, file)) || !titlesIn(file).includes(title));
    expect(missing).toEqual([]);
  });

  it("has a test for each promise", () => {
    const promises = DOC.slice(0, DOC.indexOf("## What no client can promise"))
      .split(/^(?=- \*\*)/m)
      .slice(1);
    expect(promises.length).toBeGreaterThan(15);
    expect(promises.filter((promise) => !/^ +- test\/\S+ › /m.test(promise))).toEqual([]);
  });

  it("names only variables that the tests read", () => {
    const variables = [...DOC.matchAll(/`((?:FAULT|FC|KILL)_[A-Z]+)`/g)].map(([, name = ""]) => name);
    const files = [
      "test/faults/seed.ts",
      "test/faults/model.test.ts",
      "test/e2e/histories.test.ts",
      "test/e2e/kill.test.ts",
    ];
    const read = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join();
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter((name) => !read.includes(`process.env.${name}`))).toEqual([]);
  });
});
