import { setTimeout as sleep } from "node:timers/promises";
import { isWorkflowError } from "@waymark/core";
import { withoutPaths } from "@waymark/core/migration";
import { partFrom } from "../import/part-from.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import type { Fault } from "../server/faults.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { messageOf } from "../values/message-of.ts";
import {
  DEFAULT_USER_ID,
  type Outcome,
  type OutcomeV2,
  type RunV1,
  resumeV2,
  startV2,
  type V2Limits,
  type V2Options,
} from "./executors.ts";
import { NodeRecorder, type NodeRecorderOptions } from "./node-recorder.ts";
import type { RecordedRun } from "./repeats.ts";
import { within } from "./within.ts";

/** The options of a comparison, without the workflow. */
export interface BenchOptions {
  services: ServiceServer;
  executors: ExecutorTable;
  runV1: RunV1;
  v2: V2Options;
  /** Default: {@link DEFAULT_USER_ID}. */
  userId?: string;
  /** The time limit of a run, in milliseconds. The comparison does not wait for nodes that never settle. */
  runLimitMs: number;
  /** Called before every run, with its time limit in milliseconds. */
  onRun?: (run: string, limitMs: number) => void;
}

/** A finished run, as it was recorded. */
export interface BenchRun extends RecordedRun {
  outcome: Outcome;
  /** The time from the call to the result. */
  totalMs: number;
  /** `totalMs` less the time in the nodes' own code. */
  overheadMs: number;
  recorder: NodeRecorder;
}

/** A run of V2, which can be resumed. */
export interface BenchRunV2 extends BenchRun {
  status: OutcomeV2["status"];
  executionId: string;
  canResume: boolean;
  checkpointsCount: number;
  /** The number of the workflow's nodes, without those known to be skipped. */
  totalSteps: number;
  /** When the execution wants to run again, if not at once, in ISO 8601. */
  wakeAt?: string | undefined;
  /** The nodes that wait for answers. */
  waiting: readonly { nodeId: string }[];
}

type Disturbance = Pick<NodeRecorderOptions, "failAfter" | "cutOff" | "validateData">;

/** The maximum wait for requests under way after a run has ended, in milliseconds. */
const IDLE_LIMIT_MS = 3_000;
/** The maximum number of runs until an execution must have ended. */
const MAX_RUNS = 2_000;

/** Runs one workflow with either executor against the services, and records the runs. */
export class Bench {
  readonly #options: BenchOptions;
  readonly #loaded: LoadedWorkflow;
  readonly #userId: string;

  constructor(loaded: LoadedWorkflow, options: BenchOptions) {
    this.#loaded = loaded;
    this.#options = options;
    this.#userId = options.userId ?? DEFAULT_USER_ID;
  }

  /** Resets the services, and sets the faults of the scenario and `faults`. */
  reset(faults: readonly Fault[] = []): void {
    this.#options.services.reset([...this.#loaded.faults, ...faults]);
  }

