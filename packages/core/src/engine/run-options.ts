import type { WorkflowContext } from "./node-executor.ts";

/** The limits of one run, and the way its end is reported. */
export interface RunOptions {
  /** The run fails with EXECUTION_TIMEOUT after this many milliseconds. It can be resumed. */
  timeoutMs?: number;
  /** No node starts after this many milliseconds: the state is kept, the lease released, the status is `pending`. */
  budgetMs?: number;
  /** Aborting it ends the run as a spent budget does. The node in flight gets 5 seconds to finish. */
  signal?: AbortSignal;
  /** Throws a WorkflowError if the execution fails, instead of returning the result. */
  throwOnFailure?: boolean;
}

/** The user whose execution is meant. */
export interface OfUser {
  /**
   * The user that the execution must belong to. An execution of another user is reported as EXECUTION_NOT_FOUND, in the
   * same words as an id that does not exist. Default: the owner is not checked.
   */
  userId?: string;
}

/** The initial data of a workflow: required if the workflow's input has required fields. */
export type InitialData<Input> =
  Record<never, never> extends Input
    ? {
        /** A plain object that fits the workflow's `input`. Default: `{}`. */
        initialData?: Input;
        /** Continues this execution instead of starting one. */
        resumeFromExecutionId?: string;
      }
    :
        | { initialData: Input; resumeFromExecutionId?: undefined }
        | { initialData?: Input; resumeFromExecutionId: string };

interface NewExecutionFields<Id> {
  workflowId: Id;
  /** The new execution's id. Default: a random UUID. */
  executionId?: string;
}

interface WithMetadata {
  /** Texts of your own that are kept with the new execution: tags, a trace context. Up to 4,096 bytes as JSON. */
  metadata?: Readonly<Record<string, string>>;
}

/** The options of `executeWorkflow`, without the user. */
export type ExecuteCall<Input = Partial<WorkflowContext>, Id = string> = RunOptions &
  NewExecutionFields<Id> &
  WithMetadata &
  InitialData<Input>;

/** The options of `executeWorkflow`. */
export type ExecuteWorkflowOptions<Input = Partial<WorkflowContext>, Id = string> = ExecuteCall<Input, Id> & {
  userId: string;
};

/** The options of `executeWorkflowSync`, without the user. */
export type ExecuteSyncCall<Input = Partial<WorkflowContext>, Id = string> = NewExecutionFields<Id> &
  (Record<never, never> extends Input ? { initialData?: Input } : { initialData: Input });

/** The options of `executeWorkflowSync`: the old executor's arguments, and the id of the execution. */
export type ExecuteWorkflowSyncOptions<Input = Partial<WorkflowContext>, Id = string> = ExecuteSyncCall<Input, Id> & {
  userId: string;
};

/** The options of `resumeWorkflow`. */
export interface ResumeWorkflowOptions extends RunOptions, OfUser {
  executionId: string;
  /** The node that is expected to continue. Another one is refused with NOT_WAITING. */
  nodeId?: string;
  /**
   * The answer that a suspended node waits for: its `resume.data`. A newer one replaces it until the node has completed.
   * Without it, or if it is `undefined`, a suspended execution stays as it is.
   */
  data?: unknown;
  /** The definition the execution began with (default), or the one that the engine has now. */
  definition?: "original" | "current";
  /** Waits this many milliseconds for another owner's lease to end. Default: 0. */
  waitForLeaseMs?: number;
}
