import type { LimitFacts } from "./decide.ts";
import type { RunParts } from "./run-parts.ts";

/** Returns the limits of a run as they stand. */
export function limitFacts({ interrupts, budgetMs }: Pick<RunParts, "interrupts" | "budgetMs">): LimitFacts {
  const { kind: interruption, isStopping } = interrupts;
  // Only a budget asks for it.
  const elapsedMs = budgetMs === undefined ? 0 : interrupts.elapsedMs;
  return { interruption, isStopping, elapsedMs, budgetMs };
}
