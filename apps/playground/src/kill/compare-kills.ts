import { randomUUID } from "node:crypto";
import { quoted } from "@waymark/core/store";
import { type InterruptionContext, recovery } from "../compare/interruptions.ts";
import { type KillOptions, type KillReports, whyNotKilled } from "./kill-options.ts";
import { runWorker, type WorkerRun, workerLimitMs } from "./run-worker.ts";
import type { KillMoment, StopAt, WorkerTask } from "./task.ts";

const MOMENTS: readonly KillMoment[] = ["before", "during", "after"];

/**
 * Kills a process with SIGKILL at a node: before, during and after its effect. Then it starts another process: V1 runs
 * the workflow again, V2 resumes from the last checkpoint.
 *
 * - A kill that could not happen at its moment is left out, with the reason.
 */
export async function compareKills(
  { outputs, expected, order, bench }: InterruptionContext,
  options: KillOptions,
): Promise<KillReports> {
  const { nodeId } = options.stopAt;
  const node = { id: nodeId, position: order.indexOf(nodeId) + 1 };
  const reports: KillReports = { interruptions: [], leftOut: [] };
  for (const moment of MOMENTS) {
    const kind = `kill ${moment}` as const;
    const executionId = randomUUID();
    const runs: { v1: WorkerRun[]; v2: WorkerRun[] } = { v1: [], v2: [] };
    const executors = {
      v1: () => ({ name: "v1" }) as const,
      v2: (name: "start" | "resume") => ({ name: "v2", ...options.v2, call: { name, executionId } }) as const,
    };
    let reason: string | undefined;
    for (const name of ["v1", "v2"] as const) {
      bench.reset();
      const stopAt = { ...options.stopAt, moment };
      const killed = await runOne(options, { executor: executors[name]("start"), stopAt });
      reason = whyNotKilled(killed);
      if (reason !== undefined) break;
      runs[name] = [killed, await runOne(options, { executor: executors[name]("resume") })];
    }
    if (reason !== undefined) {
      reports.leftOut.push({ kind, node, reason });
      continue;
    }
    reports.interruptions.push({
      kind,
      node,
      error: `The process was killed ${moment} the effect of ${quoted(nodeId)}.`,
      v1: recovery(runs.v1, (output) => outputs.equal(expected.v1, output)),
      v2: recovery(runs.v2, (output) => outputs.equal(expected.v2, output)),
    });
  }
  return reports;
}

function runOne(
  { services, task, onProgress }: KillOptions,
  part: Pick<WorkerTask, "executor"> & { stopAt?: StopAt },
): Promise<WorkerRun> {
  const { name } = part.executor;
  const what = part.stopAt === undefined ? "after a kill" : `killed ${part.stopAt.moment}`;
  onProgress(`${what}: ${name.toUpperCase()}`, workerLimitMs(task.runLimitMs));
  return runWorker({ ...task, ...part }, services);
}
