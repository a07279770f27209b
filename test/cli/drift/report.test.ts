import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { annotation, markdown } from "../../../provider/cli/drift/github.ts";
import { type Report, type ReportOptions, tell } from "../../../provider/cli/drift/report.ts";
import { folder } from "../run.ts";

const MISSING = { kind: "missing", drift: true, message: "PARTS UPDATE is gone." } as const;
const NOTE = { kind: "undeclared", drift: false, message: 'Somebody\'s "##[add-mask]x" is there.' } as const;

async function told(findings: Report["findings"], options: ReportOptions = {}, env: NodeJS.ProcessEnv = {}) {
  const out: string[] = [];
  const report = { title: "ION at x.example (stack dev)", findings, next: "Look.", json: { stack: "dev" } };
  const terminal = {
    cwd: "/",
    env,
    columns: 80,
    out: (text: string) => void out.push(text),
    err: () => {},
    paint: (style: unknown, text: string) => (env.COLOURS ? `<${style}>${text}</${style}>` : text),
    interrupted: () => Promise.resolve(),
  };
  const code = await tell(report, options, terminal);
  return { code, text: out.join("\n") };
}

describe("a report", () => {
  it.each([
    ["nothing", [], {}, 0],
    ["only notes", [NOTE], {}, 0],
    ["only notes, told strictly", [NOTE], { strict: true }, 2],
    ["drift", [NOTE, MISSING], {}, 2],
    ["drift, for a machine", [MISSING], { json: true }, 2],
    ["drift, for GitHub", [MISSING], { github: true }, 2],
  ] as const)("of %s ends as its exit code says", async (_what, findings, options, code) => {
    expect((await told(findings, options)).code).toBe(code);
  });

  it("puts drift first, then what to type, then what is good to know", async () => {
    expect((await told([NOTE, MISSING])).text.split("\n")).toEqual([
      "ION at x.example (stack dev). 1 difference:",
      "  - missing     PARTS UPDATE is gone.",
      "Look.",
      "Good to know, and no drift:",
      '  ? undeclared  Somebody\'s "##[add-mask]x" is there.',
    ]);
    expect((await told([])).text).toBe("ION at x.example (stack dev). No drift.");
  });

  it("is red where there is drift, green where there is none, and yellow where it is good to know", async () => {
    const colours = { COLOURS: "1" };
    expect((await told([NOTE, MISSING], {}, colours)).text.split("\n")).toEqual([
      "<bold>ION at x.example (stack dev)</bold>. <red>1 difference:</red>",
      "  <red>-</red> missing     PARTS UPDATE is gone.",
      "Look.",
      "Good to know, and no drift:",
      '  <yellow>?</yellow> undeclared  Somebody\'s "##[add-mask]x" is there.',
    ]);
    expect((await told([], {}, colours)).text).toBe(
      "<bold>ION at x.example (stack dev)</bold>. <green>No drift.</green>",
    );
  });

  it("is one JSON object for a machine", async () => {
    expect(JSON.parse((await told([MISSING], { json: true })).text)).toEqual({
      stack: "dev",
      drift: true,
      findings: [MISSING],
    });
  });

  it("is annotations for GitHub Actions, and is added to the job's summary", async () => {
    const summary = join(await folder(), "summary.md");
    await writeFile(summary, "before\n");
    const { text } = await told([MISSING, NOTE], { github: true }, { GITHUB_STEP_SUMMARY: summary });
    expect(text.split("\n")).toEqual([
      "ION at x.example (stack dev). 1 difference:",
      "::warning title=ION webhooks%3A missing::PARTS UPDATE is gone.",
      '::notice title=ION webhooks%3A undeclared::Somebody\'s "## [add-mask]x" is there.',
    ]);
    const written = await readFile(summary, "utf8");
    expect(written).toMatch(/^before\n### ION webhooks\n/);
    expect(written).toContain("| missing | PARTS UPDATE is gone. |");
    expect(written).toContain("| undeclared (no drift) | ");
  });
});

describe("for GitHub", () => {
  it.each([
    [[], "### ION webhooks\n\nION at x.example \\(stack dev\\). No drift.\n\n"],
    [[NOTE], /^### ION webhooks\n\nION .*\. No drift\.\n\n\| \| \|\n\| --- \| --- \|\n\| undeclared \(no drift\) \| /],
    [[MISSING], /\. 1 difference\. Look\.\n\n\| \| \|\n\| --- \| --- \|\n\| missing \| PARTS UPDATE is gone\. \|\n+$/],
  ])("the summary of %j says how it stands", async (findings, words) => {
    const summary = join(await folder(), "summary.md");
    await told(findings, { github: true }, { GITHUB_STEP_SUMMARY: summary });
    const written = await readFile(summary, "utf8");
    if (typeof words === "string") expect(written).toBe(words);
    else expect(written).toMatch(words);
  });

  it("ten are annotated, each by itself", async () => {
    const { text } = await told(Array(10).fill(MISSING), { github: true });
    expect(text.match(/^::warning title=ION webhooks%3A missing::/gm)).toHaveLength(10);
  });

  it("no more is annotated than GitHub shows, and the summary has all", async () => {
    const summary = join(await folder(), "summary.md");
    const many = Array.from({ length: 30 }, (_, at) => ({ ...MISSING, message: `PARTS ${at} is gone.` }));
    const { text } = await told(many, { github: true }, { GITHUB_STEP_SUMMARY: summary });
    expect(text.match(/^::warning /gm)).toHaveLength(10);
    expect(text).toMatch(/^::warning title=ION webhooks::There are 21 more: the job's summary has all\.$/m);
    expect((await readFile(summary, "utf8")).match(/^\| missing/gm)).toHaveLength(30);
  });

  it.each([
    ["100%", "100%25"],
    ["a\r\nb", "a%0D%0Ab"],
    ["x\n::error::y", "x%0A::error::y"],
    ["a: b, c", "a: b, c"],
  ])("the message %j stays in its annotation", (message, escaped) => {
    expect(annotation("warning", "a:b,c\n", message)).toBe(`::warning title=a%3Ab%2Cc%0A::${escaped}`);
  });

  it("text stays text in Markdown", () => {
    expect(markdown("<b> & [x](y) | `z`\n# h")).toBe("&lt;b&gt; &amp; \\[x\\]\\(y\\) \\| \\`z\\` \\# h");
  });
});
