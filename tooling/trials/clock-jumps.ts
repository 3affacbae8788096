// Runs random workflows on the stores while the wall clock jumps by up to an hour. Prints figures, and all differences
// from runs without jumps.
//
//   node tooling/trials/clock-jumps.ts [workflows per store and kind of time] [seed]
import { startOwnPostgres } from "../test-servers/index.ts";
import { runClockTrial } from "./clock/clock-trial.ts";

const [workflows = 500, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const { MemoryCheckpointStore } = await import("../../packages/store-memory/src/index.ts");
const { PostgresCheckpointStore } = await import("../../packages/store-postgres/src/index.ts");
const server = await startOwnPostgres();
const stores = {
  memory: async () => new MemoryCheckpointStore(),
  PGlite: () => PostgresCheckpointStore.connect({ dataDir: "memory://" }),
  PostgreSQL: () => PostgresCheckpointStore.connect({ url: server.url }),
};

console.log(`Seed ${seed}, ${server.name}`);
for (const [name, open] of Object.entries(stores)) {
  for (const time of ["moved", "real"] as const) {
    await using store = await open();
    const begin = performance.now();
    const { violations, ...figures } = await runClockTrial({ store, workflows, seed, time });
    const seconds = Math.round((performance.now() - begin) / 1_000);
    console.log(`${name}, ${time} time: ${JSON.stringify({ ...figures, seconds, violations: violations.length })}`);
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  }
}
await server.stop();
