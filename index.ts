import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

const violet = new ion.VioletWebhooks("violet", { webhookUri: config.requireSecret("webhookUri") });

export const receiverId = violet.receiver.id;
