/**
 * `npm run bench:stacks`: measures many stacks, each with its own emulated ION environment, and one large receiver next to
 * many others. Exits with 1 if `drift --all-stacks` does not find exactly the stacks with drift, or if a stack takes more requests.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import type { LoggedRequest } from "../emulator/index.ts";
import { pluginIn, ROOT, type Run, run } from "./stack.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";

const { values } = parseArgs({ options: { stacks: { type: "string", default: "200" } } });
const total = Number(values.stacks);

interface Environment {
  readonly graphqlUrl: string;
  readonly tokenUrl: string;
}

/** An `ion-emulator` in its own process. */
interface EmulatorProcess extends AsyncDisposable {
  readonly environments: readonly Environment[];
  /** The number of GraphQL requests by environment, from 1 on, since the last call. */
  takeRequests(): Map<number, number>;
  /** Its memory in MB. */
  memory(): Promise<number>;
}

const NODE = join(ROOT, "node_modules/.bin/node");
const SECRET = "emulator-secret";

async function launch(...args: string[]): Promise<EmulatorProcess> {
  const child: ChildProcess = spawn(
    NODE,
    [join(ROOT, "emulator/bin/ion-emulator.js"), "--port", "0", "--json", ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const requests = new Map<number, number>();
  const started = Promise.withResolvers<Environment[]>();
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    const {
      listening,
      environment = 1,
      request,
    } = JSON.parse(line) as {
      listening?: Environment | Environment[];
      environment?: number;
      request?: LoggedRequest;
    };
    if (listening) started.resolve([listening].flat());
    if (request?.kind === "graphql") requests.set(environment, (requests.get(environment) ?? 0) + 1);
  });
  child.once("exit", (code) => started.reject(new Error(`ion-emulator exited with ${code}.`)));
  return {
    environments: await started.promise,
    takeRequests: () => {
      const counts = new Map(requests);
      requests.clear();
      return counts;
    },
    memory: async () =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024,
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** Sends a document, as somebody who changes ION without Pulumi. */
async function change({ graphqlUrl, tokenUrl }: Environment, query: string) {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: "emulator", client_secret: SECRET });
  const { access_token: token } = (await (await fetch(tokenUrl, { method: "POST", body })).json()) as {
    access_token: string;
  };
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const response = await fetch(graphqlUrl, { method: "POST", headers, body: JSON.stringify({ query }) });
  const answer = (await response.json()) as {
    errors?: readonly unknown[];
    data: Readonly<Record<string, { readonly _etag?: string } | undefined>>;
  };
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}

/** A project in YAML whose stacks share one passphrase. */
class Project {
  readonly dir: string;
  readonly #env: Readonly<Record<string, string>>;
  #config: string | undefined;

