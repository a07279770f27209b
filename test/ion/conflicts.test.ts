import { expect, it } from "vitest";
import { retryOnConflict } from "../../provider/src/ion/conflicts.ts";
import { IonError } from "../../provider/src/ion/errors.ts";
import { countOf, failureOf, ionOn, start } from "../support/support.ts";

/** Runs a change that fails with each of `failures` in turn: its outcome, how often it ran and how often ION was read. */
async function runWith(...failures: Error[]) {
  const emulator = await start();
  const api = ionOn(emulator);
  let runs = 0;
  const change = async () => {
    await api.receivers();
    const failure = failures[runs++];
    if (failure) throw failure;
    return "done";
  };
  const outcome = await retryOnConflict(api, change).catch((error: Error) => error);
  return { outcome, runs, reads: countOf(emulator, "query") };
}

it("runs a change once if it succeeds", async () => {
  expect(await runWith()).toEqual({ outcome: "done", runs: 1, reads: 1 });
});

it.each(["conflict", "notFound"] as const)("runs a change again with a fresh snapshot after %s", async (kind) => {
  expect(await runWith(new IonError(kind, "It failed."))).toEqual({ outcome: "done", runs: 2, reads: 2 });
});

it.each<[string, Error]>([
  ["any other rejection", new IonError("invalid", "No.")],
  ["a bug", new RangeError("a bug")],
])("throws %s at once, unchanged", async (_what, failure) => {
  expect(await runWith(failure)).toEqual({ outcome: failure, runs: 1, reads: 1 });
});

it("says after a second conflict what happened and what to do", async () => {
  const first = new IonError("conflict", "ION did not update it.");
  const second = new IonError("conflict", "ION did not update it again.", { detail: "The etag differs." });
  const { outcome, runs } = await runWith(first, second);
  const { kind, message } = await failureOf(Promise.reject(outcome));
  expect([kind, runs]).toEqual(["conflict", 2]);
  expect(message).toMatchInlineSnapshot(
    `"ION did not update it again. The etag differs. It was changed again while this ran. Find out who else changes ION's webhooks (a colleague, another stack, a script), then run \`pulumi up\` again."`,
  );
});

it.each<[string, Error]>([
  ["that the object does not exist", new IonError("notFound", "Gone.")],
  ["a bug", new RangeError("a bug")],
])("throws %s unchanged after a conflict", async (_what, failure) => {
  expect(await runWith(new IonError("conflict", "It failed."), failure)).toMatchObject({ outcome: failure, runs: 2 });
});
