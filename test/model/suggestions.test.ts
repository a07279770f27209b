import { describe, expect, it } from "vitest";
import { ACTIONS, VIOLET_RESOURCES } from "../../provider/src/model/events.ts";
import { didYouMean, similarNames, toConstantCase } from "../../provider/src/model/suggestions.ts";

const ION = [...VIOLET_RESOURCES, "ADDRESSES", "COMMENTS", "PARTS_INVENTORIES", "USERS"];
/** The same with the singular RUN in place of RUNS. */
const SINGULAR = ["RUN", ...ION.filter((name) => name !== "RUNS")];

describe("similarNames", () => {
  it.each<[string, string[], readonly string[]]>([
    ["RUN", ["RUNS"], ION],
    ["RUNS", ["RUN"], SINGULAR],
    ["RUN", ["RUNS"], [...ION, "RUN"]],
    ["PART", ["PARTS"], ION],
    ["parts", ["PARTS"], ION],
    ["Run Step", ["RUN_STEPS"], ION],
    ["purchaseOrderLine", ["PURCHASE_ORDER_LINES"], ION],
    ["PARTS_INVENTORY", ["PARTS_INVENTORIES"], ION],
    ["ADDRESS", ["ADDRESSES"], ION],
    ["BOX", ["BOXES"], ["BOXES", "BOLT"]],
    ["BOXES", ["BOX"], ["BOX"]],
    ["USE", ["USES"], ["USES", "UX"]],
    ["MOVIE_STARS", ["MOVIE_STAR"], ["MOVIES_TAR", "MOVIE_STAR"]],
    ["RNUS", ["RUNS"], ION],
    ["RECIEPTS", ["RECEIPTS"], ION],
    ["RECEIPT_ITMES", ["RECEIPT_ITEMS"], ION],
    ["ITEMS", ["PLAN_ITEMS", "RECEIPT_ITEMS"], ION],
    ["ORDERS", ["PURCHASE_ORDER_LINES", "PURCHASE_ORDERS"], ION],
    ["PLAN_INPUTTS", ["PLAN_INPUTS"], ION],
    ["PLAN_ITEM_INPUTS", [], ION],
    ["SUPLIERZ", ["SUPPLIERS"], ION],
    ["ABCDEFGHI", ["ABCDEFGHX", "ABCDEFGXY"], ["ABCDEFGXY", "ABCDEFGHX", "ABCDEWXYZ"]],
    ["UPDAET", ["UPDATE"], ACTIONS],
    ["DELET", ["DELETE"], ACTIONS],
    ["REMOVE", [], ACTIONS],
    ["QUITE_ANOTHER_THING", [], ION],
    ["X", [], ION],
    ["", [], ION],
  ])("finds for %j: %j", (name, similar, known) => {
    expect(similarNames(name, known)).toEqual(similar);
  });

  it("never finds the name itself, and at most three names", () => {
    for (const name of ION) expect(similarNames(name, ION)).not.toContain(name);
    expect(similarNames("ITEMS", ["A_ITEMS", "B_ITEMS", "C_ITEMS", "D_ITEMS"])).toHaveLength(3);
  });

  it("considers no name that is too long to compare", () => {
    const [longest, longer] = [100, 101].map((length) => "A".repeat(length)) as [string, string];
    expect(similarNames(`${longest}B`, [longest, longer])).toEqual([longest]);
  });

  it("finds every known name that lacks a letter, has an additional one, or has two in another order", () => {
    const typos = ION.filter((name) => name.length > 4).flatMap((name) =>
      [1, name.length >> 1, name.length - 2].flatMap((at) => [
        [name, name.slice(0, at) + name.slice(at + 1)],
        [name, `${name.slice(0, at)}X${name.slice(at)}`],
        [name, name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2)],
      ]),
    );
    const missed = typos.filter(([name = "", typo = ""]) => typo !== name && !similarNames(typo, ION).includes(name));
    expect(missed).toEqual([]);
  });
});

it.each([
  ["purchaseOrders", "PURCHASE_ORDERS"],
  ["purchase-order  lines", "PURCHASE_ORDER_LINES"],
  [" parts\n", "PARTS"],
  ["Run_Steps", "RUN_STEPS"],
])("spells %j as %s", (name, written) => {
  expect(toConstantCase(name)).toBe(written);
});

it.each<[names: string[], hints: string[]]>([
  [[], []],
  [["RUNS"], ["Did you mean RUNS?"]],
  [["RUNS", "RUN_STEPS"], ["Did you mean RUNS or RUN_STEPS?"]],
  [["A", "B", "C"], ["Did you mean A, B or C?"]],
])("suggests %j as %j", (names, hints) => {
  expect(didYouMean(names)).toEqual(hints);
});
