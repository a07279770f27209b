const { Config } = require("@pulumi/pulumi/config");
const ion = require("pulumi-ion/native");

new ion.VioletWebhooks("violet", { webhookUri: new Config().requireSecret("webhookUri") });
