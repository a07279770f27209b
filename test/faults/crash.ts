import type { Moment } from "../support/fakeEngine.ts";
import type { Fetch } from "../support/support.ts";

/** A process that dies at its nth moment: before a request, after its answer, or before a step is remembered. */
export function crashing(at: number) {
  const dead = Promise.withResolvers<void>();
  const underWay = new Set<Promise<unknown>>();
  let moments = 0;
  const moment: Moment = async () => {
    moments += 1;
    if (moments < at) return;
    dead.resolve();
    await new Promise<never>(() => {});
  };
  const send: Fetch = async (input, init) => {
    await moment();
    const answer = fetch(input, init).then(async (response) => {
      const { status, headers } = response;
      return new Response(await response.text(), { status, headers });
    });
    underWay.add(answer);
    const done = () => underWay.delete(answer);
    answer.then(done, done);
    const response = await answer;
    await moment();
    return response;
  };
  return {
    fetch: send,
    moment,
    /** Ends with `run`, or when the process dies and what it had sent is over. */
    async unlessDead<T>(run: Promise<T>): Promise<T | undefined> {
      const outcome = await Promise.race([run, dead.promise.then(() => undefined)]);
      await Promise.allSettled(underWay);
      return outcome;
    },
  };
}
