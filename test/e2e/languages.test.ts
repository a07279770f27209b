/** Programs in each language, over the provider plugin. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CANARY } from "../support/support.ts";
import { makeProject, type Project, type ProjectOptions, ROOT, testLifecycle } from "./project.ts";

const exec = promisify(execFile);

/** The languages: what each needs in a project. */
const LANGUAGES: Record<string, (project: Project) => Promise<void>> = {
  yaml: async () => {},
  native: async () => {},
  python: (project) => symlink(join(installation, "venv"), join(project.dir, "venv")),
  go: async (project) => {
    // With the flags of tools/engine, and its versions in go.mod, Go compiles Pulumi's packages once for both. -s: faster links.
    Object.assign(project.env, { CGO_ENABLED: "0", GOFLAGS: "-trimpath -ldflags=-s" });
  },
};

/** A folder with a virtual environment of Python. */
let installation: string;

beforeAll(async () => {
  installation = await mkdtemp(join(tmpdir(), "pulumi-ion-python-"));
  await symlink(join(ROOT, "node_modules"), join(installation, "node_modules"));
  await exec("python3", ["-m", "venv", "venv"], { cwd: installation });
  const python = join(ROOT, "examples/python/requirements.txt");
  const constraints = join(ROOT, "test/e2e/python-constraints.txt");
  await exec("venv/bin/pip", ["install", "--quiet", "--requirement", python, "--constraint", constraints], {
    cwd: installation,
  });
});

afterAll(() => rm(installation, { recursive: true, force: true }));

async function makeLanguageProject(language: string, options: ProjectOptions): Promise<Project> {
  const project = await makeProject(options);
  await LANGUAGES[language]?.(project);
  return project;
}

describe.each(Object.keys(LANGUAGES))("%s", (language) => {
  it("runs the whole lifecycle of its example", async () => {
    const uri = `https://erp.example/${CANARY}`;
    const project = await makeLanguageProject(language, {
      folder: `examples/${language}`,
      config: { webhookUri: uri },
    });
    const { store } = project.emulator;
    await testLifecycle(project, {
      expectCreated: () => {
        expect(store.listReceivers()).toMatchObject([{ name: "erp", active: true, webhookUri: uri }]);
        expect(store.listSubscriptions()).toHaveLength(2);
        expect(store.listHeaders()).toMatchObject([{ key: "X-Plant", value: "7" }]);
      },
      changeOutside: () => {
        store.deleteSubscription(store.listSubscriptions()[0]?.id ?? "");
        store.updateReceiver(store.listReceivers()[0]?.id ?? "", { active: false, webhookUri: `${uri}/changed` });
        store.updateHeader(store.listHeaders()[0]?.id ?? "", { value: "8" });
      },
      drift: [
        /~ active *: false => true/,
        /~ webhookUri *: \[secret\] => \[secret\]/,
        /~ headers *: \{\n *~ X-Plant: \[secret\] => \[secret\]/,
        "+ 1 to create",
        "~ 1 to update",
      ],
      imports: () => {
        const id = store.listReceivers()[0]?.id ?? "";
        return [
          { type: "ion:index:WebhookReceiver", name: "erp", id },
          { type: "ion:index:WebhookSubscription", name: "parts", id: `${id}/PARTS/UPDATE` },
          { type: "ion:index:WebhookSubscription", name: "runs", id: `${id}/RUNS/CREATE` },
        ];
      },
    });
  });
});

it("the SDK for Java compiles", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-java-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(ROOT, "provider/sdk/java"), folder, { recursive: true });
  await exec("mvn", ["--quiet", "--batch-mode", "package"], { cwd: folder });
  const [jar = ""] = (await readdir(join(folder, "target"))).filter((name) => name.endsWith(".jar"));
  const { stdout } = await exec("jar", ["--list", "--file", join("target", jar)], { cwd: folder });
  expect(stdout).toContain("com/pulumi/ion/WebhookReceiver.class");
  expect(stdout).toContain("com/pulumi/ion/version.txt");
});
