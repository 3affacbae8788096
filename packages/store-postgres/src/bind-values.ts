import type { FailureRecord, NewCheckpoint, NewExecution } from "@waymark/core";

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

/** The ten values of a checkpoint, in the order of CHECKPOINT_COLUMNS. */
export function checkpointValues(checkpoint: NewCheckpoint): unknown[] {
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

export function failureText(failure: FailureRecord | undefined): string | null {
  return failure === undefined ? null : JSON.stringify(failure);
}
