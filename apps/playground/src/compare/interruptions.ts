import { isRetryAfterError } from "@waymark/core";
import { cleanText } from "@waymark/core/store";
import type { Fault } from "../server/faults.ts";
import type { Bench, BenchRun, BenchRunV2 } from "./bench.ts";
import { runKey } from "./node-recorder.ts";
import type { OutputComparison } from "./output-comparison.ts";
import { countRepeats, type RecordedRun } from "./repeats.ts";
import type { InterruptionReport, RecoveryReport } from "./report.ts";

/** The maximum number of waits for the next attempt of a node between two runs. */
const MAX_WAITS = 100;

/** An interrupted workflow, with the results of its undisturbed runs. */
export interface InterruptionContext {
  bench: Bench;
  outputs: OutputComparison;
  /** The output of an undisturbed run of each executor. */
  expected: { v1: unknown; v2: unknown };
  /** The nodes of an undisturbed run, in order. */
  order: readonly string[];
  /** True if V1 cannot run the workflow. */
  v1Refuses?: boolean;
}

/** Lets a node fail after its work, or a service refuse. Then V1 runs again and V2 is resumed. */
export async function compareFailure(
  context: InterruptionContext,
  cause: { failAfter: string } | { faults: readonly Fault[] },
): Promise<InterruptionReport> {
  const { bench } = context;
  const failAfter = "failAfter" in cause ? cause.failAfter : undefined;
  const faults = "faults" in cause ? cause.faults : [];

  bench.reset(faults);
  const v1 = context.v1Refuses ? [] : [await bench.runV1({ failAfter })];
  // An old executor that completed in spite of the interruption does not run again: its nodes run for real.
  if (v1[0]?.outcome.success === false) {
    await waitAsTold(bench, v1[0]);
    v1.push(await bench.runV1());
  }

  bench.reset(faults);
  const first = await bench.startV2({ failAfter });
  const v2: BenchRunV2[] = [first];
  if (first.canResume) {
    await waitAsTold(bench, first);
    v2.push(await bench.resumeV2(first.executionId));
  }
  return report(context, {
    kind: failAfter === undefined ? "service" : "failure",
    error: first.outcome.error ?? "The run was not interrupted.",
    runs: { v1, v2 },
  });
}

/**
 * Gives a run too little time. The platform cuts off V1; V2 stops by itself and is resumed.
 *
 * - "timeoutMs": the node under way is aborted. The next run has no limit.
 * - "budgetMs": no further node starts. Every further run has the same budget.
 */
export async function compareTimeLimit(
  context: InterruptionContext,
  limit: { kind: "timeoutMs" | "budgetMs"; ms: number },
): Promise<InterruptionReport> {
  const { bench, order } = context;
  bench.reset();
  const v1 = [await cutOffV1(bench, limit.ms), await cutOffV1(bench, limit.ms)];

  bench.reset();
  const limits = { [limit.kind]: limit.ms };
  const first = await bench.startV2(limits);
  const v2: BenchRunV2[] = [first];
  let last = first;
  let waits = 0;
  // Each run completes at least one node, or ends at once because the next attempt of a node is not due.
  while (!last.outcome.success && last.canResume && v2.length <= order.length + waits) {
    if (last.wakeAt !== undefined && waits < MAX_WAITS) {
      waits += 1;
      await bench.pause(Math.max(0, Date.parse(last.wakeAt) - Date.now()) + 5);
    }
    last = await bench.resumeV2(first.executionId, limit.kind === "budgetMs" ? limits : {});
    v2.push(last);
  }
  return report(context, {
    kind: limit.kind,
    error: first.outcome.error ?? `The budget of ${limit.ms} ms was spent.`,
    runs: { v1, v2 },
  });
}

/** Reports how an executor recovered, from all its runs of one execution and the outcome of the last. */
export function recovery(
  runs: readonly (RecordedRun & Partial<Pick<BenchRun, "outcome">>)[],
  isExpected: (output: unknown) => boolean,
): RecoveryReport {
  const { success, output, error } = runs.at(-1)?.outcome ?? { success: false, error: "The process was killed." };
  return {
    ...countRepeats(runs),
    runs: runs.length,
    finished: success,
    outputEqual: success && isExpected(output),
    completedBefore: new Set(runs[0]?.nodeRuns.filter((run) => run.outcome === "completed").map(runKey)).size,
    ...(success || error === undefined ? {} : { error: cleanText(error) }),
  };
}

function report(
  { outputs, expected, order }: InterruptionContext,
  found: Pick<InterruptionReport, "kind" | "error"> & { runs: { v1: readonly BenchRun[]; v2: readonly BenchRun[] } },
): InterruptionReport {
  const { kind, error, runs } = found;
  // A second undisturbed run of V1 also shows what differs between any two runs. If an old executor completes although
  // a node failed, the run was disturbed, so its output must not be used for this.
  const again = runs.v1.at(-1);
  const isRunAgain = runs.v1.length > 1 && (kind === "failure" || kind === "service");
  const isUndisturbed = isRunAgain || again?.nodeRuns.every(({ outcome }) => outcome === "completed");
  if (again?.outcome.success && isUndisturbed) outputs.noteV1(again.outcome.output);
  const v1 = again === undefined ? {} : { v1: recovery(runs.v1, (output) => outputs.equal(expected.v1, output)) };
  return {
    kind,
    ...whereStopped((runs.v1[0] ?? runs.v2[0]) as BenchRun, order),
    error: cleanText(error),
    ...v1,
    v2: recovery(runs.v2, (output) => outputs.equal(expected.v2, output)),
  };
}

async function cutOffV1(bench: Bench, ms: number): Promise<BenchRun> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`timeout: cut off after ${ms} ms`)), ms);
  try {
    return await bench.runV1({ cutOff: controller.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Waits as long as the service asked for. */
async function waitAsTold(bench: Bench, { nodeRuns }: BenchRun): Promise<void> {
  const error = nodeRuns.at(-1)?.error;
  if (isRetryAfterError(error)) await bench.pause(error.retryAfterMs + 5);
}

function whereStopped({ nodeRuns }: BenchRun, order: readonly string[]): Pick<InterruptionReport, "node"> {
  const id = nodeRuns.findLast(({ outcome }) => outcome === "failed")?.nodeId;
  return id === undefined ? {} : { node: { id, position: order.indexOf(id) + 1 } };
}
