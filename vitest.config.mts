import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** What tells apart by pauses what belongs together: it runs last and alone. */
const ALONE = ["test/e2e/requests.test.ts"];

export default defineConfig({
  test: {
    // A real Pulumi engine starts Node twice for each command, on two cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Engine tests wait for processes to start most of the time: with a worker a core, the cores are idle half of it.
    maxWorkers: 2 * availableParallelism(),
    projects: [
      {
        extends: true,
        test: { name: "tests", include: ["test/**/*.test.ts"], exclude: [...configDefaults.exclude, ...ALONE] },
      },
      { extends: true, test: { name: "alone", include: ALONE, sequence: { groupOrder: 1 } } },
    ],
  },
});
