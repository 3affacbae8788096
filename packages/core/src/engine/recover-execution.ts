import { checkHead } from "../state/checked-history.ts";
import { refuseIncompleteImport } from "../state/incomplete-import.ts";
import { readHead } from "../state/open-execution.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { withinCall } from "./call.ts";
import { RECOVERY_HOLD_MS } from "./decide-resume.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import { isRecoverable, taken, withoutDefinition } from "./recoverable.ts";
import type { Resumer } from "./resumer.ts";
import type { RunOptions } from "./run-options.ts";

/** The end of a recovered run. `left`: why it has stopped at a child, and is due again for engines that can start that. */
export interface RecoveredRun {
  status: ExecuteWorkflowResult["status"];
  left?: { error: unknown };
}

/**
 * Resumes an execution that has no owner, if this engine can run it.
 *
 * - With `isFresh`, the head was read just now; otherwise it is read again. The claim decides in both cases.
 *
 * @throws {WorkflowError} why it is left as it is; LEASE_HELD if it is not to be recovered any more
 */
export async function recoverExecution(
  parts: EngineParts,
  resumer: Resumer,
  {
    head,
    limits,
    isFresh,
  }: { head: ExecutionRecord; limits: Pick<RunOptions, "budgetMs" | "signal">; isFresh: boolean },
): Promise<RecoveredRun> {
  const { contextMode = "frozen", surroundings, catalog, runs } = parts;
  const before = isFresh ? head : await readHead(surroundings, head.id);
  checkHead(before);
  // A draining engine leaves it to others.
  if (runs.isDraining || !isRecoverable(before)) throw taken(before.id);
  refuseIncompleteImport(before);
  const { id: executionId, workflowId, userId } = before;
  // An execution that was made by hand is continued by hand.
  if (before.definitionHash === undefined) throw withoutDefinition(before);
  const options = { ...limits, executionId, userId };
  let left: { error: unknown } | undefined;
  const onLeft = (error: unknown) => {
    left ??= { error };
  };
  const settings = { workflowId, holdMs: RECOVERY_HOLD_MS, sparesFailed: true, isSwept: true, onLeft, head: before };
  const { result } = await withinCall(parts, { options, contextMode }, async (call) => {
    const kept = await catalog.kept();
    await call.interrupts.within(kept.requireKnown(workflowId, userId));
    return resumer.resume(call, options, settings);
  });
  const { status } = result;
  return left !== undefined && status === "pending" ? { status, left } : { status };
}
