// The same number of dynamic resources as in many.js, without code: the time that Pulumi itself takes for them.
const { Config } = require("@pulumi/pulumi/config");
const { CustomResource } = require("@pulumi/pulumi/resource");

const handler = `exports.handler = () => ({
  create: async (inputs) => ({ id: "1", outs: inputs }),
  read: async (id, props) => ({ id, props }),
})`;

class NoOp extends CustomResource {
  constructor(name, inputs) {
    super("pulumi-nodejs:dynamic/bench:NoOp", name, { ...inputs, __provider: handler });
  }
}

for (let index = 0; index < new Config().requireNumber("receivers"); index += 1) {
  const receiver = new NoOp(`no-op-${index}`, {});
  for (let child = 0; child < 34; child += 1) new NoOp(`no-op-${index}-${child}`, { receiverId: receiver.id });
}
