import { describe, expect, it } from "vitest";
import { getSourceAddresses } from "../../provider/index.ts";
import { HOSTS, SOURCE_ADDRESSES } from "../../provider/ion/facts.ts";

type Args = Parameters<typeof getSourceAddresses>[0];

describe("ION's source addresses", () => {
  it.each<[Args, string[]]>([
    [{ region: "us" }, ["54.149.61.144/32", "52.88.34.10/32"]],
    [{ region: "us", stage: "staging" }, ["44.232.1.74/32", "52.43.58.96/32"]],
    [{ region: "gov", stage: "production" }, ["3.30.162.33/32", "3.30.213.145/32"]],
    [{ region: "gov", stage: "staging" }, ["3.30.182.161/32", "52.222.27.236/32"]],
  ])("of %o are %j, with the day they were read and how far to trust them", (args, cidrBlocks) => {
    expect(getSourceAddresses(args)).toEqual({
      stage: "production",
      ...args,
      cidrBlocks,
      source: expect.stringContaining("ION's public manual"),
      asOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      caveat: expect.stringContaining("older public copies of the manual list others"),
    });
  });

  it.each<[unknown, string]>([
    [
      { region: "aus" },
      'ION documents no source addresses for region "aus". Known are those of us (production, staging) and gov (production, staging); for others, ask First Resonance.',
    ],
    [{ region: "eu" }, 'There is no region "eu" with stage "production". Known are'],
    [{ region: "us", stage: "sandbox" }, 'There is no region "us" with stage "sandbox". Known are'],
    [{ region: "constructor" }, 'There is no region "constructor"'],
    [{ region: "us", stage: "toString" }, 'with stage "toString"'],
  ])("of %o are not guessed", (args, words) => {
    expect(() => getSourceAddresses(args as Args)).toThrow(words);
  });

  it("are a copy: a program cannot change what another part of it gets", () => {
    getSourceAddresses({ region: "us" }).cidrBlocks.push("0.0.0.0/0");
    expect(getSourceAddresses({ region: "us" }).cidrBlocks).toHaveLength(2);
  });

  it("are single addresses, none of them twice, of regions and stages that ION has", () => {
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
