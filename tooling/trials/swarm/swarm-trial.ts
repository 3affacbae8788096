import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type CheckpointStore, createWorkflowEngine, isWorkflowError } from "@waymark/core";
import { chain, executionId, type StoreAddress, seededRandom } from "../plan.ts";
import { judge, type Verdict } from "../verdict.ts";
import { openQueue, type QueueAddress } from "./swarm-plan.ts";
import { SwarmProcesses } from "./swarm-processes.ts";

/** The options of {@link runSwarmTrial}. */
export interface SwarmTrialOptions {
  address: StoreAddress;
  /** Opens the store for the producer and the verdict. */
  open: () => Promise<CheckpointStore>;
  queue?: QueueAddress | undefined;
  workers: number;
  executions: number;
  /** The executions that a process runs at the same time. Default: 8. */
  concurrency?: number;
  /** The longest time that a node takes, in milliseconds. Default: 60. */
  nodeMs?: number;
  /** Milliseconds between two kills or freezes. Default: none of either. */
  disturbEveryMs?: number | undefined;
  /** Is done once half of the executions are completed: flush the queue, restart the server. */
  halfway?: (() => Promise<void>) | undefined;
  seed: number;
  /** Milliseconds after which what is not completed counts as stuck. Default: 180,000. */
  timeoutMs?: number;
  onProgress?: ((progress: SwarmProgress) => void) | undefined;
}

/** How far a swarm has got. */
export interface SwarmProgress {
  completed: number;
  executions: number;
  kills: number;
  freezes: number;
}

const NODES = 6;
const LEASE_MS = 2_000;
const SWEEP_INTERVAL_MS = 1_000;
/** Executions that are started at the same time. */
const STARTS = 32;
const LOOK_MS = 250;

/** The result of a swarm. */
export interface SwarmVerdict extends Verdict {
  kills: number;
  freezes: number;
  seconds: number;
}

/**
 * Starts executions of 6 nodes, and lets processes run them that are killed and frozen beyond their lease. The clock of one
 * is an hour off. Compares what the nodes did with the store.
 */
export async function runSwarmTrial(options: SwarmTrialOptions): Promise<SwarmVerdict> {
  const { executions, concurrency = 8, nodeMs = 60, timeoutMs = 180_000, onProgress } = options;
  const folder = mkdtempSync(join(tmpdir(), "waymark-swarm-"));
  const journal = join(folder, "journal");
  writeFileSync(journal, "");
  const store = await options.open();
  const begin = performance.now();
  const common = { store: options.address, queue: options.queue, journal, nodes: NODES, nodeMs, concurrency };
  const swarm = new SwarmProcesses(
    { ...common, leaseMs: LEASE_MS, sweepIntervalMs: SWEEP_INTERVAL_MS },
    options.workers,
  );
  const stopping = new AbortController();
  const disturbing = disturb(swarm, options, stopping.signal);
  try {
    const producing = produce(options, store);
    let isHalfway = false;
    let completed = 0;
    while (completed < executions && performance.now() - begin < timeoutMs) {
      await sleep(LOOK_MS);
      completed = await countCompleted(store).catch(() => completed);
      onProgress?.({ completed, executions, kills: swarm.kills, freezes: swarm.freezes });
      if (!isHalfway && completed >= executions / 2) {
        isHalfway = true;
        await options.halfway?.();
      }
    }
    await producing;
    const { kills, freezes } = swarm;
    swarm.end();
    const seconds = Math.round((performance.now() - begin) / 100) / 10;
    return { ...(await judge({ store, journal, executions, nodes: NODES })), kills, freezes, seconds };
  } finally {
    stopping.abort();
    await disturbing;
    swarm.end();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function disturb(swarm: SwarmProcesses, options: SwarmTrialOptions, signal: AbortSignal): Promise<void> {
  const { disturbEveryMs, seed } = options;
  if (disturbEveryMs === undefined) return;
  const random = seededRandom(seed);
  while (!signal.aborted) {
    await sleep(disturbEveryMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) swarm.disturb(random);
  }
}

/** Starts the executions, as a web process would: it knows the queue and the store, and runs nothing. */
async function produce({ queue, executions }: SwarmTrialOptions, store: CheckpointStore): Promise<void> {
  const nothing = () => undefined;
  const dispatcher = queue === undefined ? undefined : await openQueue(queue);
  const { startExecution } = createWorkflowEngine({
    store,
    ...(dispatcher === undefined ? {} : { dispatcher }),
    workflows: [chain(NODES)],
    executors: { add: ({ context }) => context },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  const start = async (number: number): Promise<void> => {
    const call = { workflowId: "chain", userId: `u${number % 4}`, executionId: executionId(number) };
    for (;;) {
      try {
        return void (await startExecution({ ...call, ifExists: "join", initialData: { count: 0 } }));
      } catch (error) {
        // The server is down for a moment.
        if (!isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
        await sleep(50);
      }
    }
  };
  const numbers = Array.from({ length: executions }, (_, index) => index);
  await Promise.all(
    Array.from({ length: STARTS }, async () => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) await start(number);
    }),
  );
  await dispatcher?.close();
}

async function countCompleted(store: CheckpointStore): Promise<number> {
  let count = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions({
      status: "completed",
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    count += page.items.length;
    cursor = page.nextCursor;
    if (cursor === undefined) return count;
  }
}
