import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = readFileSync(join(import.meta.dirname, "../docs/how-it-works.md"), "utf8");
const [, settings] = /^## What makes it faster$[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
if (!settings) throw new Error('docs/how-it-works.md has no YAML block under "What makes it faster".');

/** The settings for a fast start that replace `runtime: nodejs` in Pulumi.yaml, read from docs/how-it-works.md. */
export const FAST_START: string = settings;
