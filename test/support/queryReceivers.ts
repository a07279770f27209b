/**
 * A script that counts the receivers of the ION environment in the environment variables. A process of its own, because
 * Node reads some variables only at its start. Imports the build, as Pulumi does.
 */
import { readSettings, requireSettings } from "../../provider/dist/ion/connectionSettings.js";
import { WebhookApi } from "../../provider/dist/ion/webhookApi.js";

try {
  const settings = requireSettings(readSettings(() => undefined, process.env));
  const ion = new WebhookApi(settings, { retry: { firstWaitMs: 1 } });
  console.log(`${(await ion.receivers()).size} receivers`);
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
