import type { RunOptions } from "./run-options.ts";

/** Returns the limits among a call's options. */
export function limitsOf(options: RunOptions): RunOptions {
  const { timeoutMs, budgetMs, nodeConcurrency, maxNodeRuns, signal, onAbort } = options;
  const limits = Object.entries({ timeoutMs, budgetMs, nodeConcurrency, maxNodeRuns, signal, onAbort });
  return Object.fromEntries(limits.filter(([, value]) => value !== undefined)) as RunOptions;
}
