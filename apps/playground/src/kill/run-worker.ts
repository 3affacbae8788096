import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { WorkflowError } from "@waymark/core";
import type { Outcome } from "../compare/executors.ts";
import { NoReportError } from "../compare/no-report-error.ts";
import type { NodeRun } from "../compare/node-recorder.ts";
import type { RecordedRun } from "../compare/repeats.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { GO, type WorkerMessage, type WorkerTask } from "./task.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

/** The time that a process needs before its first node, including the wait for a lease, in milliseconds. */
const START_LIMIT_MS = 75_000;
/** The wait for a process to end by itself after its run has taken too long, in milliseconds. */
const GRACE_MS = 5_000;

/** Returns the time limit of a worker process, in milliseconds. */
export const workerLimitMs = (runLimitMs: number) => START_LIMIT_MS + runLimitMs + GRACE_MS;

/** A run in a process of its own. */
export interface WorkerRun extends RecordedRun {
  /** Absent if the process was killed. */
  outcome?: Outcome;
  /** The reason why the process could not be killed at the moment of the task. */
  missed?: string;
}

/** Watches a run, and may end it. */
export interface RunWatcher {
  onStart: (pid: number) => void;
  /** Resolves once a process that waits at its first node may go on. Never rejects. */
  onReady: () => Promise<void>;
  /** Called with every message of the process, once `run` has what it says. */
  onMessage: (message: WorkerMessage, run: RecordedRun) => void;
  /** Kills the process with SIGKILL. */
  kill: AbortSignal;
}

/**
 * Runs a task in a process of its own, and kills the process with SIGKILL at the moment of the task.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if a module of the user's throws an uncaught error
 * @throws {NoReportError} if the process ends by itself
 */
export async function runWorker(task: WorkerTask, services: ServiceServer, watcher?: RunWatcher): Promise<WorkerRun> {
  const notes = new RunNotes(services);
  const child = fork(WORKER, { serialization: "advanced", stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const exited = new Promise<string>((resolve) =>
    child.once("close", (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`)),
  );
  const kill = () => child.kill("SIGKILL");
  const { stopAt, runLimitMs } = task;
  const ending: { outcome?: Outcome; missed?: string } = {};
  let [isStopped, fault] = [false, undefined as string | undefined];
  const killTooLong = () => {
    ending.outcome = { success: false, error: `timeout: the run took longer than ${runLimitMs} ms` };
    kill();
  };
  const stop = () => {
    isStopped = true;
    kill();
  };
  watcher?.kill.addEventListener("abort", stop, { once: true });
  if (watcher?.kill.aborted) stop();
  if (child.pid !== undefined) watcher?.onStart(child.pid);
  let timer = setTimeout(killTooLong, START_LIMIT_MS);
  child.once("message", () => {
    clearTimeout(timer);
    timer = setTimeout(killTooLong, runLimitMs + GRACE_MS);
  });
  child.on("message", (message: WorkerMessage) => {
    if (message.type === "stopped") stop();
    else if (message.type === "ready") void watcher?.onReady().then(() => child.send(GO, () => undefined));
    else if (message.type === "reached") {
      void services.holdAnswersTo(stopAt?.nodeId ?? "").then(stop);
      child.send(GO, () => undefined);
    } else if (message.type === "missed") {
      ending.missed = message.reason;
      kill();
    } else if (message.type === "fault") fault = message.message;
    else if (message.type === "ended") ending.outcome = message.outcome;
    else notes.take(message);
    watcher?.onMessage(message, notes.all());
  });
  child.send(task, () => undefined);
  const end = await exited;
  clearTimeout(timer);
  watcher?.kill.removeEventListener("abort", stop);
  services.releaseAnswers();
  await services.idle(GRACE_MS);
  if (fault !== undefined) throw new WorkflowError("INVALID_ARGUMENT", `A module of yours ${fault}.`);
  if (!isStopped && ending.outcome === undefined && ending.missed === undefined) {
    throw new NoReportError(`A process that ran the workflow ended by itself (${end}).`);
  }
  return { ...notes.all(), ...ending };
}

/** Records the nodes that ran in a process, and the requests to the services meanwhile. */
class RunNotes {
  readonly #services: ServiceServer;
  readonly #before: number;
  readonly #nodeRuns: NodeRun[] = [];
  /** The number of requests that belong to nodes that have ended. Each was answered before its node ended. */
  #counted = 0;

  constructor(services: ServiceServer) {
    this.#services = services;
    this.#before = services.ledger.entries.length;
  }

  /** Records a message. A node counts as failed until it completes, also if its process is killed. */
  take(message: WorkerMessage): void {
    if (message.type !== "started" && message.type !== "completed") return;
    const { type, nodeId, visit } = message;
    const last = this.#nodeRuns.findLast((run) => run.nodeId === nodeId && run.visit === visit);
    if (type === "completed" && last !== undefined) {
      this.#counted = this.#count();
      last.outcome = "completed";
      if (message.durationMs !== undefined) last.durationMs = message.durationMs;
      last.requests.to = this.#counted;
    } else {
      const requests = { from: this.#counted, to: Number.POSITIVE_INFINITY };
      this.#nodeRuns.push({ nodeId, visit, outcome: "failed", durationMs: 0, requests, hasCalled: false });
    }
  }

  all(): RecordedRun {
    return { nodeRuns: this.#nodeRuns, requests: this.#services.ledger.entries.slice(this.#before) };
  }

  #count(): number {
    return this.#services.ledger.entries.length - this.#before;
  }
}
