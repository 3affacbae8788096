// Runs random workflows in 4 processes (with PGlite, in one) that are killed and frozen, with clocks that jump and stores
// that fail; or, with --restarts, on a server that is killed and restarted. Prints figures and all violations.
//
//   node tooling/trials/chaos.ts postgres|redis|mongo|pglite [--kills 300] [--seed n]
//   node tooling/trials/chaos.ts postgres|redis|mongo --restarts [--seconds 300] [--seed n]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ChaosTrialOptions, runChaosTrial } from "./chaos/chaos-trial.ts";
import { disturbWorkers, restartServer } from "./chaos/disturbances.ts";
import { serverStore } from "./server-stores.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "300" },
    seconds: { type: "string", default: "300" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    restarts: { type: "boolean", default: false },
  },
});
const [name = ""] = positionals;
const seed = Number(values.seed);
const begin = performance.now();
console.log(`${name}: seed ${seed}`);
if (name === "pglite") {
  const { PostgresCheckpointStore } = await import("../../packages/store-postgres/src/index.ts");
  const dataDir = mkdtempSync(join(tmpdir(), "waymark-chaos-"));
  const module = new URL("../../packages/store-postgres/src/index.ts", import.meta.url).href;
  await run({
    address: { module, className: "PostgresCheckpointStore", options: { dataDir } },
    open: () => PostgresCheckpointStore.connect({ dataDir }),
    isExclusive: true,
    workers: 1,
    inFlight: 20,
    disturb: disturbWorkers({ times: Number(values.kills), everyMs: 2_000 }),
  });
  rmSync(dataDir, { recursive: true, force: true });
} else {
  const store = await serverStore(name);
  const server = await store.start();
  await run({
    address: store.addressOf(server, "chaos"),
    open: () => store.open(server, "chaos"),
    workers: 4,
    inFlight: 40,
    disturb: values.restarts
      ? restartServer(server, Number(values.seconds) * 1_000)
      : disturbWorkers({ times: Number(values.kills), everyMs: 900 }),
  });
  await server.stop();
}

async function run(options: Omit<ChaosTrialOptions, "seed" | "leaseMs">): Promise<void> {
  const { violations, ...figures } = await runChaosTrial({ ...options, seed, leaseMs: 1_000 });
  const seconds = Math.round((performance.now() - begin) / 1_000);
  console.log(JSON.stringify({ ...figures, seconds, violations: violations.length }));
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}
