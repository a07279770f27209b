import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import * as ion from "pulumi-ion";
import { expect, it, onTestFinished } from "vitest";
import { startEmulator } from "../../emulator/index.ts";

it("one process runs the programs of several stacks at the same time, each for its own ION environment", async () => {
  const state = await mkdtemp(join(tmpdir(), "pulumi-ion-inline-"));
  onTestFinished(() => rm(state, { recursive: true, force: true }));
  const program = async () => {
    const webhookUri = new pulumi.Config().requireSecret("webhookUri");
    const receiver = new ion.WebhookReceiver("erp", { webhookUri });
    new ion.WebhookSubscription("erp-parts", { receiver, resource: "PARTS", action: "UPDATE" });
    return { receiverId: receiver.id };
  };

  const names = ["one", "two", "three"];
  const results = await Promise.all(
    names.map(async (stackName) => {
      const emulator = await startEmulator({ port: 0 });
      onTestFinished(() => emulator.close());
      const envVars = { PULUMI_BACKEND_URL: `file://${state}`, PULUMI_CONFIG_PASSPHRASE: "test" };
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName, projectName: "inline", program },
        { envVars },
      );
      await stack.setAllConfig({
        "ion:endpoint": { value: emulator.graphqlUrl },
        "ion:authUrl": { value: emulator.tokenUrl },
        "ion:clientId": { value: emulator.clientId },
        "ion:clientSecret": { value: emulator.clientSecret, secret: true },
        webhookUri: { value: "https://erp.example/hook", secret: true },
      });
      const { outputs } = await stack.up();
      const created = [emulator.store.listReceivers(), emulator.store.listSubscriptions()].map(({ length }) => length);
      const { changeSummary } = await stack.preview();
      await stack.destroy();
      return { id: outputs.receiverId?.value, created, changeSummary, left: emulator.store.listReceivers() };
    }),
  );

  const expected = { id: "1", created: [1, 1], changeSummary: { same: 3 }, left: [] };
  expect(results).toEqual(names.map(() => expected));
});
