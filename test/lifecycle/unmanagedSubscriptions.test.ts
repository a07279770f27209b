import { describe, expect, it } from "vitest";
import type { Emulator } from "../../emulator/index.ts";
import { UNKNOWN, type UncheckedInputs } from "../../provider/lifecycle/resourceHandler.ts";
import { unmanagedSubscriptions } from "../../provider/lifecycle/unmanagedSubscriptions.ts";
import { type DesiredReceiver, programOf } from "../faults/desiredState.ts";
import { type DeclaredResource, Stack } from "../support/fakeEngine.ts";
import { failureOf, ionOn, start } from "../support/support.ts";

const WORLD = {
  name: "erp",
  fields: { webhookUri: "https://hooks.example/1" },
  events: ["PARTS UPDATE", "RUNS UPDATE"],
  unmanaged: "delete",
} satisfies DesiredReceiver;

/** A stack that is up, and what adds subscriptions by hand. */
async function upWith(world: DesiredReceiver = WORLD) {
  const emulator = await start();
  const stack = new Stack();
  const run = { emulator, stack, told: [] as string[] };
  expect((await up(run, programOf([world]))).errors).toEqual([]);
  return run;
}

interface Run {
  readonly emulator: Emulator;
  readonly stack: Stack;
  readonly told: string[];
}

const up = ({ emulator, stack, told }: Run, program: readonly DeclaredResource[] = programOf([WORLD])) =>
  stack.up(program, ionOn(emulator, { warn: (words) => told.push(words) }));

const allowing = (maxDeletions: number) =>
  programOf([WORLD]).map((one) =>
    one.kind === "unmanaged" ? { ...one, inputs: { ...one.inputs, maxDeletions } } : one,
  );

const addExtras = ({ emulator: { store } }: Run, count: number) =>
  Array.from({ length: count }, (_, at) =>
    store.createSubscription({
      receiverId: "1",
      resource: "ISSUES",
      action: ["CREATE", "UPDATE", "DELETE"][at % 3] ?? "",
    }),
  );

const pairsIn = ({ emulator: { store } }: Run) =>
  store.listSubscriptions().map(({ resource, action }) => `${resource} ${action}`);

describe("extras of a receiver", () => {
  it("are named by the run that meets them, and ended by the next", async () => {
    const run = await upWith();
    addExtras(run, 2);
    await up(run);
    expect(run.told).toEqual([expect.stringContaining("nobody declared: ISSUES CREATE (id 3), ISSUES UPDATE (id 4)")]);
    expect(pairsIn(run)).toHaveLength(4);
    await up(run);
    expect(pairsIn(run)).toEqual(WORLD.events);
  });

  it.each([
    [20, undefined],
    [21, "21 of the 23 subscriptions of webhook receiver 1 are not declared, and would be ended"],
  ])("are ended at once up to 20: %s of them", async (count, refusal) => {
    const run = await upWith();
    addExtras(run, count);
    await up(run);
    const { errors } = await up(run);
    expect(errors).toEqual(refusal ? [expect.stringContaining(refusal)] : []);
    expect(pairsIn(run)).toHaveLength(refusal ? 23 : 2);
  });

  it.each([
    [20, false],
    [21, true],
    [30, true],
  ])("are ended beyond that where maxDeletions is no less: %s for 21", async (allowed, ended) => {
    const run = await upWith();
    addExtras(run, 21);
    await up(run);
    const { errors } = await up(run, allowing(allowed));
    expect(errors.length === 0).toBe(ended);
    expect(errors.join()).toMatch(ended ? /^$/ : /maxDeletions: 21/);
    expect(pairsIn(run)).toHaveLength(ended ? 2 : 23);
  });

  it("are not ended where they are every one there is, unless maxDeletions says so", async () => {
    for (const allowed of [undefined, 1]) {
      const run = await upWith();
      const { store } = run.emulator;
      addExtras(run, 1);
      await up(run);
      for (const { id, resource } of store.listSubscriptions()) if (resource !== "ISSUES") store.deleteSubscription(id);
      const { errors } = await up(run, allowed === undefined ? programOf([WORLD]) : allowing(allowed));
      const refused = "1 of the 1 subscriptions of webhook receiver 1 are not declared";
      expect(errors).toEqual(allowed === undefined ? [expect.stringContaining(refused)] : []);
      expect(errors.join()).toMatch(allowed === undefined ? /every one there is.*maxDeletions: 1/ : /^$/);
      // What is declared is made again in any case, and with it the extra is not every one any more.
      expect(pairsIn(run).sort()).toEqual(
        [...(allowed === undefined ? ["ISSUES CREATE"] : []), ...WORLD.events].sort(),
      );
      expect((await up(run)).errors).toEqual([]);
      expect(pairsIn(run).sort()).toEqual([...WORLD.events].sort());
    }
  });

  it("that somebody ended, changed or put in order meanwhile are not what was named: nothing else is ended", async () => {
    const run = await upWith();
    const { store } = run.emulator;
    const [ended, changed, moved] = addExtras(run, 3);
    await up(run);
    store.createReceiver({ name: "other", webhookUri: "https://other.example/" });
    store.deleteSubscription(ended?.id ?? "");
    store.updateSubscription(changed?.id ?? "", { resource: "STEPS" });
    store.updateSubscription(moved?.id ?? "", { receiverId: "2" });
    await up(run);
    expect(pairsIn(run).sort()).toEqual([...WORLD.events, "STEPS UPDATE", "ISSUES DELETE"].sort());
  });

  it("under report are named each time, and stay", async () => {
    const world: DesiredReceiver = { ...WORLD, unmanaged: "report" };
    const run = await upWith(world);
    addExtras(run, 1);
    for (const _time of [1, 2, 3]) {
      run.told.length = 0;
      expect((await up(run, programOf([world]))).steps).toEqual([]);
      expect(run.told).toEqual([expect.stringContaining("ISSUES CREATE (id 3). They stay.")]);
    }
    expect(pairsIn(run)).toHaveLength(3);
  });
});

