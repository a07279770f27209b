import { Config } from "@pulumi/pulumi/config.js";
import * as ion from "pulumi-ion";

const config = new Config();

// The connection "staging" is what ion-staging:region, ion-staging:stage, ion-staging:clientId and so on set.
for (const connection of ["staging", "production"]) {
  new ion.VioletWebhooks(connection, { connection, webhookUri: config.requireSecret(`${connection}Uri`) });
}
