/** Asks the ION that the environment names for its receivers, as a process of its own: Node reads some variables once. As built, as Pulumi runs it. */
import { resolveSettings } from "../../provider/dist/ion/connectionSettings.js";
import { WebhookApi } from "../../provider/dist/ion/webhookApi.js";

try {
  const ion = new WebhookApi(
    resolveSettings(() => undefined, process.env),
    { retry: { firstWaitMs: 1 } },
  );
  console.log(`${(await ion.receivers()).size} receivers`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
