import { defineConfig } from "vitest/config";

// What `npm run mutation` asks of each mutant: the tests that import provider/ as it stands, and start no engine.
export default defineConfig({
  test: {
    include: ["test/{model,ion,lifecycle,engine,program,functions,resources,cli}/**/*.test.ts"],
    exclude: [
      // It runs `pulumi up` under the real engine, for as long as all others together.
      "test/cli/stacks.test.ts",
      // They try hundreds of things for one answer, some at random: what they found has a test of its own.
      ...[
        "lifecycle/secrets",
        "engine/dynamic/crashDump",
        "lifecycle/inputs.fuzz",
        "ion/malformedAnswers.property",
      ].map((name) => `test/${name}.test.ts`),
    ],
    setupFiles: ["test/mutation/loadAll.ts"],
    // Loading the modules anew for each file would be most of the time.
    isolate: false,
    testTimeout: 60_000,
  },
});
