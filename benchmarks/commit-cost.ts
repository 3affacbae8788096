// Measures a store's commits against the floor: the cheapest write of the same row on the same server. Used by the
// benchmarks of all stores.
import { randomUUID } from "node:crypto";
import type { CheckpointStore, NewCheckpoint } from "@waymark/core";

const STEPS = [10, 5_000];
const ROUND_STEPS = 100;
const IN_FLIGHT = 64;
const IN_FLIGHT_STEPS = 200;

/** The cheapest way to write the same row on the same server. */
export interface Floor {
  /** The name of the write, such as "INSERT". */
  name: string;
  /** Writes a checkpoint with the bare driver. `step` distinguishes the executions that are compared. */
  write(checkpoint: NewCheckpoint, seq: number, step: number): Promise<unknown>;
}

/** Compares commits with the floor early and late in an execution, then measures many executions at once. */
export async function measureCommits(store: CheckpointStore, floor: Floor, rounds: number): Promise<void> {
  for (const step of STEPS) await compareAt(store, floor, { step, rounds });
  await throughput(store);
}

/** Measures one execution, one step after the other, beginning at the given step. */
async function compareAt(store: CheckpointStore, floor: Floor, at: { step: number; rounds: number }): Promise<void> {
  const { step, rounds } = at;
  const commitOne = await committer(store);
  let seq = 0;
  const writeOne = async () => {
    seq += 1;
    await floor.write(newCheckpoint(seq), seq, step);
  };
  for (let i = 0; i < step; i++) {
    await commitOne();
    await writeOne();
  }
  const commits: number[] = [];
  const floors: number[] = [];
  // In turns, so that other work of the machine affects both.
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < ROUND_STEPS; i++) floors.push(await timed(writeOne));
    for (let i = 0; i < ROUND_STEPS; i++) commits.push(await timed(commitOne));
  }
  const [floorMs, commitMs] = [median(floors), median(commits)];
  console.log(
    `step ${step}: ${floor.name} ${floorMs.toFixed(3)} ms, commit ${commitMs.toFixed(3)} ms, ratio ${(commitMs / floorMs).toFixed(2)} (medians of ${commits.length})`,
  );
}

/** Measures many executions at once, on one store with its defaults. */
async function throughput(store: CheckpointStore): Promise<void> {
  const committers = await Promise.all(Array.from({ length: IN_FLIGHT }, () => committer(store)));
  const begin = performance.now();
  await Promise.all(
    committers.map(async (commitOne) => {
      for (let step = 0; step < IN_FLIGHT_STEPS; step++) await commitOne();
    }),
  );
  const perSecond = (IN_FLIGHT * IN_FLIGHT_STEPS * 1_000) / (performance.now() - begin);
  console.log(`${IN_FLIGHT} executions in flight: ${Math.round(perSecond)} commits/s`);
}

/** Creates an execution, and returns a function that commits its next step. */
async function committer(store: CheckpointStore): Promise<() => Promise<void>> {
  const { id, token } = await store.createExecution({
    id: randomUUID(),
    workflowId: "benchmark",
    userId: "user",
    status: "running",
    currentStep: 0,
    totalSteps: 10_000,
    owner: "benchmark",
    leaseMs: 3_600_000,
    checkpoint: { ...newCheckpoint(0), kind: "snapshot" },
  });
  let version = 0;
  return async () => {
    const currentStep = version + 1;
    const checkpoints = [newCheckpoint(currentStep)];
    await store.commit(id, { commitId: randomUUID(), token, version, checkpoints, head: { currentStep } });
    version += 1;
  };
}

function newCheckpoint(step: number): NewCheckpoint {
  return {
    id: randomUUID(),
    kind: "delta",
    nodeId: `node-${step}`,
    nodeName: "Fetch",
    visit: 1,
    stepNumber: step,
    attempt: 1,
    durationMs: 1.25,
    payload: JSON.stringify({ v: 1, ops: [["set", ["results", step], { ok: true, body: "x".repeat(120) }]] }),
    timestamp: Date.now(),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
