import { isWorkflowError } from "@waymark/core";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import type { Fault } from "../server/faults.ts";
import type { ServiceServer } from "../server/service-server.ts";
import { type Outcome, type RunV1, resumeV2, startV2, type V2Limits, type V2Options } from "./executors.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";
import type { RecordedRun } from "./repeats.ts";

/** Everything a comparison needs beside the workflow itself. */
export interface BenchOptions {
  services: ServiceServer;
  executors: ExecutorTable;
  runV1: RunV1;
  v2: V2Options;
  /** The longest that a run may take, in milliseconds; nodes that never settle are not waited for. */
  runLimitMs: number;
}

/** A finished run, as it was recorded. */
export interface BenchRun extends RecordedRun {
  outcome: Outcome;
  /** From the call to the result. */
  totalMs: number;
  /** `totalMs` less the time in the nodes' own code. */
  overheadMs: number;
  recorder: Recorder;
}

/** A run of V2, which can be gone on with. */
export interface BenchRunV2 extends BenchRun {
  executionId: string;
  canResume: boolean;
  checkpointsCount: number;
  /** The workflow's nodes, less those known to be skipped. */
  totalSteps: number;
}

type Disturbance = Pick<RecorderOptions, "failAfter" | "cutOff" | "validateData">;

/** Runs one workflow with either executor, against the services, and records what happens. */
export class Bench {
  readonly #options: BenchOptions;
  readonly #loaded: LoadedWorkflow;

  constructor(loaded: LoadedWorkflow, options: BenchOptions) {
    this.#loaded = loaded;
    this.#options = options;
  }

  /** Makes the services forget what they did, and misbehave as the scenario says, plus `faults`. */
  reset(faults: readonly Fault[] = []): void {
    this.#options.services.reset([...this.#loaded.faults, ...faults]);
  }

  async runV1(disturbance: Disturbance = {}): Promise<BenchRun> {
    const { workflow, input } = this.#loaded;
    return this.#record({ ...disturbance, validateData: true }, async (executors) => {
      // V1 works on what it is given itself.
      const initialData = structuredClone(input);
      try {
        return await within(this.#options.runLimitMs, this.#options.runV1({ workflow, executors, initialData }));
      } catch (error) {
        if (isWorkflowError(error)) throw error;
        return { success: false, error: error instanceof Error ? error.message : String(error) };
      }
    });
  }

  async startV2(limits: V2Limits & Disturbance = {}): Promise<BenchRunV2> {
    const { workflow, input: initialData } = this.#loaded;
    const { failAfter, cutOff, ...rest } = limits;
    const run = await this.#record({ failAfter, cutOff }, (executors) =>
      startV2(this.#options.v2, { workflow, executors, initialData, timeoutMs: this.#options.runLimitMs, ...rest }),
    );
    return withResult(run);
  }

  async resumeV2(executionId: string, limits: V2Limits = {}): Promise<BenchRunV2> {
    const { workflow } = this.#loaded;
    const run = await this.#record({}, (executors) =>
      resumeV2(this.#options.v2, { workflow, executors, executionId, timeoutMs: this.#options.runLimitMs, ...limits }),
    );
    return withResult(run);
  }

  async #record<Result extends Outcome>(
    options: Disturbance,
    run: (executors: ExecutorTable) => Promise<Result>,
  ): Promise<BenchRun & { outcome: Result }> {
    const { services, executors } = this.#options;
    const before = services.ledger.entries.length;
    const countRequests = () => services.ledger.entries.length - before;
    const recorder = new Recorder({ countRequests, ...options });
    const recorded = recorder.wrap(executors);
    const startedAt = performance.now();
    const outcome = await run(recorded);
    const totalMs = performance.now() - startedAt;
    // A run that was cut off may have a request under way; what it still brings about belongs to that run.
    await services.idle();
    const requests = services.ledger.entries.slice(before);
    return { outcome, totalMs, overheadMs: totalMs - recorder.executorMs, recorder, nodeRuns: recorder.runs, requests };
  }
}

async function within<T>(limitMs: number, run: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timeout: the run took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([run, limit]);
  } finally {
    clearTimeout(timer);
  }
}

type V2Outcome = Outcome & Pick<BenchRunV2, "executionId" | "canResume" | "checkpointsCount" | "totalSteps">;

function withResult(run: BenchRun & { outcome: V2Outcome }): BenchRunV2 {
  const { executionId, canResume, checkpointsCount, totalSteps } = run.outcome;
  return { ...run, executionId, canResume, checkpointsCount, totalSteps };
}
