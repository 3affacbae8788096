import { type Dispatcher, isWorkflowError, type StartedRecovery, WorkflowError } from "@waymark/core";
import { checkOptions } from "@waymark/core/store";
import { checkWorkerOptions, type WorkerOptions } from "./options.ts";
import { type NewSchedule, Schedules, type WorkerSchedule } from "./schedules.ts";

const DEFAULT_CONCURRENCY = 8;
const DEFAULT_SWEEP_INTERVAL_MS = 5_000;
/** Milliseconds after which a queue that does not deliver any more is asked again. */
const WORK_AGAIN_MS = 1_000;
/**
 * The longest that the queue keeps a job back because this engine cannot run its execution, in milliseconds: as long as a
 * sweep rests before it gives the same execution again. A job that came back later would be one more for each such gift.
 */
const LONGEST_LEFT_MS = 60_000;

/**
 * The options of {@link Worker.stop}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#deployment
 */
export interface StopOptions {
  /** Milliseconds after which the signals of nodes in flight abort; the nodes then get 5 seconds. Default: no limit. */
  drainMs?: number;
}

/** A worker: it runs the executions that its engine can run, until it is stopped. */
export interface Worker {
  /**
   * Adds or changes a schedule: a workflow that is started at the times of a cron expression, in the queue of the engine's
   * dispatcher. Every worker that may start it calls this, usually when its process begins.
   *
   * - The id of an execution is made from the schedule and the time that it was due: a tick that comes twice starts one.
   *
   * @throws {WorkflowError} INVALID_ARGUMENT, also if the engine has no dispatcher, or one without schedules
   *
   * @example
   * ```ts
   * await worker.schedule("nightly", "0 3 * * *", { workflowId: "report", userId: "system", timeZone: "Europe/Berlin" });
   * ```
   */
  schedule(id: string, cron: string, options: NewSchedule): Promise<void>;
  /** Removes a schedule, for all workers. Resolves to false if there is none. */
  unschedule(id: string): Promise<boolean>;
  /** Lists the schedules of the queue. */
  schedules(): Promise<WorkerSchedule[]>;
  /**
   * Takes no further execution, lets the nodes in flight finish, and gives the executions back. Resolves once that is done.
   *
   * - It drains the engine: what the engine is asked to run afterwards stays pending.
   * - It may be called again, also with a shorter `drainMs`: the earliest limit counts.
   */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Makes a worker, which begins at once. It takes executions and runs them; `startExecution` in any process makes them.
 *
 * - With a dispatcher, the queue says which executions want to run. Every `sweepIntervalMs` the worker looks into the store
 *   for those that the queue has lost, and gives them to the queue again; if the queue is away, it runs them itself.
 * - Without a dispatcher it finds them in the store, at most `sweepIntervalMs` and a tenth of it later.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md
 *
 * @example
 * ```ts
 * const worker = createWorker({ engine, concurrency: 16 });
 * process.once("SIGTERM", () => void worker.stop({ drainMs: 20_000 }).then(() => process.exit(0)));
 * ```
 */
export function createWorker(given: WorkerOptions): Worker {
  const {
    engine,
    concurrency = DEFAULT_CONCURRENCY,
    sweepIntervalMs: intervalMs = DEFAULT_SWEEP_INTERVAL_MS,
  } = checkWorkerOptions(given);
  const { dispatcher } = engine;
  const stopping = new AbortController();
  const schedules = new Schedules(engine);
  const sweep: StartedRecovery = engine.startRecovery({ intervalMs, concurrency, dispatch: dispatcher !== undefined });
  const work = dispatcher === undefined ? undefined : deliveries(dispatcher);

  /** Takes deliveries until the worker stops, also from a queue that comes and goes. */
  async function deliveries(queue: Dispatcher): Promise<void> {
    const { signal } = stopping;
    while (!signal.aborted) {
      try {
        await queue.work(deliver, { concurrency, signal });
      } catch {
        // The dispatcher reports its own errors.
      }
      if (!signal.aborted) await pause(WORK_AGAIN_MS, signal);
    }
  }

  async function deliver(executionId: string): Promise<{ againInMs?: number }> {
    const { state, againInMs } = await engine.recoverExecution({ executionId }).catch((error: unknown) => {
      // A job that somebody has added or edited by hand, and whose id no execution can have.
      if (isWorkflowError(error, "INVALID_ARGUMENT")) return { state: "done", againInMs: undefined };
      throw error;
    });
    if (state === "left" && againInMs !== undefined && againInMs > LONGEST_LEFT_MS) return {};
    return againInMs === undefined ? {} : { againInMs };
  }

  async function stop({ drainMs }: StopOptions): Promise<void> {
    stopping.abort();
    await engine.drain(drainMs === undefined ? {} : { timeoutMs: drainMs });
    await sweep.stop();
    await work;
  }

  return {
    schedule: (id, cron, options) => schedules.add(id, cron, options),
    unschedule: (id) => schedules.remove(id),
    schedules: () => schedules.list(),
    stop: async (options = {}) => {
      checkOptions(options, new Set(["drainMs"]), "stop");
      const { drainMs } = options;
      if (drainMs !== undefined && !(Number.isFinite(drainMs) && drainMs >= 0))
        throw new WorkflowError("INVALID_ARGUMENT", "stop: drainMs: must be a number of milliseconds, 0 or more.");
      await stop(options);
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
