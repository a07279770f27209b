/** drift, status and doctor over many stacks. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mapConcurrently, matches } from "../../provider/src/cli/manyStacks.ts";
import { start } from "../support/support.ts";
import { declare } from "./declare.ts";
import { cli, folder } from "./run.ts";
import { projectWith } from "./stack.ts";

const INPUTS = { name: "Violet", webhookUri: "https://violet.example/canary" };

/** A project with stacks of one receiver each; the state of "prod-c" cannot be read. */
async function project(names = ["dev", "prod-a", "prod-b", "prod-c"]) {
  const stacks = await Promise.all(
    names.map(async (name) => {
      const emulator = await start();
      return [
        name,
        { emulator, declarations: await declare(emulator, [{ inputs: INPUTS, events: ["PARTS UPDATE"] }]) },
      ] as const;
    }),
  );
  const place = await projectWith(Object.fromEntries(stacks));
  const [, drifted] = stacks;
  drifted?.[1].emulator.store.deleteSubscription("1");
  await rm(join(place.cwd, "prod-c.state.json"), { force: true });
  return place;
}

it("drift prints a row for each stack, also for one that cannot be read, and exits with 1", async () => {
  const place = await project();
  const { code, out, err } = await cli(["drift", "--all-stacks"], place);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(out).toMatchInlineSnapshot(`
    "dev     No drift.
    prod-a  1 missing.
    prod-b  No drift.
    prod-c  Could not read the Pulumi stack: no stack named 'prod-c' found.
    4 stacks checked, 2 with findings. To see them, add --stack <name>."
  `);
});

it("drift exits with 2 if a stack has drift, and with 0 if none has", async () => {
  const place = await project(["dev", "prod-a"]);
  expect((await cli(["drift", "--all-stacks"], place)).code).toBe(2);
  expect(await cli(["drift", "--stack", "d*v"], place)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^dev {2}No drift\./),
  });
});

it.each(["drift", "status", "doctor"])("%s --json prints one object with the result of each stack", async (command) => {
  const { code, out } = await cli([command, "--stack", "prod-*", "--json"], await project(["dev", "prod-a", "prod-b"]));
  const { stacks, ...rest } = JSON.parse(out);
  expect(rest).toEqual({ code });
  expect(stacks.map(({ stack }: { readonly stack: string }) => stack)).toEqual(["prod-a", "prod-b"]);
  expect(out).not.toContain("canary");
});

it("adds one table to GitHub's job summary", async () => {
  const place = await project(["dev", "prod-a"]);
  const summary = join(place.cwd, "summary.md");
  const env = { ...place.env, GITHUB_STEP_SUMMARY: summary };
  const { out } = await cli(["drift", "--all-stacks", "--github"], { ...place, env });
  expect(out).toMatch(/^::warning title=ION webhooks::prod-a: 1 missing\.$/m);
  expect(await readFile(summary, "utf8")).toMatch(/\| dev \| No drift\. \|\n\| prod\\-a \| 1 missing\. \|/);
});

it("fails if no stack matches, and outside a project", async () => {
  const place = await project(["dev"]);
  expect((await cli(["drift", "--stack", "live-*"], place)).err).toContain("No stack of this project matches live-*.");
  expect((await cli(["drift", "--all-stacks"], { cwd: await folder() })).err).toContain("There is no Pulumi project");
});

it("checks at most four stacks at the same time, reports how many are done, and keeps their order", async () => {
  const running = new Set<number>();
  let most = 0;
  const counts: number[] = [];
  const waits = Array.from({ length: 10 }, () => Promise.withResolvers<void>());
  const results = mapConcurrently(
    [...waits.keys()],
    async (at) => {
      most = Math.max(most, running.add(at).size);
      await waits[at]?.promise;
      running.delete(at);
      return at;
    },
    (done) => counts.push(done),
  );
  // The first one ends last.
  for (const { resolve } of waits.toReversed()) resolve();
  expect(await results).toEqual([...waits.keys()]);
  expect(most).toBe(4);
  expect(counts).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

describe("a pattern", () => {
  it.each([
    ["prod-a", "prod-*", true],
    ["prod-", "prod-*", true],
    ["pro", "prod-*", false],
    ["anything", "*", true],
    ["eu-prod-1", "*-prod-*", true],
    ["eu-1-prod", "*-prod-*", false],
    ["ab", "a*b*", true],
    ["aba", "ab*ba", false],
    ["a.b", "a?b", false],
  ])("%s matches %s: %s", (name, pattern, expected) => {
    expect(matches(name, pattern)).toBe(expected);
  });
});
