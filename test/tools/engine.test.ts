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
import {
  atLeast,
  fileNames,
  parseVersion,
  pathFolders,
  upstreamHost,
  versionOf,
} from "../../tools/engine/candidates.ts";
import { launcherTrouble, packageIn } from "../../tools/engine/make.ts";
import { elapsed } from "../../tools/engine/run.ts";
import { openWorkshop, place } from "../../tools/engine/workshop.ts";

vi.setConfig({ testTimeout: 60_000 });

const repository = join(__dirname, "..", "..");
const pinned: string = JSON.parse(readFileSync(join(repository, "node_modules/pulumi/package.json"), "utf8")).version;
const languageHost = fileNames.languageHost;
const dynamicProvider = fileNames.dynamicProvider;

/** Everything the script sees: a repository with npm's launcher, a Pulumi home, and folders for PATH. */
let world: string;
let home: string;
let versions: string;
let link: string;
let children: ChildProcess[];

beforeEach(() => {
  world = realpathSync(mkdtempSync(join(tmpdir(), "engine-test-")));
  home = join(world, "home");
  versions = join(home, "versions");
  link = join(world, "node_modules/.bin/pulumi");
  children = [];

  const launcher = join(world, "node_modules/pulumi");
  mkdirSync(join(launcher, "lib"), { recursive: true });
  for (const file of ["package.json", "run.js", "lib/cache.js", "lib/resolve.js"]) {
    copyFileSync(join(repository, "node_modules/pulumi", file), join(launcher, file));
  }
  downloads('throw new Error("fetch failed")');
  script(join(world, "node_modules/@pulumi/pulumi"), dynamicProvider, "#!/bin/sh");
  mkdirSync(join(world, "node_modules/.bin"));
  symlinkSync("../pulumi/run.js", link);
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(world, { recursive: true, force: true, maxRetries: 5 });
});

function script(folder: string, name: string, text: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `${text}\n`);
  chmodSync(join(folder, name), 0o755);
  return join(folder, name);
}

/** A PATH folder, or the bin folder of an engine. */
function engineIn(folder: string, version: string, companions = [languageHost, dynamicProvider]): string {
  for (const name of companions) script(folder, name, "#!/bin/sh");
  return script(folder, "pulumi", `#!/bin/sh\necho v${version}`);
}

/** What the launcher's `installCLI(version, root)` does, in place of the real download. */
function downloads(body: string): void {
  const text = `
    const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
    const put = (root, name, text) => {
      mkdirSync(root + "/bin", { recursive: true });
      writeFileSync(root + "/bin/" + name, text, { mode: 0o755 });
    };
    exports.installCLI = async (version, root) => {
      appendFileSync(${JSON.stringify(join(world, "downloads"))}, root + "\\n");
      ${body}
    };`;
  writeFileSync(join(world, "node_modules/pulumi/lib/download.js"), text);
}

/** A folder with a `go` that writes down how it is called; `build` is what it does when told to build into `out`. */
function goThat(build: string, version = "1.26.0"): string {
  const folder = join(world, "go");
  const file = script(
    folder,
    "go.cjs",
    `const { appendFileSync, existsSync, writeFileSync } = require("node:fs");
    const args = process.argv.slice(2);
    const out = args[args.indexOf("-o") + 1];
    const half = () => writeFileSync(out, "#!/bin/sh", { mode: 0o755 });
    const whole = () => writeFileSync(out, "#!/bin/sh\\necho v${pinned}", { mode: 0o755 });
    const mark = (name) => writeFileSync(${JSON.stringify(world)} + "/" + name, String(process.pid));
    const marked = (name) => existsSync(${JSON.stringify(world)} + "/" + name);
    const { CGO_ENABLED, TMPDIR } = process.env;
    appendFileSync(${JSON.stringify(join(world, "go-calls"))}, JSON.stringify({ args, CGO_ENABLED, TMPDIR }) + "\\n");
    if (args[0] === "version") console.log("go version go${version} linux/amd64");
    if (args[0] === "list") console.log("fmt\\nexample.com/a");
    if (args[0] === "build") { console.error("example.com/a"); ${build} }`,
  );
  script(folder, "go", `#!/bin/sh\nexec "${process.execPath}" "${file}" "$@"`);
  return folder;
}

