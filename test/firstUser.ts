/** Asks the ION that the environment names for its receivers, as a process of its own: Node reads some variables once. */
import { resolveConnection } from "../provider/ion/connection.ts";
import { Ion } from "../provider/ion/webhooks.ts";

try {
  const ion = new Ion(
    resolveConnection(() => undefined, process.env),
    { retry: { firstWaitMs: 1 } },
  );
  console.log(`${(await ion.receivers()).size} receivers`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
