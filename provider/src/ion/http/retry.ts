import { setTimeout as sleep } from "node:timers/promises";
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
  notFound: { query: "giveUp", mutation: "giveUp", attempts: 1 },
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
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt(action);
    } catch (error) {
      if (!(error instanceof IonError)) throw error;
      const policy = RETRY_POLICY[error.kind];
      const elapsed = performance.now() - started;
      const left = options.deadlineMs - elapsed;
      if (policy[kind] === "giveUp" || attempts >= policy.attempts || left <= 0) {
        throw attempts === 1 && policy[kind] === "giveUp" ? error : withAttempts(error, attempts, elapsed);
      }
      // A verification that fails says nothing about the mutation before it, which remains to be verified.
      if (action !== "verify") action = policy[kind];
      await sleep(Math.min(left, waitMs(error, attempts, left, options)));
    }
  }
}

/** Milliseconds to wait before the next attempt: what ION asked for if the deadline allows it, at least the backoff. */
function waitMs({ retryAfter = 0 }: IonError, attempts: number, leftMs: number, { firstWaitMs }: RetryOptions): number {
  const backoff = Math.min(MAX_WAIT_MS, firstWaitMs * 2 ** (attempts - 1)) * (1 + Math.random());
  const asked = retryAfter * 1000;
  return Math.max(backoff, asked < leftMs ? asked : 0);
}

const MAX_WAIT_MS = 15_000;

function withAttempts(error: IonError, attempts: number, elapsedMs: number): IonError {
  const seconds = Math.max(1, Math.round(elapsedMs / 1000));
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return error.add({ detail: `Tried ${times} in ${seconds} s.` });
}
