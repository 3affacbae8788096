import { setTimeout as sleep } from "node:timers/promises";
import type { OwnTestServer } from "../../test-servers/index.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** What a disturbance can reach of a trial. */
export interface Disturbed {
  readonly random: () => number;
  readonly leaseMs: number;
  /** The workers as they are now. One that has ended is replaced. */
  readonly workers: readonly WorkerProcess[];
  /** Notes that a worker, or everybody, was cut off. */
  cutOff(worker?: WorkerProcess): void;
  replace(worker: WorkerProcess): void;
}

/** How often what was done. */
export interface DisturbanceCounts {
  kills: number;
  freezes: number;
  drains: number;
  restarts: number;
}

/** Something that is done to a trial until it has been done often enough. */
export type Disturbance = (trial: Disturbed) => Promise<DisturbanceCounts>;

/**
 * Kills workers, freezes them beyond their lease, and drains some. `times`: kills and freezes together.
 *
 * - Of several workers, one is spared at any time, so that what it takes to recover is not what processes take to start.
 */
export function disturbWorkers({ times, everyMs }: { times: number; everyMs: number }): Disturbance {
  return async (trial) => {
    const { random, leaseMs } = trial;
    const counts = { kills: 0, freezes: 0, drains: 0, restarts: 0 };
    const frozen = new Set<Promise<void>>();
    while (counts.kills + counts.freezes < times) {
      await sleep(everyMs * 2 * random());
      const running = trial.workers.filter(({ isRunning }) => isRunning);
      const worker = running[Math.floor(random() * running.length)];
      if (worker === undefined || (running.length === 1 && trial.workers.length > 1)) continue;
      const what = random();
      if (what < 0.05) {
        counts.drains += 1;
        trial.replace(worker);
        void worker.drain();
      } else if (what < 0.55) {
        counts.kills += 1;
        trial.cutOff(worker);
        await worker.kill();
        trial.replace(worker);
      } else {
        counts.freezes += 1;
        worker.freeze();
        trial.cutOff(worker);
        const thawed = sleep(leaseMs * (1.1 + random())).then(() => worker.thaw());
        frozen.add(thawed.finally(() => frozen.delete(thawed)));
      }
    }
    await Promise.all(frozen);
    return counts;
  };
}

/** Kills the store's server every few seconds, and starts it again a moment later. */
export function restartServer(server: Pick<OwnTestServer, "kill" | "restart">, forMs: number): Disturbance {
  return async ({ random, cutOff }) => {
    const counts = { kills: 0, freezes: 0, drains: 0, restarts: 0 };
    for (const begin = performance.now(); performance.now() - begin < forMs; ) {
      await sleep(1_000 + 4_000 * random());
      await server.kill();
      await sleep(2_000 * random());
      await server.restart();
      counts.restarts += 1;
      cutOff();
    }
    return counts;
  };
}
