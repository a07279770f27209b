import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // A real Pulumi engine starts Node twice for each command, on two cores.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