  private constructor(dir: string) {
    this.dir = dir;
    this.#env = {
      PULUMI_BACKEND_URL: `file://${join(dir, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
  }

  static async create(resources: string): Promise<Project> {
    const project = new Project(await mkdtemp(join(import.meta.dirname, ".stack-")));
    await mkdir(join(project.dir, "state"));
    await cp(join(ROOT, "examples/yaml/package.json"), join(project.dir, "package.json"));
    await symlink(join(ROOT, "node_modules"), join(project.dir, "node_modules"));
    const head = "name: bench\nruntime: yaml\noptions:\n  refresh: always\n";
    await writeFile(join(project.dir, "Pulumi.yaml"), `${head}${pluginIn()}resources:\n${resources}`);
    return project;
  }

  async [Symbol.asyncDispose]() {
    await rm(this.dir, { recursive: true, force: true });
  }

  pulumi(...args: string[]): Promise<Run> {
    return run("pulumi", [...args, "--non-interactive"], { cwd: this.dir, env: this.#env, measureMemory: true });
  }

  /** Creates a stack. Encrypts the secrets only once: what is measured is `up`. */
  async addStack(name: string, { graphqlUrl, tokenUrl }: Environment) {
    const file = join(this.dir, `Pulumi.${name}.yaml`);
    if (this.#config !== undefined) {
      await writeFile(file, this.#config.replace("ENDPOINT", graphqlUrl).replace("AUTH_URL", tokenUrl));
      await this.pulumi("stack", "init", name, "--no-select");
      return;
    }
    await this.pulumi("stack", "init", name, "--no-select");
    const plain = { endpoint: "ENDPOINT", authUrl: "AUTH_URL", clientId: "emulator" };
    const flags = Object.entries(plain).flatMap(([key, value]) => ["--plaintext", `ion:${key}=${value}`]);
    await this.pulumi("config", "set-all", "--stack", name, ...flags, "--secret", `ion:clientSecret=${SECRET}`);
    this.#config = await readFile(file, "utf8");
    await writeFile(file, this.#config.replace("ENDPOINT", graphqlUrl).replace("AUTH_URL", tokenUrl));
  }

  up(stack: string) {
    return this.pulumi("up", "--yes", "--skip-preview", "--parallel", "64", "--stack", stack);
  }

  preview(stack: string) {
    return this.pulumi("preview", "--expect-no-changes", "--stack", stack);
  }

  /** Runs drift. Its exit code may be 2, so that its memory is measured, too: that of the command and its largest child. */
  async drift(...args: string[]) {
    const script = `node ${join(ROOT, "provider/bin/pulumi-ion.js")} drift --json ${args.join(" ")} || [ $? = 2 ]`;
    const measured = await run("sh", ["-c", script], { cwd: this.dir, env: this.#env, measureMemory: true });
    return { ...measured, result: JSON.parse(measured.output) };
  }
}

const RECEIVER = (name: string, uri: string) =>
  `  ${name}:\n    type: ion:WebhookReceiver\n    properties:\n      name: ${name}\n      webhookUri: ${uri}\n`;
const VIOLET =
  "  violet:\n    type: ion:VioletWebhooks\n    properties:\n      webhookUri: https://violet.example/bench\n";

const seconds = (number: number) => `${number.toFixed(2)} s`;
const megabytes = (number: number | undefined) => (number === undefined ? "-" : `${number.toFixed(0)} MB`);

function log(text: string) {
  console.error(`${new Date().toTimeString().slice(0, 8)}  ${text}`);
}

/** A receiver and 34 subscriptions in batches. On a busy machine, the engine asks for them in more pieces. */
const MAX_UP_REQUESTS = 12;

let failed = false;

/** Fails the benchmark at its end. */
function expectEqual(what: string, actual: unknown, expected: unknown) {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  failed = true;
  console.error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

/** One receiver with 34 subscriptions in each of many stacks; drift in one of twenty. */
async function measureStacks(): Promise<string> {
  await using emulator = await launch("--environments", String(total));
  await using project = await Project.create(VIOLET);
  const rows: string[][] = [];
  const nameOf = (at: number) => `plant-${String(at).padStart(4, "0")}`;
  const drifted: string[] = [];
  let stacks = 0;
  for (const size of [total / 4, total / 2, total].map(Math.ceil)) {
    const ups: Run[] = [];
    for (; stacks < size; stacks += 1) {
      const environment = emulator.environments[stacks];
      if (!environment) throw new Error("There are more stacks than environments.");
      await project.addStack(nameOf(stacks), environment);
      ups.push(await project.up(nameOf(stacks)));
      if (stacks % 10 === 9) log(`${stacks + 1} of ${total} stacks`);
    }
    const upRequests = [...emulator.takeRequests().values()];
    // Drift in one of twenty stacks, spread over all of them.
    for (const at of Array.from({ length: Math.ceil(size / 20) }, (_, index) => index * 20 + 7)) {
      const environment = emulator.environments[at];
      if (at >= size || !environment || drifted.includes(nameOf(at))) continue;
      const { webhookSubscription } = await change(environment, `{ webhookSubscription(id: "5") { id _etag } }`);
      const { _etag: etag } = webhookSubscription ?? {};
      await change(environment, `mutation { deleteWebhookSubscription(id: "5", etag: "${etag}") { id } }`);
      drifted.push(nameOf(at));
    }
    emulator.takeRequests();
    const drift = await project.drift("--all-stacks");
    const found = drift.result.stacks as readonly { readonly stack: string; readonly code: number }[];
    expectEqual("stacks", found.length, size);
    expectEqual(
      "stacks with drift",
      found.filter(({ code }) => code === 2).map(({ stack }) => stack),
      drifted,
    );
    expectEqual(
      "stacks with an error",
      found.filter(({ code }) => code === 1),
      [],
    );
    const driftRequests = [...emulator.takeRequests().values()];
    expectEqual("requests of drift, per stack", [...new Set(driftRequests)], [1]);
    expectEqual(
      "requests of up, per stack",
      upRequests.filter((count) => count > MAX_UP_REQUESTS),
      [],
    );
    rows.push([
      String(size),
      seconds(median(ups.map((one) => one.seconds))),
      `${Math.min(...upRequests)}–${Math.max(...upRequests)}`,
      megabytes(Math.max(...ups.map(({ memory = Number.NaN }) => memory))),
      `${drifted.length} of ${drifted.length}`,
      seconds(drift.seconds),
      seconds(drift.seconds / size),
      String(Math.max(...driftRequests)),
      megabytes(drift.memory),
      megabytes(await emulator.memory()),
    ]);
    log(`${size} stacks: drift took ${seconds(drift.seconds)}`);
  }
  const head = [
    "stacks",
    "up, each",
    "requests",
    "plugin",
    "drift found",
    "drift, all",
    "each",
    "requests, each",
    "drift's memory",
    "emulator",
  ];
  return table(head, rows);
}

/** More resources than any ION has, so that one receiver can have 500 subscriptions. */
const MORE_RESOURCES = Array.from({ length: 158 }, (_, index) => `BENCH_${index + 1}`);

/** One receiver with 500 subscriptions, with and without 100 unrelated receivers in the same environment. */
async function measureLargeReceiver(unrelated: number): Promise<string[]> {
  const resources = ["PARTS", "RUNS", "ISSUES", "PLANS", "STEPS", "RECEIPTS", "SUPPLIERS", "PROCEDURES", "RUN_STEPS"];
  const events = [...resources, ...MORE_RESOURCES]
    .flatMap((resource) => ["CREATE", "UPDATE", "DELETE"].map((action) => ({ resource, action })))
    .slice(0, total > 0 && total < 200 ? 50 : 500);
  const program = events.map(
    ({ resource, action }) =>
      `  ${resource}-${action}:\n    type: ion:WebhookSubscription\n    properties:\n      receiverId: \${large.id}\n      resource: ${resource}\n      action: ${action}\n`,
  );
  await using project = await Project.create(RECEIVER("large", "https://large.example/bench") + program.join(""));
  const schema = await readFile(join(ROOT, "emulator/graphql/schema.graphql"), "utf8");
  const file = join(project.dir, "ion.graphql");
  await writeFile(file, schema.replace("enum ResourceEnum {", `enum ResourceEnum {\n  ${MORE_RESOURCES.join("\n  ")}`));
  await using emulator = await launch("--schema", file);
  const [environment] = emulator.environments;
  if (!environment) throw new Error("There is no environment.");
  for (let at = 1; at <= unrelated; at += 1) {
    const subscribe = resources.flatMap((resource) =>
      ["CREATE", "UPDATE"].map(
        (action) =>
          `${resource}${action}: createWebhookSubscription(input: { receiverId: "${at}", resource: ${resource}, action: ${action} }) { webhookSubscription { id } }`,
      ),
    );
    await change(
      environment,
      `mutation {
      createWebhookReceiver(input: { name: "other ${at}", webhookUri: "https://other.example/${at}" }) { webhookReceiver { id } }
      ${subscribe.join("\n")}
    }`,
    );
  }
  await project.addStack("large", environment);
  const requests = () => emulator.takeRequests().get(1) ?? 0;
  requests();
  const up = await project.up("large");
  const upRequests = requests();
  const preview = await project.preview("large");
  const previewRequests = requests();
  const drift = await project.drift("--stack", "large");
  expectEqual("drift of the large receiver", drift.result.drift, false);
  log(`${events.length} subscriptions next to ${unrelated} receivers: up took ${seconds(up.seconds)}`);
  return [
    `${events.length} next to ${unrelated}`,
    seconds(up.seconds),
    String(upRequests),
    megabytes(up.memory),
    seconds(preview.seconds),
    String(previewRequests),
    megabytes(preview.memory),
    seconds(drift.seconds),
    String(requests()),
  ];
}

if (total > 0) console.log(`\n${await measureStacks()}\n`);
const largeRows = [await measureLargeReceiver(0), await measureLargeReceiver(100)];
const largeHead = [
  "subscriptions, other receivers",
  "up",
  "requests",
  "plugin",
  "preview",
  "requests",
  "plugin",
  "drift",
  "requests",
];
console.log(`${table(largeHead, largeRows)}\n`);
if (failed) process.exitCode = 1;
