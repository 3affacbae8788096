import type { WorkflowEngine } from "@waymark/core";
import { checkOptions, invalidArgument } from "@waymark/core/store";

/** The members of an engine that a worker uses. */
export type WorkerEngine = Pick<
  WorkflowEngine,
  "dispatcher" | "recoverExecution" | "startRecovery" | "startExecution" | "drain"
>;

/**
 * The options of `createWorker`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#deployment
 */
export interface WorkerOptions {
  /** The engine that runs the executions. The worker drains it when it stops. */
  engine: WorkerEngine;
  /** The number of executions that run at the same time: 1 to 1,000. Default: 8. */
  concurrency?: number;
  /**
   * Milliseconds between two looks into the store, and up to a tenth of it more, half a second at most. With a dispatcher
   * also how long an execution may be overdue before the worker takes it for lost. Default: 5,000.
   */
  sweepIntervalMs?: number;
}

const NAMES = { engine: true, concurrency: true, sweepIntervalMs: true } satisfies Record<keyof WorkerOptions, true>;
const MEMBERS = ["recoverExecution", "startRecovery", "startExecution", "drain"] as const;

/** Checks what `createWorker` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkWorkerOptions(options: WorkerOptions): WorkerOptions {
  if (isEngine(options))
    throw invalidArgument("options", "takes an object of options: write createWorker({ engine })", "createWorker");
  checkOptions(options, new Set(Object.keys(NAMES)), "createWorker");
  const { engine, concurrency, sweepIntervalMs } = options;
  if (!isEngine(engine))
    throw invalidArgument("engine", "must be what createWorkflowEngine returns, and not one of forUser");
  checkWhole(concurrency, "concurrency", 1, 1_000);
  checkWhole(sweepIntervalMs, "sweepIntervalMs", 1);
  return {
    engine,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(sweepIntervalMs === undefined ? {} : { sweepIntervalMs }),
  };
}

/** Checks an option that is a whole number, if it is set. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkWhole(value: unknown, name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return;
  throw invalidArgument(name, `must be a whole number from ${least} to ${most}`);
}

function isEngine(value: unknown): value is WorkerEngine {
  return MEMBERS.every((name) => typeof (value as Partial<WorkerEngine> | null | undefined)?.[name] === "function");
}
