/** Asks the ION that the environment names for its receivers, as a process of its own: Node reads some variables once. As built, as Pulumi runs it. */
import { resolveConnection } from "../../provider/dist/ion/connectionSettings.js";
import { Ion } from "../../provider/dist/ion/webhookApi.js";

try {
  const ion = new Ion(
    resolveConnection(() => undefined, process.env),
    { retry: { firstWaitMs: 1 } },
  );
  console.log(`${(await ion.receivers()).size} receivers`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