interface GoCall {
  args: string[];
  CGO_ENABLED?: string;
  TMPDIR?: string;
}

function goCalls(command: string): GoCall[] {
  const lines = readFileSync(join(world, "go-calls"), "utf8").trim().split("\n");
  return lines.map((line): GoCall => JSON.parse(line)).filter((call) => call.args[0] === command);
}

interface Run {
  child: ChildProcess;
  /** What it has said so far. */
  said: () => string;
  ended: Promise<{ code: number | null; output: string }>;
}

function start(path: string[] = [], env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [join(repository, "tools/engine/ensure.ts"), "--root", world], {
    env: { PATH: path.join(delimiter), HOME: world, PULUMI_HOME: home, ...env },
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
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  return { child, said: () => output, ended };
}

function ensure(path: string[] = [], env: Record<string, string> = {}) {
  return start(path, env).ended;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** A process that has ended counts as such even while nobody has collected its exit code. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync(`/proc/${pid}/stat`) || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function expectWholeEngine(how: "compiled" | "given" = "given"): void {
  expect(readdirSync(versions)).toEqual([pinned]);
  const files = ["pulumi", languageHost, dynamicProvider];
  expect(readdirSync(join(versions, pinned, "bin")).sort()).toEqual(
    how === "compiled" ? [upstreamHost, ...files] : files,
  );
  expect(readFileSync(join(versions, pinned, "bin/pulumi"), "utf8")).toContain(`echo v${pinned}`);
}

describe.skipIf(process.platform === "win32")("npm run engine", () => {
  describe("with a pulumi on PATH", () => {
    test("takes one that is new enough, and npx pulumi runs it", async () => {
      const binary = engineIn(join(world, "a"), pinned);
      const { code, output } = await ensure([join(world, "a")]);
      expect(output).toBe(`engine: npx pulumi runs ${binary} (${pinned})\n`);
      expect(code).toBe(0);
      expect(readlinkSync(link)).toBe(binary);
      expect(existsSync(join(world, "downloads"))).toBe(false);
      expect(existsSync(home)).toBe(false);
    });

    test("skips one that is too old, saying so, and takes the next", async () => {
      const old = engineIn(join(world, "a"), "3.254.9");
      const binary = engineIn(join(world, "b"), "3.999.0-dev.1+abc");
      const { code, output } = await ensure([join(world, "a"), join(world, "b")]);
      expect(output).toContain(`skipping ${old}: it is 3.254.9, and ${pinned} or newer is needed`);
      expect(code).toBe(0);
      expect(readlinkSync(link)).toBe(binary);
    });

    test.each([
      ["pulumi-language-nodejs", [dynamicProvider]],
      ["pulumi-resource-pulumi-nodejs", [languageHost]],
    ])("skips one without %s, saying so", async (missing, companions) => {
      const binary = engineIn(join(world, "a"), pinned, companions);
      const { code, output } = await ensure([join(world, "a")]);
      expect(output).toContain(`skipping ${binary}: there is no ${missing} beside it or on PATH`);
      expect(code).toBe(1);
      expect(readlinkSync(link)).toBe("../pulumi/run.js");
    });

    test("takes one whose companions are elsewhere on PATH", async () => {
      const binary = engineIn(join(world, "a"), pinned, []);
      script(join(world, "b"), languageHost, "#!/bin/sh");
      script(join(world, "b"), dynamicProvider, "#!/bin/sh");
      expect(await ensure([join(world, "a"), join(world, "b")])).toMatchObject({ code: 0 });
      expect(readlinkSync(link)).toBe(binary);
    });

    test("takes one that is a link into a folder with its companions", async () => {
      mkdirSync(join(world, "a"));
      symlinkSync(engineIn(join(world, "cellar"), pinned), join(world, "a/pulumi"));
      expect(await ensure([join(world, "a")])).toMatchObject({ code: 0 });
      expect(readlinkSync(link)).toBe(join(world, "a/pulumi"));
    });

    test.each([
      ["ends with an error", "exit 3", "`pulumi version`: exit code 3"],
      ["names no version", "echo hello", "`pulumi version` names no version"],
    ])("skips one that %s", async (_, body, reason) => {
      engineIn(join(world, "a"), pinned);
      const binary = script(join(world, "a"), "pulumi", `#!/bin/sh\n${body}`);
      const { code, output } = await ensure([join(world, "a")]);
      expect(output).toContain(`skipping ${binary}: ${reason}`);
      expect(code).toBe(1);
    });

    test("does not start npm's launchers", async () => {
      const folders = [join(world, "x/node_modules/.bin"), join(world, "global")];
      const body = `#!/bin/sh\necho started > "${world}/started"`;
      const launcher = script(join(world, "x/node_modules/pulumi"), "run.js", body);
      for (const folder of folders) mkdirSync(folder, { recursive: true });
      for (const folder of folders) symlinkSync(launcher, join(folder, "pulumi"));
      await ensure(folders);
      expect(existsSync(join(world, "started"))).toBe(false);
    });

    test.each([
      ["is gone", () => rmSync(join(world, "a"), { recursive: true })],
      ["is too old now", () => engineIn(join(world, "a"), "3.1.0")],
    ])("puts npm's launcher back when the linked one %s", async (_, change) => {
      engineIn(join(world, "a"), pinned);
      engineIn(join(versions, pinned, "bin"), pinned);
      await ensure([join(world, "a")]);
      change();
      const { code, output } = await ensure([join(world, "a")]);
      expect(output).toContain("npx pulumi runs npm's launcher again");
      expect(code).toBe(0);
      expect(readlinkSync(link)).toBe("../pulumi/run.js");
      expect(readdirSync(join(world, "node_modules/.bin"))).toEqual(["pulumi"]);
    });
  });

  describe("with a Pulumi in PULUMI_HOME", () => {
    test("takes it and does nothing else", async () => {
      const bin = join(versions, pinned, "bin");
      engineIn(bin, pinned);
      const { code, output } = await ensure();
      expect(output).toBe(`engine: npx pulumi runs Pulumi ${pinned} from ${bin}\n`);
      expect(code).toBe(0);
      expect(existsSync(join(world, "downloads"))).toBe(false);
      expectWholeEngine();
    });

    test("takes the one in ~/.pulumi when PULUMI_HOME is not set", async () => {
      const bin = join(world, ".pulumi/versions", pinned, "bin");
      engineIn(bin, pinned);
      const { code, output } = await ensure([], { PULUMI_HOME: "" });
      expect(output).toBe(`engine: npx pulumi runs Pulumi ${pinned} from ${bin}\n`);
      expect(code).toBe(0);
    });

    test("says when PULUMI_VERSION makes npx pulumi run another one", async () => {
      engineIn(join(versions, pinned, "bin"), pinned);
      const { output } = await ensure([], { PULUMI_VERSION: "3.1.0" });
      expect(output).toContain("PULUMI_VERSION is set to 3.1.0");
    });

    test.each([
      ["cannot be started", () => script(join(versions, pinned, "bin"), "pulumi", "#!/no/such/program")],
      ["ends with an error", () => script(join(versions, pinned, "bin"), "pulumi", "#!/bin/sh\nexit 1")],
      ["is empty", () => writeFileSync(join(versions, pinned, "bin/pulumi"), "")],
      ["is another version", () => engineIn(join(versions, pinned, "bin"), "3.254.0")],
      ["has no language host", () => rmSync(join(versions, pinned, "bin", languageHost))],
      ["has no dynamic provider", () => rmSync(join(versions, pinned, "bin", dynamicProvider))],
      [
        "has a language host that leaves out runtime.options",
        () => script(join(versions, pinned, "bin"), languageHost, "#!/bin/sh\necho '  -nodeargs string'"),
      ],
      ["is an empty folder", () => rmSync(join(versions, pinned, "bin"), { recursive: true })],
    ])("replaces one that %s, saying so", async (_, spoil) => {
      engineIn(join(versions, pinned, "bin"), pinned);
      spoil();
      const { code, output } = await ensure([goThat("whole()")]);
      expect(output).toContain("does not work and is made anew");
      expect(code).toBe(0);
      expectWholeEngine("compiled");
    });

    test("keeps a broken one when no other can be made", async () => {
      engineIn(join(versions, pinned, "bin"), "3.254.0");
      expect(await ensure()).toMatchObject({ code: 1 });
      expect(readdirSync(versions)).toEqual([pinned]);
      expect(readdirSync(join(versions, pinned, "bin"))).toHaveLength(3);
    });
  });

  describe("with a download", () => {
    const complete = `
      put(root, "${languageHost}", "#!/bin/sh"); put(root, "${dynamicProvider}", "#!/bin/sh");
      put(root, "pulumi", "#!/bin/sh\\necho v" + version);`;

    test("makes it beside its place and moves it there", async () => {
      downloads(complete);
      const { code, output } = await ensure();
      expect(output).toContain(`downloading Pulumi ${pinned}`);
      expect(code).toBe(0);
      expectWholeEngine();
      expect(readFileSync(join(world, "downloads"), "utf8")).toContain(join(versions, ".engine-"));
    });

    test("touches nothing else in PULUMI_HOME", async () => {
      downloads(complete);
      engineIn(join(versions, "3.1.0/bin"), "3.1.0");
      writeFileSync(join(home, "credentials.json"), "{}");
      expect(await ensure()).toMatchObject({ code: 0 });
      expect(readdirSync(home)).toEqual(["credentials.json", "versions"]);
      expect(readdirSync(versions).sort()).toEqual(["3.1.0", pinned].sort());
    });

    test.each([
      ["that fails", 'throw new Error("fetch failed")', "download failed: fetch failed"],
      ["that breaks off", 'put(root, "pulumi", "#!/bin/sh"); process.exit(9)', "download failed: exit code 9"],
      ["that brings half", 'put(root, "pulumi", "#!/bin/sh")', "download failed: pulumi-language-nodejs is missing"],
    ])("%s, says why and compiles instead", async (_, body, reason) => {
      downloads(body);
      const { code, output } = await ensure([goThat("whole()")]);
      expect(output).toContain(reason);
      expect(output).toContain(`compiling Pulumi ${pinned} with Go 1.26.0`);
      expect(code).toBe(0);
      expectWholeEngine("compiled");
    });
  });

  describe("with Go", () => {
    test("compiles all parts from the pinned modules, with nothing outside its own folder", async () => {
      expect(await ensure([goThat("whole()")])).toMatchObject({ code: 0 });
      expectWholeEngine("compiled");
      const builds = goCalls("build");
      expect(builds.map(({ args }) => args.at(-1))).toEqual([
        "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        ".",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      ]);
      for (const { args, CGO_ENABLED, TMPDIR } of builds) {
        expect(args).toEqual(expect.arrayContaining(["-mod=readonly", "-trimpath", "-buildvcs=false"]));
        expect(CGO_ENABLED).toBe("0");
        expect(TMPDIR).toContain(join(versions, ".engine-"));
      }
    });

    test("finds the version of the npm package in go.mod", () => {
      const goMod = readFileSync(join(repository, "tools/engine/pulumi/go.mod"), "utf8");
      expect(goMod).toContain(`require github.com/pulumi/pulumi/pkg/v3 v${pinned}\n`);
    });

    test("refuses when go.mod pins another version than npm does", async () => {
      const file = join(world, "node_modules/pulumi/package.json");
      writeFileSync(file, readFileSync(file, "utf8").replace(pinned, "3.999.0"));
      const { code, output } = await ensure([goThat("whole()")]);
      expect(output).toContain(`tools/engine/pulumi/go.mod pins ${pinned}, not 3.999.0`);
      expect(code).toBe(1);
    });

    test.each([
      ["is not there", () => [], "there is no Go on PATH"],
      ["is too old", () => [goThat("whole()", "1.24.9")], "Go 1.24.9 is too old"],
      ["fails", () => [goThat('console.error("go: no route to host"); process.exit(1)')], "go: no route to host"],
      [
        "is older than go.mod wants",
        () => [
          goThat(
            'console.error("go: go.mod requires go >= 1.25.11 (running go 1.25.3; GOTOOLCHAIN=local)"); process.exit(1)',
            "1.25.3",
          ),
        ],
        "GOTOOLCHAIN=auto helps",
      ],
      ["makes something that does not answer", () => [goThat("half()")], "names no version"],
    ])("that %s, ends with an error that names the three ways", async (_, path, reason) => {
      const { code, output } = await ensure(path());
      expect(code).toBe(1);
      expect(output).toContain(`- Pulumi ${pinned} or newer on PATH`);
      expect(output).toContain(
        "- or a network that reaches https://get.pulumi.com, to download it (now: fetch failed)",
      );
      expect(output).toContain("- or Go 1.25 or newer on PATH");
      expect(output.slice(output.indexOf("- or Go"))).toContain(reason);
      expect(output).not.toContain("    at ");
      expect(readdirSync(versions)).toEqual([]);
    });
  });

  describe("interrupted half-way", () => {
    const hanging = 'half(); mark("building"); setTimeout(() => {}, 60_000);';
    const builder = () => Number(readFileSync(join(world, "building"), "utf8"));

    test.each([
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const)("by %s, ends what it started and leaves nothing", async (signal, exitCode) => {
      const run = start([goThat(hanging)]);
      await until(() => existsSync(join(world, "building")) && builder() > 0);
      run.child.kill(signal);
      const { code, output } = await run.ended;
      expect(code).toBe(exitCode);
      expect(output).toContain("interrupted");
      expect(readdirSync(versions)).toEqual([]);
      await until(() => !isRunning(builder()));
    });

    test("by SIGKILL, leaves nothing that looks finished, and the next run clears up and finishes", async () => {
      const run = start([goThat(hanging)]);
      await until(() => existsSync(join(world, "building")) && builder() > 0);
      run.child.kill("SIGKILL");
      try {
        await until(() => !isRunning(run.child.pid ?? 0));
        expect(readdirSync(versions)).toEqual([expect.stringMatching(/^\.engine-/)]);

        const { code, output } = await ensure([goThat("whole()")]);
        expect(output).not.toContain("waiting");
        expect(code).toBe(0);
        expectWholeEngine("compiled");
      } finally {
        process.kill(builder(), "SIGKILL");
        await run.ended;
      }
    });
  });

  describe("what killed runs left", () => {
    test.each([
      ["removes a folder whose process is gone", { pid: "gone", age: 0, kept: false }],
      ["keeps a folder whose process lives", { pid: "alive", age: 0, kept: true }],
      ["removes a folder that was not touched for an hour, whoever's it is", { pid: "alive", age: 3601, kept: false }],
      ["keeps a young folder that says nothing yet", { pid: "none", age: 0, kept: true }],
      ["removes an old folder that says nothing", { pid: "none", age: 3601, kept: false }],
    ])("%s", async (_, { pid, age, kept }) => {
      engineIn(join(versions, pinned, "bin"), pinned);
      const workshop = openWorkshop(versions);
      const { folder } = workshop;
      const file = join(folder, "owner.json");
      const owner = JSON.parse(readFileSync(file, "utf8"));
      workshop.close(); // ends its heartbeat too; the rest is as a killed run leaves it
      mkdirSync(folder);
      if (pid === "alive") writeFileSync(file, JSON.stringify(owner));
      if (pid === "gone") {
        const { child, ended } = start([], { PULUMI_HOME: join(world, "other") });
        await ended;
        writeFileSync(file, JSON.stringify({ ...owner, pid: child.pid }));
      }
      const when = new Date(Date.now() - age * 1000);
      for (const one of [file, folder]) if (existsSync(one)) utimesSync(one, when, when);
      expect(await ensure()).toMatchObject({ code: 0 });
      expect(existsSync(folder)).toBe(kept);
    });
  });

  describe("two at once", () => {
    test("the second waits for the first and takes what it made", async () => {
      const go = goThat(
        'mark("building"); const wait = () => marked("gate") ? whole() : setTimeout(wait, 20); wait();',
      );
      const first = start([go]);
      await until(() => existsSync(join(world, "building")));
      const second = start([go]);
      await until(() => second.said().includes("waiting for it"));
      appendFileSync(join(world, "gate"), "");

      expect(await first.ended).toMatchObject({ code: 0 });
      const { code, output } = await second.ended;
      expect(output).toContain(`(process ${first.child.pid}) is making Pulumi already`);
      expect(output).not.toContain("compiling");
      expect(code).toBe(0);
      expect(goCalls("build")).toHaveLength(3);
      expectWholeEngine("compiled");
    });

    test("the second makes it itself when the first is killed", async () => {
      const first = start([goThat('mark("building"); setTimeout(() => {}, 60_000);')]);
      await until(() => existsSync(join(world, "building")) && readFileSync(join(world, "building"), "utf8") !== "");
      const builder = Number(readFileSync(join(world, "building"), "utf8"));
      const second = start([goThat("whole()")]);
      await until(() => second.said().includes("waiting for it"));
      first.child.kill("SIGKILL");
      try {
        expect(await second.ended).toMatchObject({ code: 0 });
        expect(existsSync(join(versions, pinned, "bin/pulumi"))).toBe(true);
      } finally {
        process.kill(builder, "SIGKILL");
        await first.ended;
      }
    });

    test("any number started together end with one whole engine", async () => {
      const go = goThat("whole()");
      const ends = await Promise.all([1, 2, 3, 4].map(() => ensure([go])));
      expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
      expectWholeEngine("compiled");
    });

    test.each([
      ["keeps a valid one that came first", true, "taken", "theirs"],
      ["moves a broken one aside", false, "placed", "mine"],
    ])("the rename that comes second %s", async (_, valid, outcome, content) => {
      const workshop = openWorkshop(versions);
      const made = join(workshop.folder, "made");
      const target = join(versions, pinned);
      for (const [folder, text] of [
        [made, "mine"],
        [target, "theirs"],
      ] as const) {
        mkdirSync(folder);
        writeFileSync(join(folder, "file"), text);
      }
      expect(await place(made, target, workshop, async () => valid)).toBe(outcome);
      workshop.close();
      expect(readFileSync(join(target, "file"), "utf8")).toBe(content);
      expect(readdirSync(versions)).toEqual([pinned]);
    });
  });

  test("asks for npm ci when npm's packages are not there", async () => {
    rmSync(join(world, "node_modules"), { recursive: true });
    const { code, output } = await ensure();
    expect(output).toContain("run `npm ci` first");
    expect(code).toBe(1);
  });

  test("gives up on a pulumi that hangs", async () => {
    const file = script(world, "hang.cjs", "setTimeout(() => {}, 60_000);");
    const binary = script(world, "pulumi", `#!/bin/sh\n"${process.execPath}" "${file}"`);
    expect(await versionOf(binary, 1_000)).toEqual({ trouble: "`pulumi version`: no answer within 1 s" });
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
])("compares %s with %s", (version, wanted, result) => {
  expect(atLeast(version, wanted)).toBe(result);
});

test("leaves npm's folders out of PATH, and names each other folder once", () => {
  const path = ["/a", "/x/node_modules/.bin", "", "/b", "/a"].join(delimiter);
  expect(pathFolders(path)).toEqual(["/a", "/b"]);
});

test.each([
  ["github.com/pulumi/pulumi/pkg/v3/engine", true],
  ["fmt", true],
  ["go: downloading example.com/a v1.0.0", false],
  ["# example.com/a", false],
  ["a.go:1:2: undefined: b", false],
])("tells a package from a message: %s", (line, isPackage) => {
  expect(packageIn(line) !== undefined).toBe(isPackage);
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
])("finds why a download failed in %j", (lines, why) => {
  expect(launcherTrouble(lines)).toBe(why);
});

test.each([
  [900, "1 s"],
  [59_000, "59 s"],
  [125_000, "2 min 05 s"],
])("words %d ms", (milliseconds, words) => {
  expect(elapsed(milliseconds)).toBe(words);
});
