import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

const receiver = new ion.WebhookReceiver("shop-floor", {
  webhookUri: config.requireSecret("webhookUri"),
  // The status that receiver.ts returns. ION retries an event when it gets any other status.
  expectedResponseCode: 204,
});

new ion.WebhookSubscriptions("shop-floor", {
  receiver,
  subscriptions: { PARTS: ["CREATE", "UPDATE"], RUNS: ["UPDATE"] },
});

// ION generates this secret; receiver.ts verifies signatures with it.
export const sharedSecret = receiver.sharedSecret;
