import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");
const PAGE = read("docs/reliability.md");

/** The rows of a page's table of tests: promise, file and title. */
const testsIn = (page: string) =>
  [...read(page).matchAll(/^\| ([PS]\d+) +\| (test\/\S+) +\| (.+?) +\|$/gm)].map(
    ([, promise = "", file = "", title = ""]) => ({ promise, file, title }),
  );

/** The titles in a test file, as the source has them. */
function titlesIn(file: string): string[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  const titles = source.matchAll(/(?:\b(?:it|test)(?:\.\w+)*|\)|\])\(\s*(?:"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g);
  return [...titles].map(([, string, template]) => string?.replaceAll('\\"', '"') ?? template ?? "");
}

describe.each(["docs/reliability.md", "docs/security.md"])("%s", (page) => {
  const tests = testsIn(page);

  it("names only tests that exist", () => {
    expect(tests.length).toBeGreaterThan(30);
    const missing = tests.filter(({ file, title }) => !existsSync(join(ROOT, file)) || !titlesIn(file).includes(title));
    expect(missing).toEqual([]);
  });

  it("names a test for each promise", () => {
    const promises = [...read(page).matchAll(/\*\*([PS]\d+)\.\*\*/g)].map(([, promise]) => promise);
    expect(promises.length).toBeGreaterThan(10);
    expect(promises.filter((promise) => !tests.some((test) => test.promise === promise))).toEqual([]);
  });
});

describe("docs/reliability.md", () => {
  it("names only variables that the tests read", () => {
    const variables = [...PAGE.matchAll(/`((?:FAULT|FC|KILL)_[A-Z]+)`/g)].map(([, name = ""]) => name);
    const files = [
      "test/faults/seed.ts",
      "test/faults/model.test.ts",
      "test/e2e/histories.test.ts",
      "test/e2e/kill.test.ts",
    ];
    const sources = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join();
    expect(variables.length).toBeGreaterThan(5);
    expect(variables.filter((name) => !sources.includes(`process.env.${name}`))).toEqual([]);
  });
});
