const { Config } = require("@pulumi/pulumi/config");
const { interpolate } = require("@pulumi/pulumi/output");
const ion = require("pulumi-ion/native");

const config = new Config();
const webhookUri = config.requireSecret("webhookUri");
for (let index = 0; index < config.requireNumber("receivers"); index += 1) {
  new ion.VioletWebhooks(`violet-${index}`, {
    name: `Violet ${index}`,
    webhookUri: interpolate`${webhookUri}/${index}`,
  });
}
