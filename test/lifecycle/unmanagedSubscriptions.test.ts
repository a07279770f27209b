import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { UNKNOWN, type UncheckedInputs } from "../../provider/src/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/src/lifecycle/unmanagedSubscriptions.ts";
import { eventName } from "../../provider/src/model/webhooks.ts";
import { failureOf, ionOn, mutationsIn, start } from "../support/support.ts";
import { casesByFailure } from "./failures.ts";
import { recordMutations } from "./webhookReceiver/receivers.ts";

const { check, create, delete: deleteUnmanaged, diff, identities, read, update } = unmanagedSubscriptions;
type Inputs = Parameters<typeof create>[1];
type State = Parameters<typeof read>[2];

const DECLARED = ["PARTS UPDATE", "RUNS UPDATE"];
const INPUTS: Inputs = { receiverId: "1", unmanaged: "delete", declared: DECLARED };
const STATE: State = { ...INPUTS, ionEndpoint: "https://api.example/graphql", unmanagedNow: [], reported: [] };
/** The first unmanaged subscriptions that `addUnmanaged` adds. */
const FIRST = "ISSUES CREATE (id 3)";
const SECOND = "ISSUES UPDATE (id 4)";

/** An emulator with one receiver, its declared subscriptions and some unmanaged ones. */
async function withUnmanaged(count: number) {
  const emulator = await start();
  const { id: receiverId } = emulator.store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/1" });
  subscribe(emulator, ...DECLARED);
  expect(receiverId).toBe("1");
  addUnmanaged(emulator, count);
  return { emulator, ion: ionOn(emulator) };
}

function subscribe({ store }: Emulator, ...events: readonly string[]) {
  for (const event of events) {
    const [resource = "", action = ""] = event.split(" ");
    store.createSubscription({ receiverId: "1", resource, action });
  }
}

/** Adds unmanaged subscriptions: ISSUES CREATE, ISSUES UPDATE, ISSUES DELETE, and then the same again. */
const addUnmanaged = (emulator: Emulator, count: number) =>
  subscribe(emulator, ...Array.from({ length: count }, (_, at) => `ISSUES ${["CREATE", "UPDATE", "DELETE"][at % 3]}`));

/** Deletes the declared subscriptions in ION. */
function deleteDeclared({ store }: Emulator) {
  for (const one of store.listSubscriptions()) if (DECLARED.includes(eventName(one))) store.deleteSubscription(one.id);
}

const eventsIn = ({ store }: Emulator) => store.listSubscriptions().map(eventName);

/** Subscriptions as the resource lists them. */
const labelsIn = ({ store }: Emulator) => store.listSubscriptions().map((one) => `${eventName(one)} (id ${one.id})`);

interface Saved {
  readonly inputs: UncheckedInputs;
  readonly state: State;
}

/** What the engine reads back from its state file. */
const stateFile = (inputs: UncheckedInputs, state: State) => JSON.parse(JSON.stringify({ inputs, state })) as Saved;

/** Runs what `pulumi up` runs for this resource, in a process of its own. Without `before`, the resource is created. */
async function up(emulator: Emulator, program: Inputs, before?: Saved, refresh = true) {
  const ion = ionOn(emulator);
  const refreshed = before && refresh ? await read(ion, "unmanaged-1", before.state) : { found: before };
  const { found } = refreshed;
  const checked = await check(ion, { ...program }, found?.inputs ?? {});
  const warnings = [...(refreshed.warnings ?? []), ...(checked.warnings ?? [])];
  const inputs = checked.inputs as unknown as Inputs;
  const run = { emulator, failures: checked.failures, inputs };
  if (checked.failures.length > 0) return { ...run, changes: false, warnings, after: before };
  if (!found) {
    const created = await create(ion, inputs);
    const after = stateFile(checked.inputs, created.state);
    return { ...run, changes: true, warnings: [...warnings, ...(created.warnings ?? [])], after };
  }
  const { changes } = diff("unmanaged-1", found.state, inputs);
  if (!changes) return { ...run, changes, warnings, after: stateFile(checked.inputs, found.state) };
  const updated = await update(ion, "unmanaged-1", found.state, inputs);
  const after = stateFile(checked.inputs, updated.state);
  return { ...run, changes, warnings: [...warnings, ...(updated.warnings ?? [])], after };
}

