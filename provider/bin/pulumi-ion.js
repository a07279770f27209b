#!/usr/bin/env node
// Committed, so that npm can link it before dist is built.
if (Number(process.versions.node.split(".")[0]) < 22) {
  console.error(`pulumi-ion: Node ${process.versions.node} is too old: it needs Node 22.12 or newer.`);
  process.exit(1);
}
require("../dist/cli/main.js").start(require("../package.json").version);
