import { defineConfig } from "vitest/config";

// What `npm run mutation` asks of each mutant: the tests that import provider/ as it stands, and start no engine.
export default defineConfig({
  test: {
    include: ["test/*.test.ts", "test/ion/*.test.ts", "test/hostile/*.test.ts"],
    // These read the sources as text: a mutant is not there for them to find.
    exclude: ["test/layout.test.ts", "test/readme.test.ts"],
    testTimeout: 60_000,
  },
});