/** Runs `pulumi up` twice: the first time before and the second time after unmanaged subscriptions were added. */
async function reportUnmanaged(count: number, program = INPUTS) {
  const { emulator } = await withUnmanaged(0);
  const created = await up(emulator, program);
  addUnmanaged(emulator, count);
  return up(emulator, program, created.after);
}

describe("runs of pulumi up", () => {
  it("reports unmanaged subscriptions, lists them in the next preview and then deletes them", async () => {
    const { emulator, after, inputs, warnings } = await reportUnmanaged(2);
    expect(inputs).toMatchObject({ newlyFound: [FIRST, SECOND], deletingNext: [FIRST, SECOND] });
    expect(inputs).not.toHaveProperty("deleting");
    expect(warnings).toEqual([expect.stringContaining(`${FIRST}, ${SECOND}`)]);
    expect(eventsIn(emulator)).toHaveLength(4);
    const second = await up(emulator, INPUTS, after);
    expect(second.inputs).toMatchObject({ reported: [FIRST, SECOND], deleting: [FIRST, SECOND] });
    expect(second.inputs).not.toHaveProperty("deletingNext");
    expect(eventsIn(emulator)).toEqual(DECLARED);
    expect(await up(emulator, INPUTS, second.after)).toMatchObject({ changes: false, inputs: INPUTS, warnings: [] });
  });

  it("lists and deletes without a refresh what an earlier run reported", async () => {
    const { emulator, after } = await reportUnmanaged(2);
    const second = await up(emulator, INPUTS, after, false);
    expect(second.inputs).toMatchObject({ reported: [FIRST, SECOND], deleting: [FIRST, SECOND] });
    expect(eventsIn(emulator)).toEqual(DECLARED);
    const third = await up(emulator, INPUTS, second.after, false);
    expect(third).toMatchObject({ changes: false, inputs: INPUTS, warnings: [] });
  });

  it("deletes what create reported, and reports what was added since then", async () => {
    const { emulator } = await withUnmanaged(1);
    const created = await up(emulator, INPUTS);
    addUnmanaged(emulator, 2);
    const second = await up(emulator, INPUTS, created.after);
    expect(second.inputs).toMatchObject({
      deleting: [FIRST],
      deletingNext: ["ISSUES CREATE (id 4)", "ISSUES UPDATE (id 5)"],
    });
    expect(labelsIn(emulator).slice(2)).toEqual(["ISSUES CREATE (id 4)", "ISSUES UPDATE (id 5)"]);
    await up(emulator, INPUTS, second.after);
    expect(eventsIn(emulator)).toEqual(DECLARED);
  });

  it("does not count a plain refresh as a report", async () => {
    const { emulator, ion } = await withUnmanaged(1);
    const first = await read(ion, "unmanaged-1", STATE);
    const second = await read(ionOn(emulator), "unmanaged-1", first.found?.state ?? STATE);
    expect(second).toEqual(first);
    expect(first.found?.inputs).toMatchObject({ newlyFound: [FIRST] });
    await up(emulator, INPUTS, stateFile(second.found?.inputs ?? {}, second.found?.state ?? STATE));
    expect(eventsIn(emulator)).toHaveLength(3);
  });

  it("deletes a duplicate of a declared subscription and keeps the oldest", async () => {
    const { emulator } = await withUnmanaged(0);
    subscribe(emulator, "PARTS UPDATE");
    const created = await up(emulator, INPUTS);
    const second = await up(emulator, INPUTS, created.after);
    expect(second.inputs).toMatchObject({ deleting: ["PARTS UPDATE (id 3)"] });
    expect(labelsIn(emulator)).toEqual(["PARTS UPDATE (id 1)", "RUNS UPDATE (id 2)"]);
  });

  it("only reports again after unmanaged changes from report to delete", async () => {
    const first = await reportUnmanaged(1, { ...INPUTS, unmanaged: "report" });
    const { emulator } = first;
    const second = await up(emulator, INPUTS, first.after);
    expect(second.warnings).toContainEqual(expect.stringContaining("The next `pulumi up` deletes"));
    expect(eventsIn(emulator)).toHaveLength(3);
    const third = await up(emulator, INPUTS, second.after);
    expect(third.inputs).toMatchObject({ deleting: [FIRST] });
    expect(eventsIn(emulator)).toEqual(DECLARED);
  });

  it("reports unmanaged subscriptions each time and keeps them under report", async () => {
    const program: Inputs = { ...INPUTS, unmanaged: "report" };
    const first = await reportUnmanaged(1, program);
    let { after } = first;
    for (const _run of [1, 2, 3]) {
      const run = await up(first.emulator, program, after);
      expect(run).toMatchObject({ changes: false, warnings: [expect.stringContaining(FIRST)] });
      after = run.after;
    }
    expect(eventsIn(first.emulator)).toHaveLength(3);
  });

  it("deletes nothing else if a reported subscription was deleted, changed or moved in the meantime", async () => {
    const { emulator, after } = await reportUnmanaged(3);
    const { store } = emulator;
    store.createReceiver({ name: "other", webhookUri: "https://other.example/" });
    store.deleteSubscription("3");
    store.updateSubscription("4", { resource: "STEPS" });
    store.updateSubscription("5", { receiverId: "2" });
    const second = await up(emulator, INPUTS, after);
    expect(second.inputs).not.toHaveProperty("deleting");
    expect(eventsIn(emulator).sort()).toEqual([...DECLARED, "STEPS UPDATE", "ISSUES DELETE"].sort());
  });

  it("keeps a reported subscription that the program declares now", async () => {
    const { emulator, after } = await reportUnmanaged(2);
    const program = { ...INPUTS, declared: [...DECLARED, "ISSUES CREATE"] };
    const { inputs } = await up(emulator, program, after);
    expect(inputs).toMatchObject({ reported: [SECOND], deleting: [SECOND] });
    expect(eventsIn(emulator)).toEqual([...DECLARED, "ISSUES CREATE"]);
  });
});

