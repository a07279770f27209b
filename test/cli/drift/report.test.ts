import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { annotation, markdown } from "../../../provider/src/cli/drift/github.ts";
import { print, type Report, type ReportOptions } from "../../../provider/src/cli/drift/report.ts";
import { folder } from "../run.ts";

const MISSING = { kind: "missing", drift: true, message: "PARTS UPDATE is missing." } as const;
const CHANGED = { kind: "changed", drift: true, message: "active is false." } as const;
const NOTE = { kind: "unmanaged", drift: false, message: 'Another "##[add-mask]x" exists.' } as const;
const NEVER = { kind: "neverDelivered", drift: false, message: "Never delivered." } as const;

async function printed(findings: Report["findings"], options: ReportOptions = {}, env: NodeJS.ProcessEnv = {}) {
  const out: string[] = [];
  const report = { titles: ["ION at x.example (stack dev)"], findings, next: "Look.", json: { stack: "dev" } };
  const terminal = {
    cwd: "/",
    env,
    columns: 80,
    out: (text: string) => void out.push(text),
    err: () => {},
    paint: (style: unknown, text: string) => `<${style}>${text}</${style}>`,
    interrupted: () => Promise.resolve(),
  };
  const code = await print(report, options, terminal);
  return { code, text: out.join("\n") };
}

describe("the exit code", () => {
  it.each([
    ["no findings", [], {}, 0],
    ["only notes", [NOTE], {}, 0],
    ["only notes and --strict", [NOTE], { strict: true }, 2],
    ["only events that ION never delivers and --strict", [NEVER], { strict: true }, 0],
    ["drift", [NOTE, MISSING], {}, 2],
    ["drift and --json", [MISSING], { json: true }, 2],
    ["drift and --github", [MISSING], { github: true }, 2],
  ] as const)("with %s is as documented", async (_what, findings, options, code) => {
    expect((await printed(findings, options)).code).toBe(code);
  });
});

it("prints drift first, then notes, then a summary", async () => {
  expect((await printed([NOTE, MISSING, CHANGED, NEVER, MISSING])).text).toMatchInlineSnapshot(`
    "<bold>ION at x.example (stack dev)</bold>
      <red>-</red> missing          PARTS UPDATE is missing.
      <red>~</red> changed          active is false.
      <red>-</red> missing          PARTS UPDATE is missing.
    Good to know, not drift:
      <yellow>+</yellow> unmanaged        Another "##[add-mask]x" exists.
      <yellow>!</yellow> never delivered  Never delivered.
    <red>2 missing, 1 changed.</red> Look."
  `);
  expect((await printed([])).text).toMatchInlineSnapshot(`
    "<bold>ION at x.example (stack dev)</bold>
    <green>No drift.</green>"
  `);
});

it.each([
  ["unmanaged", "receiver"],
  ["inactive", "receiver"],
  ["masked", "receiver"],
  ["duplicate", "receiver"],
] as const)("does not recommend a preview for drift that it does not show: %s %s", async (kind, object) => {
  const finding = { kind, object, drift: true, message: "It is so." };
  const advice = "`pulumi up` does not change this: correct it in ION, or declare it.";
  expect((await printed([finding])).text).toContain(advice);
  expect((await printed([finding, MISSING])).text).toMatch(/Look\.$/);
});

it("prints one JSON object", async () => {
  const { text } = await printed([MISSING], { json: true });
  expect(JSON.parse(text)).toEqual({ stack: "dev", drift: true, findings: [MISSING] });
});

describe("for GitHub Actions", () => {
  it("prints annotations and adds to the job summary", async () => {
    const summary = join(await folder(), "summary.md");
    await writeFile(summary, "before\n");
    const { text } = await printed([MISSING, NOTE], { github: true }, { GITHUB_STEP_SUMMARY: summary });
    expect(text).toMatchInlineSnapshot(`
      "ION at x.example (stack dev)
      ::warning title=ION webhooks%3A missing::PARTS UPDATE is missing.
      ::notice title=ION webhooks%3A unmanaged::Another "#\\u0023[add-mask]x" exists.
      1 missing."
    `);
    expect(await readFile(summary, "utf8")).toMatchInlineSnapshot(`
      "before
      ### ION webhooks

      ION at x.example \\(stack dev\\)

      1 missing. Look.

      | | |
      | --- | --- |
      | missing | PARTS UPDATE is missing. |
      | unmanaged (not drift) | Another "\\#\\\\u0023\\[add\\-mask\\]x" exists. |

      "
    `);
  });

  it("adds to the job summary if there is no drift", async () => {
    const summary = join(await folder(), "summary.md");
    await printed([], { github: true }, { GITHUB_STEP_SUMMARY: summary });
    expect(await readFile(summary, "utf8")).toMatchInlineSnapshot(`
      "### ION webhooks

      ION at x.example \\(stack dev\\)

      No drift.

      "
    `);
  });

  it("prints up to ten annotations", async () => {
    const { text } = await printed(Array(10).fill(MISSING), { github: true });
    expect(text.match(/^::warning title=ION webhooks%3A missing::/gm)).toHaveLength(10);
  });

  it("lists further findings only in the job summary", async () => {
    const summary = join(await folder(), "summary.md");
    const { text } = await printed(Array(30).fill(MISSING), { github: true }, { GITHUB_STEP_SUMMARY: summary });
    const annotations = text.match(/^::warning .*$/gm) ?? [];
    expect(annotations).toHaveLength(10);
    expect(annotations.at(-1)).toMatchInlineSnapshot(
      `"::warning title=ION webhooks::21 more findings. The job summary lists all."`,
    );
    expect((await readFile(summary, "utf8")).match(/^\| missing/gm)).toHaveLength(30);
  });

  it.each([
    ["100%", "100%25"],
    ["a\r\nb", "a\\u000d%0Ab"],
    ["x\n::error::y", "x%0A\\u003a:error::y"],
    ["a: b, c", "a: b, c"],
  ])("escapes the message %j in an annotation", (message, escaped) => {
    expect(annotation("warning", "a:b,c\n", message)).toBe(`::warning title=a%3Ab%2Cc%0A::${escaped}`);
  });

  it("escapes Markdown and HTML in the job summary", () => {
    expect(markdown("<b> & [x](y) | `z`\n# h")).toBe("&lt;b&gt; &amp; \\[x\\]\\(y\\) \\| \\`z\\` \\# h");
  });
});
