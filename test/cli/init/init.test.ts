import { chown, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFromRegistry } from "../../../provider/src/cli/init/package.ts";
import { cli, folder } from "../run.ts";

const env = { PATH: process.env.PATH, HOME: process.env.HOME };

it("writes a project with a copy of the package, and says what to type next", async () => {
  const cwd = await folder();
  const { code, out, err } = await cli(["init", "My Plant", "--no-install"], { cwd, env });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const project = join(cwd, "My Plant");
  const files = (await readdir(project)).sort();
  expect(files).toEqual([
    ".github",
    ".gitignore",
    "Pulumi.yaml",
    "README.md",
    "index.ts",
    "package.json",
    expect.stringMatching(/^pulumi-ion-.*\.tgz$/),
    "tsconfig.json",
  ]);
  const manifest = JSON.parse(await readFile(join(project, "package.json"), "utf8"));
  expect(manifest).toMatchObject({ name: "my-plant", dependencies: { "pulumi-ion": `file:${files[6]}` } });
  expect(await readFile(join(project, "Pulumi.yaml"), "utf8")).toContain("name: my-plant\n");
  expect(out.replace(cwd, "<folder>")).toMatchInlineSnapshot(`
    "Created a project in <folder>/My Plant.

    Next:
      cd 'My Plant'
      npx pulumi stack init production
      npx pulumi config set ion:region us
      npx pulumi config set ion:clientId <client id>
      npx pulumi config set --secret ion:clientSecret
      npx pulumi config set --secret webhookUri
      npx --no-install pulumi-ion doctor
      npx pulumi preview"
  `);
});

it("says what is left to do if the stack cannot be created", async () => {
  const cwd = await folder();
  await mkdir(join(cwd, "failing"));
  await writeFile(join(cwd, "failing/pulumi"), "#!/bin/sh\nexit 3\n", { mode: 0o755 });
  const PATH = `${join(cwd, "failing")}:${env.PATH}`;
  const args = ["init", "plant", "--no-install", "--region", "us", "--client-id", "abc"];
  const { code, out, err } = await cli(args, { cwd, env: { ...env, PATH } });
  expect(code).toBe(1);
  expect(err).toContain("`pulumi stack` failed with exit code 3.");
  expect(out).toContain("Created a project in");
  expect(out).toContain("\n  npx pulumi stack init production\n");
});

it("overwrites no file, and then writes none", async () => {
  const cwd = await folder();
  await writeFile(join(cwd, "index.ts"), "// mine\n");
  await mkdir(join(cwd, "node_modules"));
  const { code, err } = await cli(["init", "--no-install"], { cwd, env });
  expect(code).toBe(1);
  expect(err).toMatch(/already has index\.ts\./);
  expect((await readdir(cwd)).sort()).toEqual(["index.ts", "node_modules"]);
  expect(await readFile(join(cwd, "index.ts"), "utf8")).toBe("// mine\n");
});

it("writes a program in YAML, with the plugin that the package contains", async () => {
  const cwd = await folder();
  const { code, err } = await cli(["init", "plant", "--language", "yaml", "--no-install"], { cwd, env });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect((await readdir(join(cwd, "plant"))).sort()).toEqual([
    ".github",
    ".gitignore",
    "Pulumi.yaml",
    "README.md",
    "package.json",
    expect.stringMatching(/^pulumi-ion-.*\.tgz$/),
  ]);
  const program = await readFile(join(cwd, "plant/Pulumi.yaml"), "utf8");
  expect(program).toMatch(/^name: plant\n[\s\S]*runtime: yaml\n[\s\S]*path: node_modules\/pulumi-ion\/bin\n/);
});

it("overwrites no copy of the package that is already there", async () => {
  const cwd = await folder();
  await cli(["init", "first", "--no-install"], { cwd, env });
  const [name = ""] = (await readdir(join(cwd, "first"))).filter((file) => file.endsWith(".tgz"));
  await mkdir(join(cwd, "second"));
  await writeFile(join(cwd, "second", name), "mine");
  const { code, err } = await cli(["init", "second", "--no-install"], { cwd, env });
  expect(code).toBe(1);
  expect(err).toContain(`already has ${name}.`);
  expect(await readdir(join(cwd, "second"))).toEqual([name]);
  expect(await readFile(join(cwd, "second", name), "utf8")).toBe("mine");
});

describe("a folder", () => {
  it("that is a link is refused", async () => {
    const cwd = await folder();
    await mkdir(join(cwd, "real"));
    await symlink("real", join(cwd, "link"));
    await symlink("nowhere", join(cwd, "dangling"));
    for (const link of ["link", "dangling"]) {
      const { code, err } = await cli(["init", link, "--no-install"], { cwd, env });
      expect(code).toBe(1);
      expect(err).toContain(`${link} is a link, so it is not used.`);
    }
    expect(await readdir(join(cwd, "real"))).toEqual([]);
  });

  it("that is a file, or is in one, is refused", async () => {
    const cwd = await folder();
    await writeFile(join(cwd, "file"), "mine");
    for (const target of ["file", "file/plant"]) {
      const { code, err } = await cli(["init", target, "--no-install"], { cwd, env });
      expect(code).toBe(1);
      expect(err).toMatch(/\/file is not a folder\./);
    }
  });

  it("with a link where a file or a folder would be written is refused", async () => {
    const cwd = await folder();
    const outside = await folder();
    await symlink(join(outside, "missing"), join(cwd, "index.ts"));
    await symlink(outside, join(cwd, ".github"));
    const { code, err } = await cli(["init", "--no-install"], { cwd, env });
    expect(code).toBe(1);
    expect(err).toMatch(/already has \.github, index\.ts\./);
    expect(await readdir(outside)).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)("that belongs to another user is refused, and so is a new one in it", async () => {
    const cwd = await folder();
    await chown(cwd, 12_345, 12_345);
    for (const args of [["init"], ["init", "new/plant"]]) {
      const { code, err } = await cli([...args, "--no-install"], { cwd, env });
      expect(code).toBe(1);
      expect(err).toMatch(/belongs to another user, so it is not used\./);
    }
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe("the package", () => {
  it.each([
    ["https://registry.npmjs.org/pulumi-ion/-/pulumi-ion-0.2.0.tgz", true],
    ["file:pulumi-ion-0.2.0.tgz", false],
    ["../provider", false],
    [undefined, false],
  ])("is required from the registry only if npm installed it from there: %s", async (resolved, expected) => {
    const modules = join(await folder(), "node_modules");
    await mkdir(join(modules, "pulumi-ion"), { recursive: true });
    const record = { packages: { "node_modules/pulumi-ion": { ...(resolved && { resolved }) } } };
    await writeFile(join(modules, ".package-lock.json"), JSON.stringify(record));
    expect(isFromRegistry(join(modules, "pulumi-ion"))).toBe(expected);
  });

  it("is not required from the registry if npm has no record of it", async () => {
    expect(isFromRegistry(join(await folder(), "pulumi-ion"))).toBe(false);
  });
});