describe("maxDeletions", () => {
  it.each([
    [20, undefined, true],
    [21, undefined, false],
    [21, 20, false],
    [21, 21, true],
    [21, 30, true],
    [3, 2, false],
    [1, 0, false],
  ])("allows %s deletions with maxDeletions %s: %s", async (count, maxDeletions, isAllowed) => {
    const { emulator, after } = await reportUnmanaged(count);
    const { failures } = await up(emulator, { ...INPUTS, maxDeletions }, after);
    expect(failures.map(({ property }) => property)).toEqual(isAllowed ? [] : ["maxDeletions"]);
    expect(eventsIn(emulator)).toHaveLength(isAllowed ? 2 : 2 + count);
  });

  it.each([undefined, 1])(
    "deletes every subscription of a receiver only if maxDeletions allows it: %s",
    async (maxDeletions) => {
      const { emulator, after } = await reportUnmanaged(1);
      deleteDeclared(emulator);
      const second = await up(emulator, { ...INPUTS, maxDeletions }, after);
      expect(second.failures.map(({ property }) => property)).toEqual(
        maxDeletions === undefined ? ["maxDeletions"] : [],
      );
      expect(eventsIn(emulator)).toEqual(maxDeletions === undefined ? ["ISSUES CREATE"] : []);
      // Other resources create the declared subscriptions again. Then the unmanaged one is not the only one.
      subscribe(emulator, ...DECLARED);
      expect((await up(emulator, INPUTS, second.after)).failures).toEqual([]);
      expect(eventsIn(emulator)).toEqual(DECLARED);
    },
  );

  it("protects the last subscriptions of a receiver if others were deleted in the meantime", async () => {
    const { emulator, after } = await reportUnmanaged(3);
    deleteDeclared(emulator);
    emulator.store.deleteSubscription("3");
    const { failures } = await up(emulator, INPUTS, after, false);
    expect(failures.map(({ property }) => property)).toEqual(["maxDeletions"]);
    expect(eventsIn(emulator)).toHaveLength(2);
  });

  it("does not count subscriptions that the program declares now", async () => {
    const { emulator, after } = await reportUnmanaged(21);
    const declared = [...DECLARED, "ISSUES CREATE"];
    const { failures, inputs } = await up(emulator, { ...INPUTS, declared }, after);
    expect(failures).toEqual([]);
    expect(inputs.deleting).toHaveLength(20);
    expect(eventsIn(emulator).sort()).toEqual(declared.sort());
  });

  it("names the maxDeletions that allows the deletions", async () => {
    const many = await reportUnmanaged(21);
    const all = await reportUnmanaged(3);
    deleteDeclared(all.emulator);
    const failures = [await up(many.emulator, INPUTS, many.after), await up(all.emulator, INPUTS, all.after)];
    expect(
      failures.flatMap((run) => run.failures.map(({ reason }) => `maxDeletions ${reason}`)),
    ).toMatchInlineSnapshot(`
      [
        "maxDeletions is too low: your program does not declare 21 of the 23 subscriptions of receiver "erp" (id 1), so this would delete them: ISSUES CREATE (id 3), ISSUES UPDATE (id 4), ISSUES DELETE (id 5), ISSUES CREATE (id 6), ISSUES UPDATE (id 7) and 16 more. Check that it is the right receiver. To delete them, set maxDeletions: 21. To keep them, set unmanaged: "report"",
        "maxDeletions is too low: your program does not declare any subscription of receiver "erp" (id 1), so this would delete all of them: ISSUES CREATE (id 3), ISSUES UPDATE (id 4), ISSUES DELETE (id 5). Check that it is the right receiver. To delete them, set maxDeletions: 3. To keep them, set unmanaged: "report"",
      ]
    `);
  });
});

