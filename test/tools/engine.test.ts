import { type ChildProcess, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findLauncherError, parsePackage } from "../../tools/engine/build.ts";
import { createBuildDirectory, install } from "../../tools/engine/buildDirectory.ts";
import {
  fileNames,
  isAtLeast,
  parsePath,
  parseVersion,
  readVersion,
  upstreamHosts,
} from "../../tools/engine/findCli.ts";
import { formatDuration } from "../../tools/engine/run.ts";

vi.setConfig({ testTimeout: 60_000 });

const repository = join(__dirname, "..", "..");
const pinned: string = JSON.parse(readFileSync(join(repository, "node_modules/pulumi/package.json"), "utf8")).version;
const { nodeHost, dynamicProvider } = fileNames;
/** The files of an engine besides the CLI. */
const companions = Object.values(fileNames).filter((name) => name !== fileNames.cli);
/** What only a compiled engine has. */
const compiledOnly = [...Object.values(upstreamHosts), "pulumi-language-python-exec"];

/** The folder of the test: a repository with npm's launcher, a Pulumi home, and folders for PATH. */
let sandbox: string;
let home: string;
let versions: string;
let link: string;
let children: ChildProcess[];

beforeEach(() => {
  sandbox = realpathSync(mkdtempSync(join(tmpdir(), "engine-test-")));
  home = join(sandbox, "home");
  versions = join(home, "versions");
  link = join(sandbox, "node_modules/.bin/pulumi");
  children = [];

  const launcher = join(sandbox, "node_modules/pulumi");
  mkdirSync(join(launcher, "lib"), { recursive: true });
  for (const file of ["package.json", "run.js", "lib/cache.js", "lib/resolve.js"]) {
    copyFileSync(join(repository, "node_modules/pulumi", file), join(launcher, file));
  }
  fakeDownload('throw new Error("fetch failed")');
  createScript(join(sandbox, "node_modules/@pulumi/pulumi"), dynamicProvider, "#!/bin/sh");
  createScript(join(sandbox, "sdk/python/cmd"), "pulumi-language-python-exec", "#!/bin/sh");
  mkdirSync(join(sandbox, "node_modules/.bin"));
  symlinkSync("../pulumi/run.js", link);
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(sandbox, { recursive: true, force: true, maxRetries: 5 });
});

function createScript(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${text}\n`);
  chmodSync(join(folder, name), 0o755);
  return join(folder, name);
}

/** Creates an engine in a folder. */
function createEngine(folder: string, version: string, others = companions): string {
  for (const name of others) createScript(folder, name, "#!/bin/sh");
  return createScript(folder, "pulumi", `#!/bin/sh\necho v${version}`);
}

/** Replaces the download in the launcher's `installCLI(version, root)`. */
function fakeDownload(body: string): void {
  const text = `
    const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
    const put = (root, name, text) => {
      mkdirSync(root + "/bin", { recursive: true });
      writeFileSync(root + "/bin/" + name, text, { mode: 0o755 });
    };
    exports.installCLI = async (version, root) => {
      appendFileSync(${JSON.stringify(join(sandbox, "downloads"))}, root + "\\n");
      ${body}
    };`;
  writeFileSync(join(sandbox, "node_modules/pulumi/lib/download.js"), text);
}