  async runV1(disturbance: Disturbance = {}): Promise<BenchRun> {
    // An old executor starts at every node it can start at.
    const part = partFrom(this.#loaded.workflow, this.#loaded.startAt);
    // The user's old executor may change its arguments, so it gets a copy.
    const { workflow, input } = structuredClone({ workflow: part, input: this.#loaded.input });
    const { runLimitMs, runV1 } = this.#options;
    this.#announce("V1");
    return this.#record({ ...disturbance, validateData: true }, async (executors, recorder): Promise<Outcome> => {
      try {
        const around = (nodeId: string, next: () => unknown) => recorder.around(nodeId, next);
        const call = { workflow, executors, initialData: input, userId: this.#userId, around };
        const outcome = await within(runLimitMs, runV1(call));
        // Copied, because an old executor may return the same object from every run and change it later.
        return { ...outcome, output: withoutPaths(outcome.output, []) };
      } catch (error) {
        if (isWorkflowError(error)) throw error;
        return { success: false, error: messageOf(error) };
      }
    });
  }

  async startV2(limits: V2Limits & Disturbance = {}): Promise<BenchRunV2> {
    const { workflow, children, startAt, input: initialData } = this.#loaded;
    const { v2, runLimitMs: timeoutMs } = this.#options;
    const { failAfter, cutOff, ...rest } = limits;
    this.#announce("V2");
    const run = await this.#record({ failAfter, cutOff }, (executors) =>
      startV2(v2, { workflow, children, executors, initialData, startAt, userId: this.#userId, timeoutMs, ...rest }),
    );
    return withResult(run);
  }

  async resumeV2(
    executionId: string,
    limits: V2Limits & { answer?: { nodeId: string; data: unknown } | undefined } = {},
  ): Promise<BenchRunV2> {
    const { workflow, children } = this.#loaded;
    const { v2, runLimitMs: timeoutMs } = this.#options;
    this.#announce("V2, resumed");
    const run = await this.#record({}, (executors) =>
      resumeV2(v2, { workflow, children, executors, executionId, timeoutMs, ...limits }),
    );
    return withResult(run);
  }

  /**
   * Starts V2 and resumes it until the execution has ended, each time with another engine. Returns all runs.
   *
   * - Nodes that wait get the answers of the workflow. A wait without an answer ends it.
   */
  async completeV2(limits: V2Limits = {}): Promise<[BenchRunV2, ...BenchRunV2[]]> {
    const { answers } = this.#loaded;
    const runs: [BenchRunV2, ...BenchRunV2[]] = [await this.startV2(limits)];
    for (let last = runs[0]; runs.length < MAX_RUNS; runs.push(last)) {
      const waiting = last.waiting.find(({ nodeId }) => Object.hasOwn(answers, nodeId));
      if (last.status === "pending") {
        if (last.wakeAt !== undefined) await this.pause(Math.max(0, Date.parse(last.wakeAt) - Date.now()) + 5);
        last = await this.resumeV2(last.executionId, limits);
      } else if (last.status === "suspended" && waiting !== undefined) {
        const { nodeId } = waiting;
        last = await this.resumeV2(last.executionId, { ...limits, answer: { nodeId, data: answers[nodeId] } });
      } else return runs;
    }
    return runs;
  }

  /** Waits between two runs, up to the time limit of a run. */
  async pause(ms: number): Promise<void> {
    this.#announce("waiting");
    await sleep(Math.min(ms, this.#options.runLimitMs));
  }

  #announce(what: string): void {
    this.#options.onRun?.(what, this.#options.runLimitMs + IDLE_LIMIT_MS);
  }

  async #record<Result extends Outcome>(
    options: Disturbance,
    run: (executors: ExecutorTable, recorder: NodeRecorder) => Promise<Result>,
  ): Promise<BenchRun & { outcome: Result }> {
    const { services, executors } = this.#options;
    const before = services.ledger.entries.length;
    const countRequests = () => services.ledger.entries.length - before;
    const { id: workflowId } = this.#loaded.workflow;
    const recorder = new NodeRecorder({
      workflowId,
      countRequests,
      countReceived: () => services.received,
      ...options,
    });
    const startedAt = performance.now();
    let outcome: Result;
    try {
      outcome = await run(recorder.wrap(executors), recorder);
    } finally {
      recorder.close();
    }
    const totalMs = performance.now() - startedAt;
    // A run that was cut off may have a request under way. Its effect belongs to that run.
    await services.idle(IDLE_LIMIT_MS);
    const requests = services.ledger.entries.slice(before);
    return { outcome, totalMs, overheadMs: totalMs - recorder.executorMs, recorder, nodeRuns: recorder.runs, requests };
  }
}

/** Returns the nodes that completed in the runs of an execution, each once, in the order of their first completion. */
export function completedIn(runs: readonly BenchRunV2[]): string[] {
  return [...new Set(runs.flatMap(({ recorder }) => recorder.completed))];
}

/** Returns the last run of an execution, with the nodes and the requests of all its runs. */
export function asOne(runs: readonly [BenchRunV2, ...BenchRunV2[]]): BenchRunV2 {
  return {
    ...(runs.at(-1) ?? runs[0]),
    totalMs: runs.reduce((sum, { totalMs }) => sum + totalMs, 0),
    nodeRuns: runs.flatMap(({ nodeRuns }) => nodeRuns),
    requests: runs.flatMap(({ requests }) => requests),
  };
}

function withResult(run: BenchRun & { outcome: OutcomeV2 }): BenchRunV2 {
  const { status, executionId, canResume, checkpointsCount, totalSteps, wakeAt, waiting = [] } = run.outcome;
  return { ...run, status, executionId, canResume, checkpointsCount, totalSteps, wakeAt, waiting };
}
