/** What is compared. */
import type { Address } from "./emulator.ts";
import { makeStack, PROGRAMS, type Run, run, type StackOptions } from "./stack.ts";

/** One thing to measure. */
export interface Row {
  readonly id: string;
  readonly title: string;
  /** Whether it makes Violet's receiver and its 34 subscriptions in ION. */
  readonly makes: boolean;
  /** The empty programs that this provider's times are held against: without its settings, and with them. */
  readonly floors?: readonly string[];
  /** The most GraphQL requests it may send (issue 4); Infinity where nothing was promised. */
  readonly most: { readonly up: number; readonly preview: number };
  /** Makes what it runs in. */
  prepare(address: Address): Promise<Subject>;
}

/** A row, ready to be run as often as wanted. */
export interface Subject {
  wipe(): Promise<void>;
  up(): Promise<Run>;
  preview(): Promise<Run>;
}

const unlimited = { up: Number.POSITIVE_INFINITY, preview: Number.POSITIVE_INFINITY };

const PARALLEL = ["--parallel", "64"];
const RUN_PROGRAM = [...PARALLEL, "--run-program"];
const FAST: StackOptions = { fastStart: true };

/** A program under Pulumi. */
function pulumi(program: string, args: readonly string[] = [], how: StackOptions = {}): Row["prepare"] {
  return async (address) => {
    const options = { config: { "bench:receivers": "1" }, ...how };
    const { wipe, up, preview } = await makeStack(program, address, options);
    return { wipe, up: () => up(...args), preview: () => preview(...args) };
  };
}

/** Violet's guide in plain Node: for `up` its two requests, for `preview` one query of all that there is. */
async function guide(address: Address): Promise<Subject> {
  const env = {
    ION_API_URI: address.graphqlUrl,
    ION_AUTH_SERVER: address.tokenUrl,
    ION_CLIENT_ID: address.clientId,
    ION_CLIENT_SECRET: address.clientSecret,
  };
  const node = (what: string) => run("node", ["guide.js", what], { cwd: PROGRAMS, env });
  return { wipe: async () => {}, up: () => node("up"), preview: () => node("preview") };
}

/** All rows, in the order they are shown. */
export const ROWS: readonly Row[] = [
  {
    id: "floor",
    title: "an empty Pulumi program (the floor)",
    makes: false,
    most: unlimited,
    prepare: pulumi("empty"),
  },
  {
    id: "floorFast",
    title: "an empty Pulumi program, fast start",
    makes: false,
    most: unlimited,
    prepare: pulumi("empty", [], FAST),
  },
  {
    id: "idle",
    title: "35 dynamic resources that do nothing",
    makes: false,
    most: unlimited,
    prepare: pulumi("idle", PARALLEL),
  },
  {
    id: "idleFast",
    title: "35 dynamic resources that do nothing, fast start, --run-program",
    makes: false,
    most: unlimited,
    prepare: pulumi("idle", RUN_PROGRAM, FAST),
  },
  {
    id: "provider",
    title: "this provider",
    floors: ["floor"],
    makes: true,
    most: { up: 8, preview: 1 },
    prepare: pulumi("violet"),
  },
  {
    id: "provider64",
    title: "this provider, --parallel 64",
    floors: ["floor"],
    makes: true,
    most: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL),
  },
  {
    id: "fast",
    title: "this provider, fast start",
    floors: ["floor", "floorFast"],
    makes: true,
    most: { up: 8, preview: 1 },
    prepare: pulumi("violet", [], FAST),
  },
  {
    id: "fast64",
    title: "this provider, fast start, --parallel 64",
    floors: ["floor", "floorFast"],
    makes: true,
    most: { up: 4, preview: 1 },
    prepare: pulumi("violet", PARALLEL, FAST),
  },
  {
    id: "fastProgram",
    title: "this provider, fast start, --parallel 64 --run-program",
    floors: ["floor", "floorFast"],
    makes: true,
    most: { up: 4, preview: 1 },
    prepare: pulumi("violet", RUN_PROGRAM, FAST),
  },
  {
    id: "handWritten",
    title: "a hand-written dynamic provider",
    makes: true,
    most: unlimited,
    prepare: pulumi("handWritten"),
  },
  { id: "limit", title: "the guide by hand, in plain Node (the limit)", makes: true, most: unlimited, prepare: guide },
];