describe("an incomplete run", () => {
  it("deletes nothing, warns, and lists what is due in the next preview", async () => {
    const { emulator, after } = await reportUnmanaged(1);
    const partial = await up(emulator, { ...INPUTS, declared: ["PARTS UPDATE"], incomplete: true }, after);
    expect(partial.changes).toBe(false);
    expect(partial.inputs).toMatchObject({ reported: [FIRST] });
    expect(partial.inputs).not.toHaveProperty("deleting");
    expect(partial.warnings.at(-1)).toMatchInlineSnapshot(
      `"Unmanaged subscriptions of receiver "erp" (id 1) are not deleted, because this run does not include every subscription that your program declares, as with --target. Run \`pulumi up\` for the whole stack."`,
    );
    expect(eventsIn(emulator)).toHaveLength(3);
    const full = await up(emulator, INPUTS, partial.after, false);
    expect(full.inputs).toMatchObject({ deleting: [FIRST] });
    expect(eventsIn(emulator)).toEqual(DECLARED);
  });

  it("does not warn if nothing is due", async () => {
    const { emulator, after } = await reportUnmanaged(0);
    const partial = await up(emulator, { ...INPUTS, declared: ["PARTS UPDATE"], incomplete: true }, after);
    expect(partial).toMatchObject({ changes: false, warnings: [] });
  });

  it("changes the policy and keeps the declared events of the last complete run", async () => {
    const { ion, emulator } = await withUnmanaged(1);
    const state = { ...STATE, unmanagedNow: [FIRST], reported: [FIRST] };
    const inputs: Inputs = { ...INPUTS, unmanaged: "report", declared: ["PARTS UPDATE"], incomplete: true };
    expect(diff("unmanaged-1", state, inputs).changes).toBe(true);
    const { state: updated, warnings } = await update(ion, "unmanaged-1", state, inputs);
    expect(updated).toEqual({ ...state, unmanaged: "report", maxDeletions: undefined });
    expect([warnings, emulator.requests]).toEqual([undefined, []]);
  });
});

