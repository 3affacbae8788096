import type { LimitFacts } from "./decide.ts";
import type { RunParts } from "./run-parts.ts";

/** Returns the limits of a run as they stand. */
export function limitFacts({ interrupts, budgetMs }: Pick<RunParts, "interrupts" | "budgetMs">): LimitFacts {
  const { kind: interruption, isStopping, elapsedMs } = interrupts;
  return { interruption, isStopping, elapsedMs, budgetMs };
}
