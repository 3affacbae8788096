import { randomUUID } from "node:crypto";
import { difference } from "../compare/difference.ts";
import { countRepeats } from "../compare/repeats.ts";
import type { InterruptionReport, RecoveryReport } from "../compare/report.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { runWorker, type WorkerRun } from "./run-worker.ts";
import type { KillMoment, WorkerTask } from "./task.ts";

/** What is killed, and where. */
export interface KillOptions {
  services: ServiceServer;
  /** Makes the services forget what they did. */
  reset: () => void;
  /** For both executors; the store and the execution are V2's. */
  task: Omit<WorkerTask, "executor" | "stopAt">;
  v2: Pick<Extract<WorkerTask["executor"], { name: "v2" }>, "store" | "contextMode">;
  nodeId: string;
  /** The nodes of an undisturbed run, in order. */
  order: readonly string[];
  /** The output of an undisturbed run. */
  expected: unknown;
  onProgress: (what: string) => void;
}

const MOMENTS: readonly KillMoment[] = ["before", "during", "after"];

/**
 * Kills a process with SIGKILL at a node, before, during and after its effect, and starts another: V1 runs the workflow
 * again, V2 goes on from the last checkpoint.
 */
export async function compareKills(options: KillOptions): Promise<InterruptionReport[]> {
  const { nodeId, order, expected, onProgress } = options;
  const reports: InterruptionReport[] = [];
  for (const moment of MOMENTS) {
    onProgress(`killed ${moment} ${nodeId}`);
    const v1 = await killAndGoOn(options, moment, () => ({ name: "v1" }));
    const executionId = randomUUID();
    const v2 = await killAndGoOn(options, moment, (resume) => ({ name: "v2", ...options.v2, executionId, resume }));
    reports.push({
      kind: `kill ${moment}`,
      node: { id: nodeId, position: order.indexOf(nodeId) + 1 },
      error: `The process was killed ${moment} the effect of "${nodeId}".`,
      v1: recovery(v1, expected),
      v2: recovery(v2, expected),
    });
  }
  return reports;
}

async function killAndGoOn(
  { services, reset, task, nodeId }: KillOptions,
  moment: KillMoment,
  executor: (resume: boolean) => WorkerTask["executor"],
): Promise<WorkerRun[]> {
  reset();
  const killed = await runWorker({ ...task, executor: executor(false), stopAt: { nodeId, moment } }, services);
  return [killed, await runWorker({ ...task, executor: executor(true) }, services)];
}

function recovery(runs: readonly WorkerRun[], expected: unknown): RecoveryReport {
  const outcome = runs.at(-1)?.outcome ?? { success: false, error: "The process was killed." };
  return {
    ...countRepeats(runs),
    runs: runs.length,
    finished: outcome.success,
    outputEqual: outcome.success && difference(expected, outcome.output) === undefined,
    completedBefore: runs[0]?.nodeRuns.filter((run) => run.outcome === "completed").length ?? 0,
    ...(outcome.success || outcome.error === undefined ? {} : { error: outcome.error }),
  };
}
