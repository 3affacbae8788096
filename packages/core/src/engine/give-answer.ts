import { isWorkflowError } from "../errors.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { isTaken, tokenRefused } from "./answers.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { GivenAnswer } from "./keep-answer.ts";

/**
 * Gives an answer to an execution: to a run of this engine, or to the record, and makes it due.
 *
 * - Returns the head of the execution if no run of this engine has taken the answer.
 *
 * @throws {WorkflowError} NOT_WAITING, LEASE_HELD, STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function giveAnswer(
  parts: Pick<EngineParts, "surroundings" | "catalog" | "emitter" | "runs" | "changes" | "hint" | "retry">,
  given: GivenAnswer,
): Promise<ExecutionRecord | undefined> {
  const { executionId, userId, waitToken, data } = given;
  const { runs, changes } = parts;
  const { keepAnswer } = await import("./keep-answer.ts");
  for (;;) {
    for (const run of runs.of(executionId)) {
      if (userId !== undefined && run.userId !== userId) throw tokenRefused();
      // A run that has lost the execution without knowing it does not know of newer waits.
      if (await isTaken(run.answer({ waitToken, data }))) return undefined;
    }
    const endClaim = runs.claim(executionId);
    try {
      const record = await keepAnswer(parts, given);
      changes.notify(executionId);
      await parts.hint?.(executionId, { tenant: record.userId });
      return record;
    } catch (error) {
      endClaim();
      // If this engine claims it just now, its own run takes the answer, or the execution is free again afterwards.
      if (!isWorkflowError(error, "LEASE_HELD") || !(await runs.claimed(executionId))) throw error;
    } finally {
      endClaim();
    }
  }
}
