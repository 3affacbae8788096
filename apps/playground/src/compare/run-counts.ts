import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { CompareOptions } from "./compare-options.ts";
import type { RunCounts } from "./report.ts";
import { MAX_TIMED_RUNS } from "./time-runs.ts";

/** Returns the maximum number of runs of each node in a comparison, without retries. */
export function countRuns(
  { interruption }: Pick<LoadedWorkflow, "interruption">,
  options: Pick<CompareOptions, "failAt" | "interrupt" | "measure" | "kill" | "recovery">,
): RunCounts {
  const { failAt, interrupt = true, measure = true, kill, recovery } = options;
  const counts = { v1: 1, v2: 1 };
  const add = (v1: number, v2: number) => {
    counts.v1 += v1;
    counts.v2 += v2;
  };
  if (interrupt) {
    const cuts = failAt === undefined && interruption !== undefined && "budgetMs" in interruption;
    // Two limits: each cuts V1 off twice, and V2 runs the node under way twice.
    if (cuts) add(4, 4);
    // The interrupted run and the next one: V2 runs the interrupted node again, V1 also the nodes before it.
    else add(2, 2);
    // Three moments, with two processes each.
    if (kill !== undefined && (failAt !== undefined || interruption === undefined)) add(6, 6);
    // The run that is killed, and the one that recovers it.
    if (recovery !== undefined) add(0, 2);
  }
  if (measure) add(MAX_TIMED_RUNS, MAX_TIMED_RUNS);
  return counts;
}
