/** A webhook receiver and its subscriptions, in TypeScript over the provider plugin. */
import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion/native";

const config = new pulumi.Config();

const erp = new ion.WebhookReceiver("erp", {
  webhookUri: config.requireSecret("webhookUri"),
  headers: { "X-Plant": "7" },
});
new ion.WebhookSubscription("parts", { receiver: erp, resource: "PARTS", action: "UPDATE" });
new ion.WebhookSubscription("runs", { receiver: erp, resource: "RUNS", action: "CREATE" });

export const sharedSecret = erp.sharedSecret;
