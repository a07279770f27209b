import { readFileSync } from "node:fs";
import { join } from "node:path";

const page = readFileSync(join(import.meta.dirname, "../docs/how-it-works.md"), "utf8");
const [, settings] = /^## What makes it faster$[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(page) ?? [];
if (!settings) throw new Error("docs/how-it-works.md says no longer what to add to Pulumi.yaml for a fast start.");

/** What docs/how-it-works.md says to put into Pulumi.yaml in place of `runtime: nodejs`: it is tested and measured as it stands there. */
export const FAST_START: string = settings;
