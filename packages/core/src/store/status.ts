import type { CheckpointKind, WorkflowStatus } from "./checkpoint-store.ts";

const STATUS_NAMES: readonly WorkflowStatus[] = Object.keys({
  pending: true,
  running: true,
  suspended: true,
  completed: true,
  failed: true,
  cancelled: true,
} satisfies Record<WorkflowStatus, true>) as WorkflowStatus[];
const KIND_NAMES: readonly CheckpointKind[] = Object.keys({
  snapshot: true,
  delta: true,
  error: true,
  save: true,
} satisfies Record<CheckpointKind, true>) as CheckpointKind[];

/** Every status that an execution can have. */
export const STATUSES: ReadonlySet<unknown> = new Set(STATUS_NAMES);
/** Every kind that a record can have. */
export const KINDS: ReadonlySet<unknown> = new Set(KIND_NAMES);

const ENDED: ReadonlySet<WorkflowStatus> = new Set(["completed", "failed", "cancelled"]);

/** Returns whether a value is a status of an execution. */
export function isWorkflowStatus(value: unknown): value is WorkflowStatus {
  return STATUSES.has(value);
}

/** Returns whether a value is a kind of record. */
export function isCheckpointKind(value: unknown): value is CheckpointKind {
  return KINDS.has(value);
}

/** Returns whether an execution with this status has ended. */
export function isEnded(status: WorkflowStatus): boolean {
  return ENDED.has(status);
}
