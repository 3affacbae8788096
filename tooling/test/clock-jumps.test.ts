import { openPGlite, startPostgres } from "tooling/test-servers";
import { runClockTrial } from "tooling/trials";
import { expect, it, onTestFinished } from "vitest";
import { MemoryCheckpointStore } from "../../packages/store-memory/src/index.ts";
import { PostgresCheckpointStore } from "../../packages/store-postgres/src/index.ts";

// For a long run, use `node tooling/trials/clock-jumps.ts`. The seed is fixed, so that a failure can be repeated.
const SEED = 20_261;

it.each([
  ["memory", 60, async () => new MemoryCheckpointStore()],
  ["PGlite", 6, openOnPGlite],
  ["PostgreSQL", 6, async () => PostgresCheckpointStore.connect({ url: (await startPostgres()).url })],
])(
  `random workflows on %s have the same results with and without jumps of the wall clock (seed ${SEED})`,
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

async function openOnPGlite(): Promise<PostgresCheckpointStore> {
  const pglite = await openPGlite();
  onTestFinished(() => pglite.close());
  return PostgresCheckpointStore.from(pglite);
}