const DECLARED = ["PARTS UPDATE", "RUNS UPDATE"];
const REMOVE = { receiverId: "1", unmanaged: "delete", declared: DECLARED } as const;
const STATE = { ...REMOVE, ionEndpoint: "loopback", found: [] };
const [FIRST, SECOND] = ["ISSUES CREATE (id 3)", "ISSUES UPDATE (id 4)"];
const THEN = "What was named by an earlier `pulumi up`, the next one ends.";

/** Ids that no other test looks at: what is known of each is kept by the process. */
let looks = 0;
const newId = () => `unmanaged-look-${++looks}`;

/** A receiver with what is declared, and as many extras. */
async function receiverWith(extras: number) {
  const emulator = await start();
  const { store } = emulator;
  const { id: receiverId } = store.createReceiver({ name: "erp", webhookUri: "https://hooks.example/1" });
  for (const pair of DECLARED) {
    const [resource = "", action = ""] = pair.split(" ");
    store.createSubscription({ receiverId, resource, action });
  }
  const told: string[] = [];
  const run = { emulator, stack: new Stack(), told };
  addExtras(run, extras);
  return { emulator, told, ion: ionOn(emulator, { warn: (words) => told.push(words) }) };
}

describe("a first look", () => {
  it("names what nobody declared, and remembers it", async () => {
    const { ion, told } = await receiverWith(2);
    expect(await unmanagedSubscriptions.create(ion, { ...REMOVE, maxDeletions: 3 })).toEqual({
      id: "unmanaged-1",
      state: { ...STATE, maxDeletions: 3, found: [FIRST, SECOND] },
    });
    expect(told).toEqual([`Subscriptions of webhook receiver 1 that nobody declared: ${FIRST}, ${SECOND}. ${THEN}`]);
  });

  it("says nothing where there is nothing", async () => {
    const { ion, told } = await receiverWith(0);
    expect((await unmanagedSubscriptions.create(ion, REMOVE)).state.found).toEqual([]);
    expect(told).toEqual([]);
  });
});

