/** `npm run mutation`: are the tests any good? Each mutant is provider/ with one thing changed, which some test has to notice. */
export default {
  testRunner: "vitest",
  // Not only the tests that name the mutated file in an import: the others run it, too.
  vitest: { configFile: "vitest.mutation.config.mts", related: false },
  mutate: ["provider/**/*.ts", "!provider/dist/**"],
  coverageAnalysis: "perTest",
  // What runs once, when a module is loaded (tables, schemas), cannot be told by test: each such mutant would take all of them.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: ".stryker/incremental.json",
  tempDirName: ".stryker/tmp",
  reporters: ["clear-text", "progress-append-only", "json"],
  jsonReporter: { fileName: ".stryker/report.json" },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  ignorePatterns: ["/bench", "/tools", "/examples", "/test/engine", "/test/emulator", ".demo"],
  // Tests wait for batches to leave: two cores have time for three.
  concurrency: 3,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 85 },
};
