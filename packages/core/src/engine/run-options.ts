import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { WorkflowContext } from "./node-executor.ts";

/** The limits of one run, and the way its end is reported. */
export interface RunOptions {
  /**
   * The run fails with EXECUTION_TIMEOUT after this many milliseconds. It can be resumed.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  timeoutMs?: number;
  /**
   * The number of nodes that may run at the same time: 1 to 1,000. Default: that of the engine.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/side-by-side.md
   */
  nodeConcurrency?: number;
  /**
   * No node starts after this many milliseconds: the state is kept, the lease released, the status is `pending`.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  budgetMs?: number;
  /**
   * The most runs of nodes in the execution, over all its runs, for this call. Use it to resume an execution that has
   * failed with NODE_RUN_LIMIT. Default: the definition's `maxNodeRuns`.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/loops.md#limits
   */
  maxNodeRuns?: number;
  /**
   * Aborting it ends the run. The node in flight gets 5 seconds to finish.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  signal?: AbortSignal;
  /**
   * The effect of an abort: `hand-over` (default) keeps the execution as pending, so that a recovery or a resume continues
   * it; `cancel` cancels it.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#the-end-of-a-process
   */
  onAbort?: "hand-over" | "cancel";
  /**
   * Throws a WorkflowError if the execution fails, instead of returning the result.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#how-a-run-can-end
   */
  throwOnFailure?: boolean;
}

/** The user whose execution is meant. */
export interface OfUser {
  /**
   * The user that the execution must belong to. An execution of another user is reported as EXECUTION_NOT_FOUND, in the
   * same words as an id that does not exist. Default: the owner is not checked.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/users.md
   */
  userId?: string;
}

/**
 * The initial data of a workflow: required if the workflow's input has required fields.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/types.md#types-from-the-definitions
 */
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
  /**
   * The new execution's id. Default: a random UUID.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#the-same-request-twice
   */
  executionId?: string;
}

interface WithMetadata {
  /**
   * The id of the node to start at, or several: nodes that no edge leads to, or a node of a loop that no edge from outside
   * leads to. What they do not lead to is skipped. Resumes and forks keep the choice. Default: all nodes that no edge
   * leads to.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/branching.md#start-nodes
   */
  startAt?: string | readonly string[];
  /**
   * Decides what happens if an execution has the id already, of the same workflow and user. The input is not compared.
   *
   * - `fail` (default): EXECUTION_ALREADY_EXISTS.
   * - `join`: returns the recorded result if it has ended or is suspended. Otherwise waits for its run, within the
   *   limits of this call, and takes it over if its owner has died.
   * - `resume`: as `join`; also resumes it if it has failed or is pending.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#the-same-request-twice
   */
  ifExists?: "fail" | "join" | "resume";
  /**
   * Milliseconds from the creation, by the store's clock, after which the execution fails with EXECUTION_TIMEOUT,
   * whatever it waits for. Up to a hundred years. Default: no deadline.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#limits
   */
  deadlineMs?: number;
  /**
   * Texts of your own that are kept with the new execution: tags, a trace context. Up to 4,096 bytes as JSON.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/executions.md#many-executions
   */
  metadata?: Readonly<Record<string, string>>;
}

/** The options of `executeWorkflow`, without the user. */
export type ExecuteCall<Input = Partial<WorkflowContext>, Id = string> = RunOptions &
  NewExecutionFields<Id> &
  WithMetadata &
  InitialData<Input>;

/**
 * The options of `executeWorkflow`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/start.md
 */
export type ExecuteWorkflowOptions<Input = Partial<WorkflowContext>, Id = string> = ExecuteCall<Input, Id> & {
  userId: string;
};

/**
 * The options of `startExecution`, without the user.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#starting-without-running
 */
export type StartCall<Input = Partial<WorkflowContext>, Id = string> = NewExecutionFields<Id> &
  WithMetadata &
  (Record<never, never> extends Input ? { initialData?: Input } : { initialData: Input }) & {
    /** Creates it through this store: `PostgresCheckpointStore.inTransaction(…)`. Default: the engine's. */
    store?: CheckpointStore;
    /**
     * A whole number from -1,000 to 1,000 for the queue of the engine's dispatcher: a higher one is delivered earlier.
     * It holds for the job of this call, not for later ones. Default: 0.
     *
     * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#priorities-and-tenants
     */
    priority?: number;
  };

