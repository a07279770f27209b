import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What tells apart by pauses what belongs together: it runs alone. */
const ALONE = ["test/e2e/requests.test.ts"];

/** What takes minutes, longest first: begun last, it would keep one worker busy while the others are done. */
const LONG = ["kill", "takeover", "resources", "refusals", "histories", "programs", "examples", "connections"];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/e2e/${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
