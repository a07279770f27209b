import { expect, it } from "vitest";
import { retryOnConflict } from "../../provider/ion/conflicts.ts";
import { IonError } from "../../provider/ion/errors.ts";
import { countOf, failureOf, ionOn, start } from "../support/support.ts";

/** Runs a change that fails with each of `failures` in turn; tells what became of it, how often it ran and how often ION was asked. */
async function raced(...failures: Error[]) {
  const emulator = await start();
  const ion = ionOn(emulator);
  let times = 0;
  const change = async () => {
    await ion.receivers();
    const failure = failures[times++];
    if (failure) throw failure;
    return "done";
  };
  const ended = await retryOnConflict(ion, change).catch((error: Error) => error);
  return { ended, times, looks: countOf(emulator, "query") };
}

it("a change that works is made once", async () => {
  expect(await raced()).toEqual({ ended: "done", times: 1, looks: 1 });
});

it.each(["conflict", "gone"] as const)(
  "a change that comes upon a %s is made again, after a fresh look",
  async (kind) => {
    expect(await raced(new IonError(kind, "Lost."))).toEqual({ ended: "done", times: 2, looks: 2 });
  },
);

it.each<[string, Error]>([
  ["any other refusal", new IonError("invalid", "No.")],
  ["a bug", new RangeError("a bug")],
])("%s is let through at once, as it is", async (_what, failure) => {
  expect(await raced(failure)).toEqual({ ended: failure, times: 1, looks: 1 });
});

it("a second conflict says who should look at what", async () => {
  const { ended, times } = await raced(new IonError("conflict", "Lost."), new IonError("conflict", "Lost again."));
  const { kind, message } = await failureOf(Promise.reject(ended));
  expect([kind, times]).toEqual(["conflict", 2]);
  expect(message).toBe(
    "Lost again. Somebody or something else changes it at the same time: find out who works on ION's webhooks " +
      "(a colleague, another stack, a script), then run `pulumi up` again.",
  );
});

it.each<[string, Error]>([
  ["an object that is gone", new IonError("gone", "Gone.")],
  ["a bug", new RangeError("a bug")],
])("after a conflict, %s is let through as it is", async (_what, failure) => {
  expect(await raced(new IonError("conflict", "Lost."), failure)).toMatchObject({ ended: failure, times: 2 });
});
