/** `npm run mutation`: changes one thing in provider/ at a time (a mutant) and checks that some test fails. */
export default {
  testRunner: "vitest",
  // Run all tests, not only those that import the mutated file directly.
  vitest: { configFile: "test/mutation/vitest.config.mts", related: false },
  mutate: ["provider/src/**/*.ts"],
  coverageAnalysis: "perTest",
  // Code that runs once at load (tables, schemas) belongs to no single test: each such mutant would need all of them.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: ".stryker/incremental.json",
  tempDirName: ".stryker/tmp",
  reporters: ["clear-text", "progress-append-only", "json"],
  jsonReporter: { fileName: ".stryker/report.json" },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  ignorePatterns: ["/bench", "/tools", "/examples", "/test/tools", "/test/emulator", ".demo"],
  // Tests often wait for a batch to be sent, so that two cores can run three at a time.
  concurrency: 3,
  timeoutMS: 10_000,
  thresholds: { high: 95, low: 90, break: 85 },
};
