import pRetry from "p-retry";
import { IonError, type IonErrorKind } from "../errors.ts";

/** What a failed try leads to: the same again, a look at what happened and then what is missing, or the end. */
export type Next = "retry" | "look" | "giveUp";

/** What is tried: a query changes nothing; a write may not happen twice. */
export type Trying = "query" | "write";

/** One row a kind of failure: what comes next, and how many tries there are in all. */
export const RETRIES: Readonly<Record<IonErrorKind, { query: Next; write: Next; tries: number }>> = {
  unreachable: { query: "retry", write: "retry", tries: 4 },
  rateLimited: { query: "retry", write: "retry", tries: 8 },
  unknownOutcome: { query: "retry", write: "look", tries: 6 },
  unexpectedAnswer: { query: "giveUp", write: "look", tries: 3 },
  config: { query: "giveUp", write: "giveUp", tries: 1 },
  auth: { query: "giveUp", write: "giveUp", tries: 1 },
  permission: { query: "giveUp", write: "giveUp", tries: 1 },
  gone: { query: "giveUp", write: "giveUp", tries: 1 },
  conflict: { query: "giveUp", write: "giveUp", tries: 1 },
  invalid: { query: "giveUp", write: "giveUp", tries: 1 },
  refused: { query: "giveUp", write: "giveUp", tries: 1 },
  unsupported: { query: "giveUp", write: "giveUp", tries: 1 },
  elsewhere: { query: "giveUp", write: "giveUp", tries: 1 },
  ambiguous: { query: "giveUp", write: "giveUp", tries: 1 },
};

/** How long to go on trying. */
export interface RetryOptions {
  /** Milliseconds over all tries. @default 120000 */
  readonly deadlineMs: number;
  /** Milliseconds before the second try; doubled for each after it, with jitter. @default 500 */
  readonly firstWaitMs: number;
}

/** The defaults: some tries, two minutes in all. */
export const RETRY_DEFAULTS: RetryOptions = { deadlineMs: 120_000, firstWaitMs: 500 };

/**
 * Runs `attempt` until it succeeds, the table says stop, or the deadline is over.
 *
 * @param attempt gets what the failure before it asks for: undefined at the first try, then "retry" or "look".
 * @throws the last failure, which then says how often and how long it was tried.
 */
export async function withRetry<T>(
  trying: Trying,
  attempt: (next: Next | undefined) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const started = performance.now();
  let next: Next | undefined;
  let tries = 0;
  try {
    return await pRetry(
      () => {
        tries += 1;
        return attempt(next);
      },
      {
        retries: Math.max(...Object.values(RETRIES).map((row) => row.tries)) - 1,
        minTimeout: options.firstWaitMs,
        factor: 2,
        maxTimeout: 15_000,
        randomize: true,
        maxRetryTime: options.deadlineMs,
        shouldRetry: ({ error }) =>
          error instanceof IonError && RETRIES[error.kind][trying] !== "giveUp" && tries < RETRIES[error.kind].tries,
        onFailedAttempt: async ({ error }) => {
          if (!(error instanceof IonError)) return;
          const { kind, retryAfter } = error;
          // A look that fails tells nothing of the write before it, so the write stays to be looked for.
          next = next === "look" ? "look" : RETRIES[kind][trying];
          const left = options.deadlineMs - (performance.now() - started);
          if (retryAfter !== undefined && retryAfter * 1000 < left) {
            await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
          }
        },
      },
    );
  } catch (error) {
    if (!(error instanceof IonError) || (tries === 1 && RETRIES[error.kind][trying] === "giveUp")) throw error;
    const seconds = Math.max(1, Math.round((performance.now() - started) / 1000));
    const often = tries === 1 ? "once" : `${tries} times`;
    throw new IonError(error.kind, `${error.message} Tried ${often} in ${seconds} s.`);
  }
}
