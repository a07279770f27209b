#!/usr/bin/env node
// Committed, so that npm can link it before dist is built.
const problem = require("../dist/model/nodeVersion.js").nodeProblem(process.versions.node);
if (problem) {
  console.error(problem);
  process.exit(1);
}
require("../dist/cli/main.js").start(require("../package.json").version);
