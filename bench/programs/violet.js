const pulumi = require("@pulumi/pulumi");
const ion = require("pulumi-ion");

new ion.VioletWebhooks("violet", { webhookUri: new pulumi.Config().requireSecret("webhookUri") });