describe("check", () => {
  it("rejects invalid inputs, whatever is due", async () => {
    const { ion } = await withUnmanaged(1);
    const invalid = {
      "an unknown policy": { ...INPUTS, unmanaged: "remove" },
      "half a deletion": { ...INPUTS, maxDeletions: 1.5 },
      "a negative number": { ...INPUTS, maxDeletions: -1 },
    };
    const olds = { ...INPUTS, newlyFound: [FIRST], reported: [SECOND] };
    const failures = await casesByFailure(invalid, async (news) => {
      const checked = await check(ion, news, olds);
      expect(checked.inputs).toEqual(news);
      return checked.failures.map(({ property, reason }) => `${property}: ${reason}`);
    });
    expect(failures).toMatchInlineSnapshot(`
      {
        "maxDeletions: must be a whole number": [
          "half a deletion",
        ],
        "maxDeletions: must not be negative": [
          "a negative number",
        ],
        "unmanaged: must be "delete", "report" or "ignore"": [
          "an unknown policy",
        ],
      }
    `);
  });

  const deletingNow = (names: readonly string[]) => ({ reported: names, deleting: names });
  const deletingLater = (names: readonly string[]) => ({ newlyFound: names, deletingNext: names });

  it.each<[string, UncheckedInputs, UncheckedInputs, UncheckedInputs]>([
    ["nothing before the resource exists", {}, {}, {}],
    ["nothing without a receiver", {}, { newlyFound: [FIRST] }, {}],
    [
      "what a refresh found, for the run after this one",
      {},
      { ...INPUTS, newlyFound: [FIRST] },
      deletingLater([FIRST]),
    ],
    ["what a refresh found and an earlier run reported", {}, { ...INPUTS, reported: [FIRST] }, deletingNow([FIRST])],
    [
      "both",
      {},
      { ...INPUTS, reported: [FIRST], newlyFound: [SECOND] },
      { ...deletingNow([FIRST]), ...deletingLater([SECOND]) },
    ],
    [
      "without a refresh, what the last run announced",
      {},
      { ...INPUTS, ...deletingNow([FIRST]), ...deletingLater([SECOND]) },
      deletingNow([SECOND]),
    ],
    ["without a refresh, nothing that the last run deleted", {}, { ...INPUTS, ...deletingNow([FIRST]) }, {}],
    ["nothing under report", { unmanaged: "report" }, { ...INPUTS, reported: [FIRST], newlyFound: [SECOND] }, {}],
    ["nothing that does not exist", {}, { ...INPUTS, reported: ["ISSUES CREATE (id 9)"] }, {}],
    [
      "the same if the declared events are unknown",
      { declared: UNKNOWN },
      { ...INPUTS, reported: [FIRST] },
      { reported: [FIRST], incomplete: true },
    ],
  ])("lists %s", async (_what, change, olds, listed) => {
    const { ion } = await withUnmanaged(2);
    const news = { ...INPUTS, ...change };
    const { inputs, failures } = await check(ion, news, olds);
    expect({ inputs, failures }).toStrictEqual({ inputs: { ...news, ...listed }, failures: [] });
  });
});

