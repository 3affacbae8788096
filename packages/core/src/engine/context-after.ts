import { withChanges } from "../state/adjust.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type { NextOutcome } from "./node-outcome.ts";

/** Returns the context after a node that has completed. @throws {WorkflowError} NODE_RESULT_INVALID */
export function contextAfter(
  context: Readonly<WorkflowContext>,
  { context: next, changes = {} }: NextOutcome,
): WorkflowContext {
  return next ?? withChanges(context, changes);
}
