import type { CommitRequest, FailureRecord, NewCheckpoint, NewExecution } from "@waymark/core";
import type { Statement } from "./database.ts";
import type { Statements } from "./statements.ts";

/** The values of the statement that creates an execution. */
export function createValues(execution: NewExecution): unknown[] {
  return [
    execution.id,
    execution.workflowId,
    execution.userId,
    execution.status,
    execution.currentStep,
    execution.totalSteps,
    execution.owner ?? null,
    execution.leaseMs ?? null,
    execution.wakeAt ?? null,
    failureText(execution.failure),
    execution.definitionHash ?? null,
    execution.parentId ?? null,
    ...checkpointValues(execution.checkpoint),
  ];
}

/** The statement for a commit, and its values. */
export function commitCall(
  statements: Statements,
  id: string,
  request: CommitRequest,
): { statement: Statement; values: unknown[] } {
  const { checkpoint, head = {}, dropBefore } = request;
  const values: unknown[] = [
    id,
    request.token,
    request.version,
    request.commitId,
    head.status ?? null,
    head.currentStep ?? null,
    head.totalSteps ?? null,
    head.wakeAt === null ? -1 : (head.wakeAt ?? null),
    head.failure === null ? "" : failureText(head.failure),
    request.leaseMs ?? null,
  ];
  if (checkpoint !== undefined) values.push(...checkpointValues(checkpoint));
  if (dropBefore !== undefined) values.push(dropBefore);
  return { statement: commitStatementOf(statements, checkpoint !== undefined, dropBefore !== undefined), values };
}

function commitStatementOf(statements: Statements, hasCheckpoint: boolean, drops: boolean): Statement {
  if (hasCheckpoint) return drops ? statements.commitAndDrop : statements.commit;
  return drops ? statements.commitHeadAndDrop : statements.commitHead;
}

function checkpointValues(checkpoint: NewCheckpoint): unknown[] {
  return [
    checkpoint.id,
    checkpoint.kind,
    checkpoint.nodeId,
    checkpoint.nodeName,
    checkpoint.stepNumber,
    checkpoint.attempt,
    checkpoint.durationMs,
    checkpoint.payload,
    checkpoint.timestamp,
    failureText(checkpoint.error),
  ];
}

function failureText(failure: FailureRecord | undefined): string | null {
  return failure === undefined ? null : JSON.stringify(failure);
}
