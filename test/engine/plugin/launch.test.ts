/** Tests the bundle in provider/bin/plugin, as Pulumi's engine starts it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");

/** Copies the folder that Pulumi's engine gets, away from all packages. */
async function copyPlugin(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pulumi-ion-launch-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(join(ROOT, "provider/bin"), join(folder, "bin"), { recursive: true });
  return folder;
}

/** Starts the plugin in a copied folder. Resolves when it listens. @throws AssertionError if it printed more than its port */
async function startIn(folder: string, cacheFolder: string): Promise<void> {
  const env = { ...process.env, XDG_CACHE_HOME: cacheFolder, LOCALAPPDATA: cacheFolder, NODE_COMPILE_CACHE: "" };
  const child = spawn(process.execPath, [join(folder, "bin/pulumi-resource-ion")], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text;
    });
  }
  await Promise.race([once(child.stdout, "data"), once(child, "close")]);
  await expect.poll(() => connects(Number(output))).toBe(true);
  child.kill();
  await once(child, "close");
  expect(output).toMatch(/^\d+\n$/);
}

const connects = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });

it("the plugin starts without node_modules, and caches compiled code in the user's own folder", async () => {
  const folder = await copyPlugin();
  const cache = join(folder, "cache");
  await startIn(folder, cache);
  expect(await readdir(join(cache, "pulumi-ion"))).toHaveLength(1);
  await startIn(folder, cache);
});

it("the plugin starts where nothing can be cached", async () => {
  const folder = await copyPlugin();
  await writeFile(join(folder, "file"), "");
  await startIn(folder, join(folder, "file"));
});
