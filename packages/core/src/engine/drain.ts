import { checker } from "../checker.ts";
import type { Clock } from "../clock.ts";
import { milliseconds } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import { optional } from "../option.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { Recovery } from "./recovery.ts";
import type { DrainOptions } from "./run-options.ts";

const checkDrainOptions = checker<DrainOptions>("drain", { timeoutMs: optional(milliseconds) });

/**
 * Lets no further node start, and waits until the nodes in flight have finished and the executions are given back.
 *
 * - After `timeoutMs` the nodes that still run are aborted, and calls that run nothing yet are not waited for any more.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export async function drain(
  { runs, recovery, clock }: { runs: LiveRuns; recovery: Promise<Recovery> | undefined; clock: Clock },
  given: DrainOptions,
): Promise<void> {
  const { timeoutMs } = checkDrainOptions(given);
  runs.stop();
  let cancel: (() => void) | undefined;
  const timeUp = new Promise<void>((resolve) => {
    if (timeoutMs === undefined) return;
    cancel = clock.schedule(timeoutMs, () => {
      const message = `The engine was drained, and its nodes had not finished after ${timeoutMs} ms.`;
      for (const { interrupts } of runs.all) {
        interrupts.raise("aborted", new WorkflowError("EXECUTION_TIMEOUT", message, { details: { timeoutMs } }));
      }
      resolve();
    });
  });
  try {
    await Promise.race([Promise.all([recovery?.then((started) => started.stopAll()), runs.ended()]), timeUp]);
    for (let left = runs.all; left.length > 0; left = runs.all) {
      await Promise.allSettled(left.map(({ result }) => result));
    }
  } finally {
    cancel?.();
  }
}
