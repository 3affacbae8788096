import type { InterruptionReport, LeftOut } from "../compare/report.ts";
import type { ServiceServer } from "../server/service-server.ts";
import type { WorkerRun } from "./run-worker.ts";
import type { StopAt, WorkerTask } from "./task.ts";

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

/** Returns the reason why a process was not killed at its moment, or `undefined` if it was. */
export function whyNotKilled({ missed, outcome }: WorkerRun): string | undefined {
  if (missed !== undefined) return `the process could not be killed while the node ran: ${missed}`;
  if (outcome === undefined) return undefined;
  return `the run ended before the node could be reached: ${outcome.success ? "it completed" : outcome.error}`;
}