/** Creates a folder with a `go` that logs its calls and runs `build` to compile into `out`. */
function createGo(build: string, version = "1.26.0"): string {
  const folder = join(sandbox, "go");
  const file = createScript(
    folder,
    "go.cjs",
    `const { appendFileSync, existsSync, writeFileSync } = require("node:fs");
    const args = process.argv.slice(2);
    const out = args[args.indexOf("-o") + 1];
    const writeIncomplete = () => writeFileSync(out, "#!/bin/sh", { mode: 0o755 });
    const writeComplete = () => writeFileSync(out, "#!/bin/sh\\necho v${pinned}", { mode: 0o755 });
    const mark = (name) => writeFileSync(${JSON.stringify(sandbox)} + "/" + name, String(process.pid));
    const marked = (name) => existsSync(${JSON.stringify(sandbox)} + "/" + name);
    const { CGO_ENABLED, TMPDIR } = process.env;
    appendFileSync(${JSON.stringify(join(sandbox, "go-calls"))}, JSON.stringify({ args, CGO_ENABLED, TMPDIR }) + "\\n");
    if (args[0] === "version") console.log("go version go${version} linux/amd64");
    if (args[0] === "list") console.log(args.includes("-m") ? ${JSON.stringify(join(sandbox, "sdk"))} : "fmt\\nexample.com/a");
    if (args[0] === "build") { console.error("example.com/a"); ${build} }`,
  );
  createScript(folder, "go", `#!/bin/sh\nexec "${process.execPath}" "${file}" "$@"`);
  return folder;
}

interface GoCall {
  args: string[];
  CGO_ENABLED?: string;
  TMPDIR?: string;
}

function goCalls(command: string): GoCall[] {
  const lines = readFileSync(join(sandbox, "go-calls"), "utf8").trim().split("\n");
  return lines.map((line): GoCall => JSON.parse(line)).filter((call) => call.args[0] === command);
}

interface Run {
  child: ChildProcess;
  /** The output so far. */
  output: () => string;
  exit: Promise<{ code: number | null; output: string }>;
}

