import type { ContextMode } from "../state/context-values.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { withinLimits } from "../state/surroundings.ts";
import type { EngineParts } from "./engine-parts.ts";
import { Interrupts } from "./interrupts.ts";
import type { ParallelRun } from "./parallel-run.ts";
import type { RunOptions } from "./run-options.ts";

/** One call, with its limits. */
export interface Call {
  contextMode: ContextMode;
  interrupts: Interrupts;
  /** The number of nodes that a run of this call may run at the same time. */
  nodeConcurrency: number;
  /** The code that does so, loaded only if it is more than one. */
  parallel: typeof ParallelRun | undefined;
  /** A wait for the store ends with the call's limits. */
  surroundings: Surroundings;
}

/**
 * Makes a call within its limits.
 *
 * - A call without limits waits for its store unwatched, at no cost.
 */
export async function withinCall<T>(
  parts: EngineParts,
  { options, contextMode }: { options: RunOptions; contextMode: ContextMode },
  work: (call: Call) => Promise<T>,
): Promise<T> {
  const { surroundings, runs } = parts;
  const { timeoutMs = parts.timeoutMs, budgetMs, signal } = options;
  const isBounded = timeoutMs !== undefined || budgetMs !== undefined || signal !== undefined;
  const interrupts = new Interrupts(surroundings.clock, { timeoutMs, budgetMs, signal });
  const leave = runs.enter(interrupts);
  try {
    if (contextMode === "copy") await parts.values.loadCopying();
    const { nodeConcurrency = parts.nodeConcurrency ?? 1 } = options;
    const parallel = nodeConcurrency > 1 ? (await import("./parallel-run.ts")).ParallelRun : undefined;
    return await work({
      contextMode,
      interrupts,
      nodeConcurrency,
      parallel,
      surroundings: isBounded ? withinLimits(surroundings, interrupts) : surroundings,
    });
  } finally {
    interrupts[Symbol.dispose]();
    leave();
  }
}
