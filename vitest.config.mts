import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests whose requests must not be delayed by other tests. They run after all others. */
const ALONE = ["test/e2e/requests.test.ts"];

/** The e2e tests that take minutes, longest first, so that none of them starts last. */
const LONG = [
  "pulumiOptions",
  "languages",
  "kill",
  "fakeEngine",
  "plugin",
  "adoption",
  "resources",
  "refusals",
  "histories",
  "secrets",
  "drift",
  "programs",
  "examples",
  "connections",
  "backends",
  "vendor",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONG.findIndex((name) => moduleId.endsWith(`/e2e/${name}.test.ts`));
      return index < 0 ? LONG.length : index;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // The real Pulumi engine starts Node twice for each command.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Engine tests mostly wait for processes to start: with one worker per core, the cores would be idle half the time.
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
