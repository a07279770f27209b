import { describe, expect, it } from "vitest";
import { IonError, type IonErrorKind } from "../../../provider/src/ion/errors.ts";
import { type OperationKind, RETRY_POLICY, type RetryAction, withRetry } from "../../../provider/src/ion/http/retry.ts";
import { failureOf } from "../../support/support.ts";

const NO_WAIT = { deadlineMs: 60_000, firstWaitMs: 0 };

/** An attempt that fails with each of `failures` in turn, then with the last one forever; records the action of each attempt. */
function failing(...failures: [Error, ...Error[]]) {
  const actions: (RetryAction | undefined)[] = [];
  const attempt = async (action: RetryAction | undefined) => {
    const failure = failures[Math.min(actions.length, failures.length - 1)];
    actions.push(action);
    throw failure;
  };
  return { actions, attempt };
}

/** How long it took depends on the machine. */
const withoutTime = (text: string | undefined) => text?.replace(/in \d+ s\./, "in 1 s.");

const attempts = (count: number, action: RetryAction) => [undefined, ...Array<RetryAction>(count - 1).fill(action)];
const ONCE = { query: [undefined], mutation: [undefined] };
const EXPECTED: Record<IonErrorKind, Record<OperationKind, (RetryAction | undefined)[]>> = {
  unreachable: { query: attempts(4, "retry"), mutation: attempts(4, "retry") },
  rateLimited: { query: attempts(8, "retry"), mutation: attempts(8, "retry") },
  unknownOutcome: { query: attempts(6, "retry"), mutation: attempts(6, "verify") },
  unexpectedAnswer: { query: [undefined], mutation: attempts(3, "verify") },
  config: ONCE,
  auth: ONCE,
  permission: ONCE,
  notFound: ONCE,
  conflict: ONCE,
  invalid: ONCE,
  refused: ONCE,
  unsupported: ONCE,
  elsewhere: ONCE,
  ambiguous: ONCE,
};

describe.each(Object.entries(EXPECTED) as [IonErrorKind, (typeof EXPECTED)[IonErrorKind]][])(
  "after %s",
  (kind, row) => {
    it.each(["query", "mutation"] as const)("repeats a %s as the policy says", async (operation) => {
      const { actions, attempt } = failing(new IonError(kind, "It failed."));
      const failure = await failureOf(withRetry(operation, attempt, NO_WAIT));
      expect(actions).toEqual(row[operation]);
      expect(failure.kind).toBe(kind);
      expect(withoutTime(failure.detail)).toBe(
        actions.length === 1 ? undefined : `Tried ${actions.length} times in 1 s.`,
      );
    });
  },
);

it("has a policy for every kind of failure", () => {
  expect(Object.keys(EXPECTED).sort()).toEqual(Object.keys(RETRY_POLICY).sort());
});

it("stops after the first attempt that succeeds", async () => {
  const actions: (RetryAction | undefined)[] = [];
  const attempt = async (action: RetryAction | undefined) => {
    if (actions.push(action) < 3) throw new IonError("unreachable", "It failed.");
    return "done";
  };
  await expect(withRetry("mutation", attempt, NO_WAIT)).resolves.toBe("done");
  expect(actions).toEqual([undefined, "retry", "retry"]);
});

it.each(["unreachable", "rateLimited", "unknownOutcome"] as const)(
  "keeps verifying after an unknown outcome if the verification fails as %s",
  async (kind) => {
    const { actions, attempt } = failing(new IonError("unknownOutcome", "Lost."), new IonError(kind, "It failed."));
    await failureOf(withRetry("mutation", attempt, NO_WAIT));
    expect(actions).toEqual(attempts(actions.length, "verify"));
    expect(actions.length).toBeGreaterThan(2);
  },
);

it("adds the number of attempts and the time to what the failure says", async () => {
  const { attempt } = failing(new IonError("unreachable", "It failed.", { detail: "Why.", hints: ["What to do."] }));
  const { message } = await failureOf(withRetry("query", attempt, NO_WAIT));
  expect(withoutTime(message)).toMatchInlineSnapshot(`"It failed. Why. Tried 4 times in 1 s. What to do."`);
});

it("stops at the deadline before all attempts are used, and says so", async () => {
  const { actions, attempt } = failing(new IonError("rateLimited", "It failed."));
  const { message } = await failureOf(withRetry("query", attempt, { deadlineMs: 0, firstWaitMs: 0 }));
  expect(actions).toEqual([undefined]);
  expect(withoutTime(message)).toMatchInlineSnapshot(`"It failed. Tried once in 1 s."`);
});

it("shortens a wait that would exceed the deadline, and tries once more after it", async () => {
  const { actions, attempt } = failing(new IonError("rateLimited", "It failed."));
  const { detail } = await failureOf(withRetry("query", attempt, { deadlineMs: 30, firstWaitMs: 10_000 }));
  expect(actions.slice(0, 2)).toEqual([undefined, "retry"]);
  expect(withoutTime(detail)).toBe(`Tried ${actions.length} times in 1 s.`);
});

it("waits as long as Retry-After says", async () => {
  const started = performance.now();
  const { actions, attempt } = failing(
    new IonError("rateLimited", "It failed.", { retryAfter: 0.2 }),
    new IonError("config", "Enough."),
  );
  await failureOf(withRetry("query", attempt, NO_WAIT));
  expect(actions).toHaveLength(2);
  expect(performance.now() - started).toBeGreaterThanOrEqual(190);
});

it("ignores a Retry-After beyond the deadline", async () => {
  const { actions, attempt } = failing(
    new IonError("rateLimited", "It failed.", { retryAfter: 3600 }),
    new IonError("config", "Enough."),
  );
  await failureOf(withRetry("query", attempt, NO_WAIT));
  expect(actions.length).toBeLessThanOrEqual(2);
});

it("throws what is not an IonError at once, unchanged", async () => {
  const bug = new RangeError("a bug");
  const { actions, attempt } = failing(bug);
  await expect(withRetry("mutation", attempt, NO_WAIT)).rejects.toBe(bug);
  expect(actions).toEqual([undefined]);
});
