import { setTimeout as sleep } from "node:timers/promises";
import { isRetryAfterError } from "@waymark/core";
import type { Fault } from "../server/faults.ts";
import type { Bench, BenchRun, BenchRunV2 } from "./bench.ts";
import { difference } from "./difference.ts";
import { countRepeats } from "./repeats.ts";
import type { InterruptionReport, RecoveryReport } from "./report.ts";

/** What both executors are put through. */
export interface InterruptionContext {
  bench: Bench;
  /** The output of an undisturbed run. */
  expected: unknown;
  /** The nodes of an undisturbed run, in order. */
  order: readonly string[];
}

/** A node that fails after its work, or a service that refuses: V1 is run again, V2 resumed. */
export async function compareFailure(
  { bench, expected, order }: InterruptionContext,
  cause: { failAfter: string } | { faults: readonly Fault[] },
): Promise<InterruptionReport> {
  const failAfter = "failAfter" in cause ? cause.failAfter : undefined;
  const faults = "faults" in cause ? cause.faults : [];

  bench.reset(faults);
  const v1 = [await bench.runV1({ failAfter })];
  await waitAsTold(v1[0] as BenchRun);
  v1.push(await bench.runV1());

  bench.reset(faults);
  const first = await bench.startV2({ failAfter });
  const v2: BenchRunV2[] = [first];
  if (first.canResume) {
    await waitAsTold(first);
    v2.push(await bench.resumeV2(first.executionId));
  }
  return {
    kind: failAfter === undefined ? "service" : "failure",
    ...whereStopped(v1[0] as BenchRun, order),
    error: first.outcome.error ?? "The run was not interrupted.",
    v1: recovery(v1, expected),
    v2: recovery(v2, expected),
  };
}

/**
 * A run that is longer than the time it is given: V1 is cut off by the platform, V2 stops by itself and goes on.
 *
 * - "timeoutMs": the node under way is aborted; the rest then runs without a limit.
 * - "budgetMs": no node is started after it; every further run has the same budget.
 */
export async function compareTimeLimit(
  { bench, expected, order }: InterruptionContext,
  limit: { kind: "timeoutMs" | "budgetMs"; ms: number },
): Promise<InterruptionReport> {
  bench.reset();
  const v1 = [await cutOffV1(bench, limit.ms), await cutOffV1(bench, limit.ms)];

  bench.reset();
  const limits = { [limit.kind]: limit.ms };
  const first = await bench.startV2(limits);
  const v2: BenchRunV2[] = [first];
  let last = first;
  // Each run gets on by a node at least, so there cannot be more runs than nodes.
  while (!last.outcome.success && last.canResume && v2.length <= order.length) {
    last = await bench.resumeV2(first.executionId, limit.kind === "budgetMs" ? limits : {});
    v2.push(last);
  }
  return {
    kind: limit.kind,
    ...whereStopped(v1[0] as BenchRun, order),
    error: first.outcome.error ?? `The budget of ${limit.ms} ms was used up.`,
    v1: recovery(v1, expected),
    v2: recovery(v2, expected),
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

/** A service that says when to come back is taken at its word, by both executors. */
async function waitAsTold({ nodeRuns }: BenchRun): Promise<void> {
  const error = nodeRuns.at(-1)?.error;
  if (isRetryAfterError(error)) await sleep(error.retryAfterMs + 5);
}

function whereStopped({ nodeRuns }: BenchRun, order: readonly string[]): Pick<InterruptionReport, "node"> {
  const id = nodeRuns.findLast(({ outcome }) => outcome === "failed")?.nodeId;
  return id === undefined ? {} : { node: { id, position: order.indexOf(id) + 1 } };
}

function recovery(runs: readonly BenchRun[], expected: unknown): RecoveryReport {
  const { outcome } = runs.at(-1) as BenchRun;
  return {
    ...countRepeats(runs),
    runs: runs.length,
    finished: outcome.success,
    outputEqual: outcome.success && difference(expected, outcome.output) === undefined,
    completedBefore: runs[0]?.recorder.completed.length ?? 0,
    ...(outcome.success || outcome.error === undefined ? {} : { error: outcome.error }),
  };
}
