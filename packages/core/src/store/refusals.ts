import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { ExecutionRecord } from "./checkpoint-store.ts";

/** Returns the error for an id that no execution has. */
export function notFound(id: string): WorkflowError {
  return new WorkflowError("EXECUTION_NOT_FOUND", `No execution ${quoted(id)}.`, { executionId: id });
}

/** Returns the error for a claim while another owner has the lease at `now` (the store's clock). */
export function leaseHeld({ id, owner, leaseUntil = 0 }: ExecutionRecord, now: number): WorkflowError {
  const retryAfterMs = Math.max(0, leaseUntil - now);
  return new WorkflowError(
    "LEASE_HELD",
    `Execution ${quoted(id)} is being run by ${quoted(owner)}, whose lease ends in ${retryAfterMs} ms.`,
    { executionId: id, details: { retryAfterMs, owner } },
  );
}
