import { describe, expect, it } from "vitest";
import { ACTIONS, VIOLET_RESOURCES } from "../../provider/ion/facts.ts";
import { didYouMean, nearNames, toConstantCase } from "../../provider/model/suggestions.ts";

const ION = [...VIOLET_RESOURCES, "ADDRESSES", "COMMENTS", "PARTS_INVENTORIES", "USERS"];
const NEWER = ["RUN", ...ION.filter((name) => name !== "RUNS")];

describe("a name near", () => {
  it.each<[string, string[], readonly string[]]>([
    ["RUN", ["RUNS"], ION],
    ["RUNS", ["RUN"], NEWER],
    ["RUN", ["RUNS"], [...ION, "RUN"]],
    ["PART", ["PARTS"], ION],
    ["parts", ["PARTS"], ION],
    ["Run Step", ["RUN_STEPS"], ION],
    ["purchaseOrderLine", ["PURCHASE_ORDER_LINES"], ION],
    ["PARTS_INVENTORY", ["PARTS_INVENTORIES"], ION],
    ["ADDRESS", ["ADDRESSES"], ION],
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
  ])("%j is %j", (name, near, known) => {
    expect(nearNames(name, known)).toEqual(near);
  });

  it("is never the name itself, and there are three at most", () => {
    for (const name of ION) expect(nearNames(name, ION)).not.toContain(name);
    expect(nearNames("ITEMS", ["A_ITEMS", "B_ITEMS", "C_ITEMS", "D_ITEMS"])).toHaveLength(3);
  });

  it("is found for every known name that lacks a letter, has one too many, or has two in another order", () => {
    const slips = ION.filter((name) => name.length > 4).flatMap((name) =>
      [1, name.length >> 1, name.length - 2].flatMap((at) => [
        [name, name.slice(0, at) + name.slice(at + 1)],
        [name, `${name.slice(0, at)}X${name.slice(at)}`],
        [name, name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2)],
      ]),
    );
    const missed = slips.filter(([name = "", slip = ""]) => slip !== name && !nearNames(slip, ION).includes(name));
    expect(missed).toEqual([]);
  });
});

it.each([
  ["purchaseOrders", "PURCHASE_ORDERS"],
  ["purchase-order  lines", "PURCHASE_ORDER_LINES"],
  [" parts\n", "PARTS"],
  ["Run_Steps", "RUN_STEPS"],
])("%j in ION's writing is %s", (name, written) => {
  expect(toConstantCase(name)).toBe(written);
});

it.each<[string[], string]>([
  [[], ""],
  [["RUNS"], ". Did you mean RUNS?"],
  [["RUNS", "RUN_STEPS"], ". Did you mean RUNS or RUN_STEPS?"],
  [["A", "B", "C"], ". Did you mean A, B or C?"],
])("%j is asked for as %j", (names, words) => {
  expect(didYouMean(names)).toBe(words);
});
