import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

const erp = new ion.WebhookReceiver("erp", {
  webhookUri: config.requireSecret("webhookUri"),
  description: "Parts and runs for the ERP",
  expectedResponseCode: 202,
  headers: { "X-Plant-Key": config.requireSecret("plantKey") },
});

// A set: one subscription for each pair.
new ion.WebhookSubscriptions("erp", {
  receiverId: erp.id,
  subscriptions: { RUNS: ["CREATE", "UPDATE"], ISSUES: ["CREATE"] },
});

// A single one.
new ion.WebhookSubscription("erp-parts", { receiverId: erp.id, resource: "PARTS", action: "UPDATE" });

// What the receiving end checks x-ion-signature with.
export const sharedSecret = erp.sharedSecret;
