const pulumi = require("@pulumi/pulumi");
const ion = require("pulumi-ion");

const config = new pulumi.Config();
const webhookUri = config.requireSecret("webhookUri");
for (let at = 0; at < config.requireNumber("receivers"); at += 1) {
  new ion.VioletWebhooks(`violet-${at}`, { name: `Violet ${at}`, webhookUri: pulumi.interpolate`${webhookUri}/${at}` });
}
