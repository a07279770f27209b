import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

const violet = new ion.VioletWebhooks("violet", {
  webhookUri: config.requireSecret("webhookUri"),
  resources: ["PARTS", "RUNS", "RUN_STEPS", "ISSUES", "PURCHASE_ORDER_LINES"],
  // ION sends no event when a purchase order line is created, and this team does not need issue updates.
  exclude: { PURCHASE_ORDER_LINES: ["CREATE"], ISSUES: ["UPDATE"] },
});

export const receiverId = violet.receiver.id;
export const subscriptions = violet.subscriptions.ids;
