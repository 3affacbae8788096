import type { Bench, BenchRun } from "./bench.ts";
import type { WorkflowReport } from "./report.ts";

/** The maximum number of timed runs per executor, and the maximum time for them. */
export const MAX_TIMED_RUNS = 9;
const MAX_TIMED_MS = 600;

/** Runs a workflow several times with each executor, and calls `onV1` with the outputs of V1. */
export async function timeRuns(
  bench: Bench,
  { nodes, onV1 }: { nodes: number; onV1: (output: unknown) => void },
): Promise<WorkflowReport["time"]> {
  const pairs: { v1: BenchRun; v2: BenchRun }[] = [];
  const startedAt = performance.now();
  do {
    bench.reset();
    const v1 = await bench.runV1();
    if (v1.outcome.success) onV1(v1.outcome.output);
    bench.reset();
    pairs.push({ v1, v2: await bench.startV2() });
  } while (pairs.length < MAX_TIMED_RUNS && performance.now() - startedAt < MAX_TIMED_MS);
  const added = median(pairs.map(({ v1, v2 }) => v2.overheadMs - v1.overheadMs));
  return {
    runs: pairs.length,
    v1Ms: median(pairs.map(({ v1 }) => v1.totalMs)),
    v2Ms: median(pairs.map(({ v2 }) => v2.totalMs)),
    addedMsPerNode: added / Math.max(1, nodes),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}
