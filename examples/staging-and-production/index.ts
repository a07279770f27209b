import * as pulumi from "@pulumi/pulumi";
import * as ion from "pulumi-ion";

const config = new pulumi.Config();

// The connection "staging" reads ion-staging:region, ion-staging:clientId and so on from the stack config.
for (const connection of ["staging", "production"]) {
  new ion.VioletWebhooks(connection, { connection, webhookUri: config.requireSecret(`${connection}Uri`) });
}
