import type { RunParts } from "./run-parts.ts";

let loaded: typeof import("./parallel-run.ts") | undefined;

/** Loads the code that runs nodes side by side. Most runs do not need it. */
export async function loadParallelRun(): Promise<void> {
  loaded ??= await import("./parallel-run.ts");
}

/** Makes a run whose nodes run side by side; `undefined` if one runs after the other. */
export function parallelRun(parts: RunParts) {
  return parts.nodeConcurrency > 1 && loaded !== undefined ? new loaded.ParallelRun(parts) : undefined;
}
