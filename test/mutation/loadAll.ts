import { globSync } from "node:fs";
import { resolve } from "node:path";

// What a module does when it is loaded is then none of a test's doing, also where a test is the first to ask for it.
for (const file of globSync("provider/{index,*/**/*}.ts")) await import(resolve(file));
