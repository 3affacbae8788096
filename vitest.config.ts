import { availableParallelism } from "node:os";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const PACKED = "tooling/test/packed*.test.ts";

/** Tests that start no server and hardly a process: `pnpm test:quick`. */
const QUICK = [
  "packages/{core,store-connection,store-memory}/test/**/*.test.ts",
  "packages/inspector/test/!(browser*|command).test.ts",
  "packages/store-postgres/test/pglite*.test.ts",
  "apps/playground/test/!(cli-*|every-node|expression-limits|hostile-files|open-store|run-worker).test.ts",
  "tooling/test/!(clock-jumps|docs*|packed*|wall-clock).test.ts",
];

/** The tests of stores that depend on the driver: they run on the oldest supported one, too. */
const OLDER = [
  "packages/store-postgres/test/{older-driver,schema,borrowed,in-transaction}.test.ts",
  "packages/store-redis/test/{older-driver,conformance,cluster-conformance,borrowed-client,cut-answers,definitions,faults,secrets,server-states,stored-data}.test.ts",
  "packages/store-mongo/test/{older-driver,conformance,claims,definitions,faults,secrets,server-states,stored-data,translate-error}.test.ts",
];

/** Runs a store, its tests and its server on the driver that the store has installed by another name. */
function onOlderDriver(name: string, older: string, store: string): Plugin {
  return {
    name: `${older} as ${name}`,
    enforce: "pre",
    resolveId(id) {
      return id === name ? this.resolve(older, `${import.meta.dirname}/packages/${store}/package.json`) : undefined;
    },
  };
}

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
          exclude: ["**/node_modules/**", "packages/*/test/older-driver.test.ts", PACKED, ...QUICK],
        },
      },
      {
        extends: true,
        plugins: [
          onOlderDriver("typeorm", "typeorm-0.3", "store-postgres"),
          onOlderDriver("ioredis", "ioredis-5", "store-redis"),
          onOlderDriver("mongodb", "mongodb-6", "store-mongo"),
        ],
        test: { name: "older", include: OLDER },
      },
      {
        extends: true,
        test: { name: "packed", include: [PACKED], globalSetup: ["tooling/test/packed/build.ts"] },
      },
    ],
  },
});
