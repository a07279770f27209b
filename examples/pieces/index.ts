import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

const erp = new ion.WebhookReceiver("erp", {
  webhookUri: config.requireSecret("webhookUri"),
  description: "Parts and runs for the ERP",
  expectedResponseCode: 202,
  headers: { "X-Plant-Key": config.requireSecret("plantKey") },
});

// Several subscriptions: one for each resource and action.
new ion.WebhookSubscriptions("erp", {
  receiver: erp,
  subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] },
});

// A single subscription.
new ion.WebhookSubscription("erp-parts", { receiver: erp, resource: "PARTS", action: "UPDATE" });

// The receiving service verifies the x-ion-signature header with this secret.
export const sharedSecret = erp.sharedSecret;
