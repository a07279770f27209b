const { Config } = require("@pulumi/pulumi/config");
const { interpolate } = require("@pulumi/pulumi/output");
const ion = require("pulumi-ion");

const config = new Config();
const webhookUri = config.requireSecret("webhookUri");
for (let at = 0; at < config.requireNumber("receivers"); at += 1) {
  new ion.VioletWebhooks(`violet-${at}`, { name: `Violet ${at}`, webhookUri: interpolate`${webhookUri}/${at}` });
}
