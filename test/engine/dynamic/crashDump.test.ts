import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { leaksIn } from "../../support/leaks.ts";
import { start } from "../../support/support.ts";

const PLANTED = {
  "the URL": "https://hooks.example/canary-url-1",
  "the shared secret": "canary-shared-2",
  "the header": "canary-header-3",
  "the client secret": "canary-client-4",
};

/** A process as Pulumi's provider is one, in the middle of making a receiver. What it has to know comes over standard input. */
const PROCESS = `
  const { config, inputs } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const { webhookReceiver } = require("pulumi-ion/dynamic");
  // Once ION has answered something, whenever that is: the next request is on its way then.
  const send = fetch;
  let crashed = false;
  globalThis.fetch = async (...request) => {
    const answer = await send(...request);
    if (!crashed) setImmediate(crash);
    crashed = true;
    return answer;
  };
  webhookReceiver.configure({ config: { get: (key) => config[key] } });
  webhookReceiver.create(inputs).catch((error) => console.error(error));
`;

it.each<[string, string]>([
  ["an uncaught exception", "new Headers([inputs]);"],
  [
    "a signal",
    `process.kill(process.pid, "SIGUSR2");
     const written = () => require("node:fs").readdirSync(process.report.directory).length > 0;
     setInterval(() => written() && process.exit(1), 10);`,
  ],
  ["no memory left", "for (const all = []; ; ) all.push(new Array(1e6).fill(1));"],
])("the report that Node writes of %s holds no secret", async (_what, crash) => {
  const emulator = await start({ clientSecret: PLANTED["the client secret"] });
  emulator.settings.latencyMs = 100;
  const dir = await mkdtemp(join(tmpdir(), "pulumi-ion-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const reports = ["uncaught-exception", "on-fatalerror", "on-signal", "signal=SIGUSR2", `directory=${dir}`];
  const flags = [...reports.map((report) => `--report-${report}`), "--max-old-space-size=64"];
  const child = spawn(process.execPath, [...flags, "--eval", `${PROCESS}\nfunction crash() { ${crash} }`], {
    cwd: import.meta.dirname,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (printed += text.toString()));
  const config = {
    "ion:endpoint": emulator.graphqlUrl,
    "ion:authUrl": emulator.tokenUrl,
    "ion:clientId": emulator.clientId,
    "ion:clientSecret": emulator.clientSecret,
  };
  const inputs = {
    name: "erp",
    webhookUri: PLANTED["the URL"],
    sharedSecret: PLANTED["the shared secret"],
    headers: { "X-A": PLANTED["the header"] },
  };
  child.stdin.end(JSON.stringify({ config, inputs }));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).not.toBe(0);
  const files = await readdir(dir);
  expect(files).toHaveLength(1);
  const report = await readFile(join(dir, files[0] ?? ""), "utf8");
  expect(report).toContain('"javascriptStack"');
  expect(emulator.requests.length).toBeGreaterThan(0);
  expect(leaksIn(`${report}\n${printed}`, PLANTED)).toEqual([]);
});
