import type { WaitingFor } from "../state/waiting.ts";
import type { FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { WorkflowContext } from "./node-executor.ts";

/** The fields that every result has. */
interface ResultFields {
  executionId: string;
  workflowId: string;
  /** The number of checkpoints that the execution has had, also those that `historyLimit` has dropped. */
  checkpointsCount: number;
  /** The number of nodes that have completed. */
  currentStep: number;
  /** The number of nodes, without the skipped ones. */
  totalSteps: number;
  /** The duration of this run, in milliseconds. */
  durationMs: number;
  /** True if a resume without an answer would run something. */
  canResume: boolean;
  /** True if the engine has no definition of the workflow, or another one than this run used. */
  definitionChanged: boolean;
}

/** The fields that only some results have. Each is declared on all of them, so that it can be read before narrowing. */
interface AbsentFields {
  error?: undefined;
  failure?: undefined;
  waiting?: undefined;
  wakeAt?: undefined;
  recordedStatus?: undefined;
}

type Result<Fields> = ResultFields & Omit<AbsentFields, keyof Fields> & Fields;

/** The execution ran to its end. */
export type CompletedResult<Context = WorkflowContext> = Result<{
  success: true;
  status: "completed";
  /** The final context. */
  output: Context;
}>;

/** A node failed, or the run reached its timeout. */
export type FailedResult<Context = WorkflowContext> = Result<{
  success: false;
  status: "failed";
  /** The context as it was before the node that failed. */
  output: Partial<Context>;
  /** The failure's message. It contains "timeout" if a timeout ended the run. */
  error: string;
  failure: FailureRecord;
}>;

/**
 * The run stopped before the end: its budget was spent, its signal aborted, its engine is draining, or a node's next
 * attempt is not due. The execution wants to run on, and a recovery continues it.
 */
export type PendingResult<Context = WorkflowContext> = Result<{
  success: false;
  status: "pending";
  /** The context as far as the run got. */
  output: Partial<Context>;
  /** When the execution wants to run again, in ISO 8601. Absent: at once. */
  wakeAt?: string;
  /** The last failure of the node whose next attempt is waited for. */
  failure?: FailureRecord;
}>;

/** A node waits for an answer, and nothing else can run. */
export type SuspendedResult<Context = WorkflowContext> = Result<{
  success: false;
  status: "suspended";
  /** The context as far as the run got. */
  output: Partial<Context>;
  /** The nodes that wait: the first 100, each with its `waitToken` and `payload`. */
  waiting?: readonly WaitingFor[];
  /** When the time of the first wait is over, in ISO 8601. */
  wakeAt?: string;
}>;

/** The execution was cancelled, during the run or before. */
export type CancelledResult<Context = WorkflowContext> = Result<{
  success: false;
  status: "cancelled";
  /** The context as far as this run got. */
  output: Partial<Context>;
  /** The failure's message: it contains the reason that `cancelExecution` was called with. */
  error: string;
  failure: FailureRecord;
}>;

/** Another owner took the execution over during the run. */
export type LostResult<Context = WorkflowContext> = Result<{
  success: false;
  status: "lost";
  /** The context as far as this run got. The other owner may be further. */
  output: Partial<Context>;
  error: string;
  /** Its code is LEASE_LOST. */
  failure: FailureRecord;
  /** The status that the execution had when this run noticed. */
  recordedStatus: WorkflowStatus;
}>;

/** The end of a run. `status` tells the members of the union apart, also for the compiler. */
export type ExecuteWorkflowResult<Context = WorkflowContext> =
  | CompletedResult<Context>
  | FailedResult<Context>
  | PendingResult<Context>
  | SuspendedResult<Context>
  | CancelledResult<Context>
  | LostResult<Context>;

/** The result of `executeWorkflowSync` and of the old executor. */
export interface LegacyResult<Context = WorkflowContext> {
  success: boolean;
  /** The final context. Absent if the execution did not complete. */
  output?: Context;
  error?: string;
  /** Absent from the old executor, which keeps nothing. */
  executionId?: string;
}
