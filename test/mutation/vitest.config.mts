import { defineConfig } from "vitest/config";

// The tests that `npm run mutation` runs for each mutant: those that import provider/ directly and start no engine.
export default defineConfig({
  test: {
    include: ["test/{model,ion,lifecycle,engine,program,functions,resources,schemas,cli}/**/*.test.ts"],
    exclude: [
      // Runs `pulumi up` with the real engine, which takes as long as all other tests together.
      "test/cli/stacks.test.ts",
      // Loads modules a second time, so that code that runs at load would be attributed to it.
      "test/program/programRun.test.ts",
      // Run everything against many schemas, for each mutant.
      "test/schemas/lifecycle.test.ts",
      "test/ion/schema/missingNames.test.ts",
      // Try hundreds of inputs, some at random. Every failure they found has a test of its own.
      ...[
        "lifecycle/secrets",
        "engine/dynamic/crashDump",
        "lifecycle/inputs.fuzz",
        "ion/malformedAnswers.property",
      ].map((name) => `test/${name}.test.ts`),
    ],
    setupFiles: ["test/mutation/loadAll.ts"],
    // Loading the modules again for each file would take most of the time.
    isolate: false,
    testTimeout: 180_000,
  },
});
