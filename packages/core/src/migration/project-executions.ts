import { checker } from "../checker.ts";
import { count, milliseconds, positiveMs } from "../durations.ts";
import { defaultLogger } from "../engine/emitter.ts";
import { recoveryRestMs } from "../engine/pauses.ts";
import { messageOf, WorkflowError } from "../errors.ts";
import { callback, oneOf, optional } from "../option.ts";
import { tell } from "../tell.ts";
import { checkedInternals, engineOption } from "./engine-option.ts";
import { readProjected } from "./projected-execution.ts";
import { ProjectionSweep } from "./projection-sweep.ts";
import type { ProjectExecutionsOptions, Projection, ProjectionFailure, SweepReport } from "./projection-types.ts";
import { Projector } from "./projector.ts";
import { withinTime } from "./within-time.ts";

const DEFAULTS = { output: "always", sweepIntervalMs: 60_000, endedWithinMs: 86_400_000, concurrency: 4 } as const;
/** The longest wait of `stop()`, in milliseconds. */
const STOP_MS = 10_000;

/**
 * Keeps the application's own table of executions true: writes an execution after each commit of this engine, and finds
 * by sweeps what other processes did, and what a process did not write before it died.
 *
 * - Everything that `write` gets is read from the store, so a write is only ever late. Commits do not wait for it.
 * - An execution may be written more than once, and by several processes at the same time. Its `revision` decides which
 *   state is the newer one.
 * - A deleted execution is not written any more. Its row stays as it is, unless `remove` takes it away. One that is being
 *   imported is not written.
 * - Begins with a sweep. The process stays alive until `stop()`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const projection = projectExecutions({ engine, write: (execution) => upsert(execution) });
 * process.on("SIGTERM", () => void engine.drain().then(() => projection.stop()));
 * ```
 */
export function projectExecutions(given: ProjectExecutionsOptions): Projection {
  const { engine, write, remove, readRevisions, readRows, ...options } = checkOptions(given);
  if (readRows !== undefined && remove === undefined) {
    throw new WorkflowError("INVALID_ARGUMENT", "projectExecutions: readRows: needs remove, which it is for.");
  }
  const { output, sweepIntervalMs, endedWithinMs, concurrency, onFailure } = { ...DEFAULTS, ...options };
  const {
    surroundings,
    changes,
    options: { logger },
  } = checkedInternals(engine);
  const { clock } = surroundings;
  const report = (failure: ProjectionFailure) => tell(onFailure ?? warn(logger), failure);
  const projector = new Projector({
    ...{ clock, concurrency, write, remove, onFailure: report },
    read: (executionId, written) => readProjected(surroundings, executionId, { output, written }),
  });
  let isStopped = false;
  const sweep = new ProjectionSweep({
    ...{ surroundings, projector, readRevisions, readRows, endedWithinMs, onFailure: report },
    isStopped: () => isStopped,
  });

  let sweeping: Promise<unknown> = Promise.resolve();
  const sweepNext = (): Promise<SweepReport> => {
    const next = sweeping.then(() => sweep.run());
    sweeping = next.catch(() => undefined);
    return next;
  };

  let wake = (): void => undefined;
  const rest = async (): Promise<void> => {
    let cancel = (): void => undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      cancel = clock.schedule(recoveryRestMs(sweepIntervalMs, Math.random()), resolve);
    });
    cancel();
  };
  const loop = async (): Promise<void> => {
    for (let failures = 0; !isStopped; ) {
      try {
        await sweepNext();
        failures = 0;
      } catch (error) {
        report({ error, failures: ++failures, retryInMs: sweepIntervalMs });
      }
      if (!isStopped) await rest();
    }
  };
  const listening = changes().then((all) => all.listenToCommits((executionId) => projector.changed(executionId)));
  const looping = listening.then(loop);
  let stopping: Promise<void> | undefined;

  return {
    sweep: async () => {
      if (!isStopped) return sweepNext();
      throw new WorkflowError("INVALID_ARGUMENT", "sweep: the projection has been stopped.");
    },
    stop: async (call = {}) => {
      const { timeoutMs: ms = STOP_MS } = checkStop(call);
      const late = () => new Error(`It has not ended within ${ms} ms.`);
      stopping ??= (async () => {
        isStopped = true;
        const unlisten = await listening;
        unlisten();
        wake();
        await Promise.all([projector.stop(), looping, sweeping]);
      })();
      const ending = stopping;
      try {
        await withinTime({ clock, ms, late }, () => ending);
      } catch (error) {
        const left = projector.underWay;
        if (left.length === 0) report({ error, failures: 1 });
        for (const executionId of left) report({ executionId, error, failures: 1 });
      }
    },
  };
}

function warn(logger = defaultLogger()): (failure: ProjectionFailure) => unknown {
  return ({ error, ...facts }) =>
    logger.warn("An execution was not written to the application's table.", { ...facts, error: messageOf(error) });
}

const checkStop = checker<{ timeoutMs?: number }>("stop", { timeoutMs: optional(milliseconds) });

const checkOptions = checker<ProjectExecutionsOptions>("projectExecutions", {
  engine: engineOption,
  write: callback,
  output: optional(oneOf("always", "settled", "never")),
  remove: optional(callback),
  readRevisions: optional(callback),
  readRows: optional(callback),
  sweepIntervalMs: optional(positiveMs),
  endedWithinMs: optional(milliseconds),
  concurrency: optional(count),
  onFailure: optional(callback),
});
