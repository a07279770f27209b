import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

const violet = new ion.VioletWebhooks("violet", { webhookUri: config.requireSecret("webhookUri") });

export const receiverId = violet.receiver.id;
