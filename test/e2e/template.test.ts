import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeProject, ROOT, run, testShortLifecycle } from "./project.ts";

const BIN = join(ROOT, "provider/bin/pulumi-ion.js");
const WORKFLOWS = ["preview", "up", "drift"];
const workflow = (name: string) =>
  readFile(join(ROOT, `provider/template/common/.github/workflows/${name}.yml`), "utf8");

describe("the template", () => {
  it("creates a project whose workflows preview, deploy, and fail with a report on drift", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-template-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const node = join(ROOT, "node_modules/.bin/node");
    const created = await run(node, [BIN, "init", "plant", "--no-install"], folder);
    expect(created.code, created.output).toBe(0);

    const project = await makeProject({
      folder: join(folder, "plant"),
      config: { webhookUri: "https://violet.example/hooks/canary" },
    });
    const { store } = project.emulator;
    const summary = join(project.dir, "summary.md");
    /** Runs the steps of a workflow's job that are not GitHub's own, as GitHub's runner does. */
    const steps = async (name: string, job = name) => {
      const [, text = ""] =
        new RegExp(`^  ${job}:\\n([\\s\\S]*?)(?=^  \\w+:\\n)`, "m").exec(`${await workflow(name)}  end:\n`) ?? [];
      const commands = [...text.matchAll(/^ +(?:- )?run: (.*)$/gm)].flatMap(([, command = ""]) =>
        command === "npm ci" ? [] : [command],
      );
      expect(commands.length).toBeGreaterThan(0);
      const script = commands.join("\n").replaceAll("npx --no-install ", "").replaceAll("npx ", "");
      const bash = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script];
      const files = { GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: join(project.dir, "outputs") };
      return run("bash", bash, project.dir, { ...project.env, ...files, STACK: "test" });
    };

    for (const name of WORKFLOWS) {
      const listed = await steps(name, "stacks");
      expect(listed.code, listed.output).toBe(0);
    }
    expect(await readFile(join(project.dir, "outputs"), "utf8")).toBe('names=["test"]\n'.repeat(WORKFLOWS.length));

    const previewed = await steps("preview");
    expect(previewed.code, previewed.output).toBe(0);
    expect(await readFile(summary, "utf8")).toMatch(/~~~[\s\S]*\+ 3\d to create[\s\S]*~~~/);
    expect(store.listReceivers()).toEqual([]);

    const up = await steps("up");
    expect(up.code, up.output).toBe(0);
    expect(store.listSubscriptions()).toHaveLength(34);
    const clean = await steps("drift");
    expect(clean.code, clean.output).toBe(0);

    store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
    const drifted = await steps("drift");
    expect(drifted.code, drifted.output).toBe(2);
    expect(await readFile(summary, "utf8")).toMatch(/\| missing \| .* is not subscribed to /);
    expect(previewed.output + up.output + clean.output + drifted.output).not.toContain("canary");

    const destroyed = await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "test");
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(store.state()).toMatchObject({ receivers: [], subscriptions: [] });
  });
});

it("the template in YAML declares the same, and works at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-template-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const init = [BIN, "init", "plant", "--language", "yaml", "--no-install"];
  const created = await run(join(ROOT, "node_modules/.bin/node"), init, folder);
  expect(created.code, created.output).toBe(0);
  const project = await makeProject({
    folder: join(folder, "plant"),
    config: { webhookUri: "https://violet.example/hooks/canary" },
  });
  await testShortLifecycle(project, () => expect(project.emulator.store.listSubscriptions()).toHaveLength(34));
});

describe.each(WORKFLOWS)("the workflow %s", (name) => {
  it("can only read the repository, and uses only GitHub's own actions with a pinned version", async () => {
    const text = await workflow(name);
    expect(text).toMatch(/^permissions:\n {2}contents: read\n(?! )/m);
    const actions = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^actions\/(checkout|setup-node)@[0-9a-f]{40} # v[\d.]+$/);
    expect(text).toContain("persist-credentials: false");
  });

  it("passes secrets only as environment variables of one step", async () => {
    const lines = (await workflow(name)).split("\n").filter((line) => line.includes("secrets."));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^ {10}[A-Z_]+: \$\{\{ secrets\.[A-Z_]+ \}\}$/);
    for (const [, command] of (await workflow(name)).matchAll(/run: (.*)$/gm)) expect(command).not.toContain("${{");
  });
});
