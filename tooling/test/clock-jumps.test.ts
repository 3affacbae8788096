import { startPostgres } from "tooling/test-servers";
import { runClockTrial } from "tooling/trials";
import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../packages/store-memory/src/index.ts";
import { PostgresCheckpointStore } from "../../packages/store-postgres/src/index.ts";

// The long run is `node tooling/trials/clock-jumps.ts`. The seed is fixed, so that a failure comes again.
const SEED = 20_261;

it.each([
  ["memory", 60, async () => new MemoryCheckpointStore()],
  ["PGlite", 6, () => PostgresCheckpointStore.connect({ dataDir: "memory://" })],
  ["PostgreSQL", 6, async () => PostgresCheckpointStore.connect({ url: (await startPostgres()).url })],
])(
  `random workflows on %s run as they do without, while the wall clock jumps (seed ${SEED})`,
  async (_, workflows, open) => {
    await using store = await open();
    for (const time of ["moved", "real"] as const) {
      const { violations, ...figures } = await runClockTrial({ store, workflows, seed: SEED, time });
      expect(violations).toEqual([]);
      expect(figures.workflows).toBe(workflows);
      expect(figures.jumps).toBeGreaterThan(workflows * 20);
      expect(figures.retries).toBeGreaterThan(0);
      expect(figures.suspensions).toBeGreaterThan(0);
      if (time === "moved") expect(figures.renewals).toBeGreaterThan(0);
    }
  },
);
