#!/usr/bin/env node
// Committed, so that npm can link it before dist is built.
require("../dist/cli/main.js").start(require("../package.json").version);
