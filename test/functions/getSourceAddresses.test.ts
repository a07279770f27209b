import { describe, expect, it } from "vitest";
import { getSourceAddresses } from "../../provider/src/index.ts";
import { HOSTS, SOURCE_ADDRESSES } from "../../provider/src/ion/facts.ts";

type Args = Parameters<typeof getSourceAddresses>[0];

describe("getSourceAddresses", () => {
  it.each<[Args, string[]]>([
    [{ region: "us" }, ["54.149.61.144/32", "52.88.34.10/32"]],
    [{ region: "us", stage: "staging" }, ["44.232.1.74/32", "52.43.58.96/32"]],
    [{ region: "gov", stage: "production" }, ["3.30.162.33/32", "3.30.213.145/32"]],
    [{ region: "gov", stage: "staging" }, ["3.30.182.161/32", "52.222.27.236/32"]],
  ])("returns for %o the addresses %j, with their source, date and caveat", (args, cidrBlocks) => {
    expect(getSourceAddresses(args)).toEqual({
      stage: "production",
      ...args,
      cidrBlocks,
      source: expect.stringContaining("ION's public manual"),
      asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      caveat: expect.stringContaining("older public copies of the manual list other ones"),
    });
  });

  it("refuses a region without documented addresses", () => {
    expect(() => getSourceAddresses({ region: "aus" as "us" })).toThrowErrorMatchingInlineSnapshot(
      `[Error: ION documents no source addresses for region "aus". ION documents those of us (production, staging) and gov (production, staging). Ask First Resonance for others.]`,
    );
  });

  it("refuses a region or a stage that ION does not have", () => {
    expect(() => getSourceAddresses({ region: "eu" as "us" })).toThrowErrorMatchingInlineSnapshot(
      `[Error: There is no region "eu" with stage "production". ION documents those of us (production, staging) and gov (production, staging). Ask First Resonance for others.]`,
    );
    const withArgs = (args: unknown) => () => getSourceAddresses(args as Args);
    expect(withArgs({ region: "us", stage: "sandbox" })).toThrow('There is no region "us" with stage "sandbox".');
    expect(withArgs({ region: "constructor" })).toThrow('There is no region "constructor"');
    expect(withArgs({ region: "us", stage: "toString" })).toThrow('with stage "toString"');
  });

  it("returns a copy, which a program may change", () => {
    getSourceAddresses({ region: "us" }).cidrBlocks.push("0.0.0.0/0");
    expect(getSourceAddresses({ region: "us" }).cidrBlocks).toHaveLength(2);
  });

  it("knows only single addresses, without duplicates, of regions and stages that ION has", () => {
    const all = Object.entries(SOURCE_ADDRESSES).flatMap(([region, stages]) =>
      Object.entries(stages).flatMap(([stage, blocks]) => {
        expect(HOSTS[region]?.[stage]).toBeDefined();
        return [...blocks];
      }),
    );
    for (const block of all) expect(block).toMatch(/^\d{1,3}(\.\d{1,3}){3}\/32$/);
    expect(new Set(all).size).toBe(all.length);
  });
});