/**
 * The options of `startExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md
 */
export type StartExecutionOptions<Input = Partial<WorkflowContext>, Id = string> = StartCall<Input, Id> & {
  userId: string;
};

/** The result of `startExecution`. */
export interface StartedExecution {
  executionId: string;
  /** False if the execution was there already, with `ifExists`. */
  created: boolean;
}

/**
 * The options of `answerWait`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/waiting-and-approvals.md#two-ways-to-answer
 */
export interface AnswerWaitOptions extends OfUser {
  /** The token of the wait, as `suspend()` had it: see `NodeExecutorArgs.waitToken`. */
  waitToken: string;
  /** The answer: the node's `resume.data`. */
  data?: unknown;
}

/**
 * The options of `recoverExecutions`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#in-a-cron-job-or-a-serverless-function-recoverexecutions
 */
export interface RecoverExecutionsOptions {
  /** The most executions to resume. Default: 100. */
  limit?: number;
  /** The number of executions that run at the same time. Default: 8. */
  concurrency?: number;
  /** No node starts after this many milliseconds. Default: no limit. */
  budgetMs?: number;
  workflowId?: string;
  userId?: string;
  /** Aborting it stops the runs; their executions are pending and due. */
  signal?: AbortSignal;
}

/**
 * The options of `startRecovery`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/after-a-crash.md#in-a-server-startrecovery
 */
export interface StartRecoveryOptions extends Pick<RecoverExecutionsOptions, "concurrency" | "workflowId" | "userId"> {
  /** Milliseconds between two looks, and up to a tenth of it more, half a second at most. Default: 5,000. */
  intervalMs?: number;
  /**
   * Gives what it finds to the engine's dispatcher, and runs it only if the queue does not take it. It leaves alone what is
   * due for less than `intervalMs`, because the queue has that. An execution is given at most once a minute. Default: false.
   *
   * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md
   */
  dispatch?: boolean;
}

/**
 * The options of `recoverExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#your-own-queue
 */
export interface RecoverExecutionOptions extends Pick<RecoverExecutionsOptions, "budgetMs" | "signal">, OfUser {
  executionId: string;
}

/** The result of `recoverExecution`. */
export interface RecoveredExecution {
  /**
   * - `done`: it has ended, does not exist, or waits for an answer only.
   * - `later`: another owner runs it, or its time has not come.
   * - `left`: this engine cannot run it; another one may.
   */
  state: "done" | "later" | "left";
  /** `later` and `left`: milliseconds, by the store's clock, until it is worth another look. */
  againInMs?: number;
  /** `left`: the reason. */
  code?: string;
}

/** The result of `recoverExecutions`. */
export interface RecoveredExecutions {
  /** The number of executions that were resumed, however they ended. */
  resumed: number;
  /** The executions that this engine cannot run, and left as they are: the first 1,000. */
  left: { executionId: string; code: string }[];
}

/** A recovery that was started. */
export interface StartedRecovery {
  /** Starts no further run. Resolves once the runs that it has started have ended; waits a second for other lookups. */
  stop(): Promise<void>;
}

/**
 * The options of `drain`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/many-processes.md#the-end-of-a-process
 */
export interface DrainOptions {
  /** Milliseconds after which the signals of nodes in flight abort; the nodes then get 5 seconds. Default: no limit. */
  timeoutMs?: number;
}

/**
 * The options of `executeWorkflowSync`, without the user.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md#2-the-same-call-run-by-v2
 */
export type ExecuteSyncCall<Input = Partial<WorkflowContext>, Id = string> = NewExecutionFields<Id> &
  (Record<never, never> extends Input ? { initialData?: Input } : { initialData: Input });

/**
 * The options of `executeWorkflowSync`: the old executor's arguments, and the id of the execution.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/migration.md#2-the-same-call-run-by-v2
 */
export type ExecuteWorkflowSyncOptions<Input = Partial<WorkflowContext>, Id = string> = ExecuteSyncCall<Input, Id> & {
  userId: string;
};

/**
 * The options of `resumeWorkflow`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/resuming.md#resuming-in-detail
 */
export interface ResumeWorkflowOptions extends RunOptions, OfUser {
  executionId: string;
  /**
   * The node that `data` answers: needed if several nodes take an answer. Without `data`: the node that is expected to
   * run next; if it is another one, the call throws NOT_WAITING.
   */
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
