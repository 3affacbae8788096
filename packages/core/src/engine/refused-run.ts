import { WorkflowError } from "../errors.ts";
import { describeFailure } from "../state/failure.ts";
import type { RunEnd, RunParts } from "./run-parts.ts";

/** Ends a run whose execution another owner has, or somebody has cancelled. */
export function lostEnd({ emit }: Pick<RunParts, "emit">, thrown: unknown): RunEnd {
  const failure = describeFailure(thrown, { code: "LEASE_LOST" });
  emit({ type: "execution.lost", failure });
  return { status: "lost", failure, thrown };
}

/** Makes the error for a store that refuses even the record of a run's end. The caller cannot mend the reason. */
export function refusedEnd(cause: WorkflowError): WorkflowError {
  const message = `The store refused the record of how the run ended: ${cause.message} The execution can be resumed once its lease has lapsed.`;
  return new WorkflowError("STORE_UNAVAILABLE", message, { details: { refusedWith: cause.code }, cause });
}