describe("a refresh", () => {
  it.each<[string, string[], number, object, string[]]>([
    ["nothing", [], 0, {}, []],
    ["one for the first time", [], 1, { found: [FIRST] }, [`nobody declared: ${FIRST}. ${THEN}`]],
    [
      "one that was named",
      [FIRST],
      1,
      { removeNext: [FIRST] },
      [`nobody declared, and named before: ${FIRST}. ${THEN}`],
    ],
    [
      "one of each",
      [FIRST],
      2,
      { found: [SECOND], removeNext: [FIRST] },
      [`nobody declared: ${SECOND}; nobody declared, and named before: ${FIRST}. ${THEN}`],
    ],
  ])("under remove that meets %s lists it", async (_what, before, extras, news, words) => {
    const { ion, told } = await receiverWith(extras);
    const read = await unmanagedSubscriptions.read(ion, newId(), { ...STATE, found: before });
    expect(read?.inputs).toStrictEqual({ ...REMOVE, maxDeletions: undefined, ...news });
    expect(read?.state.found).toEqual([FIRST, SECOND].slice(0, extras));
    expect(told).toEqual(words.map((line) => `Subscriptions of webhook receiver 1 that ${line}`));
  });

  it("under report names it and asks for nothing", async () => {
    const { ion, told } = await receiverWith(1);
    const read = await unmanagedSubscriptions.read(ion, newId(), { ...STATE, unmanaged: "report" });
    const inputs = { ...REMOVE, unmanaged: "report", maxDeletions: undefined };
    expect(read).toEqual({ inputs, state: { ...inputs, ionEndpoint: "loopback", found: [FIRST] } });
    expect(told).toEqual([`Subscriptions of webhook receiver 1 that nobody declared: ${FIRST}. They stay.`]);
  });

  it("of a receiver that is gone finds nothing to look at", async () => {
    const { ion } = await receiverWith(0);
    expect(await unmanagedSubscriptions.read(ion, newId(), { ...STATE, receiverId: "9" })).toBeUndefined();
  });
});

describe("a check", () => {
  const named = (count: number) => Array.from({ length: count }, (_, at) => `ISSUES CREATE (id ${at + 3})`);

  it.each([
    [{ unmanaged: "remove" }, { property: "unmanaged", reason: 'has to be "delete", "report" or "ignore"' }],
    [{ maxDeletions: 1.5 }, { property: "maxDeletions", reason: "has to be a whole number" }],
    [{ maxDeletions: -1 }, { property: "maxDeletions", reason: "cannot be less than 0" }],
  ])("refuses %j", async (wrong, failure) => {
    const { ion } = await receiverWith(0);
    const news = { ...REMOVE, ...wrong };
    const olds = { ...REMOVE, found: named(1), removeNext: named(30) };
    expect(await unmanagedSubscriptions.check(ion, news, olds)).toEqual({ inputs: news, failures: [failure] });
  });

  it.each<[string, UncheckedInputs, UncheckedInputs, UncheckedInputs]>([
    ["the first time asks for no removal", {}, {}, {}],
    ["names for removal what the refresh found", {}, { ...REMOVE, found: named(2) }, { removeNext: named(2) }],
    ["names nothing new where the refresh found nothing", {}, { ...REMOVE, removeNext: named(1) }, {}],
    [
      "asks for no removal under report",
      { unmanaged: "report" },
      { ...REMOVE, found: named(1), removeNext: named(30) },
      {},
    ],
    ["asks for none without a receiver", {}, { found: named(2) }, {}],
  ])("%s", async (_what, wanted, olds, more) => {
    const { ion } = await receiverWith(1);
    const news = { ...REMOVE, ...wanted };
    const { inputs, failures } = await unmanagedSubscriptions.check(ion, news, olds);
    expect({ inputs, failures }).toStrictEqual({ inputs: { ...news, ...more }, failures: [] });
  });

  it.each([
    [3, 1, "1 of the 1", named(1).join(", "), "That is every one there is"],
    [5, 3, "3 of the 3", named(3).join(", "), "That is every one there is"],
    [7, 5, "5 of the 5", named(5).join(", "), "That is every one there is"],
    [8, 6, "6 of the 6", `${named(5).join(", ")}, …`, "That is every one there is"],
    [23, 21, "21 of the 23", `${named(5).join(", ")}, …`, "That is many"],
  ])("of %s subscriptions refuses to end %s at once", async (total, count, share, names, why) => {
    const { ion, emulator } = await receiverWith(total - 2);
    if (why !== "That is many") for (const id of ["1", "2"]) emulator.store.deleteSubscription(id);
    const { failures } = await unmanagedSubscriptions.check(ion, REMOVE, { ...REMOVE, removeNext: named(count) });
    const reason =
      `${share} subscriptions of webhook receiver 1 are not declared, and would be ended: ${names}. ${why}: is it the right ` +
      `receiver? If so, set maxDeletions: ${count}; to leave them, set unmanaged: "report"`;
    expect(failures).toEqual([{ property: "maxDeletions", reason }]);
  });
});

