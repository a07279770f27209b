import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

const violet = new ion.VioletWebhooks("violet", {
  webhookUri: config.requireSecret("webhookUri"),
  resources: ["PARTS", "RUNS", "RUN_STEPS", "ISSUES", "PURCHASE_ORDER_LINES"],
  // ION sends nothing when a purchase order line is created, and nobody reads updates of issues here.
  exclude: { PURCHASE_ORDER_LINES: ["CREATE"], ISSUES: ["UPDATE"] },
});

export const receiverId = violet.receiver.id;
export const subscriptions = violet.subscriptions.ids;