describe("diff", () => {
  it.each<[string, Partial<State>, object, boolean]>([
    ["nothing", {}, {}, false],
    ["another policy", {}, { unmanaged: "report" }, true],
    ["another maxDeletions", { maxDeletions: 1 }, { maxDeletions: 2 }, true],
    ["the same maxDeletions", { maxDeletions: 1 }, { maxDeletions: 1 }, false],
    ["another declared event", {}, { declared: [...DECLARED, "STEPS UPDATE"] }, true],
    ["another declared event in an incomplete run", {}, { declared: ["STEPS UPDATE"], incomplete: true }, false],
    ["unknown declared events", {}, { declared: UNKNOWN }, false],
    ["an unknown receiver", {}, { receiverId: UNKNOWN }, false],
    ["unmanaged subscriptions", { unmanagedNow: [FIRST] }, {}, true],
    ["unmanaged subscriptions in an incomplete run", { unmanagedNow: [FIRST] }, { incomplete: true }, false],
    [
      "unmanaged subscriptions under report",
      { unmanagedNow: [FIRST], unmanaged: "report" },
      { unmanaged: "report" },
      false,
    ],
  ])("compares inputs and state with %s", (_what, before, now, changes) => {
    const inputs = { ...INPUTS, ...now } as Inputs;
    expect(diff("unmanaged-1", { ...STATE, ...before }, inputs)).toEqual({ changes, replaces: [] });
  });

  it("replaces the resource for another receiver", () => {
    const replaced = { changes: true, replaces: ["receiverId"] };
    expect(diff("unmanaged-1", STATE, { ...INPUTS, receiverId: "2" })).toEqual(replaced);
  });
});

