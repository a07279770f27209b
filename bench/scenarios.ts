/** The scenarios to compare. */
import type { Connection } from "./emulator.ts";
import { createStack, PROGRAMS, type Run, run, type StackOptions } from "./stack.ts";

/** A scenario to measure. */
export interface Scenario {
  readonly id: string;
  readonly title: string;
  /** Whether it creates Violet's receiver and its 34 subscriptions in ION. */
  readonly createsWebhooks: boolean;
  /** The ids of the empty programs that set the time budget of this provider: without and with a fast start. */
  readonly floors?: readonly string[];
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
const FAST: StackOptions = { fastStart: true };

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
    id: "floorFast",
    title: "an empty Pulumi program, fast start",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("empty", [], FAST),
  },
  {
    id: "noOp",
    title: "35 no-op dynamic resources",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("noOp", PARALLEL),
  },
  {
    id: "noOpFast",
    title: "35 no-op dynamic resources, fast start, --run-program",
    createsWebhooks: false,
    maxRequests: UNLIMITED,
    prepare: pulumi("noOp", RUN_PROGRAM, FAST),
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
    id: "fast",
    title: "this provider, fast start",
    floors: ["floor", "floorFast"],
    createsWebhooks: true,
    maxRequests: { up: 8, preview: 1 },
    prepare: pulumi("violet", [], FAST),
  },
  {
    id: "fast64",
    title: "this provider, fast start, --parallel 64",
    floors: ["floor", "floorFast"],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL, FAST),
  },
  {
    id: "fastProgram",
    title: "this provider, fast start, --parallel 64 --run-program",
    floors: ["floor", "floorFast"],
    createsWebhooks: true,
    maxRequests: { up: 4, preview: 1 },
    prepare: pulumi("violet", RUN_PROGRAM, FAST),
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
];
