// The root of this repository is itself a Pulumi project: the Violet stack, by default on the local emulator.
import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

const violet = new ion.VioletWebhooks("violet", { webhookUri: config.requireSecret("webhookUri") });

export const receiverId = violet.receiver.id;
