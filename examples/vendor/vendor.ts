/**
 * Previews many ION environments, waits for approval, and applies what was approved. `node vendor.ts preview`, then
 * `approve`, then `apply`. It can be killed and run again at any time.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";
import { parse } from "yaml";

/** How far a stack has come. "applying" in the file of a new run means that the last run was killed. */
type Progress = "previewed" | "approved" | "applying" | "applied" | "failed";

interface Entry {
  progress: Progress;
  /** One line for each change. */
  changes: string[];
  /** Identifies the changes, so that nothing is applied but what was approved. */
  digest: string;
  error?: string;
}

const FILE = "run.json";
/** Stacks at the same time. */
const CONCURRENCY = 4;

const environments = parse(readFileSync("environments.yaml", "utf8")) as Record<string, Record<string, string>>;
const run: Record<string, Entry> = existsSync(FILE) ? JSON.parse(readFileSync(FILE, "utf8")) : {};

/** Saves before and after each step. A kill leaves the old file or the new one. */
function save(name: string, entry: Entry) {
  run[name] = entry;
  writeFileSync(`${FILE}.new`, `${JSON.stringify(run, null, 2)}\n`);
  renameSync(`${FILE}.new`, FILE);
}

/** A secret of one environment, which a secret manager sets: PLANT_A_CLIENT_SECRET. */
function secretOf(name: string, what: string): string {
  const variable = `${name.toUpperCase().replaceAll("-", "_")}_${what}`;
  const value = process.env[variable];
  if (!value) throw new Error(`${variable} is not set.`);
  return value;
}

/** Opens the stack of an environment, with its config as it is now. */
async function openStack(name: string): Promise<Stack> {
  const stack = await LocalWorkspace.createOrSelectStack({ stackName: name, workDir: "." });
  const config = await stack.getAllConfig();
  for (const [setting, value] of Object.entries(environments[name] ?? {})) {
    const key = `ion:${setting}`;
    if (config[key]?.value !== value) await stack.setConfig(key, { value });
  }
  const secrets = {
    "ion:clientSecret": secretOf(name, "CLIENT_SECRET"),
    "vendor:webhookUri": secretOf(name, "WEBHOOK_URI"),
  };
  for (const [key, value] of Object.entries(secrets)) {
    if (config[key]?.value !== value) await setSecret(name, key, value);
  }
  return stack;
}

/** Like `stack.setConfig`, but other users of this machine cannot see the value in the list of processes. */
async function setSecret(stack: string, key: string, value: string) {
  const child = spawn("pulumi", ["config", "set", "--secret", key, "--stack", stack], {
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(value);
  const code = await new Promise((done) => child.once("close", done));
  if (code !== 0) throw new Error(`pulumi config set ${key} failed.`);
}

async function previewChanges(stack: Stack): Promise<Pick<Entry, "changes" | "digest">> {
  const changes: string[] = [];
  await stack.preview({
    onEvent: ({ resourcePreEvent, diagnosticEvent }) => {
      // Such as: which existing receiver is adopted. The braces are Pulumi's colors.
      if (diagnosticEvent?.severity === "warning")
        changes.push(diagnosticEvent.message.replace(/<\{%.*?%\}>/g, "").trim());
      if (!resourcePreEvent) return;
      const { op, urn, type, diffs = [] } = resourcePreEvent.metadata;
      // Pulumi's own: the stack and its provider.
      if (type.startsWith("pulumi:")) return;
      if (op === "same" || op === "read" || op === "refresh") return;
      changes.push([op, urn.split("::").slice(2).join(" "), ...(diffs ?? [])].join(" "));
    },
  });
  changes.sort();
  return { changes, digest: createHash("sha256").update(JSON.stringify(changes)).digest("hex") };
}

async function preview(name: string) {
  // An up that was killed must be finished first: its changes are approved.
  if (run[name]?.progress === "applying") return;
  const changes = await previewChanges(await openStack(name));
  save(name, { progress: changes.changes.length === 0 ? "applied" : "previewed", ...changes });
}

async function apply(name: string) {
  const entry = run[name];
  if (entry?.progress !== "approved" && entry?.progress !== "applying") return;
  const stack = await openStack(name);
  if (entry.progress === "applying") await stack.cancel();
  else {
    const { digest } = await previewChanges(stack);
    if (digest !== entry.digest) throw new Error("ION or the program has changed since the preview. Preview it again.");
  }
  save(name, { ...entry, progress: "applying" });
  await stack.up();
  save(name, { ...entry, progress: "applied" });
}

/** Does a step for each environment, some at a time. The failure of one does not stop the others. */
async function forEach(step: (name: string) => Promise<void>) {
  const names = Object.keys(environments);
  const work = async () => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      try {
        await step(name);
      } catch (error) {
        const { changes = [], digest = "" } = run[name] ?? {};
        // Of Pulumi's errors, only its own line: the rest may be long.
        const [, reason] = /^error: (.*)$/m.exec(String(error)) ?? [];
        save(name, { progress: "failed", changes, digest, error: reason ?? String(error).split("\n")[0] ?? "" });
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

const [command, ...names] = process.argv.slice(2);
if (command === "preview") await forEach(preview);
else if (command === "approve" && names.length > 0) {
  for (const name of names[0] === "--all" ? Object.keys(run) : names) {
    const entry = run[name];
    if (entry?.progress === "previewed") save(name, { ...entry, progress: "approved" });
  }
} else if (command === "apply") await forEach(apply);
else {
  console.error("Usage: vendor.ts preview | approve <stack>... | approve --all | apply");
  process.exit(2);
}
for (const name of Object.keys(environments)) {
  const { progress = "", changes = [], error } = run[name] ?? {};
  console.log([name, progress, error ?? `${changes.length} changes`].join("  "));
}
if (Object.values(run).some(({ progress }) => progress === "failed")) process.exitCode = 1;