describe("create", () => {
  it("reports what is unmanaged and deletes nothing", async () => {
    const { ion, emulator } = await withUnmanaged(2);
    const { warnings, ...created } = await create(ion, { ...INPUTS, maxDeletions: 3 });
    expect(created).toEqual({
      id: "unmanaged-1",
      state: {
        ...STATE,
        ionEndpoint: ion.environment,
        maxDeletions: 3,
        unmanagedNow: [FIRST, SECOND],
        reported: [FIRST, SECOND],
      },
    });
    expect(warnings).toMatchInlineSnapshot(`
      [
        "Receiver "erp" (id 1) has subscriptions that are not in your program. The next \`pulumi up\` deletes ISSUES CREATE (id 3), ISSUES UPDATE (id 4).",
      ]
    `);
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("reports nothing if nothing is unmanaged", async () => {
    const { ion } = await withUnmanaged(0);
    expect(await create(ion, INPUTS)).toMatchObject({
      state: { ...STATE, ionEndpoint: ion.environment },
      warnings: [],
    });
  });

  it("warns if ION's schema shows no receivers", async () => {
    const ion = ionOn(await start({ hide: ["webhookReceivers", "webhookReceiver", "webhookSubscriptions"] }));
    const { state, warnings = [] } = await create(ion, INPUTS);
    expect(state).toMatchObject({ ...STATE, ionEndpoint: ion.environment });
    expect(warnings.map((warning) => warning.split(". ").at(-1))).toMatchInlineSnapshot(`
      [
        "Unmanaged subscriptions of the receiver with id 1 are not detected.",
      ]
    `);
  });
});

describe("read", () => {
  it.each<[string, string[], number, object]>([
    ["nothing", [], 0, {}],
    ["a new one", [], 1, { newlyFound: [FIRST] }],
    ["a reported one", [FIRST], 1, { reported: [FIRST] }],
    ["one of each", [FIRST], 2, { newlyFound: [SECOND], reported: [FIRST] }],
    ["a reported one that no longer exists", [FIRST], 0, {}],
  ])("lists unmanaged subscriptions by whether they were reported: %s", async (_what, reported, count, listed) => {
    const { ion } = await withUnmanaged(count);
    const { found } = await read(ion, "unmanaged-1", { ...STATE, unmanagedNow: reported, reported });
    expect(found?.inputs).toStrictEqual({ ...INPUTS, maxDeletions: undefined, ...listed });
    expect(found?.state.unmanagedNow).toEqual([FIRST, SECOND].slice(0, count));
    expect(found?.state.reported).toEqual(count === 0 ? [] : reported);
  });

  it("warns about what is unmanaged and when it is deleted", async () => {
    const { ion } = await withUnmanaged(2);
    const warningsFor = async (change: Partial<State>) =>
      (await read(ion, "unmanaged-1", { ...STATE, ...change })).warnings;
    expect({
      "all new": await warningsFor({}),
      "all reported": await warningsFor({ reported: [FIRST, SECOND] }),
      "one of each": await warningsFor({ reported: [FIRST] }),
      "under report": await warningsFor({ unmanaged: "report" }),
      "all declared": await warningsFor({ declared: [...DECLARED, "ISSUES CREATE", "ISSUES UPDATE"] }),
    }).toMatchInlineSnapshot(`
      {
        "all declared": [],
        "all new": [
          "Receiver "erp" (id 1) has subscriptions that are not in your program. \`pulumi up\` does not delete ISSUES CREATE (id 3), ISSUES UPDATE (id 4) yet; the \`pulumi up\` after it does.",
        ],
        "all reported": [
          "Receiver "erp" (id 1) has subscriptions that are not in your program. \`pulumi up\` deletes ISSUES CREATE (id 3), ISSUES UPDATE (id 4).",
        ],
        "one of each": [
          "Receiver "erp" (id 1) has subscriptions that are not in your program. \`pulumi up\` deletes ISSUES CREATE (id 3). \`pulumi up\` does not delete ISSUES UPDATE (id 4) yet; the \`pulumi up\` after it does.",
        ],
        "under report": [
          "Receiver "erp" (id 1) has subscriptions that are not in your program: ISSUES CREATE (id 3), ISSUES UPDATE (id 4). They are kept (unmanaged: "report").",
        ],
      }
    `);
  });

  it.each<[string, number, string[]]>([
    ["has subscriptions that are not in your program: ISSUES CREATE (id 3)", 1, []],
    ["has duplicate subscriptions: PARTS UPDATE (id 3)", 0, ["PARTS UPDATE"]],
    [
      "has subscriptions that are duplicates or not in your program: ISSUES CREATE (id 3), PARTS UPDATE (id 4)",
      1,
      ["PARTS UPDATE"],
    ],
  ])("says of a receiver that it %s", async (problem, unmanaged, duplicates) => {
    const { emulator, ion } = await withUnmanaged(unmanaged);
    subscribe(emulator, ...duplicates);
    const { warnings } = await read(ion, "unmanaged-1", { ...STATE, unmanaged: "report" });
    expect(warnings).toEqual([`Receiver "erp" (id 1) ${problem}. They are kept (unmanaged: "report").`]);
  });

  it("lists nothing in the inputs under report", async () => {
    const { ion } = await withUnmanaged(1);
    const inputs = { ...INPUTS, unmanaged: "report", maxDeletions: undefined } as const;
    expect((await read(ion, "unmanaged-1", { ...STATE, unmanaged: "report" })).found).toEqual({
      inputs,
      state: { ...inputs, ionEndpoint: ion.environment, unmanagedNow: [FIRST], reported: [] },
    });
  });

  it("returns nothing if the receiver does not exist", async () => {
    const { ion } = await withUnmanaged(0);
    expect(await read(ion, "unmanaged-1", { ...STATE, receiverId: "9" })).toEqual({});
  });
});

describe("update", () => {
  it("deletes what was reported, names it, and reports the rest", async () => {
    const { ion, emulator } = await withUnmanaged(2);
    const state = { ...STATE, unmanagedNow: [FIRST], reported: [FIRST] };
    const updated = await update(ion, "unmanaged-1", state, INPUTS);
    expect(updated.state).toMatchObject({ unmanagedNow: [SECOND], reported: [SECOND] });
    expect(labelsIn(emulator).slice(2)).toEqual([SECOND]);
    expect(updated.warnings).toMatchInlineSnapshot(`
      [
        "Deleted subscriptions of receiver "erp" (id 1): ISSUES CREATE (id 3).",
        "Receiver "erp" (id 1) has subscriptions that are not in your program. The next \`pulumi up\` deletes ISSUES UPDATE (id 4).",
      ]
    `);
  });

  it("deletes nothing that a refresh found and no run reported, and does not warn again", async () => {
    const { ion, emulator } = await withUnmanaged(1);
    const { found } = await read(ion, "unmanaged-1", STATE);
    const updated = await update(ion, "unmanaged-1", found?.state ?? STATE, INPUTS);
    expect(updated).toMatchObject({ state: { unmanagedNow: [FIRST], reported: [FIRST] }, warnings: [] });
    expect(eventsIn(emulator)).toHaveLength(3);
  });

  it.each<["delete" | "report", "delete" | "report", string[]]>([
    ["report", "delete", [FIRST]],
    ["delete", "report", []],
    ["report", "report", []],
  ])("deletes nothing if unmanaged changes from %s to %s", async (before, now, reported) => {
    const { ion, emulator } = await withUnmanaged(1);
    const state = { ...STATE, unmanaged: before, unmanagedNow: [FIRST], reported: [FIRST] };
    const updated = await update(ion, "unmanaged-1", state, { ...INPUTS, unmanaged: now });
    expect(updated.state.reported).toEqual(reported);
    expect(eventsIn(emulator)).toHaveLength(3);
  });

  it("refuses to delete every subscription of a receiver without maxDeletions", async () => {
    const { ion, emulator } = await withUnmanaged(1);
    deleteDeclared(emulator);
    const failure = await failureOf(update(ion, "unmanaged-1", { ...STATE, reported: [FIRST] }, INPUTS));
    expect(failure.kind).toBe("ambiguous");
    expect(failure.message).toMatch(/^maxDeletions is too low: .*\.$/);
    expect(eventsIn(emulator)).toEqual(["ISSUES CREATE"]);
  });

  it("deletes nothing else if a reported subscription no longer exists", async () => {
    const { ion, emulator } = await withUnmanaged(1);
    const { state, warnings } = await update(
      ion,
      "unmanaged-1",
      { ...STATE, reported: ["STEPS CREATE (id 9)"] },
      INPUTS,
    );
    expect(state.unmanagedNow).toEqual([FIRST]);
    expect(warnings).toEqual([expect.not.stringContaining("Deleted")]);
    expect(mutationsIn(emulator)).toEqual([]);
  });

  it("keeps a reported subscription that somebody changes at the same time, and says nothing of a deletion", async () => {
    const { emulator } = await withUnmanaged(1);
    const { fetch } = recordMutations((number) => {
      if (number === 1) emulator.store.updateSubscription("3", { action: "DELETE" });
    });
    const state = { ...STATE, unmanagedNow: [FIRST], reported: [FIRST] };
    const { warnings } = await update(ionOn(emulator, { fetch }), "unmanaged-1", state, { ...INPUTS, maxDeletions: 5 });
    expect(labelsIn(emulator).slice(2)).toEqual(["ISSUES DELETE (id 3)"]);
    expect(warnings?.join()).not.toContain("Deleted");
  });

  it("succeeds if the receiver no longer exists", async () => {
    const { ion, emulator } = await withUnmanaged(1);
    emulator.store.deleteReceiver("1");
    expect((await update(ion, "unmanaged-1", { ...STATE, reported: [FIRST] }, INPUTS)).state.unmanagedNow).toEqual([]);
  });
});

it("cannot be imported: it is not an object in ION", async () => {
  const { kind, message } = await failureOf(unmanagedSubscriptions.import(ionOn(await start()), "1"));
  expect([kind, message]).toEqual([
    "invalid",
    "A list of unmanaged subscriptions cannot be imported: it is not an object in ION.",
  ]);
});

it("deletes nothing with the resource, and identifies no object", async () => {
  const { ion, emulator } = await withUnmanaged(1);
  await deleteUnmanaged(ion, "unmanaged-1", { ...STATE, reported: [FIRST] }, false);
  expect(identities(STATE, "unmanaged-1")).toEqual([]);
  expect(emulator.requests).toEqual([]);
});
