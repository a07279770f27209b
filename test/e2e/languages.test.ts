/** Programs in each language, over the provider plugin. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { CANARY } from "../support/support.ts";
import {
  makeProject,
  type Project,
  type ProjectOptions,
  ROOT,
  run,
  testLifecycle,
  testShortLifecycle,
} from "./project.ts";

const exec = promisify(execFile);

/** The languages by the names of their examples: what each needs in a project. */
const LANGUAGES: Record<string, (project: Project) => Promise<void>> = {
  yaml: async () => {},
  native: async () => {},
  python: async (project) => symlink(join(await installPython(), "venv"), join(project.dir, "venv")),
  go: async (project) => {
    // With the flags of tools/engine, and its versions in go.mod, Go compiles Pulumi's packages once for both. -s: faster links.
    Object.assign(project.env, { CGO_ENABLED: "0", GOFLAGS: "-trimpath -ldflags=-s" });
  },
  java: async (project) => {
    // Maven runs twice for each command. Without its optimizing compiler, it takes half the time.
    project.env.MAVEN_OPTS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
  },
};

let installation: Promise<string> | undefined;

/** A folder with a virtual environment of Python, created once. */
function installPython(): Promise<string> {
  installation ??= (async () => {
    const cwd = await mkdtemp(join(tmpdir(), "pulumi-ion-python-"));
    await symlink(join(ROOT, "node_modules"), join(cwd, "node_modules"));
    await exec("python3", ["-m", "venv", "venv"], { cwd });
    const requirements = ["--requirement", join(ROOT, "examples/python/requirements.txt")];
    const constraints = ["--constraint", join(ROOT, "test/e2e/python-constraints.txt")];
    await exec("venv/bin/pip", ["install", "--quiet", ...requirements, ...constraints], { cwd });
    return cwd;
  })();
  return installation;
}

afterAll(async () => {
  if (installation) await rm(await installation, { recursive: true, force: true });
});

async function makeLanguageProject(language: string, options: ProjectOptions): Promise<Project> {
  const project = await makeProject(options);
  await LANGUAGES[language]?.(project);
  return project;
}

