/** What starts Pulumi's provider process: provider/plugin. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";

const ROOT = resolve(import.meta.dirname, "..");
const PLUGIN = join(ROOT, "provider/plugin");

/** Modules that the process puts off, by who asks for them. */
const DEFERRED = {
  "@pulumi/pulumi": ["typescript", "@npmcli/arborist", "normalize-package-data", "./automation"],
  graphql: ["./graphql", "./type", "./execution", "./validation", "./utilities"],
  zod: ["./v4/locales"],
};

/** Runs code in a process that the plugin has started; what the code returns. */
async function inProcess(code: string, cwd = ROOT): Promise<unknown> {
  const script = `
    process.argv.splice(1, Infinity, "start.js", "127.0.0.1:1");
    require(${JSON.stringify(join(PLUGIN, "start.js"))});
    const { createRequire } = require("node:module");
    const { isProxy } = require("node:util/types");
    const from = (asker) => createRequire(createRequire(${JSON.stringify(join(PLUGIN, "start.js"))}).resolve(asker));
    const { log } = console;
    // Pulumi's process prints its port when it is ready.
    console.log = (port) => {
      log(port);
      log(JSON.stringify({ result: (() => { ${code} })() }));
      process.exit();
    };`;
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { cwd });
  const [port, answer = "null"] = stdout.trim().split("\n");
  expect(Number(port)).toBeGreaterThan(0);
  return (JSON.parse(answer) as { readonly result: unknown }).result;
}

describe("the plugin's process", () => {
  it.each(Object.entries(DEFERRED).flatMap(([asker, names]) => names.map((name) => [asker, name])))(
    "has not loaded what %s asks for as %s, and gives all of it to who uses it",
    async (asker, name) => {
      const found = await inProcess(`
      const require = from(${JSON.stringify(asker)});
      const path = require.resolve(${JSON.stringify(name)});
      const before = isProxy(require.cache[path].exports);
      const standIn = require(path);
      const keys = Object.keys(standIn).sort();
      const real = require(path);
      return {
        before, after: isProxy(real), same: keys.every((key) => key in standIn && standIn[key] === real[key]),
        whole: keys.length === Object.keys(real).length, default: standIn.default === (real.default ?? real),
      };`);
      expect(found).toEqual({ before: true, after: false, same: true, whole: true, default: true });
    },
  );

  it("has our code loaded before it is asked for anything", async () => {
    const loaded = await inProcess(
      `return Object.keys(require.cache).some((path) => /provider.dist.providers\\.js$/.test(path));`,
    );
    expect(loaded).toBe(true);
  });

  it("keeps what Node compiled beside the packages, and does without where it may not", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-plugin-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    // A folder of packages that has Pulumi's SDK as a copy: the cache belongs to where the SDK is.
    await cp(join(ROOT, "node_modules/@pulumi/pulumi"), join(folder, "node_modules/@pulumi/pulumi"), {
      recursive: true,
    });
    for (const name of await readdir(join(ROOT, "node_modules"))) {
      if (!/^(@pulumi|\..*)$/.test(name)) {
        await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
      }
    }
    expect(await inProcess("return 1;", folder)).toBe(1);
    expect(await readdir(join(folder, "node_modules/.cache/pulumi-ion"))).not.toEqual([]);
    await rm(join(folder, "node_modules/.cache"), { recursive: true });
    await symlink("/dev/null", join(folder, "node_modules/.cache"));
    expect(await inProcess("return 2;", folder)).toBe(2);
  });

  it("is started the same way on Windows", async () => {
    const [shell, cmd] = await Promise.all(
      ["", ".cmd"].map((end) => readFile(join(PLUGIN, `pulumi-resource-pulumi-nodejs${end}`), "utf8")),
    );
    expect(shell).toContain(`node --optimize-for-size "\${0%/*}/start.js" "$@"`);
    expect(cmd).toBe('@node --optimize-for-size "%~dp0start.js" %*\r\n');
  });
});
