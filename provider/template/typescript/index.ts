import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

// One receiver with 34 subscriptions: 17 resources × CREATE and UPDATE.
const violet = new ion.VioletWebhooks("violet", { webhookUri: config.requireSecret("webhookUri") });

export const receiverId = violet.receiver.id;
export const subscriptions = violet.subscriptions.ids;
