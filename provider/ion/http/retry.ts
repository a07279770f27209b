import pRetry from "p-retry";
import { IonError, type IonErrorKind } from "../errors.ts";

/** What follows a failed attempt: the same again, verifying what ION applied and sending the rest, or giving up. */
export type RetryAction = "retry" | "verify" | "giveUp";

/** A query changes nothing; a mutation must not be applied twice. */
export type OperationKind = "query" | "mutation";

/** For each kind of failure: what follows, and how many attempts there are in all. */
export const RETRY_POLICY: Readonly<
  Record<IonErrorKind, { readonly query: RetryAction; readonly mutation: RetryAction; readonly attempts: number }>
> = {
  unreachable: { query: "retry", mutation: "retry", attempts: 4 },
  rateLimited: { query: "retry", mutation: "retry", attempts: 8 },
  unknownOutcome: { query: "retry", mutation: "verify", attempts: 6 },
  unexpectedAnswer: { query: "giveUp", mutation: "verify", attempts: 3 },
  config: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  auth: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  permission: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  gone: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  conflict: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  invalid: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  refused: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  unsupported: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  elsewhere: { query: "giveUp", mutation: "giveUp", attempts: 1 },
  ambiguous: { query: "giveUp", mutation: "giveUp", attempts: 1 },
};

/** How long to retry. */
export interface RetryOptions {
  /** Milliseconds for all attempts. @default 120000 */
  readonly deadlineMs: number;
  /** Milliseconds before the second attempt; doubled before each further one, with jitter. @default 500 */
  readonly firstWaitMs: number;
}

/** The defaults: a few attempts, two minutes in all. */
export const RETRY_DEFAULTS: RetryOptions = { deadlineMs: 120_000, firstWaitMs: 500 };

/**
 * Runs `attempt` until it succeeds, the policy says to give up, or the deadline passes.
 *
 * @param attempt gets what the failure before it asks for: undefined at first, then "retry" or "verify".
 * @throws IonError the last failure, with the number of attempts and the time they took.
 */
export async function withRetry<T>(
  kind: OperationKind,
  attempt: (action: RetryAction | undefined) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const started = performance.now();
  let action: RetryAction | undefined;
  let attempts = 0;
  try {
    return await pRetry(
      () => {
        attempts += 1;
        return attempt(action);
      },
      {
        retries: Math.max(...Object.values(RETRY_POLICY).map((row) => row.attempts)) - 1,
        minTimeout: options.firstWaitMs,
        factor: 2,
        maxTimeout: 15_000,
        randomize: true,
        maxRetryTime: options.deadlineMs,
        shouldRetry: ({ error }) =>
          error instanceof IonError &&
          RETRY_POLICY[error.kind][kind] !== "giveUp" &&
          attempts < RETRY_POLICY[error.kind].attempts,
        onFailedAttempt: async ({ error }) => {
          if (!(error instanceof IonError)) return;
          // A verification that fails says nothing about the mutation before it, which remains to be verified.
          action = action === "verify" ? "verify" : RETRY_POLICY[error.kind][kind];
          const left = options.deadlineMs - (performance.now() - started);
          const { retryAfter } = error;
          if (retryAfter !== undefined && retryAfter * 1000 < left) {
            await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
          }
        },
      },
    );
  } catch (error) {
    if (!(error instanceof IonError) || (attempts === 1 && RETRY_POLICY[error.kind][kind] === "giveUp")) throw error;
    const seconds = Math.max(1, Math.round((performance.now() - started) / 1000));
    const times = attempts === 1 ? "once" : `${attempts} times`;
    throw error.with({ detail: [error.detail, `Tried ${times} in ${seconds} s.`].filter(Boolean).join(" ") });
  }
}
