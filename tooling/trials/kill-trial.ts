import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { CheckpointStore } from "@waymark/core";
import { type StoreAddress, seededRandom, type WorkerPlan } from "./plan.ts";
import { judge, type Verdict } from "./verdict.ts";

/** The options of {@link runKillTrial}. */
export interface KillTrialOptions {
  /** The address by which the worker opens the store. */
  address: StoreAddress;
  /** Opens the store for the verdict. It is closed afterwards. */
  open: () => Promise<CheckpointStore>;
  kills: number;
  /** The seed that determines the moments of the kills. */
  seed: number;
  /** Kills and restarts the server. If present, the server is killed instead of the worker. */
  killServer?: () => Promise<void>;
  /** The latest moment after the worker is ready, or after the last kill, in milliseconds. Default: 300. */
  latestMs?: number;
}

const BATCH = 24;
const NODES = 12;
const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/**
 * Lets a process work through executions while the process or the server is killed with SIGKILL at random moments. Then
 * lets it finish its work without kills, and checks the results.
 */
export async function runKillTrial(options: KillTrialOptions): Promise<Verdict & { kills: number; seed: number }> {
  const folder = mkdtempSync(join(tmpdir(), "waymark-trial-"));
  const journal = join(folder, "journal");
  const random = seededRandom(options.seed);
  const moment = () => sleep(random() * (options.latestMs ?? 300));
  let kills = 0;
  let batches = 0;
  try {
    while (kills < options.kills) {
      const plan = planOf(options.address, journal, batches++ * BATCH);
      for (let isDone = false; !isDone; ) {
        const worker = await startWorker(plan);
        while (kills < options.kills && worker.isRunning()) {
          await moment();
          if (!worker.isRunning()) break;
          kills += 1;
          await (options.killServer?.() ?? worker.kill());
        }
        isDone = await worker.ended;
      }
    }
    const store = await options.open();
    const verdict = await judge({ store, journal, executions: batches * BATCH, nodes: NODES });
    await store.close();
    return { kills, seed: options.seed, ...verdict };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function planOf(store: StoreAddress, journal: string, first: number): WorkerPlan {
  return { store, journal, first, executions: BATCH, concurrency: 4, nodes: NODES, leaseMs: 300 };
}

async function startWorker(plan: WorkerPlan) {
  const child: ChildProcess = spawn(process.execPath, [WORKER, JSON.stringify(plan)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let wasKilled = false;
  /** Resolves with true once all its work is done, or with false if it was killed. */
  const ended = once(child, "exit").then(([code]) => {
    if (code !== 0 && !wasKilled) throw new Error(`The worker ended with exit code ${code}.`);
    return code === 0;
  });
  ended.catch(() => {});
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, "data"), ended]);
  return {
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    kill: async () => {
      wasKilled = true;
      child.kill("SIGKILL");
      await ended;
    },
  };
}