describe.each(Object.keys(LANGUAGES))("%s", (language) => {
  it("runs the whole lifecycle of its example", { timeout: 400_000 }, async () => {
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

/** The languages of `export --language`. */
const { java: _, ...EXPORTED } = LANGUAGES;

it.each(Object.keys(EXPORTED))("%s imports what export wrote, with a clean preview and no write", async (language) => {
  const project = await makeLanguageProject(language, {
    files: { "Pulumi.yaml": "name: ion-webhooks\nruntime: yaml\n" },
  });
  const { store } = project.emulator;
  for (const [name, description] of [
    ["ERP", "by hand"],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what Pulumi's YAML replaces.
    ['class "${erp.id}" $$ \\ud83d \u{e0041}\u2028\u0085', "#{x} %s 'y' `z` \\\n\t🏭 */ yes"],
    ["null", "no"],
  ] as const) {
    const { id } = store.createReceiver({
      name,
      description,
      webhookUri: `https://hooks.example/${CANARY}/${name.length}`,
    });
    store.createHeader({ receiverId: id, key: "X-Plant", value: CANARY });
    if (name === "null") continue;
    for (const action of ["UPDATE", "UPDATE", "DELETE"])
      store.createSubscription({ receiverId: id, resource: "PARTS", action });
  }
  const before = store.state();
  const name = language === "native" ? "typescript" : language;
  const exported = await run(
    "pulumi-ion",
    ["export", "--language", name, "--out", ".", "--force"],
    project.dir,
    project.env,
  );
  expect(exported.code, exported.output).toBe(0);
  if (language === "go") {
    expect(await run("gofmt", ["-l", "."], project.dir)).toEqual({ code: 0, output: "" });
    // Instead of `go mod tidy`: with versions that are compiled already.
    for (const file of ["go.mod", "go.sum"]) await cp(join(ROOT, "examples/go", file), join(project.dir, file));
  }
  const [command = ""] = /pulumi import .*/.exec(exported.output) ?? [];
  const imported = await project.pulumi(...command.split(" ").slice(1), "--yes", "--skip-preview", "--stack", "test");
  expect(imported.code, imported.output).toBe(0);
  const preview = await project.preview("--expect-no-changes");
  expect(store.state()).toEqual(before);
  expect((await project.resources()).filter(({ type }) => type.startsWith("ion:index:"))).toHaveLength(7);
  expect(exported.output + imported.output + preview).not.toContain(CANARY);
});

/** Programs that use a component, a function and an explicit provider, by the example whose other files they need. */
const PROGRAMS: Record<string, [file: string, program: string]> = {
  python: [
    "__main__.py",
    `import pulumi
import pulumi_ion as ion

config = pulumi.Config()
ion_config = pulumi.Config("ion")
env = ion.Provider(
    "env",
    endpoint=ion_config.require("endpoint"),
    auth_url=ion_config.require("authUrl"),
    client_id=ion_config.require("clientId"),
    client_secret=ion_config.require_secret("clientSecret"),
)
violet = ion.VioletWebhooks(
    "violet",
    webhook_uri=config.require_secret("webhookUri"),
    exclude={"PARTS": ["CREATE"]},
    opts=pulumi.ResourceOptions(provider=env),
)
erp = ion.get_webhook_receiver(name="ERP", opts=pulumi.InvokeOptions(provider=env))
ion.WebhookSubscription(
    "parts", receiver_id=erp.id, resource="PARTS", action="UPDATE", opts=pulumi.ResourceOptions(provider=env)
)
pulumi.export("headers", erp.header_names)
`,
  ],
  go: [
    "main.go",
    `package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"pulumi-ion/sdk/go/ion"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		settings := config.New(ctx, "ion")
		env, err := ion.NewProvider(ctx, "env", &ion.ProviderArgs{
			Endpoint:     pulumi.String(settings.Require("endpoint")),
			AuthUrl:      pulumi.String(settings.Require("authUrl")),
			ClientId:     pulumi.String(settings.Require("clientId")),
			ClientSecret: settings.RequireSecret("clientSecret"),
		})
		if err != nil {
			return err
		}
		if _, err := ion.NewVioletWebhooks(ctx, "violet", &ion.VioletWebhooksArgs{
			WebhookUri: config.RequireSecret(ctx, "webhookUri"),
			Exclude:    pulumi.StringArrayMap{"PARTS": pulumi.StringArray{pulumi.String("CREATE")}},
		}, pulumi.Provider(env)); err != nil {
			return err
		}
		name := "ERP"
		erp, err := ion.LookupWebhookReceiver(ctx, &ion.LookupWebhookReceiverArgs{Name: &name}, pulumi.Provider(env))
		if err != nil {
			return err
		}
		if _, err := ion.NewWebhookSubscription(ctx, "parts", &ion.WebhookSubscriptionArgs{
			ReceiverId: pulumi.String(erp.Id),
			Resource:   pulumi.String("PARTS"),
			Action:     pulumi.String("UPDATE"),
		}, pulumi.Provider(env)); err != nil {
			return err
		}
		ctx.Export("headers", pulumi.ToStringArray(erp.HeaderNames))
		return nil
	})
}
`,
  ],
};

it.each(Object.entries(PROGRAMS))(
  "%s has the components, functions and providers",
  async (language, [file, program]) => {
    const uri = `https://violet.example/${CANARY}`;
    const project = await makeLanguageProject(language, {
      folder: `examples/${language}`,
      config: { webhookUri: uri },
    });
    const { store } = project.emulator;
    const { id } = store.createReceiver({ name: "ERP", webhookUri: `https://erp.example/${CANARY}` });
    store.createHeader({ receiverId: id, key: "X-Plant", value: CANARY });
    await project.write({ [file]: program });
    const printed = await project.up();
    expect(printed).toContain("X-Plant");
    expect(store.listReceivers()).toMatchObject([{ name: "ERP" }, { name: "Violet", webhookUri: uri }]);
    // Violet's 34 without the excluded one, and one of the other receiver.
    expect(store.listSubscriptions()).toHaveLength(34);
    const preview = await project.preview("--expect-no-changes");
    const { output } = await project.pulumi("stack", "export", "--stack", "test");
    expect(printed + preview + output).not.toContain(CANARY);
  },
);

it("a project that init writes in Python works at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-template-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const bin = join(ROOT, "provider/bin/pulumi-ion.js");
  const init = [bin, "init", "plant", "--language", "python", "--no-install"];
  await exec(join(ROOT, "node_modules/.bin/node"), init, { cwd: folder });
  const requirements = await readFile(join(folder, "plant/requirements.txt"), "utf8");
  expect(requirements).toBe(await readFile(join(ROOT, "examples/python/requirements.txt"), "utf8"));
  const project = await makeLanguageProject("python", {
    folder: join(folder, "plant"),
    config: { webhookUri: `https://violet.example/${CANARY}` },
  });
  await testShortLifecycle(project, () => expect(project.emulator.store.listSubscriptions()).toHaveLength(34));
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
