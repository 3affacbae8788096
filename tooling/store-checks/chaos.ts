import type { CheckpointStore } from "@waymark/core";
import { expect, it } from "vitest";
import { disturbWorkers, runChaosTrial, runDeadlyTrial, type StoreAddress } from "../trials/index.ts";

/**
 * Checks that executions end right, whatever happens to the processes that run them.
 *
 * - Until many more have been killed: `node tooling/trials/chaos.ts`.
 */
export function itSurvivesChaos(options: {
  /** Where the data of a trial of this name is. */
  addressOf: (name: string) => StoreAddress;
  open: (address: StoreAddress) => Promise<CheckpointStore>;
  /** One process at a time can open the store. */
  isExclusive?: boolean;
}): void {
  const { isExclusive = false } = options;
  const trial = (name: string) => {
    const address = options.addressOf(name);
    return { address, open: () => options.open(address) };
  };

  it("random workflows end as their model does, with each effect made once, if processes are killed and frozen", async () => {
    const seed = Date.now() % 1_000_000;
    const times = isExclusive ? 2 : 5;
    const verdict = await runChaosTrial({
      ...trial("chaos"),
      ...{ seed, isExclusive, leaseMs: 1_000, settleMs: 80_000 },
      ...(isExclusive ? { workers: 1, inFlight: 6 } : { workers: 4, inFlight: 20 }),
      disturb: disturbWorkers({ times, everyMs: 500 }),
    });
    expect(verdict.violations, `seed ${seed}`).toEqual([]);
    expect(verdict.kills + verdict.freezes).toBe(times);
  });

  // A process that has the store for itself takes long to start.
  if (isExclusive) return;
  it("an execution whose node kills every process fails with RECOVERY_LIMIT", async () => {
    const { deaths, attempts, head } = await runDeadlyTrial({ ...trial("deadly"), maxRecoveries: 2 });
    expect(attempts).toEqual([1, 2, 3]);
    expect(deaths).toBe(3);
    expect(head).toMatchObject({ status: "failed", failure: { code: "RECOVERY_LIMIT", nodeId: "n0" } });
  });
}
