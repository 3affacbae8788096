import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pack, publicPackages } from "../packing/public-packages.ts";
import { startPostgres } from "../test-servers/index.ts";
import { type Consumer, createConsumer } from "./packed/consumer.ts";
import { expectSameExportsByImportAndRequire, modulesOf, typeCheck } from "./packed/public-modules.ts";

const packages = publicPackages();
const core = packages.filter(({ manifest }) => manifest.name === "@waymark/core");
const withDriver = packages.filter(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}).length > 1);

/** The older drivers with which a store is installed, each in its oldest version that the store supports. */
const OLDEST: Record<string, string[]> = {
  "@waymark/store-postgres": ["typeorm"],
  "@waymark/store-redis": ["ioredis"],
  "@waymark/store-mongo": ["mongodb"],
};

/** The drivers that people add if they want them, and the modules that need them. */
const OPTIONAL: Record<string, string[]> = {
  "@waymark/store-postgres": ["typeorm@1"],
  "@waymark/worker": ["bullmq@6", "pg-boss@12"],
};
const NEEDS: Record<string, string> = {
  "@waymark/store-postgres/typeorm": "typeorm",
  "@waymark/worker/bullmq": "bullmq",
  "@waymark/worker/pg-boss": "pg-boss",
};

const installations = withDriver.flatMap((candidate) => {
  const { name, peerDependencies = {} } = candidate.manifest;
  const oldest = OLDEST[name]?.map((driver) => `${driver}@${/^\^([\d.]+) /.exec(peerDependencies[driver] ?? "")?.[1]}`);
  return [
    // What npm installs if nothing is said: the required peers, in their newest versions.
    { candidate, name, drivers: [], isOldest: false },
    ...(OPTIONAL[name] === undefined ? [] : [{ candidate, name, drivers: OPTIONAL[name], isOldest: false }]),
    ...(oldest === undefined ? [] : [{ candidate, name, drivers: oldest, isOldest: true }]),
  ];
});

describe.each(installations)("$name, installed with $drivers", ({ candidate, name, drivers, isOldest }) => {
  const isInstalled = (driver: string) => drivers.some((installed) => installed.startsWith(driver));
  const hasTypeOrm = isInstalled("typeorm");
  const modules = modulesOf(candidate).filter((module) => NEEDS[module] === undefined || isInstalled(NEEDS[module]));
  let tarballs: string;
  let consumer: Consumer;

  beforeAll(() => {
    tarballs = mkdtempSync(join(tmpdir(), "waymark-tarballs-"));
    consumer = createConsumer([...[...core, candidate].map((each) => pack(each, tarballs)), ...drivers], {
      network: true,
    });
  }, 300_000);

  afterAll(() => {
    consumer?.remove();
    rmSync(tarballs, { recursive: true, force: true });
  });

  test.each(["nodenext", "bundler"] as const)("type-checks under %s resolution", (resolution) => {
    // The declarations of an old driver, and those of pg-boss, do not satisfy the newest compiler.
    typeCheck(consumer, modules, resolution, { skipLibCheck: isOldest || isInstalled("pg-boss") });
  });

  test.each(modules)("%s has the same exports by import and by require()", (module) => {
    expectSameExportsByImportAndRequire(consumer, module);
  });

  if (name !== "@waymark/store-postgres" || hasTypeOrm) return;
  test("runs a workflow without TypeORM", async () => {
    const server = await startPostgres();
    consumer.write(
      "without-typeorm.mjs",
      `import { createWorkflowEngine } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
const store = await PostgresCheckpointStore.connect({ url: process.argv[2], schema: "without_typeorm" });
const engine = createWorkflowEngine({
  store,
  workflows: [{ id: "w", nodes: [{ id: "a", type: "t" }], edges: [] }],
  executors: { t: async () => ({ done: true }) },
});
console.log((await engine.executeWorkflow({ workflowId: "w", userId: "u" })).status);
await store.close();
console.log(await import("typeorm").catch((error) => error.code));`,
    );
    try {
      expect(consumer.node("without-typeorm.mjs", server.url)).toBe("completed\nERR_MODULE_NOT_FOUND\n");
    } finally {
      await server.stop();
    }
  });
});
