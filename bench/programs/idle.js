// As many dynamic resources as many.js makes, with nothing behind them: what Pulumi itself takes for them.
const { Config } = require("@pulumi/pulumi/config");
const { CustomResource } = require("@pulumi/pulumi/resource");

const handler = `exports.handler = () => ({
  create: async (inputs) => ({ id: "1", outs: inputs }),
  read: async (id, props) => ({ id, props }),
})`;

class Idle extends CustomResource {
  constructor(name, inputs) {
    super("pulumi-nodejs:dynamic/bench:Idle", name, { ...inputs, __provider: handler });
  }
}

for (let at = 0; at < new Config().requireNumber("receivers"); at += 1) {
  const receiver = new Idle(`idle-${at}`, {});
  for (let child = 0; child < 34; child += 1) new Idle(`idle-${at}-${child}`, { receiverId: receiver.id });
}
