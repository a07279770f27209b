import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { leaksIn } from "../../support/leaks.ts";
import { configOf, start } from "../../support/support.ts";

const SECRETS = {
  "the URL": "https://hooks.example/canary-url-1",
  "the shared secret": "canary-shared-2",
  "the header": "canary-header-3",
  "the client secret": "canary-client-4",
};

/**
 * A process like Pulumi's dynamic provider that crashes while it creates a receiver. It gets secrets over standard input, so that
 * they are not in its command line.
 */
const PROGRAM = `
  const { config, inputs } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const { webhookReceiver } = require("pulumi-ion/dynamic");
  // The next request is sent after the first response.
  const http = require("node:http");
  const send = http.request;
  let crashed = false;
  http.request = (url, options, onResponse) =>
    send(url, options, (response) => {
      onResponse(response);
      if (!crashed) setImmediate(crash);
      crashed = true;
    });
  webhookReceiver.configure({ config: { get: (key) => config[key] } });
  webhookReceiver.create(inputs).catch((error) => console.error(error));
`;

it.each<[string, string]>([
  ["an uncaught exception", "new Headers([inputs]);"],
  [
    "a signal",
    `process.kill(process.pid, "SIGUSR2");
     const isWritten = () => require("node:fs").readdirSync(process.report.directory).length > 0;
     setInterval(() => isWritten() && process.exit(1), 10);`,
  ],
  ["an exhausted heap", "for (const all = []; ; ) all.push(new Array(1e6).fill(1));"],
])("Node's diagnostic report of %s contains no secret", async (_cause, crash) => {
  const emulator = await start({ clientSecret: SECRETS["the client secret"] });
  emulator.settings.latencyMs = 100;
  const dir = await mkdtemp(join(tmpdir(), "pulumi-ion-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const reports = ["uncaught-exception", "on-fatalerror", "on-signal", "signal=SIGUSR2", `directory=${dir}`];
  const flags = [...reports.map((report) => `--report-${report}`), "--max-old-space-size=64"];
  const child = spawn(process.execPath, [...flags, "--eval", `${PROGRAM}\nfunction crash() { ${crash} }`], {
    cwd: import.meta.dirname,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const inputs = {
    name: "erp",
    webhookUri: SECRETS["the URL"],
    sharedSecret: SECRETS["the shared secret"],
    headers: { "X-A": SECRETS["the header"] },
  };
  child.stdin.end(JSON.stringify({ config: configOf(emulator), inputs }));
  const [code] = (await once(child, "close")) as [number | null];
  expect(code).not.toBe(0);
  const files = await readdir(dir);
  expect(files).toHaveLength(1);
  const report = await readFile(join(dir, files[0] ?? ""), "utf8");
  expect(report).toContain('"javascriptStack"');
  expect(emulator.requests.length).toBeGreaterThan(0);
  expect(leaksIn(`${report}\n${output}`, SECRETS)).toEqual([]);
});
