import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Emulator, Fault, Store } from "../../emulator/index.ts";
import { type DesiredReceiver, findDeviations, NONE, programOf, sourceOf } from "../faults/desiredState.ts";
import { CARRIERS, type Carrier } from "../support/carriers.ts";
import { type RunOptions, Stack } from "../support/fakeEngine.ts";
import { startProvider } from "../support/providerProcess.ts";
import { start } from "../support/support.ts";
import { makeProject, type Project } from "./project.ts";

const ERP: DesiredReceiver = {
  name: "erp",
  fields: { webhookUri: "https://hooks.example/erp", description: "one" },
  headers: { "X-A": "a", "X-B": "b" },
  events: ["PARTS CREATE", "PARTS UPDATE", "RUNS UPDATE"],
  unmanaged: "delete",
};
const CHANGED: DesiredReceiver = {
  ...ERP,
  fields: { ...ERP.fields, description: "two" },
  headers: { "X-A": "a", "X-C": "c" },
  events: ["PARTS UPDATE", "RUNS UPDATE", "ISSUES CREATE"],
};

const MES: DesiredReceiver = { ...ERP, name: "mes", fields: { webhookUri: "https://hooks.example/mes" } };

interface Run {
  readonly desired: readonly DesiredReceiver[];
  /** Options of `up`, with names of resources. */
  readonly options?: {
    readonly target?: readonly string[];
    readonly exclude?: readonly string[];
    readonly replace?: readonly string[];
    readonly continueOnError?: boolean;
  };
  /** A change in ION before the run. */
  readonly edit?: (store: Store) => void;
  readonly fault?: Fault;
  /** The steps of the run, sorted: the order of independent steps is up to the engine. */
  readonly steps: readonly string[];
  readonly fails?: true;
  /** Whether ION is not as declared afterwards, although the run succeeds. */
  readonly deviates?: true;
}

const subscriptionTo = (store: Store, resource: string) =>
  store.listSubscriptions().find((subscription) => subscription.resource === resource)?.id ?? "";

const HISTORY: readonly Run[] = [
  {
    desired: [ERP],
    fault: { kind: "partial", on: { field: "createWebhookHeader" }, message: "Not today" },
    steps: ["create erp"],
    fails: true,
  },
  {
    desired: [ERP],
    steps: [
      "create erp-PARTS-CREATE",
      "create erp-PARTS-UPDATE",
      "create erp-RUNS-UPDATE",
      "create erp-unmanaged",
      "update erp",
    ],
  },
  { desired: [ERP], steps: [] },
  {
    desired: [CHANGED],
    edit: (store) => {
      store.deleteSubscription(subscriptionTo(store, "RUNS"));
      store.createSubscription({ receiverId: "1", resource: "STEPS", action: "DELETE" });
    },
    steps: [
      "create erp-ISSUES-CREATE",
      "create erp-RUNS-UPDATE",
      "delete erp-PARTS-CREATE",
      "update erp",
      "update erp-unmanaged",
    ],
  },
  {
    desired: [CHANGED],
    edit: (store) => {
      store.updateSubscription(subscriptionTo(store, "ISSUES"), { action: "DELETE" });
      store.updateReceiver("1", { active: false });
    },
    steps: ["delete erp-ISSUES-CREATE", "replace erp-ISSUES-CREATE", "update erp", "update erp-unmanaged"],
  },
  {
    desired: [ERP],
    options: { target: ["erp", "erp-ISSUES-CREATE", "erp-PARTS-CREATE"] },
    steps: ["create erp-PARTS-CREATE", "delete erp-ISSUES-CREATE", "update erp"],
  },
  {
    desired: [CHANGED],
    options: { exclude: ["erp", "erp-unmanaged", "erp-PARTS-CREATE"] },
    steps: ["create erp-ISSUES-CREATE"],
    deviates: true,
  },
  { desired: [CHANGED], steps: ["delete erp-PARTS-CREATE", "update erp", "update erp-unmanaged"] },
  {
    desired: [CHANGED],
    options: { replace: ["erp", "erp-RUNS-UPDATE"] },
    steps: ["delete erp", "delete erp-RUNS-UPDATE", "replace erp", "replace erp-RUNS-UPDATE"],
  },
  {
    desired: [CHANGED, MES],
    options: { continueOnError: true },
    edit: (store) => store.deleteSubscription(subscriptionTo(store, "RUNS")),
    fault: { kind: "partial", on: { field: "createWebhookReceiver" }, message: "Not today" },
    steps: ["create erp-RUNS-UPDATE", "create mes"],
    fails: true,
  },
  {
    desired: [CHANGED, MES],
    options: { target: ["mes-PARTS-UPDATE"] },
    steps: [],
    fails: true,
  },
  {
    desired: [{ ...CHANGED, options: { ignoreChanges: ["*"], protect: true } }],
    edit: (store) => {
      store.updateReceiver("1", { description: "by hand" });
      store.updateSubscription(subscriptionTo(store, "ISSUES"), { action: "DELETE" });
    },
    steps: [],
    deviates: true,
  },
  {
    desired: [],
    steps: ["delete erp-ISSUES-CREATE", "delete erp-PARTS-UPDATE", "delete erp-RUNS-UPDATE", "delete erp-unmanaged"],
    fails: true,
  },
  {
    desired: [{ ...CHANGED, options: { ignoreChanges: ["description"] } }],
    steps: ["delete erp-ISSUES-CREATE", "replace erp-ISSUES-CREATE", "update erp-unmanaged"],
  },
  {
    desired: [{ ...CHANGED, options: { retainOnDelete: true } }],
    steps: ["update erp"],
  },
  {
    desired: [],
    options: { exclude: ["erp", "erp-RUNS-UPDATE"] },
    steps: ["delete erp-ISSUES-CREATE", "delete erp-PARTS-UPDATE", "delete erp-unmanaged"],
    deviates: true,
  },
  {
    desired: [CHANGED],
    steps: ["create erp-ISSUES-CREATE", "create erp-PARTS-UPDATE", "create erp-unmanaged"],
  },
  {
    desired: [],
    steps: [
      "delete erp",
      "delete erp-ISSUES-CREATE",
      "delete erp-PARTS-UPDATE",
      "delete erp-RUNS-UPDATE",
      "delete erp-unmanaged",
    ],
  },
];

