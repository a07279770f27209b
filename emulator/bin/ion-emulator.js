#!/usr/bin/env node
// Committed, so that npm can link it before dist is built.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  console.error(`ion-emulator: Node ${process.versions.node} is too old: it needs Node 22.12 or newer.`);
  process.exit(1);
}
await import("../dist/cli/main.js");
