import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();
const quiet = { logging: local.Logging.None };

// Replace 1Password's `op read` with any command that prints one value. It runs again whenever urlVersion changes.
const vault = new local.Command(
  "webhook-url",
  {
    create: 'op read --no-newline "$VAULT_ITEM"',
    environment: { VAULT_ITEM: config.require("vaultItem") },
    triggers: [config.requireNumber("urlVersion")],
    ...quiet,
  },
  { additionalSecretOutputs: ["stdout"] },
);

const erp = new ion.WebhookReceiver("erp", { webhookUri: pulumi.secret(vault.stdout) });
const subscriptions = new ion.WebhookSubscriptions("erp", {
  receiver: erp,
  subscriptions: { PARTS: ["CREATE", "UPDATE"] },
});

// Posts one signed test event when the receiver is created and whenever its URL or secret changes.
new local.Command(
  "smoke",
  {
    create: "node smoke.mjs",
    // Environment variables, because every process on the machine can read a command line.
    environment: { WEBHOOK_URI: erp.webhookUri, SHARED_SECRET: erp.sharedSecret.apply((secret) => secret ?? "") },
    triggers: [erp.id, erp.webhookUri, erp.sharedSecret],
    ...quiet,
  },
  { dependsOn: subscriptions, additionalSecretOutputs: ["environment", "triggers"] },
);
