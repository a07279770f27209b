import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

// One receiver, and 17 resources × CREATE and UPDATE.
const violet = new ion.VioletWebhooks("violet", { webhookUri: config.requireSecret("webhookUri") });

export const receiverId = violet.receiver.id;
export const subscriptions = violet.subscriptions.ids;
