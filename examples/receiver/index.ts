import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

const receiver = new ion.WebhookReceiver("shop-floor", {
  webhookUri: config.requireSecret("webhookUri"),
  // What receiver.ts answers. At any other status, ION sends the event again.
  expectedResponseCode: 204,
});

new ion.WebhookSubscriptions("shop-floor", {
  receiverId: receiver.id,
  subscriptions: { PARTS: ["CREATE", "UPDATE"], RUNS: ["UPDATE"] },
});

// What receiver.ts checks signatures with; ION made it.
export const sharedSecret = receiver.sharedSecret;
