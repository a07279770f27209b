/** The scenarios to compare. */
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Connection } from "./emulator.ts";
import { compileGoPlugin, goProblem } from "./goPlugin.ts";
import { OPENTOFU, writeMirror } from "./opentofu.ts";
import { createStack, makeFolder, PROGRAMS, type Run, run, type StackOptions } from "./stack.ts";

/** A limit of the time of each command, compared with another scenario in the same run. */
export interface RatioLimit {
  /** The id of the other scenario. */
  readonly to: string;
  /** The ratio by milliseconds of latency. */
  readonly ratios: Readonly<Record<number, number>>;
}

/** A scenario to measure. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** Whether it creates Violet's receiver and its 34 subscriptions in ION. */
  readonly createsWebhooks: boolean;
  /** The ids of the empty programs that set the time budget of this provider. */
  readonly floors?: readonly string[];
  /** The limits of its time (issue 18). */
  readonly limits?: readonly RatioLimit[];
  /** The maximum number of GraphQL requests (issue 4). Infinity if there is no budget. */
  readonly maxRequests: { readonly up: number; readonly preview: number };
  /** Creates the stack. */
  prepare(connection: Connection): Promise<Subject>;
}

/** A prepared scenario, which can run any number of times. */
export interface Subject {
  wipe(): Promise<void>;
  up(): Promise<Run>;
  preview(): Promise<Run>;
}

const UNLIMITED = { up: Number.POSITIVE_INFINITY, preview: Number.POSITIVE_INFINITY };

const PARALLEL = ["--parallel", "64"];
const RUN_PROGRAM = [...PARALLEL, "--run-program"];
const NATIVE: StackOptions = { carrier: "native" };
const YAML: StackOptions = { carrier: "yaml" };

const NATIVE_LIMIT = { 0: 0.65, 100: 0.65, 300: 0.65 };
const OPENTOFU_LIMIT = { 0: 1.6, 100: 1, 300: 0.8 };

/** Runs a program with Pulumi. */
function pulumi(program: string, args: readonly string[] = [], options: StackOptions = {}): Scenario["prepare"] {
  return async (connection) => {
    const config = { "bench:receivers": "1" };
    const { wipe, up, preview } = await createStack(program, connection, { config, ...options });
    return { wipe, up: () => up(...args), preview: () => preview(...args) };
  };
}

/** Runs Violet's guide in plain Node: its two mutations for `up`, one query of everything for `preview`. */
async function guide(connection: Connection): Promise<Subject> {
  const env = {
    ION_API_URI: connection.graphqlUrl,
    ION_AUTH_SERVER: connection.tokenUrl,
    ION_CLIENT_ID: connection.clientId,
    ION_CLIENT_SECRET: connection.clientSecret,
  };
  const node = (operation: string) => run("node", ["guide.js", operation], { cwd: PROGRAMS, env });
  return { wipe: async () => {}, up: () => node("up"), preview: () => node("preview") };
}

/**
 * Runs Violet's guide with OpenTofu, installed as users install it: `tofu init` writes the lock file that each command checks. Its
 * provider gets no token by itself, so the time of that request is not in the measurement.
 */
async function openTofu(connection: Connection): Promise<Subject> {
  const { graphqlUrl, tokenUrl, clientId, clientSecret } = connection;
  const dir = await makeFolder();
  await cp(join(PROGRAMS, "opentofu/main.tf"), join(dir, "main.tf"));
  const config = join(dir, "tofurc");
  const mirror = join(dir, "mirror");
  writeMirror(mirror);
  await writeFile(config, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  });
  const env = { TF_CLI_CONFIG_FILE: config, TF_VAR_endpoint: graphqlUrl, TF_VAR_token: "" };
  const tofu = (...args: string[]) => run(join(OPENTOFU.folder, "tofu"), args, { cwd: dir, env });
  await tofu("init");
  return {
    wipe: async () => {
      await rm(join(dir, "terraform.tfstate"), { force: true });
      // A token expires after some minutes.
      const answer = await fetch(tokenUrl, { method: "POST", body });
      env.TF_VAR_token = ((await answer.json()) as { access_token: string }).access_token;
    },
    up: () => tofu("apply", "-auto-approve"),
    preview: () => tofu("plan", "-detailed-exitcode"),
  };
}

/** All scenarios, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "floor",
    title: "an empty Pulumi program (the floor)",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("empty"),
  },
  {
    id: "noOp",
    title: "35 no-op dynamic resources",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("noOp", PARALLEL),
  },
  {
    id: "provider",
    title: "this provider",
    floors: ["floor"],
    createsWebhooks: true,
    maxRequests: { up: 8, preview: 1 },
    prepare: pulumi("violet"),
  },
  {
    id: "provider64",
    title: "this provider, --parallel 64",
    floors: ["floor"],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL),
  },
  {
    id: "program64",
    title: "this provider, --parallel 64 --run-program",
    floors: ["floor"],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", RUN_PROGRAM),
  },
  {
    id: "floorYaml",
    title: "an empty YAML program",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("empty", [], YAML),
  },
  ...(goProblem === undefined
    ? [
        {
          id: "noOpYaml",
          title: "35 no-op resources in YAML, plugin in Go",
          createsWebhooks: false,
          maxRequests: UNLIMITED,
          prepare: (connection: Connection) =>
            pulumi("noOp", PARALLEL, { ...YAML, plugin: compileGoPlugin() })(connection),
        },
      ]
    : []),
  {
    id: "native",
    title: "`pulumi-ion/native`",
    limits: [{ to: "provider", ratios: NATIVE_LIMIT }],
    createsWebhooks: true,
    maxRequests: { up: 8, preview: 1 },
    prepare: pulumi("violetNative", [], NATIVE),
  },
  {
    id: "native64",
    title: "`pulumi-ion/native`, --parallel 64",
    limits: [{ to: "provider64", ratios: NATIVE_LIMIT }],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violetNative", PARALLEL, NATIVE),
  },
  {
    id: "yaml",
    title: "YAML",
    limits: [{ to: "opentofu", ratios: OPENTOFU_LIMIT }],
    createsWebhooks: true,
    maxRequests: { up: 8, preview: 1 },
    prepare: pulumi("violet", [], YAML),
  },
  {
    id: "yaml64",
    title: "YAML, --parallel 64",
    limits: [{ to: "opentofu", ratios: OPENTOFU_LIMIT }],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL, YAML),
  },
  {
    id: "yamlInstalled64",
    title: "YAML, plugin from its archive, --parallel 64",
    limits: [{ to: "opentofu", ratios: OPENTOFU_LIMIT }],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL, { ...YAML, installed: true }),
  },
  {
    id: "handWritten",
    title: "a hand-written dynamic provider",
    createsWebhooks: true,
    maxRequests: UNLIMITED,
    prepare: pulumi("handWritten"),
  },
  {
    id: "limit",
    title: "Violet's guide in plain Node (the limit)",
    createsWebhooks: true,
    maxRequests: UNLIMITED,
    prepare: guide,
  },
  ...(OPENTOFU.problem === undefined
    ? [
        {
          id: "opentofu",
          title: "OpenTofu with sullivtr/graphql",
          createsWebhooks: true,
          maxRequests: UNLIMITED,
          prepare: openTofu,
        },
      ]
    : []),
];
