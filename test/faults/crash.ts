import type { Checkpoint } from "../support/fakeEngine.ts";
import type { Fetch } from "../support/support.ts";

/** A process that crashes at its nth checkpoint: before a request, after its response, or before a step is saved. */
export function crashAt(crashPoint: number) {
  const crashed = Promise.withResolvers<void>();
  const inFlight = new Set<Promise<unknown>>();
  let count = 0;
  const checkpoint: Checkpoint = async () => {
    count += 1;
    if (count < crashPoint) return;
    crashed.resolve();
    await new Promise<never>(() => {});
  };
  const send: Fetch = async (input, init) => {
    await checkpoint();
    const request = fetch(input, init).then(async (response) => {
      const { status, headers } = response;
      return new Response(await response.text(), { status, headers });
    });
    inFlight.add(request);
    const done = () => inFlight.delete(request);
    request.then(done, done);
    const response = await request;
    await checkpoint();
    return response;
  };
  return {
    fetch: send,
    checkpoint,
    /** Waits for `run`, or for the crash and the requests that were in flight. Resolves to undefined after a crash. */
    async untilCrash<T>(run: Promise<T>): Promise<T | undefined> {
      const outcome = await Promise.race([run, crashed.promise.then(() => undefined)]);
      await Promise.allSettled(inFlight);
      return outcome;
    },
  };
}
