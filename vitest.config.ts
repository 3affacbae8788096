import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { folderInMemory } from "./tooling/test-servers/data-folders.ts";

/** The tests of what we publish: packed packages outside of the workspace, and the docs site. */
const PUBLISHED = "tooling/test/{packed*,docs-site}.test.ts";

/** Tests that start no server and hardly a process: `pnpm test:quick`. */
const QUICK = [
  "packages/{core,store-connection,store-memory}/test/**/*.test.ts",
  "packages/inspector/test/!(browser*|command).test.ts",
  "packages/store-postgres/test/pglite*.test.ts",
  "packages/worker/test/{create-worker,options,pg-boss-pglite,report,schedules,ticks}.test.ts",
  "apps/playground/test/!(cli-*|every-node|expression-limits|hostile-files|open-store|run-worker).test.ts",
  "tooling/test/!(clock-jumps|docs*|packed*|wall-clock).test.ts",
];

/** The tests of stores that depend on the driver: they run on the oldest supported one, too. */
const OLDER = [
  "packages/store-postgres/test/{older-driver,schema,borrowed,in-transaction}.test.ts",
  "packages/store-redis/test/{older-driver,conformance,cluster-conformance,borrowed-client,cut-answers,definitions,faults,secrets,server-states,stored-data}.test.ts",
  "packages/store-mongo/test/{older-driver,conformance,claims,definitions,faults,secrets,server-states,stored-data,translate-error}.test.ts",
];

/** The conformance suite, opened as the oldest driver is not: it runs on the last version of the older major, too. */
const LAST = [
  "packages/store-postgres/test/older-driver.test.ts",
  "packages/store-redis/test/{older-driver,borrowed-conformance}.test.ts",
  "packages/store-mongo/test/{older-driver,expiring-conformance}.test.ts",
];

/** Tests that try a part of a large space in `npm test`, and all of it in `pnpm check`. */
const LARGE = [
  "packages/core/test/conformance/{mutants,lost-fields}.test.ts",
  "packages/core/test/migration/shadow-graphs.test.ts",
  "packages/store-postgres/test/{commit-fields,engine-checks}.test.ts",
  "packages/store-redis/test/{engine-checks,interleavings}.test.ts",
  "packages/store-mongo/test/{capacity,engine-checks,interleavings}.test.ts",
  "packages/worker/test/pg-boss.test.ts",
  "apps/playground/test/{cli-modules,every-node,shadow-bundled}.test.ts",
];

/**
 * Tests of `pnpm check` alone, since `npm test` would take twice as long with them: long trials with random faults or with
 * processes that are killed, all states of the pages in a browser, every damage of a row on the slowest server, and the
 * conformance suite on servers and settings that differ little from those of `npm test`.
 */
const APART = [
  "packages/store-postgres/test/{chaos,crash,killed-import,oldest-server,pglite-chaos,prefixed-conformance}.test.ts",
  "packages/store-redis/test/{borrowed-conformance,capacity,chaos,cluster-conformance,sentinel}.test.ts",
  "packages/store-mongo/test/{chaos,crash,damaged-head,expiring-conformance,expiry-interleavings,failover,long-listing,several-checkpoints}.test.ts",
  "packages/worker/test/{bullmq-faults,pg-boss-faults,pg-boss-workers,swarm}.test.ts",
  "packages/inspector/test/{browser-live,browser-states}.test.ts",
  "apps/playground/test/{cli-browser,cli-kill,cli-page,cli-page-stores,cli-swarm}.test.ts",
  "examples/order-server/test/order-server.test.ts",
  "tooling/test/clock-jumps.test.ts",
];
const ELSEWHERE = ["**/node_modules/**", "packages/*/test/older-driver.test.ts", PUBLISHED, ...APART];

/** Runs each store, its tests and its server on another driver: one that the store has installed by another name. */
function onDrivers(name: string, include: string[], drivers: Record<string, { store: string; alias: string }>) {
  const plugins = Object.entries(drivers).map(([driver, { store, alias }]): Plugin => {
    const importer = `${import.meta.dirname}/packages/${store}/package.json`;
    return {
      name: `${alias} as ${driver}`,
      enforce: "pre",
      resolveId(id) {
        return id === driver || id === alias ? this.resolve(alias, importer, { skipSelf: true }) : undefined;
      },
    };
  });
  const env = Object.entries(drivers).map(([driver, { alias }]) => [`OLDER_${driver.toUpperCase()}`, alias]);
  return { extends: true as const, plugins, test: { name, include, env: Object.fromEntries(env) } };
}

export default defineConfig({
  test: {
    environment: "node",
    env: {
      // Of the processes that tests start: hundreds that load the same sources.
      NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/node-compile"),
      // Servers and stores of tests sync each write, which a disk takes milliseconds for.
      TMPDIR: folderInMemory(),
    },
    // Many tests wait for processes that they start, so a machine with two cores (CI) has work for three.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // These only end what hangs; they must hold on a machine that is busy with other things.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        // Files that share their modules: loading the core once per file was a quarter of the processor's time.
        test: { name: "quick", include: QUICK, exclude: ELSEWHERE, isolate: false },
      },
      {
        extends: true,
        test: {
          name: "servers",
          include: ["{packages,apps,examples}/*/test/**/*.test.ts", "tooling/test/**/*.test.ts"],
          exclude: [...ELSEWHERE, ...QUICK],
        },
      },
      { extends: true, test: { name: "thorough", include: [...LARGE, ...APART], env: { WAYMARK_THOROUGH: "1" } } },
      onDrivers("older", OLDER, {
        typeorm: { store: "store-postgres", alias: "typeorm-0.3" },
        ioredis: { store: "store-redis", alias: "ioredis-5" },
        mongodb: { store: "store-mongo", alias: "mongodb-6" },
      }),
      onDrivers("last", LAST, {
        typeorm: { store: "store-postgres", alias: "typeorm-0.3-last" },
        ioredis: { store: "store-redis", alias: "ioredis-5-last" },
        mongodb: { store: "store-mongo", alias: "mongodb-6-last" },
      }),
      {
        extends: true,
        test: {
          name: "published",
          include: [PUBLISHED],
          globalSetup: ["tooling/test/packed/build.ts"],
          // They install packages, which are too large to be kept in memory.
          env: { TMPDIR: tmpdir() },
        },
      },
    ],
  },
});
