import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const PACKED = "tooling/test/packed*.test.ts";

/** Tests that start no server and hardly a process: `pnpm test:quick`. */
const QUICK = [
  "packages/{core,store-connection,store-memory}/test/**/*.test.ts",
  "packages/store-postgres/test/pglite*.test.ts",
  "apps/playground/test/!(cli-*|every-node|expression-limits|hostile-files|open-store|run-worker).test.ts",
  "tooling/test/!(clock-jumps|docs|packed*|wall-clock).test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
    // Most tests wait for processes that they start, so a machine with two cores (CI) has work for two.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // These only end what hangs; they must hold on a machine that is busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: "quick", include: QUICK },
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: ["{packages,apps,examples}/*/test/**/*.test.ts", "tooling/test/**/*.test.ts"],
          exclude: ["**/node_modules/**", PACKED, ...QUICK],
        },
      },
      {
        extends: true,
        test: { name: "packed", include: [PACKED], globalSetup: ["tooling/test/packed/build.ts"] },
      },
    ],
  },
});
