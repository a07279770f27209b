import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

// The same name as in ION, so that importing changes nothing. The omitted webhookUri keeps its current value.
const receiver = new ion.WebhookReceiver("erp", { name: "ERP hooks", importId: config.require("receiverId") });

// Existing subscriptions are adopted; missing ones are created.
new ion.WebhookSubscriptions("erp", {
  receiver,
  subscriptions: { PARTS: ["CREATE", "UPDATE"], RUNS: ["UPDATE"] },
});
