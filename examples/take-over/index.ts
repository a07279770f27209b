import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

// Named as in ION. The URL is left out: it stays as it is, and whoever takes over need not know it.
const receiver = new ion.WebhookReceiver("erp", { name: "ERP hooks", importId: config.require("receiverId") });

// Those that are there are taken over; those that are not are made.
new ion.WebhookSubscriptions("erp", {
  receiverId: receiver.id,
  subscriptions: { PARTS: ["CREATE", "UPDATE"], RUNS: ["UPDATE"] },
});
