import { fork } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Outcome } from "../compare/executors.ts";
import type { NodeRun } from "../compare/recorder.ts";
import type { RecordedRun } from "../compare/repeats.ts";
import type { ServiceServer } from "../server/service-server.ts";
import type { WorkerMessage, WorkerTask } from "./task.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** A run in a process of its own. */
export interface WorkerRun extends RecordedRun {
  /** Absent where the process was killed. */
  outcome?: Outcome;
}

/**
 * Runs a task in a process of its own, and kills it with SIGKILL where the task says that it stops.
 *
 * @throws {Error} where the process ends in a way that is not part of the task
 */
export async function runWorker(task: WorkerTask, services: ServiceServer): Promise<WorkerRun> {
  const before = services.ledger.entries.length;
  const child = fork(WORKER, { serialization: "advanced", stdio: ["ignore", "ignore", "pipe", "ipc"] });
  const exited = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once("close", (_code, signal) => resolve(signal)),
  );
  const stderr = child.stderr === null ? "" : text(child.stderr);
  const kill = () => child.kill("SIGKILL");
  if (task.stopAt?.moment === "during") void services.holdAnswersTo(task.stopAt.nodeId).then(kill);

  const nodeRuns: NodeRun[] = [];
  let outcome: Outcome | undefined;
  child.on("message", (message: WorkerMessage) => {
    if (message.type === "stopped") kill();
    else if (message.type === "ended") outcome = message.outcome;
    else note(nodeRuns, message);
  });
  child.send(task);
  const signal = await exited;
  services.releaseAnswers();
  await services.idle();
  if (outcome === undefined && (signal !== "SIGKILL" || task.stopAt === undefined)) {
    throw new Error(`A worker process ended by itself: ${(await stderr).trim() || `signal ${signal}`}`);
  }
  const requests = services.ledger.entries.slice(before);
  return { nodeRuns, requests, ...(outcome === undefined ? {} : { outcome }) };
}

/** A node counts as failed until it completes: where its process is killed, that is what it stays. */
function note(nodeRuns: NodeRun[], { type, nodeId }: Extract<WorkerMessage, { nodeId: string }>): void {
  const last = nodeRuns.findLast((run) => run.nodeId === nodeId);
  if (type === "completed" && last !== undefined) last.outcome = "completed";
  else nodeRuns.push({ nodeId, outcome: "failed", durationMs: 0, requests: { from: 0, to: 0 } });
}
