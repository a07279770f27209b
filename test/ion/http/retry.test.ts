import { describe, expect, it } from "vitest";
import { IonError, type IonErrorKind } from "../../../provider/ion/errors.ts";
import { type Next, RETRIES, type Trying, withRetry } from "../../../provider/ion/http/retry.ts";
import { failureOf } from "../../support/support.ts";

const AT_ONCE = { deadlineMs: 60_000, firstWaitMs: 0 };

/** Fails with each of `failures` in turn, then with the last one forever; tells what every try was told. */
function failing(...failures: [Error, ...Error[]]) {
  const told: (Next | undefined)[] = [];
  const attempt = async (next: Next | undefined) => {
    const failure = failures[Math.min(told.length, failures.length - 1)];
    told.push(next);
    throw failure;
  };
  return { told, attempt };
}

const again = (tries: number, next: Next) => [undefined, ...Array<Next>(tries - 1).fill(next)];
const TABLE: Record<IonErrorKind, Record<Trying, (Next | undefined)[]>> = {
  unreachable: { query: again(4, "retry"), write: again(4, "retry") },
  rateLimited: { query: again(8, "retry"), write: again(8, "retry") },
  unknownOutcome: { query: again(6, "retry"), write: again(6, "look") },
  unexpectedAnswer: { query: [undefined], write: again(3, "look") },
  config: { query: [undefined], write: [undefined] },
  auth: { query: [undefined], write: [undefined] },
  permission: { query: [undefined], write: [undefined] },
  gone: { query: [undefined], write: [undefined] },
  conflict: { query: [undefined], write: [undefined] },
  invalid: { query: [undefined], write: [undefined] },
  refused: { query: [undefined], write: [undefined] },
  unsupported: { query: [undefined], write: [undefined] },
  elsewhere: { query: [undefined], write: [undefined] },
  ambiguous: { query: [undefined], write: [undefined] },
};

describe.each(Object.entries(TABLE) as [IonErrorKind, (typeof TABLE)[IonErrorKind]][])("after %s", (kind, row) => {
  it.each(["query", "write"] as const)(`a %s is tried as the table says`, async (trying) => {
    const { told, attempt } = failing(new IonError(kind, "It failed."));
    const { kind: ended, message } = await failureOf(withRetry(trying, attempt, AT_ONCE));
    expect(told).toEqual(row[trying]);
    expect(ended).toBe(kind);
    expect(message).toBe(told.length === 1 ? "It failed." : `It failed. Tried ${told.length} times in 1 s.`);
  });
});

it("the table has a row for every kind of failure", () => {
  expect(Object.keys(TABLE).sort()).toEqual(Object.keys(RETRIES).sort());
});

it("a try that succeeds is the last", async () => {
  const told: (Next | undefined)[] = [];
  const attempt = async (next: Next | undefined) => {
    if (told.push(next) < 3) throw new IonError("unreachable", "It failed.");
    return "done";
  };
  await expect(withRetry("write", attempt, AT_ONCE)).resolves.toBe("done");
  expect(told).toEqual([undefined, "retry", "retry"]);
});

it.each(["unreachable", "rateLimited", "unknownOutcome"] as const)(
  "once an answer was lost, a look that fails as %s does not turn it into a plain repeat",
  async (kind) => {
    const { told, attempt } = failing(new IonError("unknownOutcome", "Lost."), new IonError(kind, "It failed."));
    await failureOf(withRetry("write", attempt, AT_ONCE));
    expect(told).toEqual(again(told.length, "look"));
    expect(told.length).toBeGreaterThan(2);
  },
);

it("the deadline ends it before the tries are used up, and the error says so", async () => {
  const { told, attempt } = failing(new IonError("rateLimited", "It failed."));
  const { message } = await failureOf(withRetry("query", attempt, { deadlineMs: 0, firstWaitMs: 0 }));
  expect(told).toEqual([undefined]);
  expect(message).toBe("It failed. Tried once in 1 s.");
});

it("a wait is never longer than the deadline, and ends in one more try", async () => {
  const { told, attempt } = failing(new IonError("rateLimited", "It failed."));
  const { message } = await failureOf(withRetry("query", attempt, { deadlineMs: 30, firstWaitMs: 10_000 }));
  expect(told.slice(0, 2)).toEqual([undefined, "retry"]);
  expect(message).toBe(`It failed. Tried ${told.length} times in 1 s.`);
});

it("Retry-After is waited for", async () => {
  const started = performance.now();
  const { told, attempt } = failing(
    new IonError("rateLimited", "It failed.", { retryAfter: 0.2 }),
    new IonError("config", "Enough."),
  );
  await failureOf(withRetry("query", attempt, AT_ONCE));
  expect(told).toHaveLength(2);
  expect(performance.now() - started).toBeGreaterThanOrEqual(190);
});

it("a Retry-After beyond the deadline is not waited for", async () => {
  const { told, attempt } = failing(
    new IonError("rateLimited", "It failed.", { retryAfter: 3600 }),
    new IonError("config", "Enough."),
  );
  await failureOf(withRetry("query", attempt, AT_ONCE));
  expect(told.length).toBeLessThanOrEqual(2);
});

it("what is not an IonError is let through at once, as it is", async () => {
  const bug = new RangeError("a bug");
  const { told, attempt } = failing(bug);
  await expect(withRetry("write", attempt, AT_ONCE)).rejects.toBe(bug);
  expect(told).toEqual([undefined]);
});
