import { randomUUID } from "node:crypto";
import { quoted } from "@waymark/core/store";
import type { InterruptionContext } from "../compare/interruptions.ts";
import { recovery } from "../compare/interruptions.ts";
import type { InterruptionReport, LeftOut } from "../compare/report.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { runWorker, type WorkerRun, workerLimitMs } from "./run-worker.ts";
import type { KillMoment, StopAt, WorkerTask } from "./task.ts";

/** The options for killing processes at a node. */
export interface KillOptions {
  services: ServiceServer;
  /** The task for both executors, without the fields that only V2 needs. */
  task: Omit<WorkerTask, "executor" | "stopAt">;
  v2: Pick<Extract<WorkerTask["executor"], { name: "v2" }>, "store" | "contextMode">;
  stopAt: Omit<StopAt, "moment">;
  /** Called before every process starts, with its time limit in milliseconds. */
  onProgress: (what: string, limitMs: number) => void;
}

/** The reports of the kills. */
export interface KillReports {
  interruptions: InterruptionReport[];
  leftOut: LeftOut[];
}

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
      v2: (resume: boolean) => ({ name: "v2", ...options.v2, executionId, resume }) as const,
    };
    let reason: string | undefined;
    for (const name of ["v1", "v2"] as const) {
      bench.reset();
      const stopAt = { ...options.stopAt, moment };
      const killed = await runOne(options, { executor: executors[name](false), stopAt });
      reason = whyNotKilled(killed);
      if (reason !== undefined) break;
      runs[name] = [killed, await runOne(options, { executor: executors[name](true) })];
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

function whyNotKilled({ missed, outcome }: WorkerRun): string | undefined {
  if (missed !== undefined) return `the process could not be killed while the node ran: ${missed}`;
  if (outcome === undefined) return undefined;
  return `the run ended before the node could be reached: ${outcome.success ? "it completed" : outcome.error}`;
}