describe("a difference", () => {
  const none = { changes: false, replaces: [] };
  const some = { changes: true, replaces: [] };
  it.each<[string, object, object, object]>([
    ["nothing", {}, {}, none],
    ["another receiver", {}, { receiverId: "2" }, { changes: true, replaces: ["receiverId"] }],
    ["a receiver not known yet", {}, { receiverId: UNKNOWN }, none],
    ["to report", {}, { unmanaged: "report" }, some],
    ["another number", { maxDeletions: 1 }, { maxDeletions: 2 }, some],
    ["the same number", { maxDeletions: 1 }, { maxDeletions: 1 }, none],
    ["one more declared", {}, { declared: [...DECLARED, "STEPS UPDATE"] }, some],
    ["what is declared not known yet", {}, { declared: UNKNOWN }, none],
    ["some to end", {}, { removeNext: [FIRST] }, some],
    ["none to end", {}, { removeNext: [] }, none],
    ["some found", { found: [FIRST] }, {}, some],
    ["some found under report", { found: [FIRST], unmanaged: "report" }, { unmanaged: "report" }, none],
  ])("is seen: %s", (_what, before, now, wanted) => {
    const inputs = { ...REMOVE, ...now } as typeof REMOVE;
    expect(unmanagedSubscriptions.diff(newId(), { ...STATE, ...before }, inputs)).toEqual(wanted);
  });
});

describe("an update", () => {
  it("ends what was named before", async () => {
    const { ion, emulator } = await receiverWith(2);
    const state = await unmanagedSubscriptions.update(ion, newId(), { ...STATE, found: [FIRST] }, REMOVE);
    expect(state.found).toEqual([SECOND]);
    expect(emulator.store.listSubscriptions().map(({ id }) => id)).toEqual(["1", "2", "4"]);
  });

  it("ends nothing that this run has met for the first time", async () => {
    const { ion, emulator } = await receiverWith(1);
    const id = newId();
    const read = await unmanagedSubscriptions.read(ion, id, STATE);
    await unmanagedSubscriptions.update(ion, id, { ...STATE, found: read?.state.found ?? [] }, REMOVE);
    expect(read?.state.found).toEqual([FIRST]);
    expect(emulator.store.listSubscriptions()).toHaveLength(3);
  });

  it.each<[before: "delete" | "report", now: "delete" | "report"]>([
    ["report", "delete"],
    ["delete", "report"],
    ["report", "report"],
  ])("from %s to %s ends nothing", async (before, now) => {
    const { ion, emulator } = await receiverWith(1);
    const state = { ...STATE, unmanaged: before, found: [FIRST] };
    await unmanagedSubscriptions.update(ion, newId(), state, { ...REMOVE, unmanaged: now });
    expect(emulator.store.listSubscriptions()).toHaveLength(3);
  });

  it("refuses to end every one there is", async () => {
    const { ion, emulator } = await receiverWith(1);
    for (const id of ["1", "2"]) emulator.store.deleteSubscription(id);
    const failure = await failureOf(unmanagedSubscriptions.update(ion, newId(), { ...STATE, found: [FIRST] }, REMOVE));
    expect(failure.kind).toBe("ambiguous");
    expect(failure.message).toMatch(/^1 of the 1 subscriptions .* every one there is/);
    expect(emulator.store.listSubscriptions()).toHaveLength(1);
  });

  it("leaves all alone where the receiver is gone, or what it named", async () => {
    const { ion, emulator } = await receiverWith(1);
    const gone = await unmanagedSubscriptions.update(
      ion,
      newId(),
      { ...STATE, found: ["STEPS CREATE (id 9)"] },
      REMOVE,
    );
    expect(gone.found).toEqual([FIRST]);
    emulator.store.deleteReceiver("1");
    ion.invalidate();
    expect((await unmanagedSubscriptions.update(ion, newId(), STATE, REMOVE)).found).toEqual([]);
  });
});