function start(path: string[] = [], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [join(repository, "tools/engine/ensure.ts"), "--root", sandbox], {
    env: { PATH: path.join(delimiter), HOME: sandbox, PULUMI_HOME: home, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.on("data", (data) => {
    output += data;
  });
  const exit = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  return { child, output: () => output, exit };
}

function ensure(path: string[] = [], env: Record<string, string> = {}) {
  return start(path, env).exit;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** Whether a process runs. A zombie, whose exit code was not collected yet, does not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function expectCompleteEngine(origin: "compiled" | "other" = "other"): void {
  expect(readdirSync(versions)).toEqual([pinned]);
  const files = ["pulumi", ...companions, ...(origin === "compiled" ? compiledOnly : [])];
  expect(readdirSync(join(versions, pinned, "bin")).sort()).toEqual(files.sort());
  expect(readFileSync(join(versions, pinned, "bin/pulumi"), "utf8")).toContain(`echo v${pinned}`);
}

const describeOnUnix = describe.skipIf(process.platform === "win32");

describeOnUnix("a pulumi on PATH", () => {
  test("links npx pulumi to a pulumi on PATH that is new enough", async () => {
    const binary = createEngine(join(sandbox, "a"), pinned);
    const { code, output } = await ensure([join(sandbox, "a")]);
    expect(output).toBe(`engine: npx pulumi runs ${binary} (${pinned})\n`);
    expect(code).toBe(0);
    expect(readlinkSync(link)).toBe(binary);
    expect(existsSync(join(sandbox, "downloads"))).toBe(false);
    expect(existsSync(home)).toBe(false);
  });

  test("skips a pulumi on PATH that is too old, reports why, and uses the next", async () => {
    const old = createEngine(join(sandbox, "a"), "3.254.9");
    const binary = createEngine(join(sandbox, "b"), "3.999.0-dev.1+abc");
    const { code, output } = await ensure([join(sandbox, "a"), join(sandbox, "b")]);
    expect(output).toContain(`skipping ${old}: version 3.254.9 is older than ${pinned}`);
    expect(code).toBe(0);
    expect(readlinkSync(link)).toBe(binary);
  });

  test.each(companions)("skips a pulumi without %s and reports why", async (missing) => {
    const others = companions.filter((name) => name !== missing);
    const binary = createEngine(join(sandbox, "a"), pinned, others);
    const { code, output } = await ensure([join(sandbox, "a")]);
    expect(output).toContain(`skipping ${binary}: ${missing} is neither next to it nor on PATH`);
    expect(code).toBe(1);
    expect(readlinkSync(link)).toBe("../pulumi/run.js");
  });

  test("uses a pulumi whose companions are elsewhere on PATH", async () => {
    const binary = createEngine(join(sandbox, "a"), pinned, []);
    for (const name of companions) createScript(join(sandbox, "b"), name, "#!/bin/sh");
    expect(await ensure([join(sandbox, "a"), join(sandbox, "b")])).toMatchObject({ code: 0 });
    expect(readlinkSync(link)).toBe(binary);
  });

  test("uses a pulumi that is a link into a folder with its companions", async () => {
    mkdirSync(join(sandbox, "a"));
    symlinkSync(createEngine(join(sandbox, "cellar"), pinned), join(sandbox, "a/pulumi"));
    expect(await ensure([join(sandbox, "a")])).toMatchObject({ code: 0 });
    expect(readlinkSync(link)).toBe(join(sandbox, "a/pulumi"));
  });

  test.each([
    ["fails", "exit 3", "`pulumi version`: exit code 3"],
    ["prints no version", "echo hello", "`pulumi version` printed no version"],
  ])("skips a pulumi that %s", async (_, body, reason) => {
    createEngine(join(sandbox, "a"), pinned);
    const binary = createScript(join(sandbox, "a"), "pulumi", `#!/bin/sh\n${body}`);
    const { code, output } = await ensure([join(sandbox, "a")]);
    expect(output).toContain(`skipping ${binary}: ${reason}`);
    expect(code).toBe(1);
  });

  test("never starts npm's launchers", async () => {
    const folders = [join(sandbox, "x/node_modules/.bin"), join(sandbox, "global")];
    const body = `#!/bin/sh\necho started > "${sandbox}/started"`;
    const launcher = createScript(join(sandbox, "x/node_modules/pulumi"), "run.js", body);
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    for (const folder of folders) symlinkSync(launcher, join(folder, "pulumi"));
    await ensure(folders);
    expect(existsSync(join(sandbox, "started"))).toBe(false);
  });

  test.each([
    ["is deleted", () => rmSync(join(sandbox, "a"), { recursive: true })],
    ["becomes too old", () => createEngine(join(sandbox, "a"), "3.1.0")],
  ])("restores npm's launcher when the linked pulumi %s", async (_, change) => {
    createEngine(join(sandbox, "a"), pinned);
    createEngine(join(versions, pinned, "bin"), pinned);
    await ensure([join(sandbox, "a")]);
    change();
    const { code, output } = await ensure([join(sandbox, "a")]);
    expect(output).toContain("npx pulumi runs npm's launcher again");
    expect(code).toBe(0);
    expect(readlinkSync(link)).toBe("../pulumi/run.js");
    expect(readdirSync(join(sandbox, "node_modules/.bin"))).toEqual(["pulumi"]);
  });
});

describeOnUnix("a Pulumi in PULUMI_HOME", () => {
  test("uses the Pulumi in PULUMI_HOME and does nothing else", async () => {
    const bin = join(versions, pinned, "bin");
    createEngine(bin, pinned);
    const { code, output } = await ensure();
    expect(output).toBe(`engine: npx pulumi runs Pulumi ${pinned} from ${bin}\n`);
    expect(code).toBe(0);
    expect(existsSync(join(sandbox, "downloads"))).toBe(false);
    expectCompleteEngine();
  });

  test("uses the Pulumi in ~/.pulumi when PULUMI_HOME is not set", async () => {
    const bin = join(sandbox, ".pulumi/versions", pinned, "bin");
    createEngine(bin, pinned);
    const { code, output } = await ensure([], { PULUMI_HOME: "" });
    expect(output).toBe(`engine: npx pulumi runs Pulumi ${pinned} from ${bin}\n`);
    expect(code).toBe(0);
  });

  test("warns when PULUMI_VERSION selects another version", async () => {
    createEngine(join(versions, pinned, "bin"), pinned);
    const { output } = await ensure([], { PULUMI_VERSION: "3.1.0" });
    expect(output).toContain("PULUMI_VERSION is set to 3.1.0");
  });

  test.each<[string, () => void]>([
    ["cannot start", () => createScript(join(versions, pinned, "bin"), "pulumi", "#!/no/such/program")],
    ["fails", () => createScript(join(versions, pinned, "bin"), "pulumi", "#!/bin/sh\nexit 1")],
    ["is empty", () => writeFileSync(join(versions, pinned, "bin/pulumi"), "")],
    ["has another version", () => createEngine(join(versions, pinned, "bin"), "3.254.0")],
    ...companions.map((name): [string, () => void] => [
      `has no ${name}`,
      () => rmSync(join(versions, pinned, "bin", name)),
    ]),
    [
      "has a language host that ignores runtime.options",
      () => createScript(join(versions, pinned, "bin"), nodeHost, "#!/bin/sh\necho '  -nodeargs string'"),
    ],
    ["is an empty folder", () => rmSync(join(versions, pinned, "bin"), { recursive: true })],
  ])("replaces an engine that %s and reports why", async (_, breakEngine) => {
    createEngine(join(versions, pinned, "bin"), pinned);
    breakEngine();
    const { code, output } = await ensure([createGo("writeComplete()")]);
    expect(output).toContain("does not work and is replaced");
    expect(code).toBe(0);
    expectCompleteEngine("compiled");
  });

  test("keeps a broken engine when no other can be built", async () => {
    createEngine(join(versions, pinned, "bin"), "3.254.0");
    expect(await ensure()).toMatchObject({ code: 1 });
    expect(readdirSync(versions)).toEqual([pinned]);
    expect(readdirSync(join(versions, pinned, "bin")).sort()).toEqual(["pulumi", ...companions].sort());
  });
});

describeOnUnix("a download", () => {
  const complete = `
      for (const name of ${JSON.stringify(companions)}) put(root, name, "#!/bin/sh");
      put(root, "pulumi", "#!/bin/sh\\necho v" + version);`;

  test("downloads to a temporary folder next to the final one and moves it", async () => {
    fakeDownload(complete);
    const { code, output } = await ensure();
    expect(output).toContain(`downloading Pulumi ${pinned}`);
    expect(code).toBe(0);
    expectCompleteEngine();
    expect(readFileSync(join(sandbox, "downloads"), "utf8")).toContain(join(versions, ".engine-"));
  });

  test("changes nothing else in PULUMI_HOME", async () => {
    fakeDownload(complete);
    createEngine(join(versions, "3.1.0/bin"), "3.1.0");
    writeFileSync(join(home, "credentials.json"), "{}");
    expect(await ensure()).toMatchObject({ code: 0 });
    expect(readdirSync(home)).toEqual(["credentials.json", "versions"]);
    expect(readdirSync(versions).sort()).toEqual(["3.1.0", pinned].sort());
  });

  test.each([
    ["fails", 'throw new Error("fetch failed")', "download failed: fetch failed"],
    ["stops halfway", 'put(root, "pulumi", "#!/bin/sh"); process.exit(9)', "download failed: exit code 9"],
    ["is incomplete", 'put(root, "pulumi", "#!/bin/sh")', "download failed: pulumi-language-nodejs is missing"],
  ])("compiles instead if the download %s, and reports why", async (_, body, reason) => {
    fakeDownload(body);
    const { code, output } = await ensure([createGo("writeComplete()")]);
    expect(output).toContain(reason);
    expect(output).toContain(`compiling Pulumi ${pinned} with Go 1.26.0`);
    expect(code).toBe(0);
    expectCompleteEngine("compiled");
  });
});

describeOnUnix("Go", () => {
  test("compiles all parts from the pinned modules in its own folder", async () => {
    expect(await ensure([createGo("writeComplete()")])).toMatchObject({ code: 0 });
    expectCompleteEngine("compiled");
    const builds = goCalls("build");
    expect(builds.map(({ args }) => args.at(-1))).toEqual([
      "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      ".",
      "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
      ".",
      "github.com/pulumi/pulumi/sdk/v3/go/pulumi-language-go",
      ".",
      "github.com/pulumi/pulumi-java/pkg/cmd/pulumi-language-java",
      "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
      "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    ]);
    for (const { args, CGO_ENABLED, TMPDIR } of builds) {
      expect(args).toEqual(expect.arrayContaining(["-mod=readonly", "-trimpath", "-buildvcs=false"]));
      expect(CGO_ENABLED).toBe("0");
      expect(TMPDIR).toContain(join(versions, ".engine-"));
    }
  });

  test("go.mod pins the version of the npm package", () => {
    const goMod = readFileSync(join(repository, "tools/engine/pulumi/go.mod"), "utf8");
    expect(goMod).toContain(`require github.com/pulumi/pulumi/pkg/v3 v${pinned}\n`);
  });

  test("the Go example requires the versions of the engine, so that Go compiles them once", () => {
    const versionsIn = (file: string) =>
      new Map(
        [...readFileSync(join(repository, file), "utf8").matchAll(/^\t(\S+) (v\S+)/gm)].map(([, name, version]) => [
          name,
          version,
        ]),
      );
    const [engine, example] = [versionsIn("tools/engine/pulumi/go.mod"), versionsIn("examples/go/go.mod")];
    expect(example.size).toBeGreaterThan(50);
    for (const [name, version] of example) if (engine.has(name)) expect(version, name).toBe(engine.get(name));
  });

  test("fails if go.mod and npm pin different versions", async () => {
    const file = join(sandbox, "node_modules/pulumi/package.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(pinned, "3.999.0"));
    const { code, output } = await ensure([createGo("writeComplete()")]);
    expect(output).toContain(`tools/engine/pulumi/go.mod pins ${pinned}, not 3.999.0`);
    expect(code).toBe(1);
  });

  test.each([
    ["is not on PATH", () => [], "Go is not on PATH"],
    ["is too old", () => [createGo("writeComplete()", "1.24.9")], "Go 1.24.9 is too old"],
    ["fails", () => [createGo('console.error("go: no route to host"); process.exit(1)')], "go: no route to host"],
    [
      "is older than go.mod requires",
      () => [
        createGo(
          'console.error("go: go.mod requires go >= 1.25.11 (running go 1.25.3; GOTOOLCHAIN=local)"); process.exit(1)',
          "1.25.3",
        ),
      ],
      "set GOTOOLCHAIN=auto",
    ],
    ["compiles a program that does not work", () => [createGo("writeIncomplete()")], "printed no version"],
  ])("fails with the three alternatives if Go %s", async (_, path, reason) => {
    const { code, output } = await ensure(path());
    expect(code).toBe(1);
    expect(output).toContain(`- Pulumi ${pinned} or newer on PATH`);
    expect(output).toContain(
      "- or a network that reaches https://get.pulumi.com, to download it (failed: fetch failed)",
    );
    expect(output).toContain("- or Go 1.25 or newer on PATH");
    expect(output.slice(output.indexOf("- or Go"))).toContain(reason);
    expect(output).not.toContain("    at ");
    expect(readdirSync(versions)).toEqual([]);
  });
});

describeOnUnix("interrupted", () => {
  const hanging = 'writeIncomplete(); mark("building"); setTimeout(() => {}, 60_000);';
  const builder = () => Number(readFileSync(join(sandbox, "building"), "utf8"));

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("stops its child processes and leaves no files on %s", async (signal, exitCode) => {
    const run = start([createGo(hanging)]);
    await until(() => existsSync(join(sandbox, "building")) && builder() > 0);
    run.child.kill(signal);
    const { code, output } = await run.exit;
    expect(code).toBe(exitCode);
    expect(output).toContain("interrupted");
    expect(readdirSync(versions)).toEqual([]);
    await until(() => !isRunning(builder()));
  });

  test("leaves no finished engine on SIGKILL, and the next run cleans up and completes", async () => {
    const run = start([createGo(hanging)]);
    await until(() => existsSync(join(sandbox, "building")) && builder() > 0);
    run.child.kill("SIGKILL");
    try {
      await until(() => !isRunning(run.child.pid ?? 0));
      expect(readdirSync(versions)).toEqual([expect.stringMatching(/^\.engine-/)]);

      const { code, output } = await ensure([createGo("writeComplete()")]);
      expect(output).not.toContain("waiting");
      expect(code).toBe(0);
      expectCompleteEngine("compiled");
    } finally {
      process.kill(builder(), "SIGKILL");
      await run.exit;
    }
  });
});

describeOnUnix("folders of other runs", () => {
  test.each([
    ["removes a folder whose process has exited", { pid: "exited", age: 0, kept: false }],
    ["keeps a folder whose process runs", { pid: "running", age: 0, kept: true }],
    [
      "removes a folder without a heartbeat for an hour even if its process runs",
      { pid: "running", age: 3601, kept: false },
    ],
    ["keeps a new folder without an owner", { pid: "none", age: 0, kept: true }],
    ["removes an old folder without an owner", { pid: "none", age: 3601, kept: false }],
  ])("%s", async (_, { pid, age, kept }) => {
    createEngine(join(versions, pinned, "bin"), pinned);
    const buildDirectory = createBuildDirectory(versions);
    const { folder } = buildDirectory;
    const file = join(folder, "owner.json");
    const owner = JSON.parse(readFileSync(file, "utf8"));
    // Stops its heartbeat. Then restores what a killed run leaves.
    buildDirectory.remove();
    mkdirSync(folder);
    if (pid === "running") writeFileSync(file, JSON.stringify(owner));
    if (pid === "exited") {
      const { child, exit } = start([], { PULUMI_HOME: join(sandbox, "other") });
      await exit;
      writeFileSync(file, JSON.stringify({ ...owner, pid: child.pid }));
    }
    const when = new Date(Date.now() - age * 1000);
    for (const path of [file, folder]) if (existsSync(path)) utimesSync(path, when, when);
    expect(await ensure()).toMatchObject({ code: 0 });
    expect(existsSync(folder)).toBe(kept);
  });
});

describeOnUnix("concurrent runs", () => {
  test("a second run waits for the first and uses its engine", async () => {
    const go = createGo(
      'mark("building"); const wait = () => marked("gate") ? writeComplete() : setTimeout(wait, 20); wait();',
    );
    const first = start([go]);
    await until(() => existsSync(join(sandbox, "building")));
    const second = start([go]);
    await until(() => second.output().includes("waiting for it"));
    appendFileSync(join(sandbox, "gate"), "");

    expect(await first.exit).toMatchObject({ code: 0 });
    const { code, output } = await second.exit;
    expect(output).toContain(`(process ${first.child.pid}) is already building Pulumi`);
    expect(output).not.toContain("compiling");
    expect(code).toBe(0);
    expect(goCalls("build")).toHaveLength(9);
    expectCompleteEngine("compiled");
  });

  test("a second run builds the engine itself when the first is killed", async () => {
    const first = start([createGo('mark("building"); setTimeout(() => {}, 60_000);')]);
    await until(() => existsSync(join(sandbox, "building")) && readFileSync(join(sandbox, "building"), "utf8") !== "");
    const builder = Number(readFileSync(join(sandbox, "building"), "utf8"));
    const second = start([createGo("writeComplete()")]);
    await until(() => second.output().includes("waiting for it"));
    first.child.kill("SIGKILL");
    try {
      expect(await second.exit).toMatchObject({ code: 0 });
      expect(existsSync(join(versions, pinned, "bin/pulumi"))).toBe(true);
    } finally {
      process.kill(builder, "SIGKILL");
      await first.exit;
    }
  });

  test("four runs started together leave one complete engine", async () => {
    const go = createGo("writeComplete()");
    const exits = await Promise.all([1, 2, 3, 4].map(() => ensure([go])));
    expect(exits.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expectCompleteEngine("compiled");
  });

  test.each([
    ["keeps a valid engine", true, "exists", "theirs"],
    ["replaces a broken engine", false, "installed", "mine"],
  ])("the second of two concurrent installs %s", async (_, valid, outcome, content) => {
    const buildDirectory = createBuildDirectory(versions);
    const finished = join(buildDirectory.folder, "finished");
    const target = join(versions, pinned);
    for (const [folder, text] of [
      [finished, "mine"],
      [target, "theirs"],
    ] as const) {
      mkdirSync(folder);
      writeFileSync(join(folder, "file"), text);
    }
    expect(await install(finished, target, buildDirectory, async () => valid)).toBe(outcome);
    buildDirectory.remove();
    expect(readFileSync(join(target, "file"), "utf8")).toBe(content);
    expect(readdirSync(versions)).toEqual([pinned]);
  });
});

describeOnUnix("npm run engine", () => {
  test("asks for npm ci if node_modules is missing", async () => {
    rmSync(join(sandbox, "node_modules"), { recursive: true });
    const { code, output } = await ensure();
    expect(output).toContain("run `npm ci` first");
    expect(code).toBe(1);
  });

  test("stops waiting for a pulumi that hangs", async () => {
    const file = createScript(sandbox, "hang.cjs", "setTimeout(() => {}, 60_000);");
    const binary = createScript(sandbox, "pulumi", `#!/bin/sh\n"${process.execPath}" "${file}"`);
    expect(await readVersion(binary, 1_000)).toEqual({ problem: "`pulumi version`: no answer within 1 s" });
  });
});

test.each([
  ["v3.255.0", "3.255.0"],
  ["3.256.0-dev.0+abc.dirty", "3.256.0"],
  ["v3.257.0-alpha.x7f2c1", "3.257.0"],
  ["hello", undefined],
  ["3.255", undefined],
  ["warning: A new version of Pulumi is available: 3.300.0", undefined],
])("reads the version in %j", (line, version) => {
  expect(parseVersion(line)).toBe(version);
});

test.each([
  ["3.255.0", "3.255.0", true],
  ["3.255.1", "3.255.0", true],
  ["4.0.0", "3.255.0", true],
  ["3.254.9", "3.255.0", false],
  ["3.99.0", "3.255.0", false],
  ["1.25", "1.25", true],
  ["1.25.3", "1.25", true],
  ["1.9", "1.25", false],
])("compares %s with %s", (version, minimum, result) => {
  expect(isAtLeast(version, minimum)).toBe(result);
});

test("parses PATH without npm's folders and without duplicates", () => {
  const path = ["/a", "/x/node_modules/.bin", "", "/b", "/a"].join(delimiter);
  expect(parsePath(path)).toEqual(["/a", "/b"]);
});

test.each([
  ["github.com/pulumi/pulumi/pkg/v3/engine", true],
  ["fmt", true],
  ["go: downloading example.com/a v1.0.0", false],
  ["# example.com/a", false],
  ["a.go:1:2: undefined: b", false],
])("distinguishes a package from a message: %s", (line, isPackage) => {
  expect(parsePackage(line) !== undefined).toBe(isPackage);
});

test.each([
  [["Downloading pulumi v3.255.0...", "pulumi: fetch failed"], "fetch failed"],
  [
    [
      "curl: (22) The requested URL returned error: 403",
      "\u001b[31merror: failed to download\u001b[0m",
      "pulumi: Command failed",
    ],
    "curl: (22) The requested URL returned error: 403",
  ],
  [["Downloading pulumi v3.255.0..."], undefined],
])("finds the error of a download in %j", (lines, error) => {
  expect(findLauncherError(lines)).toBe(error);
});

test.each([
  [900, "1 s"],
  [59_000, "59 s"],
  [125_000, "2 min 05 s"],
])("formats %d ms", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