const STEP_OF_OP: Readonly<Record<string, string>> = {
  create: "create",
  update: "update",
  delete: "delete",
  "create-replacement": "replace",
  "delete-replaced": "delete",
};

/** The steps of ION's resources in an event log of the real engine. */
async function stepsIn(file: string): Promise<string[]> {
  const events = (await readFile(file, "utf8")).trim().split("\n");
  return events.flatMap((line) => {
    const { resourcePreEvent } = JSON.parse(line) as {
      readonly resourcePreEvent?: { readonly metadata: { readonly op: string; readonly urn: string } };
    };
    const { op = "", urn = "" } = resourcePreEvent?.metadata ?? {};
    const step = STEP_OF_OP[op];
    return step && /(dynamic\/ion|ion:index):(?!WebhookSubscriptions)[^$]*$/.test(urn)
      ? [`${step} ${urn.slice(urn.lastIndexOf("::") + 2)}`]
      : [];
  });
}

/** A pattern for the URN of a resource. A component has the name of its receiver. */
function pattern(carrier: Carrier, name: string): string {
  if (carrier === "dynamic") return `**ion:*::${name}`;
  const type = name.endsWith("-unmanaged") ? "UnmanagedSubscriptions" : "WebhookSubscription";
  return `**ion:index:${name.includes("-") ? type : "WebhookReceiver"}::${name}`;
}

async function runRealEngine(carrier: Carrier, project: Project, { desired, options = {} }: Run) {
  const file = join(project.dir, "events.json");
  await rm(file, { force: true });
  await project.write({ "index.js": sourceOf(desired) });
  const { continueOnError, ...names } = options;
  const flags = Object.entries(names).flatMap(([flag, some]) =>
    some.flatMap((name) => [`--${flag}`, pattern(carrier, name)]),
  );
  if (continueOnError) flags.push("--continue-on-error");
  const up = ["up", "--yes", "--skip-preview", "--stack", "test", "--event-log", file, ...flags];
  const { code, output } = await project.pulumi(...up);
  return { steps: await stepsIn(file), failed: code !== 0, output };
}

async function runFakeEngine(carrier: Carrier, emulator: Emulator, stack: Stack, { desired, options = {} }: Run) {
  const { continueOnError = false, ...names } = options;
  const sets = Object.fromEntries(Object.entries(names).map(([flag, some]) => [flag, new Set(some)]));
  const runOptions: RunOptions = { ...sets, continueOnError };
  const { steps, errors } = await stack.up(programOf(desired), startProvider(carrier, emulator), runOptions);
  return { steps, failed: errors.length > 0, output: errors.join("\n") };
}

// Each of the runs starts the real engine.
it.each(CARRIERS)(
  "takes the same steps in the fake engine as in the real one (%s)",
  { timeout: 10 * 60_000 },
  async (carrier) => {
    const emulator = await start();
    const stack = new Stack();
    const project = await makeProject({ carrier, files: { "index.js": sourceOf([]) } });
    // Enables --event-log.
    project.env.PULUMI_DEBUG_COMMANDS = "true";
    for (const [number, run] of HISTORY.entries()) {
      for (const { store, faults } of [emulator, project.emulator]) {
        faults.clear();
        if (run.fault) faults.add(run.fault);
        run.edit?.(store);
      }
      const fake = await runFakeEngine(carrier, emulator, stack, run);
      const real = await runRealEngine(carrier, project, run);
      for (const [engine, { steps, failed, output }] of Object.entries({ fake, real })) {
        const at = `run ${number} in the ${engine} engine: ${output}`;
        expect([...steps].sort(), at).toEqual(run.steps);
        expect(failed, at).toBe(run.fails === true);
      }
      if (run.fails || run.deviates) continue;
      for (const { store } of [emulator, project.emulator]) {
        const unmanaged = store.listSubscriptions().filter(({ resource }) => resource === "STEPS");
        const ignore = { subscriptions: new Set(unmanaged.map(({ id }) => id)) };
        expect(findDeviations(store, run.desired, ignore)).toEqual(NONE);
      }
    }
  },
);
